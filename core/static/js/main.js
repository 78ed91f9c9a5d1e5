// The only script a page names. Public pages load the few modules they need; the others follow on partners' pages.
import "./quickexit.js";
import "./forms.js";

const body = document.body, coming = [];
// What was hidden on the page before stays so while the rest is on its way.
if (body.dataset.pageKind === "partner" && sessionStorage.getItem("arrimage-masked")) document.documentElement.dataset.masked = "";
if (document.querySelector("[data-combobox]")) coming.push(import("./combobox.js"));
if (document.querySelector("form[data-autosave], form[data-resilient]")) coming.push(import("./autosave.js"), import("./resilient.js"));
const passkeys = () => document.querySelector("form[data-passkey]") && import("./passkeys.js");
coming.push(passkeys());
document.addEventListener("arrimage:updated", passkeys); // a page on the way may be put where a form was
if (document.querySelector("[data-print]")) coming.push(import("./print.js"));
if (document.querySelector("[data-clock]")) coming.push(import("./clock.js"));
if (document.querySelector("[data-report]")) coming.push(import("./report.js"));
const session = body.dataset.lockIn || document.querySelector("[data-lock-page]") ? import("./session.js") : Promise.resolve();
coming.push(session);
if (body.dataset.pageKind === "partner") {
  coming.push(import("./privacy.js"));
  coming.push(session.then(() => import("./shortcuts.js"))); // the key that locks asks the session to keep what was typed
}
if (body.dataset.liveCursor || document.querySelector("[data-personal]")) coming.push(import("./live.js"));

/** Settles once every module that this page needs has run. */
export const ready = Promise.all(coming);

// Every page says whose it is: tabs of a session that is over learn it from the first page of the next one.
if ("BroadcastChannel" in window) {
  const sessions = new BroadcastChannel("arrimage-session");
  sessions.postMessage({ mark: body.dataset.session ?? "" });
  sessions.close();
}
