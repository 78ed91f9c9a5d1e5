"""Where files stay: in the database, each under a key of its own that the master key wraps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, String, delete, select, update
from sqlalchemy.orm import Mapped, Session

from core.kernel.crypto import Aad, Keyring, decrypt, encrypt, new_block_key
from core.kernel.db import Base, UtcDateTime, add_row, identifier, internal, new_id, sealed
from core.kernel.errors import Missing
from core.kernel.files.cleaning import CleanFile


class StoredFile(Base):
    """One file. What says to whom it belongs is the row that names its identifier."""

    __tablename__ = "stored_files"

    id: Mapped[UUID] = identifier()
    media_type: Mapped[str] = internal(String(40))
    size_bytes: Mapped[int] = internal(Integer)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    #: The key, wrapped; emptied when the file is shredded.
    key_sealed: Mapped[bytes] = sealed()
    name_sealed: Mapped[bytes] = sealed()
    content_sealed: Mapped[bytes] = sealed()


@dataclass(frozen=True)
class StoredFileView:
    """A file as a list shows it; `size_bytes` is that of the clean file."""

    id: UUID
    name: str
    media_type: str
    size_bytes: int
    created_at: datetime


def store_file(session: Session, keyring: Keyring, file: CleanFile, now: datetime) -> UUID:
    """Encrypt and keep a clean file; returns its identifier."""
    file_id, key = new_id(), new_block_key()
    add_row(
        session,
        StoredFile,
        id=file_id,
        media_type=file.media_type,
        size_bytes=len(file.content),
        created_at=now,
        key_sealed=keyring.protect(key, aad=_place(file_id, "key_sealed")),
        name_sealed=encrypt(key, file.name.encode(), aad=_place(file_id, "name_sealed")),
        content_sealed=encrypt(key, file.content, aad=_place(file_id, "content_sealed")),
    )
    return file_id


#: What `file_view` reads of a file.
FILE_COLUMNS = (
    StoredFile.id,
    StoredFile.media_type,
    StoredFile.size_bytes,
    StoredFile.created_at,
    StoredFile.key_sealed,
    StoredFile.name_sealed,
)


def file_facts(session: Session, keyring: Keyring, file_ids: list[UUID]) -> dict[UUID, StoredFileView]:
    """Name, type and size of these files, without their content. One statement."""
    rows = session.execute(select(*FILE_COLUMNS).where(StoredFile.id.in_(file_ids)))
    return {row.id: file_view(keyring, row) for row in rows}


def file_view(keyring: Keyring, row: Any) -> StoredFileView:
    """What a row of `FILE_COLUMNS` says, for a query that joins files to its own table."""
    name = decrypt(_key(keyring, row.id, row.key_sealed), row.name_sealed, aad=_place(row.id, "name_sealed"))
    return StoredFileView(row.id, name.decode(), row.media_type, row.size_bytes, row.created_at)


def read_file(session: Session, keyring: Keyring, file_id: UUID) -> CleanFile:
    """The file. Raises `Missing` when there is none (any more)."""
    row = session.execute(
        select(StoredFile.media_type, StoredFile.key_sealed, StoredFile.name_sealed, StoredFile.content_sealed).where(
            StoredFile.id == file_id
        )
    ).first()
    if row is None:
        raise Missing
    key = _key(keyring, file_id, row.key_sealed)
    return CleanFile(
        decrypt(key, row.name_sealed, aad=_place(file_id, "name_sealed")).decode(),
        row.media_type,
        decrypt(key, row.content_sealed, aad=_place(file_id, "content_sealed")),
    )


def shred_file(session: Session, file_id: UUID) -> None:
    """Destroy the key, then the row (security S25)."""
    session.execute(update(StoredFile).where(StoredFile.id == file_id).values(key_sealed=b""))
    session.execute(delete(StoredFile).where(StoredFile.id == file_id))


def renew_file_key(keyring: Keyring, file_id: UUID, key_sealed: bytes) -> bytes:
    """The same key under the newest master key (rotation); the content itself is not touched."""
    return keyring.reprotect(key_sealed, aad=_place(file_id, "key_sealed"))


def _key(keyring: Keyring, file_id: UUID, key_sealed: bytes) -> bytes:
    return keyring.reveal(key_sealed, aad=_place(file_id, "key_sealed"))


def _place(file_id: UUID, column: str) -> Aad:
    return Aad("stored_files", file_id, column, 1)
