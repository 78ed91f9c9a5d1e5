"""What axe, a phone's width and the console say of the page a browser shows."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}

#: Two thirds of axe's time go to contrast. Texts of one colour, size and weight, on one chain of backgrounds, have one
#: contrast on any page at any width: the first that passes is the others' answer in this process. A layer that shows
#: nothing is no link of the chain. Judged each time: what fails, what axe cannot tell, what leaves its own ground, what
#: is out of the flow, and what something out of the flow meets.
_ONCE = """
(() => {
  const SHOWN = {
    backgroundColor: "rgba(0, 0, 0, 0)", backgroundImage: "none", opacity: "1", filter: "none", mixBlendMode: "normal",
    zIndex: "auto",
  };
  const WRITTEN = ["color", "fontSize", "fontWeight", "textShadow", "webkitTextStroke"];
  const flows = (style) =>
    (style.position === "static" || (style.position === "relative" && ["auto", "0px"].includes(style.inset))) &&
    style.float === "none" && style.transform === "none" && style.translate === "none" && !style.margin.includes("-");
  let passed, styles, chains, laid;
  const styleOf = (element) => {
    if (!styles.has(element)) styles.set(element, getComputedStyle(element));
    return styles.get(element);
  };
  // What an element stands on: {said, ground: the nearest box with a background}. Null out of the flow, but on a ground
  // of its own that hides what is below
  const beneath = (element) => {
    if (!element) return { said: styleOf(document.documentElement).colorScheme, ground: null };
    if (!chains.has(element)) {
      const style = styleOf(element), under = beneath(element.parentElement);
      const own = Object.keys(SHOWN).filter((name) => style[name] !== SHOWN[name]).map((name) => name + style[name]);
      const painted = style.backgroundColor !== SHOWN.backgroundColor || style.backgroundImage !== "none";
      const hides = style.backgroundColor.startsWith("rgb(") && style.opacity === "1";
      chains.set(element, under && (hides || flows(style))
        ? { said: own.length ? `${own}|${under.said}` : under.said, ground: painted ? element : under.ground }
        : null);
    }
    return chains.get(element);
  };
  const wordsOf = (element) => [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim());
  const isControl = (element) => ["input", "select", "textarea"].includes(element.localName);
  // Where the words of an element itself are, or the whole of a control
  const boxes = (element) => {
    if (isControl(element)) return [element.getBoundingClientRect()];
    return wordsOf(element).flatMap((node) => {
      const range = document.createRange();
      range.selectNode(node);
      return [...range.getClientRects()];
    });
  };
  const within = (box, ground) => box.left >= ground.left - 1 && box.right <= ground.right + 1 &&
    box.top >= ground.top - 1 && box.bottom <= ground.bottom + 1;
  const meet = (one, other) => one.left < other.right && one.right > other.left &&
    one.top < other.bottom && one.bottom > other.top;
  const layers = () => [...document.body.querySelectorAll("*")].filter((element) => !flows(styleOf(element)))
    .map((element) => [element, element.getBoundingClientRect()]).filter(([, box]) => box.width > 1 && box.height > 1);
  const clear = (element) => {
    const { ground } = beneath(element), held = ground?.getBoundingClientRect();
    laid ??= layers();
    return boxes(element).every((box) => (!held || within(box, held)) &&
      !laid.some(([layer, over]) => meet(box, over) && !layer.contains(element)));
  };
  const keyOf = (element) => {
    const under = beneath(element);
    return under && `${WRITTEN.map((name) => styleOf(element)[name])}|${under.said}`;
  };
  const known = (element) => passed.has(keyOf(element)) && clear(element);
  const rule = axe._audit.rules.find(({ id }) => id === "color-contrast"), applies = rule.matches;
  const check = axe._audit.checks["color-contrast"], judge = check.evaluate;
  // Axe comes to the same answer of an element that has no words of its own, a third of the page later
  rule.matches = function (element, ...rest) {
    const speaks = isControl(element) || wordsOf(element).length > 0;
    return speaks && !known(element) && applies.call(this, element, ...rest);
  };
  check.evaluate = function (element, ...rest) {
    if (known(element)) return true;
    let measured = null;
    const helper = Object.assign(Object.create(this), {
      data: (told) => { measured = told?.contrastRatio; this.data(told); },
    });
    const answer = judge.call(helper, element, ...rest), key = keyOf(element);
    // A text that axe takes for hidden passes too: nothing was measured
    if (answer === true && measured && key && clear(element)) passed.add(key);
    return answer;
  };
  axe.lookAgain = (keys) => {
    [passed, styles, chains, laid] = [new Set(keys), new Map(), new Map(), null];
    return () => [...passed].slice(keys.length);
  };
})();
"""
_AXE: str = Axe().axe_script + _ONCE
#: Every rule of axe; of what passes, only the contrasts met for the first time are sent back. Nothing is fetched from
#: elsewhere: every style is our own.
_RUN = """
async (keys) => {
  // A row that has just come is pale for a fifth of a second
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < 1000);
  await Promise.allSettled(ending.map((one) => one.finished));
  const met = axe.lookAgain(keys);
  return axe.run(document, {resultTypes: ["violations"], preload: false})
    .then((found) => [found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]), met()]);
}
"""
#: The contrasts that passed, in the order in which they were met (the values say nothing).
_PASSED: dict[str, None] = {}


def read_ahead(page: Page) -> None:
    """Have each document of a page that axe will look at bring its script along: it is sent once, not once for each."""
    page.add_init_script(_AXE)


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Violations of axe's rules on the page as it is: (rule, the elements that break it)."""
    page.wait_for_load_state()  # half a page has faults that the whole has not
    # Read once per document: it is half a megabyte of script
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found: list[Any]
    found, met = page.evaluate(_RUN, list(_PASSED))
    _PASSED.update(dict.fromkeys(met))
    return [(rule, nodes) for rule, nodes in found]


def faults(page: Page, address: str = "") -> list[str]:
    """Violations of axe's rules and sideways scrolling, at both widths; the page is left at its first width."""
    found: dict[str, list[str]] = {width: [] for width in WIDTHS}
    before = page.viewport_size
    # The width it has comes first: to draw a page at another one costs as much as to look at it
    for width, size in sorted(WIDTHS.items(), key=lambda item: item[1] != before):
        if page.viewport_size != size:
            page.set_viewport_size(size)  # type: ignore[arg-type]
        for rule, nodes in violations(page):
            found[width].append(f"{address or page.url} ({width}): {rule}: {nodes[0][:160]}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            found[width].append(f"{address or page.url} ({width}): scrolls sideways")
    if before is not None:
        page.set_viewport_size(before)
    return [line for lines in found.values() for line in lines]
