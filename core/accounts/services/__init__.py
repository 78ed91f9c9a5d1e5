"""Writes about people, their sessions and attempts."""

from core.accounts.services.passwords import DECOY, HASHER, verify_password
from core.accounts.services.people import (
    RolesConflict,
    add_user,
    disable_user,
    email_lookup,
    normal_email,
    personal,
    read_personal,
    renew_personal,
)
from core.accounts.services.sessions import end_sessions, open_session, purge_accounts, token_hash, touch_session
from core.accounts.services.throttles import forget_attempts, too_many

__all__ = [
    "DECOY",
    "HASHER",
    "RolesConflict",
    "add_user",
    "disable_user",
    "email_lookup",
    "end_sessions",
    "forget_attempts",
    "normal_email",
    "open_session",
    "personal",
    "purge_accounts",
    "read_personal",
    "renew_personal",
    "token_hash",
    "too_many",
    "touch_session",
    "verify_password",
]
