"""From a contribution to a part that a page shows: its context read apart, so that a failure takes only itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from core.kernel.hooks.contributions import Card, Panel, Part, ReportSection, ReportTable
from core.kernel.hooks.guards import log_failure
from core.kernel.hooks.isolation import read_isolated

Visible = Card | Panel | ReportSection


def resolve(plugin: str, hook: str, one: Visible, session: Session, seconds: float) -> Part | None:
    """The contribution with its context read, in its own savepoint when it reads. None: it has nothing to show."""
    part = Part(plugin, one.key, one.title, one.order, one.template)
    tables = one.tables if isinstance(one, ReportSection) else None

    def read() -> tuple[Mapping[str, object] | None, tuple[ReportTable, ...]]:
        context = one.context(session) if callable(one.context) else one.context
        if context is None:
            return None, ()
        return dict(context), tuple(tables(session)) if tables is not None else ()

    if not callable(one.context) and tables is None:
        return replace(part, context=dict(one.context))
    outcome = read_isolated(session, plugin, seconds, read)
    if outcome.value is None:
        log_failure(plugin, f"{hook}:{one.key}", outcome.error)
        return replace(part, available=False)
    context, figures = outcome.value
    if context is None:
        return None
    return replace(part, context=context, tables=figures)


def unavailable(plugin: str, title: str, hook: str) -> Part:
    """What stands on the page in place of a plugin that failed."""
    return Part(plugin, hook, title, 100, available=False)
