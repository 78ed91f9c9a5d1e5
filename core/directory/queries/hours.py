"""Opening hours of organisations and services, and whether they are open now, Québec holidays included."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

import holidays
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.directory.models import Schedule, ScheduleException
from core.directory.rules.hours import DayException, Interval, OpeningHours, OpenState, state_at
from core.kernel.clock import TORONTO
from core.kernel.db import prepared


@lru_cache(maxsize=16)
def quebec_holidays(year: int) -> Mapping[date, str]:
    """Québec's public holidays of the year and the next (a state in December looks into January), named in French."""
    return MappingProxyType(dict(holidays.country_holidays("CA", subdiv="QC", years=(year, year + 1), language="fr")))


def opening_hours(session: Session, organisation_id: UUID, service_id: UUID | None = None) -> OpeningHours:
    """The organisation's hours; those of the service when it has its own. Empty (`known` False) when nobody said."""
    return hours_of_many(session, [(organisation_id, service_id)])[(organisation_id, service_id)]


def opening_state(session: Session, organisation_id: UUID, now: datetime, service_id: UUID | None = None) -> OpenState:
    """Open or not at `now` (aware), until when, and the next opening (*fermé jusqu'à lundi 9 h*)."""
    return state_now(opening_hours(session, organisation_id, service_id), now)


def state_now(hours: OpeningHours, now: datetime) -> OpenState:
    """`state_at` in the region's zone with Québec's holidays."""
    return state_at(hours, now, TORONTO, quebec_holidays(now.astimezone(TORONTO).year))


Owner = tuple[UUID, UUID | None]


@prepared
def _weekly(organisations: list[UUID]) -> Select[*tuple[Any, ...]]:
    one = Schedule
    columns = (one.organisation_id, one.service_id, one.weekday, one.opens, one.closes, one.open_on_holidays)
    return select(*columns).where(one.organisation_id.in_(organisations)).order_by(one.weekday, one.opens)


@prepared
def _exceptions(organisations: list[UUID]) -> Select[*tuple[Any, ...]]:
    one = ScheduleException
    statement = select(one.organisation_id, one.day, one.opens, one.closes, one.note)
    return statement.where(one.organisation_id.in_(organisations)).order_by(one.day)


def hours_of_many(session: Session, owners: list[Owner]) -> dict[Owner, OpeningHours]:
    """Hours of several (organisation, service) pairs in two statements; a service without its own inherits."""
    organisations = list({organisation_id for organisation_id, _ in owners})
    weekly: dict[Owner, list[Interval]] = {}
    rows = session.execute(*_weekly(organisations))
    for organisation_id, service_id, weekday, opens, closes, on_holidays in rows:
        weekly.setdefault((organisation_id, service_id), []).append(Interval(weekday, opens, closes, on_holidays))
    exceptions: dict[UUID, list[DayException]] = {}
    days = session.execute(*_exceptions(organisations))
    for organisation_id, day, from_, to, note in days:
        exceptions.setdefault(organisation_id, []).append(DayException(day, from_, to, note or ""))
    return {
        (organisation_id, service_id): OpeningHours(
            tuple(weekly.get((organisation_id, service_id)) or weekly.get((organisation_id, None)) or ()),
            tuple(exceptions.get(organisation_id, ())),
        )
        for organisation_id, service_id in owners
    }
