"""What the fund records in an organisation's journal, in the words that privacy officers read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.api import FINDING_KINDS, N_, ActSpec, FactSpec

from .pages.words import RESULTS
from .rules.requests import CATEGORIES, STATES, State
from .rules.urgent import RATIFICATIONS

_CENTS: Mapping[str, FactSpec] = {"cents": FactSpec(N_("Montant"), cents=True)}
_SENT: Mapping[str, FactSpec] = {
    "category": FactSpec(N_("Besoin"), {str(code): title for code, title in CATEGORIES.items()}),
    "urgent": FactSpec(N_("Urgence")),
    "not_person": FactSpec(
        N_("Dit « ce n’en est pas un »"), {str(kind): title for kind, title in FINDING_KINDS.items()}
    ),
}
_OUTCOMES: Mapping[str, str] = {
    **RESULTS,
    **RATIFICATIONS,
    "accepted": STATES[State.ACCEPTED],
    "waiting_funds": STATES[State.WAITING_FUNDS],
}
_DECIDED: Mapping[str, FactSpec] = {"result": FactSpec(N_("Résultat"), _OUTCOMES)}
_ASIDE: Mapping[str, FactSpec] = {
    "scope": FactSpec(N_("Qui s’écarte"), {"person": N_("cette personne"), "organisation": N_("tout l’organisme")})
}
_EXPORTED: Mapping[str, FactSpec] = {"year": FactSpec(N_("Année financière")), "lines": FactSpec(N_("Lignes"))}

#: Act, its words, its facts: all about a request of the fund.
_ACTS: Sequence[tuple[str, str, Mapping[str, FactSpec]]] = (
    ("request_sent", N_("Demande envoyée au fonds"), _SENT),
    ("amount_changed", N_("Montant changé"), _CENTS),
    ("asked", N_("Question posée sur une demande"), {}),
    ("answered", N_("Réponse donnée sur une demande"), {}),
    ("aside", N_("Mise à l’écart d’une demande"), _ASIDE),
    ("signed", N_("Signature d’une demande urgente"), {}),
    ("decided", N_("Décision du comité"), _DECIDED),
    ("paused", N_("Demande mise en pause"), {}),
    ("resumed", N_("Demande reprise"), {}),
    ("closed", N_("Demande fermée"), {}),
    ("withdrawn", N_("Demande retirée"), {}),
    ("unpaid_late", N_("Aide accordée qui tarde à être versée"), _CENTS),
)


def acts() -> Sequence[ActSpec]:
    """Every act recorded for an organisation; those of the network's own chain are read at the command line."""
    about = N_("Demande au fonds d’urgence")
    told = [ActSpec(f"bien_etre.{code}", title, about, facts) for code, title, facts in _ACTS]
    ledger = ActSpec("bien_etre.ledger_exported", N_("Fichier du grand livre téléchargé"), N_("Grand livre"), _EXPORTED)
    return (*told, ledger)
