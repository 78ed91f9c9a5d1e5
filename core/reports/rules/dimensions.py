"""The lines of the tables: closed lists, always shown in full, so that a missing line says nothing.

Lines that are rarely used are joined: each one hidden takes another with it.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.referrals.rules import vocabulary

ORIGINS: Mapping[str, str] = {
    "police": "Police",
    "sante": "Santé et services sociaux",
    "communautaire": "Organisme communautaire",
    "calacs": "CALACS",
    "other": "Justice et autres organismes",
    "herself": "Elle-même",
}
AGES: Mapping[str, str] = {
    "under_14": "Moins de 14 ans",
    "14_17": "14 à 17 ans",
    "18_24": "18 à 24 ans",
    "25_34": "25 à 34 ans",
    "35_49": "35 à 49 ans",
    "50_plus": "50 ans et plus",
    "adult": "Adulte, âge non précisé",
}
URGENCIES: Mapping[str, str] = {"urgent": "Urgent", "standard": "Non urgent"}
CONTACTS: Mapping[str, str] = {
    "within_24": "Rejointe en 24 h ou moins",
    "within_48": "Rejointe entre 24 et 48 h",
    "later": "Rejointe plus tard",
    "never": "Non rejointe",
}
NEED: Mapping[str, str] = {"yes": "Besoin nommé", "no": "Besoin non nommé"}
#: The outcomes of `vocabulary.OUTCOMES`, with the ways of ending that the system writes.
ISSUES: Mapping[str, str] = {
    "served": "A reçu le service",
    "partly": "A reçu une partie du service",
    "not_reached": "N’a pas pu être jointe",
    "not_for_now": "Ne souhaite pas donner suite pour l’instant",
    "moved": "Remise au partenaire ou transférée",
    "other": "Fermée autrement",
    "elsewhere": "Terminée sans prise en charge",
}
PRIORITIES: Mapping[str, str] = {"1": "Code 1", "2": "Code 2", "3": "Code 3", "0": "Sans code"}
DECLINES: Mapping[str, str] = {
    **vocabulary.DECLINE_REASONS,
    "retracted": "Retirée par l’organisme qui référait",
    "superseded": "Acceptée par l’autre organisme à qui on avait demandé",
}
RECIPIENTS: Mapping[str, str] = {key: words for key, words in ORIGINS.items() if key != "herself"}

_AGE_OF = {"under_12": "under_14", "12_13": "under_14", "50_64": "50_plus", "65_plus": "50_plus"}


def origin_line(code: str) -> str:
    """The line of an organisation's type."""
    return code if code in ORIGINS else "other"


def age_line(code: str) -> str:
    """The line of an age band."""
    line = _AGE_OF.get(code, code)
    return line if line in AGES else "adult"


def issue_line(code: str) -> str:
    """The line of an outcome. A withdrawal is told like any other closing (network rules §3 (6))."""
    if code in DECLINES:
        return "elsewhere"
    return code if code in ISSUES and code != "elsewhere" else "other"


def priority_line(code: str) -> str:
    """The line of a priority code."""
    return code if code in PRIORITIES else "0"
