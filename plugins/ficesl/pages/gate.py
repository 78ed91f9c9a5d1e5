"""`/comites/ficesl/acces`: what a training opens for me, until when, the next session; an organisation's list."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from core.api import Page, PageRequest, Route, get, people_names

from ..access import PEOPLE, READ
from ..queries import gate as queries
from ..queries.names import GONE
from ..rules.gate import BY_REFERRAL, WORDS
from ..services.gating import gates_of
from ..settings import ACCESS, ATTESTATIONS, NAME, SESSIONS, Settings
from .gate_words import titles

#: How far back warnings are counted.
LOOKED_BACK = timedelta(days=365)


def show_access(session: Session, request: PageRequest) -> Page:
    """My gates, and for who keeps her organisation's people, who would lose what and when."""
    viewer = request.viewer
    gates = gates_of(request.house.hooks.settings(NAME, Settings))
    keeps = request.house.holds(viewer, PEOPLE) and viewer.organisation_id is not None
    losing = queries.losing_in(session, viewer.organisation_id, gates, request.now) if keeps and gates else ()
    context = {
        "gates": gates,
        "mine": queries.own_gates(session, viewer, gates, request.now) if gates else (),
        "keeps": keeps,
        "losing": losing,
        "names": people_names(session, request.house.keyring, frozenset(one.user_id for one in losing)),
        "gone": GONE,
        "warnings": queries.warnings_of(session, viewer.organisation_id, request.now - LOOKED_BACK)
        if keeps and gates
        else 0,
        "words": WORDS,
        "permissions": titles(request.house),
        "by_referral": BY_REFERRAL,
        "sessions": SESSIONS,
        "attestations": ATTESTATIONS,
        "today": queries.local(request.now),
    }
    return Page("ficesl/access.html", context)


routes: tuple[Route, ...] = (get(ACCESS, show_access, permission=READ, name="ficesl.access"),)
