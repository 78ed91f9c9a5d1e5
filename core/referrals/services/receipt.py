"""Her receipt: the code, the word she chose, and the exact text she agreed to.

The word opens her follow-up page, where she can stop everything. The database keeps only a keyed hash of it; so that
the receipt can be shown or printed after sending, the word also rests in a block of its own, sealed to the sender
alone. That block is never consented to, so acceptance destroys it, as does any end of the offer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.consent.queries import ConsentPage, consent_page
from core.kernel.crypto import Keyring
from core.kernel.errors import Missing
from core.referrals.services.loading import load, note
from core.referrals.services.sealing import open_blocks, write_blocks

#: Kind of the block that holds the word; not one she is asked about.
RECEIPT = "receipt"
#: How long the word can be shown again, to the author only: long enough to print, too short to be found later.
WORD_SHOWN_FOR = timedelta(hours=1)


@dataclass(frozen=True)
class Receipt:
    """`word` is empty once it may not be shown any more. `consent` holds the exact wording, its version and digest."""

    code: str
    submitted_at: datetime
    consent: ConsentPage
    word: str = field(default="", repr=False)


def keep_receipt(session: Session, viewer: Viewer, code: str, word: str) -> None:
    """Seal the word to the sending organisation, in the transaction that sends."""
    offer = load(session, viewer, code)
    if offer.sender is None or not word.strip():
        return
    write_blocks(session, offer.id, {RECEIPT: {"word": word}}, holders=[offer.sender])


def open_receipt(session: Session, keyring: Keyring, viewer: Viewer, code: str, now: datetime) -> Receipt:
    """The receipt, for the organisation that sent it; reading the word is journaled. Raises `Missing` for others."""
    offer = load(session, viewer, code)
    if offer.sender is None or offer.sender.id != viewer.organisation_id or offer.row.submitted_at is None:
        raise Missing
    # What the receiver renews with her afterwards is not the sender's business (network rules §3 (6)).
    consent = consent_page(session, offer.row.consent_id, until=offer.row.accepted_at)
    if consent is None:
        raise Missing
    word = ""
    author = viewer.user_id is not None and viewer.user_id == offer.row.sender_user_id
    if author and now - offer.row.submitted_at <= WORD_SHOWN_FOR:
        found = open_blocks(session, keyring, offer.id, offer.sender, [RECEIPT]).get(RECEIPT)
        if found is not None:
            word = str(found.content.get("word", ""))
            note(session, viewer, offer, "receipt_read", now)
    return Receipt(offer.code, offer.row.submitted_at, consent, word)


@dataclass(frozen=True)
class Acknowledgement:
    """What is sent back to a partner without an account: a code and dates, never a word about her."""

    code: str
    received_at: datetime
    due_at: datetime
    channel: str
    sender_name: str
    recipient_id: UUID
    recipient_name: str


def open_acknowledgement(session: Session, viewer: Viewer, code: str) -> Acknowledgement:
    """The acknowledgement of a request entered by the viewer's organisation for itself. Raises `Missing` otherwise."""
    offer = load(session, viewer, code)
    own = viewer.organisation_id
    if offer.recipient is None or offer.recipient.id != own or offer.row.origin_id != own:
        raise Missing
    return Acknowledgement(
        offer.code,
        offer.row.submitted_at,
        offer.row.clock_due_at,
        offer.row.channel,
        offer.sender.name if offer.sender else "",
        offer.recipient.id,
        offer.recipient.name,
    )
