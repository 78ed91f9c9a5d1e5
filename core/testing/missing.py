"""What a machine may lack: the only place where a test is skipped."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test with the reason and its remedy; on the integration machine (`CI`), which has it all, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (never skipped when CI is set)", pytrace=False)
    pytest.skip(what)
