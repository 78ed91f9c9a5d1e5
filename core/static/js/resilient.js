// form[data-resilient]: a lost signal never loses the form. It is sent with its own one-act key as often as needed, so
// that an answer lost on the way back does not make a second referral. Without this script the form is an ordinary one.
import { focusErrors, release } from "./forms.js";
import { element, word } from "./words.js";

const WAITS = [2, 4, 8, 15, 30]; // seconds
const sending = new WeakMap();

function status(form, ...content) {
  const place = form.querySelector("[data-form-status]");
  place?.replaceChildren(...content);
  if (place) place.dataset.state = content.length > 1 ? "offline" : "";
}

/** Resolves after some seconds, or at once when the network is back or the person asks. */
function pause(form, seconds) {
  return new Promise((resolve) => {
    let left = seconds;
    const text = document.createTextNode("");
    const button = element("button", { type: "button", className: "link", textContent: word("retry") });
    const tick = () => {
      text.data = word("unsent", { n: left }) + " ";
      if (left-- <= 0) done();
    };
    const timer = setInterval(tick, 1000);
    function done() {
      clearInterval(timer);
      window.removeEventListener("online", done);
      resolve();
    }
    window.addEventListener("online", done);
    button.addEventListener("click", done);
    status(form, text, button);
    tick();
  });
}

async function show(form, response) {
  const type = response.headers.get("content-type") ?? "";
  if (response.redirected && response.ok) {
    window.location.assign(response.url);
    return;
  }
  if (!type.startsWith("text/html")) {
    status(form, word("broken"));
    release(form);
    return;
  }
  // A page that answers in place (errors to correct, something changed meanwhile): put it where the old one was.
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector("main");
  if (!fresh || response.status >= 500) {
    status(form, word("broken"));
    release(form);
    return;
  }
  document.title = page.title;
  const main = document.querySelector("main");
  main.replaceChildren(...document.adoptNode(fresh).childNodes);
  if (!focusErrors(main)) main.focus();
  window.scrollTo(0, Math.max(0, document.activeElement.getBoundingClientRect().top + window.scrollY - 80));
  main.dispatchEvent(new CustomEvent("arrimage:updated", { bubbles: true }));
}

async function send(form, body, action) {
  for (let attempt = 0; ; attempt++) {
    try {
      status(form, word("sending"));
      const response = await fetch(action, { method: "POST", body, credentials: "same-origin", headers: { "X-Resilient": "1" } });
      // A gateway that lost the server is a lost signal too: nothing says the act was refused.
      if (![502, 503, 504].includes(response.status)) return response;
    } catch {
      // the network failed: wait, then try the same act again
    }
    await pause(form, WAITS[Math.min(attempt, WAITS.length - 1)]);
  }
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!("resilient" in form.dataset) || event.defaultPrevented) return;
  event.preventDefault();
  if (sending.has(form)) return;
  const body = new FormData(form, event.submitter);
  const action = event.submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? window.location.href;
  const encoded = form.enctype === "multipart/form-data" ? body : new URLSearchParams(body);
  sending.set(form, true);
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-disabled", "true");
  try {
    await show(form, await send(form, encoded, action));
  } finally {
    sending.delete(form);
    if (form.isConnected) release(form);
  }
}, true);
