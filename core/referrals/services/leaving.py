"""What somebody who leaves held: requests go back to the queue, her drafts and her shifts are erased."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from core.accounts.services.keys import SealedColumn, seals_of
from core.accounts.services.leaving import Leaving, LeavingStep, when_leaving
from core.journal import lock_case
from core.referrals.models import BlockSeal, OnCallShift, Referral, ReferralDraft
from core.referrals.rules.workflow import LIVE, State
from core.referrals.services.drafts import erase_drafts
from core.referrals.services.handling import add_entry, tell
from core.referrals.services.loading import move, note, offer_of, offer_select

_LIVE = sorted(state.value for state in LIVE)


def what_she_holds(session: Session, user_id: UUID) -> Mapping[str, int]:
    """Counts by code: requests she took, drafts she began, shifts she is down for."""
    claims = select(func.count()).where(Referral.claimed_by == user_id, Referral.state.in_(_LIVE))
    drafts = select(func.count()).where(Referral.sender_user_id == user_id, Referral.state == State.DRAFT.value)
    shifts = select(func.count()).where(OnCallShift.user_id == user_id)
    row = session.execute(select(claims.scalar_subquery(), drafts.scalar_subquery(), shifts.scalar_subquery())).one()
    return {"claims": row[0], "drafts": row[1], "shifts": row[2]}


def take_back(session: Session, leaving: Leaving) -> Mapping[str, int]:
    """Her requests go back to her team's queue, live; nobody else can open her drafts, so they are erased now."""
    claims = _release(session, leaving)
    drafts = session.execute(
        select(Referral.id, Referral.case_id).where(
            Referral.sender_user_id == leaving.user_id, Referral.state == State.DRAFT.value
        )
    ).all()
    if drafts:
        erase_drafts(session, [(row.id, row.case_id) for row in drafts])
    shifts = session.execute(
        delete(OnCallShift).where(OnCallShift.user_id == leaving.user_id),
        execution_options={"synchronize_session": False},
    )
    return {"claims": claims, "drafts": len(drafts), "shifts": int(getattr(shifts, "rowcount", 0))}


def _release(session: Session, leaving: Leaving) -> int:
    hers = Referral.claimed_by == leaving.user_id, Referral.state.in_(_LIVE)
    # In one order for everybody, so that two departures never wait for each other
    for case_id in sorted(set(session.execute(select(Referral.case_id).where(*hers)).scalars())):
        lock_case(session, case_id)
    rows = session.execute(offer_select(leaving.organisation_id).where(*hers).order_by(Referral.id)).all()
    for row in rows:
        offer = offer_of(row, leaving.organisation_id)
        move(session, offer, None, claimed_by=None, claimed_at=None)
        add_entry(session, leaving.by, offer, "released", leaving.now)
        note(session, leaving.by, offer, "release", leaving.now, holder=leaving.organisation_id, reason="left")
        tell(session, offer, "referral.released", leaving.now)
    # Hidden while she may still undo her withdrawal: nothing is told, nobody of the past holds it when it comes back
    hidden = update(Referral).where(Referral.claimed_by == leaving.user_id, Referral.state == State.SUSPENDED.value)
    session.execute(hidden.values(claimed_by=None, claimed_at=None), execution_options={"synchronize_session": False})
    return len(rows)


when_leaving(LeavingStep("referrals", what_she_holds, take_back))
seals_of(
    SealedColumn(
        "referral_block_seals",
        BlockSeal.block_id,
        BlockSeal.sealed_key,
        lambda organisation: BlockSeal.organisation_id == organisation,
    )
)
seals_of(
    SealedColumn(
        "referral_drafts",
        ReferralDraft.referral_id,
        ReferralDraft.sealed_key,
        lambda organisation: ReferralDraft.referral_id.in_(
            select(Referral.id).where(Referral.origin_id == organisation)
        ),
    )
)
