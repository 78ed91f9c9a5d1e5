"""Between sending and accepting: taking, releasing, asking, answering, not receiving, retracting, accepting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Select, delete, select, update
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Viewer
from core.consent.rules import CONSENT_BLOCKS, Block, ConsentFacts, may_share
from core.consent.services import ConsentMissing, Invalid, replace_consent
from core.kernel.crypto import Keyring, decrypt, encrypt
from core.kernel.db import add_row, new_id, prepared, table_of
from core.kernel.errors import Forbidden
from core.referrals.access import OWN_ONLY_TYPES
from core.referrals.endings import Ending, hand_over
from core.referrals.events import announce
from core.referrals.models import Referral, ReferralEntry, ReferralPreview
from core.referrals.queries.elsewhere import may_be_proposed
from core.referrals.rules import vocabulary
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import HELD, PENDING, Command, State, refusal, rule_for
from core.referrals.services import duplicates
from core.referrals.services.checking import LONGEST_ANSWER
from core.referrals.services.loading import (
    NotNow,
    Offer,
    authorise,
    load,
    move,
    note,
    offer_by_id,
    offer_of,
    offer_select,
)
from core.referrals.services.sealing import (
    destroy_content,
    entry_aad,
    open_blocks,
    reseal_to_receiver,
)


@dataclass(frozen=True)
class Done:
    """Where the referral is now; `version` is for the next form."""

    code: str
    state: State
    version: int


def done(offer: Offer, state: State | None = None) -> Done:
    """The answer to a command that moved the offer once."""
    return Done(offer.code, state or offer.state, offer.version + 1)


def tell(
    session: Session,
    offer: Offer,
    kind: str,
    now: datetime,
    *,
    after: State | None = None,
    reached: tuple[bool, bool] | None = None,
) -> None:
    """Emit an event about an offer to whom the audience rule allows."""
    row = offer.row
    met = row.first_contact_at is not None
    police = offer.sender is not None and offer.sender.type in OWN_ONLY_TYPES
    announce(
        session,
        kind,
        offer.code,
        sender=row.sender_id,
        sender_user=row.sender_user_id if police else None,
        recipient=row.recipient_id,
        grant=offer.grant,
        before=offer.state,
        after=after or offer.state,
        reached=reached or (met, met),
        restricted=offer.restricted,
        now=now,
    )


def require_consent(offer: Offer, blocks: frozenset[str], now: datetime) -> frozenset[str]:
    """The blocks that may be shared with the recipient now. Raises `ConsentMissing` when no consent is in force."""
    consents: list[ConsentFacts] = [offer.consent] if offer.consent is not None else []
    decision = may_share(consents, offer.row.kind, offer.row.recipient_id, blocks, now)
    if not decision.allowed and decision.reason != "block":
        raise ConsentMissing(decision.reason)
    return decision.permitted_blocks


def add_entry(
    session: Session,
    viewer: Viewer | None,
    offer: Offer,
    kind: str,
    now: datetime,
    codes: dict[str, str | list[str]] | None = None,
    *,
    entry_id: UUID | None = None,
    block_id: UUID | None = None,
    ciphertext: bytes | None = None,
) -> None:
    """One line of the offer's history."""
    add_row(
        session,
        ReferralEntry,
        id=entry_id or new_id(),
        referral_id=offer.id,
        kind=kind,
        at=now,
        actor_user_id=viewer.user_id if viewer else None,
        actor_organisation_id=viewer.organisation_id if viewer else None,
        codes=codes or {},
        block_id=block_id,
        ciphertext=ciphertext,
    )


def claim_referral(session: Session, viewer: Viewer, code: str, now: datetime, version: int | None = None) -> Done:
    """*Je m'en occupe*. Raises `Stale` when a colleague has it already."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.CLAIM, version)
    if offer.row.claimed_by == viewer.user_id:
        return Done(offer.code, offer.state, offer.version)
    if offer.row.claimed_by is not None:
        raise AlreadyTaken
    move(session, offer, None, claimed_by=viewer.user_id, claimed_at=now)
    add_entry(session, viewer, offer, "claimed", now)
    note(session, viewer, offer, "claim", now)
    tell(session, offer, "referral.claimed", now)
    return done(offer)


class AlreadyTaken(Forbidden):
    """A colleague said *Je m'en occupe* first."""

    status = 409
    message = "Quelqu’un de l’équipe s’en occupe déjà."


