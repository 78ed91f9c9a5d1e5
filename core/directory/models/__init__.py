"""Tables of the directory, shaped after the Human Services Data Specification with the network's own additions."""

from core.directory.models.history import DirectoryEdit
from core.directory.models.organisations import Contact, Location, Organisation, Phone, RoomLent
from core.directory.models.places import Municipality, TerritoryRoute
from core.directory.models.search import SEARCH_DDL, SearchDocument, SearchState, SearchWord
from core.directory.models.services import (
    EligibilityRule,
    Language,
    RequiredDocument,
    Schedule,
    ScheduleException,
    Service,
    ServiceArea,
    ServiceLocation,
    ServiceTerm,
    TaxonomyTerm,
)

__all__ = [
    "SEARCH_DDL",
    "Contact",
    "DirectoryEdit",
    "EligibilityRule",
    "Language",
    "Location",
    "Municipality",
    "Organisation",
    "Phone",
    "RequiredDocument",
    "RoomLent",
    "Schedule",
    "ScheduleException",
    "SearchDocument",
    "SearchState",
    "SearchWord",
    "Service",
    "ServiceArea",
    "ServiceLocation",
    "ServiceTerm",
    "TaxonomyTerm",
    "TerritoryRoute",
]
