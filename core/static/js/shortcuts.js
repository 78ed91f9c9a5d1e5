// One-key shortcuts: ? lists them, and they can be switched off (WCAG 2.1.4).
import { toggleMask } from "./privacy.js";
import { element, word } from "./words.js";

const KEPT = "arrimage-shortcuts";
const off = () => localStorage.getItem(KEPT) === "off";
let panel = null;

function row(key, text) {
  return element("p", { className: "row" }, element("kbd", { textContent: key }), text);
}

function list() {
  if (!panel) {
    const box = element("input", { type: "checkbox", checked: !off() });
    box.addEventListener("change", () => localStorage.setItem(KEPT, box.checked ? "on" : "off"));
    const close = element("button", { type: "button", className: "btn", textContent: word("close") });
    close.addEventListener("click", () => panel.hidePopover());
    panel = element("section", { className: "shortcuts stack", popover: "auto", tabIndex: -1 },
      element("h2", { textContent: word("shortcuts"), id: "shortcuts-title" }),
      row("?", word("shortcutList")), row("/", word("shortcutSearch")), row("m", word("shortcutMask")),
      row("v", word("shortcutLock")),
      element("label", { className: "choice" }, box, element("span", { textContent: word("shortcutsOn") })), close);
    panel.setAttribute("aria-labelledby", "shortcuts-title");
    document.body.append(panel);
  }
  panel.togglePopover();
  if (panel.matches(":popover-open")) panel.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  if ("locked" in document.documentElement.dataset) return;
  if (event.key === "?") list(); // always there: it is where the others are switched on again
  else if (off()) return;
  else if (event.key === "m") toggleMask();
  else if (event.key === "v") document.querySelector("form[data-lock-now]")?.requestSubmit();
  else if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
  }
});
