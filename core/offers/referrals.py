"""References: what is alongside one, and how one begins."""

from __future__ import annotations

from core.referrals.events import CLOSED as REFERRAL_CLOSED
from core.referrals.pages.words import ATTESTATION_LABELS, MODALITY_LABELS
from core.referrals.queries.acceptance import ACCEPTED as REFERRAL_ACCEPTED
from core.referrals.queries.acceptance import acceptance_of
from core.referrals.rules.vocabulary import AGE_BANDS, LANGUAGES, NEEDS
from core.referrals.services.alongside import (
    Alongside,
    PartnerAlongside,
    alongside,
    case_is_over,
    codes_in_hand,
    end_purpose,
    hold_alongside,
    note_alongside,
    partners_alongside,
    tell_alongside,
)
from core.referrals.services.prefill import MOST_TWINS, Prefill, open_prefilled
from core.referrals.services.purposes import WITHDRAWN as REFERRAL_WITHDRAWN
from core.referrals.services.purposes import (
    CaseConsent,
    consent_stands,
    grant_for_referral,
    mark_of_referral,
    purpose_wording,
)

__all__ = [
    "AGE_BANDS",
    "ATTESTATION_LABELS",
    "LANGUAGES",
    "MODALITY_LABELS",
    "MOST_TWINS",
    "NEEDS",
    "REFERRAL_ACCEPTED",
    "REFERRAL_CLOSED",
    "REFERRAL_WITHDRAWN",
    "Alongside",
    "CaseConsent",
    "PartnerAlongside",
    "Prefill",
    "acceptance_of",
    "alongside",
    "case_is_over",
    "codes_in_hand",
    "consent_stands",
    "end_purpose",
    "grant_for_referral",
    "hold_alongside",
    "mark_of_referral",
    "note_alongside",
    "open_prefilled",
    "partners_alongside",
    "purpose_wording",
    "tell_alongside",
]
