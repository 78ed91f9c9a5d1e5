"""The journal's tables, their triggers and the lines they hold."""

from core.journal.models.tables import AppendOnly, JournalEntry, JournalHead, JournalRoot, JournalSealed
from core.journal.models.triggers import DROP_TRIGGERS, TRIGGERS, _attach

__all__ = [
    "DROP_TRIGGERS",
    "TRIGGERS",
    "AppendOnly",
    "JournalEntry",
    "JournalHead",
    "JournalRoot",
    "JournalSealed",
]

_attach()
