"""Debian's Chromium through Playwright; a machine without it skips, the integration machine may not."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)


def chromium() -> Path:
    """The browser's path; skips the test with the reason where there is none, fails when CI is set."""
    found = CHROMIUM if CHROMIUM.exists() else Path(shutil.which("chromium") or shutil.which("chromium-browser") or "")
    if found.is_file():
        return found
    reason = "Chromium is missing: apt install chromium fonts-noto-core"
    if os.environ.get("CI"):
        pytest.fail(f"{reason} (never skipped when CI is set)", pytrace=False)
    pytest.skip(reason)


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless Chromium, closed afterwards."""
    from playwright.sync_api import sync_playwright

    path = chromium()
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, headless=True, args=list(FLAGS))
        yield running
        running.close()
