"""What time does: remind, escalate, finish a withdrawal, drop old drafts. Each step leaves its mark and happens once.

Network rules §3 (8): remind at 50 %, escalate at 100 % to the on-call roster, then the receiver's coordination, then
the network's, and tell the sender. An unanswered referral never lapses by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role
from core.accounts.models import User
from core.accounts.services import read_personal
from core.consent.models import Consent, ConsentVersion
from core.consent.rules import ConsentStatus
from core.consent.services import append_version
from core.journal.services import lock_case
from core.kernel.crypto import Keyring
from core.kernel.db import add_row
from core.kernel.events import emit
from core.kernel.mail import MailSeal, send_later
from core.referrals.models import (
    OnCallShift,
    Referral,
    ReferralCase,
    ReferralClockMark,
    ReferralDraft,
    ReferralRestriction,
)
from core.referrals.rules.clocks import ClockSettings, ClockStep, due_steps
from core.referrals.rules.workflow import LIVE, State
from core.referrals.services.drafts import erase_drafts
from core.referrals.services.handling import add_entry, tell
from core.referrals.services.loading import Offer, note, offer_by_id, offer_of
from core.referrals.services.withdrawal import finish_withdrawal

CLOCK_KIND = "referral.clock"
ESCALATED_KIND = "referral.escalated"


@dataclass(frozen=True)
class Nudge:
    """One step done in this run, for the caller's log: a reference code and a step, nothing else."""

    code: str
    step: ClockStep


def run_clocks(session: Session, keyring: Keyring, settings: ClockSettings, now: datetime) -> tuple[Nudge, ...]:
    """Do every step whose time has come on referrals nobody has tried to contact yet. Safe to repeat at any moment."""
    waiting = session.execute(
        select(Referral.id, Referral.case_id, Referral.recipient_id, Referral.clock_started_at, Referral.clock_due_at)
        .where(
            Referral.state.in_(sorted(LIVE)),
            Referral.first_attempt_at.is_(None),
            Referral.first_contact_at.is_(None),
        )
        .order_by(Referral.clock_due_at)
    ).all()
    if not waiting:
        return ()
    marks = _marks(session, [row.id for row in waiting])
    on_call = people_on_call(session, {row.recipient_id for row in waiting}, now)
    done: list[Nudge] = []
    for row in waiting:
        steps = due_steps(
            settings,
            row.clock_started_at,
            row.clock_due_at,
            now,
            marks.get(row.id, set()),
            on_call=bool(on_call.get(row.recipient_id)),
        )
        if steps:
            done += _do(session, keyring, row.id, row.case_id, steps, on_call.get(row.recipient_id, ()), now)
    return tuple(done)


def _do(
    session: Session,
    keyring: Keyring,
    referral_id: UUID,
    case_id: UUID,
    steps: Iterable[ClockStep],
    on_call: Iterable[UUID],
    now: datetime,
) -> list[Nudge]:
    # Under the case's lock and read again: a contact or a withdrawal may have come between.
    lock_case(session, case_id)
    offer = offer_of(session.execute(*offer_by_id(None, referral_id)).one(), None)
    if offer.state not in LIVE or offer.row.first_attempt_at is not None:
        return []
    done = []
    for step in steps:
        add_row(session, ReferralClockMark, referral_id=referral_id, step=step.value, at=now)
        _tell(session, keyring, offer, step, on_call, now)
        note(session, ANONYMOUS, offer, "clock", now, holder=offer.row.recipient_id, step=step.value)
        add_entry(session, None, offer, "clock", now, {"step": step.value})
        done.append(Nudge(offer.code, step))
    return done


def _tell(
    session: Session, keyring: Keyring, offer: Offer, step: ClockStep, on_call: Iterable[UUID], now: datetime
) -> None:
    recipient = offer.row.recipient_id
    if step is ClockStep.REMIND:
        emit(session, CLOCK_KIND, offer.code, topics=[f"org:{recipient}"], now=now)
        if offer.row.claimed_by is not None:
            mail_to(session, keyring, [offer.row.claimed_by], now)
    elif step is ClockStep.ON_CALL:
        people = list(on_call)
        emit(session, CLOCK_KIND, offer.code, topics=[f"org:{recipient}", *(f"user:{one}" for one in people)], now=now)
        mail_to(session, keyring, people, now)
    elif step is ClockStep.TELL_SENDER:
        tell(session, offer, CLOCK_KIND, now)
    elif step is ClockStep.COORDINATION:
        emit(session, CLOCK_KIND, offer.code, topics=[f"org:{recipient}"], now=now)
        mail_to(session, keyring, people_with(session, Role.ORGANISATION_ADMIN, recipient), now)
    else:
        _escalate(session, keyring, offer, now)


