"""Sending a referral: everything checked, then case, consents, offers, preview, blocks and clock in one transaction."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, cast
from uuid import UUID

from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.consent.rules import ConsentFacts, may_share
from core.consent.services import ConsentMissing, Invalid, Stopped, grant_consent
from core.directory.rules.visibility import Area
from core.journal.services import lock_case, record
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import Forbidden, Stale
from core.referrals.access import OWN_ONLY_TYPES
from core.referrals.events import announce
from core.referrals.models import Referral, ReferralCase, ReferralDraft, ReferralPreview, ReferralRestriction
from core.referrals.rules.clocks import ClockPlan, ClockSettings, plan_clock
from core.referrals.rules.vocabulary import Channel, Kind
from core.referrals.rules.workflow import State
from core.referrals.services.checking import Submission, check_submission, party_of, recipients_of
from core.referrals.services.drafts import (
    NOT_THIS_FORM,
    FormRow,
    checked_key,
    erase_drafts,
    own_form,
    sending,
    start_row,
)
from core.referrals.services.sealing import ensure_escrow, write_blocks


class DelaySettings(Protocol):
    """The part of the settings that the clock reads."""

    first_contact_urgent_hours: int
    first_contact_designated_centre_hours: int
    first_contact_standard_hours: int


def clock_settings(settings: DelaySettings) -> ClockSettings:
    """The network's delays."""
    return ClockSettings(
        urgent=timedelta(hours=settings.first_contact_urgent_hours),
        designated_centre=timedelta(hours=settings.first_contact_designated_centre_hours),
        standard=timedelta(hours=settings.first_contact_standard_hours),
    )


@dataclass(frozen=True)
class Submitted:
    """`code` is the reference (and her receipt's code); `codes` has one per recipient. `created` False: sent before."""

    code: str
    codes: tuple[str, ...]
    created: bool = True


@dataclass(frozen=True)
class SentOffer:
    """What is told of an offer that was just sent."""

    case_id: UUID
    code: str
    kind: Kind
    channel: Channel
    sender_id: UUID | None
    consent: ConsentFacts
    urgent: bool
    restricted: frozenset[UUID] = frozenset()
    #: An officer sends for herself or himself, not for the whole service (`core.referrals.access`).
    own_only: bool = False


def follow_lookup(keyring: Keyring, code: str, word: str) -> bytes:
    """Keyed hash of her code and her word; accents, case and spaces of the word do not count."""
    folded = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(letter for letter in folded if letter.isalnum())
    return keyring.pseudonym("referral.follow", f"{code}|{plain}")


def submit_referral(
    session: Session, keyring: Keyring, viewer: Viewer, submission: Submission, *, clock: ClockSettings, now: datetime
) -> Submitted:
    """Send. The same key sent twice makes one referral and gives the first answer.

    Raises `Invalid`, `ConsentMissing`, `Stale`, `Forbidden`, and `Stopped` (age, danger): nothing is kept. The draft
    has then been deleted in this transaction, so the page answers `Stopped` itself, without rolling back.
    """
    organisation_id, _ = sending(viewer)
    if not holds(viewer, Permission.REFERRAL_SEND):
        raise Forbidden
    return _send(
        session, keyring, viewer, submission, Channel.PLATFORM, organisation_id, organisation_id, clock=clock, now=now
    )


