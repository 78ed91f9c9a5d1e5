"""Herself: her request followed, changed or stopped with her code and the word she chose (network rules §4).

A wrong code, a wrong word and a code without a word all answer None after the same work; the page throttles. No
organisation is ever named here: someone may be looking over her shoulder, or hold her paper.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS
from core.consent.rules import Block
from core.consent.services import Invalid
from core.journal.services import lock_case
from core.kernel.crypto import Keyring, encrypt
from core.kernel.db import new_id
from core.referrals import codes
from core.referrals.models import Referral, ReferralCase
from core.referrals.rules.workflow import HELD, LIVE, PENDING, State
from core.referrals.services import duplicates
from core.referrals.services.checking import LONGEST_ANSWER
from core.referrals.services.handling import add_entry, tell
from core.referrals.services.loading import Offer, note
from core.referrals.services.sealing import OpenBlock, entry_aad, open_blocks, open_escrowed, rewrite_block
from core.referrals.services.submission import follow_lookup
from core.referrals.services.withdrawal import offers_of_case, resume_case, suspend_case

#: The four words of her page.
RECEIVED, WILL_BE_REACHED, STOPPED, CLOSED = "received", "will_be_reached", "stopped", "closed"


@dataclass(frozen=True)
class FollowView:
    """What she sees. `status`: received, will_be_reached, stopped (hers to undo until `resume_until`) or closed."""

    status: str
    can_withdraw: bool
    can_change_contact: bool
    can_stop_calls: bool
    can_resume: bool
    calls_stopped: bool
    resume_until: datetime | None = None


def follow(session: Session, keyring: Keyring, code: str, word: str, now: datetime) -> FollowView | None:
    """Where her request stands, or None: the one answer for everything that is not right."""
    case_id = _find(session, keyring, code, word)
    return None if case_id is None else _view(session, case_id, now)


def withdraw_herself(session: Session, keyring: Keyring, code: str, word: str, now: datetime) -> FollowView | None:
    """Stop everything: cut at once in every organisation, final after 72 h. Doing it again changes nothing."""
    case_id = _find(session, keyring, code, word)
    if case_id is None:
        return None
    lock_case(session, case_id)
    view = _view(session, case_id, now)
    if view.can_withdraw:
        suspend_case(session, keyring, case_id, now)
        view = _view(session, case_id, now)
    return view


def resume_herself(session: Session, keyring: Keyring, code: str, word: str, now: datetime) -> FollowView | None:
    """Undo her own withdrawal within 72 h. A partner's withdrawal with her is never undone."""
    case_id = _find(session, keyring, code, word)
    if case_id is None:
        return None
    lock_case(session, case_id)
    view = _view(session, case_id, now)
    if view.can_resume:
        resume_case(session, keyring, case_id, now)
        view = _view(session, case_id, now)
    return view


def stop_calls(session: Session, keyring: Keyring, code: str, word: str, now: datetime) -> FollowView | None:
    """*Ne plus m'appeler*: nobody calls her any more, her place stays and she may call with her code."""
    case_id = _find(session, keyring, code, word)
    if case_id is None:
        return None
    lock_case(session, case_id)
    view = _view(session, case_id, now)
    if not view.can_stop_calls:
        return view
    session.execute(update(ReferralCase).where(ReferralCase.id == case_id).values(no_calls=True))
    for offer in _live(session, case_id):
        add_entry(session, None, offer, "no_calls", now)
        note(session, ANONYMOUS, offer, "no_calls", now, holder=offer.row.recipient_id)
        tell(session, offer, "referral.amended", now)
    return _view(session, case_id, now)


def change_contact(
    session: Session, keyring: Keyring, code: str, word: str, contact: Mapping[str, str], now: datetime
) -> FollowView | None:
    """A new safe way to reach her replaces the old one, wherever her request is. `contact`: the fields of that block.

    The keys are used inside this transaction, on her word; whoever holds the block reads the new version.
    """
    case_id = _find(session, keyring, code, word)
    if case_id is None:
        return None
    if any(len(value) > LONGEST_ANSWER for value in contact.values()) or len(contact) > 10:
        raise Invalid("contact", "Ce texte est trop long.")
    lock_case(session, case_id)
    view = _view(session, case_id, now)
    if not view.can_change_contact:
        return view
    changed = False
    for offer in _live(session, case_id):
        block = _contact_block(session, keyring, offer)
        if block is None:
            continue
        changed = True
        entry_id = new_id()
        old = json.dumps(block.content, ensure_ascii=False)
        version = rewrite_block(session, block, dict(contact))
        add_entry(
            session,
            None,
            offer,
            "amended",
            now,
            {"block": Block.CONTACT.value, "reason": "she_asked", "version": str(version)},
            entry_id=entry_id,
            block_id=block.id,
            ciphertext=encrypt(block.key, old.encode(), aad=entry_aad(entry_id)),
        )
        if offer.state in HELD:
            duplicates.remember(session, keyring, offer)
        note(session, ANONYMOUS, offer, "contact_changed", now, holder=offer.row.recipient_id)
        tell(session, offer, "referral.amended", now)
    if not changed:
        # She must not believe that it changed: no way to reach her was ever shared.
        raise Invalid("value", "Aucune façon de vous joindre n’a été transmise : il n’y a rien à changer.")
    return _view(session, case_id, now)


def _contact_block(session: Session, keyring: Keyring, offer: Offer) -> OpenBlock | None:
    """The contact block, through whichever organisation holds its seal now."""
    if offer.state not in HELD and offer.entered_for_sender:
        return open_escrowed(session, keyring, offer, Block.CONTACT.value)
    party = offer.recipient if offer.state in HELD else offer.sender
    if party is None or party.wrapped_private_key is None:
        return None
    return open_blocks(session, keyring, offer.id, party, [Block.CONTACT.value]).get(Block.CONTACT.value)


def _find(session: Session, keyring: Keyring, code: str, word: str) -> UUID | None:
    """The case of this code and word. The same hash and the same look-up are done whatever is wrong."""
    lookup = follow_lookup(keyring, codes.normalise(code) or "R-", word)
    return session.execute(select(ReferralCase.id).where(ReferralCase.follow_lookup == lookup)).scalar()


def _live(session: Session, case_id: UUID) -> list[Offer]:
    return [offer for offer in offers_of_case(session, ANONYMOUS, case_id) if offer.state in LIVE]


def _view(session: Session, case_id: UUID, now: datetime) -> FollowView:
    case = session.execute(
        select(
            ReferralCase.suspended_at, ReferralCase.final_at, ReferralCase.withdrawn_at, ReferralCase.no_calls
        ).where(ReferralCase.id == case_id)
    ).one()
    states = {
        State(state) for state in session.execute(select(Referral.state).where(Referral.case_id == case_id)).scalars()
    }
    if case.withdrawn_at is None and case.suspended_at is not None:
        open_window = case.final_at is not None and now < case.final_at
        return FollowView(
            STOPPED if open_window else CLOSED, False, False, False, open_window, case.no_calls, case.final_at
        )
    live = bool(states & LIVE)
    status = WILL_BE_REACHED if states & HELD else RECEIVED if states & PENDING else CLOSED
    # A closed request still holds what was shared: withdrawing stays possible until the content itself is gone.
    may_withdraw = case.withdrawn_at is None and (live or State.CLOSED in states)
    return FollowView(status, may_withdraw, live, live and not case.no_calls, False, case.no_calls)
