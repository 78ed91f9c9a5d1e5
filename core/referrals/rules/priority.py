"""Priority code of a follow-up (set by the receiving CALACS) and the exploitation criteria, each with its reasons.

Source: network rules §2. Nothing is guessed: no code fits → *à évaluer*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.consent.rules import ADOLESCENT_BANDS

_CODE_1 = (
    "assault_under_year",
    "post_traumatic_signs",
    "high_distress",
    "suicidal_thoughts",
    "basic_needs_unmet",
    "violence_ongoing",
)
_CODE_2 = ("no_earlier_step", "distress_stable", "network_present")
_CODE_3 = ("second_request", "network_present")
_EXPLOITATION = (
    "in_cycle",
    "ambivalent",
    "no_services",
    "network_inadequate",
    "out_under_six_months",
    "functioning_broken",
)

ADOLESCENT_NEVER_3 = "adolescent_never_3"
NO_CODE_FITS = "no_code_fits"


@dataclass(frozen=True)
class Priority:
    """`code` 1, 2, 3 or None (*à évaluer*); `reasons` are codes of facts or of a rule."""

    code: int | None
    reasons: tuple[str, ...]


def suggest_priority(facts: Iterable[str], age_band: str) -> Priority:
    """1 for any of its facts, 2 for all of its three, 3 for a second request with a network (never an adolescent)."""
    observed = set(facts)
    first = tuple(fact for fact in _CODE_1 if fact in observed)
    if first:
        return Priority(1, first)
    if observed.issuperset(_CODE_2) and "second_request" not in observed:
        return Priority(2, _CODE_2)
    if observed.issuperset(_CODE_3) and "network_inadequate" not in observed:
        if age_band in ADOLESCENT_BANDS:
            return Priority(None, (*_CODE_3, ADOLESCENT_NEVER_3))
        return Priority(3, _CODE_3)
    return Priority(None, (NO_CODE_FITS,))


def override_allowed(code: int | None, age_band: str, reason: str | None) -> str | None:
    """None when a clinical override may stand, else why not (French). A reason is needed; an adolescent is never 3."""
    if code is not None and code not in (1, 2, 3):
        return "Le code de priorité est 1, 2, 3 ou « à évaluer »."
    if code == 3 and age_band in ADOLESCENT_BANDS:
        return "Une adolescente n’est jamais en code 3."
    if not reason:
        return "Dites pourquoi le code change."
    return None


@dataclass(frozen=True)
class ExploitationPriority:
    """Whether the exploitation follow-up is a priority, with the codes that say so."""

    priority: bool
    reasons: tuple[str, ...]


def exploitation_priority(facts: Iterable[str], stage: str, age_band: str) -> ExploitationPriority:
    """Any of: steps 1-7 of the cycle, vulnerable and ambivalent, no services, no adequate network, out < 6 months,
    adolescent, functioning broken down. Never asks that she want out; *préfère ne pas dire* takes nothing away.
    """
    if stage == "not_concerned":
        return ExploitationPriority(False, ())
    observed = set(facts)
    reasons = [fact for fact in _EXPLOITATION if fact in observed]
    if stage == "still_in" and "in_cycle" not in reasons:
        reasons.insert(0, "still_in")
    if age_band in ADOLESCENT_BANDS:
        reasons.append("adolescent")
    return ExploitationPriority(bool(reasons), tuple(reasons))


PRIORITY_REASONS: dict[str, str] = {
    ADOLESCENT_NEVER_3: "Une adolescente n’est jamais en code 3",
    NO_CODE_FITS: "Aucun code ne correspond : à évaluer",
    "still_in": "Y est encore",
    "adolescent": "Adolescente",
}
