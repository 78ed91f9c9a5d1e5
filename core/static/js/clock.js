// Deadlines in words stay right on a page open all day. Same words as core/kernel/formatting.py (a test compares them).
import { word } from "./words.js";

// The server's hour, since a device's own may be wrong.
const ahead = document.body.dataset.now ? Date.parse(document.body.dataset.now) - Date.now() : 0;
const MINUTE = 60, HOUR = 3600, DAY = 86_400;

function duration(seconds) {
  const n = "\u00a0";
  const bound = (text) => text.replace(/ (?=\S+$)/, n);
  if (seconds < MINUTE) return bound(word("instant"));
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}${n}min`;
  if (seconds >= 3 * DAY) return bound(word("days", { n: Math.floor(seconds / DAY) }));
  const hours = Math.floor(seconds / HOUR), minutes = Math.floor((seconds % HOUR) / MINUTE);
  if (!minutes || seconds >= DAY) return `${hours}${n}h`;
  const english = document.documentElement.lang.startsWith("en");
  return `${hours}${n}h${n}${String(minutes).padStart(2, "0")}${english ? `${n}min` : ""}`;
}

/** The words and the state of a deadline: {text, state}. */
export function clockWords(due, now = new Date()) {
  const left = Math.trunc((due - now) / 1000);
  if (left <= 0) return { text: word("late", { time: duration(-left) }), state: "late" };
  return { text: word("left", { time: duration(left) }), state: left < 6 * HOUR ? "soon" : "calm" };
}

export function tick(now = new Date(Date.now() + ahead)) {
  for (const time of document.querySelectorAll("time[data-clock]")) {
    const { text, state } = clockWords(new Date(time.dateTime), now);
    if (time.textContent !== text) time.textContent = text;
    const clock = time.closest(".clock");
    clock?.classList.remove("calm", "soon", "late");
    clock?.classList.add(state);
  }
}

setInterval(() => tick(), 20_000);
document.addEventListener("arrimage:updated", () => tick());
