"""`/comites/{slug}/votes/{code}`: one question, sealed ballots, conflicts of interest, and the result with its
arithmetic. A plugin's vote has a page of the plugin, where this one leads."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees import services
from core.committees.forms.votes import AlternateForm, BallotForm, ExtendForm, RecusalForm, VoteForm
from core.committees.pages.finding import Place, managed
from core.committees.pages.overview import HOME
from core.committees.pages.words import QUORUMS, WORDS
from core.committees.queries.structure import people_who_may_sit
from core.committees.queries.votes import VoteView, own_question, vote_by_code
from core.committees.rules.deadlines import DEADLINE_REFUSALS, deadline_refusal
from core.committees.rules.votes import METHODS, TIES, Method, VoteRule
from core.kernel.codes import normalise
from core.kernel.errors import DomainError
from core.kernel.hooks.contributions import PanelPage
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = HOME + "/{slug}/votes"
ONE = PATH + "/{code}"
OPENED = N_("Le vote est ouvert. Les membres sont avisés.")
CAST = N_("Votre bulletin est scellé. Vous pouvez le changer jusqu’à la fermeture.")
ASIDE = N_("Votre récusation est notée.")
CLOSED, EXTENDED, ABANDONED = N_("Le vote est fermé."), N_("L’échéance est repoussée."), N_("Fermé sans décision.")
NAMED = N_("La suppléance est nommée pour ce vote.")
ASKED_MISSING = N_("Dites combien d’approbations sont requises, 2 au moins.")


def show_new(session: Session, request: PageRequest) -> Answer:
    """The form of a new question."""
    return _new_page(managed(session, request), filled({"method": "majority", "quorum": "51", "tie": "refused"}))


def open_one(session: Session, request: PageRequest) -> Answer:
    """Put a question to the committee."""
    place = managed(session, request)
    parsed = parse(VoteForm, request.form)
    if parsed.value is not None and parsed.value.method is Method.N_OF_M and parsed.value.asked is None:
        parsed = parsed.with_error("asked", ASKED_MISSING)
    if parsed.value is None:
        return _new_page(place, parsed, 422)
    form = parsed.value
    rule = VoteRule(
        form.method,
        form.asked or 0 if form.method is Method.N_OF_M else 0,
        int(form.quorum),
        form.tie,
        form.early,
        form.named,
    )
    try:
        vote_id = services.open_vote(
            session,
            request.house.keyring,
            request.viewer,
            place.committee.id,
            rule=rule,
            question=form.question,
            closes_at=form.closes_at,
            now=request.now,
        )
    except DomainError as refused:
        field = getattr(refused, "field", "")
        raise refused.showing(_new_page(place, parsed.with_error(field, refused.message), refused.status)) from refused
    found = services.load_vote(session, vote_id, request.now)
    return Redirect(f"{HOME}/{place.committee.slug}/votes/{found.row.code}", OPENED)


def show_vote(session: Session, request: PageRequest) -> Answer:
    """One vote, for whoever sits in its committee (or was named for it)."""
    found = _vote(session, request, asked=True)
    if found is None:
        return not_found()
    if not found.reads:
        return Redirect(_address(found) + "/suppleance")
    if not own_question(found):
        return Redirect(found.page)
    if request.wants_fragment:
        part = "ballot" if request.query.get("partie") == "bulletin" else "state"
        return Page(f"committees/vote_{part}.html", _context(found))
    return _vote_page(session, request, found)


def cast(session: Session, request: PageRequest) -> Answer:
    """Put a ballot in, or replace it."""
    found = _own(session, request)
    if found is None:
        return not_found()
    parsed = parse(BallotForm, request.form)
    if parsed.value is None:
        return _vote_page(session, request, found, parsed, 422)
    form = parsed.value
    try:
        services.cast_ballot(
            session,
            request.house.keyring,
            request.viewer,
            found.id,
            choice=form.choice,
            amount=form.amount,
            reason=form.reason,
            now=request.now,
        )
    except (services.VoteRefused, services.VoteInvalid) as refused:
        field = refused.field if isinstance(refused, services.VoteInvalid) else "choice"
        again = parsed.with_error(field, refused.message)
        raise refused.showing(_vote_page(session, request, found, again, refused.status)) from refused
    return Redirect(_address(found), CAST)


def recuse(session: Session, request: PageRequest) -> Answer:
    """Step aside, alone or with the whole organisation."""
    found = _own(session, request)
    if found is None:
        return not_found()
    parsed = parse(RecusalForm, request.form)
    if parsed.value is None:
        return _vote_page(session, request, found, status=422, aside=parsed)
    whole = parsed.value.scope == "organisation"
    services.recuse(session, request.house.keyring, request.viewer, found.id, whole_organisation=whole, now=request.now)
    return Redirect(_address(found), ASIDE)


def extend(session: Session, request: PageRequest) -> Answer:
    """Give a vote without quorum more time."""
    found = _vote(session, request)
    if found is None or not found.presides:
        return not_found()
    parsed = parse(ExtendForm, request.form)
    if parsed.value is not None:
        refused = deadline_refusal(parsed.value.closes_at, request.now)
        parsed = parsed if refused is None else parsed.with_error("closes_at", DEADLINE_REFUSALS[refused])
    if parsed.value is None:
        return _vote_page(session, request, found, status=422, extend=parsed)
    services.extend_vote(session, request.house.keyring, request.viewer, found.id, parsed.value.closes_at, request.now)
    return Redirect(_address(found), EXTENDED)


def abandon(session: Session, request: PageRequest) -> Answer:
    """Close without decision."""
    found = _vote(session, request)
    if found is None or not found.presides:
        return not_found()
    services.abandon_escalated(session, request.viewer, found.id, request.now)
    return Redirect(_address(found), ABANDONED)


def close(session: Session, request: PageRequest) -> Answer:
    """Decide now a vote whose time has come (the job does it by itself each minute)."""
    found = _vote(session, request)
    if found is None or not found.presides:
        return not_found()
    services.close_vote(session, request.house.keyring, found.id, request.now)
    return Redirect(_address(found), CLOSED)


def show_alternate(session: Session, request: PageRequest) -> Answer:
    """The other CALACS is asked for one of its people: the question is not shown, only that somebody is missing."""
    found = _vote(session, request, asked=True)
    if found is None or not found.may_name_alternate:
        return not_found()
    return _alternate_page(session, request, found, None)


def name(session: Session, request: PageRequest) -> Answer:
    """Name an alternate for this vote alone."""
    found = _vote(session, request, asked=True)
    if found is None or not found.may_name_alternate:
        return not_found()
    parsed = parse(AlternateForm, request.form)
    if parsed.value is None:
        return _alternate_page(session, request, found, parsed, 422)
    try:
        services.name_alternate(
            session, request.house.keyring, request.viewer, found.id, parsed.value.person, request.now
        )
    except services.VoteInvalid as refused:
        again = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_alternate_page(session, request, found, again, 422)) from refused
    return Redirect(HOME, NAMED)


def _vote(session: Session, request: PageRequest, *, asked: bool = False) -> VoteView | None:
    """The vote of the address, in the committee of the address, if the viewer may know of it."""
    code = normalise(services.LETTER, request.path["code"])
    if code is None:
        return None
    found = vote_by_code(session, request.house.keyring, request.viewer, code, request.now, asked=asked)
    return found if found is not None and found.committee_slug == request.path["slug"] else None


def _own(session: Session, request: PageRequest) -> VoteView | None:
    """The same, for acts that a plugin's vote takes on its own page."""
    found = _vote(session, request)
    return found if found is not None and own_question(found) else None


