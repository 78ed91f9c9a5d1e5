"""Coming into the network: the public request, the coordination's file, the approvals of two other organisations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.accounts.forms.admission import (
    AgreementSignedForm,
    ApplicationForm,
    CallBackForm,
    FirstAdminForm,
    OfficerForm,
    RefusalForm,
    RegimeForm,
)
from core.accounts.queries import admission as queries
from core.accounts.rules import address_prefix
from core.accounts.rules.admission import (
    APPLICATION_WINDOWS,
    CALL_SOURCES,
    REFUSALS,
    STEPS,
    ApplicationState,
    Step,
)
from core.accounts.services import admission as services
from core.accounts.services.applications import Named, Request, request_admission
from core.accounts.services.telephone import shown_number
from core.accounts.services.throttles import too_many
from core.journal.queries.people import people
from core.kernel.clock import TORONTO
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.web.forms import Form, Parsed, parse
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

APPLY, ADMISSIONS, APPROVALS = "/adhesion", "/reseau/admissions", "/approbations"
TOO_MANY = N_("Trop de demandes pour le moment. Recommencez plus tard, ou appelez un organisme du réseau.")
IN_FUTURE = N_("Cette date n’est pas encore venue.")
RECORDED = N_("C’est inscrit. Les approbations déjà données, s’il y en avait, sont à redonner.")
TYPES: tuple[tuple[str, str], ...] = (
    ("communautaire", N_("Organisme communautaire")),
    ("calacs", N_("CALACS")),
    ("sante", N_("Santé et services sociaux")),
    ("police", N_("Police")),
    ("justice", N_("Justice")),
    ("provincial", N_("Service provincial")),
)
REGIMES: tuple[tuple[str, str], ...] = (
    ("P-39.1", N_("Organisme privé ou communautaire (P-39.1)")),
    ("A-2.1", N_("Organisme public (A-2.1)")),
    ("R-22.1", N_("Santé et services sociaux (R-22.1)")),
    ("P-34.1", N_("Protection de la jeunesse (P-34.1)")),
)
STATES: Mapping[ApplicationState, str] = {
    ApplicationState.RECEIVED: N_("à étudier"),
    ApplicationState.PROBATION: N_("en attente d’admission"),
    ApplicationState.ADMITTED: N_("admis"),
    ApplicationState.REFUSED: N_("non retenue"),
}
WORDS = {
    "types": dict(TYPES),
    "regimes": dict(REGIMES),
    "states": STATES,
    "steps": STEPS,
    "sources": CALL_SOURCES,
    "refusals": REFUSALS,
}


def show_request(session: Session, request: PageRequest) -> Answer:
    """The public form."""
    return _request(None)


def send_request(session: Session, request: PageRequest) -> Answer:
    """Keep the request; the answer is the same whoever asks."""
    parsed = parse(ApplicationForm, request.form)
    if parsed.value is None:
        return _request(parsed, 422)
    subjects = {"address": address_prefix(request.client_address), "everyone": ""}
    if too_many(session, request.house.keyring, "application", subjects, APPLICATION_WINDOWS, request.now):
        return _request(parsed.with_error("name", TOO_MANY), 429)
    given = parsed.value
    request_admission(
        session,
        request.house.keyring,
        Request(given.name, given.why, given.function, given.email, given.phone),
        kind=given.type.value,
        regime=None if given.regime == "unknown" else given.regime.value,
        now=request.now,
    )
    return Redirect(APPLY + "/recue")


def show_received(session: Session, request: PageRequest) -> Answer:
    """What happens next."""
    return Page("admission/received.html")


def show_list(session: Session, request: PageRequest) -> Answer:
    """Every request, those that wait first."""
    found = queries.applications(session, request.house.keyring, page=request.page)
    return Page("admission/list.html", {"found": found, "words": WORDS})


def show_file(session: Session, request: PageRequest) -> Answer:
    """One request: what was written, what is recorded, what is left."""
    return _file(session, request, None, None)


def start(session: Session, request: PageRequest) -> Answer:
    """Look into it: the organisation is on probation."""
    services.start_probation(session, request.house.keyring, request.viewer, _id(request), request.now)
    return _back(request, N_("L’étude commence. L’organisme ne voit rien et ne reçoit rien avant d’être admis."))


def call_back(session: Session, request: PageRequest) -> Answer:
    """Record the call to a number found elsewhere."""

    def write(given: CallBackForm) -> None:
        if given.at > request.now + timedelta(minutes=5):
            raise DomainError(IN_FUTURE)
        services.record_call_back(
            session,
            request.house.keyring,
            request.viewer,
            _id(request),
            number=given.number,
            source=given.source,
            at=given.at,
            now=request.now,
        )

    return _step(session, request, Step.CALL_BACK, CallBackForm, write, "number")


def agreement(session: Session, request: PageRequest) -> Answer:
    """Record the signed agreement."""

    def write(given: AgreementSignedForm) -> None:
        if given.on > request.now.astimezone(TORONTO).date():
            raise DomainError(IN_FUTURE)
        services.record_agreement(
            session,
            request.viewer,
            _id(request),
            on=given.on,
            signatory=given.signatory,
            reference=given.reference,
            now=request.now,
        )

    return _step(session, request, Step.AGREEMENT, AgreementSignedForm, write, "on")


def officer(session: Session, request: PageRequest) -> Answer:
    """Record who answers for personal information."""

    def write(given: OfficerForm) -> None:
        named = Named(given.officer_name, given.officer_email)
        services.record_officer(session, request.house.keyring, request.viewer, _id(request), named, request.now)

    return _step(session, request, Step.OFFICER, OfficerForm, write, "officer_name")


def regime(session: Session, request: PageRequest) -> Answer:
    """Set the Act that applies."""

    def write(given: RegimeForm) -> None:
        services.set_regime(session, request.viewer, _id(request), given.regime.value, request.now)

    return _step(session, request, Step.REGIME, RegimeForm, write, "regime")


def first_admin(session: Session, request: PageRequest) -> Answer:
    """Name who will be invited first."""

    def write(given: FirstAdminForm) -> None:
        named = Named(given.admin_name, given.admin_email)
        services.name_first_admin(session, request.house.keyring, request.viewer, _id(request), named, request.now)

    return _step(session, request, Step.ADMIN, FirstAdminForm, write, "admin_name")


def refuse(session: Session, request: PageRequest) -> Answer:
    """Refuse with a coded reason."""
    parsed = parse(RefusalForm, request.form)
    if parsed.value is None:
        return _file(session, request, "refusal", parsed, 422)
    services.refuse_admission(session, request.viewer, _id(request), parsed.value.reason, request.now)
    return _back(request, N_("La demande n’est pas retenue."))


def hand_code(session: Session, request: PageRequest) -> Answer:
    """The code of the first person of the administration, to give by voice or by hand."""
    invited = services.first_code(session, request.house.keyring, request.viewer, _id(request), request.now)
    return Page("accounts/code.html", {"invited": invited, "reset": False, "back": f"{ADMISSIONS}/{_id(request)}"})


def show_approvals(session: Session, request: PageRequest) -> Answer:
    """Organisations that wait for two approvals, one's own aside."""
    viewer = request.viewer
    found = queries.to_approve(session, request.house.keyring, viewer.organisation_id, viewer.user_id)
    return Page("admission/approvals.html", {"found": found, "words": WORDS})


