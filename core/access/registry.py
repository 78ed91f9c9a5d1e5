"""Where each feature registers the rule of an action and, when lists need it, the rule's SQL twin.

Plugins may add restrictions to an action, never rights: a restriction that raises denies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement

from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import Role, Viewer

Rule = Callable[[Viewer, Any], Decision]
SqlTwin = Callable[[Viewer], ColumnElement[bool]]
#: (columns of the person, now) -> whether it is true of her: see `core.access.known`
FactSql = Callable[[Any, datetime], ColumnElement[bool]]


@dataclass
class Registry:
    """Rules, SQL twins and restrictions by action."""

    rules: dict[str, Rule] = field(default_factory=dict)
    twins: dict[str, SqlTwin] = field(default_factory=dict)
    restrictions: dict[str, list[Rule]] = field(default_factory=dict)
    restriction_twins: dict[str, list[SqlTwin]] = field(default_factory=dict)
    #: What plugins tell of a person when her session is read (`Viewer.known`), by code.
    facts: dict[str, FactSql] = field(default_factory=dict)
    #: Roles that hold each permission of the enabled plugins.
    plugin_roles: dict[str, frozenset[Role]] = field(default_factory=dict)

    def register_rule(self, action: str, rule: Rule) -> None:
        """Name the one function that decides `action`; a second one is a programming error."""
        if self.rules.get(action, rule) is not rule:
            raise ValueError(f"two rules for the action {action}")
        self.rules[action] = rule

    def register_sql(self, action: str, twin: SqlTwin) -> None:
        """Name the SQL form of the rule of `action`."""
        if self.twins.get(action, twin) is not twin:
            raise ValueError(f"two SQL twins for the action {action}")
        self.twins[action] = twin

    def restrict(self, action: str, rule: Rule, twin: SqlTwin | None = None) -> None:
        """Add a plugin's restriction to `action`: it may deny what the core allows, never the reverse."""
        self.restrictions.setdefault(action, []).append(rule)
        if twin is not None:
            self.restriction_twins.setdefault(action, []).append(twin)

    def forget_restrictions(self) -> None:
        """Drop every restriction: an application starts from those of its own enabled plugins."""
        self.restrictions.clear()
        self.restriction_twins.clear()
        self.facts.clear()

    def can(self, viewer: Viewer, action: str, facts: Any = None) -> Decision:
        """Decide: the core's rule, then every restriction; unknown actions and failing restrictions deny."""
        rule = self.rules.get(action)
        if rule is None:
            return deny("Action inconnue.", discoverable=False)
        decision = rule(viewer, facts)
        if not decision.allowed:
            return decision
        kept = self.restricted(viewer, action, facts)
        return kept if not kept.allowed else decision

    def restricted(self, viewer: Viewer, action: str, facts: Any = None) -> Decision:
        """What the restrictions alone say of an action or a permission. `facts` None: the permission itself."""
        for restriction in self.restrictions.get(action, ()):
            try:
                verdict = restriction(viewer, facts)
            except Exception:  # a failing security hook must close the door, whatever it raised
                return deny("Une vérification de sécurité a échoué.")
            if not verdict.allowed:
                return verdict
        return ALLOWED

    def visible(self, viewer: Viewer, action: str) -> ColumnElement[bool]:
        """SQL condition equal to `can` for every row, restrictions included."""
        condition = self.twins[action](viewer)
        for twin in self.restriction_twins.get(action, ()):
            condition = condition & twin(viewer)
        return condition


registry = Registry()
register_rule = registry.register_rule
register_sql = registry.register_sql


def can(viewer: Viewer, action: str, facts: Any = None) -> Decision:
    """`registry.can` of the running application."""
    return registry.can(viewer, action, facts)
