"""What a session is worth now, and how a device is called: pure, durations passed in."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum


class SessionState(StrEnum):
    """What a session is worth now."""

    LIVE = "live"
    LOCKED = "locked"
    OVER = "over"


#: Sessions and throttle windows are forgotten after this (network retention table).
RETENTION = timedelta(hours=24)

#: `last_seen` is written at most once a minute: a page view must not cost a write each time.
TOUCH_EVERY = timedelta(minutes=1)


def session_state(
    created_at: datetime,
    last_seen_at: datetime,
    ended_at: datetime | None,
    now: datetime,
    *,
    idle: timedelta,
    absolute: timedelta,
) -> SessionState:
    """Idle locks, absolute age ends (security S9: 15 min and 10 h by default)."""
    if ended_at is not None or now - created_at >= absolute:
        return SessionState.OVER
    return SessionState.LOCKED if now - last_seen_at >= idle else SessionState.LIVE


def local_path(typed: str) -> str:
    """`typed` if it is a path of this site, else the home page: a form never sends anybody to another site."""
    inside = typed.startswith("/") and not typed.startswith("//") and "\\" not in typed and typed.isprintable()
    return typed if inside else "/"


def device_label(user_agent: str) -> str:
    """« Firefox sur Android »: enough to recognise one's own device, no fingerprint."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "Navigateur")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser}, {system}" if system else browser


_BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
