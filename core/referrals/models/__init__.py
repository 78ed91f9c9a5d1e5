"""Tables of referrals: cases and offers in clear codes, content only under seals."""

from core.referrals.models.content import (
    BlockSeal,
    DuplicateKey,
    EscrowSeal,
    ReferralBlock,
    ReferralDraft,
    ReferralEntry,
)
from core.referrals.models.offers import (
    OnCallShift,
    Referral,
    ReferralCase,
    ReferralClockMark,
    ReferralPreview,
    ReferralRestriction,
)

__all__ = [
    "BlockSeal",
    "DuplicateKey",
    "EscrowSeal",
    "OnCallShift",
    "Referral",
    "ReferralBlock",
    "ReferralCase",
    "ReferralClockMark",
    "ReferralDraft",
    "ReferralEntry",
    "ReferralPreview",
    "ReferralRestriction",
]
