"""What holds for every test in a browser."""

from __future__ import annotations

import pytest

from core import features


@pytest.fixture(autouse=True)
def _no_periodic_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under `visitor`: all jobs are due at a server's first start, a third of a second of processor beside the page.

    A test of a job runs it, or serves the whole.
    """
    monkeypatch.setattr(features, "jobs", lambda _hooks: ())
