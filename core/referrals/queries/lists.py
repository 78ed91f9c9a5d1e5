"""The lists: *Demandes reçues*, what was sent, and home's counts. Core selects, one or two statements each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from core.access.registry import registry
from core.access.viewer import Viewer
from core.consent.models import Consent, ConsentVersion
from core.consent.rules import SenderMayLearn
from core.directory.models import Organisation
from core.referrals.models import Referral, ReferralPreview, ReferralRestriction
from core.referrals.rules.clocks import ClockReading, read_clock
from core.referrals.rules.priority import Priority, suggest_priority
from core.referrals.rules.visibility import SenderView, sender_view
from core.referrals.rules.workflow import HELD, PENDING, TERMINAL, State

_CHILD = aliased(Referral)
_PARENT = aliased(Referral)
PAGE_SIZE = 20

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Rows of one page; `number` from 1. `total` counts every row of the list."""

    rows: tuple[Row, ...]
    total: int
    number: int
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True)
class QueueRow:
    """One request in the receiving organisation's list: codes only, no identity.

    `claimed`: "", "me" or "colleague". `state`: a withdrawn or suspended one reads `closed`, as any closing.
    """

    code: str
    state: State
    urgent: bool
    kind: str
    channel: str
    age_band: str
    area_label: str
    area_label_en: str
    needs: tuple[str, ...]
    suggestion: Priority | None
    priority: int | None
    claimed: str
    clock: ClockReading
    due_at: datetime
    submitted_at: datetime
    sender_name: str | None
    version: int


@dataclass(frozen=True)
class SentRow:
    """One referral this organisation sent, as `sender_view` allows: nothing of what happens inside the receiver."""

    code: str
    recipient_name: str
    view: SenderView
    urgent: bool
    kind: str
    submitted_at: datetime
    due_at: datetime | None
    mine: bool


#: What each list holds.
QUEUE_LISTS: dict[str, frozenset[State]] = {
    "open": PENDING | HELD,
    "waiting": PENDING,
    "held": HELD,
    "closed": TERMINAL | {State.SUSPENDED},
}


