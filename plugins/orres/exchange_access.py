"""Who reads a vignette: the rule, and the same in SQL (a test proves them equal).

Until the second reading is done, two people: who wrote it and who reads it again. Then whoever sits in the committee.
The network's coordination, which follows the committee's work, reads none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, or_

from core.api import ALLOWED, Decision, Viewer

from .access import MEMBERS, NOWHERE, sits
from .models import Vignette
from .rules.exchange import OPEN, Side, State, reads

#: Read and take part in clinical exchanges.
EXCHANGE = "orres.exchange"
#: Confirm or correct the sheets of one's own organisation.
UPKEEP = "orres.upkeep"


@dataclass(frozen=True)
class VignetteFacts:
    """What decides who reads a vignette."""

    committee_id: UUID
    state: State
    author_id: UUID | None
    reader_id: UUID | None


def side_of(viewer: Viewer, facts: VignetteFacts) -> Side | None:
    """Who the viewer is to it; None for whoever does not sit in the committee today, its author included."""
    if viewer.user_id is None or not sits(viewer, facts.committee_id):
        return None
    if viewer.user_id == facts.author_id:
        return Side.AUTHOR
    return Side.READER if viewer.user_id == facts.reader_id else Side.MEMBER


def may_read(viewer: Viewer, facts: Any) -> Decision:
    """The restriction on `orres.exchange`; without facts, the page of the list itself."""
    if facts is None:
        return ALLOWED if viewer.roles & MEMBERS and viewer.committees else NOWHERE
    return ALLOWED if reads(facts.state, side_of(viewer, facts)) else NOWHERE


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """`may_read` as a condition on `Vignette`."""
    if viewer.user_id is None or not viewer.roles & MEMBERS or not viewer.committees:
        return false()
    author = Vignette.author_id == viewer.user_id
    reader = and_(Vignette.reader_id == viewer.user_id, Vignette.state != State.WITHDRAWN.value)
    shown = Vignette.state.in_(sorted(state.value for state in OPEN))
    here = Vignette.committee_id.in_(sorted(viewer.committees, key=str))
    return and_(here, or_(author, reader, shown))
