"""Who is looking: a frozen value computed once per request from the session cookie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    """What a person may be in her or his organisation (network rules §5)."""

    WORKER = "worker"
    INTAKE = "intake"
    ORGANISATION_ADMIN = "organisation_admin"
    PRIVACY_OFFICER = "privacy_officer"
    COMMITTEE_MEMBER = "committee_member"
    COMMITTEE_CHAIR = "committee_chair"
    NETWORK_COORDINATION = "network_coordination"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Viewer:
    """A signed-in person in one organisation, or nobody (`ANONYMOUS`).

    `organisation_type` is one of calacs, police, sante, justice, communautaire, provincial, reseau.
    """

    user_id: UUID | None
    organisation_id: UUID | None
    organisation_name: str
    organisation_type: str
    roles: frozenset[Role]
    display_name: str
    session_id: UUID | None = None
    second_factor: bool = False
    #: When a factor was last shown in this session (UTC), for what asks one of the last five minutes.
    stepped_up_at: datetime | None = None
    demo: bool = False
    locale: str = "fr"
    #: Committees where this person holds a seat, or stands in for one, today.
    committees: frozenset[UUID] = frozenset()
    #: Codes that plugins know of this person today (`register_viewer_facts`), for their restrictions.
    known: frozenset[str] = frozenset()

    @property
    def is_anonymous(self) -> bool:
        """True for the public."""
        return self.user_id is None


ANONYMOUS = Viewer(None, None, "", "", frozenset(), "")