def _context(found: VoteView, form: Parsed[Any] | None = None, **forms: Parsed[Any] | None) -> dict[str, object]:
    return {
        "vote": found,
        "form": form,
        "aside": forms.get("aside"),
        "extend": forms.get("extend"),
        "words": WORDS,
        "address": _address(found),
    }


def _vote_page(
    session: Session,
    request: PageRequest,
    found: VoteView,
    form: Parsed[Any] | None = None,
    status: int = 200,
    **forms: Parsed[Any] | None,
) -> Page:
    facts = {"kind": found.kind, "subject": found.subject, "committee": found.committee_slug}
    panels = request.house.hooks.panels(PanelPage("vote", found.code, facts), request.viewer, session, request.now)
    return Page("committees/vote.html", {**_context(found, form, **forms), "panels": panels}, status)


def _new_page(place: Place, form: Parsed[Any], status: int = 200) -> Page:
    context = {
        "committee": place.committee,
        "form": form,
        "methods": tuple((one.value, label) for one, label in METHODS.items()),
        "ties": tuple((one.value, label) for one, label in TIES.items()),
        "quorums": QUORUMS,
    }
    return Page("committees/new_vote.html", context, status)


def _alternate_page(
    session: Session, request: PageRequest, found: VoteView, form: Parsed[Any] | None, status: int = 200
) -> Page:
    people = people_who_may_sit(session, request.house.keyring, request.viewer.organisation_id)
    names = tuple((person, name) for person, _organisation, name in people)
    return Page("committees/alternate.html", {"vote": found, "people": names, "form": form}, status)


def _address(found: VoteView) -> str:
    return f"{HOME}/{found.committee_slug}/votes/{found.code}"


_READ, _VOTE, _SURE = Permission.COMMITTEE_READ, Permission.COMMITTEE_VOTE, Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(PATH + "/nouveau", show_new, permission=_READ, name="vote.new", assurance=_SURE),
    post(PATH, open_one, permission=_READ, name="vote.open", assurance=_SURE),
    get(ONE, show_vote, permission=_READ, name="vote", assurance=_SURE),
    post(ONE + "/bulletin", cast, permission=_VOTE, name="vote.cast", assurance=_SURE),
    post(ONE + "/recusation", recuse, permission=_VOTE, name="vote.recuse", assurance=_SURE),
    post(ONE + "/fermeture", close, permission=_READ, name="vote.close", assurance=_SURE),
    post(ONE + "/echeance", extend, permission=_READ, name="vote.extend", assurance=_SURE),
    post(ONE + "/abandon", abandon, permission=_READ, name="vote.abandon", assurance=_SURE),
    get(ONE + "/suppleance", show_alternate, permission=_VOTE, name="vote.alternate", assurance=_SURE),
    post(ONE + "/suppleance", name, permission=_VOTE, name="vote.alternate.name", assurance=_SURE),
)
