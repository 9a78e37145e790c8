import { announce } from "./announce.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-from]");
  if (!button) return;
  const source = button.dataset.copyFrom;
  const text = source ? document.getElementById(source).textContent : button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied", { visible: true });
  } catch {
    announce("The browser did not allow copying", { visible: true });
  }
});
