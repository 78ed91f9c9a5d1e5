"""Numbers to call: the public ones of an organisation itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.models import Phone
from core.directory.rules.words import PhoneKind, Tier


@dataclass(frozen=True)
class PhoneView:
    """`kind` is a code of `PhoneKind`; `extension` is empty when there is none."""

    number: str
    extension: str
    kind: str


def public_phones(session: Session, organisation_ids: Collection[UUID]) -> dict[UUID, tuple[PhoneView, ...]]:
    """Voice and toll-free numbers anyone may call, in the order the organisation gave; one statement."""
    found: dict[UUID, list[PhoneView]] = {organisation_id: [] for organisation_id in organisation_ids}
    rows = session.execute(
        select(Phone.organisation_id, Phone.number, Phone.extension, Phone.kind)
        .where(
            Phone.organisation_id.in_(organisation_ids),
            Phone.service_id.is_(None),
            Phone.contact_id.is_(None),
            Phone.visibility == Tier.PUBLIC.value,
            Phone.kind.in_((PhoneKind.VOICE.value, PhoneKind.TOLL_FREE.value)),
        )
        .order_by(Phone.organisation_id, Phone.position)
    )
    for owner, number, extension, kind in rows:
        found[owner].append(PhoneView(number, extension or "", kind))
    return {owner: tuple(phones) for owner, phones in found.items()}
