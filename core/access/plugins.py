"""Give plugins' permissions and restrictions to the registry: a permission is an action, a restriction is checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, false, true

from core.access.registry import Registry
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import Role, Viewer
from core.kernel.errors import StartupError

if TYPE_CHECKING:
    from core.kernel.hooks.manager import Hooks


def install_plugins(registry: Registry, hooks: Hooks) -> None:
    """Register plugins' permissions as actions, then their restrictions; replaces what an earlier call installed.

    Raises `StartupError` for a restriction on an action that doesn't exist (it would never restrict) or without
    the SQL form on an action used in lists (the list would show what the page refuses).
    """
    registry.forget_restrictions()
    registry.plugin_roles = dict(hooks.permission_roles())
    for permission, roles in hooks.permission_roles().items():
        registry.rules[permission] = _rule(roles)
        registry.twins[permission] = _twin(roles)
    for restriction in hooks.restrictions():
        where = f"{hooks.plugins_toml} : register_access_restrictions, « {restriction.action} »"
        if restriction.action not in registry.rules:
            raise StartupError(
                f"{where} : cette action n’existe pas : rien ne serait restreint. Remède : corrigez son nom."
            )
        if restriction.sql is None and restriction.action in registry.twins:
            raise StartupError(
                f"{where} : la forme SQL manque, les listes montreraient ce que la page refuse. Remède : donnez sql=."
            )
        registry.restrict(restriction.action, restriction.rule, restriction.sql)
    for fact in hooks.viewer_facts():
        registry.facts[fact.code] = fact.sql


def _rule(roles: frozenset[Role]) -> Any:
    def holds(viewer: Viewer, _facts: Any) -> Decision:
        return ALLOWED if viewer.roles & roles else deny("Votre rôle ne permet pas cette action.", discoverable=False)

    return holds


def _twin(roles: frozenset[Role]) -> Any:
    def rows(viewer: Viewer) -> ColumnElement[bool]:
        return true() if viewer.roles & roles else false()

    return rows
