// Masquer: someone is looking over the shoulder. One button, one key (m), and by itself after five idle minutes.
import { announce, word } from "./words.js";

const IDLE = 5 * 60_000;
const KEPT = "arrimage-masked";
const root = document.documentElement;
const buttons = document.querySelectorAll("[data-mask-toggle]");
let idle = 0;

export function mask(on, { say = true } = {}) {
  if (on) root.dataset.masked = "";
  else delete root.dataset.masked;
  // Only the choice is kept, never content, and only for this tab.
  sessionStorage.setItem(KEPT, on ? "1" : "");
  for (const button of buttons) {
    button.textContent = word(on ? "unmask" : "mask");
    button.setAttribute("aria-pressed", String(on));
  }
  if (say) announce(word(on ? "masked" : "unmasked"));
}

export function toggleMask() {
  mask(!("masked" in root.dataset));
}

function awake() {
  clearTimeout(idle);
  idle = setTimeout(() => mask(true), IDLE);
}

if (document.querySelector("[data-personal]")) for (const button of buttons) button.hidden = false;
for (const button of buttons) button.addEventListener("click", toggleMask);
for (const kind of ["pointerdown", "keydown", "scroll"]) window.addEventListener(kind, awake, { passive: true });
if (sessionStorage.getItem(KEPT)) mask(true, { say: false });
awake();
