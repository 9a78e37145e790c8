// Finds text in a long JSON: every match marked, the count said, Enter goes to the next.
import { announce } from "./announce.js";

const MOST = 2000;
let current = -1;
let ranges = [];

// The text may be spread over folds: its pieces, each with where it begins in the whole.
function pieces(area) {
  const walker = document.createTreeWalker(area, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let at = 0; walker.nextNode(); at += walker.currentNode.length) found.push({ node: walker.currentNode, at });
  return found;
}

function matches(area, wanted) {
  const text = area.textContent.toLowerCase();
  const rest = pieces(area);
  const found = [];
  const place = (at) => {
    while (rest.length > 1 && rest[1].at <= at) rest.shift();
    return [rest[0].node, at - rest[0].at];
  };
  for (let at = text.indexOf(wanted); at >= 0 && found.length < MOST; at = text.indexOf(wanted, at + wanted.length)) {
    const range = new Range();
    range.setStart(...place(at));
    range.setEnd(...place(at + wanted.length));
    found.push(range);
  }
  return found;
}

function unfold(node) {
  for (let fold = node.parentElement.closest(".json-fold"); fold; fold = fold.parentElement.closest(".json-fold")) fold.open = true;
}

function show(area, count) {
  CSS.highlights?.delete("found");
  if (ranges.length && window.Highlight) CSS.highlights.set("found", new Highlight(...ranges));
  count.textContent = ranges.length === 1 ? "1 match" : `${ranges.length.toLocaleString("en")} matches`;
}

function next(area) {
  if (!ranges.length) return;
  current = (current + 1) % ranges.length;
  unfold(ranges[current].startContainer);
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
  ranges = wanted ? matches(area, wanted) : [];
  show(area, count);
  if (!wanted) count.textContent = "";
});

document.addEventListener("keydown", (event) => {
  const id = event.target.dataset?.findIn;
  if (!id || event.key !== "Enter") return;
  event.preventDefault();
  next(document.getElementById(id));
});
