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
from core.accounts.services.sessions import (
    end_other_sessions,
    end_sessions,
    lock_session,
    open_session,
    purge_accounts,
    rotate_session,
    token_hash,
    touch_session,
    unlock_session,
)
from core.accounts.services.throttles import forget_attempts, too_many

__all__ = [
    "DECOY",
    "HASHER",
    "RolesConflict",
    "add_user",
    "disable_user",
    "email_lookup",
    "end_other_sessions",
    "end_sessions",
    "forget_attempts",
    "lock_session",
    "normal_email",
    "open_session",
    "personal",
    "purge_accounts",
    "read_personal",
    "renew_personal",
    "rotate_session",
    "token_hash",
    "too_many",
    "touch_session",
    "unlock_session",
    "verify_password",
]
