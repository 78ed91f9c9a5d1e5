// Every form: the focus goes to the errors, and one act is sent once.
import { word } from "./words.js";

const HELD = 10_000; // after ten seconds without an answer the button serves again; the key keeps it one act

export function focusErrors(root = document) {
  const summary = root.querySelector("[data-error-summary]");
  if (!summary) return false;
  summary.focus();
  if (!document.title.startsWith(word("error"))) document.title = word("error") + document.title;
  return true;
}

focusErrors();

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-error-summary] a[href^='#']");
  const field = link && document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  (field.closest("fieldset, .field") ?? field).scrollIntoView({ block: "start" });
  field.focus({ preventScroll: true });
});

export function release(form) {
  delete form.dataset.sent;
  for (const button of form.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
}

// Bubbling, so that a module which sends the form itself has already taken the event.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
  setTimeout(() => release(form), HELD);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

// A form that waited while its author confirmed who she is goes on by itself.
document.querySelector("form[data-resume]")?.requestSubmit();
