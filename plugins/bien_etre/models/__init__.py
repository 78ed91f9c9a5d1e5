"""Tables of the fund: requests and their votes in `requests`, money in `money`, what watches over it in `oversight`."""

from .money import (
    CardHanding,
    CardReserve,
    CardStock,
    Commitment,
    Envelope,
    EnvelopeCap,
    LedgerEntry,
    Payment,
    Receipt,
)
from .oversight import CarryOver, LateRatification, RefusalReason
from .requests import AidRequest, Aside, Dismissed, Question, Round, Signature

__all__ = [
    "AidRequest",
    "Aside",
    "CardHanding",
    "CardReserve",
    "CardStock",
    "CarryOver",
    "Commitment",
    "Dismissed",
    "Envelope",
    "EnvelopeCap",
    "LateRatification",
    "LedgerEntry",
    "Payment",
    "Question",
    "Receipt",
    "RefusalReason",
    "Round",
    "Signature",
]
