"""Organisations, services and places of the region."""

from __future__ import annotations

from core.directory.pages.words import WORDS as DIRECTORY_WORDS
from core.directory.queries.briefs import (
    ServiceShown,
    ServiceState,
    find_services,
    service_ids,
    service_states,
    services_shown,
)
from core.directory.queries.homes import Home, homes_of
from core.directory.queries.names import ServiceName, organisation_names, service_names
from core.directory.queries.organisations import organisation_by_slug
from core.directory.queries.places import areas, municipality_choices
from core.directory.queries.receiving import Receiving, receiving_organisations
from core.directory.queries.sheets import DirectorySheet, SheetContent, directory_sheets, own_contents
from core.directory.queries.views import edit_states
from core.directory.rules.emergency import EmergencyLine, emergency_lines
from core.directory.rules.visibility import Area
from core.directory.services.edits import (
    EDIT_DECIDED,
    OWN_FIELDS,
    change_own,
    confirm_exact,
    propose_edit,
    take_back_confirmation,
)
from core.directory.services.fields import Target as DirectoryTarget
from core.directory.services.fields import current_value

__all__ = [
    "DIRECTORY_WORDS",
    "EDIT_DECIDED",
    "OWN_FIELDS",
    "Area",
    "DirectorySheet",
    "DirectoryTarget",
    "EmergencyLine",
    "Home",
    "Receiving",
    "ServiceName",
    "ServiceShown",
    "ServiceState",
    "SheetContent",
    "areas",
    "change_own",
    "confirm_exact",
    "current_value",
    "directory_sheets",
    "edit_states",
    "emergency_lines",
    "find_services",
    "homes_of",
    "municipality_choices",
    "organisation_by_slug",
    "organisation_names",
    "own_contents",
    "propose_edit",
    "receiving_organisations",
    "service_ids",
    "service_names",
    "service_states",
    "services_shown",
    "take_back_confirmation",
]
