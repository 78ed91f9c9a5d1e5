"""`/reseau/organismes/{id}`: an organisation's standing in the network, suspension and return."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts.forms.admission import SuspensionForm
from core.accounts.queries.people import people_by_role
from core.accounts.rules.admission import SUSPENSIONS
from core.accounts.services.admission import NotAdmissible, readmit_organisation, suspend_admitted
from core.directory.queries.organisations import OrganisationView, organisation
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

PATH = "/reseau/organismes"


def show_standing(session: Session, request: PageRequest) -> Answer:
    """Who is there, by role and number; what can be done about it."""
    return _page(session, request, None)


def suspend(session: Session, request: PageRequest) -> Answer:
    """Shut the organisation out at once."""
    found = _found(session, request)
    if found is None:
        return not_found()
    parsed = parse(SuspensionForm, request.form)
    if parsed.value is None:
        return _page(session, request, parsed, 422)
    try:
        suspend_admitted(session, request.viewer, found.id, parsed.value.reason, request.now)
    except NotAdmissible as refused:
        raise refused.showing(_page(session, request, parsed.with_error("reason", refused.message))) from refused
    return Redirect(f"{PATH}/{found.id}", notice=N_("L’organisme est suspendu : ses sessions ont pris fin."))


def readmit(session: Session, request: PageRequest) -> Answer:
    """Let a suspended organisation back in."""
    found = _found(session, request)
    if found is None:
        return not_found()
    readmit_organisation(session, request.viewer, found.id, request.now)
    return Redirect(f"{PATH}/{found.id}", notice=N_("L’organisme est réadmis."))


def _page(session: Session, request: PageRequest, form: Parsed[SuspensionForm] | None, status: int = 200) -> Answer:
    found = _found(session, request)
    if found is None:
        return not_found()
    context = {
        "organisation": found,
        "roles": people_by_role(session, found.id),
        "own": found.id == request.viewer.organisation_id,
        "suspensions": tuple(SUSPENSIONS.items()),
        "form": form,
    }
    return Page("admission/standing.html", context, status)


def _found(session: Session, request: PageRequest) -> OrganisationView | None:
    try:
        return organisation(session, UUID(request.path["id"]))
    except ValueError:
        return None


_OVERSEE = Permission.NETWORK_OVERSEE
routes: tuple[Route, ...] = (
    get(PATH + "/{id}", show_standing, permission=_OVERSEE, name="standing", assurance=Assurance.SECOND_FACTOR),
    post(PATH + "/{id}/suspendre", suspend, permission=_OVERSEE, name="standing.suspend", assurance=Assurance.STEP_UP),
    post(PATH + "/{id}/readmettre", readmit, permission=_OVERSEE, name="standing.readmit", assurance=Assurance.STEP_UP),
)
