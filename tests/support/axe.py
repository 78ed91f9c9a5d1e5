"""What axe, a phone's width and the console say of the page a browser shows."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}

_AXE: str = Axe().axe_script
#: Every rule of axe; of what passes, nothing is sent back. Nothing is fetched from elsewhere: every style is our own.
_RUN = """
() => axe.run(document, {resultTypes: ["violations"], preload: false})
  .then((found) => found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]))
"""


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Violations of axe's rules on the page as it is: (rule, the elements that break it)."""
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
