"""Services in brief, for a plugin that names them: what one needs to send somebody there, redacted like a card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.directory.models import Municipality, Organisation, Service
from core.directory.queries.cards import ServiceCard, cards
from core.directory.queries.organisations import reader_for
from core.directory.queries.phones import PhoneView
from core.directory.queries.search import SearchQuery, search
from core.directory.rules.hours import DayRange, OpenState, ranges
from core.directory.rules.visibility import freshness, may_see
from core.directory.rules.words import Status
from core.kernel.clock import TORONTO


@dataclass(frozen=True)
class ServiceShown:
    """A service this reader may see.

    `tier`: public, partners or confidential, the strictest of the service's and its organisation's. `freshness`: fresh,
    stale or unconfirmed. `capacity`: a code of the directory, `weeks` its announced delay. `ages`: whole years, both
    ends included, None where there is no end; empty: not known. `areas`: codes of `areas()` it may go to; empty: not
    known; `areas_in_part`: those of them it goes to in part, or does not say that it goes to the whole of. `audiences`,
    `languages`: the directory's codes; empty: not known. `week`: its hours, for what is printed.
    """

    id: UUID
    slug: str
    name: str
    name_en: str | None
    organisation_id: UUID
    organisation: str
    organisation_en: str | None
    organisation_slug: str
    organisation_type: str
    tier: str
    acceptance: str
    state: OpenState
    freshness: str
    verified_on: date | None
    capacity: str
    weeks: int | None
    capacity_at: datetime | None
    phones: tuple[PhoneView, ...]
    areas: tuple[str, ...]
    ages: tuple[tuple[int | None, int | None], ...]
    audiences: tuple[str, ...]
    languages: tuple[str, ...]
    how_to: str | None
    how_to_en: str | None
    fictitious: bool
    week: tuple[DayRange, ...] = ()
    areas_in_part: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        """Known to be closed at this moment."""
        return self.state.known and not self.state.open

    @property
    def stale(self) -> bool:
        """Its information was confirmed more than a year ago, or never."""
        return self.freshness != "fresh"


def services_shown(session: Session, viewer: Viewer, ids: Collection[UUID], now: datetime) -> dict[UUID, ServiceShown]:
    """Those of `ids` that the viewer may see, as they stand at `now` (aware); others are absent. Eight statements."""
    if not ids:
        return {}
    found = cards(session, reader_for(viewer), ids, now, brief=True)
    covered = _covered(session)
    return {one.id: _shown(one, covered) for one in found.values()}


def _shown(card: ServiceCard, covered: Mapping[tuple[str, str], Mapping[str, bool]]) -> ServiceShown:
    places: dict[str, bool] = {}
    for area in card.areas:
        key = ("province", "") if area.kind == "province" else (area.kind, area.code)
        for code, whole in covered.get(key, {}).items():
            places[code] = places.get(code, False) or (whole and area.part is None)
    return ServiceShown(
        id=card.id,
        slug=card.slug,
        name=card.name,
        name_en=card.name_en,
        organisation_id=card.organisation_id,
        organisation=card.organisation_name,
        organisation_en=card.organisation_name_en,
        organisation_slug=card.organisation_slug,
        organisation_type=card.organisation_type,
        tier=card.visibility,
        acceptance=card.acceptance,
        state=card.state,
        freshness=card.freshness.value,
        verified_on=card.verified_on,
        capacity=card.capacity_state.value,
        weeks=card.capacity_weeks,
        capacity_at=card.capacity_at,
        phones=card.phones,
        areas=tuple(sorted(places)),
        ages=tuple((one.age_min, one.age_max) for one in card.eligibility if one.audience.value in PERSONS),
        audiences=tuple(one.audience.value for one in card.eligibility),
        languages=card.languages,
        how_to=card.how_to,
        how_to_en=card.how_to_en,
        fictitious=card.fictitious,
        week=ranges(card.hours),
        areas_in_part=tuple(sorted(code for code, whole in places.items() if not whole)),
    )


#: Audiences that are the person herself: not her relatives, nor partners' staff.
PERSONS = frozenset({"women", "girls", "trans_women", "men", "boys", "children", "everyone"})


def _covered(session: Session) -> Mapping[tuple[str, str], Mapping[str, bool]]:
    """(kind, code) of a territory → codes of the areas it touches, and whether it holds the whole of each. One
    statement. Several parts never make a whole: nobody said that nothing is left between them."""
    columns = (Municipality.code, Municipality.mrc_code, Municipality.region_code, Municipality.preview_code)
    found: dict[tuple[str, str], Counter[str]] = {("province", ""): Counter()}
    for code, mrc, region, area in session.execute(select(*columns)):
        for key in (("municipality", code), ("mrc", mrc or ""), ("region", region), ("province", "")):
            found.setdefault(key, Counter())[area] += 1
    sizes = found["province", ""]
    return {key: {area: count == sizes[area] for area, count in here.items()} for key, here in found.items()}


def service_ids(session: Session, slugs: Collection[str]) -> dict[str, UUID]:
    """Slug → identifier, whoever asks: for the demo's data, not for a page. One statement."""
    rows = session.execute(select(Service.slug, Service.id).where(Service.slug.in_(slugs)))
    return {row.slug: row.id for row in rows}


@dataclass(frozen=True)
class ServiceState:
    """How sure one may be of a service. `freshness`: fresh, stale or unconfirmed."""

    verified_on: date | None
    freshness: str


def service_states(session: Session, viewer: Viewer, ids: Collection[UUID], now: datetime) -> dict[UUID, ServiceState]:
    """Those of `ids` that the viewer may see, as they stand at `now` (aware); one that left the directory, or that the
    viewer may not see, is absent. One statement."""
    if not ids:
        return {}
    reader, today = reader_for(viewer), now.astimezone(TORONTO).date()
    theirs, tier = Organisation.verified_on.label("theirs"), Organisation.visibility.label("tier")
    rows = session.execute(
        select(Service.id, Service.visibility, Service.verified_on, Service.organisation_id, theirs, tier)
        .join(Organisation, Organisation.id == Service.organisation_id)
        .where(Service.id.in_(sorted(ids, key=str)), Organisation.status != Status.SUSPENDED.value)
    )
    found: dict[UUID, ServiceState] = {}
    for row in rows:
        if may_see(row.visibility, row.organisation_id, reader) and may_see(row.tier, row.organisation_id, reader):
            day = row.verified_on or row.theirs
            found[row.id] = ServiceState(day, freshness(day, today).value)
    return found


def find_services(session: Session, viewer: Viewer, text: str, now: datetime) -> tuple[ServiceCard, ...]:
    """The first services of the directory's own search that the viewer may see: a page of them at most."""
    return search(session, reader_for(viewer), SearchQuery(text=text), now).cards
