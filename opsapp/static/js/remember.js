// What the server needs to know about this browser, kept in cookies that it reads.
const YEAR = 365 * 24 * 3600;
const root = document.documentElement;

function remember(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR}; SameSite=Lax${secure}`;
}

remember("tz", Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC");

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-theme-form]") && event.submitter?.value) {
    event.preventDefault();
    remember("theme", event.submitter.value);
    root.dataset.bsTheme = event.submitter.value;
    for (const button of form.querySelectorAll("[name=theme]")) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    }
    form.closest("details")?.removeAttribute("open");
  } else if (form.matches("[data-columns]")) {
    remember(`columns_${form.dataset.columns}`, new FormData(form).getAll("columns").join("."));
  }
});

document.addEventListener("click", (event) => {
  const fold = event.target.closest("[data-fold-sidebar]");
  if (!fold) return;
  const narrow = root.dataset.sidebar !== "narrow";
  if (narrow) root.dataset.sidebar = "narrow";
  else delete root.dataset.sidebar;
  fold.setAttribute("aria-pressed", String(narrow));
  remember("sidebar", narrow ? "narrow" : "wide");
});
