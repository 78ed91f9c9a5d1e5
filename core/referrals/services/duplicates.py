"""*Peut-être la même personne*: only for a receiver that accepted both, never told to a sender (rule §3 (12)).

What two referrals have in common is a keyed hash, different in each organisation: two organisations' rows never match,
and the database alone answers nothing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, insert, select
from sqlalchemy.orm import Session, aliased

from core.consent.rules import Block
from core.kernel.crypto import Keyring
from core.referrals.models import DuplicateKey, Referral
from core.referrals.rules.workflow import HELD
from core.referrals.services.loading import Offer
from core.referrals.services.sealing import open_blocks


def remember(session: Session, keyring: Keyring, offer: Offer) -> None:
    """At acceptance, once the receiver can open them: hash her telephone, and her first name with her age band.

    Done again when either is corrected, and when she takes up what she had stopped: what was hashed before goes.
    """
    assert offer.recipient is not None
    forget(session, offer.id)
    kinds = [Block.IDENTITY.value, Block.CONTACT.value]
    opened = open_blocks(session, keyring, offer.id, offer.recipient, kinds)
    words = {kind: block.content for kind, block in opened.items()}
    phone = re.sub(r"\D", "", _text(words, Block.CONTACT, "phone"))[-10:]
    name = _folded(_text(words, Block.IDENTITY, "first_name"))
    bases = {"phone": phone if len(phone) == 10 else "", "name": f"{name}|{offer.age_band}" if name else ""}
    rows = [
        {
            "referral_id": offer.id,
            "basis": basis,
            "organisation_id": offer.recipient.id,
            "digest": keyring.pseudonym(f"referral.duplicate.{offer.recipient.id}.{basis}", value),
        }
        for basis, value in bases.items()
        if value
    ]
    if rows:
        session.execute(insert(DuplicateKey), rows)


def forget(session: Session, referral_id: UUID) -> None:
    """The content goes, and with it what it was compared by."""
    session.execute(delete(DuplicateKey).where(DuplicateKey.referral_id == referral_id))


@cache
def lookalikes() -> ColumnElement[str | None]:
    """A column beside `Referral`: codes of its recipient's accepted referrals that may be about the same person.

    In the statement that reads the offer, so that a page needs no other; `read_lookalikes` makes sense of it. Built
    once: its three aliases took a third of the time of a referral's page.
    """
    mine, other, that = aliased(DuplicateKey), aliased(DuplicateKey), aliased(Referral)
    told = that.code + case((that.joined_group == Referral.joined_group, "+"), else_="")
    return (
        select(func.aggregate_strings(told, " "))
        .select_from(mine)
        .join(other, (other.organisation_id == mine.organisation_id) & (other.digest == mine.digest))
        .join(that, that.id == other.referral_id)
        .where(
            mine.referral_id == Referral.id,
            mine.organisation_id == Referral.recipient_id,
            that.id != Referral.id,
            that.case_id != Referral.case_id,
            that.recipient_id == Referral.recipient_id,
            that.state.in_([state.value for state in HELD]),
        )
        .correlate(Referral)
        .scalar_subquery()
    )


def read_lookalikes(told: str | None) -> tuple[tuple[str, bool], ...]:
    """(code, already joined) of each, in order; the same one may be found by her number and by her name."""
    return tuple((one.removesuffix("+"), one.endswith("+")) for one in sorted(set((told or "").split())))


def possible_duplicates(session: Session, referral_id: UUID) -> tuple[tuple[str, bool], ...]:
    """The same for one referral, in a statement of its own."""
    return read_lookalikes(session.execute(select(lookalikes()).where(Referral.id == referral_id)).scalar())


def _text(words: dict[str, dict[str, str | list[str]]], block: Block, name: str) -> str:
    value = words.get(block.value, {}).get(name, "")
    return value if isinstance(value, str) else ""


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalpha())
