"""The code on the trainer's screen: six digits that change every thirty seconds. Pure.

A code is an HMAC of the block's own secret and of a step of time (RFC 6238's construction, SHA-256), so that nothing is
stored and yesterday's code is a stranger's. It proves that whoever types it sees the screen; who that is, the account
or the work e-mail says.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Seconds during which one code is shown.
STEP_SECONDS: Final = 30
#: A form takes longer than that to fill: the code of an evaluation lasts an hour, and one more.
FORM_SECONDS: Final = 3600
#: Steps before the present one still taken: the time to type.
TOLERATED: Final = 1
DIGITS: Final = 6
#: How long before its beginning a block takes check-ins, and how long after its end.
OPENS_BEFORE: Final = timedelta(minutes=30)
CLOSES_AFTER: Final = timedelta(0)

NOT_A_CODE: Final = "Le code a six chiffres : recopiez celui de l’écran."
#: Said to somebody without an account, whichever of the two was wrong: who guesses e-mails learns nothing.
WRONG_PAIR: Final = (
    "Ce code et cette adresse ne vont pas ensemble. Le code change toutes les 30 secondes\u00a0: recopiez celui qui "
    "est affiché. L’adresse est celle avec laquelle votre organisme vous a inscrit ou inscrite. Sinon, parlez-en à la "
    "personne qui anime."
)
WRONG_CODE: Final = (
    "Ce code n’est pas celui de l’écran en ce moment. Il change toutes les 30 secondes, et celui d’un autre jour ne "
    "sert plus : recopiez celui qui est affiché."
)


class Moment(StrEnum):
    """Where a block stands."""

    BEFORE = "before"
    OPEN = "open"
    OVER = "over"


#: What the screen says when no code is shown.
MOMENTS: Final[Mapping[Moment, str]] = {
    Moment.BEFORE: "Le code s’affichera 30 minutes avant le début du bloc.",
    Moment.OPEN: "Le code est affiché.",
    Moment.OVER: "Le bloc est terminé : les présences se corrigent sur la feuille.",
}


def moment(starts_at: datetime, ends_at: datetime, now: datetime) -> Moment:
    """Whether a block takes check-ins."""
    if now < starts_at - OPENS_BEFORE:
        return Moment.BEFORE
    return Moment.OPEN if now < ends_at + CLOSES_AFTER else Moment.OVER


def step_at(now: datetime, seconds: int = STEP_SECONDS) -> int:
    """The number of the step of time, from 1970."""
    return int(now.timestamp()) // seconds


def seconds_left(now: datetime, seconds: int = STEP_SECONDS) -> int:
    """Seconds until the next code, from 1 to `seconds`."""
    return seconds - int(now.timestamp()) % seconds


def code_at(secret: bytes, step: int) -> str:
    """The six digits of a step. `secret`: 32 bytes of this block alone."""
    mac = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha256).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"


def read_code(typed: str) -> str | None:
    """Six digits, whatever separates them; None for anything else."""
    plain = "".join(one for one in typed if not one.isspace() and one not in "-.–")
    return plain if len(plain) == DIGITS and plain.isascii() and plain.isdecimal() else None


def accepts(secret: bytes, typed: str, now: datetime, seconds: int = STEP_SECONDS) -> bool:
    """Whether `typed` (six digits) is the code of now or of the step before. Every comparison takes the same time."""
    step = step_at(now, seconds)
    good = False
    for back in range(TOLERATED + 1):
        good |= hmac.compare_digest(code_at(secret, step - back), typed)
    return good


def spaced(code: str) -> str:
    """`123 456`, its space unbreakable, as it is read from the back of a room."""
    return f"{code[:3]}\u00a0{code[3:]}"
