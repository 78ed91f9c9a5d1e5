"""The guard of free texts: names, ways to reach somebody, and what tells exactly when and where."""

from .findings import KINDS, Finding, Kind, left_over, looks_like_a_person
from .situated import singles_out
from .texts import NAMES_SOMEBODY, Guard, NamesSomebody, check_texts, findings_of

__all__ = [
    "KINDS",
    "NAMES_SOMEBODY",
    "Finding",
    "Guard",
    "Kind",
    "NamesSomebody",
    "check_texts",
    "findings_of",
    "left_over",
    "looks_like_a_person",
    "singles_out",
]
