// Keeps "3 min ago" true on a page that stays open, and dates in the zone of the account or, where
// it names none, of the browser. The words are those of presenters/times.py.
const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DAYS_IN_WORDS = 30;
const dates = dateFormat(document.documentElement.dataset.zone);

function dateFormat(timeZone) {
  try {
    return new Intl.DateTimeFormat("en-US", { day: "numeric", month: "short", year: "numeric", timeZone });
  } catch {
    return null; // a zone that this browser does not know: what the server wrote stays
  }
}

function date(moment) {
  const parts = Object.fromEntries(dates.formatToParts(moment).map((part) => [part.type, part.value]));
  return `${parts.day} ${parts.month} ${parts.year}`;
}

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
    const moment = Date.parse(words.closest("time").dateTime);
    const seconds = (Date.now() - moment) / 1000;
    const isDate = Math.abs(seconds) >= DAYS_IN_WORDS * DAY;
    if (isDate && !dates) continue;
    const text = isDate ? date(moment) : relative(seconds);
    if (words.textContent !== text) words.textContent = text;
  }
}

refreshTimes();
setInterval(() => document.hidden || refreshTimes(), 10_000);
