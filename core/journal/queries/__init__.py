"""Reads of the journal."""

from core.journal.queries.export import export
from core.journal.queries.history import JournalLine, access_history, has_done, organisation_history
from core.journal.queries.verification import Checkpoint, Fault, VerificationReport, last_root, verify

__all__ = [
    "Checkpoint",
    "Fault",
    "JournalLine",
    "VerificationReport",
    "access_history",
    "export",
    "has_done",
    "last_root",
    "organisation_history",
    "verify",
]
