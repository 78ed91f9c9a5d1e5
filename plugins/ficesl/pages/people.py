"""`/comites/ficesl/personnes`: the people and the units of one's organisation; nobody else sees them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    CSV_TYPE,
    N_,
    Assurance,
    DomainError,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    filled,
    get,
    not_found,
    parse,
    post,
    write_csv,
)

from ..access import PEOPLE as KEEP
from ..forms.training import FindForm, PersonForm, TeamForm
from ..models import Learner
from ..queries.about import registrations_of
from ..queries.people import SIZE, SORTED, one_person, people_page, teams_of
from ..rules.catalogue import AUDIENCES
from ..services import people
from ..services.desk import Refused
from ..services.people import AlikePerson, NewPerson
from ..settings import PEOPLE
from .training_words import WORDS, desk_for, identifier

ONE = f"{PEOPLE}/{{learner}}"
Answer = Page | Redirect | Refusal | File
ADDED, SAVED = N_("La personne est dans votre liste."), N_("C’est enregistré.")
LEFT = N_("La personne a quitté l’organisme. Ses places à venir vont aux personnes en attente.")
#: People of one table: more than any organisation has.
MOST = 100_000
ERASED = N_("Le nom et le courriel sont effacés. Les heures restent comptées, sans nom.")


def show_people(session: Session, request: PageRequest) -> Answer:
    """The organisation's people, by name."""
    return _list(session, request, None)


def find(session: Session, request: PageRequest) -> Answer:
    """People whose names hold what is typed: posted, so that no address and no log holds a name."""
    parsed = parse(FindForm, request.form)
    return _list(session, request, None, 200 if parsed.value is not None else 422, find=parsed)


def add(session: Session, request: PageRequest) -> Answer:
    """Somebody without an account; whoever resembles somebody is asked about first."""
    parsed = parse(PersonForm, request.form)
    if parsed.value is None:
        return _list(session, request, parsed, 422)
    try:
        people.add_person(session, desk_for(request), _new(parsed.value))
    except AlikePerson as warned:
        page = _list(session, request, parsed.with_error("name", warned.message), like=warned.like)
        raise warned.showing(page) from warned
    except Refused as refused:
        raise refused.showing(_list(session, request, parsed.with_error(refused.field, refused.message))) from refused
    return Redirect(PEOPLE, ADDED)


def add_team(session: Session, request: PageRequest) -> Answer:
    """A unit."""
    parsed = parse(TeamForm, request.form)
    if parsed.value is None:
        return _list(session, request, None, 422, team=parsed)
    try:
        people.add_team(session, desk_for(request), parsed.value.team_name)
    except Refused as refused:
        form = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_list(session, request, None, team=form)) from refused
    return Redirect(PEOPLE + "#unites", SAVED)


def end_team(session: Session, request: PageRequest) -> Answer:
    """A unit that is no more, or is again."""
    unit = identifier(request.path["unit"])
    if unit is None:
        return not_found()
    people.end_team(session, desk_for(request), unit, undo=request.form.get("undo") == "1")
    return Redirect(PEOPLE + "#unites", SAVED)


def show_person(session: Session, request: PageRequest) -> Answer:
    """Somebody of the organisation."""
    return _person(session, request, None) or not_found()


def change(session: Session, request: PageRequest) -> Answer:
    """Correct a name, an e-mail, a unit."""
    learner = identifier(request.path["learner"])
    if learner is None or _person(session, request, None) is None:
        return not_found()
    parsed = parse(PersonForm, request.form)
    if parsed.value is None:
        return _person(session, request, parsed, 422) or not_found()
    try:
        people.change_person(session, desk_for(request), learner, _new(parsed.value))
    except Refused as refused:
        page = _person(session, request, parsed.with_error(refused.field, refused.message))
        raise (refused if page is None else refused.showing(page)) from refused
    return Redirect(f"{PEOPLE}/{learner}", SAVED)


def leave(session: Session, request: PageRequest) -> Answer:
    """She left the organisation, or that is undone."""
    learner = identifier(request.path["learner"])
    if learner is None:
        return not_found()
    undo = request.form.get("undo") == "1"
    people.person_left(session, desk_for(request), learner, back=undo)
    return Redirect(f"{PEOPLE}/{learner}", SAVED if undo else LEFT)


def erase(session: Session, request: PageRequest) -> Answer:
    """Erase a name for good."""
    learner = identifier(request.path["learner"])
    if learner is None:
        return not_found()
    try:
        people.erase_person(session, desk_for(request), learner)
    except DomainError as refused:
        page = None if refused.status == 404 else _person(session, request, filled({}).with_error("", refused.message))
        raise (refused if page is None else refused.showing(page)) from refused
    return Redirect(PEOPLE, ERASED)


