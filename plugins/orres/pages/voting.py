"""`/comites/orres/versions/{number}/vote`: the committee's vote on a version, one ballot for each organisation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    DEADLINE_REFUSALS,
    N_,
    VOTE_WORDS,
    Assurance,
    BallotForm,
    DomainError,
    ExtendForm,
    Form,
    Page,
    PageRequest,
    Parsed,
    RecusalForm,
    Redirect,
    Refusal,
    Route,
    VoteInvalid,
    VoteRefused,
    VoteView,
    abandon_escalated,
    cast_ballot,
    deadline_refusal,
    extend_vote,
    get,
    not_found,
    parse,
    post,
    recuse,
)

from ..access import EDIT, FOLLOW
from ..services.publishing import vote_of, withdraw_proposal
from ..settings import VERSIONS
from .trajectory_words import WORDS, Found, desk_for, found_version

VOTE = f"{VERSIONS}/{{number}}/vote"
CAST = N_("Votre bulletin est scellé. Vous pouvez le changer jusqu’à la fermeture.")
ASIDE = N_("Vous êtes hors de ce vote.")
EXTENDED, ABANDONED = N_("L’échéance est repoussée."), N_("Fermée sans décision.")
WITHDRAWN = N_("La proposition est retirée : la version est de nouveau un brouillon.")
Answer = Page | Redirect | Refusal


def show_vote(session: Session, request: PageRequest) -> Answer:
    """The vote, or one of its live parts (`?partie=`)."""
    found = found_version(session, request)
    vote = None if found is None else vote_of(session, desk_for(request), found.number)
    if found is None or vote is None:
        return not_found()
    part = request.query.get("partie", "")
    if request.wants_fragment and part in ("etat", "bulletin"):
        name = "committees/vote_state.html" if part == "etat" else "committees/vote_ballot.html"
        return Page(name, _context(found, vote, {}))
    return _page(found, vote, {})


def cast(session: Session, request: PageRequest) -> Answer:
    """Put a ballot in."""

    def act(vote: VoteView, form: BallotForm) -> str:
        keyring, viewer = request.house.keyring, request.viewer
        cast_ballot(
            session, keyring, viewer, vote.id, choice=form.choice, amount=None, reason=form.reason, now=request.now
        )
        return CAST

    return _act(session, request, BallotForm, "form", "choice", act)


def step_aside(session: Session, request: PageRequest) -> Answer:
    """Declare a tie with the question."""

    def act(vote: VoteView, form: RecusalForm) -> str:
        whole = form.scope == "organisation"
        recuse(session, request.house.keyring, request.viewer, vote.id, whole_organisation=whole, now=request.now)
        return ASIDE

    return _act(session, request, RecusalForm, "aside", "scope", act)


def extend(session: Session, request: PageRequest) -> Answer:
    """More time for a vote without quorum, by who presides."""

    def act(vote: VoteView, form: ExtendForm) -> str:
        late = deadline_refusal(form.closes_at, request.now)
        if late is not None:
            raise VoteInvalid("closes_at", DEADLINE_REFUSALS[late])
        extend_vote(session, request.house.keyring, request.viewer, vote.id, form.closes_at, request.now)
        return EXTENDED

    return _act(session, request, ExtendForm, "extend", "closes_at", act, presides=True)


def abandon(session: Session, request: PageRequest) -> Answer:
    """Close a vote without quorum without decision, by who presides."""

    def act(vote: VoteView, _form: Form) -> str:
        abandon_escalated(session, request.viewer, vote.id, request.now)
        return ABANDONED

    return _act(session, request, Form, "acting", "", act, presides=True)


def withdraw(session: Session, request: PageRequest) -> Answer:
    """Take the proposal back."""
    found = found_version(session, request)

    def act(_vote: VoteView, _form: Form) -> str:
        assert found is not None
        withdraw_proposal(session, desk_for(request), found.number)
        return WITHDRAWN

    if found is None or not found.edits:
        return not_found()
    answer = _act(session, request, Form, "acting", "", act)
    return Redirect(f"{found.address}/modifier", WITHDRAWN) if isinstance(answer, Redirect) else answer


def _act(
    session: Session,
    request: PageRequest,
    form_class: type[Any],
    name: str,
    field: str,
    act: Callable[[VoteView, Any], str],
    *,
    presides: bool = False,
) -> Answer:
    """Existence and right first; what is refused is shown on the same page with what was typed."""
    found = found_version(session, request)
    vote = None if found is None else vote_of(session, desk_for(request), found.number)
    if found is None or vote is None or (presides and not vote.presides):
        return not_found()
    parsed = parse(form_class, request.form)
    if parsed.value is None:
        return _page(found, vote, {name: parsed}, 422)
    try:
        notice = act(vote, parsed.value)
    except (VoteRefused, VoteInvalid) as refused:
        again = parsed.with_error(getattr(refused, "field", field), refused.message)
        raise refused.showing(_page(found, vote, {name: again}, refused.status)) from refused
    except DomainError as refused:
        if refused.status in (403, 404):
            raise
        again = parsed.with_error(field, refused.message)
        raise refused.showing(_page(found, vote, {name: again}, refused.status)) from refused
    return Redirect(f"{found.address}/vote", notice)


def _context(found: Found, vote: VoteView, forms: Mapping[str, Parsed[Any]]) -> dict[str, object]:
    context: dict[str, object] = dict.fromkeys(("form", "aside", "extend", "acting"), None)
    shared = {"found": found, "vote": vote, "words": {**WORDS, **VOTE_WORDS}, "address": f"{found.address}/vote"}
    return {**context, **forms, **shared}


def _page(found: Found, vote: VoteView, forms: Mapping[str, Parsed[Any]], status: int = 200) -> Page:
    return Page("orres/vote.html", _context(found, vote, forms), status)


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(VOTE, show_vote, permission=FOLLOW, name="orres.vote", assurance=_SURE),
    post(VOTE + "/bulletin", cast, permission=FOLLOW, name="orres.vote_cast", assurance=_SURE),
    post(VOTE + "/recusation", step_aside, permission=FOLLOW, name="orres.vote_aside", assurance=_SURE),
    post(VOTE + "/echeance", extend, permission=FOLLOW, name="orres.vote_extend", assurance=_SURE),
    post(VOTE + "/abandon", abandon, permission=FOLLOW, name="orres.vote_abandon", assurance=_SURE),
    post(VOTE + "/retirer", withdraw, permission=EDIT, name="orres.vote_withdraw", assurance=_SURE),
)
