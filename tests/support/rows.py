"""A row in every table, whatever the tables are: what a migration must not lose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import CheckConstraint, Column, Connection, Table, func, insert, inspect, select

_CODES = re.compile(r"^\W*(\w+)\W* IN \('([^']*)'", re.IGNORECASE)


def fill(connection: Connection, tables: Iterable[Table]) -> None:
    """Insert one row in each table, parents first; only the columns that cannot be empty are given.

    A parent that is not among them is one the database has already.
    """
    tables, numbers = list(tables), count(1)
    made: dict[str, dict[str, Any]] = {}
    for parent in {key.column.table for table in tables for key in table.foreign_keys} - set(tables):
        row = connection.execute(select(*parent.columns).limit(1)).first()
        if row is not None:
            made[parent.name] = dict(row._mapping)
    for table in tables:
        given: dict[str, Any] = {}
        for column in table.columns:
            if column.nullable or column.default is not None or column.server_default is not None:
                continue
            given[column.name] = _value(column, made, next(numbers))
        result = connection.execute(insert(table).values(given).returning(*table.columns))
        made[table.name] = dict(result.one()._mapping)


def counts(connection: Connection, tables: Iterable[Table]) -> dict[str, int]:
    """Table name -> number of rows, for the tables the database has."""
    present = set(inspect(connection).get_table_names())
    return {
        table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
        for table in tables
        if table.name in present
    }


def _value(column: Column[Any], made: dict[str, dict[str, Any]], number: int) -> Any:
    for constraint in column.table.constraints:
        found = _CODES.match(str(constraint.sqltext)) if isinstance(constraint, CheckConstraint) else None
        if found is not None and found.group(1) == column.name:
            return found.group(2)
    # A key of one column before one of several: the latter is not checked while another of its columns is empty
    for key in sorted(column.foreign_keys, key=lambda key: len(key.constraint.columns) if key.constraint else 1):
        parent = made.get(key.column.table.name)
        if parent is not None:
            return parent[key.column.name]
    kind = getattr(column.type, "impl", column.type)
    python = kind.python_type.__name__
    length = getattr(kind, "length", None)
    values: dict[str, Any] = {
        "UUID": uuid4(),
        "str": f"texte-{number}"[: length or None],
        "int": 1,
        "bool": False,
        "bytes": bytes([number % 256]) * min(length or 32, 32),
        "datetime": datetime(2026, 11, 24, 12, tzinfo=UTC) + timedelta(minutes=number),
        "date": date(2026, 11, 24),
        "time": time(9, 30),
        "object": [],
    }
    return values[python]
