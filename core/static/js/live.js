// Follows the events of the session: fragments are fetched again, the state of the connection is said in words, and what
// is personal is blanked when nothing proves any more that it may be read.
import { follows, isTouched, places, refresh } from "./fragments.js";
import { openStream } from "./stream.js";
import { element, word } from "./words.js";

const BLANK_AFTER = 30_000;
const OFFLINE_AFTER = 10_000;
const ASLEEP = 30_000; // a timer this late means the machine slept
const { session: mark = "", liveCursor: cursor, pageKind } = document.body.dataset;
const connection = document.querySelector("[data-connection]");

let live = false, since = Date.now(), blankTimer = 0, offlineTimer = 0, stream = null, ended = false;

function say(state) {
  if (!connection || connection.dataset.state === state) return;
  connection.dataset.state = state;
  connection.textContent = word(state);
}

function personal() {
  return [...document.querySelectorAll("[data-personal]")].filter((one) => !one.parentElement.closest("[data-personal]"));
}

/** Takes personal content out of the page, not only out of sight. A form being filled stays: it is its author's own. */
export function blank() {
  for (const one of personal()) {
    if ("blanked" in one.dataset || isTouched(one)) continue;
    one.dataset.blanked = "";
    const tag = one.matches("dl") ? "dd" : one.matches("ul, ol") ? "li" : "span";
    one.replaceChildren(element(tag, { className: "blanked", textContent: word("hidden") }));
  }
}

/** Asks the server again for everything blanked; what it refuses stays blank. */
export async function check() {
  const blanked = personal().filter((one) => "blanked" in one.dataset);
  const held = new Set(blanked.map((one) => one.closest("[data-fragment]")).filter(Boolean));
  for (const place of held) await refresh(place, { force: true });
  const alone = blanked.filter((one) => one.isConnected && !one.closest("[data-fragment]"));
  if (!alone.length) return;
  const page = await thisPage();
  if (!page) return;
  const index = (root) => [...root.querySelectorAll("[data-personal]")].filter((one) => !one.closest("[data-fragment]"));
  const now = index(document), next = index(page);
  if (now.length !== next.length) {
    if (![...document.forms].some(isTouched)) window.location.reload();
    return;
  }
  now.forEach((one, place) => {
    if (!("blanked" in one.dataset)) return;
    delete one.dataset.blanked;
    one.replaceChildren(...document.adoptNode(next[place]).childNodes);
  });
}

/** The page as it would be given now, or null when it would not be. */
async function thisPage() {
  try {
    const response = await fetch(window.location.href, { cache: "no-store", credentials: "same-origin", redirect: "manual" });
    if (!response.ok) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null;
  }
}

function onState(state) {
  if (ended) return;
  if (state === "live") {
    clearTimeout(blankTimer);
    clearTimeout(offlineTimer);
    blankTimer = offlineTimer = 0;
    const back = !live;
    live = true;
    say("live");
    if (back) check();
    return;
  }
  live = false;
  say(navigator.onLine ? (connection?.dataset.state === "offline" ? "offline" : "reconnecting") : "offline");
  blankTimer ||= setTimeout(blank, BLANK_AFTER);
  offlineTimer ||= setTimeout(() => say("offline"), OFFLINE_AFTER);
  if (state === "refused") refused();
}

/** The stream was refused: the session may be over. If the page itself is refused too, nothing waits thirty seconds. */
async function refused() {
  if (navigator.onLine && personal().length && !(await thisPage())) blank();
}

function onEvent(event) {
  const all = places();
  if (event.kind === "reload") all.forEach((place) => refresh(place));
  else all.filter((place) => follows(place, event)).forEach((place) => refresh(place));
}

/** A stream of the same session as it is now: locked, or open again. */
export function reconnect() {
  stream?.again(true);
}

async function recheck() {
  blank();
  stream?.again(true); // a stream that slept may be dead without knowing it
  await check();
  places().forEach((place) => refresh(place));
}

/** Another person, or nobody, is signed in now in this browser: this page belongs to a session that is over. */
function end() {
  ended = true;
  stream?.close();
  say("offline");
  const reload = element("a", { href: window.location.href, className: "btn", textContent: word("reload") });
  document.querySelector("main")?.replaceChildren(
    element("div", { className: "stack" }, element("p", { className: "blanked", textContent: word("other") }), element("p", {}, reload)));
}

if (cursor) {
  // Said only if it takes long; blanked if it never comes.
  setTimeout(() => live || say("reconnecting"), 1500);
  blankTimer = setTimeout(blank, BLANK_AFTER);
  stream = openStream({ mark, cursor, onEvent, onState });
}
if ("BroadcastChannel" in window) {
  const sessions = new BroadcastChannel("arrimage-session");
  sessions.onmessage = ({ data }) => {
    if (!ended && data.mark !== mark && (pageKind === "partner" || personal().length)) end();
  };
}

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  blank();
  window.location.reload();
});
window.addEventListener("pagehide", () => stream?.close());
document.addEventListener("resume", recheck);
window.addEventListener("offline", () => say("offline"));
window.addEventListener("online", () => stream?.again());
setInterval(() => {
  const now = Date.now();
  if (now - since > ASLEEP && cursor) recheck();
  since = now;
}, 5000);
