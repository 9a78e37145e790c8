// <details data-menu>: one open at a time; closes on Esc, on a click elsewhere, on leaving it.
const open = () => document.querySelectorAll("details[data-menu][open]");

function close(menu, { focus = false } = {}) {
  menu.removeAttribute("open");
  if (focus) menu.querySelector("summary").focus();
}

document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) close(menu);
});

document.addEventListener("focusin", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) close(menu);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of open()) {
    event.preventDefault();
    close(menu, { focus: menu.contains(document.activeElement) });
  }
});

document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (menu.matches?.("details[data-menu][open]")) menu.querySelector("input[type=search]")?.focus();
}, true);

// The switcher's search narrows the list that is already there; Enter asks the server.
document.addEventListener("input", (event) => {
  const list = document.getElementById(event.target.dataset?.narrows ?? "");
  if (!list) return;
  const wanted = event.target.value.trim().toLocaleLowerCase();
  for (const item of list.children) {
    item.hidden = !item.textContent.toLocaleLowerCase().includes(wanted);
  }
});
