"""How votes end: decided once whatever closes at once, escalated without quorum, extended or abandoned by who chairs.

A vote never lapses silently: without quorum at its deadline it waits for its chair (network rules: *escalated*).
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.registry import can
from core.access.viewer import ANONYMOUS, Viewer
from core.committees.access import READ_VOTE
from core.committees.models.structure import Vote
from core.committees.rules.deadlines import DEADLINE_REFUSALS, deadline_refusal, reminder_due
from core.committees.rules.votes import Cast, Outcome, Result, decide, is_settled
from core.committees.services import telling
from core.committees.services.calling import nobody_left, refresh_calling, waited_for
from core.committees.services.decisions import note_vote
from core.committees.services.escalating import NotWaiting, escalate, swap
from core.committees.services.loading import (
    CLOSED,
    ESCALATED,
    OPEN,
    QUESTION,
    Loaded,
    load_vote,
    lock_votes,
    outcome_from_json,
    outcome_to_json,
)
from core.committees.services.raised import drop_pending
from core.committees.services.sealing import open_choice
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError, Missing
from core.kernel.i18n import N_

_log = logging.getLogger("arrimage.committees")
_NO_SYNC = {"synchronize_session": False}
STUCK = N_("Trop peu de sièges peuvent voter : pourvoyez d’abord un siège libre, ou fermez sans décision.")


class NotYet(DomainError):
    """The deadline has not come, and the rule closes nothing before it."""

    status = 409
    message = "Ce vote se ferme à son échéance, pas avant\u00a0: le résultat peut encore changer."


def close_vote(session: Session, keyring: Keyring, vote_id: UUID, now: datetime) -> Outcome:
    """Decide a vote whose time has come, once: whoever closes second gets the stored outcome and nothing is told again.

    Without quorum the vote is `escalated` to who chairs and the outcome says `NO_QUORUM`. Before the deadline it
    closes only when its rule allows it and nothing can change any more; else raises NotYet. Raises Missing.
    """
    loaded = load_vote(session, vote_id, now, lock=True)
    if loaded.row.status != OPEN:
        return outcome_from_json(loaded.row.arithmetic)
    if now < loaded.row.closes_at and not (loaded.rule.early and settled(keyring, loaded)):
        raise NotYet
    return finish(session, keyring, loaded, now)


def close_if_settled(session: Session, keyring: Keyring, vote_id: UUID, now: datetime) -> Outcome | None:
    """Close before the deadline when the rule says so and the outcome can no longer change; None otherwise."""
    loaded = load_vote(session, vote_id, now, lock=True)
    if loaded.row.status != OPEN or not loaded.rule.early or not settled(keyring, loaded):
        return None
    return finish(session, keyring, loaded, now)


def presides(viewer: Viewer, loaded: Loaded) -> bool:
    """Whether this viewer takes up a vote without quorum: who chairs it, else the coordination."""
    if loaded.chair is not None and loaded.chair.person is not None:
        return viewer.user_id == loaded.chair.person
    return holds(viewer, Permission.COMMITTEE_MANAGE)


def extend_vote(
    session: Session, keyring: Keyring, viewer: Viewer, vote_id: UUID, closes_at: datetime, now: datetime
) -> None:
    """Give a vote without quorum more time. Ballots stay; the rule and the seats stay as frozen.

    Raises Missing unless the viewer presides, NotWaiting, DomainError for a deadline out of range, or while too few
    seats can vote with nobody left to call (`STUCK`): time alone changes nothing there.
    """
    loaded = _presided(session, viewer, vote_id, now)
    if loaded.row.status != ESCALATED:
        raise NotWaiting
    refused = deadline_refusal(closes_at, now)
    if refused is not None:
        raise DomainError(DEADLINE_REFUSALS[refused])
    if nobody_left(session, loaded):
        raise DomainError(STUCK)
    values = {"status": OPEN, "closes_at": closes_at, "reminded": 50, "arithmetic": None, "result": None}
    swap(session, loaded, values)
    subject = f"vote:{loaded.row.code}"
    telling.note(session, viewer, "committee.vote_extended", subject, now, committee=loaded.row.committee_id)
    telling.tell(session, loaded, telling.EXTENDED, now)
    telling.mail_to(session, keyring, waited_for(loaded), now)


def abandon_vote(session: Session, viewer: Viewer, vote_id: UUID, now: datetime) -> None:
    """Close a vote without decision, its ballots unopened.

    Who presides may do it to a committee's own question at any time, and to any vote without quorum. A plugin calls
    it for a vote of its own (the request was withdrawn, or changed: a new round begins) after its own checks.
    Raises Missing, or NotWaiting for a vote already closed.
    """
    loaded = load_vote(session, vote_id, now, lock=True)
    if loaded.row.kind == QUESTION:
        _check_presides(viewer, loaded)
    if loaded.row.status == CLOSED:
        raise NotWaiting
    outcome = Outcome(Result.ABANDONED, seats=loaded.seating.available)
    _close(session, viewer, loaded, outcome, now)


def abandon_escalated(session: Session, viewer: Viewer, vote_id: UUID, now: datetime) -> None:
    """What the page of a vote without quorum offers to who presides, whatever the vote's kind."""
    loaded = _presided(session, viewer, vote_id, now)
    if loaded.row.kind != QUESTION and loaded.row.status != ESCALATED:
        raise NotWaiting
    abandon_vote(session, viewer, vote_id, now)


