"""What Alembic runs for every command; the connection and its transaction come from core.kernel.migrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext

from core.kernel.db import UtcDateTime
from core.kernel.migrations import include_object, plugin_labels
from core.kernel.schema import CORE, import_models


def render_item(kind: str, value: Any, autogen: AutogenContext) -> str | Literal[False]:
    """A revision is frozen history: it names SQLAlchemy's types, never ours, which may change."""
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    """Run the command on the caller's connection, inside the caller's transaction."""
    attributes: Mapping[str, Any] = context.config.attributes
    connection: sa.Connection = attributes["connection"]
    packages = attributes["packages"]
    branches: Sequence[str] = attributes.get("branches", (CORE,))
    context.configure(
        connection=connection,
        target_metadata=import_models(plugin_labels(packages)) if "branches" in attributes else None,
        include_object=include_object(connection, branches, packages),
        render_item=render_item,
        transactional_ddl=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