def enter_received(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    submission: Submission,
    *,
    channel: str,
    sender_id: UUID | None,
    clock: ClockSettings,
    now: datetime,
    received_at: datetime | None = None,
) -> Submitted:
    """Type what came by fax, phone or message from a partner without an account (rule §3 (13)): same clock, same list.

    `sender_id`: the partner in the directory, or None when she came by herself. The recipient is the viewer's own
    organisation. The acknowledgement is the code alone. `received_at`: when it really came, if that was before it is
    typed; the first-contact clock starts there.
    """
    organisation_id, _ = sending(viewer)
    if not holds(viewer, Permission.REFERRAL_RECEIVE):
        raise Forbidden
    if channel not in set(Channel) - {Channel.PLATFORM}:
        raise Invalid("channel", "Dites par où la demande est arrivée.")
    if any(consent.recipient_id != organisation_id for consent in submission.consents) or len(submission.consents) != 1:
        raise Invalid("recipient", "Une demande reçue s’adresse à votre organisme.")
    if sender_id == organisation_id:
        raise Invalid("sender", "Choisissez l’organisme qui a envoyé la demande.")
    discloser = sender_id or organisation_id
    if received_at is not None and received_at > now:
        raise Invalid("received_on", "La date d’arrivée est à venir.")
    started = received_at or now
    return _send(
        session,
        keyring,
        viewer,
        submission,
        Channel(channel),
        sender_id,
        discloser,
        clock=clock,
        now=now,
        started=started,
    )


def _send(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    submission: Submission,
    channel: Channel,
    sender_id: UUID | None,
    discloser_id: UUID,
    *,
    clock: ClockSettings,
    now: datetime,
    started: datetime | None = None,
) -> Submitted:
    origin_id, user_id = sending(viewer)
    found = own_form(session, viewer, checked_key(submission.key))
    if found is not None and found.state != State.DRAFT.value:
        return _sent_before(session, found)
    kind = Kind.ASK_BOTH if len(submission.consents) > 1 else Kind.REFERENCE
    try:
        area = check_submission(session, kind, submission, now).preview
    except Stopped:
        if found is not None:
            erase_drafts(session, [(found.id, found.case_id)])
        raise
    recipients = recipients_of(session, [one.recipient_id for one in submission.consents], submission.restricted)
    sender = party_of(session, sender_id) if sender_id is not None else None
    if sender is not None and sender.id in recipients:
        raise Invalid("recipient", "Une référence ne s’adresse pas à l’organisme qui l’envoie.")
    if found is None:
        start_row(session, viewer, submission.key, now)
        found = own_form(session, viewer, submission.key)
        assert found is not None
    case_id = found.case_id
    lock_case(session, case_id)
    # Read again under the lock: a second click may have waited for the first one.
    found = own_form(session, viewer, submission.key)
    if found is None or found.state != State.DRAFT.value:
        return _sent_before(session, found)
    _keep_follow_word(session, keyring, case_id, found.code, submission.follow_word)
    for organisation_id in submission.restricted:
        add_row(
            session,
            ReferralRestriction,
            case_id=case_id,
            organisation_id=organisation_id,
            reason="safety",
            added_by=user_id,
            added_at=now,
        )
    escrow = ensure_escrow(session, keyring, case_id) if sender_id != origin_id else None
    designated = sender is not None and sender.type == "sante"
    plan = plan_clock(clock, started or now, urgent=submission.urgent, from_designated_centre=designated)
    group = new_id() if kind is Kind.ASK_BOTH else None
    referral_id, code, codes_sent = found.id, found.code, []
    for position, given in enumerate(submission.consents):
        if position:
            extra_key = f"{submission.key[:60]}.{position}"
            referral_id = start_row(session, viewer, extra_key, now, case_id=case_id)
            code = session.execute(select(Referral.code).where(Referral.id == referral_id)).scalar_one()
        recipient = recipients[given.recipient_id]
        consent = grant_consent(
            session,
            keyring,
            viewer,
            case_id=case_id,
            purpose=kind.value,
            discloser_id=discloser_id,
            given=given,
            now=now,
        )
        decision = may_share([consent], kind.value, recipient.id, submission.blocks, now)
        if not decision.allowed:
            raise ConsentMissing(decision.reason)
        fill_offer(session, referral_id, kind, channel, sender_id, consent, plan, submission, group, now)
        write_preview(session, referral_id, submission, area)
        holders = [sender] if sender is not None and escrow is None else []
        write_blocks(session, referral_id, submission.blocks, holders=holders, escrow=escrow)
        write_blocks(session, referral_id, {"thread": {}}, holders=[*holders, recipient])
        own_only = sender is not None and sender.type in OWN_ONLY_TYPES
        sent = SentOffer(
            case_id, code, kind, channel, sender_id, consent, submission.urgent, submission.restricted, own_only
        )
        report_sent(session, viewer, sent, now)
        codes_sent.append(code)
    session.execute(delete(ReferralDraft).where(ReferralDraft.referral_id == found.id))
    return Submitted(found.code, tuple(codes_sent))


