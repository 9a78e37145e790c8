// In a comparison, goes from one change to the next; what did not change is passed over.
import { announce } from "./announce.js";

const CHANGES = ".diff-table tr[data-change]";

// Returns whether there is a comparison on the page; `step` is 1 or -1.
export function toChange(step) {
  const changes = [...document.querySelectorAll(CHANGES)];
  if (!changes.length) return false;
  const here = changes.indexOf(document.activeElement.closest(CHANGES));
  const next = here < 0 && step < 0 ? changes.length - 1 : here + step;
  const change = changes[next];
  if (!change) {
    announce(step > 0 ? "That was the last change" : "That was the first change", { visible: true });
    return true;
  }
  change.tabIndex = -1;
  change.focus({ preventScroll: true });
  change.scrollIntoView({ block: "center" });
  announce(`Change ${next + 1} of ${changes.length}`);
  return true;
}
