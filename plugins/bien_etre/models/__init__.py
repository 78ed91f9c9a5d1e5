"""Tables of the fund: requests and their votes in `requests`, money in `money`."""

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
from .requests import AidRequest, Aside, Dismissed, Question, Round, Signature

__all__ = [
    "AidRequest",
    "Aside",
    "CardHanding",
    "CardReserve",
    "CardStock",
    "Commitment",
    "Dismissed",
    "Envelope",
    "EnvelopeCap",
    "LedgerEntry",
    "Payment",
    "Question",
    "Receipt",
    "Round",
    "Signature",
]
