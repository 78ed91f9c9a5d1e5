"""Pages of the board, under /comites/modele/."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Viewer,
    can,
    filled,
    get,
    not_found,
    parse,
    post,
)

from . import queries, rules, services
from .forms import NoteForm
from .settings import BOARD, NAME, Settings

NO_PERSON = N_("Une note ne porte ni numéro de téléphone ni adresse électronique : écrivez-la sans nommer personne.")


def show_board(session: Session, request: PageRequest) -> Page:
    """The notes this viewer may read, and the form for those who may write."""
    return _board(session, request, filled({}), 200)


def post_note(session: Session, request: PageRequest) -> Page | Redirect:
    """Add a note; what looks like a person's contact details is refused, the text kept in the form."""
    form = parse(NoteForm, request.form)
    if form.value is not None and rules.looks_personal(form.value.text):
        form = form.with_error("text", NO_PERSON)
    if form.value is None:
        return _board(session, request, form, 422)
    services.post_note(session, request.viewer, form.value, request.now)
    return Redirect(BOARD, notice=N_("Votre note est au babillard."))


def show_note(session: Session, request: PageRequest) -> Page | Refusal:
    """One note. Reserved to another organisation, it answers like a missing one."""
    try:
        found = queries.find_note(session, UUID(request.path["note"]))
    except ValueError:
        found = None
    if found is None or not can(request.viewer, rules.READ, found[1]).allowed:
        return not_found()
    return Page("modele/note.html", {"note": found[0], "board": BOARD})


def _board(session: Session, request: PageRequest, form: Parsed[NoteForm], status: int) -> Page:
    viewer: Viewer = request.viewer
    size = request.house.hooks.settings(NAME, Settings).board_size
    context = {
        "notes": queries.list_notes(session, viewer, limit=size),
        "may_post": can(viewer, rules.POST).allowed,
        "form": form,
        "board": BOARD,
    }
    template = "modele/notes.html" if request.wants_fragment else "modele/board.html"
    return Page(template, context, status)


routes = (
    get(BOARD, show_board, permission=rules.READ, name="modele.board"),
    post(BOARD, post_note, permission=rules.POST, name="modele.post"),
    get(BOARD + "/{note}", show_note, permission=rules.READ, name="modele.note"),
)
