"""Permissions, and which role holds which. No role both administers and reads content (security S6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import partial
from typing import Any

from core.access.registry import register_rule, registry
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import Role, Viewer

PUBLIC = "public"


class Permission(StrEnum):
    """Every permission of the core, sorted. A plugin's are strings that bear its name: `<plugin>.<verb>`."""

    ACCOUNT_SELF = "account_self"
    ADMISSION_APPROVE = "admission_approve"
    CAPACITY_UPDATE = "capacity_update"
    COMMITTEE_MANAGE = "committee_manage"
    COMMITTEE_READ = "committee_read"
    COMMITTEE_VOTE = "committee_vote"
    CONSENT_WITHDRAW = "consent_withdraw"
    DIRECTORY_PROPOSE = "directory_propose"
    DIRECTORY_READ_PARTNERS = "directory_read_partners"
    HOURS_APPROVE = "hours_approve"
    HOURS_ENTER = "hours_enter"
    JOURNAL_READ = "journal_read"
    NETWORK_OVERSEE = "network_oversee"
    OPERATE = "operate"
    ORGANISATION_MANAGE = "organisation_manage"
    REFERRAL_READ = "referral_read"
    REFERRAL_RECEIVE = "referral_receive"
    REFERRAL_SEND = "referral_send"
    REPORT_NETWORK = "report_network"
    REPORT_OWN = "report_own"
    REPORT_READ = "report_read"
    REPORT_WRITE = "report_write"
    ROSTER_READ = "roster_read"


#: What reads or moves a woman's content.
CONTENT = frozenset({Permission.REFERRAL_READ, Permission.REFERRAL_RECEIVE, Permission.REFERRAL_SEND})
#: What administers people, organisations or the machine.
ADMINISTRATION = frozenset({Permission.ORGANISATION_MANAGE, Permission.NETWORK_OVERSEE, Permission.OPERATE})

_PARTNER = {Permission.ACCOUNT_SELF, Permission.DIRECTORY_READ_PARTNERS}
_FRONT_LINE = _PARTNER | {
    Permission.CAPACITY_UPDATE,
    Permission.CONSENT_WITHDRAW,
    Permission.DIRECTORY_PROPOSE,
    Permission.HOURS_ENTER,
    Permission.REFERRAL_READ,
    Permission.REFERRAL_RECEIVE,
    Permission.REFERRAL_SEND,
    Permission.ROSTER_READ,
}
_COMMITTEE = _PARTNER | {Permission.COMMITTEE_READ, Permission.COMMITTEE_VOTE, Permission.HOURS_ENTER}

ROLE_PERMISSIONS: Mapping[Role, frozenset[str]] = {
    Role.WORKER: frozenset(_FRONT_LINE),
    Role.INTAKE: frozenset(_FRONT_LINE),
    Role.ORGANISATION_ADMIN: frozenset(
        _PARTNER
        | {
            Permission.ADMISSION_APPROVE,
            Permission.CAPACITY_UPDATE,
            Permission.DIRECTORY_PROPOSE,
            Permission.HOURS_APPROVE,
            Permission.HOURS_ENTER,
            Permission.ORGANISATION_MANAGE,
            Permission.REPORT_OWN,
            Permission.REPORT_READ,
            Permission.ROSTER_READ,
        }
    ),
    Role.PRIVACY_OFFICER: frozenset(_PARTNER | {Permission.ADMISSION_APPROVE, Permission.JOURNAL_READ}),
    Role.COMMITTEE_MEMBER: frozenset(_COMMITTEE),
    Role.COMMITTEE_CHAIR: frozenset(_COMMITTEE | {Permission.REPORT_NETWORK, Permission.REPORT_READ}),
    Role.NETWORK_COORDINATION: frozenset(
        _PARTNER
        | {
            Permission.ADMISSION_APPROVE,
            Permission.COMMITTEE_MANAGE,
            Permission.COMMITTEE_READ,
            Permission.HOURS_ENTER,
            Permission.NETWORK_OVERSEE,
            Permission.REPORT_NETWORK,
            Permission.REPORT_READ,
            Permission.REPORT_WRITE,
        }
    ),
    Role.OPERATOR: frozenset({Permission.ACCOUNT_SELF, Permission.OPERATE}),
}


def permissions_of(roles: Iterable[Role], extra: Mapping[str, frozenset[Role]] | None = None) -> frozenset[str]:
    """Union of the permissions of `roles`; `extra` maps a plugin's permission to the roles that hold it."""
    held = set(roles)
    granted: set[str] = set()
    for role in held:
        granted |= ROLE_PERMISSIONS[role]
    for permission, by in (extra or {}).items():
        if held & by:
            granted.add(permission)
    return frozenset(granted)


def carries(viewer: Viewer, permission: str, extra: Mapping[str, frozenset[Role]] | None = None) -> bool:
    """Whether the viewer's roles carry `permission`, whatever restricts it; everyone carries PUBLIC."""
    if permission == PUBLIC or any(permission in ROLE_PERMISSIONS[role] for role in viewer.roles):
        return True
    return extra is not None and not viewer.roles.isdisjoint(extra.get(permission, ()))


def holding(viewer: Viewer, permission: str, extra: Mapping[str, frozenset[Role]] | None = None) -> Decision:
    """Whether the viewer holds `permission` today, and why not: her roles carry it, and no plugin's restriction on it
    takes it away (asked without facts: a restriction that depends on one thing lets the page open)."""
    if not carries(viewer, permission, extra):
        return deny("Votre rôle ne donne pas accès à cette page.")
    return registry.restricted(viewer, permission)


def holds(viewer: Viewer, permission: str, extra: Mapping[str, frozenset[Role]] | None = None) -> bool:
    """`holding`, as yes or no."""
    return holding(viewer, permission, extra).allowed


def _carried(permission: Permission, viewer: Viewer, _facts: Any) -> Decision:
    return ALLOWED if carries(viewer, permission) else deny("Votre rôle ne permet pas cette action.")


# Each permission of the core is an action too, as those of plugins are: `can(viewer, Permission.X, facts)` decides it
# for one thing, and a plugin may restrict it.
for _permission in Permission:
    register_rule(_permission.value, partial(_carried, _permission))
