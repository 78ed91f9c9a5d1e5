"""A draft's passages, and the services that answer at each step, found in the directory."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Route,
    Stale,
    filled,
    find_services,
    get,
    not_found,
    parse,
    post,
    services_shown,
)

from ..access import EDIT
from ..forms.versions import AnswerForm, ConditionsForm, EdgeForm
from ..queries.trajectory import labels_in, trajectory_of
from ..rules import editing
from ..rules.content import mark_of
from ..rules.editing import EditRefused
from ..rules.graph import Answer as Answering
from ..rules.graph import Edge, Node, Trajectory
from ..services.drafts import change_draft
from ..services.publishing import places
from .editing import NODE, ONE, Answer, by_subject, edited, words_here
from .trajectory_words import OVERTAKEN, Found, desk_for, identifier

EDGE = ONE + "/passages/{source}/{target}"
SERVICE = NODE + "/services/{service}"
SAVED, REMOVED = N_("C’est enregistré."), N_("C’est retiré. Vous pouvez l’annuler ici.")
JOINED = N_("Le passage est ajouté. Dites ici s’il ne vaut que pour certaines situations.")


def add_edge(session: Session, request: PageRequest) -> Answer:
    """A passage from the page of a node; its conditions are asked next."""
    found = edited(session, request)
    if found is None:
        return not_found()
    parsed = parse(EdgeForm, request.form)
    typed = parsed.value
    back = f"{found.address}/elements/{parsed.raw('source')}"
    if typed is None:
        return Redirect(back, editing.REFUSALS["node"])

    def change(content: Trajectory) -> Trajectory:
        return editing.add_edge(content, typed.source, typed.target, (), ())

    try:
        change_draft(session, desk_for(request), found.number, "add_edge", change)
    except EditRefused as refused:
        return Redirect(back if refused.field == "target" else f"{found.address}/modifier", refused.message)
    return Redirect(f"{found.address}/passages/{typed.source}/{typed.target}", JOINED)


def show_edge(session: Session, request: PageRequest) -> Answer:
    """The conditions of a passage."""
    found, content, edge = _edge(session, request)
    if found is None or content is None or edge is None:
        return not_found()
    return _edge_page(session, request, found, content, edge, filled(by_subject(edge)))


def change_edge(session: Session, request: PageRequest) -> Answer:
    """Other conditions."""
    found, content, edge = _edge(session, request)
    if found is None or content is None or edge is None:
        return not_found()
    parsed = parse(ConditionsForm, request.form)
    typed = parsed.value
    if typed is None:
        return _edge_page(session, request, found, content, edge, parsed, 422)
    areas = places(session)

    def change(now: Trajectory) -> Trajectory:
        return editing.change_edge(now, edge.source, edge.target, typed.conditions, typed.mark, areas)

    try:
        change_draft(session, desk_for(request), found.number, "change_edge", change)
    except (Stale, EditRefused) as refused:
        message = OVERTAKEN if isinstance(refused, Stale) else refused.message
        again = parsed.with_error("", message)
        raise refused.showing(_edge_page(session, request, found, content, edge, again, refused.status)) from refused
    return Redirect(f"{found.address}/elements/{edge.source}", SAVED)


def remove_edge(session: Session, request: PageRequest) -> Answer:
    """Without that passage."""
    found, _content, edge = _edge(session, request)
    if found is None or edge is None:
        return not_found()
    desk = desk_for(request)
    change_draft(
        session, desk, found.number, "remove_edge", lambda now: editing.remove_edge(now, edge.source, edge.target)
    )
    return Redirect(f"{found.address}/modifier", REMOVED)


def search_services(session: Session, request: PageRequest) -> Answer:
    """The directory's search, to choose a service that answers at a node."""
    found, content, node = _node(session, request)
    if found is None or content is None or node is None:
        return not_found()
    text = request.query.get("q", "").strip()[:120]
    context = {
        "found": found,
        "node": node,
        "text": text,
        "results": find_services(session, request.viewer, text, request.now) if text else (),
        "taken": {one.service_id for one in content.answers_of(node.key)},
        "words": words_here(session, request),
    }
    return Page("orres/services.html", context)


def show_answer(session: Session, request: PageRequest) -> Answer:
    """How a service answers at a node, or would."""
    found, content, node = _node(session, request)
    service_id = identifier(request.path["service"])
    if found is None or content is None or node is None or service_id is None:
        return not_found()
    return _answer_page(session, request, found, content, node, service_id, None) or not_found()


