"""Who may do what: viewers, permissions, decisions."""

from __future__ import annotations

from core.access.assurance import require_second_factor
from core.access.permissions import PUBLIC, Permission, holds
from core.access.registry import can, registry
from core.access.rules import ALLOWED, Decision, deny
from core.access.viewer import ANONYMOUS, Role, Viewer

#: SQL condition on rows equal to `can()` for each of them, every restriction included.
visible = registry.visible

__all__ = [
    "ALLOWED",
    "ANONYMOUS",
    "PUBLIC",
    "Decision",
    "Permission",
    "Role",
    "Viewer",
    "can",
    "deny",
    "holds",
    "require_second_factor",
    "visible",
]
