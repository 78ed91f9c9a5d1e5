"""The shape of a decision: allowed or not, why in words, and whether the viewer may know the thing exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """`reason` is French source text. Not `discoverable` → the answer is the 404 of a missing object, else a 403."""

    allowed: bool
    reason: str = ""
    discoverable: bool = True


ALLOWED = Decision(True)


def deny(reason: str, *, discoverable: bool = True) -> Decision:
    """A refusal with its explanation."""
    return Decision(False, reason, discoverable)
