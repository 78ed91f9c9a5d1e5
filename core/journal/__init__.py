"""The journal: who read or changed what, in hash chains under signed roots."""

from core.journal.queries import (
    Checkpoint,
    Fault,
    JournalLine,
    VerificationReport,
    access_history,
    export,
    last_root,
    organisation_history,
    verify,
)
from core.journal.services import lock_case, lock_chains, record, record_each, seal_roots

__all__ = [
    "Checkpoint",
    "Fault",
    "JournalLine",
    "VerificationReport",
    "access_history",
    "export",
    "last_root",
    "lock_case",
    "lock_chains",
    "organisation_history",
    "record",
    "record_each",
    "seal_roots",
    "verify",
]
