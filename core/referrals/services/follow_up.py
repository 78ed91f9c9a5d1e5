"""After acceptance: reconfirm with her, attempts, priority, copy for the record, join, close."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.consent.rules import CONSENT_BLOCKS
from core.consent.services import Invalid, reconfirm_consent
from core.kernel.crypto import Keyring
from core.kernel.db import new_id
from core.referrals.models import Referral, ReferralPreview
from core.referrals.rules import vocabulary
from core.referrals.rules.content import BLOCK_TITLES, answers
from core.referrals.rules.priority import override_allowed
from core.referrals.rules.workflow import HELD, Command, State
from core.referrals.services.duplicates import possible_duplicates
from core.referrals.services.handling import Done, add_entry, done, require_consent, tell, write_facts
from core.referrals.services.loading import Offer, authorise, load, move, note
from core.referrals.services.sealing import OpenBlock, open_blocks

_COMMANDS = {
    "reached": Command.LOG_REACHED,
    "missed": Command.LOG_MISSED,
    "she_called": Command.SHE_CALLED,
}


def log_attempt(session: Session, viewer: Viewer, code: str, result: str, channel: str, now: datetime) -> Done:
    """*Rejointe*, *non rejointe*, *Elle nous a jointes*. Reaching her stops the clock, here and on joined referrals."""
    if result not in _COMMANDS:
        raise Invalid("result", "Dites si elle a été rejointe.")
    if channel not in vocabulary.ATTEMPT_CHANNELS:
        raise Invalid("channel", "Choisissez un moyen dans la liste.")
    offer = load(session, viewer, code)
    rule = authorise(viewer, offer, _COMMANDS[result])
    if result != "she_called":
        require_consent(offer, frozenset(), now)
    row, met = offer.row, result != "missed"
    changes: dict[str, object] = {"first_attempt_at": row.first_attempt_at or now}
    if met:
        changes["first_contact_at"] = row.first_contact_at or now
    move(session, offer, rule.next, **changes)
    if row.joined_group is not None:
        session.execute(
            update(Referral)
            .where(
                Referral.joined_group == row.joined_group,
                Referral.recipient_id == row.recipient_id,
                Referral.id != offer.id,
                Referral.state.in_([state.value for state in HELD]),
                Referral.first_contact_at.is_(None),
            )
            .values(version=Referral.version + 1, **changes),
            execution_options={"synchronize_session": False},
        )
    add_entry(session, viewer, offer, "attempt", now, {"result": result, "channel": channel})
    note(session, viewer, offer, "attempt", now, result=result, channel=channel)
    had = row.first_contact_at is not None
    tell(session, offer, "referral.attempt", now, after=rule.next, reached=(had, had or met))
    return done(offer, rule.next)


def reconfirm_with_her(session: Session, viewer: Viewer, code: str, now: datetime) -> Done:
    """*À reconfirmer avec elle au premier contact*: she said yes again (network rules §4)."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.RECONFIRM)
    require_consent(offer, frozenset(), now)
    assert offer.consent is not None
    reconfirm_consent(session, offer.consent.id, now)
    move(session, offer, None)
    add_entry(session, viewer, offer, "reconfirmed", now)
    note(session, viewer, offer, "reconfirm", now)
    tell(session, offer, "referral.consent", now)
    return done(offer)


def set_priority(session: Session, viewer: Viewer, code: str, priority: int | None, reason: str, now: datetime) -> Done:
    """The code of the receiving CALACS (1-3, None for *à évaluer*) with its reason; an adolescent is never code 3."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.SET_PRIORITY)
    if reason and reason not in vocabulary.OVERRIDE_REASONS:
        raise Invalid("reason", "Choisissez une raison dans la liste.")
    refused = override_allowed(priority, offer.age_band, reason)
    if refused is not None:
        raise Invalid("priority", refused)
    move(session, offer, None, priority=priority, priority_reason=reason, priority_set_at=now)
    codes: dict[str, str | list[str]] = {"priority": str(priority or "to_assess"), "reason": reason}
    add_entry(session, viewer, offer, "priority", now, codes)
    note(session, viewer, offer, "priority", now, priority=priority or 0, reason=reason)
    tell(session, offer, "referral.priority", now)
    return done(offer)


def close_referral(
    session: Session, viewer: Viewer, code: str, outcome: str, now: datetime, version: int | None = None
) -> Done:
    """End the follow-up of the platform with an outcome. Content stays readable until its retention ends."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.CLOSE, version)
    if outcome not in vocabulary.OUTCOMES:
        raise Invalid("outcome", "Choisissez une issue dans la liste.")
    write_facts(session, offer, outcome, now)
    move(session, offer, State.CLOSED, ended_at=now, end_reason=outcome, responsible=False)
    session.execute(delete(ReferralPreview).where(ReferralPreview.referral_id == offer.id))
    add_entry(session, viewer, offer, "closed", now, {"outcome": outcome})
    note(session, viewer, offer, "close", now, outcome=outcome)
    tell(session, offer, "referral.closed", now, after=State.CLOSED)
    return done(offer, State.CLOSED)


def copy_for_our_record(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> str:
    """The consented content as plain French text for the receiver's own record; journaled as a copy (rule §3 (14))."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.COPY)
    permitted = require_consent(offer, frozenset(block.value for block in CONSENT_BLOCKS), now)
    assert offer.recipient is not None
    opened = open_blocks(session, keyring, offer.id, offer.recipient, permitted)
    note(session, viewer, offer, "copy", now, blocks=sorted(opened))
    return _as_text(offer, opened)


def _as_text(offer: Offer, opened: dict[str, OpenBlock]) -> str:
    lines = [f"Référence {offer.code}"]
    for block, title in BLOCK_TITLES.items():
        if block in opened:
            lines.append(f"\n{title}")
            lines += [f"- {one.label} : {', '.join(one.values)}" for one in answers(block, opened[block].content)]
    return "\n".join(lines) + "\n"


def join_referrals(session: Session, viewer: Viewer, code: str, other_code: str, now: datetime) -> Done:
    """*Peut-être la même personne*: the earliest clock counts and one call is enough. Each sender still sees its own.

    Both must be this organisation's, accepted, and suggested to it: nothing else can be asked about.
    """
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.JOIN)
    other = load(session, viewer, other_code)
    authorise(viewer, other, Command.JOIN)
    suggested = {one for one, _ in possible_duplicates(session, offer.id)}
    if other.code not in suggested:
        raise Invalid("other", "Ces références ne se ressemblent pas assez pour être réunies.")
    group = offer.row.joined_group or other.row.joined_group or new_id()
    due = min(offer.row.clock_due_at, other.row.clock_due_at)
    contacts = [one.row.first_contact_at for one in (offer, other) if one.row.first_contact_at]
    contact = min(contacts) if contacts else None
    for one, pair in ((offer, other), (other, offer)):
        move(session, one, None, joined_group=group, clock_due_at=due, first_contact_at=contact)
        add_entry(session, viewer, one, "joined", now, {"other": pair.code})
        note(session, viewer, one, "join", now, other=pair.code)
        tell(session, one, "referral.joined", now)
    return done(offer)


def joined_codes(session: Session, offer: Offer) -> tuple[str, ...]:
    """The other referrals of this organisation joined to this one."""
    if offer.row.joined_group is None:
        return ()
    return tuple(
        session.execute(
            select(Referral.code).where(
                Referral.joined_group == offer.row.joined_group,
                Referral.recipient_id == offer.row.recipient_id,
                Referral.id != offer.id,
            )
        ).scalars()
    )