def queue(session: Session, viewer: Viewer, now: datetime, page: int = 1, which: str = "open") -> Page[QueueRow]:
    """*Demandes reçues*: unanswered first, urgent first, then whoever is due first. Two statements."""
    states = QUEUE_LISTS.get(which, QUEUE_LISTS["open"])
    condition = and_(
        registry.visible(viewer, "referral.read"),
        Referral.recipient_id == viewer.organisation_id,
        Referral.state.in_(sorted(states)),
    )
    total = session.execute(select(func.count()).select_from(Referral).where(condition)).scalar_one()
    number = min(max(1, page), max(1, -(-total // PAGE_SIZE)))
    pending = case((Referral.state.in_(sorted(PENDING)), 0), else_=1)
    order: tuple[Any, ...] = (pending, Referral.urgent.desc(), Referral.clock_due_at, Referral.id)
    if which == "closed":
        order = (Referral.ended_at.desc(), Referral.id)
    statement = (
        select(
            Referral.code,
            Referral.state,
            Referral.urgent,
            Referral.kind,
            Referral.channel,
            Referral.priority,
            Referral.claimed_by,
            Referral.clock_started_at,
            Referral.clock_due_at,
            Referral.first_attempt_at,
            Referral.first_contact_at,
            Referral.submitted_at,
            Referral.version,
            ReferralPreview.age_band,
            ReferralPreview.area_label,
            ReferralPreview.area_label_en,
            ReferralPreview.needs,
            ReferralPreview.facts,
            Organisation.name.label("sender_name"),
        )
        .outerjoin(ReferralPreview, ReferralPreview.referral_id == Referral.id)
        .outerjoin(Organisation, Organisation.id == Referral.sender_id)
        .where(condition)
        .order_by(*order)
    )
    rows = session.execute(_paged(statement, number)).all()
    return Page(tuple(_queue_row(row, viewer, now) for row in rows), total, number)


def _queue_row(row: Any, viewer: Viewer, now: datetime) -> QueueRow:
    state = State(row.state)
    shown = row.age_band is not None and state not in QUEUE_LISTS["closed"]
    clock = read_clock(
        row.clock_started_at,
        row.clock_due_at,
        now,
        first_contact=row.first_contact_at if state not in QUEUE_LISTS["closed"] else None,
        attempted=row.first_attempt_at is not None,
        ended=state in QUEUE_LISTS["closed"],
    )
    claimed = "" if row.claimed_by is None else "me" if row.claimed_by == viewer.user_id else "colleague"
    return QueueRow(
        row.code,
        State.CLOSED if state in (State.WITHDRAWN, State.SUSPENDED) else state,
        row.urgent,
        row.kind,
        row.channel,
        row.age_band if shown else "",
        row.area_label if shown else "",
        row.area_label_en if shown else "",
        tuple(row.needs) if shown else (),
        suggest_priority(row.facts, row.age_band) if shown else None,
        row.priority,
        claimed,
        clock,
        row.clock_due_at,
        row.submitted_at,
        row.sender_name,
        row.version,
    )


def sent(session: Session, viewer: Viewer, now: datetime, page: int = 1) -> Page[SentRow]:
    """What the viewer's organisation sent (an officer: what she or he sent), newest first. Two statements."""
    condition = and_(
        registry.visible(viewer, "referral.read"),
        Referral.sender_id == viewer.organisation_id,
        Referral.state != State.DRAFT.value,
    )
    total = session.execute(select(func.count()).select_from(Referral).where(condition)).scalar_one()
    number = min(max(1, page), max(1, -(-total // PAGE_SIZE)))
    rows = session.execute(
        _paged(
            select(
                Referral.code,
                Referral.state,
                Referral.urgent,
                Referral.kind,
                Referral.submitted_at,
                Referral.clock_due_at,
                Referral.first_contact_at,
                Referral.sender_user_id,
                Organisation.name.label("recipient_name"),
                ConsentVersion.sender_may_learn,
            )
            .join(Organisation, Organisation.id == Referral.recipient_id)
            .join(Consent, Consent.id == Referral.consent_id)
            .join(
                ConsentVersion,
                and_(ConsentVersion.consent_id == Consent.id, ConsentVersion.version == Consent.current_version),
            )
            .where(condition)
            .order_by(Referral.submitted_at.desc(), Referral.id.desc()),
            number,
        )
    ).all()
    return Page(tuple(_sent_row(row, viewer) for row in rows), total, number)


def _sent_row(row: Any, viewer: Viewer) -> SentRow:
    view = sender_view(State(row.state), SenderMayLearn(row.sender_may_learn), reached=row.first_contact_at is not None)
    return SentRow(
        row.code,
        row.recipient_name,
        view,
        row.urgent,
        row.kind,
        row.submitted_at,
        row.clock_due_at if view.content else None,
        row.sender_user_id == viewer.user_id,
    )


def _paged(statement: Select[*tuple[Any, ...]], number: int) -> Select[*tuple[Any, ...]]:
    return statement.limit(PAGE_SIZE).offset((number - 1) * PAGE_SIZE)


@dataclass(frozen=True)
class Counts:
    """For *À faire*: unanswered, taken by the viewer, past the clock, and questions the sender has to answer."""

    waiting: int
    mine: int
    late: int
    questions: int


def counts(session: Session, viewer: Viewer, now: datetime) -> Counts:
    """One statement over what the viewer may see."""
    received: ColumnElement[bool] = Referral.recipient_id == viewer.organisation_id
    pending = Referral.state.in_(sorted(PENDING))
    live = Referral.state.in_(sorted(PENDING | HELD))
    row = session.execute(
        select(
            func.count().filter(received, pending),
            func.count().filter(received, live, Referral.claimed_by == viewer.user_id),
            func.count().filter(received, live, Referral.first_contact_at.is_(None), Referral.clock_due_at <= now),
            func.count().filter(Referral.sender_id == viewer.organisation_id, Referral.state == State.QUESTION.value),
        )
        .select_from(Referral)
        .where(registry.visible(viewer, "referral.read"))
    ).one()
    return Counts(*row)


def case_offers(session: Session, viewer: Viewer, code: str) -> tuple[tuple[str, str, str], ...]:
    """(code, kind, state) of the offers this organisation sent onward from a referral it holds or held.

    After acceptance an onward offer's state is one of the sender's three words; before, its own.
    """
    rows = session.execute(
        select(_CHILD.code, _CHILD.kind, _CHILD.state, ConsentVersion.sender_may_learn, _CHILD.first_contact_at)
        .join(_PARENT, _PARENT.id == _CHILD.parent_id)
        .join(Consent, Consent.id == _CHILD.consent_id)
        .join(
            ConsentVersion,
            and_(ConsentVersion.consent_id == Consent.id, ConsentVersion.version == Consent.current_version),
        )
        .where(
            _PARENT.code == code,
            _CHILD.sender_id == viewer.organisation_id,
            _PARENT.recipient_id == viewer.organisation_id,
            not_(
                exists().where(
                    ReferralRestriction.case_id == _CHILD.case_id,
                    or_(ReferralRestriction.organisation_id == viewer.organisation_id),
                )
            ),
        )
        .order_by(_CHILD.created_at)
    )
    return tuple(
        (row.code, row.kind, sender_view(State(row.state), SenderMayLearn(row.sender_may_learn)).status.value)
        for row in rows
    )


def visible_code(session: Session, viewer: Viewer, code: str) -> UUID | None:
    """The id of a referral this viewer may know of, without opening it; for panels and live fragments."""
    return session.execute(
        select(Referral.id).where(Referral.code == code, registry.visible(viewer, "referral.read"))
    ).scalar()
