"""What a passage or a step may ask of a situation: a closed vocabulary, and whether it holds.

Values of each subject:

- `age_band`: a code of `core.api.AGE_BANDS` (`adult`: adult, age not said);
- `mrc`: a code of `core.api.areas` (`mrc-610`, `nord`): what may be said of a place without naming a community;
- `danger`, `minor`: `yes` or `no`;
- `need`: a code of `core.api.NEEDS`, those of a reference: a guide's answer or a reference needs no translation;
- `language`: a code of `core.api.LANGUAGES`.

Several values of one subject: any of them. Several subjects: all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from core.api import AGE_BANDS, LANGUAGES, NEEDS

AGE_BAND, MRC, DANGER, MINOR, NEED, LANGUAGE = "age_band", "mrc", "danger", "minor", "need", "language"
#: Closed: a subject that is not here is refused.
SUBJECTS: Final[Mapping[str, str]] = {
    AGE_BAND: "Groupe d’âge",
    MRC: "Territoire",
    DANGER: "Danger immédiat",
    MINOR: "Moins de 18 ans",
    NEED: "Besoin",
    LANGUAGE: "Langue",
}
YES, NO = "yes", "no"
YES_NO: Final[Mapping[str, str]] = {YES: "Oui", NO: "Non"}
MINOR_BANDS: Final = frozenset({"under_12", "12_13", "14_17"})
#: The bands an adult whose age is not said may be in.
ADULT_BANDS: Final = frozenset(AGE_BANDS) - MINOR_BANDS
#: An adult, age not said.
ADULT: Final = "adult"
#: What is said of a subject that holds, that doesn't, and that is not known yet.
SENTENCES: Final[Mapping[tuple[str, bool | None], str]] = {
    (AGE_BAND, True): "Pour son groupe d’âge",
    (AGE_BAND, False): "Pour un autre groupe d’âge",
    (AGE_BAND, None): "Son groupe d’âge n’est pas précisé",
    (MRC, True): "Pour son territoire",
    (MRC, False): "Pour un autre territoire",
    (MRC, None): "Son territoire n’est pas précisé",
    (DANGER, True): "Selon le danger immédiat",
    (DANGER, False): "Pour une autre situation de danger",
    (DANGER, None): "On ne sait pas s’il y a un danger immédiat",
    (MINOR, True): "Selon qu’elle a moins de 18 ans",
    (MINOR, False): "Selon qu’elle a moins de 18 ans ou non : ce n’est pas son cas",
    (MINOR, None): "On ne sait pas si elle a moins de 18 ans",
    (NEED, True): "Pour ce besoin",
    (NEED, False): "Pour un autre besoin",
    (NEED, None): "Son besoin n’est pas précisé",
    (LANGUAGE, True): "Dans une langue qu’elle parle",
    (LANGUAGE, False): "Dans une autre langue",
    (LANGUAGE, None): "Sa langue n’est pas précisée",
}


@dataclass(frozen=True, order=True)
class Condition:
    """One value of one subject of `SUBJECTS`."""

    subject: str
    value: str


@dataclass(frozen=True)
class Situation:
    """What is known of a situation: codes only, nothing that identifies. None or empty: not known yet."""

    age_band: str | None = None
    mrc: str | None = None
    danger: str | None = None
    minor: str | None = None
    needs: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Held:
    """`ok` None: not known yet. `words`: French source texts of what decided it, to be translated one by one."""

    ok: bool | None
    words: tuple[str, ...]


def held(conditions: Iterable[Condition], situation: Situation) -> Held:
    """Whether every subject named holds, with the sentence of each subject that decided it; no condition: holds."""
    asked: dict[str, set[str]] = {}
    for one in conditions:
        asked.setdefault(one.subject, set()).add(one.value)
    found = {subject: _holds(subject, frozenset(values), situation) for subject, values in asked.items()}
    for ok in (False, None):
        if ok in found.values():
            return Held(ok, tuple(SENTENCES[subject, ok] for subject in SUBJECTS if found.get(subject, True) is ok))
    return Held(True, tuple(SENTENCES[subject, True] for subject in SUBJECTS if subject in found))


def minor_of(situation: Situation) -> str | None:
    """Whether she is under 18, as said or as her age band tells; None: not known."""
    if situation.age_band is not None:
        return YES if situation.age_band in MINOR_BANDS else NO
    return situation.minor


def outside_vocabulary(conditions: Iterable[Condition], area_codes: Collection[str]) -> tuple[Condition, ...]:
    """The conditions whose subject or value is in no closed list, sorted: forged fields end here."""
    return tuple(sorted(one for one in set(conditions) if one.value not in values_of(one.subject, area_codes)))


def values_of(subject: str, area_codes: Collection[str]) -> Collection[str]:
    """The codes a subject may have; none for an unknown subject. `area_codes`: those of the region's areas."""
    closed: Mapping[str, Collection[str]] = {
        AGE_BAND: AGE_BANDS.keys(),
        MRC: area_codes,
        DANGER: YES_NO.keys(),
        MINOR: YES_NO.keys(),
        NEED: NEEDS.keys(),
        LANGUAGE: LANGUAGES.keys(),
    }
    return closed.get(subject, ())


def _holds(subject: str, values: frozenset[str], situation: Situation) -> bool | None:
    if subject == AGE_BAND:
        return _age_holds(values, situation)
    if subject in (NEED, LANGUAGE):
        said = situation.needs if subject == NEED else situation.languages
        return bool(values & said) if said else None
    one = {MRC: situation.mrc, DANGER: situation.danger, MINOR: minor_of(situation)}.get(subject)
    return None if one is None else one in values


def _age_holds(values: frozenset[str], situation: Situation) -> bool | None:
    """`adult` is any adult's; an adult whose age is not said may be in any adult band."""
    band, minor = situation.age_band, minor_of(situation)
    if band is not None and band != ADULT:
        return band in values or (ADULT in values and band in ADULT_BANDS)
    if minor is None:
        return None
    possible = MINOR_BANDS if minor == YES else ADULT_BANDS
    if minor == NO and ADULT in values:
        return True
    return None if values & possible else False
