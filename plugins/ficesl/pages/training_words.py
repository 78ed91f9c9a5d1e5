"""Words and small readings that pages of the catalogue, sessions, people and series share."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import N_, PageRequest, committee_by_slug

from .. import access
from ..rules.catalogue import AUDIENCES, COURSE_KINDS, MODULE_FORMS, REACHES, VERSION_STATES
from ..rules.lists import LINE_PROBLEMS
from ..rules.seats import REGISTRATION_STATES, SESSION_STATES
from ..rules.series import CELL_STATES, EXPLANATION, PROPOSAL_REASONS
from ..services.desk import Desk, desk_of
from ..settings import COURSES, PEOPLE, SERIES, SESSIONS, SLUG

LANGUAGES: Mapping[str, str] = {"fr": N_("Français"), "en": N_("Anglais")}
#: How a state is signed, beside its words.
SIGNS: Mapping[str, str] = {
    "draft": "",
    "open": "done",
    "cancelled": "closed",
    "done": "closed",
    "registered": "done",
    "waiting": "wait",
    "published": "done",
    "retired": "closed",
}
WORDS: Mapping[str, object] = {
    "audiences": AUDIENCES,
    "kinds": COURSE_KINDS,
    "forms": MODULE_FORMS,
    "reaches": REACHES,
    "versions": VERSION_STATES,
    "sessions": SESSION_STATES,
    "registrations": REGISTRATION_STATES,
    "problems": LINE_PROBLEMS,
    "cells": CELL_STATES,
    "reasons": PROPOSAL_REASONS,
    "languages": LANGUAGES,
    "signs": SIGNS,
    "explanation": EXPLANATION,
    "links": {"courses": COURSES, "sessions": SESSIONS, "people": PEOPLE, "series": SERIES},
}


def desk_for(request: PageRequest) -> Desk:
    """The desk of a page's request."""
    return desk_of(request.house, request.viewer, request.now)


def keeps_training(session: Session, request: PageRequest) -> bool:
    """Whether the viewer sits in the committee. One statement, none for who sits nowhere."""
    if not request.viewer.committees:
        return False
    committee = committee_by_slug(session, SLUG)
    return access.sits(request.viewer, None if committee is None else committee.id)


def identifier(typed: str) -> UUID | None:
    """What an address names, None for anything else."""
    try:
        return UUID(typed)
    except ValueError:
        return None
