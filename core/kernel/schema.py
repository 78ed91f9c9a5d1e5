"""The schema as the models tell it: every mapped table, and the statements SQLAlchemy has no words for."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

from sqlalchemy import Engine, MetaData
from sqlalchemy.exc import DBAPIError

from core.kernel.db import Base

ROOT = Path(__file__).resolve().parents[2]
CORE = "core"
PLUGINS = ROOT / "plugins"

_MAPPED = re.compile(r"^ +__tablename__\b", re.MULTILINE)
_HANDMADE = re.compile(r"^((?!DROP_)(?:[A-Z]+_)*(?:TRIGGERS|DDL))\b[^=\n]*=", re.MULTILINE)
_CREATED = re.compile(
    r"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(VIRTUAL\s+TABLE|TABLE|FUNCTION)\s+(?:IF\s+NOT\s+EXISTS\s+)?(\w+)", re.IGNORECASE
)
_ORDER = ("kernel", "access", "journal", "directory", "accounts", "consent", "referrals", "committees", "reports")


def import_models(plugins: Mapping[str, Path] | None = None) -> MetaData:
    """Import every module of core (and of the plugins on disk) that maps a table; returns the shared metadata."""
    _import_mapping(ROOT / CORE)
    for label in plugins or {}:
        for folder in (PLUGINS / label, PLUGINS / f"_{label}"):
            _import_mapping(folder)
    return Base.metadata


@cache
def _import_mapping(folder: Path) -> None:
    """Once in a process: to read 750 files for those that map takes 0.1 s, and a rotation of keys asks five times."""
    for source in sorted(folder.rglob("*.py")):
        tests = folder.parent == PLUGINS and "tests" in source.relative_to(folder).parts
        if not tests and _MAPPED.search(source.read_text(encoding="utf-8")):
            _module(source)


def handmade(dialect: str) -> Iterator[str]:
    """What the features export for what SQLAlchemy cannot say (`TRIGGERS`, `SEARCH_DDL`), lowest layer first.

    Each is `{"sqlite": (statement, …), "postgresql": (statement, …)}`, to be run once the tables exist.
    """
    seen: set[str] = set()
    for feature in _ORDER:
        for source in sorted((ROOT / CORE / feature).rglob("*.py")):
            for name in _HANDMADE.findall(source.read_text(encoding="utf-8")):
                statements: Mapping[str, Sequence[str] | str] = getattr(_module(source), name)
                chosen = statements[dialect]
                for statement in (chosen,) if isinstance(chosen, str) else chosen:
                    if statement not in seen:
                        seen.add(statement)
                        yield statement


def undone(statements: Sequence[str]) -> Iterator[str]:
    """What takes handmade statements back: triggers and indexes go with their tables, the rest is dropped by name."""
    for statement in reversed(statements):
        if made := _CREATED.match(statement):
            kind = "FUNCTION" if made.group(1).upper() == "FUNCTION" else "TABLE"
            yield f"DROP {kind} IF EXISTS {made.group(2)}"


def create_schema(engine: Engine, plugins: Mapping[str, Path] | None = None) -> None:
    """Create everything straight from the models, without a migration: what a migrated database is compared with."""
    metadata = import_models(plugins)
    with engine.begin() as connection:
        metadata.create_all(connection)
        for statement in handmade(connection.dialect.name):
            try:
                with connection.begin_nested():
                    connection.exec_driver_sql(statement)
            except DBAPIError as error:
                # A feature may also attach its statements to `create_all`; then they are there already
                if "already exists" not in str(error.orig):
                    raise


def _module(source: Path) -> ModuleType:
    return importlib.import_module(".".join(source.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