def copy(session: Session, request: PageRequest) -> Answer:
    """What is held about somebody, for her: a table she can read."""
    learner = identifier(request.path["learner"])
    one = None if learner is None else one_person(session, *_reader(request), learner, request.now)
    if one is None:
        return not_found()
    rows: list[tuple[str, ...]] = [("Nom", one.name), ("Courriel", one.email), ("Unité", one.team)]
    rows += [
        (str(line["session"]), str(line["state"]), str(line["at"]), str(line["cancelled_at"] or ""))
        for line in registrations_of(session, Learner.id == one.id)
    ]
    return File(write_csv(("Renseignement", "Valeur", "Inscription", "Annulation"), rows), CSV_TYPE, "copie.csv")


def export(session: Session, request: PageRequest) -> Answer:
    """The organisation's people as a table; a name that looks like a formula is shown and never computed."""
    say = request.house.renderer.translator.translate
    everybody, _ = people_page(session, *_reader(request), request.now, size=MOST)
    header = [say(request.locale, one) for one in (N_("Nom"), N_("Courriel"), N_("Unité"), N_("Public"))]
    rows = [(one.name, one.email, one.team, say(request.locale, AUDIENCES[one.audience])) for one in everybody]
    return File(write_csv(header, rows), CSV_TYPE, f"{say(request.locale, N_('personnes'))}.csv")


def _reader(request: PageRequest) -> tuple[Any, Any]:
    return request.house.keyring, request.viewer


def _new(typed: PersonForm) -> NewPerson:
    return NewPerson(typed.name, typed.email, typed.audience, typed.team, typed.another)


def _list(
    session: Session,
    request: PageRequest,
    form: Parsed[Any] | None,
    status: int = 200,
    *,
    like: Any = None,
    team: Parsed[Any] | None = None,
    find: Parsed[FindForm] | None = None,
) -> Page:
    looked = None if find is None else find.value or FindForm()
    chosen = identifier(request.query.get("unite", "")) if looked is None else looked.unit
    left = request.query.get("parties") == "1" if looked is None else looked.left
    typed = "" if looked is None else looked.looked_for
    known, total = people_page(
        session, *_reader(request), request.now, typed=typed, team=chosen, left=left, page=request.page
    )
    context = {
        "people": known,
        "total": total,
        "page": request.page,
        "pages": max(1, -(-total // SIZE)),
        "teams": teams_of(session, request.viewer.organisation_id, ended=True),
        "chosen": chosen,
        # Not `left`: that word is the frame’s, the time before the lock
        "gone": left,
        "typed": typed,
        "by_entry": total > SORTED and not typed,
        "form": form,
        "team": team,
        "find": find,
        "like": like,
        "words": WORDS,
    }
    return Page("ficesl/people.html", context, status)


def _person(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page | None:
    learner: UUID | None = identifier(request.path["learner"])
    one = None if learner is None else one_person(session, *_reader(request), learner, request.now)
    if one is None:
        return None
    context = {
        "one": one,
        "teams": teams_of(session, request.viewer.organisation_id),
        "form": form,
        "followed": registrations_of(session, Learner.id == one.id),
        "words": WORDS,
    }
    return Page("ficesl/person.html", context, status)


routes: tuple[Route, ...] = (
    get(PEOPLE, show_people, permission=KEEP, mode="write", name="ficesl.people_list"),
    post(PEOPLE, add, permission=KEEP, name="ficesl.person_add"),
    post(f"{PEOPLE}/chercher", find, permission=KEEP, name="ficesl.people_find"),
    # Names leave the platform: a factor is asked again
    get(
        f"{PEOPLE}/export.csv",
        export,
        permission=KEEP,
        mode="write",
        name="ficesl.people_export",
        assurance=Assurance.STEP_UP,
    ),
    post(f"{PEOPLE}/unites", add_team, permission=KEEP, name="ficesl.team_add"),
    post(f"{PEOPLE}/unites/{{unit}}", end_team, permission=KEEP, name="ficesl.team_end"),
    get(ONE, show_person, permission=KEEP, mode="write", name="ficesl.person"),
    post(ONE, change, permission=KEEP, name="ficesl.person_change"),
    post(ONE + "/depart", leave, permission=KEEP, name="ficesl.person_left"),
    post(ONE + "/effacer", erase, permission=KEEP, name="ficesl.person_erase"),
    get(
        ONE + "/copie.csv",
        copy,
        permission=KEEP,
        mode="write",
        name="ficesl.person_copy",
        assurance=Assurance.STEP_UP,
    ),
)
