"""What axe, a phone's width and the console say of the page a browser shows."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}

#: Two thirds of axe's time go to contrast. Texts of one colour, size and weight, on one chain of backgrounds, none of
#: them out of the flow, have one contrast: within a document the first that passes is the others' answer, at both
#: widths. What fails, what axe cannot tell and what is laid over the page is judged each time.
_ONCE = """
(() => {
  const LAID = ["backgroundColor", "backgroundImage", "opacity", "filter", "mixBlendMode", "transform", "zIndex"];
  const WRITTEN = ["color", "fontSize", "fontWeight", "textShadow", "webkitTextStroke"];
  const said = (style, names) => names.map((name) => style[name]).join();
  const beneath = (element) => {
    if (!element) return "";
    if (!axe.grounds.has(element)) {
      const style = getComputedStyle(element), under = beneath(element.parentElement);
      const flows = under !== null && ["static", "relative"].includes(style.position);
      axe.grounds.set(element, flows ? `${said(style, LAID)}|${under}` : null);
    }
    return axe.grounds.get(element);
  };
  const check = axe._audit.checks["color-contrast"], judge = check.evaluate, passed = new Set();
  check.evaluate = function (element, ...rest) {
    const ground = beneath(element), key = ground && `${said(getComputedStyle(element), WRITTEN)}|${ground}`;
    if (key && passed.has(key)) return true;
    const answer = judge.call(this, element, ...rest);
    if (key && answer === true) passed.add(key);
    return answer;
  };
})();
"""
_AXE: str = Axe().axe_script + _ONCE
#: Every rule of axe; of what passes, nothing is sent back. Nothing is fetched from elsewhere: every style is our own.
_RUN = """
async () => {
  // A row that has just come is pale for a fifth of a second
  const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().endTime < 1000);
  await Promise.allSettled(ending.map((one) => one.finished));
  axe.grounds = new Map();
  return axe.run(document, {resultTypes: ["violations"], preload: false})
    .then((found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]));
}
"""


def read_ahead(page: Page) -> None:
    """Have each document of a page that axe will look at bring its script along: it is sent once, not once for each."""
    page.add_init_script(_AXE)


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Violations of axe's rules on the page as it is: (rule, the elements that break it)."""
    page.wait_for_load_state()  # half a page has faults that the whole has not
    # Read once per document: it is half a megabyte of script
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
    found: list[Any] = page.evaluate(_RUN)
    return [(rule, nodes) for rule, nodes in found]


def faults(page: Page, address: str = "") -> list[str]:
    """Violations of axe's rules and sideways scrolling, at both widths; the page is left at its first width."""
    found: list[str] = []
    before = page.viewport_size
    for width, size in WIDTHS.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for rule, nodes in violations(page):
            found.append(f"{address or page.url} ({width}): {rule}: {nodes[0][:160]}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            found.append(f"{address or page.url} ({width}): scrolls sideways")
    if before is not None:
        page.set_viewport_size(before)
    return found
