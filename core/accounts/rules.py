"""Sessions and throttles: pure decisions, durations passed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network


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


@dataclass(frozen=True)
class Window:
    """At most `limit` attempts per `length`."""

    limit: int
    length: timedelta


#: Sign-in attempts: per address, per account, and for everyone (security S13). Whoever asks comes first: an address
#: that is full locks no account, and neither fills what everyone shares.
SIGN_IN_WINDOWS = {
    "address": Window(40, timedelta(minutes=15)),
    "account": Window(8, timedelta(minutes=15)),
    "everyone": Window(600, timedelta(minutes=5)),
}
#: The public follow page: few people type a code by hand (network rules §4 *Herself*). Her word is a common one: by the
#: day too, wrong words on one code are few; the right one clears them.
FOLLOW_WINDOWS = {
    "address": Window(20, timedelta(minutes=15)),
    "code": Window(10, timedelta(minutes=15)),
    "code_by_day": Window(20, timedelta(hours=24)),
    "everyone": Window(300, timedelta(minutes=5)),
}
#: Withdrawing with her, by code alone: there is no word to guess, so a code itself is never slowed for long.
WITHDRAWAL_WINDOWS = {
    "person": Window(20, timedelta(minutes=15)),
    "code": Window(10, timedelta(minutes=15)),
    "everyone": Window(300, timedelta(minutes=5)),
}


def address_prefix(address: str) -> str:
    """IPv4 /24 or IPv6 /48: enough to slow a machine down, too little to single a person out."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    length = 24 if parsed.version == 4 else 48
    return str(ip_network((parsed, length), strict=False).network_address)


def local_path(typed: str) -> str:
    """`typed` if it is a path of this site, else the home page: a form never sends anybody to another site."""
    inside = typed.startswith("/") and not typed.startswith("//") and "\\" not in typed and typed.isprintable()
    return typed if inside else "/"


#: A password typed by hand, without a second factor yet: length is what protects it.
SHORTEST_PASSWORD = 12


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
