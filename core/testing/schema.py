"""The schema straight from the models, for the time between a change of a model and its revision."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from core.kernel import migrations

_HANDMADE = re.compile(r"^((?!DROP_)(?:[A-Z]+_)?(?:TRIGGERS|DDL))\b[^=\n]*=", re.MULTILINE)


def handmade(dialect: str) -> Iterator[str]:
    """Every statement the features export for what SQLAlchemy cannot say (`TRIGGERS`, `SEARCH_DDL`), in layer order."""
    order = ("kernel", "access", "journal", "directory", "accounts", "consent", "referrals", "committees", "reports")
    for feature in order:
        for source in sorted((migrations.ROOT / migrations.CORE / feature).rglob("*.py")):
            for name in _HANDMADE.findall(source.read_text(encoding="utf-8")):
                module = importlib.import_module(
                    ".".join(source.relative_to(migrations.ROOT).with_suffix("").parts).removesuffix(".__init__")
                )
                statements: Mapping[str, Sequence[str] | str] = getattr(module, name)
                chosen = statements[dialect]
                yield from (chosen,) if isinstance(chosen, str) else chosen


def create_schema(url: str) -> None:
    """Create every mapped table of core and of the plugins on disk, then the handmade statements."""
    metadata = migrations.import_models(migrations.plugin_labels())
    parsed = make_url(url)
    driver = "postgresql+psycopg" if parsed.get_backend_name() == "postgresql" else "sqlite"
    engine = create_engine(parsed.set(drivername=driver), poolclass=NullPool)
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
    engine.dispose()
