"""Half-filled forms: encrypted for the sender's organisation, kept seven days, found again on the author's devices."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.access.assurance import require_second_factor
from core.access.viewer import Viewer
from core.consent.services import Invalid
from core.directory.models import Organisation
from core.directory.services.keys import sealing_key
from core.kernel.crypto import Aad, Keyring, decrypt, encrypt, new_block_key, seal, unseal
from core.kernel.db import add_row, dialect_name, new_id, prepared, table_of
from core.kernel.errors import DomainError, Forbidden
from core.kernel.i18n import N_
from core.referrals.codes import new_code
from core.referrals.models import Referral, ReferralCase, ReferralDraft
from core.referrals.rules.vocabulary import Channel, Kind
from core.referrals.rules.workflow import State
from core.referrals.services.sealing import NoKey

DRAFT_LIFE = timedelta(days=7)
#: A form is a few kilobytes; more is not a form.
LARGEST_DRAFT = 64 * 1024
_KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
NOT_THIS_FORM = N_("Ce formulaire n’est pas valide. Ouvrez-en un nouveau.")


class DraftTooLarge(DomainError):
    """More than a form can hold."""

    status = 413
    message = "Ce brouillon est trop long pour être enregistré."


@dataclass(frozen=True)
class SavedDraft:
    """`version` counts the savings; `saved_at` is shown (*Enregistré à 14 h 32*)."""

    key: str
    version: int
    saved_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class Draft:
    """A draft opened for its author."""

    key: str
    version: int
    saved_at: datetime
    expires_at: datetime
    content: dict[str, Any] = field(repr=False)


def checked_key(key: str) -> str:
    """The idempotency key of a form, or `Invalid`."""
    if not _KEY.fullmatch(key):
        raise Invalid("key", NOT_THIS_FORM)
    return key


def sending(viewer: Viewer) -> tuple[UUID, UUID]:
    """(organisation, user) of someone who may send. Raises `Forbidden`, also on a password alone."""
    if viewer.organisation_id is None or viewer.user_id is None:
        raise Forbidden
    require_second_factor(viewer)
    return viewer.organisation_id, viewer.user_id


FormRow = Row[UUID, str, UUID, str, UUID, UUID | None]


def find_by_key(session: Session, organisation_id: UUID, key: str) -> FormRow | None:
    """The referral, draft or not, that this form made in this organisation."""
    return session.execute(*_form(organisation_id, key)).first()


@prepared
def _form(organisation_id: UUID, key: str) -> Select[UUID, str, UUID, str, UUID, UUID | None]:
    return select(
        Referral.id, Referral.code, Referral.case_id, Referral.state, Referral.sender_user_id, Referral.parent_id
    ).where(Referral.origin_id == organisation_id, Referral.idempotency_key == key)


def own_form(session: Session, viewer: Viewer, key: str) -> FormRow | None:
    """The same, for the person who opened the form. A colleague's form is nobody else's: raises `Invalid`."""
    organisation_id, user_id = sending(viewer)
    found = find_by_key(session, organisation_id, key)
    if found is not None and found.sender_user_id != user_id:
        raise Invalid("key", NOT_THIS_FORM)
    return found


def start_row(session: Session, viewer: Viewer, key: str, now: datetime, *, case_id: UUID | None = None) -> UUID:
    """A draft row with its case and code; returns its id. The same key sent twice at once gives one row to both.

    Raises `Invalid` when the key is a colleague's, or has already made something in another case than `case_id`.
    """
    organisation_id, user_id = sending(viewer)
    made = case_id is None
    if case_id is None:
        case_id = new_id()
        add_row(session, ReferralCase, id=case_id, created_at=now, no_calls=False)
    referral_id = new_id()
    values = {
        "id": referral_id,
        "case_id": case_id,
        "kind": Kind.REFERENCE.value,
        "channel": Channel.PLATFORM.value,
        "state": State.DRAFT.value,
        "version": 1,
        "idempotency_key": key,
        "origin_id": organisation_id,
        "sender_user_id": user_id,
        "responsible": False,
        "urgent": False,
        "routing": [],
        "created_at": now,
    }
    # The second of two equal requests waits here for the first one's commit, then finds its row.
    session.execute(_first_of_form(dialect_name(session)), {"code": _free_code(session), **values})
    found = own_form(session, viewer, key)
    assert found is not None
    if made and found.id != referral_id:
        session.execute(delete(ReferralCase).where(ReferralCase.id == case_id))
    elif found.case_id != case_id:
        raise Invalid("key", NOT_THIS_FORM)
    return UUID(str(found.id))


@cache
def _first_of_form(dialect: str) -> postgresql.Insert | sqlite.Insert:
    table = table_of(Referral)
    build = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return build.on_conflict_do_nothing(index_elements=["origin_id", "idempotency_key"])


def _free_code(session: Session) -> str:
    while True:
        code = new_code()
        if session.execute(*_having(code)).first() is None:
            return code


@prepared
def _having(code: str) -> Select[UUID]:
    return select(Referral.id).where(Referral.code == code)


def save_draft(
    session: Session, keyring: Keyring, viewer: Viewer, key: str, content: Mapping[str, Any], now: datetime
) -> SavedDraft:
    """Keep a half-filled form. Saving after sending changes nothing and says so by `Invalid`."""
    organisation_id, _ = sending(viewer)
    plain = json.dumps(content, ensure_ascii=False).encode()
    if len(plain) > LARGEST_DRAFT:
        raise DraftTooLarge
    public = sealing_key(session, organisation_id)
    if public is None:
        raise NoKey
    found = own_form(session, viewer, checked_key(key))
    if found is not None and found.state != State.DRAFT.value:
        raise Invalid("key", "Ce formulaire a déjà été envoyé.")
    referral_id = found.id if found is not None else start_row(session, viewer, key, now)
    version = 1 + (
        session.execute(select(ReferralDraft.version).where(ReferralDraft.referral_id == referral_id)).scalar() or 0
    )
    block_key = new_block_key()
    values = {
        "version": version,
        "ciphertext": encrypt(block_key, plain, aad=_aad(referral_id, version)),
        "sealed_key": seal(block_key, public),
        "updated_at": now,
        "expires_at": now + DRAFT_LIFE,
    }
    if version == 1:
        add_row(session, ReferralDraft, referral_id=referral_id, **values)
    else:
        session.execute(update(ReferralDraft).where(ReferralDraft.referral_id == referral_id).values(**values))
    return SavedDraft(key, version, now, now + DRAFT_LIFE)


def open_draft(session: Session, keyring: Keyring, viewer: Viewer, key: str, now: datetime) -> Draft | None:
    """The author's own draft of that form, or None (sent, expired, someone else's, never saved)."""
    return _open(session, keyring, viewer, now, Referral.idempotency_key == key)


def latest_draft(session: Session, keyring: Keyring, viewer: Viewer, now: datetime) -> Draft | None:
    """The author's most recent draft, or None."""
    return _open(session, keyring, viewer, now, ReferralDraft.expires_at > now)


