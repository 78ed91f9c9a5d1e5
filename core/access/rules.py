"""The shape of a decision: allowed or not, why in words, and whether the viewer may know the thing exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Decision:
    """`reason` is French source text. Not `discoverable` → the answer is the 404 of a missing object, else a 403.

    `remedy`: address of the page of ours that says what would change the answer, "" for none.
    """

    allowed: bool
    reason: str = ""
    discoverable: bool = True
    remedy: str = ""


ALLOWED = Decision(True)


def deny(reason: str, *, discoverable: bool = True, remedy: str = "") -> Decision:
    """A refusal with its explanation, and the page that helps."""
    return Decision(False, reason, discoverable, remedy)