def release_referral(session: Session, viewer: Viewer, code: str, now: datetime, version: int | None = None) -> Done:
    """Leave it for a colleague."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.RELEASE, version)
    move(session, offer, None, claimed_by=None, claimed_at=None)
    add_entry(session, viewer, offer, "released", now)
    note(session, viewer, offer, "release", now)
    tell(session, offer, "referral.released", now)
    return done(offer)


def ask_sender(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, question: str, text: str, now: datetime
) -> Done:
    """Ask for a precision: a coded question, and words if need be, in the thread both sides can open."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.ASK)
    if question not in vocabulary.QUESTIONS:
        raise Invalid("question", "Choisissez une question dans la liste.")
    if offer.entered_for_sender:
        raise Invalid("question", "Ce partenaire n’a pas de compte : appelez-le.")
    require_consent(offer, frozenset(), now)
    assert offer.recipient is not None
    _write_thread(session, keyring, viewer, offer, offer.recipient.id, "question", text, {"question": question}, now)
    move(session, offer, State.QUESTION)
    note(session, viewer, offer, "ask", now, question=question)
    tell(session, offer, "referral.question", now, after=State.QUESTION)
    return done(offer, State.QUESTION)


def answer_receiver(session: Session, keyring: Keyring, viewer: Viewer, code: str, text: str, now: datetime) -> Done:
    """The sender's answer; the offer waits for the receiver again."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.ANSWER)
    if not text.strip():
        raise Invalid("text", "Écrivez votre réponse.")
    require_consent(offer, frozenset(), now)
    assert offer.sender is not None
    _write_thread(session, keyring, viewer, offer, offer.sender.id, "answer", text, {}, now)
    move(session, offer, State.SUBMITTED)
    note(session, viewer, offer, "answer", now)
    tell(session, offer, "referral.answer", now, after=State.SUBMITTED)
    return done(offer, State.SUBMITTED)


def _write_thread(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    offer: Offer,
    organisation_id: UUID,
    kind: str,
    text: str,
    codes: dict[str, str | list[str]],
    now: datetime,
) -> None:
    if len(text) > LONGEST_ANSWER:
        raise Invalid("text", "Ce texte est trop long : 4 000 caractères au plus.")
    party = offer.recipient if offer.recipient and offer.recipient.id == organisation_id else offer.sender
    assert party is not None
    thread = open_blocks(session, keyring, offer.id, party, [Block.THREAD.value])[Block.THREAD.value]
    entry_id = new_id()
    words = encrypt(thread.key, text.strip().encode(), aad=entry_aad(entry_id)) if text.strip() else None
    add_entry(session, viewer, offer, kind, now, codes, entry_id=entry_id, block_id=thread.id, ciphertext=words)


def read_words(key: bytes, entry_id: UUID, ciphertext: bytes) -> str:
    """The words of an entry, with the key of its block."""
    return decrypt(key, ciphertext, aad=entry_aad(entry_id)).decode()


def accept_referral(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime, version: int | None = None
) -> Done:
    """Accept: in this one transaction the consented blocks open, the sender's seals go, responsibility moves.

    Raises `ConsentMissing` (409) when the consent ended meanwhile, `Stale` when somebody accepted first.
    """
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.ACCEPT, version)
    permitted = require_consent(offer, frozenset(block.value for block in CONSENT_BLOCKS), now)
    sub_referral = offer.row.parent_id is not None and offer.row.kind == Kind.REFERENCE.value
    move(
        session,
        offer,
        State.ACCEPTED,
        accepted_at=now,
        responsible=not sub_referral,
        claimed_by=viewer.user_id,
        claimed_at=offer.row.claimed_at or now,
    )
    reseal_to_receiver(session, keyring, offer, permitted)
    duplicates.remember(session, keyring, offer)
    add_entry(session, viewer, offer, "accepted", now)
    note(session, viewer, offer, "accept", now, blocks=sorted(permitted), kind=offer.row.kind)
    tell(session, offer, "referral.accepted", now, after=State.ACCEPTED)
    if offer.row.offer_group is not None:
        _end_siblings(session, viewer, offer, now)
    if offer.row.parent_id is not None and offer.row.kind in (Kind.TRANSFER.value, Kind.HAND_BACK.value):
        _end_parent(session, viewer, offer, now)
    return done(offer, State.ACCEPTED)


def _end_siblings(session: Session, viewer: Viewer, accepted: Offer, now: datetime) -> None:
    """Both were asked and one accepted: the other offers end, their previews go, nothing of theirs was ever opened."""
    siblings = (Referral.offer_group == accepted.row.offer_group) & (Referral.id != accepted.id)
    rows = session.execute(offer_select(viewer.organisation_id).where(siblings).order_by(Referral.id)).all()
    for other in (offer_of(row, viewer.organisation_id) for row in rows):
        if other.state in PENDING:
            # Nobody's act as far as the other organisation's journal says: not who accepted, nor where
            end_offer(session, ANONYMOUS, other, Command.SUPERSEDE, "superseded", now)
            if other.consent is not None:
                replace_consent(session, other.consent.id, now)


def _end_parent(session: Session, viewer: Viewer, accepted: Offer, now: datetime) -> None:
    """The next organisation accepted: the previous one is no longer responsible and keeps no content."""
    row = session.execute(*offer_by_id(viewer.organisation_id, accepted.row.parent_id)).one()
    parent = offer_of(row, viewer.organisation_id)
    if parent.state in HELD:
        back = accepted.row.kind == Kind.HAND_BACK.value
        command = Command.HANDED_BACK if back else Command.TRANSFERRED
        end_offer(session, viewer, parent, command, vocabulary.MOVED, now)
        if parent.consent is not None:
            replace_consent(session, parent.consent.id, now)


def end_offer(session: Session, viewer: Viewer, offer: Offer, command: Command, reason: str, now: datetime) -> None:
    """End an offer for good: statistics written, preview and content destroyed, both sides told of a closing."""
    rule = rule_for(offer.state, command)
    if rule is None or rule.next is None:
        raise NotNow(refusal(offer.state, command))
    state = rule.next
    write_facts(session, offer, reason, now)
    move(session, offer, state, ended_at=now, end_reason=reason, responsible=False)
    session.execute(*_preview_gone(offer.id))
    destroy_content(session, [offer.id])
    duplicates.forget(session, offer.id)
    note(session, viewer, offer, "end", now, holder=offer.row.recipient_id, state=state.value, reason=reason)
    tell(session, offer, "referral.closed", now, after=state)


_PREVIEWS = table_of(ReferralPreview)


@prepared
def preview_of(referral_id: UUID) -> Select[Any]:
    """The row of codes that an offer shows before acceptance, while there is one."""
    return select(_PREVIEWS).where(_PREVIEWS.c.referral_id == referral_id)


@prepared
def _preview_gone(referral_id: UUID) -> Delete:
    return delete(_PREVIEWS).where(_PREVIEWS.c.referral_id == referral_id)


def write_facts(session: Session, offer: Offer, outcome: str, now: datetime) -> None:
    """Hand over the statistic of an offer that ends, without its reference: it survives every erasure."""
    row = offer.row
    preview = session.execute(*preview_of(offer.id)).first()
    if preview is None:
        return
    declined = outcome in vocabulary.DECLINE_REASONS
    answered = row.accepted_at or (now if declined else None)
    hand_over(
        session,
        Ending(
            submitted_at=row.submitted_at,
            ended_at=now,
            kind=row.kind,
            channel=row.channel,
            origin_id=row.sender_id,
            origin_type=offer.sender.type if offer.sender else "herself",
            recipient_id=row.recipient_id,
            age_band=preview.age_band,
            area_code=preview.area_code,
            needs=tuple(preview.needs),
            urgent=row.urgent,
            priority=row.priority,
            outcome=outcome,
            taken=row.accepted_at is not None,
            minutes_to_answer=_minutes(row.submitted_at, answered) if answered else None,
            minutes_to_contact=_minutes(row.clock_started_at, row.first_contact_at) if row.first_contact_at else None,
            minutes_to_end=_minutes(row.submitted_at, now),
        ),
    )


def _minutes(start: datetime, end: datetime) -> int:
    """Whole minutes, rounded up: 24 h and one second is not within 24 h."""
    return max(0, -int(-(end - start).total_seconds() // 60))


def decline_referral(
    session: Session,
    viewer: Viewer,
    code: str,
    reason: str,
    now: datetime,
    better_service_id: UUID | None = None,
    version: int | None = None,
) -> Done:
    """*Non accueillie ici — autre ressource proposée*: a coded reason, a better service when there is one."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.DECLINE, version)
    if reason not in vocabulary.DECLINE_REASONS:
        raise Invalid("reason", "Choisissez une raison dans la liste.")
    if better_service_id is not None:
        if not may_be_proposed(session, offer.code, better_service_id):
            raise Invalid("better_service", "Choisissez un service de la liste.")
    elif reason == "better_service":
        raise Invalid("better_service", "Dites quel service convient mieux.")
    end_offer(session, viewer, offer, Command.DECLINE, reason, now)
    if better_service_id is not None:
        session.execute(update(Referral).where(Referral.id == offer.id).values(better_service_id=better_service_id))
    return done(offer, State.NOT_RECEIVED)


def retract_referral(session: Session, viewer: Viewer, code: str, now: datetime, version: int | None = None) -> Done:
    """The sender takes it back; possible until acceptance only (rule §3 (6))."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.RETRACT, version)
    end_offer(session, viewer, offer, Command.RETRACT, "retracted", now)
    return done(offer, State.RETRACTED)
