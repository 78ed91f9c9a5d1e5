"""Facts of the journal in words: the core's, a plugin's, and those that nobody worded."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.orm import Session

from core.journal.queries.history import JournalLine
from core.journal.words import told_facts
from core.kernel.hooks.contributions import ActSpec, FactSpec

NO_SESSION = cast("Session", None)
ACTS = {
    "essai.sent": ActSpec(
        "essai.sent",
        "Envoi",
        facts={
            "cents": FactSpec("Montant", cents=True),
            "why": FactSpec("Raison", {"late": "en retard", "lost": "perdue"}),
            "urgent": FactSpec("Urgent"),
        },
    )
}


def told(action: str, **facts: Any) -> str:
    line = cast("Any", JournalLine)(1, None, None, None, None, None, (), action, "chose:1", facts)
    return told_facts(NO_SESSION, [line], ACTS, lambda text: text, "fr")[0]


def test_facts_are_told_in_the_order_of_their_words() -> None:
    assert told("committee.ballot_cast", times=2) == "Nombre de dépôts : 2"
    assert told("committee.recused", scope="person", seats=3) == (
        "S’abstient de voter : cette personne · Sièges qui peuvent voter : 3"
    )
    assert told("report.export", own=True, quarter=0, year=2026) == (
        "Année financière qui commence en : 2026 · Trimestre : toute l’année · Chiffres de l’organisme seulement : oui"
    )
    assert told("essai.sent", urgent=False, why=["late", "lost"], cents=42_000) == (
        "Montant : 420,00\xa0$ · Raison : en retard, perdue · Urgent : non"
    )


def test_what_nobody_worded_is_shown_as_it_was_recorded() -> None:
    assert told("essai.sent", step=4, cents=100) == "Montant : 1,00\xa0$ · step : 4"
    assert told("autre.acte", step=4) == "step=4"
    assert told("essai.sent") == ""
