// Finds text in a long JSON: every match marked, the count said, Enter goes to the next.
import { announce } from "./announce.js";

const MOST = 2000;
let current = -1;
let ranges = [];

function matches(code, wanted) {
  const text = code.textContent.toLowerCase();
  const node = code.firstChild;
  const found = [];
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST; at = text.indexOf(wanted, at + wanted.length)) {
    const range = new Range();
    range.setStart(node, at);
    range.setEnd(node, at + wanted.length);
    found.push(range);
  }
  return found;
}

function show(area, count) {
  CSS.highlights?.delete("found");
  if (ranges.length && window.Highlight) CSS.highlights.set("found", new Highlight(...ranges));
  count.textContent = ranges.length === 1 ? "1 match" : `${ranges.length.toLocaleString("en")} matches`;
}

function next(area) {
  if (!ranges.length) return;
  current = (current + 1) % ranges.length;
  const box = ranges[current].getBoundingClientRect();
  const frame = area.getBoundingClientRect();
  area.scrollBy(box.left - frame.left - frame.width / 2, box.top - frame.top - frame.height / 2);
  announce(`${current + 1} of ${ranges.length}`);
}

document.addEventListener("input", (event) => {
  const id = event.target.dataset?.findIn;
  if (!id) return;
  const area = document.getElementById(id);
  const wanted = event.target.value.toLowerCase();
  const count = document.querySelector(`[data-find-count="${id}"]`);
  current = -1;
  ranges = wanted ? matches(area.querySelector("code"), wanted) : [];
  show(area, count);
  if (!wanted) count.textContent = "";
});

document.addEventListener("keydown", (event) => {
  const id = event.target.dataset?.findIn;
  if (!id || event.key !== "Enter") return;
  event.preventDefault();
  next(document.getElementById(id));
});
