"""What axe, a phone's width and the console say of the page a browser shows."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 900}}


def faults(page: Page, address: str = "") -> list[str]:
    """Violations of axe's rules and sideways scrolling, at both widths; the page is left at its first width."""
    found: list[str] = []
    before = page.viewport_size
    for width, size in WIDTHS.items():
        page.set_viewport_size(size)  # type: ignore[arg-type]
        for one in Axe().run(page).response["violations"]:
            found.append(f"{address or page.url} ({width}): {one['id']}: {one['nodes'][0]['html'][:160]}")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth + 1"):
            found.append(f"{address or page.url} ({width}): scrolls sideways")
    if before is not None:
        page.set_viewport_size(before)
    return found