def _escalate(session: Session, keyring: Keyring, offer: Offer, now: datetime) -> None:
    """Tell the network's coordination, save whoever works for an organisation that must never learn of the case."""
    aside = frozenset(
        session.execute(
            select(ReferralRestriction.organisation_id).where(ReferralRestriction.case_id == offer.case_id)
        ).scalars()
    )
    people = people_with(session, Role.NETWORK_COORDINATION, None, without=aside)
    topics = [f"user:{one}" for one in people] if aside else ["network"]
    if topics:
        emit(session, ESCALATED_KIND, offer.code, topics=topics, now=now)
    mail_to(session, keyring, people, now)


def _marks(session: Session, referral_ids: list[UUID]) -> dict[UUID, set[str]]:
    found: dict[UUID, set[str]] = {}
    rows = session.execute(
        select(ReferralClockMark.referral_id, ReferralClockMark.step).where(
            ReferralClockMark.referral_id.in_(referral_ids)
        )
    )
    for referral_id, step in rows:
        found.setdefault(referral_id, set()).add(step)
    return found


def people_on_call(session: Session, organisations: set[UUID], now: datetime) -> dict[UUID, tuple[UUID, ...]]:
    """Who is on call now, by organisation. An account that was closed answers nothing: nobody is on call, then."""
    found: dict[UUID, tuple[UUID, ...]] = {}
    rows = session.execute(
        select(OnCallShift.organisation_id, OnCallShift.user_id)
        .join(User, User.id == OnCallShift.user_id)
        .where(
            OnCallShift.organisation_id.in_(organisations),
            OnCallShift.starts_at <= now,
            OnCallShift.ends_at > now,
            User.status == "active",
        )
        .order_by(OnCallShift.starts_at)
    )
    for organisation_id, user_id in rows:
        found[organisation_id] = (*found.get(organisation_id, ()), user_id)
    return found


def people_with(
    session: Session, role: Role, organisation_id: UUID | None, *, without: frozenset[UUID] = frozenset()
) -> list[UUID]:
    """Active people who hold a role, in one organisation or in all, `without` those of some."""
    statement = select(User.id, User.roles).where(User.status == "active", User.organisation_id.not_in(without))
    if organisation_id is not None:
        statement = statement.where(User.organisation_id == organisation_id)
    return [row.id for row in session.execute(statement.order_by(User.id)) if role.value in row.roles]


def mail_to(session: Session, keyring: Keyring, people: Iterable[UUID], now: datetime) -> None:
    """The constant message *une nouveauté vous attend* to each active person: no code, no name, no reason."""
    wanted = sorted(set(people), key=str)
    if not wanted:
        return
    seal = MailSeal(keyring)
    rows = session.execute(
        select(User.id, User.email_sealed, User.locale).where(User.id.in_(wanted), User.status == "active")
    )
    for row in rows:
        address = read_personal(keyring, row.id, "email_sealed", row.email_sealed)
        send_later(session, address, "news", row.locale, now, seal=seal)


def finish_withdrawals(session: Session, now: datetime) -> int:
    """Make final the withdrawals she has not undone in 72 h. Returns how many."""
    due = session.execute(
        select(ReferralCase.id)
        .where(ReferralCase.final_at <= now, ReferralCase.withdrawn_at.is_(None))
        .order_by(ReferralCase.final_at)
    ).scalars()
    done = 0
    for case_id in list(due):
        lock_case(session, case_id)
        still = session.execute(select(ReferralCase.final_at).where(ReferralCase.id == case_id)).scalar()
        if still is not None and still <= now:
            finish_withdrawal(session, ANONYMOUS, case_id, now)
            done += 1
    return done


def mark_expired_consents(session: Session, now: datetime) -> int:
    """Say in their history that consents have ended by themselves. The date alone already closed what they opened."""
    due = session.execute(
        select(Consent.id)
        .join(
            ConsentVersion,
            (ConsentVersion.consent_id == Consent.id) & (ConsentVersion.version == Consent.current_version),
        )
        .where(ConsentVersion.status == ConsentStatus.ACTIVE.value, ConsentVersion.expires_at <= now)
    ).scalars()
    done = 0
    for consent_id in list(due):
        append_version(session, consent_id, now, status=ConsentStatus.EXPIRED.value)
        done += 1
    return done


def drop_old_drafts(session: Session, now: datetime) -> int:
    """Delete drafts of more than seven days. Returns how many."""
    rows = session.execute(
        select(Referral.id, Referral.case_id)
        .join(ReferralDraft, ReferralDraft.referral_id == Referral.id)
        .where(ReferralDraft.expires_at <= now, Referral.state == State.DRAFT.value)
    ).all()
    if rows:
        erase_drafts(session, [(row.id, row.case_id) for row in rows])
    return len(rows)
