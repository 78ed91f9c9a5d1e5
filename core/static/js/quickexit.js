// Sortie rapide: blank first, leave next, and leave nothing behind in this tab's history. The link works without us.
import { announce, word } from "./words.js";

const link = document.querySelector("[data-quick-exit]");
const WITHIN = 5000; // three presses count within five seconds of each other

function leave() {
  document.documentElement.dataset.leaving = "";
  document.title = "\u00a0";
  document.querySelector("link[rel~=icon]")?.remove();
  window.location.replace(link.href);
}

if (link) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  let presses = 0, lastKey = "", lastAt = 0, combined = false;
  document.addEventListener("keydown", (event) => {
    // Shift held for a capital letter, or any other shortcut, is not one of the three presses.
    if (event.key !== "Shift" && event.key !== "Escape") combined = true;
    else if (!event.repeat) combined = event.ctrlKey || event.altKey || event.metaKey;
  });
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Shift" && event.key !== "Escape") return;
    if (combined) { presses = 0; combined = false; return; }
    const now = Date.now();
    presses = event.key === lastKey && now - lastAt < WITHIN ? presses + 1 : 1;
    lastKey = event.key;
    lastAt = now;
    if (presses >= 3) leave();
    else announce(word(presses === 2 ? "pressOne" : "pressTwo"));
  });
  // Coming back with the browser's button shows nothing either.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && "leaving" in document.documentElement.dataset) leave();
  });
}
