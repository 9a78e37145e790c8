// Keeps "3 min ago" true on a page that stays open. The words are those of presenters/times.py.
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

function amount(seconds) {
  if (seconds < MINUTE) return `${Math.floor(seconds)} s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)} min`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)} h`;
  const days = Math.floor(seconds / DAY);
  return days === 1 ? "1 day" : `${days} days`;
}

function relative(seconds) {
  if (Math.abs(seconds) < 5) return "just now";
  return seconds > 0 ? `${amount(seconds)} ago` : `in ${amount(-seconds)}`;
}

export function refreshTimes(root = document) {
  for (const words of root.querySelectorAll("time [data-relative]")) {
    const seconds = (Date.now() - Date.parse(words.closest("time").dateTime)) / 1000;
    if (Math.abs(seconds) >= 30 * DAY) continue;
    const text = relative(seconds);
    if (words.textContent !== text) words.textContent = text;
  }
}

setInterval(() => document.hidden || refreshTimes(), 10_000);
