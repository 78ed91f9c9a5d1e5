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

#: Said this long before a session locks or ends (WCAG 2.2.1 asks for twenty seconds at least).
WARNING = timedelta(minutes=2)


def session_state(
    created_at: datetime,
    last_seen_at: datetime,
    ended_at: datetime | None,
    now: datetime,
    *,
    idle: timedelta,
    absolute: timedelta,
    locked_at: datetime | None = None,
) -> SessionState:
    """Idleness or its holder locks, absolute age ends (security S9: 15 min and 10 h by default)."""
    if ended_at is not None or now - created_at >= absolute:
        return SessionState.OVER
    locked = locked_at is not None or now - last_seen_at >= idle
    return SessionState.LOCKED if locked else SessionState.LIVE


def warns_before(idle: timedelta) -> timedelta:
    """How long before it locks a session says so (two minutes; less where the network sets a very short session)."""
    return min(WARNING, idle / 2)


def notes_activity(last_seen_at: datetime, now: datetime, idle: timedelta) -> bool:
    """Whether activity is written again: at most once a minute."""
    return now - last_seen_at >= min(TOUCH_EVERY, idle / 4)


#: Factors a person shows by herself on our own pages.
OWN_FACTORS = frozenset({"passkey", "totp", "recovery"})


def unlocks_with(*, factor: str | None, second_factor: bool, demo: bool) -> str:
    """What opens a locked session again: 'demo' (one click), 'factor', 'provider', or 'password' where none was used.

    A session that a factor opened is never opened again by a password alone (security S9).
    """
    if demo:
        return "demo"
    if second_factor and factor in OWN_FACTORS:
        return "factor"
    return "provider" if factor == "provider" else "password"


def initials(name: str) -> str:
    """« M. L. » of Maïka Lefebvre: enough for her, too little for a passer-by."""
    words = [word for word in name.replace("-", " ").split() if word[0].isalpha()]
    ends = words if len(words) < 2 else [words[0], words[-1]]
    return "\u00a0".join(f"{word[0].upper()}." for word in ends)


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
