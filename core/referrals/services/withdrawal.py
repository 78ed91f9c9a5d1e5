"""Taking consent back: the whole case at once, never blocked, no reason asked (network rules §3 (7))."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import ANONYMOUS, Viewer
from core.consent.rules import ConsentStatus
from core.consent.services import end_consents, resume_consents
from core.directory.models import Organisation
from core.journal.services import record
from core.kernel.crypto import Keyring, seal, unseal
from core.kernel.db import new_id
from core.kernel.errors import Forbidden
from core.referrals.events import announce_withdrawal
from core.referrals.models import (
    BlockSeal,
    EscrowSeal,
    Referral,
    ReferralBlock,
    ReferralCase,
    ReferralPreview,
)
from core.referrals.rules.vocabulary import MOVED
from core.referrals.rules.workflow import HELD, LIVE, PENDING, Command, State, rule_for
from core.referrals.services import duplicates
from core.referrals.services.handling import add_entry, tell, write_facts
from core.referrals.services.loading import Offer, lock_code, move, note, offer_of, offers_in_case
from core.referrals.services.sealing import destroy_content, ensure_escrow

#: Her own withdrawal can be undone this long: someone else may hold her paper (network rules §4).
REVERSAL = timedelta(hours=72)


def offers_of_case(session: Session, viewer: Viewer, case_id: UUID) -> list[Offer]:
    """Every offer of a case, its lock already taken."""
    rows = session.execute(*offers_in_case(viewer.organisation_id, case_id)).all()
    return [offer_of(row, viewer.organisation_id) for row in rows]


def withdraw_case(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> None:
    """Withdraw for her, by any partner who is with her and knows her code. Final at once.

    Cannot fail for a reason of form: no field, no state, no version is checked. A code that does not exist is
    `Missing`; someone who is not front-line staff is `Forbidden`. Doing it again changes nothing.
    """
    if viewer.is_anonymous or not holds(viewer, Permission.CONSENT_WITHDRAW):
        raise Forbidden
    case_id = lock_code(session, code)
    finish_withdrawal(session, viewer, case_id, now)


def finish_withdrawal(session: Session, viewer: Viewer, case_id: UUID, now: datetime) -> None:
    """The cascade: consents and offers ended, seals and content destroyed, views told. The case is already locked."""
    case = session.execute(select(ReferralCase.withdrawn_at).where(ReferralCase.id == case_id)).one()
    if case.withdrawn_at is not None:
        return
    offers = offers_of_case(session, viewer, case_id)
    end_consents(session, case_id, ConsentStatus.WITHDRAWN, now)
    for offer in offers:
        _forget_draft(session, offer)
        rule = rule_for(offer.state, Command.WITHDRAW)
        if rule is None:
            # Already ended: its state stays, its content goes. Whoever said no, or passed it on, has no screen left to
            # cut and learns nothing of what she decides afterwards.
            if _held_something(offer):
                tell(session, offer, "referral.closed", now)
            if offer.row.submitted_at is not None:
                announce_withdrawal(session, offer.code, now)
            continue
        write_facts(session, offer, "withdrawn", now)
        move(
            session,
            offer,
            rule.next,
            resume_state=None,
            ended_at=now,
            end_reason=None,
            responsible=False,
            claimed_by=None,
            claimed_at=None,
        )
        tell(session, offer, "referral.closed", now, after=State.WITHDRAWN)
        announce_withdrawal(session, offer.code, now)
    _destroy(session, [offer.id for offer in offers])
    session.execute(
        update(ReferralCase)
        .where(ReferralCase.id == case_id)
        .values(
            withdrawn_at=now,
            suspended_at=None,
            final_at=None,
            escrow_public=None,
            escrow_wrapped=None,
        )
    )
    _journal(session, viewer, case_id, offers, "withdraw", now)


def _destroy(session: Session, ids: Sequence[UUID]) -> None:
    destroy_content(session, ids)
    session.execute(delete(ReferralPreview).where(ReferralPreview.referral_id.in_(ids)))
    for referral_id in ids:
        duplicates.forget(session, referral_id)


def _forget_draft(session: Session, offer: Offer) -> None:
    """A withdrawn case keeps no half-filled form either."""
    if offer.state is State.DRAFT:
        session.execute(delete(Referral).where(Referral.id == offer.id))


def _journal(
    session: Session, viewer: Viewer, case_id: UUID, offers: Sequence[Offer], action: str, now: datetime
) -> None:
    """Proof that it happened, for each organisation that held something of hers; never why.

    A sender whose part was over is not among them: to it, this is a closing like any other (rule §3 (6)). Nor is an
    organisation that said no or passed it on. Each reads its own reference, and not how many others there are.
    """
    holders: dict[UUID | None, str] = {}
    for offer in offers:
        holder = offer.row.sender_id or offer.row.recipient_id if offer.state in PENDING else offer.row.recipient_id
        if holder is not None and _held_something(offer):
            holders.setdefault(holder, offer.code)
    # Nobody held anything any more: the proof stays in the case's own chain.
    for holder, code in sorted((holders or {None: offers[0].code}).items(), key=lambda pair: str(pair[0])):
        record(
            session,
            case_id=case_id,
            organisation_id=holder,
            actor=viewer,
            action=f"referral.{action}",
            subject=f"referral:{code}",
            facts={},
            now=now,
        )


def _held_something(offer: Offer) -> bool:
    """Whether anything of hers was still there: under way, stopped by herself, or closed with its content kept."""
    if offer.state is State.CLOSED:
        return bool(offer.row.end_reason != MOVED)
    return offer.state in LIVE or offer.state is State.SUSPENDED


def suspend_case(session: Session, keyring: Keyring, case_id: UUID, now: datetime) -> None:
    """Her own withdrawal, at once: nobody opens anything. What she may undo rests under the escrow key for 72 h."""
    offers = offers_of_case(session, ANONYMOUS, case_id)
    live = [offer for offer in offers if rule_for(offer.state, Command.SUSPEND) is not None]
    end_consents(session, case_id, ConsentStatus.SUSPENDED, now)
    public = ensure_escrow(session, keyring, case_id)
    _to_escrow(session, keyring, [offer.id for offer in offers], public)
    for offer in live:
        move(session, offer, State.SUSPENDED, resume_state=offer.state.value)
        duplicates.forget(session, offer.id)
        tell(session, offer, "referral.closed", now, after=State.SUSPENDED)
        announce_withdrawal(session, offer.code, now)
    for offer in offers:
        if offer.state is State.CLOSED and _held_something(offer):
            tell(session, offer, "referral.closed", now)
    session.execute(
        update(ReferralCase).where(ReferralCase.id == case_id).values(suspended_at=now, final_at=now + REVERSAL)
    )
    _journal(session, ANONYMOUS, case_id, offers, "suspend", now)


def resume_case(session: Session, keyring: Keyring, case_id: UUID, now: datetime) -> None:
    """She undid it within 72 h: the seals go back to whom they were taken from, each offer to where it was."""
    offers = offers_of_case(session, ANONYMOUS, case_id)
    resume_consents(session, case_id, now)
    _from_escrow(session, keyring, case_id, [offer.id for offer in offers])
    session.execute(update(ReferralCase).where(ReferralCase.id == case_id).values(suspended_at=None, final_at=None))
    for offer in offers:
        if offer.state is State.SUSPENDED:
            back = State(offer.row.resume_state)
            move(session, offer, back, resume_state=None)
            if back in HELD:
                duplicates.remember(session, keyring, offer)
            add_entry(session, None, offer, "resumed", now)
            tell(session, offer, "referral.consent", now, after=back)
    if offers:
        note(session, ANONYMOUS, offers[0], "resume", now, holder=offers[0].row.recipient_id)


def _to_escrow(session: Session, keyring: Keyring, referral_ids: Sequence[UUID], public: bytes) -> None:
    """Move every seal of these offers under the escrow key, remembering whose it was."""
    rows = session.execute(
        select(BlockSeal.block_id, BlockSeal.organisation_id, BlockSeal.sealed_key, Organisation.wrapped_private_key)
        .join(ReferralBlock, ReferralBlock.id == BlockSeal.block_id)
        .join(Organisation, Organisation.id == BlockSeal.organisation_id)
        .where(ReferralBlock.referral_id.in_(referral_ids))
    ).all()
    if not rows:
        return
    moved = [
        {
            "id": new_id(),
            "block_id": row.block_id,
            "organisation_id": row.organisation_id,
            "sealed_key": seal(
                unseal(row.sealed_key, keyring.open_private(row.wrapped_private_key, row.organisation_id)), public
            ),
        }
        for row in rows
    ]
    session.execute(insert(EscrowSeal), moved)
    session.execute(
        delete(BlockSeal).where(BlockSeal.block_id.in_([row.block_id for row in rows])),
        execution_options={"synchronize_session": False},
    )


def _from_escrow(session: Session, keyring: Keyring, case_id: UUID, referral_ids: Sequence[UUID]) -> None:
    case = session.execute(select(ReferralCase.escrow_wrapped).where(ReferralCase.id == case_id)).one()
    rows = session.execute(
        select(
            EscrowSeal.id,
            EscrowSeal.block_id,
            EscrowSeal.organisation_id,
            EscrowSeal.sealed_key,
            Organisation.public_key,
        )
        .join(ReferralBlock, ReferralBlock.id == EscrowSeal.block_id)
        .join(Organisation, Organisation.id == EscrowSeal.organisation_id)
        .where(ReferralBlock.referral_id.in_(referral_ids))
        .with_for_update(read=True, key_share=True, of=Organisation)
    ).all()
    if not rows:
        return
    private = keyring.open_private(case.escrow_wrapped, case_id)
    session.execute(
        insert(BlockSeal),
        [
            {
                "block_id": row.block_id,
                "organisation_id": row.organisation_id,
                "sealed_key": seal(unseal(row.sealed_key, private), row.public_key),
            }
            for row in rows
        ],
    )
    session.execute(
        delete(EscrowSeal).where(EscrowSeal.id.in_([row.id for row in rows])),
        execution_options={"synchronize_session": False},
    )
