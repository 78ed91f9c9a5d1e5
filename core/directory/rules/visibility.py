"""Who sees what, how old the information is, and what area a receiver may read before acceptance."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from core.directory.rules.words import Tier

#: After a year a service must be confirmed again (the yearly update of information and referral services).
STALE_AFTER = timedelta(days=365)


@dataclass(frozen=True)
class Reader:
    """What the viewer amounts to for the directory: a tier, and the organisation whose own facts may be read."""

    tier: Tier = Tier.PUBLIC
    organisation_id: UUID | None = None

    @property
    def is_partner(self) -> bool:
        return self.tier is not Tier.PUBLIC


ANYONE = Reader()


def may_see(tier: str, owner: UUID | None, reader: Reader) -> bool:
    """Whether a fact of this tier, held by `owner`, may be shown to `reader`. Confidential: the owner alone."""
    if tier == Tier.PUBLIC:
        return True
    if not reader.is_partner:
        return False
    if tier == Tier.PARTNERS:
        return True
    return owner is not None and reader.organisation_id == owner


class Freshness(StrEnum):
    UNCONFIRMED = "unconfirmed"  # à confirmer
    STALE = "stale"  # périmé
    FRESH = "fresh"


def freshness(verified_on: date | None, today: date) -> Freshness:
    """`verified_on` is the day the organisation itself confirmed, never the day of an import."""
    if verified_on is None:
        return Freshness.UNCONFIRMED
    return Freshness.STALE if today - verified_on > STALE_AFTER else Freshness.FRESH


@dataclass(frozen=True)
class PreviewRule:
    """When a municipality is shown under the wider label rather than under its MRC."""

    code: str
    label: str
    label_en: str
    neighbour_mrc_codes: frozenset[str]
    below_population: int


@dataclass(frozen=True)
class Area:
    code: str
    label: str
    label_en: str


def preview_of(mrc_code: str | None, mrc_name: str | None, population: int, rule: PreviewRule) -> Area:
    """Network rules §3.4: the MRC, or the wider area for a municipality outside every MRC; its small neighbours share
    that label, otherwise it would mean one community."""
    wider = Area(rule.code, rule.label, rule.label_en)
    if mrc_code is None or mrc_name is None:
        return wider
    if mrc_code in rule.neighbour_mrc_codes and population < rule.below_population:
        return wider
    return Area(f"mrc-{mrc_code}", mrc_name, mrc_name)
