"""Pure rules of accounts: standard library only, time and durations are passed in."""

from core.accounts.rules.detours import STEP_UP_LASTS, first_detour
from core.accounts.rules.passwords import SHORTEST_PASSWORD
from core.accounts.rules.sessions import RETENTION, TOUCH_EVERY, SessionState, device_label, local_path, session_state
from core.accounts.rules.throttles import (
    FOLLOW_WINDOWS,
    SIGN_IN_WINDOWS,
    WITHDRAWAL_WINDOWS,
    Window,
    address_prefix,
)

__all__ = [
    "FOLLOW_WINDOWS",
    "RETENTION",
    "SHORTEST_PASSWORD",
    "SIGN_IN_WINDOWS",
    "STEP_UP_LASTS",
    "TOUCH_EVERY",
    "WITHDRAWAL_WINDOWS",
    "SessionState",
    "Window",
    "address_prefix",
    "device_label",
    "first_detour",
    "local_path",
    "session_state",
]
