"""`/comites/orres/versions/{number}/modifier`: a draft's moments and steps, one page each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    Stale,
    filled,
    get,
    not_found,
    parse,
    post,
    service_names,
)

from ..access import EDIT, FOLLOW
from ..forms.versions import NewNodeForm, NodeForm, PlaceForm
from ..queries.exchange_lessons import LessonView, lessons_of_version
from ..queries.trajectory import trajectory_of
from ..rules import editing
from ..rules.content import mark_of
from ..rules.editing import EditRefused, NodeText
from ..rules.graph import DRAFT, MOMENT, STEP, Node, Trajectory
from ..services.drafts import change_draft
from ..services.publishing import places
from ..settings import VERSIONS
from .trajectory_words import OVERTAKEN, WORDS, Found, area_labels, desk_for, found_version

ONE = f"{VERSIONS}/{{number}}"
NODE = ONE + "/elements/{key}"
SAVED, ADDED, REMOVED = N_("C’est enregistré."), N_("C’est ajouté."), N_("C’est retiré. Vous pouvez l’annuler ici.")
Answer = Page | Redirect | Refusal


def show_draft(session: Session, request: PageRequest) -> Answer:
    """A draft, moment by moment."""
    found = found_version(session, request)
    if found is None:
        return not_found()
    if found.line.state != DRAFT:
        return Redirect(found.address)
    return draft_page(session, request, found, None)


def add_node(session: Session, request: PageRequest) -> Answer:
    """A moment, or a step of one."""
    found = edited(session, request)
    if found is None:
        return not_found()
    parsed = parse(NewNodeForm, request.form)
    typed = parsed.value
    if typed is None:
        return draft_page(session, request, found, parsed, 422)
    text = NodeText(typed.new_title, typed.new_title_en, "", (), None, ())
    kind, moment = (STEP, typed.moment) if typed.moment else (MOMENT, None)

    def change(content: Trajectory) -> Trajectory:
        return editing.add_node(content, kind, moment, text, ())

    try:
        after = change_draft(session, desk_for(request), found.number, "add_node", change)
    except EditRefused as refused:
        again = parsed.with_error("new_title", refused.message)
        raise refused.showing(draft_page(session, request, found, again, refused.status)) from refused
    return Redirect(f"{found.address}/elements/{after.nodes[-1].key}", ADDED)


def show_node(session: Session, request: PageRequest) -> Answer:
    """One moment or step: its words, its conditions, its services, its passages."""
    found, content, node = _node(session, request)
    if found is None or content is None or node is None:
        return not_found()
    return _node_page(session, request, found, content, node, None)


def change_node(session: Session, request: PageRequest) -> Answer:
    """Say it otherwise."""
    found, content, node = _node(session, request)
    if found is None or content is None or node is None or not found.edits:
        return not_found()
    parsed = parse(NodeForm, request.form)
    typed = parsed.value
    if typed is None:
        return _node_page(session, request, found, content, node, parsed, 422)
    areas = places(session)

    def change(now: Trajectory) -> Trajectory:
        return editing.change_node(now, node.key, typed.text, typed.mark, areas)

    try:
        change_draft(session, desk_for(request), found.number, "change_node", change)
    except Stale as stale:
        now = trajectory_of(session, found.number) or content
        again = parsed.with_error("", OVERTAKEN)
        kept = now.node(node.key)
        if kept is None:
            raise
        raise stale.showing(_node_page(session, request, found, now, kept, again, stale.status)) from stale
    except EditRefused as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_node_page(session, request, found, content, node, again, refused.status)) from refused
    return Redirect(f"{found.address}/modifier#n-{node.key}", SAVED)


def move_node(session: Session, request: PageRequest) -> Answer:
    """One place earlier or later."""
    parsed = parse(PlaceForm, request.form)
    step = -1 if parsed.value is not None and parsed.value.to == "up" else 1
    return _acted(session, request, "move_node", lambda content, key: editing.move_node(content, key, step), None)


def remove_node(session: Session, request: PageRequest) -> Answer:
    """Without it, and what hangs on it."""
    return _acted(session, request, "remove_node", editing.remove_node, REMOVED)


def edited(session: Session, request: PageRequest) -> Found | None:
    """The draft of the address, for who may change it; None for anything else."""
    found = found_version(session, request)
    return found if found is not None and found.edits and found.line.state == DRAFT else None


def draft_page(
    session: Session, request: PageRequest, found: Found, form: Parsed[Any] | None, status: int = 200
) -> Page:
    """The draft, with what was typed in the form that adds to it."""
    content = trajectory_of(session, found.number)
    context = {
        "found": found,
        "content": content,
        "form": form,
        "lessons": joined_lessons(session, request, found),
        "words": words_here(session, request),
    }
    return Page("orres/draft.html", context, status)


def joined_lessons(session: Session, request: PageRequest, found: Found) -> tuple[LessonView, ...]:
    """Lessons of exchanges joined to the version, for who takes part in exchanges: their pages ask for as much."""
    if not found.edits or not request.viewer.second_factor:
        return ()
    return lessons_of_version(session, request.house.keyring, request.viewer, found.number)


def words_here(session: Session, request: PageRequest) -> dict[str, object]:
    """Words, and what the region's places are called."""
    return {**WORDS, "areas": area_labels(session, request.locale)}


