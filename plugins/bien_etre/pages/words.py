"""Words that templates of the fund look codes up in."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import AGE_BANDS, ATTESTATION_LABELS, FINDING_KINDS, MODALITY_LABELS, N_

from ..rules.requests import CATEGORIES, LAFU, PAYMENTS, SIGNS, STATES
from ..rules.urgent import RATIFICATIONS, SIGN_REFUSALS

#: How a round ended.
RESULTS: Mapping[str, str] = {
    "adopted": N_("Adoptée"),
    "rejected": N_("Non adoptée"),
    "abandoned": N_("Fermée sans décision"),
}
#: Fields of free text, for the list of what looks like a person.
FIELDS: Mapping[str, str] = {
    "why_now": N_("Pourquoi maintenant"),
    "tried": N_("Ce qui a été essayé"),
    "lafu_detail": N_("Précision sur LAFU"),
    "reason": N_("Raison"),
    "question": N_("Question"),
    "answer": N_("Réponse"),
}
WORDS: Mapping[str, object] = {
    "ages": AGE_BANDS,
    "attestations": ATTESTATION_LABELS,
    "categories": CATEGORIES,
    "fields": FIELDS,
    "kinds": FINDING_KINDS,
    "lafu": LAFU,
    "modalities": MODALITY_LABELS,
    "payments": PAYMENTS,
    "ratifications": RATIFICATIONS,
    "rounds": RESULTS,
    "sign_refusals": SIGN_REFUSALS,
    "signs": SIGNS,
    "states": STATES,
}
