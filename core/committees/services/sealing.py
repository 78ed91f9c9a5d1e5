"""Ballots under the master key: nobody reads a choice before closing, not even in the database.

Every ballot has the same length: a longer one would tell an amount, a filled reason would tell a hesitation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import UUID

from core.committees.rules.votes import Choice
from core.kernel.crypto import Aad, Keyring

#: Characters of a reason; at most four bytes each.
REASON_LENGTH = 400
_CHOICE_BYTES = 64
_REASON_BYTES = 4 * REASON_LENGTH + 8
CHOICE, REASON = "choice_sealed", "reason_sealed"


@dataclass(frozen=True)
class OpenedBallot:
    """What a ballot says. `amount`: cents it supports, None without money or approval."""

    choice: Choice
    amount: int | None


def seal_choice(keyring: Keyring, ballot_id: UUID, choice: Choice, amount: int | None) -> bytes:
    """Ciphertext of a choice, always of one length."""
    return keyring.protect(padded_choice(choice, amount), aad=place(ballot_id, CHOICE))


def padded_choice(choice: Choice, amount: int | None) -> bytes:
    """What is sealed of a choice: always of one length."""
    return json.dumps([choice.value, amount]).encode().ljust(_CHOICE_BYTES)


def open_choice(keyring: Keyring, ballot_id: UUID, sealed: bytes) -> OpenedBallot:
    """The choice behind `seal_choice`; raises `crypto.Unreadable` for a ballot moved or altered."""
    choice, amount = json.loads(keyring.reveal(sealed, aad=place(ballot_id, CHOICE)))
    return OpenedBallot(Choice(choice), amount)


def seal_reason(keyring: Keyring, ballot_id: UUID, reason: str) -> bytes:
    """Ciphertext of a reason (or of none), always of one length."""
    plain = reason.encode()
    return keyring.protect(len(plain).to_bytes(8, "big") + plain.ljust(_REASON_BYTES - 8), aad=place(ballot_id, REASON))


def open_reason(keyring: Keyring, ballot_id: UUID, sealed: bytes) -> str:
    """The reason behind `seal_reason`."""
    plain = keyring.reveal(sealed, aad=place(ballot_id, REASON))
    return plain[8 : 8 + int.from_bytes(plain[:8], "big")].decode()


def renew(keyring: Keyring, ballot_id: UUID, column: str, sealed: bytes) -> bytes:
    """The same content under the newest master key (rotation)."""
    return keyring.reprotect(sealed, aad=place(ballot_id, column))


def place(ballot_id: UUID, column: str) -> Aad:
    """Where a ciphertext belongs: copied to another ballot or column it does not open."""
    return Aad("ballots", ballot_id, column, 1)
