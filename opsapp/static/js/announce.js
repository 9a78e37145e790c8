// Says something without moving the page: to screen readers, and if wanted as a short note.
const region = document.getElementById("announcer");
const SHOWN_MS = 2500;

export function announce(text, { visible = false } = {}) {
  if (!region || !text) return;
  const note = document.createElement("p");
  note.className = visible ? "toast-note" : "visually-hidden";
  note.textContent = text;
  region.append(note);
  setTimeout(() => note.remove(), SHOWN_MS);
}

// Messages that were on the page when it loaded are not read out by themselves.
setTimeout(() => {
  for (const element of document.querySelectorAll("[data-announce-once]")) {
    announce(element.dataset.announceOnce);
  }
}, 400);
