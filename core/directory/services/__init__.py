"""Writes of the directory."""

from core.directory.services.capacity import set_capacity
from core.directory.services.confidential import ConfidentialDetails, read_details, set_details
from core.directory.services.edits import (
    change_own,
    confirm_exact,
    decide_edit,
    propose_edit,
    report_problem,
    take_back_confirmation,
)
from core.directory.services.fields import Target
from core.directory.services.importing import ImportReport, import_region
from core.directory.services.reading import RowError
from core.directory.services.seeding import create_missing_keys, seed_network

__all__ = [
    "ConfidentialDetails",
    "ImportReport",
    "RowError",
    "Target",
    "change_own",
    "confirm_exact",
    "create_missing_keys",
    "decide_edit",
    "import_region",
    "propose_edit",
    "read_details",
    "report_problem",
    "seed_network",
    "set_capacity",
    "set_details",
    "take_back_confirmation",
]
