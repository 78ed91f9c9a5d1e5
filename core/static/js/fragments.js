// Places that follow events: [data-live="kind …"][data-fragment="/url"], if any [data-live-ref], [data-live-rows],
// [data-live-pending]. A place is fetched again through its own authorised page, never from the event. It never takes
// the focus, never moves what is being read, and loses at once what may no longer be read.
import { announce, element, word } from "./words.js";

const jobs = new WeakMap();
const REFUSED = new Set([403, 404, 410]);
const MARKED_FOR = 30_000; // a new row stays tinted this long, unless it is looked at first

export function places(root = document) {
  return [...root.querySelectorAll("[data-live][data-fragment]")];
}

/** Whether a place follows this event. Kinds are prefixes by whole words: "referral" hears "referral.submitted". */
export function follows(place, { kind, ref }) {
  if (place.dataset.liveRef && place.dataset.liveRef !== ref) return false;
  return place.dataset.live.split(/\s+/).some((prefix) => kind === prefix || kind.startsWith(prefix.replace(/\.?$/, ".")));
}

/** Fetches a place again. force: put it in now, whatever the focus. Several calls at once make one or two fetches. */
export async function refresh(place, { force = false } = {}) {
  const job = jobs.get(place) ?? { running: false, again: false, force: false, news: 0 };
  jobs.set(place, job);
  job.force ||= force;
  if (!force) job.news += 1;
  job.again = true;
  if (job.running) return;
  job.running = true;
  try {
    while (job.again && place.isConnected) {
      job.again = false;
      await fetchInto(place, job);
    }
  } finally {
    job.running = false;
  }
}

async function fetchInto(place, job) {
  let response;
  try {
    response = await fetch(place.dataset.fragment, {
      headers: { "X-Fragment": "1" }, cache: "no-store", credentials: "same-origin", redirect: "manual",
    });
  } catch {
    return; // no network: the stream's own return fetches everything again
  }
  if (response.type === "opaqueredirect" || response.status === 401) {
    if (!document.dispatchEvent(new CustomEvent("arrimage:refused", { cancelable: true }))) return;
    // The session is locked or over: only how many events came stays on the screen.
    const came = job.news === 1 ? word("newOne") : job.news ? word("newMany", { n: job.news }) : "";
    wipe(place, [word("over"), came].filter(Boolean).join(" "), element("a", { href: window.location.href, textContent: word("reload") }));
    return;
  }
  if (REFUSED.has(response.status)) {
    wipe(place, word("gone"));
    return;
  }
  if (!response.ok) return;
  const next = read(place, await response.text());
  if (!job.force && mustWait(place, next)) {
    hold(place, next, job);
    return;
  }
  job.force = false;
  job.news = 0;
  put(place, next);
}

/** The new content: the answer itself, or its part that bears the same address when it is a whole page. */
function read(place, html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  const same = [...template.content.querySelectorAll("[data-fragment]")].find((other) => other.dataset.fragment === place.dataset.fragment);
  if (!same) return template.content;
  const inside = document.createDocumentFragment();
  inside.append(...same.childNodes);
  return inside;
}

/** Empties a place and says why. */
export function wipe(place, reason, ...link) {
  release(place);
  const tag = place.matches("ul, ol") ? "li" : "p";
  const note = element(tag, { className: "blanked" }, reason, " ", ...link);
  if (place.matches("tbody")) {
    const cell = element("td", { className: "blanked" }, reason, " ", ...link);
    cell.colSpan = 99;
    place.replaceChildren(element("tr", {}, cell));
  } else place.replaceChildren(note);
  announce(reason);
}

function mustWait(place, next) {
  // What may no longer be read goes at once, even under the hand.
  if (next.querySelectorAll("[data-personal]").length < place.querySelectorAll("[data-personal]").length) return false;
  const active = document.activeElement;
  if (active && active !== place && place.contains(active)) return true;
  if (isTouched(place)) return true;
  return "livePending" in place.dataset && !("liveRows" in place.dataset);
}

