"""A vote without quorum goes to who chairs it: at its deadline, or as soon as nobody is left to call."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS
from core.committees.models.structure import Vote
from core.committees.rules.votes import Outcome
from core.committees.services import telling
from core.committees.services.loading import ESCALATED, Loaded, outcome_to_json
from core.committees.services.raised import drop_pending
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError

_NO_SYNC = {"synchronize_session": False}


class NotWaiting(DomainError):
    """Somebody else has already taken this vote up."""

    status = 409
    message = "Ce vote n’attend plus de décision de la présidence."


def escalate(session: Session, keyring: Keyring, loaded: Loaded, outcome: Outcome, now: datetime) -> None:
    """Hand a vote without quorum to who presides and say so to everybody; hands not confirmed are gone."""
    swap(session, loaded, {"status": ESCALATED, "arithmetic": outcome_to_json(outcome)})
    drop_pending(session, loaded.row.id)
    telling.note(session, ANONYMOUS, "committee.vote_escalated", f"vote:{loaded.row.code}", now)
    telling.tell(session, loaded, telling.VOTE_ESCALATED, now)
    telling.mail_to(session, keyring, telling.who_decides(session, loaded), now)


def swap(session: Session, loaded: Loaded, values: Mapping[str, object]) -> None:
    """Write only over the state that was read: the row is locked, and this stands even where a lock would not."""
    changed = session.execute(
        update(Vote).where(Vote.id == loaded.row.id, Vote.status == loaded.row.status).values(**values),
        execution_options=_NO_SYNC,
    )
    if not getattr(changed, "rowcount", 0):
        raise NotWaiting