def _sent_before(session: Session, found: FormRow | None) -> Submitted:
    if found is None:
        raise Invalid("key", NOT_THIS_FORM)
    codes = session.execute(
        select(Referral.code)
        .where(Referral.case_id == found.case_id, Referral.parent_id.is_(None))
        .order_by(Referral.id)
    )
    return Submitted(found.code, tuple(codes.scalars()), created=False)


def _keep_follow_word(session: Session, keyring: Keyring, case_id: UUID, code: str, word: str) -> None:
    if word.strip():
        session.execute(
            update(ReferralCase)
            .where(ReferralCase.id == case_id)
            .values(follow_lookup=follow_lookup(keyring, code, word))
        )


def fill_offer(
    session: Session,
    referral_id: UUID,
    kind: Kind,
    channel: Channel,
    sender_id: UUID | None,
    consent: ConsentFacts,
    plan: ClockPlan,
    submission: Submission,
    group: UUID | None,
    now: datetime,
    *,
    parent_id: UUID | None = None,
) -> None:
    """Turn a draft row into a submitted offer; a row that is no draft any more loses the race."""
    result = session.execute(
        update(Referral)
        .where(Referral.id == referral_id, Referral.state == State.DRAFT.value)
        .values(
            state=State.SUBMITTED.value,
            version=Referral.version + 1,
            kind=kind.value,
            channel=channel.value,
            sender_id=sender_id,
            recipient_id=consent.recipient,
            consent_id=consent.id,
            offer_group=group,
            parent_id=parent_id,
            urgent=submission.urgent,
            clock_kind=plan.kind.value,
            clock_started_at=plan.started,
            clock_due_at=plan.due,
            routing=[reason.kept for reason in submission.routing],
            submitted_at=now,
        ),
        execution_options={"synchronize_session": False},
    )
    if cast("CursorResult[object]", result).rowcount != 1:
        raise Stale


def write_preview(session: Session, referral_id: UUID, submission: Submission, area: Area) -> None:
    """The closed codes the receiver reads before acceptance."""
    add_row(
        session,
        ReferralPreview,
        referral_id=referral_id,
        age_band=submission.age_band,
        area_code=area.code,
        area_label=area.label,
        area_label_en=area.label_en,
        needs=sorted(submission.needs),
        facts=sorted(submission.facts),
        exploitation=submission.exploitation,
        language=submission.language,
        constraints=sorted(submission.constraints),
    )


def report_sent(
    session: Session,
    viewer: Viewer,
    offer: SentOffer,
    now: datetime,
) -> None:
    """Journal a submission and tell both sides."""
    origin_id, user_id = sending(viewer)
    record(
        session,
        case_id=offer.case_id,
        organisation_id=origin_id,
        actor=viewer,
        action="referral.submit",
        subject=f"referral:{offer.code}",
        facts={
            "kind": offer.kind.value,
            "channel": offer.channel.value,
            "recipient": str(offer.consent.recipient),
            "blocks": sorted(offer.consent.blocks),
            "urgent": offer.urgent,
        },
        now=now,
    )
    announce(
        session,
        "referral.submitted",
        offer.code,
        sender=offer.sender_id,
        sender_user=user_id if offer.own_only else None,
        recipient=offer.consent.recipient,
        grant=offer.consent.sender_may_learn,
        before=State.DRAFT,
        after=State.SUBMITTED,
        restricted=offer.restricted,
        now=now,
    )
