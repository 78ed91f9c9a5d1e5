"""Closed vocabularies of the directory: the codes stored in its tables."""

from enum import StrEnum


class Tier(StrEnum):
    """Who may see a piece of the directory; each tier includes the ones before it."""

    PUBLIC = "public"
    PARTNERS = "partners"
    CONFIDENTIAL = "confidential"  # the organisation itself, nobody else


class OrganisationType(StrEnum):
    CALACS = "calacs"
    POLICE = "police"
    SANTE = "sante"
    JUSTICE = "justice"
    COMMUNAUTAIRE = "communautaire"
    PROVINCIAL = "provincial"
    RESEAU = "reseau"


class Regime(StrEnum):
    """The Act that governs what the organisation may disclose (network rules §4)."""

    COMMUNITY = "P-39.1"
    PUBLIC_BODY = "A-2.1"
    HEALTH = "R-22.1"
    YOUTH_PROTECTION = "P-34.1"


class Status(StrEnum):
    ADMITTED = "admitted"
    PROBATION = "probation"
    SUSPENDED = "suspended"


class Acceptance(StrEnum):
    """How one reaches a service."""

    HERE = "here"
    PHONE = "phone"
    EXTERNAL = "external"


class CapacityState(StrEnum):
    OPEN = "open"
    WAITLIST = "waitlist"
    FULL = "full"
    ASSESSMENT = "assessment"
    UNKNOWN = "unknown"


class Audience(StrEnum):
    """Who a service is for, in the words of the sources."""

    WOMEN = "women"
    GIRLS = "girls"  # adolescentes, 12 to 17
    TRANS_WOMEN = "trans_women"
    MEN = "men"
    BOYS = "boys"
    CHILDREN = "children"  # under 12
    RELATIVES = "relatives"
    WORKERS = "workers"  # partners' staff
    EVERYONE = "everyone"


class AreaKind(StrEnum):
    MUNICIPALITY = "municipality"
    MRC = "mrc"
    REGION = "region"
    PROVINCE = "province"


class PhoneKind(StrEnum):
    VOICE = "voice"
    TOLL_FREE = "toll_free"
    TEXT = "text"
    FAX = "fax"


class EditState(StrEnum):
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    APPLIED = "applied"  # written at once by the organisation itself
    IMPORTED = "imported"


class Problem(StrEnum):
    """What a visitor may report: codes only, so that nobody writes about a person here."""

    PHONE = "phone"
    HOURS = "hours"
    CRITERIA = "criteria"
    TERRITORY = "territory"
    CLOSED = "closed"
    OTHER = "other"
