// input[data-combobox][list]: suggestions that ignore accents, hyphens and case ("st jac" finds Saint-Jacques). Without us
// the browser's own datalist serves. The value stays what is typed: the server decides, nothing is forced.
import { announce, element, word } from "./words.js";

const SHOWN = 8;

export function fold(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().replace(/œ/g, "oe")
    .replace(/[^a-z0-9]+/g, " ").trim().replace(/\bste\b/g, "sainte").replace(/\bst\b/g, "saint");
}

/** The options that hold every typed word at the start of one of theirs, the best first. */
export function matching(options, typed) {
  const words = fold(typed).split(" ").filter(Boolean);
  if (!words.length) return [];
  return options
    .map((option) => ({ option, folded: fold(option) }))
    .filter(({ folded }) => words.every((one) => ` ${folded}`.includes(` ${one}`)))
    .sort((a, b) => b.folded.startsWith(words[0]) - a.folded.startsWith(words[0]))
    .map(({ option }) => option)
    .slice(0, SHOWN);
}

function enhance(input) {
  const list = document.getElementById(input.getAttribute("list"));
  if (!list || input.dataset.combobox === "on") return;
  const options = [...list.options].map((option) => option.value);
  const box = element("ul", { id: `${input.id}-box`, hidden: true });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", input.labels[0]?.firstChild?.textContent?.trim() ?? "");
  const around = element("div", { className: "combobox" });
  input.removeAttribute("list");
  input.dataset.combobox = "on";
  const typing = document.activeElement === input;
  input.before(around);
  around.append(input, box);
  if (typing) input.focus(); // moving a field takes the focus from who was already typing in it
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": box.id })) input.setAttribute(name, value);
  let active = -1;

  function close() {
    box.hidden = true;
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }
  function choose(text) {
    input.value = text;
    close();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }
  function point(index) {
    active = index;
    [...box.children].forEach((row, place) => row.setAttribute("aria-selected", String(place === index)));
    const row = box.children[index];
    if (!row) return;
    input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }
  function open() {
    const found = matching(options, input.value);
    box.replaceChildren(...found.map((text, index) => {
      const row = element("li", { id: `${box.id}-${index}`, textContent: text });
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      return row;
    }));
    if (!found.length || (found.length === 1 && found[0] === input.value)) {
      close();
      if (!found.length && input.value) announce(word("suggestionsNone"));
      return;
    }
    box.hidden = false;
    active = -1;
    input.setAttribute("aria-expanded", "true");
    announce(found.length === 1 ? word("suggestionsOne") : word("suggestionsMany", { n: found.length }));
  }
  input.addEventListener("input", open);
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !box.hidden) { event.stopPropagation(); close(); return; }
    if (event.key === "Enter" && active >= 0) { event.preventDefault(); choose(box.children[active].textContent); return; }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    if (box.hidden) open();
    const count = box.children.length;
    if (!box.hidden) point((active + (event.key === "ArrowDown" ? 1 : active < 0 ? 0 : -1) + count) % count);
  });
  // Pressing, not clicking: the field keeps the focus.
  box.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    const row = event.target.closest("[role=option]");
    if (row) choose(row.textContent);
  });
}

const all = (root) => root.querySelectorAll("input[data-combobox][list]").forEach(enhance);
all(document);
document.addEventListener("arrimage:updated", (event) => all(event.target));
