// "/" or Ctrl-K searches; "g o" and "g t" go places; "n" and "p" go through changes; "?" helps.
// Single keys can be switched off.
import { toChange } from "./changes.js";

const help = document.getElementById("shortcuts");
const search = document.getElementById("search");
const toggle = document.getElementById("single-keys");
const STORE = "opsapp.single-keys";
const PREFIX_MS = 1200;
const STEPS = { n: 1, p: -1 };
let prefixed = 0;

const enabled = () => localStorage.getItem(STORE) !== "off";

if (toggle) {
  toggle.checked = enabled();
  toggle.addEventListener("change", () => localStorage.setItem(STORE, toggle.checked ? "on" : "off"));
}

const typing = (element) => element.closest?.("input, textarea, select, [contenteditable]");

// What is typed just after a menu opens is meant for its search field.
const menuIsOpen = () => document.querySelector("details[data-menu][open]");

function find(event) {
  event.preventDefault();
  search.focus();
  search.select();
}

function go(event) {
  const target = { o: help.dataset.operations, t: help.dataset.tenants }[event.key];
  if (target) location.assign(target);
}

document.addEventListener("keydown", (event) => {
  if (search && event.key === "k" && (event.ctrlKey || event.metaKey) && !event.altKey) return find(event);
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (!help || !enabled() || document.querySelector("dialog[open]")) return;
  if (Date.now() - prefixed < PREFIX_MS) {
    prefixed = 0;
    go(event);
  } else if (event.key === "g") {
    prefixed = Date.now();
  } else if (event.key === "/" && search) {
    find(event);
  } else if (event.key in STEPS && !menuIsOpen()) {
    if (toChange(STEPS[event.key])) event.preventDefault();
  } else if (event.key === "?") {
    event.preventDefault();
    help.showModal();
  }
});
