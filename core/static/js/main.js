// The only script a page names. Public pages load the few modules they need; the others follow on partners' pages.
import "./quickexit.js";
import "./forms.js";

const body = document.body;
if (document.querySelector("[data-combobox]")) import("./combobox.js");
if (document.querySelector("form[data-autosave], form[data-resilient]")) {
  import("./autosave.js");
  import("./resilient.js");
}
const passkeys = () => document.querySelector("form[data-passkey]") && import("./passkeys.js");
passkeys();
document.addEventListener("arrimage:updated", passkeys); // a page on the way may be put where a form was
if (document.querySelector("[data-print]")) import("./print.js");
if (document.querySelector("[data-clock]")) import("./clock.js");
if (document.querySelector("[data-report]")) import("./report.js");
const session = body.dataset.lockIn || document.querySelector("[data-lock-page]") ? import("./session.js") : Promise.resolve();
if (body.dataset.pageKind === "partner") {
  import("./privacy.js");
  session.then(() => import("./shortcuts.js")); // the key that locks asks the session to keep what was typed
}
if (body.dataset.liveCursor || document.querySelector("[data-personal]")) import("./live.js");

// Every page says whose it is: tabs of a session that is over learn it from the first page of the next one.
if ("BroadcastChannel" in window) {
  const sessions = new BroadcastChannel("arrimage-session");
  sessions.postMessage({ mark: body.dataset.session ?? "" });
  sessions.close();
}
