"""Opening one referral: locked, consent checked again, journaled, then decrypted, in one transaction."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.consent.rules import Block, consent_reason, may_share
from core.kernel.crypto import Keyring
from core.kernel.db import prepared, table_of
from core.kernel.errors import Missing
from core.referrals.models import ReferralEntry
from core.referrals.rules.clocks import ClockReading, read_clock
from core.referrals.rules.priority import ExploitationPriority, Priority, exploitation_priority, suggest_priority
from core.referrals.rules.visibility import SenderView, sender_view
from core.referrals.rules.workflow import HELD, PENDING, TERMINAL, Command, State
from core.referrals.services.duplicates import lookalikes, read_lookalikes
from core.referrals.services.handling import read_words
from core.referrals.services.loading import Offer, commands_for, load, note
from core.referrals.services.sealing import OpenBlock, open_blocks

#: Blocks in the order a page shows them: how to be safe comes before everything else.
ORDER = tuple(
    block.value
    for block in (
        Block.SAFETY,
        Block.CONTACT,
        Block.IDENTITY,
        Block.NEEDS,
        Block.SITUATION,
        Block.JUDICIAL,
        Block.FOLLOW_UP,
    )
)


@dataclass(frozen=True)
class Preview:
    """The closed codes (`rules.vocabulary`); `area_label` is in French, `area_label_en` in English."""

    age_band: str
    area_code: str
    area_label: str
    area_label_en: str
    needs: tuple[str, ...]
    facts: tuple[str, ...]
    exploitation: str
    language: str
    constraints: tuple[str, ...]


@dataclass(frozen=True)
class BlockView:
    """One opened block: field name → text or list of texts."""

    kind: str
    version: int
    content: dict[str, str | list[str]] = field(repr=False)


@dataclass(frozen=True)
class EntryView:
    """One line of the history. `side`: sender, receiver, herself or system.

    `text`: words this viewer may read; `old`: what an amended block held before.
    """

    kind: str
    at: datetime
    side: str
    mine: bool
    codes: dict[str, str | list[str]]
    text: str | None = field(default=None, repr=False)
    old: dict[str, str | list[str]] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ConsentStrip:
    """What is always shown on top. `problem`: code of `core.consent.rules.REASONS`, or None when in force."""

    id: UUID
    purpose: str
    recipient_name: str
    blocks: tuple[str, ...]
    expires_at: datetime
    problem: str | None
    reconfirmed_at: datetime | None
    sender_may_learn: str


@dataclass(frozen=True)
class ReferralPage:
    """One referral as this viewer may see it. `side` is "receiver" or "sender".

    An outside sender gets, after acceptance, `sender_status` and nothing else: every other optional part is empty.
    """

    code: str
    side: str
    kind: str
    channel: str
    version: int
    state: State | None
    sender_status: SenderView | None
    commands: frozenset[Command]
    sender_name: str | None
    recipient_name: str
    urgent: bool
    submitted_at: datetime
    claimed: str
    no_calls: bool
    clock_kind: str | None = None
    clock_due_at: datetime | None = None
    clock: ClockReading | None = None
    preview: Preview | None = None
    suggestion: Priority | None = None
    exploitation: ExploitationPriority | None = None
    priority: int | None = None
    priority_reason: str | None = None
    consent: ConsentStrip | None = None
    blocks: tuple[BlockView, ...] = field(default=(), repr=False)
    entries: tuple[EntryView, ...] = field(default=(), repr=False)
    duplicates: tuple[tuple[str, bool], ...] = ()
    end_reason: str | None = None
    better_service_id: UUID | None = None
    routing: tuple[tuple[str, ...], ...] = ()
    first_step: bool = False


_LOOKALIKES = lookalikes().label("lookalikes")


def open_referral(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> ReferralPage:
    """The page of one referral for the sender or the receiver. Personal content only as the consent in force allows.

    Raises `Missing` for anyone else, for a draft (see `open_draft`), and for a receiver once she withdrew: what was
    there reads like something that never was. The read is journaled before it is answered: no journal, no read
    (rule §3 (10)).
    """
    offer = load(session, viewer, code, _LOOKALIKES)
    if offer.state is State.DRAFT:
        raise Missing
    receiver = offer.row.recipient_id == viewer.organisation_id
    if receiver:
        if offer.state in (State.WITHDRAWN, State.SUSPENDED):
            raise Missing
        return _for_receiver(session, keyring, viewer, offer, now)
    return _for_sender(session, keyring, viewer, offer, now)


def _for_receiver(session: Session, keyring: Keyring, viewer: Viewer, offer: Offer, now: datetime) -> ReferralPage:
    row = offer.row
    kinds = ORDER if offer.state in HELD or offer.state is State.CLOSED else ()
    opened = _open(session, keyring, viewer, offer, kinds, now)
    preview = _preview(offer)
    facts = preview.facts if preview else ()
    reading = read_clock(
        row.clock_started_at,
        row.clock_due_at,
        now,
        first_contact=row.first_contact_at,
        attempted=row.first_attempt_at is not None,
        ended=offer.state in TERMINAL,
    )
    return ReferralPage(
        **_frame(viewer, offer, "receiver"),
        state=offer.state,
        sender_status=None,
        clock_kind=row.clock_kind,
        clock_due_at=row.clock_due_at,
        clock=reading,
        preview=preview,
        suggestion=suggest_priority(facts, preview.age_band) if preview else None,
        exploitation=exploitation_priority(facts, preview.exploitation, preview.age_band) if preview else None,
        priority=row.priority,
        priority_reason=row.priority_reason,
        consent=_strip(offer, now),
        blocks=_views(opened),
        entries=_entries(session, viewer, offer, opened.get(Block.THREAD.value), opened),
        duplicates=read_lookalikes(row.lookalikes) if offer.state in HELD else (),
        end_reason=row.end_reason,
        better_service_id=row.better_service_id,
        routing=tuple(tuple(reason) for reason in row.routing),
        first_step=offer.state in HELD and row.reconfirmed_at is None,
    )


def _for_sender(session: Session, keyring: Keyring, viewer: Viewer, offer: Offer, now: datetime) -> ReferralPage:
    row = offer.row
    status = sender_view(offer.state, offer.grant, reached=row.first_contact_at is not None)
    frame = _frame(viewer, offer, "sender")
    if not status.content:
        return ReferralPage(
            **frame,
            state=None,
            sender_status=status,
            end_reason=row.end_reason if status.not_received else None,
            better_service_id=row.better_service_id if status.not_received else None,
        )
    opened = _open(session, keyring, viewer, offer, ORDER, now) if not offer.entered_for_sender else {}
    return ReferralPage(
        **frame,
        state=offer.state,
        sender_status=status,
        preview=_preview(offer),
        consent=_strip(offer, now),
        blocks=_views(opened),
        entries=_entries(session, viewer, offer, opened.get(Block.THREAD.value), opened),
        routing=tuple(tuple(reason) for reason in row.routing),
    )


def _open(
    session: Session, keyring: Keyring, viewer: Viewer, offer: Offer, kinds: tuple[str, ...], now: datetime
) -> dict[str, OpenBlock]:
    """Journal, then open what the consent in force permits (and the thread, while it is in force)."""
    consents = [offer.consent] if offer.consent is not None else []
    decision = may_share(consents, offer.row.kind, offer.row.recipient_id, kinds, now)
    wanted = set(decision.permitted_blocks)
    if offer.consent is not None and consent_reason(offer.consent, now) == "ok":
        wanted.add(Block.THREAD.value)
    party = offer.recipient if viewer.organisation_id == offer.row.recipient_id else offer.sender
    assert party is not None
    opened = open_blocks(session, keyring, offer.id, party, wanted) if wanted else {}
    # Same transaction: if this line can't be written, nothing that was opened ever leaves.
    note(session, viewer, offer, "read", now, blocks=sorted(opened))
    return opened


def _frame(viewer: Viewer, offer: Offer, side: str) -> dict[str, Any]:
    row = offer.row
    current = side == "receiver" or offer.state in PENDING  # an outside sender's part ends with acceptance
    claimed = ""
    if side == "receiver" and row.claimed_by is not None:
        claimed = "me" if row.claimed_by == viewer.user_id else "colleague"
    return {
        "code": offer.code,
        "side": side,
        "kind": row.kind,
        "channel": row.channel,
        "version": offer.version if current else 0,
        "commands": commands_for(viewer, offer) if current and offer.state in PENDING | HELD else frozenset(),
        "sender_name": offer.sender.name if offer.sender else None,
        "recipient_name": offer.recipient.name if offer.recipient else "",
        "urgent": row.urgent,
        "submitted_at": row.submitted_at,
        "claimed": claimed,
        "no_calls": row.no_calls if side == "receiver" else False,
    }


def _views(opened: dict[str, OpenBlock]) -> tuple[BlockView, ...]:
    return tuple(BlockView(kind, opened[kind].version, opened[kind].content) for kind in ORDER if kind in opened)


def _preview(offer: Offer) -> Preview | None:
    row = offer.row
    if row.age_band is None:
        return None
    return Preview(
        row.age_band,
        row.preview_area_code,
        row.preview_area_label,
        row.preview_area_label_en,
        tuple(row.preview_needs),
        tuple(row.preview_facts),
        row.preview_exploitation,
        row.preview_language,
        tuple(row.preview_constraints),
    )


def _strip(offer: Offer, now: datetime) -> ConsentStrip | None:
    consent = offer.consent
    if consent is None:
        return None
    reason = consent_reason(consent, now)
    return ConsentStrip(
        consent.id,
        consent.purpose,
        offer.recipient.name if offer.recipient else "",
        tuple(sorted(consent.blocks)),
        consent.expires_at,
        None if reason == "ok" else reason,
        offer.row.reconfirmed_at,
        consent.sender_may_learn.value,
    )


_ENTRIES = table_of(ReferralEntry)


@prepared
def _history(referral_id: UUID) -> Select[Any]:
    return select(_ENTRIES).where(_ENTRIES.c.referral_id == referral_id).order_by(_ENTRIES.c.at, _ENTRIES.c.id)


@prepared
def _shared_history(referral_id: UUID) -> Select[Any]:
    shared = _ENTRIES.c.kind.in_(["question", "answer", "amended"])
    return select(_ENTRIES).where(_ENTRIES.c.referral_id == referral_id, shared).order_by(_ENTRIES.c.at, _ENTRIES.c.id)


def _entries(
    session: Session,
    viewer: Viewer,
    offer: Offer,
    thread: OpenBlock | None,
    opened: dict[str, OpenBlock],
) -> tuple[EntryView, ...]:
    """The history. A sender sees the thread and its own amendments, never the receiver's inner work."""
    whole = viewer.organisation_id == offer.row.recipient_id
    statement, values = _history(offer.id) if whole else _shared_history(offer.id)
    keys = {block.id: block.key for block in opened.values()}
    if thread is not None:
        keys[thread.id] = thread.key
    views = []
    for row in session.execute(statement, values):
        text = old = None
        if row.ciphertext is not None and row.block_id in keys:
            words = read_words(keys[row.block_id], row.id, row.ciphertext)
            if row.kind == "amended":
                old = json.loads(words)
            else:
                text = words
        views.append(
            EntryView(
                row.kind,
                row.at,
                _side(offer, row.actor_organisation_id, row.kind),
                row.actor_user_id == viewer.user_id,
                row.codes,
                text,
                old,
            )
        )
    return tuple(views)


def _side(offer: Offer, organisation_id: UUID | None, kind: str) -> str:
    if organisation_id is None:
        return "system" if kind in ("clock", "ended") else "herself"
    return "receiver" if organisation_id == offer.row.recipient_id else "sender"
