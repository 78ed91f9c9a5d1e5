"""Pure rules of accounts: standard library only, time and durations are passed in."""

from core.accounts.rules.agreements import CONDUCT, PARTNERSHIP, TITLES, Block, read_blocks, still_to_accept
from core.accounts.rules.detours import STEP_UP_LASTS, first_detour
from core.accounts.rules.passwords import SHORTEST_PASSWORD, is_common
from core.accounts.rules.sessions import (
    RETENTION,
    TOUCH_EVERY,
    SessionState,
    device_label,
    initials,
    local_path,
    notes_activity,
    session_state,
    unlocks_with,
    warns_before,
)
from core.accounts.rules.throttles import (
    FOLLOW_WINDOWS,
    SIGN_IN_WINDOWS,
    UNLOCK_WINDOWS,
    WITHDRAWAL_WINDOWS,
    Window,
    address_prefix,
    mail_domain,
)

__all__ = [
    "CONDUCT",
    "FOLLOW_WINDOWS",
    "PARTNERSHIP",
    "RETENTION",
    "SHORTEST_PASSWORD",
    "SIGN_IN_WINDOWS",
    "STEP_UP_LASTS",
    "TITLES",
    "TOUCH_EVERY",
    "UNLOCK_WINDOWS",
    "WITHDRAWAL_WINDOWS",
    "Block",
    "SessionState",
    "Window",
    "address_prefix",
    "device_label",
    "first_detour",
    "initials",
    "is_common",
    "local_path",
    "mail_domain",
    "notes_activity",
    "read_blocks",
    "session_state",
    "still_to_accept",
    "unlocks_with",
    "warns_before",
]