def _node(session: Session, request: PageRequest) -> tuple[Found | None, Trajectory | None, Node | None]:
    found = found_version(session, request)
    content = None if found is None or found.line.state != DRAFT else trajectory_of(session, found.number)
    return found, content, None if content is None else content.node(request.path["key"])


def _acted(
    session: Session,
    request: PageRequest,
    act: str,
    change: Callable[[Trajectory, str], Trajectory],
    notice: str | None,
) -> Answer:
    found, content, node = _node(session, request)
    if found is None or content is None or node is None or not found.edits:
        return not_found()
    change_draft(session, desk_for(request), found.number, act, lambda now: change(now, node.key))
    return Redirect(f"{found.address}/modifier" + ("" if act == "remove_node" else f"#n-{node.key}"), notice)


def _node_page(
    session: Session,
    request: PageRequest,
    found: Found,
    content: Trajectory,
    node: Node,
    form: Parsed[Any] | None,
    status: int = 200,
) -> Page:
    answers = content.answers_of(node.key)
    context = {
        "found": found,
        "content": content,
        "node": node,
        "mark": mark_of(node),
        "form": form if form is not None else filled(_typed(node)),
        "overtaken": status == Stale.status,
        "answers": answers,
        "shown": service_names(session, request.viewer, {one.service_id for one in answers}),
        "leaving": content.following(node.key),
        "coming": tuple(one for one in content.edges if one.target == node.key),
        "words": words_here(session, request),
    }
    return Page("orres/node.html", context, status)


def _typed(node: Node) -> dict[str, object]:
    """The form as the node stands."""
    found: dict[str, object] = {
        "title": node.title,
        "title_en": node.title_en,
        "summary": node.summary,
        "needs": node.needs,
        "delay_hours": node.delay_hours,
    }
    return {**found, **by_subject(node)}


def by_subject(part: Any) -> dict[str, list[str]]:
    """The ticked boxes of the conditions of a part, subject by subject."""
    found: dict[str, list[str]] = {}
    for one in part.conditions:
        found.setdefault(one.subject, []).append(one.value)
    return found


routes: tuple[Route, ...] = (
    get(ONE + "/modifier", show_draft, permission=FOLLOW, name="orres.draft"),
    post(ONE + "/elements", add_node, permission=EDIT, name="orres.node_add"),
    get(NODE, show_node, permission=FOLLOW, name="orres.node"),
    post(NODE, change_node, permission=EDIT, name="orres.node_change"),
    post(NODE + "/place", move_node, permission=EDIT, name="orres.node_move"),
    post(NODE + "/retirer", remove_node, permission=EDIT, name="orres.node_remove"),
)