def save_answer(session: Session, request: PageRequest) -> Answer:
    """Add the service there, or change how it answers."""
    found, content, node = _node(session, request)
    service_id = identifier(request.path["service"])
    if found is None or content is None or node is None or service_id is None:
        return not_found()
    parsed = parse(AnswerForm, request.form)
    typed = parsed.value
    if typed is None:
        return _answer_page(session, request, found, content, node, service_id, parsed, 422) or not_found()
    areas = places(session)
    shown = services_shown(session, request.viewer, [service_id], request.now).get(service_id)

    def change(now: Trajectory) -> Trajectory:
        said = (node.key, service_id, typed.role, typed.areas, typed.delay_hours)
        if typed.mark:
            return editing.change_answer(now, *said, typed.mark, areas)
        return editing.add_answer(now, *said, tier=None if shown is None else shown.tier, areas=areas)

    try:
        change_draft(session, desk_for(request), found.number, "answer", change)
    except (Stale, EditRefused) as refused:
        message = OVERTAKEN if isinstance(refused, Stale) else refused.message
        again = parsed.with_error("", message)
        page = _answer_page(session, request, found, content, node, service_id, again, refused.status)
        raise (refused if page is None else refused.showing(page)) from refused
    return Redirect(f"{found.address}/elements/{node.key}#services", SAVED)


def remove_answer(session: Session, request: PageRequest) -> Answer:
    """Without that service there."""
    found, content, node = _node(session, request)
    service_id = identifier(request.path["service"])
    if found is None or content is None or node is None or service_id is None:
        return not_found()
    desk = desk_for(request)
    change_draft(
        session, desk, found.number, "remove_answer", lambda now: editing.remove_answer(now, node.key, service_id)
    )
    return Redirect(f"{found.address}/elements/{node.key}#services", REMOVED)


def _edge(session: Session, request: PageRequest) -> tuple[Found | None, Trajectory | None, Edge | None]:
    found = edited(session, request)
    content = None if found is None else trajectory_of(session, found.number)
    if content is None:
        return found, None, None
    ends = request.path["source"], request.path["target"]
    return found, content, next((one for one in content.edges if (one.source, one.target) == ends), None)


def _node(session: Session, request: PageRequest) -> tuple[Found | None, Trajectory | None, Node | None]:
    found = edited(session, request)
    content = None if found is None else trajectory_of(session, found.number)
    return found, content, None if content is None else content.node(request.path["key"])


def _edge_page(
    session: Session,
    request: PageRequest,
    found: Found,
    content: Trajectory,
    edge: Edge,
    form: Parsed[Any],
    status: int = 200,
) -> Page:
    context = {
        "found": found,
        "edge": edge,
        "source": content.node(edge.source),
        "target": content.node(edge.target),
        "mark": mark_of(edge),
        "form": form,
        "words": words_here(session, request),
    }
    return Page("orres/edge.html", context, status)


def _answer_page(
    session: Session,
    request: PageRequest,
    found: Found,
    content: Trajectory,
    node: Node,
    service_id: UUID,
    form: Parsed[Any] | None,
    status: int = 200,
) -> Page | None:
    """None for a service that neither answers there nor shows in the viewer's directory."""
    held = next((one for one in content.answers_of(node.key) if one.service_id == service_id), None)
    shown = services_shown(session, request.viewer, [service_id], request.now).get(service_id)
    if held is None and shown is None:
        return None
    context = {
        "found": found,
        "node": node,
        "held": held,
        "shown": shown,
        "label": "" if shown is not None else labels_in(session, found.number).get(service_id, ""),
        "service_id": service_id,
        "mark": "" if held is None else mark_of(held),
        "form": form if form is not None else (None if held is None else filled(_typed(held))),
        "words": words_here(session, request),
    }
    return Page("orres/answer.html", context, status)


def _typed(held: Answering) -> dict[str, object]:
    return {"role": held.role, "areas": held.areas, "delay_hours": held.delay_hours}


routes: tuple[Route, ...] = (
    post(ONE + "/passages", add_edge, permission=EDIT, name="orres.edge_add"),
    get(EDGE, show_edge, permission=EDIT, name="orres.edge"),
    post(EDGE, change_edge, permission=EDIT, name="orres.edge_change"),
    post(EDGE + "/retirer", remove_edge, permission=EDIT, name="orres.edge_remove"),
    get(NODE + "/services", search_services, permission=EDIT, name="orres.services"),
    get(SERVICE, show_answer, permission=EDIT, name="orres.answer"),
    post(SERVICE, save_answer, permission=EDIT, name="orres.answer_save"),
    post(SERVICE + "/retirer", remove_answer, permission=EDIT, name="orres.answer_remove"),
)
