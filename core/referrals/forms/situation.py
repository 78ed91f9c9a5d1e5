"""First step of a new referral: who, where, what she needs, what was observed. Closed answers, one optional note."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from starlette.datastructures import FormData

from core.consent.rules import AgeBand, GivenBy, Help, who_may_consent
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.referrals.forms.asking import Asking, parse
from core.referrals.rules.vocabulary import CONSTRAINTS, EXPLOITATION, FACTS, LANGUAGES, NEEDS

#: Constraints the sender states here; the others follow from how she may be reached.
STATED_CONSTRAINTS = ("mobility", "no_transport", "interpreter", "children", "pregnant", "unstable_housing")

NOT_PROPOSED = "Choisissez une des réponses proposées."


def codes_of(closed: object) -> BeforeValidator:
    """Refuse any code the closed list does not hold: a forged field is an error, never stored."""
    known = frozenset(closed)  # type: ignore[call-overload]

    def check(given: object) -> object:
        values = given if isinstance(given, (list, tuple)) else [given]
        if any(value not in known for value in values):
            raise ValueError(NOT_PROPOSED)
        return tuple(dict.fromkeys(given)) if isinstance(given, (list, tuple)) else given

    return BeforeValidator(check)


#: What is chosen when her municipality is not known, when she has none, or when she would rather not say it.
UNKNOWN_PLACE = "Inconnue ou sans adresse"
_UNKNOWN_WORDS = ("inconnu", "unknown", "sans adresse", "no address")


def is_unknown_place(typed: str) -> bool:
    """Whether what was typed says that the place is not known, in either language."""
    return typed.strip().casefold().startswith(_UNKNOWN_WORDS)


def _has_letter(text: str) -> str:
    if not any(sign.isalpha() for sign in text):
        raise ValueError("Entrez le nom d’une municipalité.")
    return text


#: What to do when the first answers are left blank; the intake of a paper form asks the same.
WHO_AND_WHAT: Mapping[str, str] = {
    "municipality": N_("Dites où elle vit. Si cela ne se dit pas, choisissez « Inconnue ou sans adresse »."),
    "age_band": N_("Choisissez son groupe d’âge."),
    "needs": N_("Cochez au moins une chose qui l’aiderait."),
}

#: Who consents when she is 12 or 13 (network rules §4): `nobody` stops the form.
YoungConsent = Literal["parental_authority", "tutor", "nobody"]

YOUNG_CONSENT: tuple[tuple[str, str], ...] = (
    ("parental_authority", "Un de ses parents, qui ne la met pas en danger"),
    ("tutor", "Sa tutrice ou son tuteur, qui ne la met pas en danger"),
    ("nobody", "Personne de sûr"),
)


class SituationForm(Asking):
    """Nothing here names her. `danger` and `young_consent` decide whether anything at all may be kept."""

    REQUIRED: ClassVar[Mapping[str, str]] = WHO_AND_WHAT

    danger: bool = False
    municipality: Annotated[str, Field(max_length=80), AfterValidator(_has_letter)]
    age_band: AgeBand
    young_consent: YoungConsent | None = None
    needs: Annotated[tuple[str, ...], codes_of(NEEDS), Field(min_length=1)]
    facts: Annotated[tuple[str, ...], codes_of(FACTS)] = ()
    exploitation: Annotated[str, codes_of(EXPLOITATION)] = "prefers_not_to_say"
    urgent: bool = False
    language: Annotated[str, codes_of(LANGUAGES)] = "fr"
    constraints: Annotated[tuple[str, ...], codes_of(STATED_CONSTRAINTS)] = ()
    note: str = Field(default="", max_length=1000)
    judicial: str = Field(default="", max_length=500)


def read_situation(data: FormData) -> Parsed[SituationForm]:
    """Parse; before 14, also ask who consents for her."""
    parsed = parse(SituationForm, data)
    young = parsed.raw("age_band") == AgeBand.FROM_12_TO_13.value
    if young and not parsed.raw("young_consent"):
        parsed = parsed.with_error("young_consent", WHO_CONSENTS)
    return parsed


#: Pages that stop the form: their address, and what they say.
STOPS = {"danger": "danger", "under_12": "moins-de-12-ans", "under_14": "moins-de-14-ans"}

WHO_CONSENTS = "Elle a 12 ou 13 ans : dites qui consent pour elle."


def stop_of(*, danger: bool, age_band: str, young_consent: str | None) -> str | None:
    """The stop page for these answers, or None. Asked before anything is stored, by the form and by autosave alike."""
    if danger:
        return STOPS["danger"]
    if age_band == AgeBand.UNDER_12.value:
        return STOPS["under_12"]
    if age_band == AgeBand.FROM_12_TO_13.value and young_consent == "nobody":
        return STOPS["under_14"]
    return None


def may_keep(*, danger: bool, age_band: str, young_consent: str | None) -> bool:
    """Whether a half-filled form may be kept: never before a child's consent is known (network rules §4)."""
    if danger or age_band == AgeBand.UNDER_12.value:
        return False
    return age_band != AgeBand.FROM_12_TO_13.value or young_consent in ("parental_authority", "tutor")


def given_by(age_band: AgeBand, young_consent: str | None) -> GivenBy:
    """Who gives the consent, from the answers of this step."""
    if age_band is AgeBand.FROM_12_TO_13 and young_consent in ("parental_authority", "tutor"):
        return GivenBy(young_consent)
    return GivenBy.HERSELF


def stop_help(key: str) -> tuple[str, tuple[Help, ...]]:
    """What a stop page says and shows: the sentence of the age rules and the kinds of help, in order."""
    bands = {"danger": AgeBand.ADULT, "moins-de-12-ans": AgeBand.UNDER_12, "moins-de-14-ans": AgeBand.FROM_12_TO_13}
    decision = who_may_consent(bands[key], GivenBy.HERSELF, immediate_danger=key == "danger")
    return decision.reason, decision.help


#: Codes that stand in `constraints` of the vocabulary, in the order of the form.
CONSTRAINT_OPTIONS = tuple((code, CONSTRAINTS[code]) for code in STATED_CONSTRAINTS)
