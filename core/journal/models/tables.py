"""The journal's tables. Every stored byte is covered by a hash or recomputed by the verification.

Keys are natural (chain, position): a random identifier would be a byte nobody vouches for. On SQLite the tables are
WITHOUT ROWID, so that a row exists once and not also in a copy that reads could take instead.
"""

from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, event
from sqlalchemy.orm import Mapped, Mapper, ORMExecuteState, Session

from core.kernel.db import Base, internal

_ONE_COPY = {"sqlite_with_rowid": False}


class AppendOnly(Exception):
    """Somebody tried to change or delete what the journal holds."""


class JournalEntry(Base):
    """One recorded act. `line` is the canonical JSON; the columns before it repeat what look-ups need."""

    __tablename__ = "journal_entries"
    __table_args__ = (Index("ix_journal_entries_organisation", "organisation", "at"), _ONE_COPY)

    chain: Mapped[str] = internal(String(60), primary_key=True)
    position: Mapped[int] = internal(BigInteger, primary_key=True, autoincrement=False)
    organisation: Mapped[str] = internal(String(36), nullable=False)
    at: Mapped[str] = internal(String(27), nullable=False)
    line: Mapped[str] = internal(Text, nullable=False)
    hash: Mapped[bytes] = internal(LargeBinary(32), nullable=False)


class JournalHead(Base):
    """The last entry of a chain. Its row is the lock that orders reads, transitions and withdrawals of a case."""

    __tablename__ = "journal_heads"
    __table_args__ = (_ONE_COPY,)

    chain: Mapped[str] = internal(String(60), primary_key=True)
    position: Mapped[int] = internal(BigInteger, nullable=False)
    hash: Mapped[bytes] = internal(LargeBinary(32), nullable=False)


class JournalRoot(Base):
    """A signed statement of where the chains were. Roots are chained too; a partner keeps one as a witness."""

    __tablename__ = "journal_roots"
    __table_args__ = (_ONE_COPY,)

    position: Mapped[int] = internal(BigInteger, primary_key=True, autoincrement=False)
    line: Mapped[str] = internal(Text, nullable=False)
    hash: Mapped[bytes] = internal(LargeBinary(32), nullable=False)
    signature: Mapped[bytes] = internal(LargeBinary(64), nullable=False)


class JournalSealed(Base):
    """How far each chain is under a root. Apart from the heads, so that sealing never waits for nor delays a case."""

    __tablename__ = "journal_sealed"
    __table_args__ = (_ONE_COPY,)

    chain: Mapped[str] = internal(String(60), primary_key=True)
    position: Mapped[int] = internal(BigInteger, nullable=False)


def _refuse(_mapper: Mapper[Any], _connection: Any, _target: Any) -> None:
    raise AppendOnly("the journal is append-only")


def _refuse_statement(state: ORMExecuteState) -> None:
    mapper = state.bind_mapper
    if (state.is_update or state.is_delete) and mapper is not None and mapper.class_ in (JournalEntry, JournalRoot):
        raise AppendOnly("the journal is append-only")


for _model in (JournalEntry, JournalRoot):
    event.listen(_model, "before_update", _refuse)
    event.listen(_model, "before_delete", _refuse)
event.listen(Session, "do_orm_execute", _refuse_statement)
