"""Plugins' functions that the core keeps and calls later, each made to fail on the safe side."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, false
from sqlalchemy.orm import Session

from core.kernel.hooks.contributions import Restriction, Subscriber, ViewerFact
from core.kernel.hooks.isolation import write_isolated
from core.kernel.log import get_logger

if TYPE_CHECKING:
    from core.access.rules import Decision
    from core.access.viewer import Viewer

SUBSCRIBER_SECONDS = 10.0


def guarded_subscriber(plugin: str, one: Subscriber) -> Callable[[Session, Any, Any], None]:
    """In a savepoint with a statement timeout; a failure is raised, and tried again by the dispatcher."""

    def run(session: Session, event: Any, house: Any) -> None:
        write_isolated(session, plugin, SUBSCRIBER_SECONDS, lambda: one.run(session, event, house))

    return run


def guarded_rule(plugin: str, one: Restriction) -> Callable[[Viewer, Any], Decision]:
    """The pure form. It raises rather than answer anything but a decision: `core.access.registry` then denies."""

    def rule(viewer: Viewer, facts: Any) -> Decision:
        try:
            decision = one.rule(viewer, facts)
            if type(getattr(decision, "allowed", None)) is not bool:
                raise TypeError(f"the restriction of {plugin} on {one.action} answered {type(decision).__name__}")
        except Exception as error:
            log_failure(plugin, f"restriction:{one.action}", error)
            raise
        return decision

    return rule


def guarded_sql(plugin: str, one: Restriction) -> Callable[[Viewer], ColumnElement[bool]]:
    """The SQL form: whatever fails lets no row through."""

    def sql(viewer: Viewer) -> ColumnElement[bool]:
        assert one.sql is not None
        try:
            condition = one.sql(viewer)
            if not isinstance(condition, ColumnElement):
                raise TypeError(f"the restriction of {plugin} on {one.action} gave {type(condition).__name__}")
        except Exception as error:
            log_failure(plugin, f"restriction:{one.action}", error)
            return false()
        return condition

    return sql


def guarded_fact(plugin: str, one: ViewerFact) -> Callable[[Any, datetime], ColumnElement[bool]]:
    """Whatever fails is not true of anybody: signing in goes on, and what needs the fact is denied."""

    def sql(person: Any, now: datetime) -> ColumnElement[bool]:
        try:
            condition = one.sql(person, now)
            if not isinstance(condition, ColumnElement):
                raise TypeError(f"the fact {one.code} of {plugin} gave {type(condition).__name__}")
        except Exception as error:
            log_failure(plugin, f"fact:{one.code}", error)
            return false()
        return condition

    return sql


def log_failure(plugin: str, hook: str, error: Exception | None) -> None:
    """Codes only: the error's text may quote what a person typed."""
    get_logger("core.kernel.hooks").error("plugin_failed", plugin=plugin, hook=hook, error=type(error).__name__)