def _open(session: Session, keyring: Keyring, viewer: Viewer, now: datetime, condition: Any) -> Draft | None:
    organisation_id, user_id = sending(viewer)
    row = session.execute(
        select(ReferralDraft.__table__, Referral.idempotency_key, Organisation.wrapped_private_key)
        .join(Referral, Referral.id == ReferralDraft.referral_id)
        .join(Organisation, Organisation.id == Referral.origin_id)
        .where(
            Referral.origin_id == organisation_id,
            Referral.sender_user_id == user_id,
            Referral.state == State.DRAFT.value,
            ReferralDraft.expires_at > now,
            condition,
        )
        .order_by(ReferralDraft.updated_at.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    key = unseal(row.sealed_key, keyring.open_private(row.wrapped_private_key, organisation_id))
    plain = decrypt(key, row.ciphertext, aad=_aad(row.referral_id, row.version))
    return Draft(row.idempotency_key, row.version, row.updated_at, row.expires_at, json.loads(plain))


def discard_draft(session: Session, viewer: Viewer, key: str, now: datetime) -> None:
    """Throw the draft away, content and row; also when a form stops because of danger or age."""
    organisation_id, user_id = sending(viewer)
    found = find_by_key(session, organisation_id, key)
    if found is None or found.state != State.DRAFT.value or found.sender_user_id != user_id:
        return
    erase_drafts(session, [(found.id, found.case_id)])


def erase_drafts(session: Session, drafts: list[tuple[UUID, UUID]]) -> None:
    """Delete drafts and their empty cases: nothing was ever sent, nothing stays."""
    options = {"synchronize_session": False}
    referrals, cases = [one[0] for one in drafts], [one[1] for one in drafts]
    session.execute(delete(ReferralDraft).where(ReferralDraft.referral_id.in_(referrals)), execution_options=options)
    session.execute(delete(Referral).where(Referral.id.in_(referrals)), execution_options=options)
    others = select(Referral.case_id).where(Referral.case_id.in_(cases))
    session.execute(
        delete(ReferralCase).where(ReferralCase.id.in_(cases), ReferralCase.id.not_in(others)),
        execution_options=options,
    )


def _aad(referral_id: UUID, version: int) -> Aad:
    return Aad("referral_drafts", referral_id, "ciphertext", version)
