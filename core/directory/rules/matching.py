"""Whether a service is for a person, and why, in words: pure, so that the router, the directory and the tests agree.

Reasons are French source text with named values; pages translate them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.directory.rules.words import AreaKind, Audience

ADULT = 18
#: Women and girls from 12, secondary school (network rules §2, *Who*).
ADOLESCENT = 12


@dataclass(frozen=True)
class Eligibility:
    """One audience with its ages in whole years, both ends included."""

    audience: Audience
    age_min: int | None = None
    age_max: int | None = None


@dataclass(frozen=True)
class Territory:
    """`part` is filled when only a part of the area is meant, or when it is to be confirmed."""

    kind: AreaKind
    code: str
    part: str | None = None


@dataclass(frozen=True)
class ServiceFacts:
    """What matching knows of a service. Empty eligibility, areas or languages mean *not known*, never *nobody*."""

    eligibility: tuple[Eligibility, ...] = ()
    areas: tuple[Territory, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class PersonFacts:
    """What is known of the person; everything is optional and nothing identifies. `region_code`: of the municipality,
    or `elsewhere` for a place outside the region."""

    audience: Audience | None = None
    age: int | None = None
    municipality_code: str | None = None
    mrc_code: str | None = None
    region_code: str | None = None
    language: str | None = None


@dataclass(frozen=True)
class Reason:
    """One criterion. `ok` None: not known, to be asked. `text` is French source text."""

    criterion: str
    ok: bool | None
    text: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        return self.text % dict(self.values) if self.values else self.text


@dataclass(frozen=True)
class Match:
    """`fits`: no criterion is against. `certain`: every criterion asked for is known to hold."""

    fits: bool
    reasons: tuple[Reason, ...]

    @property
    def certain(self) -> bool:
        return all(reason.ok for reason in self.reasons)


def match(service: ServiceFacts, person: PersonFacts) -> Match:
    """Compare audience and age, territory and language; what is not asked is not judged."""
    reasons = [
        reason
        for reason in (_audience(service, person), _territory(service, person), _language(service, person))
        if reason is not None
    ]
    return Match(all(reason.ok is not False for reason in reasons), tuple(reasons))


def audience_for(audience: Audience | None, age: int | None) -> Audience | None:
    """A woman under 18 is an adolescent, a man under 18 a boy, anyone under 12 a child."""
    if age is not None and audience not in (Audience.WORKERS, Audience.RELATIVES):
        if age < ADOLESCENT:
            return Audience.CHILDREN
        if age < ADULT:
            return (
                {Audience.WOMEN: Audience.GIRLS, Audience.MEN: Audience.BOYS}.get(audience, audience)
                if audience
                else None
            )
        return (
            {Audience.GIRLS: Audience.WOMEN, Audience.BOYS: Audience.MEN}.get(audience, audience) if audience else None
        )
    return audience


def _ages(audience: Audience) -> tuple[int, int] | None:
    """The ages an audience implies when none is given."""
    return {
        Audience.GIRLS: (ADOLESCENT, ADULT - 1),
        Audience.BOYS: (ADOLESCENT, ADULT - 1),
        Audience.CHILDREN: (0, ADOLESCENT - 1),
        Audience.WOMEN: (ADULT, 120),
        Audience.MEN: (ADULT, 120),
    }.get(audience)


def _audience(service: ServiceFacts, person: PersonFacts) -> Reason | None:
    audience = audience_for(person.audience, person.age)
    if audience is None and person.age is None:
        return None
    if not service.eligibility:
        return Reason("audience", None, "Admissibilité à confirmer avec l’organisme.")
    if audience is not None:
        named = [rule for rule in service.eligibility if rule.audience is audience]
        rules = named or [rule for rule in service.eligibility if rule.audience is Audience.EVERYONE]
        if audience is Audience.WORKERS and not named:
            rules = []
    else:
        rules = [rule for rule in service.eligibility if rule.audience not in (Audience.WORKERS, Audience.RELATIVES)]
    if not rules:
        if audience is Audience.TRANS_WOMEN and any(rule.audience is Audience.WOMEN for rule in service.eligibility):
            return Reason("audience", False, "À demander à l’organisme : l’accueil des femmes trans n’est pas précisé.")
        return Reason("audience", False, "Ce service s’adresse à d’autres personnes.")
    if not any(_covers(rule, audience, person.age) for rule in rules):
        return Reason("age", False, "L’âge ne correspond pas.")
    return Reason("audience", True, "Ce service reçoit cette personne.")


def _covers(rule: Eligibility, audience: Audience | None, age: int | None) -> bool:
    low = rule.age_min if rule.age_min is not None else 0
    high = rule.age_max if rule.age_max is not None else 200
    if age is not None:
        return low <= age <= high
    implied = _ages(audience) if audience is not None else None
    return implied is None or (low <= implied[1] and implied[0] <= high)


def _territory(service: ServiceFacts, person: PersonFacts) -> Reason | None:
    if person.municipality_code is None and person.mrc_code is None and person.region_code is None:
        return None
    if not service.areas:
        return Reason("territory", None, "Territoire à confirmer avec l’organisme.")
    partial = False
    for area in service.areas:
        if _inside(area, person):
            if area.part is None:
                return Reason("territory", True, "Ce service couvre ce lieu.")
            partial = True
    if partial:
        return Reason(
            "territory", None, "Ce service couvre une partie de ce territoire : à confirmer avec l’organisme."
        )
    return Reason("territory", False, "Ce service ne couvre pas ce lieu.")


def _inside(area: Territory, person: PersonFacts) -> bool:
    place = {
        AreaKind.MUNICIPALITY: person.municipality_code,
        AreaKind.MRC: person.mrc_code,
        AreaKind.REGION: person.region_code,
    }
    return area.kind is AreaKind.PROVINCE or (place[area.kind] is not None and place[area.kind] == area.code)


def _language(service: ServiceFacts, person: PersonFacts) -> Reason | None:
    if person.language is None:
        return None
    if person.language in service.languages:
        return Reason("language", True, "Ce service est offert dans cette langue.")
    if not service.languages:
        return Reason("language", None, "Langues à confirmer avec l’organisme.")
    return Reason("language", False, "Cette langue n’est pas indiquée pour ce service.")
