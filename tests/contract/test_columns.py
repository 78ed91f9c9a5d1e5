"""Every mapped column says how private it is, and what is private is never readable in the database."""

from __future__ import annotations

from sqlalchemy import LargeBinary
from sqlalchemy.orm import RelationshipProperty

from core.kernel.db import Base
from core.kernel.migrations import plugin_labels
from core.kernel.schema import import_models

#: Internal texts without a length, each read and found to hold nothing about a woman
LONG_INTERNAL_TEXTS = {
    "agreements.text_en",  # the network's own agreements, word for word as they were accepted
    "agreements.text_fr",
    "directory_documents.document",  # what the search reads of the directory
    "directory_edits.new_value",  # the directory tells of services, never of a person
    "directory_edits.old_value",
    "journal_entries.line",  # codes and salted commitments, in canonical JSON
    "journal_roots.line",
    "report_texts.text",  # words around suppressed figures, read by a second look before they are adopted
}
CLASSES = {"public", "internal", "personal"}


def tables() -> list:
    import_models(plugin_labels())
    return [
        table
        for table in Base.metadata.sorted_tables
        if not table.info.get("test") and not table.name.startswith(("kernel_notes",))
    ]


def test_there_are_tables_of_every_class() -> None:
    """A guard of the guard: the walk below really sees the models."""
    found = {column.info.get("class") for table in tables() for column in table.columns}
    assert found >= CLASSES
    assert len(tables()) > 10


def test_every_column_declares_its_class() -> None:
    wrong = [str(column) for table in tables() for column in table.columns if column.info.get("class") not in CLASSES]
    assert wrong == []


def test_a_personal_column_holds_ciphertext_only() -> None:
    wrong = [
        f"{column}: {column.type}"
        for table in tables()
        for column in table.columns
        if column.info.get("class") == "personal" and not isinstance(column.type, LargeBinary)
    ]
    assert wrong == []


def test_no_free_text_hides_in_an_internal_column() -> None:
    """A text without a length is where a narrative would land: internal text is a code, a name or a date, and short."""
    found = {
        str(column)
        for table in tables()
        for column in table.columns
        if column.info.get("class") == "internal" and column.type.__class__.__name__ in {"Text", "UnicodeText"}
    }
    assert found == LONG_INTERNAL_TEXTS, "shorten it, seal it, or say in LONG_INTERNAL_TEXTS why no woman is in it"


def test_every_relationship_refuses_to_load_by_itself() -> None:
    """`lazy="raise"`: a template or a loop never issues a query nobody sees."""
    import_models(plugin_labels())
    wrong = [
        str(prop)
        for mapper in Base.registry.mappers
        for prop in mapper.attrs
        if isinstance(prop, RelationshipProperty) and prop.lazy != "raise"
    ]
    assert wrong == []


def test_every_primary_key_is_named_and_every_foreign_key_is_indexed_by_something() -> None:
    """Constraints without a name cannot be migrated on SQLite."""
    wrong = [
        f"{table.name}: {constraint}"
        for table in tables()
        for constraint in table.constraints
        if constraint.name is None and len(list(constraint.columns))
    ]
    assert wrong == []