def run_votes(session: Session, keyring: Keyring, now: datetime) -> int:
    """What time does to votes: close or escalate those that are due, remind at 50 % and 90 %, call who is missing.

    Safe to repeat at any moment; returns how many steps were taken. A vote that fails holds no other back.
    """
    open_votes = session.execute(
        select(Vote.id, Vote.opens_at, Vote.closes_at, Vote.reminded)
        .where(Vote.status == OPEN)
        .order_by(Vote.closes_at)
    ).all()
    # Every vote before the first line of journal: a member who holds her vote waits for the journal, never the reverse.
    lock_votes(session, (row.id for row in open_votes))
    done = 0
    for row in open_votes:
        try:
            with session.begin_nested():
                if row.closes_at <= now:
                    close_vote(session, keyring, row.id, now)
                    done += 1
                    continue
                share = reminder_due(row.opens_at, row.closes_at, now, row.reminded)
                loaded = load_vote(session, row.id, now)
                refresh_calling(session, keyring, loaded, now)
                if share is not None:
                    _remind(session, keyring, loaded, share, now)
                    done += 1
        except Exception:
            _log.exception("vote_not_run", extra={"vote": str(row.id)})
    return done


def _remind(session: Session, keyring: Keyring, loaded: Loaded, share: int, now: datetime) -> None:
    marked = session.execute(
        update(Vote).where(Vote.id == loaded.row.id, Vote.reminded < share).values(reminded=share),
        execution_options=_NO_SYNC,
    )
    if getattr(marked, "rowcount", 0):
        telling.note(session, ANONYMOUS, "committee.vote_reminder", f"vote:{loaded.row.code}", now, share=share)
        telling.tell(session, loaded, telling.REMINDER, now)
        telling.mail_to(session, keyring, waited_for(loaded), now)


def _casts(keyring: Keyring, loaded: Loaded) -> list[Cast]:
    """Opened ballots: those that count, and a chair's that only settles ties."""
    chair = loaded.chair
    counted = {one.id for one in loaded.counted_ballots()}
    casts = []
    for one in loaded.ballots:
        presiding = chair is not None and one.vote_seat_id == chair.id and one.user_id == chair.person
        if one.id not in counted and not (presiding and chair is not None and not chair.voting):
            continue
        said = open_choice(keyring, one.id, one.choice_sealed)
        casts.append(Cast(said.choice, said.amount, presiding, one.id in counted))
    return casts


def settled(keyring: Keyring, loaded: Loaded) -> bool:
    """Whether no ballot still to come could change the result or the amount."""
    return is_settled(loaded.rule, loaded.tally(), _casts(keyring, loaded))


def finish(session: Session, keyring: Keyring, loaded: Loaded, now: datetime) -> Outcome:
    """Decide a vote that the caller holds locked: closed with its outcome, or escalated without quorum."""
    outcome = decide(loaded.rule, loaded.tally(), _casts(keyring, loaded))
    if outcome.result is Result.NO_QUORUM:
        escalate(session, keyring, loaded, outcome, now)
        return outcome
    _close(session, ANONYMOUS, loaded, outcome, now)
    return outcome


def _close(session: Session, viewer: Viewer, loaded: Loaded, outcome: Outcome, now: datetime) -> None:
    values = {
        "status": CLOSED,
        "result": outcome.result.value,
        "amount_cents": outcome.amount,
        "arithmetic": outcome_to_json(outcome),
        "closed_at": now,
        "calling": "none",
    }
    swap(session, loaded, values)
    counts: dict[str, Any] = {
        "approvals": outcome.approvals,
        "refusals": outcome.refusals,
        "abstentions": outcome.abstentions,
    }
    telling.note(
        session, viewer, "committee.vote_closed", f"vote:{loaded.row.code}", now, result=outcome.result.value, **counts
    )
    telling.tell(session, loaded, telling.VOTE_CLOSED, now)
    drop_pending(session, loaded.row.id)
    note_vote(session, viewer, loaded, outcome.result, now)


def _presided(session: Session, viewer: Viewer, vote_id: UUID, now: datetime) -> Loaded:
    loaded = load_vote(session, vote_id, now, lock=True)
    _check_presides(viewer, loaded)
    return loaded


def _check_presides(viewer: Viewer, loaded: Loaded) -> None:
    if not can(viewer, READ_VOTE, loaded.facts).allowed or not presides(viewer, loaded):
        raise Missing