def show_approval(session: Session, request: PageRequest) -> Answer:
    """What the network checked, before approving."""
    return _approval(session, request)


def approve(session: Session, request: PageRequest) -> Answer:
    """Approve; the second approval of another organisation admits."""
    try:
        admitted = services.approve_admission(session, request.house.keyring, request.viewer, _id(request), request.now)
    except services.NotAdmissible as refused:
        raise refused.showing(_approval(session, request, refused.message)) from refused
    notice = N_("L’organisme est admis.") if admitted else N_("Votre approbation est inscrite. Il en faut une autre.")
    return Redirect(APPROVALS, notice=notice)


def _request(form: Parsed[ApplicationForm] | None, status: int = 200) -> Page:
    return Page("admission/apply.html", {"form": form, "types": TYPES, "regimes": REGIMES}, status)


def _file(
    session: Session, request: PageRequest, which: str | None, form: Parsed[Any] | None, status: int = 200
) -> Answer:
    found = queries.application(session, request.house.keyring, _id(request))
    if found is None:
        return not_found()
    callers = people(session, request.house.keyring, frozenset({found.called_by} if found.called_by else ()))
    caller = callers.get(found.called_by) if found.called_by else None
    context = {
        "file": found,
        "caller": caller.name if caller else "",
        "number": shown_number(found.called_number) if found.called_number else "",
        "words": WORDS,
        "regimes": REGIMES,
        "which": which,
        "form": form,
    }
    return Page("admission/file.html", context, status)


