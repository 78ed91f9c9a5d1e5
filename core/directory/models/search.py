"""What the search reads. One document per service and tier, so that partners' words never answer a visitor.

On SQLite the words live in an FTS5 table made by hand (`SEARCH_DDL`) whose rowid is the document's; on PostgreSQL in
the document's own `tsvector`. Confidential services have no document at all.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped

from core.directory.models.columns import codes, owned_by
from core.directory.rules.words import Tier
from core.kernel.db import Base, internal

#: `prefix` keeps an index of the first letters, so that a word being typed answers as fast as a whole one.
SEARCH_DDL: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        """CREATE VIRTUAL TABLE IF NOT EXISTS directory_search
        USING fts5(title, terms, body, scope, tokenize = 'unicode61', prefix = '2 3 4')""",
    ),
    "postgresql": (),
}
DROP_SEARCH_DDL: Mapping[str, tuple[str, ...]] = {
    "sqlite": ("DROP TABLE IF EXISTS directory_search",),
    "postgresql": (),
}


class SearchDocument(Base):
    """The words of a service for one tier. `document` is empty on SQLite, where the FTS5 table holds them."""

    __tablename__ = "directory_documents"
    __table_args__ = (
        UniqueConstraint("service_id", "tier"),
        codes("tier", Tier, "tier_code", without=frozenset({Tier.CONFIDENTIAL.value})),
        Index("ix_directory_documents_document", "document", postgresql_using="gin"),
    )

    id: Mapped[int] = internal(Integer, primary_key=True, autoincrement=True)
    service_id: Mapped[UUID] = internal(Uuid, owned_by("services.id"))
    tier: Mapped[str] = internal(String(20))
    document: Mapped[str | None] = internal(Text().with_variant(TSVECTOR(), "postgresql"))


class SearchWord(Base):
    """The vocabulary of a tier, against which a mistyped word is corrected. Tiers never mix: a correction speaks."""

    __tablename__ = "directory_words"

    tier: Mapped[str] = internal(String(20), primary_key=True)
    word: Mapped[str] = internal(String(60), primary_key=True)


class SearchState(Base):
    """One row, changed at each indexing: processes keep the vocabulary in memory under its version."""

    __tablename__ = "directory_search_state"

    id: Mapped[int] = internal(Integer, primary_key=True, autoincrement=False)
    version: Mapped[str] = internal(String(32))
