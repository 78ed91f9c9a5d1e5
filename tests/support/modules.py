"""A page's own modules, which load after it: what a test presses before they are there does nothing."""

from __future__ import annotations

from playwright.sync_api import Page


def loaded(page: Page, *names: str) -> None:
    """Wait for modules of `core/static/js` by name: a page loads each once, so this is the page's own."""
    page.evaluate(
        """async (names) => {
            const main = document.querySelector("script[type=module]").src;
            await Promise.all(names.map((name) => import(new URL(`${name}.js`, main).href)));
        }""",
        list(names),
    )
