"""Blocks, their keys and their seals: written, opened, moved to another organisation, kept in escrow, destroyed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Select, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from core.directory.models import Organisation
from core.directory.services.keys import sealing_key
from core.kernel.crypto import Aad, Keyring, PrivateKey, decrypt, encrypt, new_block_key, seal, unseal
from core.kernel.db import new_id, prepared, table_of
from core.kernel.errors import DomainError
from core.referrals.models import BlockSeal, EscrowSeal, ReferralBlock, ReferralCase, ReferralEntry
from core.referrals.services.loading import Offer, Party

Content = Mapping[str, str | list[str]]


class NoKey(DomainError):
    """An organisation has no key pair yet: nothing can be sealed to it."""

    status = 409
    message = "Cet organisme ne peut pas encore recevoir de référence ici."


@dataclass(frozen=True)
class OpenBlock:
    """A block whose key is in hand, in this transaction only."""

    id: UUID
    kind: str
    version: int
    key: bytes = field(repr=False)
    content: dict[str, str | list[str]] = field(repr=False)


def public_of(session: Session, party: Party) -> bytes:
    """The organisation's public key as it is now, held until commit. Raises `NoKey`."""
    public = sealing_key(session, party.id)
    if public is None:
        raise NoKey
    return public


def _private(keyring: Keyring, wrapped: bytes | None, party: Party) -> PrivateKey:
    """The private key, read in the same statement as the seals it opens: a change of keys moves them together."""
    if wrapped is None:
        raise NoKey
    return keyring.open_private(wrapped, party.id)


def block_aad(block_id: UUID, version: int) -> Aad:
    """Where a block's ciphertext belongs."""
    return Aad("referral_blocks", block_id, "ciphertext", version)


def entry_aad(entry_id: UUID) -> Aad:
    """Where an entry's words belong."""
    return Aad("referral_entries", entry_id, "ciphertext", 1)


def write_blocks(
    session: Session,
    referral_id: UUID,
    contents: Mapping[str, Content],
    *,
    holders: Sequence[Party],
    escrow: bytes | None = None,
) -> None:
    """Encrypt each block under its own key and seal the key to each holder, or to the case's escrow key."""
    blocks, seals, escrowed = [], [], []
    publics = {holder.id: public_of(session, holder) for holder in holders}
    for kind, content in contents.items():
        block_id, key = new_id(), new_block_key()
        ciphertext = encrypt(key, _plain(content), aad=block_aad(block_id, 1))
        blocks.append(
            {"id": block_id, "referral_id": referral_id, "kind": kind, "version": 1, "ciphertext": ciphertext}
        )
        for holder in holders:
            seals.append(
                {"block_id": block_id, "organisation_id": holder.id, "sealed_key": seal(key, publics[holder.id])}
            )
        if escrow is not None:
            escrowed.append(
                {"id": new_id(), "block_id": block_id, "organisation_id": None, "sealed_key": seal(key, escrow)}
            )
    if blocks:
        session.execute(insert(ReferralBlock), blocks)
    if seals:
        session.execute(insert(BlockSeal), seals)
    if escrowed:
        session.execute(insert(EscrowSeal), escrowed)


def open_blocks(
    session: Session, keyring: Keyring, referral_id: UUID, party: Party, kinds: Collection[str]
) -> dict[str, OpenBlock]:
    """The blocks of these kinds that have a seal of this organisation, opened. One statement."""
    rows = session.execute(*_sealed_blocks(referral_id, sorted(kinds), party.id)).all()
    if not rows:
        return {}
    private = _private(keyring, rows[0].wrapped_private_key, party)
    return {row.kind: _opened(row, unseal(row.sealed_key, private)) for row in rows}


@prepared
def _sealed_blocks(referral_id: UUID, kinds: list[str], organisation_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(
            ReferralBlock.id,
            ReferralBlock.kind,
            ReferralBlock.version,
            ReferralBlock.ciphertext,
            BlockSeal.sealed_key,
            Organisation.wrapped_private_key,
        )
        .join(BlockSeal, BlockSeal.block_id == ReferralBlock.id)
        .join(Organisation, Organisation.id == BlockSeal.organisation_id)
        .where(
            ReferralBlock.referral_id == referral_id,
            ReferralBlock.kind.in_(kinds),
            BlockSeal.organisation_id == organisation_id,
        )
    )


def open_escrowed(session: Session, keyring: Keyring, offer: Offer, kind: str) -> OpenBlock | None:
    """A block that waits in escrow for the receiver's acceptance; used on her own word only, to change what is hers."""
    row = session.execute(
        select(
            ReferralBlock.id,
            ReferralBlock.kind,
            ReferralBlock.version,
            ReferralBlock.ciphertext,
            EscrowSeal.sealed_key,
        )
        .join(EscrowSeal, EscrowSeal.block_id == ReferralBlock.id)
        .where(
            ReferralBlock.referral_id == offer.id,
            ReferralBlock.kind == kind,
            EscrowSeal.organisation_id.is_(None),
        )
    ).first()
    if row is None:
        return None
    return _opened(row, unseal(row.sealed_key, keyring.open_private(offer.row.escrow_wrapped, offer.case_id)))


def _opened(row: Any, key: bytes) -> OpenBlock:
    plain = decrypt(key, row.ciphertext, aad=block_aad(row.id, row.version))
    return OpenBlock(row.id, row.kind, row.version, key, json.loads(plain))


def rewrite_block(session: Session, block: OpenBlock, content: Content) -> int:
    """Replace a block's content under the same key, bound to its next version. Returns that version."""
    version = block.version + 1
    session.execute(
        update(ReferralBlock)
        .where(ReferralBlock.id == block.id, ReferralBlock.version == block.version)
        .values(version=version, ciphertext=encrypt(block.key, _plain(content), aad=block_aad(block.id, version)))
    )
    return version


