"""A person's meetings, and what plugins add, as iCalendar (RFC 5545). Titles are neutral: strangers keep calendars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from icalendar import Calendar, Event

from core.kernel.clock import TORONTO

TITLES = {"fr": "Rencontre", "en": "Meeting"}
#: The domain of identifiers, which never change: the platform's address may.
DOMAIN = "arrimage"


@dataclass(frozen=True)
class FeedEvent:
    """One stretch of time. Instants are aware UTC; `sequence` grows with each change a calendar must learn."""

    id: UUID
    starts_at: datetime
    ends_at: datetime
    sequence: int
    cancelled: bool
    changed_at: datetime


def calendar_bytes(events: Iterable[FeedEvent], *, home: str, locale: str = "fr") -> bytes:
    """The feed, in local time with its VTIMEZONE. Nothing but when: not which committee, where, nor about what.

    `home` is the platform's home page: whoever wants to know more signs in.
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Arrimage//Rencontres//FR")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-timezone", str(TORONTO))
    for one in events:
        event = Event()
        event.add("uid", f"{one.id}@{DOMAIN}")
        event.add("summary", TITLES.get(locale, TITLES["fr"]))
        event.add("dtstart", one.starts_at.astimezone(TORONTO))
        event.add("dtend", one.ends_at.astimezone(TORONTO))
        event.add("dtstamp", one.changed_at)
        event.add("last-modified", one.changed_at)
        event.add("sequence", one.sequence)
        event.add("status", "CANCELLED" if one.cancelled else "CONFIRMED")
        event.add("class", "PRIVATE")
        event.add("url", home)
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return bytes(calendar.to_ical())
