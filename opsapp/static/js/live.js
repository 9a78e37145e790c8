// Live regions: htmx fetches them again while the server marks them data-live. Here is when not
// to, what survives the exchange, and what happens when no answer comes.
import { announce } from "./announce.js";
import { refreshTimes } from "./time.js";

const isLive = (element) => element?.matches?.("[data-live]");
const LOST = "Updates paused: the server cannot be reached. Trying again.";
const ENDED = "Updates stopped. Reload the page to go on.";

function busy(region) {
  if (document.hidden || document.querySelector("dialog[open], details[data-menu][open]")) return true;
  const selection = getSelection();
  return !selection.isCollapsed && region.contains(selection.anchorNode);
}

function warn(region, text) {
  let note = region.nextElementSibling;
  if (!note?.matches(".live-lost")) {
    note = document.createElement("div");
    note.className = "notice tone-amber live-lost";
    region.after(note);
    announce(text);
  }
  note.textContent = text;
}

const settled = (region) => region.nextElementSibling?.matches(".live-lost") && region.nextElementSibling.remove();

function stop(region) {
  warn(region, ENDED);
  const still = region.cloneNode(true);
  for (const name of ["data-live", "hx-get", "hx-trigger", "hx-select", "hx-swap"]) still.removeAttribute(name);
  region.replaceWith(still);
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (isLive(event.target) && busy(event.target)) event.preventDefault();
});

document.addEventListener("htmx:sendError", (event) => isLive(event.target) && warn(event.target, LOST));
document.addEventListener("htmx:timeout", (event) => isLive(event.target) && warn(event.target, LOST));
document.addEventListener("htmx:responseError", (event) => {
  if (!isLive(event.target)) return;
  if (event.detail.xhr.status >= 500) warn(event.target, LOST);
  else stop(event.target);
});

const opened = new Map();
const spoken = new Map();
let focused = null;

// What was focused is looked for again by what it is: the exchange makes new elements.
const nameOf = (element) => element.id
  || [element.tagName, element.getAttribute("href"), element.textContent.trim()].join("|");

function refocus() {
  if (!focused || document.activeElement !== document.body) return;
  const choices = document.querySelectorAll("main :is(a, button, summary, input, select, [tabindex])");
  [...choices].find((one) => nameOf(one) === focused)?.focus({ preventScroll: true });
}

document.addEventListener("htmx:beforeSwap", (event) => {
  const region = event.detail.target;
  if (!isLive(region) || !event.detail.shouldSwap) return;
  const answer = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
  if (!answer.getElementById(region.id)) {
    event.detail.shouldSwap = false; // signed out, most likely: the answer is another page
    stop(region);
    return;
  }
  settled(region);
  opened.set(region.id, [...region.querySelectorAll("details[id]")].map((one) => [one.id, one.open]));
  spoken.set(region.id, region.dataset.announce);
  focused = document.activeElement === document.body ? null : nameOf(document.activeElement);
});

document.addEventListener("htmx:afterSwap", (event) => {
  const region = document.getElementById(event.detail.target.id);
  if (!region || !opened.has(region.id)) return;
  for (const [id, wasOpen] of opened.get(region.id)) {
    const details = document.getElementById(id);
    if (details) details.open = wasOpen;
  }
  opened.delete(region.id);
  refocus();
  if (region.dataset.announce !== spoken.get(region.id)) announce(region.dataset.announce);
  refreshTimes(region);
});
