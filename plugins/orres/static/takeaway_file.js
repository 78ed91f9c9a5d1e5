// The file's own search and guide. Nothing is asked of a network, nothing is kept: no storage, no address changed.
"use strict";
(function () {
  const form = document.getElementById("choices");
  const count = document.getElementById("count");
  const nothing = document.getElementById("nothing");
  const helps = Array.from(document.querySelectorAll("[data-help]"), (element) => ({
    element,
    text: element.dataset.search,
    codes: Object.fromEntries(
      ["needs", "areas", "bands", "languages"].map((name) => [name, element.dataset[name].split(" ").filter(Boolean)]),
    ),
  }));
  // What is not known is not refused: the sheet says "to be confirmed". A need is the exception: it is the step's.
  const fields = [["need", "needs", false], ["area", "areas", true], ["band", "bands", false], ["language", "languages", true]];

  const folded = (text) =>
    text.toLowerCase().replace(/œ/g, "oe").replace(/æ/g, "ae").normalize("NFKD").replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ");

  function fits(help, asked, words) {
    return (
      words.every((word) => help.text.includes(word)) &&
      asked.every(([value, name, open]) => help.codes[name].includes(value) || (open && help.codes[name].length === 0))
    );
  }

  function show() {
    const words = folded(document.getElementById("words").value).split(/\s+/).filter(Boolean);
    const asked = fields
      .map(([id, name, open]) => [document.getElementById(id).value, name, open])
      .filter(([value]) => value !== "");
    const filtering = words.length > 0 || asked.length > 0;
    let found = 0;
    for (const help of helps) {
      const kept = fits(help, asked, words);
      help.element.hidden = !kept;
      found += kept ? 1 : 0;
    }
    for (const part of document.querySelectorAll(".stop, .moment")) {
      part.hidden = filtering && part.querySelector("[data-help]:not([hidden])") === null;
    }
    nothing.hidden = found > 0;
    count.textContent = !filtering
      ? count.dataset.all
      : found === 1
        ? count.dataset.one
        : count.dataset.many.replace("#", String(found));
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(show));
  show();
})();
