"""Debian's Chromium through Playwright; a machine without it skips, the integration machine may not."""

from __future__ import annotations

import shutil
from asyncio import AbstractEventLoop, events
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from core.testing.missing import missing

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

CHROMIUM = Path("/usr/bin/chromium")
#: Debian's Chromium without the windows it would never show: a page costs half as much. Not everywhere installed.
SHELL = Path("/usr/bin/chromium-headless-shell")
#: Each window draws its address bar's two popups as pages, in a renderer of their own: half the price of a window.
_POPUPS = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
_SITES = ("SpareRendererForSitePerProcess", "IsolateOrigins", "site-per-process")
#: Chromium hears the last list only: Playwright's own (`chromiumSwitches`) that matter here, again.
_PLAYWRIGHTS = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # Nothing here draws in three dimensions: one process less, a tenth of each page's cost
    "--in-process-gpu",
    "--disable-software-rasterizer",
    # A page lives for a moment, and axe is half a megabyte: to optimise it, to forget what was compiled of it before
    # the next page, to tidy up in threads beside it costs more than it gives
    "--js-flags=--no-opt --no-flush-bytecode --single-threaded-gc --min-semi-space-size=32 --max-semi-space-size=64",
    # One site is shown, on loopback: no process is kept ready, nor a frame put apart, for another
    "--disable-site-isolation-trials",
    f"--disable-features={','.join((*_POPUPS, *_SITES, *_PLAYWRIGHTS))}",
)


def chromium(*, whole: bool = True) -> Path:
    """The browser's path; skips the test with the reason where there is none, fails when CI is set.

    `whole`: the one that people have, not its headless shell.
    """
    if not whole and SHELL.exists():
        return SHELL
    found = CHROMIUM if CHROMIUM.exists() else Path(shutil.which("chromium") or shutil.which("chromium-browser") or "")
    if found.is_file():
        return found
    missing("Chromium is missing: apt install chromium fonts-noto-core")


class SharedBrowser:
    """One headless Chromium of a kind for all the files of a process: starting one costs 2 s of processor.

    While Playwright runs, its loop counts as the thread's own and `asyncio.run` is refused: between the files that use
    the browser, the thread is told that it has none.
    """

    def __init__(self) -> None:
        self._opened = ExitStack()
        self._playwright: Playwright | None = None
        self._running: dict[Path, Browser] = {}
        self._loop: AbstractEventLoop | None = None

    @contextmanager
    def lent(self, path: Path) -> Iterator[Browser]:
        """The browser at `path` for one file, whose contexts are closed afterwards; a new one if the last was lost."""
        events._set_running_loop(self._loop)
        running = self._running.get(path)
        if running is None or not running.is_connected():
            running = self._running[path] = self._launch(path)
            self._loop = events._get_running_loop()
        try:
            yield running
            if running.is_connected():
                for context in running.contexts:
                    context.close()
        finally:
            events._set_running_loop(None)

    def close(self) -> None:
        """Stop them, at the end of the process's tests."""
        if self._playwright is None:
            return
        events._set_running_loop(self._loop)
        self._running, self._playwright = {}, None
        try:
            self._opened.close()
        finally:
            events._set_running_loop(None)

    def _launch(self, path: Path) -> Browser:
        from playwright.sync_api import sync_playwright

        if self._playwright is None:
            self._playwright = self._opened.enter_context(sync_playwright())
        running = self._playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        self._opened.callback(running.close)
        return running
