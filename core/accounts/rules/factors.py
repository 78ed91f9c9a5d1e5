"""Second factors: how long, how many, how often, and what a typed code means (security S8, S13)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from core.accounts.rules.throttles import Window

#: A passkey must sign what the page asked within this, once.
CHALLENGE_LASTS = timedelta(minutes=5)
#: An application's secret that nobody confirmed is forgotten after this.
SETUP_LASTS = timedelta(minutes=15)
#: Seconds a one-time code is for (RFC 6238).
STEP_SECONDS = 30
RECOVERY_CODES = 10
RECOVERY_LENGTH = 12
#: Letters and digits nobody mistakes for another on paper: 31, so that twelve of them are 59 bits.
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"

#: A code can be guessed, so that an account allows few: eight a quarter of an hour and thirty a day leave six digits,
#: three of which are right at any time, a chance in ten thousand a day. The right one clears the short window.
CODE_WINDOWS = {
    "address": Window(40, timedelta(minutes=15)),
    "account": Window(8, timedelta(minutes=15)),
    "account_by_day": Window(30, timedelta(hours=24)),
    "everyone": Window(600, timedelta(minutes=5)),
}
#: A passkey cannot be guessed: only machines that insist are slowed, never one person by another.
PASSKEY_WINDOWS = {
    "address": Window(120, timedelta(minutes=15)),
    "everyone": Window(3000, timedelta(minutes=5)),
}


def steps_now(now: datetime) -> tuple[int, int, int]:
    """The 30-second steps whose code is right now: this one, the one before, the one after."""
    step = int(now.timestamp()) // STEP_SECONDS
    return step, step - 1, step + 1


def normal_digits(typed: str) -> str:
    """Six digits as typed or pasted, with or without spaces; empty when they are not six digits."""
    digits = re.sub(r"[\s.-]", "", typed)
    return digits if re.fullmatch(r"[0-9]{6}", digits) else ""


def normal_recovery(typed: str) -> str:
    """A printed code without its dashes, in lower case; empty when it cannot be one."""
    letters = re.sub(r"[^a-z0-9]", "", typed.casefold())
    return letters if len(letters) == RECOVERY_LENGTH and set(letters) <= set(RECOVERY_ALPHABET) else ""


def spaced(code: str) -> str:
    """A recovery code as it is printed: `abcd-efgh-jkmn`."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def may_remove(factors_left: int) -> bool:
    """Whether a factor may go: another one must stay. Printed codes are a way back in, not a factor of their own."""
    return factors_left >= 1
