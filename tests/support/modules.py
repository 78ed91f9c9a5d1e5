"""A page's own modules, which load after it: what a test presses before they are there does nothing, or goes the way
of a page without scripts."""

from __future__ import annotations

from playwright.sync_api import Page, Route


def loaded(page: Page) -> None:
    """Wait until every module this page asks for has run, in the order it asks; nothing is loaded that it does not."""
    page.evaluate("async () => { await (await import(document.querySelector('script[type=module]').src)).ready; }")


class OnItsWay:
    """Scripts on their way for as long as the test wants: `with OnItsWay(page, "**/x.js") as held`, then `held.come()`.

    At the end whatever was still held arrives.
    """

    def __init__(self, page: Page, pattern: str) -> None:
        self._page, self._pattern = page, pattern
        self._waiting: list[Route] = []

    def __enter__(self) -> OnItsWay:
        self._page.route(self._pattern, self._hold)
        return self

    def _hold(self, route: Route) -> None:
        self._waiting.append(route)

    def come(self) -> None:
        """They arrive; the test fails if the page had asked for none."""
        assert self._waiting, f"{self._pattern} was not asked for"
        while self._waiting:
            self._waiting.pop().continue_()

    def __exit__(self, *_: object) -> None:
        while self._waiting:
            self._waiting.pop().continue_()
        self._page.unroute(self._pattern)
