"""Who holds a permission, and attempts counted."""

from __future__ import annotations

from core.accounts.queries.holders import PermissionHolder, holders_of
from core.accounts.rules import Window, address_prefix
from core.accounts.services import too_many

__all__ = [
    "PermissionHolder",
    "Window",
    "address_prefix",
    "holders_of",
    "too_many",
]
