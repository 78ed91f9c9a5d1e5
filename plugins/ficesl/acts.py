"""What training records in the journal, in the words that privacy officers read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.api import N_, ActSpec, FactSpec

from .pages.gate_words import CORE_PERMISSIONS
from .rules.attestations import WHY

_PEOPLE: Mapping[str, FactSpec] = {"people": FactSpec(N_("Personnes"))}
_UNITS: Mapping[str, FactSpec] = {"teams": FactSpec(N_("Unités"))}
_NUMBER: Mapping[str, FactSpec] = {"number": FactSpec(N_("Version"))}
_QUESTIONS: Mapping[str, FactSpec] = {"questions": FactSpec(N_("Questions"))}
_COUNTED: Mapping[str, FactSpec] = {"counted": FactSpec(N_("Additionnée"))}
_LINES: Mapping[str, FactSpec] = {"lines": FactSpec(N_("Lignes"))}
_REVOKED: Mapping[str, FactSpec] = {**_PEOPLE, "reason": FactSpec(N_("Raison"), WHY)}
_PASSED: Mapping[str, FactSpec] = {"permission": FactSpec(N_("Ce qui demande la formation"), CORE_PERMISSIONS)}
_NONE: Mapping[str, FactSpec] = {}

_LIST, _ONE, _UNIT = N_("Personnes de l’organisme"), N_("Personne"), N_("Unité")
_SESSION, _COURSE, _SERIES = N_("Séance"), N_("Formation"), N_("Parcours")
_KEY = N_("Clé des badges")
_SENT, _PRINTED, _CAPSULE = N_("Liste de personnes"), N_("Chiffres publiés"), N_("Capsule")

#: Act, its words, what it is about, its facts.
_ACTS: Sequence[tuple[str, str, str, Mapping[str, FactSpec]]] = (
    ("names_read", N_("Lecture de noms de personnes formées"), _LIST, _PEOPLE),
    ("people_listed", N_("Liste de personnes écrite"), _SENT, _PEOPLE),
    ("person_added", N_("Personne ajoutée à la liste"), _ONE, _NONE),
    ("person_changed", N_("Personne corrigée dans la liste"), _ONE, _NONE),
    ("person_left", N_("Départ noté dans la liste"), _ONE, _NONE),
    ("person_back", N_("Départ annulé dans la liste"), _ONE, _NONE),
    ("person_erased", N_("Nom et courriel effacés"), _ONE, _NONE),
    ("team_added", N_("Unité ajoutée"), _UNIT, _NONE),
    ("team_ended", N_("Unité terminée"), _UNIT, _NONE),
    ("team_back", N_("Unité rétablie"), _UNIT, _NONE),
    ("registered", N_("Inscription à une séance"), _SESSION, _PEOPLE),
    ("cancelled", N_("Inscription annulée"), _SESSION, _PEOPLE),
    ("restored", N_("Inscription rétablie"), _SESSION, _PEOPLE),
    ("attested", N_("Attestations faites"), _COURSE, _PEOPLE),
    ("attestation_revoked", N_("Attestation révoquée"), _COURSE, _REVOKED),
    ("gate_passed_urgent", N_("Référence urgente acceptée sans la formation demandée"), _COURSE, _PASSED),
    ("evaluation_form", N_("Formulaire d’évaluation changé"), _COURSE, _QUESTIONS),
    ("quiz_saved", N_("Questionnaire de capsule changé"), _CAPSULE, _QUESTIONS),
    ("published_imported", N_("Chiffres publiés importés"), _PRINTED, _LINES),
    ("published_counted", N_("Ligne publiée comparée à une autre"), _PRINTED, _COUNTED),
    ("session_planned", N_("Séance préparée"), _SESSION, _NONE),
    ("session_changed", N_("Séance changée"), _SESSION, _NONE),
    ("session_opened", N_("Inscriptions ouvertes"), _SESSION, _NONE),
    ("session_cancelled", N_("Séance annulée"), _SESSION, _NONE),
    ("session_restored", N_("Séance rétablie"), _SESSION, _NONE),
    ("series_opened", N_("Parcours ouvert"), _SERIES, _UNITS),
    ("series_changed", N_("Parcours changé"), _SERIES, _UNITS),
    ("course_added", N_("Formation ajoutée au catalogue"), _COURSE, _NONE),
    ("course_retired", N_("Formation retirée du catalogue"), _COURSE, _NONE),
    ("course_back", N_("Formation remise au catalogue"), _COURSE, _NONE),
    ("version_added", N_("Version commencée"), _COURSE, _NUMBER),
    ("version_published", N_("Version publiée"), _COURSE, _NUMBER),
    ("material_added", N_("Matériel ajouté"), _COURSE, _NUMBER),
    ("material_removed", N_("Matériel retiré"), _COURSE, _NUMBER),
    ("key_renewed", N_("Nouvelle clé de signature des badges"), _KEY, _NUMBER),
)


def acts() -> Sequence[ActSpec]:
    """Every act that training records."""
    return tuple(ActSpec(f"ficesl.{code}", title, about, facts) for code, title, about, facts in _ACTS)
