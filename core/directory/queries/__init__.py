"""Reads of the directory: frozen dataclasses, already redacted for the reader they were asked for."""

from core.directory.queries.hours import (
    opening_hours,
    opening_state,
    quebec_holidays,
)
from core.directory.queries.organisations import (
    OrganisationCapacity,
    OrganisationView,
    ServiceCapacity,
    capacity_of,
    capacity_of_all,
    organisation,
    organisation_by_slug,
    organisations,
    organisations_receiving,
    reader_for,
)
from core.directory.queries.places import (
    MunicipalityView,
    TerritoryRouting,
    find_municipality,
    municipality,
    municipality_choices,
    preview_area,
    region_routing,
    routing_of,
)
from core.directory.rules.emergency import EmergencyLine, emergency_lines

__all__ = [
    "EmergencyLine",
    "MunicipalityView",
    "OrganisationCapacity",
    "OrganisationView",
    "ServiceCapacity",
    "TerritoryRouting",
    "capacity_of",
    "capacity_of_all",
    "emergency_lines",
    "find_municipality",
    "municipality",
    "municipality_choices",
    "opening_hours",
    "opening_state",
    "organisation",
    "organisation_by_slug",
    "organisations",
    "organisations_receiving",
    "preview_area",
    "quebec_holidays",
    "reader_for",
    "region_routing",
    "routing_of",
]
