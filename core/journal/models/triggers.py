"""Triggers that refuse to rewrite the journal, whatever program holds the connection.

They stop mistakes and a stolen application password. Who owns the database can drop them: the signed roots, one of
which partners hold, are what shows it then.
"""

from typing import Final

from sqlalchemy import DDL, event
from sqlalchemy.schema import ExecutableDDLElement

from core.kernel.db import Base

MESSAGE: Final = "the journal is append-only"
_KEYS: Final = {"journal_entries": ("chain", "position"), "journal_roots": ("position",)}
# Condition under which an update is refused; a table absent from here refuses every update.
_REFUSED_UPDATE: Final = {
    "journal_heads": "NEW.chain <> OLD.chain OR NEW.position <> OLD.position + 1",
    "journal_sealed": "NEW.chain <> OLD.chain OR NEW.position <= OLD.position",
}
TABLES: Final = ("journal_entries", "journal_heads", "journal_roots", "journal_sealed")


def _sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    when = f"WHEN {_REFUSED_UPDATE[table]} " if table in _REFUSED_UPDATE else ""
    statements = [
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {when}{refuse}",
    ]
    if keys := _KEYS.get(table):
        # INSERT OR REPLACE deletes without firing delete triggers.
        same = " AND ".join(f"{key} = NEW.{key}" for key in keys)
        statements.append(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
        )
    return statements


_FUNCTION: Final = (
    "CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'restrict_violation'; END $$"
)


def _postgresql(table: str) -> list[str]:
    when = f"WHEN ({_REFUSED_UPDATE[table]}) " if table in _REFUSED_UPDATE else ""
    refuse = "EXECUTE FUNCTION journal_refuse()"
    return [
        _FUNCTION,
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}",
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW {when}{refuse}",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {refuse}",
    ]


#: For migrations, after the tables exist: {dialect: statements in order}.
TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(statement for table in TABLES for statement in _sqlite(table)),
    "postgresql": tuple(statement for table in TABLES for statement in _postgresql(table)),
}
#: For the way down, after the tables (and their triggers with them) are dropped.
DROP_TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (),
    "postgresql": ("DROP FUNCTION IF EXISTS journal_refuse()",),
}


def _attach() -> None:
    """Tables made by `create_all` (tests, tools) get the same triggers as migrated ones."""
    for table in TABLES:
        for dialect, statements in (("sqlite", _sqlite(table)), ("postgresql", _postgresql(table))):
            for statement in statements:
                ddl: ExecutableDDLElement = DDL(statement)  # type: ignore[no-untyped-call]
                event.listen(Base.metadata.tables[table], "after_create", ddl.execute_if(dialect=dialect))