def _step(session: Session, request: PageRequest, step: Step, form_class: Any, write: Any, field: str) -> Answer:
    parsed: Parsed[Form] = parse(form_class, request.form)
    if parsed.value is None:
        return _file(session, request, step.value, parsed, 422)
    try:
        write(parsed.value)
    except DomainError as refused:
        if refused.status == 404:
            raise
        shown = _file(session, request, step.value, parsed.with_error(field, refused.message), 422)
        raise refused.showing(shown) from refused
    return _back(request, RECORDED)


def _approval(session: Session, request: PageRequest, refusal: str = "") -> Answer:
    viewer = request.viewer
    listed = queries.to_approve(session, request.house.keyring, viewer.organisation_id, viewer.user_id)
    found = next((one for one in listed if one.id == _id(request)), None)
    if found is None:
        return not_found()
    return Page("admission/approval.html", {"found": found, "words": WORDS, "refusal": refusal})


def _back(request: PageRequest, notice: str) -> Redirect:
    return Redirect(f"{ADMISSIONS}/{_id(request)}", notice=notice)


def _id(request: PageRequest) -> UUID:
    """The request of the address; one that cannot exist is a missing one."""
    try:
        return UUID(request.path["id"])
    except ValueError:
        return UUID(int=0)


def _network(path: str, handler: Any, name: str, *, assurance: Assurance = Assurance.SECOND_FACTOR) -> Route:
    where = f"{ADMISSIONS}/{{id}}/{path}"
    return post(where, handler, permission=Permission.NETWORK_OVERSEE, name=f"admission.{name}", assurance=assurance)


routes: tuple[Route, ...] = (
    get(APPLY, show_request, permission=PUBLIC, name="admission.apply", assurance=Assurance.NONE),
    post(APPLY, send_request, permission=PUBLIC, name="admission.apply.post", assurance=Assurance.NONE),
    get(APPLY + "/recue", show_received, permission=PUBLIC, name="admission.applied", assurance=Assurance.NONE),
    get(
        ADMISSIONS,
        show_list,
        permission=Permission.NETWORK_OVERSEE,
        name="admission.list",
        assurance=Assurance.SECOND_FACTOR,
    ),
    get(
        ADMISSIONS + "/{id}",
        show_file,
        permission=Permission.NETWORK_OVERSEE,
        name="admission.file",
        assurance=Assurance.SECOND_FACTOR,
    ),
    _network("etude", start, "start"),
    _network("rappel", call_back, "call_back"),
    _network("entente", agreement, "agreement"),
    _network("responsable", officer, "officer"),
    _network("loi", regime, "regime"),
    _network("administration", first_admin, "admin"),
    _network("refus", refuse, "refuse"),
    _network("code", hand_code, "code", assurance=Assurance.STEP_UP),
    get(
        APPROVALS,
        show_approvals,
        permission=Permission.ADMISSION_APPROVE,
        name="admission.approvals",
        assurance=Assurance.SECOND_FACTOR,
    ),
    get(
        APPROVALS + "/{id}",
        show_approval,
        permission=Permission.ADMISSION_APPROVE,
        name="admission.approval",
        assurance=Assurance.SECOND_FACTOR,
    ),
    post(
        APPROVALS + "/{id}",
        approve,
        permission=Permission.ADMISSION_APPROVE,
        name="admission.approve",
        assurance=Assurance.STEP_UP,
    ),
)
