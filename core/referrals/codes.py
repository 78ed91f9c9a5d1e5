"""Codes of referrals: `R-7K3M-9Q` (see `core.kernel.codes`)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from core.kernel import codes
from core.kernel.codes import ALPHABET, BODY

__all__ = ["ALPHABET", "BODY", "new_code", "normalise"]

LETTER = "R"


def new_code(choose: Callable[[str], str] = secrets.choice) -> str:
    """A fresh random code."""
    return codes.new_code(LETTER, choose)


def normalise(text: str) -> str | None:
    """The canonical code for what someone typed, or None when it cannot be one."""
    return codes.normalise(LETTER, text)