/** Whether somebody has typed or ticked something there. */
export function isTouched(root) {
  return [...root.querySelectorAll("input, textarea, select")].some((field) => {
    if (field.type === "hidden") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected) && field.value !== field.options[0]?.value;
    return field.value !== field.defaultValue;
  });
}

/** What a reader would see of a node: neither keys of forms nor clocks, which change with nothing new. */
function seen(node) {
  const copy = node.cloneNode(true);
  if (copy.querySelectorAll) for (const ignored of copy.querySelectorAll("[data-clock], input[type=hidden]")) ignored.remove();
  const links = copy.querySelectorAll ? [...copy.querySelectorAll("a[href], form[action], button")].map((one) => one.getAttribute("href") ?? one.getAttribute("action") ?? one.className) : [];
  return [copy.className ?? "", (copy.textContent ?? "").replace(/\s+/g, " ").trim(), ...links].join("|").replace(/\bnew\b/, "").trim();
}

function bar(place) {
  const anchor = place.closest("table")?.parentElement ?? place;
  let found = anchor.previousElementSibling;
  if (!found?.matches("[data-pending-bar]")) {
    found = element("p", { className: "pending" });
    found.dataset.pendingBar = "";
    found.setAttribute("role", "status");
    anchor.before(found);
  }
  return found;
}

function hold(place, next, job) {
  const fresh = "liveRows" in place.dataset ? changedRows(place, next) : job.news;
  if (!fresh) return;
  const show = element("button", { type: "button", className: "link", textContent: word("show") });
  show.addEventListener("click", async () => {
    release(place);
    await refresh(place, { force: true });
    place.tabIndex = -1;
    place.focus({ preventScroll: true });
  });
  bar(place).replaceChildren(fresh === 1 ? word("newOne") : word("newMany", { n: fresh }), " — ", show);
}

function release(place) {
  const anchor = place.closest("table")?.parentElement ?? place;
  const found = anchor.previousElementSibling;
  if (found?.matches("[data-pending-bar]")) found.replaceChildren();
}

function changedRows(place, next) {
  const old = new Map([...place.children].map((row) => [row.dataset.key, seen(row)]));
  return [...next.children].filter((row) => old.get(row.dataset.key) !== seen(row)).length;
}

function put(place, next) {
  release(place);
  if ("liveRows" in place.dataset) putRows(place, next);
  else putWhole(place, next);
  delete place.dataset.blanked;
  place.dispatchEvent(new CustomEvent("arrimage:updated", { bubbles: true }));
}

function putWhole(place, next) {
  const open = [...place.querySelectorAll("details")].map((details) => details.open);
  const active = place.contains(document.activeElement) ? document.activeElement.id : "";
  place.replaceChildren(...next.childNodes);
  const details = place.querySelectorAll("details");
  if (details.length === open.length) details.forEach((one, index) => (one.open = open[index]));
  if (active) document.getElementById(active)?.focus({ preventScroll: true });
}

/** Rows by their data-key: those unchanged keep their node (and so the focus), new ones are tinted and told. */
function putRows(place, next) {
  const old = new Map([...place.children].map((row) => [row.dataset.key, row]));
  const kept = new Set();
  let news = 0, before = place.firstElementChild;
  for (const row of [...next.children]) {
    const known = row.dataset.key && old.get(row.dataset.key);
    let node = row;
    if (known && seen(known) === seen(row)) node = known;
    else if (row.dataset.key && !known) {
      news += 1;
      row.classList.add("new");
      setTimeout(() => row.classList.remove("new"), MARKED_FOR);
      row.addEventListener("focusin", () => row.classList.remove("new"), { once: true });
    }
    kept.add(node);
    if (node === before) before = before.nextElementSibling;
    else place.insertBefore(node, before);
  }
  for (const row of [...place.children]) if (!kept.has(row)) row.remove();
  if (news) announce(news === 1 ? word("newOne") : word("newMany", { n: news }));
}
