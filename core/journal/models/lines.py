"""The bytes that are hashed and signed: one canonical JSON line (RFC 8785) an entry, one a root."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import rfc8785

from core.access.viewer import Viewer
from core.journal.rules import checked_code, checked_facts

GENESIS: Final = bytes(32)
ROOT_SIGNATURE_CONTEXT: Final = b"arrimage journal root 1\n"
NETWORK_CHAIN: Final = "network"

SealedHead = tuple[str, int, str]


def chain_of(case_id: UUID | None, organisation_id: UUID | None) -> str:
    """The chain a row belongs to: its case's, else its organisation's, else the network's."""
    if case_id is not None:
        return f"case:{case_id}"
    return NETWORK_CHAIN if organisation_id is None else f"organisation:{organisation_id}"


def moment(now: datetime) -> str:
    """UTC to the microsecond, in text: the same bytes on both engines."""
    if now.tzinfo is None:
        raise ValueError("the journal needs an aware datetime")
    return now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def entry_line(
    *,
    chain: str,
    position: int,
    organisation_id: UUID | None,
    actor: Viewer,
    action: str,
    subject: str,
    facts: Mapping[str, object],
    now: datetime,
) -> str:
    """The canonical text of an entry. Raises `ValueError` for anything that is not a code."""
    return _canonical(
        {
            "action": checked_code("action", action),
            "actor": {
                "organisation": _text(actor.organisation_id),
                "roles": sorted(role.value for role in actor.roles),
                "user": _text(actor.user_id),
            },
            "at": moment(now),
            "chain": chain,
            "facts": checked_facts(facts),
            "organisation": _text(organisation_id),
            "position": position,
            "subject": checked_code("subject", subject),
        }
    )


def root_line(*, position: int, previous: bytes, heads: Sequence[SealedHead], key_id: str, now: datetime) -> str:
    """The canonical text of a root: the heads that moved since the previous one, and the hash of that one."""
    return _canonical(
        {
            "at": moment(now),
            "heads": [list(head) for head in heads],
            "key": key_id,
            "position": position,
            "previous": previous.hex(),
        }
    )


def next_hash(previous: bytes, line: str) -> bytes:
    """SHA-256 of the previous hash followed by the canonical line."""
    return hashlib.sha256(previous + line.encode()).digest()


def signed_bytes(root_hash: bytes) -> bytes:
    """What the Ed25519 key signs for a root."""
    return ROOT_SIGNATURE_CONTEXT + root_hash


def _canonical(value: dict[str, object]) -> str:
    return rfc8785.dumps(value).decode()  # type: ignore[arg-type]


def _text(identifier: UUID | None) -> str:
    return "" if identifier is None else str(identifier)
