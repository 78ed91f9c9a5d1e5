"""What rooms above may keep of an offer that ends: codes and lengths of time, handed over in the same transaction.

A recorder receives an `Ending` and nothing else: no reference, no identifier of the offer, of its case or of a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Ending:
    """One offer that reached a terminal state, in closed codes. Lengths are whole minutes since it was sent."""

    submitted_at: datetime
    ended_at: datetime
    kind: str
    channel: str
    #: None: she came by herself; otherwise the organisation that referred, and its type.
    origin_id: UUID | None
    origin_type: str
    recipient_id: UUID
    age_band: str
    area_code: str
    needs: tuple[str, ...]
    urgent: bool
    priority: int | None
    outcome: str
    #: Accepted, at some moment, by its recipient.
    taken: bool
    minutes_to_answer: int | None
    minutes_to_contact: int | None
    minutes_to_end: int


Recorder = Callable[[Session, Ending], None]

_recorders: list[Recorder] = []


def record_endings(recorder: Recorder) -> Recorder:
    """Have `recorder` called inside the ending's transaction; if it raises, the ending does not happen either."""
    if recorder not in _recorders:
        _recorders.append(recorder)
    return recorder


def hand_over(session: Session, ending: Ending) -> None:
    """Give an ending to every recorder."""
    for recorder in _recorders:
        recorder(session, ending)
