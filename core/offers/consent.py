"""A person's consent, its wordings and its ages."""

from __future__ import annotations

from core.consent.rules import AgeBand, Attestation, Modality
from core.consent.services import ConsentInput, ConsentMissing, Stopped
from core.consent.services import Invalid as ConsentInvalid
from core.consent.wordings import Wording

__all__ = [
    "AgeBand",
    "Attestation",
    "ConsentInput",
    "ConsentInvalid",
    "ConsentMissing",
    "Modality",
    "Stopped",
    "Wording",
]
