"""Words and small readings that pages of versions share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import AGE_BANDS, LANGUAGES, N_, NEEDS, Area, PageRequest, areas

from .. import access
from ..access import followed_committee
from ..queries.versions import WHY, VersionLine, version_line
from ..rules.checks import BLOCKING, EXPLANATIONS
from ..rules.conditions import SUBJECTS, YES_NO
from ..rules.differences import FIELDS, KINDS, WHAT
from ..rules.graph import KINDS as NODE_KINDS
from ..rules.graph import ROLES, STATES
from ..services.drafts import Desk
from ..services.publishing import REGION, desk_of
from ..settings import HOME, TRAJECTORY, VERSIONS

#: How a state is signed, beside its words.
SIGNS: Mapping[str, str] = {"proposed": "wait", "adopted": "wait", "published": "done", "retired": "closed"}
WORDS: Mapping[str, object] = {
    "states": STATES,
    "signs": SIGNS,
    "roles": ROLES,
    "node_kinds": NODE_KINDS,
    "subjects": SUBJECTS,
    "values": {
        "age_band": AGE_BANDS,
        "danger": YES_NO,
        "minor": YES_NO,
        "need": NEEDS,
        "language": LANGUAGES,
    },
    "needs": NEEDS,
    "why": WHY,
    "explanations": EXPLANATIONS,
    "blocking": BLOCKING,
    "differences": KINDS,
    "what": WHAT,
    "fields": FIELDS,
    "links": {"home": HOME, "versions": VERSIONS, "trajectory": TRAJECTORY},
}
#: Why a page says that a form was overtaken.
OVERTAKEN = N_(
    "Une autre personne a changé ceci pendant que vous écriviez. Votre texte est gardé : relisez, puis enregistrez."
)


@dataclass(frozen=True)
class Found:
    """The version of the address, for who follows the committee's work. `edits`: whether the viewer sits there."""

    line: VersionLine
    committee_id: UUID
    edits: bool

    @property
    def number(self) -> int:
        """The version's."""
        return self.line.number

    @property
    def address(self) -> str:
        """Where its pages begin."""
        return f"{VERSIONS}/{self.line.number}"


def found_version(session: Session, request: PageRequest) -> Found | None:
    """The version of the address; None for an unknown one. Raises Missing for who does not follow the work."""
    committee = followed_committee(session, request.viewer)
    line = version_line(session, number_of(request))
    if line is None:
        return None
    return Found(line, committee.id, access.sits(request.viewer, committee.id))


def number_of(request: PageRequest) -> int:
    """The number in the address, 0 for what is none."""
    typed = request.path.get("number", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 8 else 0


def desk_for(request: PageRequest) -> Desk:
    """The desk of a page's request."""
    return desk_of(request.house, request.viewer, request.now)


def area_labels(session: Session, locale: str) -> dict[str, str]:
    """Code → what a place is called, in this language. One statement."""
    return {one.code: _label(one, locale) for one in areas(session) if one.code != REGION}


def _label(area: Area, locale: str) -> str:
    return area.label_en if locale == "en" else area.label


def identifier(typed: str) -> UUID | None:
    """What an address names, None for anything else."""
    try:
        return UUID(typed)
    except ValueError:
        return None
