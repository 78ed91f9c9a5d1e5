"""Municipalities and the routing data of the region."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rapidfuzz import fuzz, process
from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from core.directory.models import Municipality, Organisation, TerritoryRoute
from core.directory.rules.text import sort_key
from core.directory.rules.visibility import Area
from core.directory.rules.words import Status

#: Below this likeness a typed name is not a municipality of the region (0 to 100).
TYPO_CUTOFF = 82


@dataclass(frozen=True)
class MunicipalityView:
    code: str
    name: str
    designation: str
    mrc_code: str | None
    mrc_name: str | None
    region_code: str
    region_name: str
    population: int
    preview: Area


@dataclass(frozen=True)
class TerritoryRouting:
    """Who may receive for a municipality. Several organisations: ask all of them, without identity (rules §1)."""

    municipality_code: str
    organisation_ids: tuple[UUID, ...]
    organisation_slugs: tuple[str, ...]
    source: str

    @property
    def ask_both(self) -> bool:
        return len(self.organisation_ids) > 1


_COLUMNS = (
    Municipality.code,
    Municipality.name,
    Municipality.designation,
    Municipality.mrc_code,
    Municipality.mrc_name,
    Municipality.region_code,
    Municipality.region_name,
    Municipality.population,
    Municipality.preview_code,
    Municipality.preview_label,
    Municipality.preview_label_en,
)


def _view(row: Row[*tuple[Any, ...]]) -> MunicipalityView:
    place = tuple(row)
    return MunicipalityView(
        code=place[0],
        name=place[1],
        designation=place[2],
        mrc_code=place[3],
        mrc_name=place[4],
        region_code=place[5],
        region_name=place[6],
        population=place[7],
        preview=Area(*place[8:11]),
    )


def municipality(session: Session, code: str) -> MunicipalityView | None:
    """By its five-digit code; None when the region has no such municipality."""
    row = session.execute(select(*_COLUMNS).where(Municipality.code == code)).first()
    return None if row is None else _view(row)


#: The code of a place nobody knows, or that she would rather not say.
UNKNOWN = ""


def unknown_place(session: Session) -> MunicipalityView:
    """A place in the region that is not known: previewed as the region itself, and nobody in particular receives it."""
    row = session.execute(select(Municipality.region_code, Municipality.region_name).limit(1)).one()
    area = Area("region", row.region_name, row.region_name)
    return MunicipalityView(UNKNOWN, "", "", None, None, row.region_code, row.region_name, 0, area)


def municipality_choices(session: Session) -> tuple[MunicipalityView, ...]:
    """Every municipality where someone lives, in French alphabetical order."""
    rows = session.execute(select(*_COLUMNS).where(Municipality.population > 0).order_by(Municipality.sort_key))
    return tuple(_view(row) for row in rows)


def find_municipality(session: Session, text: str) -> MunicipalityView | None:
    """The municipality a person typed: exact name first (accents, case, hyphens and apostrophes do not count), then a
    single name that begins so, then the closest within a typing error. None rather than a doubtful guess."""
    wanted = sort_key(text)
    if not wanted:
        return None
    names = {row.code: row.sort_key for row in session.execute(select(Municipality.code, Municipality.sort_key))}
    found = closest_name(wanted, names)
    return None if found is None else municipality(session, found)


def closest_name(wanted: str, names: Mapping[str, str]) -> str | None:
    """The key of the name meant by `wanted`; both folded. `st`/`ste` are read as saint/sainte."""
    full = " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in wanted.split())
    exact = [key for key, name in names.items() if name == full]
    if exact:
        return exact[0]
    if len(full) < 4:
        return None
    beginning = [key for key, name in names.items() if name.startswith(full)]
    if len(beginning) == 1:
        return beginning[0]
    best = process.extract(full, names, scorer=fuzz.ratio, score_cutoff=TYPO_CUTOFF, limit=2)
    if not best or (len(best) == 2 and best[0][1] == best[1][1]):
        return None
    return str(best[0][2])


def preview_area(place: MunicipalityView) -> Area:
    """What a receiver may read before acceptance: the MRC, or the wider label (network rules §3.4)."""
    return place.preview


def region_routing(session: Session) -> Mapping[str, TerritoryRouting]:
    """Municipality code → who receives, for the whole region, as data. Only admitted organisations."""
    return _routings(session, None)


def routing_of(session: Session, municipality_code: str) -> TerritoryRouting | None:
    """The same for one municipality; None when nobody is named."""
    return _routings(session, municipality_code).get(municipality_code)


def _routings(session: Session, code: str | None) -> dict[str, TerritoryRouting]:
    statement = (
        select(TerritoryRoute.municipality_code, Organisation.id, Organisation.slug, TerritoryRoute.source)
        .join(Organisation, Organisation.id == TerritoryRoute.organisation_id)
        .where(Organisation.receives_referrals, Organisation.status == Status.ADMITTED.value)
        .order_by(TerritoryRoute.municipality_code, Organisation.slug)
    )
    if code is not None:
        statement = statement.where(TerritoryRoute.municipality_code == code)
    grouped: dict[str, list[tuple[UUID, str, str]]] = {}
    for municipality_code, organisation_id, slug, source in session.execute(statement):
        grouped.setdefault(municipality_code, []).append((organisation_id, slug, source))
    return {
        municipality_code: TerritoryRouting(
            municipality_code, tuple(item[0] for item in items), tuple(item[1] for item in items), items[0][2]
        )
        for municipality_code, items in grouped.items()
    }


def areas(session: Session) -> tuple[Area, ...]:
    """The areas that may be said without naming a community: each MRC, the wider one, the region. One statement."""
    columns = (Municipality.preview_code, Municipality.preview_label, Municipality.preview_label_en)
    rows = session.execute(select(*columns, Municipality.region_name).where(Municipality.population > 0).distinct())
    found = {row[0]: (Area(*row[:3]), row.region_name) for row in rows}
    named = sorted((one for one, _region in found.values()), key=lambda area: sort_key(area.label))
    region = next((region for _area, region in found.values()), "")
    return (*named, Area("region", region, region)) if region else tuple(named)
