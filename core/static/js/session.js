// The session's clock on a signed-in page: a warning before it locks, then the lock itself laid over the page, which
// keeps what was typed. The server alone knows whether a session is open: this script asks, and asking is no activity.
import { isTouched, places, refresh } from "./fragments.js";
import { blank, check, reconnect } from "./live.js";
import { announce, element, hour, word } from "./words.js";

const { session: mark = "", lockIn, endIn, warning = "120" } = document.body.dataset;
const root = document.documentElement;
const lockPage = document.querySelector("[data-lock-page]");
const channel = "BroadcastChannel" in window ? new BroadcastChannel("arrimage-session") : null;
const AGAIN = 5000; // between two tries when the network is missing

let lockAt = Infinity, endAt = Infinity, lead = Number(warning) * 1000, lastInput = 0;
let timer = 0, warned = null, cover = null, covered = false, untold = false, title = "", focused = null;

/** What the server says of the session, or null when it cannot be reached. */
async function ask() {
  try {
    const response = await fetch("/session", { cache: "no-store", credentials: "same-origin" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Posts as this browser; the answer, or null without a network. */
async function post(url, form) {
  const body = new URLSearchParams(form);
  if (!body.has("_csrf")) body.set("_csrf", document.querySelector("input[name=_csrf]")?.value ?? "");
  try {
    return await fetch(url, { method: "POST", body, credentials: "same-origin", redirect: "manual", headers: { "X-Fragment": "1" } });
  } catch {
    return null;
  }
}

function take(told) {
  lockAt = Date.now() + told.lock * 1000;
  endAt = Date.now() + told.end * 1000;
  lead = told.warning * 1000;
  plan();
}

function plan() {
  clearTimeout(timer);
  const at = Math.min(lockAt, endAt) - (warned ? 0 : lead);
  if (!covered) timer = setTimeout(near, Math.max(0, Math.min(at - Date.now(), 2 ** 31 - 1)));
}

/** The lock is near, or its hour has passed while the machine slept: then nothing shows while the server is asked. */
async function near() {
  if (Date.now() >= lockAt) hide();
  else if (!warned && endAt > lockAt && Date.now() - lastInput < lead / 2) return void stay(); // somebody is typing
  const told = await ask();
  if (told?.state === "live") {
    if (covered) uncover();
    take(told);
    if (Math.min(lockAt, endAt) - Date.now() <= lead) warn();
    else hush();
  } else if (told) close(told.state);
  else if (Date.now() >= Math.min(lockAt, endAt)) close("locked");
  else warn();
}

function warn() {
  if (warned) return;
  keep();
  const ends = endAt < lockAt;
  const yes = element("button", { type: "button", className: "btn primary", textContent: word(ends ? "close" : "stay"), autofocus: true });
  const no = element("button", { type: "button", className: "btn", textContent: word("lockNow") });
  warned = element("dialog", { className: "session stack" },
    element("h2", { id: "session-title", textContent: word("soonTitle") }),
    element("p", { id: "session-text", textContent: word(ends ? "soonEnd" : "soonLock", { time: hour(new Date(Math.min(lockAt, endAt))) }) }),
    element("p", { className: "row" }, yes, no));
  warned.setAttribute("role", "alertdialog");
  warned.setAttribute("aria-labelledby", "session-title");
  warned.setAttribute("aria-describedby", "session-text");
  yes.addEventListener("click", () => (ends ? hush() : stay()));
  no.addEventListener("click", lockNow);
  warned.addEventListener("cancel", (event) => {
    event.preventDefault();
    yes.click();
  });
  document.body.append(warned);
  warned.showModal(); // it takes the focus, and gives it back when it closes
  plan();
}

function hush() {
  warned?.close();
  warned?.remove();
  warned = null;
}

async function stay() {
  const response = await post("/session/active");
  const told = response?.ok ? await response.json() : null;
  if (told?.state === "live") {
    hush();
    take(told);
    say("active");
  } else if (response) near();
  else {
    clearTimeout(timer);
    timer = setTimeout(near, Math.max(0, Math.min(lockAt - Date.now(), AGAIN)));
  }
}

/** Drafts first: what is typed is sent while it still may be. */
function keep() {
  const waits = [];
  document.dispatchEvent(new CustomEvent("arrimage:keep", { detail: waits }));
  return Promise.race([Promise.allSettled(waits), new Promise((resolve) => setTimeout(resolve, 1500))]);
}

async function lockNow(event) {
  event?.preventDefault();
  if (covered) return;
  await keep();
  hide();
  untold = true;
  await close("locked");
}

/** Out of sight at once; what was typed stays in the page, under the lock. */
function hide() {
  if (covered) return;
  covered = true;
  clearTimeout(timer);
  hush();
  focused = document.activeElement;
  title = document.title;
  root.dataset.locked = "";
  document.title = `${word("lockedTitle")} · Arrimage`;
  blank();
  cover = element("dialog", { className: "session lock stack", tabIndex: -1 });
  cover.setAttribute("closedby", "none");
  cover.setAttribute("aria-label", word("lockedTitle"));
  cover.append(element("p", { textContent: word("lockedTitle") }));
  cover.addEventListener("cancel", (event) => event.preventDefault());
  cover.addEventListener("close", () => covered && cover.showModal());
  cover.addEventListener("submit", unlock, true);
  document.body.append(cover);
  cover.showModal();
  cover.focus();
}

/** The session is locked ("locked") or over: the cover says so and offers the way back. */
async function close(state) {
  hide();
  if (untold) {
    const done = await post("/verrou/maintenant");
    if (!done) return later();
    untold = false;
    say("locked");
  }
  if (state === "locked") {
    const here = window.location.pathname + window.location.search;
    let response = null;
    try {
      response = await fetch(`/verrou?suite=${encodeURIComponent(here)}`, { headers: { "X-Fragment": "1" }, cache: "no-store", credentials: "same-origin", redirect: "manual" });
    } catch {
      return later();
    }
    if (response.ok) {
      put(await response.text());
      reconnect(); // the stream comes back as a locked one: events without a reference
      say("locked");
      return;
    }
    const told = await ask();
    if (!told) return later();
    if (told.state === "live") return open(told);
  }
  const href = `/connexion?suite=${encodeURIComponent(window.location.pathname)}`;
  cover.replaceChildren(element("h1", { textContent: word("ended") }), element("p", {}, element("a", { className: "btn primary", href, textContent: word("signIn") })));
  cover.querySelector("a").focus();
}

function later() {
  const again = element("button", { type: "button", className: "btn", textContent: word("retry") });
  again.addEventListener("click", () => close("locked"));
  cover.replaceChildren(element("h1", { textContent: word("lockedTitle") }), element("p", { textContent: word("lockedOffline") }), again);
  again.focus();
}

function put(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  cover.replaceChildren(template.content);
  cover.dispatchEvent(new CustomEvent("arrimage:updated", { bubbles: true }));
  (cover.querySelector("[data-error-summary], input:not([type=hidden]), button") ?? cover).focus();
}

async function unlock(event) {
  const form = event.target;
  if (!("unlock" in form.dataset)) return;
  event.preventDefault();
  if (form.dataset.sent) return;
  form.dataset.sent = "1";
  const response = await post(form.getAttribute("action"), new FormData(form, event.submitter));
  delete form.dataset.sent;
  if (!response) return later();
  if (response.type !== "opaqueredirect") return put(await response.text());
  const told = await ask();
  if (told?.state === "live") open(told);
  else if (told) close(told.state);
  else later();
}

function uncover() {
  covered = false;
  delete root.dataset.locked;
  document.title = title;
  cover.close();
  cover.remove();
  cover = null;
  if (focused?.isConnected) focused.focus({ preventScroll: true });
}

/** Open again: the page is what it was, and catches up. */
function open(told) {
  if (!covered) return;
  uncover();
  take(told);
  say("unlocked");
  announce(word("unlocked"));
  reconnect();
  for (const place of places()) if (!isTouched(place)) refresh(place, { force: true });
  check();
}

function say(type) {
  channel?.postMessage({ mark, type });
}

/** Something says the session may have changed: another tab, a refused fragment, a page that comes back to sight. */
async function verify() {
  const told = await ask();
  if (!told) return;
  if (told.state === "live") {
    if (lockPage && "kept" in lockPage.dataset) return void lockPage.querySelector("[data-resume-after-unlock]")?.requestSubmit();
    if (lockPage) return void window.location.replace(lockPage.dataset.lockPage);
    if (covered && !untold) return open(told);
    take(told);
    if (Math.min(lockAt, endAt) - Date.now() > lead) hush();
    plan();
  } else if (!covered && !lockPage) close(told.state);
}

if (channel) channel.onmessage = ({ data }) => data.mark === mark && verify();
if (lockPage) say("locked");
else if (lockIn) {
  take({ lock: Number(lockIn), end: Number(endIn), warning: Number(warning) });
  for (const kind of ["keydown", "pointerdown", "input"]) {
    window.addEventListener(kind, (event) => event.isTrusted && !covered && (lastInput = Date.now()), { capture: true, passive: true });
  }
  document.addEventListener("submit", (event) => "lockNow" in event.target.dataset && lockNow(event), true);
  document.addEventListener("arrimage:refused", (event) => {
    event.preventDefault(); // the lock over the page says it all; nothing typed there is wiped
    if (!covered) verify();
  });
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && Date.now() > lockAt - lead && near());
}
