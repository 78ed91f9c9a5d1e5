// Drafts: form[data-autosave="/url"] is posted there every ten seconds once changed, on leaving a field and on leaving
// the page. What cannot be sent stays in the form and is tried again; nothing is written in the browser's storage.
import { isTouched } from "./fragments.js";
import { hour, word } from "./words.js";

const EVERY = 10_000, LONGEST_WAIT = 30_000;
const drafts = new WeakMap();

function draftOf(form) {
  if (!drafts.has(form)) drafts.set(form, { dirty: false, sending: false, again: false, failures: 0, timer: 0 });
  return drafts.get(form);
}

function say(form, text, state = "") {
  const place = form.querySelector("[data-form-status]");
  if (!place) return;
  place.dataset.state = state;
  place.textContent = text;
}

function plan(form, wait) {
  const draft = draftOf(form);
  clearTimeout(draft.timer);
  draft.timer = setTimeout(() => save(form), wait);
}

async function save(form, { leaving = false } = {}) {
  const draft = draftOf(form);
  if (!draft.dirty || form.dataset.sent || !form.isConnected) return;
  if (draft.sending && !leaving) {
    draft.again = true; // another field was left while the one before was on its way
    return;
  }
  clearTimeout(draft.timer);
  draft.sending = true;
  draft.again = false;
  draft.dirty = false;
  let failed = false;
  try {
    const response = await fetch(form.dataset.autosave, {
      method: "POST", body: new FormData(form), credentials: "same-origin", redirect: "manual", keepalive: leaving,
      headers: { "X-Autosave": "1" },
    });
    if (response.ok) {
      draft.failures = 0;
      say(form, word("saved", { time: hour() }));
      form.dispatchEvent(new CustomEvent("arrimage:saved", { bubbles: true }));
    } else {
      failed = true;
      const locked = response.type === "opaqueredirect" || response.status === 401 || response.status === 403;
      say(form, word(locked ? "locked" : "kept"), "offline");
    }
  } catch {
    failed = true;
    say(form, word("kept"), "offline");
  } finally {
    draft.sending = false;
  }
  if (failed) {
    draft.dirty = true;
    draft.failures += 1;
    plan(form, Math.min(LONGEST_WAIT, 2000 * 2 ** (draft.failures - 1)));
  } else if (draft.dirty) plan(form, draft.again ? 0 : EVERY);
}

function all() {
  return document.querySelectorAll("form[data-autosave]");
}

for (const kind of ["input", "change"]) {
  document.addEventListener(kind, (event) => {
    const form = event.target.form;
    if (!form?.dataset.autosave) return;
    const draft = draftOf(form);
    const first = !draft.dirty;
    draft.dirty = true;
    if (first && !draft.failures) plan(form, EVERY);
  });
}
document.addEventListener("focusout", (event) => {
  if (event.target.form?.dataset.autosave) save(event.target.form);
});
document.addEventListener("arrimage:keep", (event) => all().forEach((form) => event.detail.push(save(form))));
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") all().forEach((form) => save(form, { leaving: true }));
});
window.addEventListener("pagehide", () => all().forEach((form) => save(form, { leaving: true })));
window.addEventListener("online", () => all().forEach((form) => save(form)));

// What was typed while this script was on its way.
for (const form of all()) {
  if (!isTouched(form)) continue;
  draftOf(form).dirty = true;
  save(form);
}