def reseal_to_receiver(session: Session, keyring: Keyring, offer: Offer, kinds: Collection[str]) -> None:
    """Acceptance: the consented blocks open for the receiver; every other block, and every seal of the sender, go.

    Done with the sender's private key (or the case's escrow key), unwrapped inside this transaction and nowhere else.
    """
    assert offer.recipient is not None
    keys = _keys_before_acceptance(session, keyring, offer)
    public = public_of(session, offer.recipient)
    wanted = [block_id for block_id, (kind, _) in keys.items() if kind in kinds]
    dropped = [block_id for block_id in keys if block_id not in wanted]
    session.execute(
        delete(BlockSeal).where(BlockSeal.block_id.in_(list(keys)), BlockSeal.organisation_id != offer.recipient.id),
        execution_options={"synchronize_session": False},
    )
    if offer.entered_for_sender:
        session.execute(
            delete(EscrowSeal).where(EscrowSeal.block_id.in_(list(keys))),
            execution_options={"synchronize_session": False},
        )
    if wanted:
        session.execute(
            insert(BlockSeal),
            [
                {"block_id": one, "organisation_id": offer.recipient.id, "sealed_key": seal(keys[one][1], public)}
                for one in wanted
            ],
        )
    thread = [block_id for block_id, (kind, _) in keys.items() if kind == "thread"]
    unread = [block_id for block_id in dropped if block_id not in thread]
    if unread:
        session.execute(
            delete(ReferralBlock).where(ReferralBlock.id.in_(unread)), execution_options={"synchronize_session": False}
        )


def _keys_before_acceptance(session: Session, keyring: Keyring, offer: Offer) -> dict[UUID, tuple[str, bytes]]:
    """Block → (kind, key), through the sender's seals or the escrow. The thread is already the receiver's: no key."""
    rows: Sequence[Any]
    if offer.entered_for_sender:
        rows = session.execute(
            select(ReferralBlock.id, ReferralBlock.kind, EscrowSeal.sealed_key)
            .join(EscrowSeal, EscrowSeal.block_id == ReferralBlock.id)
            .where(ReferralBlock.referral_id == offer.id, EscrowSeal.organisation_id.is_(None))
        ).all()
        private = keyring.open_private(offer.row.escrow_wrapped, offer.case_id) if rows else None
    else:
        assert offer.sender is not None
        rows = session.execute(
            select(ReferralBlock.id, ReferralBlock.kind, BlockSeal.sealed_key, Organisation.wrapped_private_key)
            .join(BlockSeal, BlockSeal.block_id == ReferralBlock.id)
            .join(Organisation, Organisation.id == BlockSeal.organisation_id)
            .where(ReferralBlock.referral_id == offer.id, BlockSeal.organisation_id == offer.sender.id)
        ).all()
        private = _private(keyring, rows[0].wrapped_private_key, offer.sender) if rows else None
    if private is None:
        return {}
    return {row.id: (row.kind, b"" if row.kind == "thread" else unseal(row.sealed_key, private)) for row in rows}


def destroy_content(session: Session, referral_ids: Sequence[UUID]) -> None:
    """Shred: seals first, then entries' words and blocks. What stays cannot be opened by anyone.

    The codes a correction replaced go too: they say what the preview said, and the preview is erased.
    """
    of = {"of": list(referral_ids)}
    for gone in _SHRED:
        session.execute(gone, of)
    session.execute(_NO_WORDS, {**of, "ciphertext": None, "block_id": None})
    session.execute(_NO_BLOCKS, of)
    _forget_corrections(session, referral_ids)


_ENTRIES, _BLOCKS = table_of(ReferralEntry), table_of(ReferralBlock)
_OF: BindParameter[UUID] = bindparam("of", expanding=True)
_SHRED = tuple(
    delete(seals).where(seals.c.block_id.in_(select(_BLOCKS.c.id).where(_BLOCKS.c.referral_id.in_(_OF))))
    for seals in (table_of(BlockSeal), table_of(EscrowSeal))
)
_NO_WORDS = update(_ENTRIES).where(_ENTRIES.c.referral_id.in_(_OF))
_NO_BLOCKS = delete(_BLOCKS).where(_BLOCKS.c.referral_id.in_(_OF))


@prepared
def _corrections(referral_ids: list[UUID]) -> Select[*tuple[Any, ...]]:
    amended = _ENTRIES.c.kind == "amended"
    return select(_ENTRIES.c.id, _ENTRIES.c.codes).where(_ENTRIES.c.referral_id.in_(referral_ids), amended)


def _forget_corrections(session: Session, referral_ids: Sequence[UUID]) -> None:
    """The history keeps that the preview was corrected; what it said before and after goes with the preview."""
    for row in session.execute(*_corrections(list(referral_ids))).all():
        kept = {name: value for name, value in row.codes.items() if name not in ("old", "new")}
        if len(kept) < len(row.codes):
            session.execute(update(_ENTRIES).where(_ENTRIES.c.id == row.id).values(codes=kept))


def ensure_escrow(session: Session, keyring: Keyring, case_id: UUID) -> bytes:
    """The public escrow key of the case, made if need be."""
    public = session.execute(select(ReferralCase.escrow_public).where(ReferralCase.id == case_id)).scalar()
    if public is not None:
        return bytes(public)
    pair = keyring.new_organisation_keypair(case_id)
    session.execute(
        update(ReferralCase)
        .where(ReferralCase.id == case_id)
        .values(escrow_public=pair.public, escrow_wrapped=pair.wrapped_private)
    )
    return pair.public


def _plain(content: Content) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode()
