"""*Notre organisme*: places in one tap for those who answer the phone, everything else for the administration."""

from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.directory.forms import AddressForm, CapacityForm, ConfirmForm, DecisionForm, EditForm
from core.directory.pages.words import CAPACITY, WORDS
from core.directory.queries.organisations import organisation, reader_for
from core.directory.queries.views import OrganisationPage, organisation_page, pending_edits
from core.directory.rules.hours import ranges
from core.directory.rules.words import CapacityState
from core.directory.services import (
    ConfidentialDetails,
    Target,
    change_own,
    confirm_exact,
    decide_edit,
    read_details,
    set_capacity,
    set_details,
)
from core.directory.services.fields import current_value
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.web.forms import filled, parse
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

HOME = "/organisation"


def _own(session: Session, request: PageRequest) -> OrganisationPage | None:
    found = organisation(session, request.viewer.organisation_id) if request.viewer.organisation_id else None
    return None if found is None else organisation_page(session, reader_for(request.viewer), found.slug, request.now)


def show_own(session: Session, request: PageRequest) -> Answer:
    """The organisation's own page."""
    page = _own(session, request)
    if page is None:
        return not_found()
    manages = request.house.holds(request.viewer, Permission.ORGANISATION_MANAGE)
    context = {
        "organisation": page,
        "week": ranges(page.hours),
        "manages": manages,
        "updates": request.house.holds(request.viewer, Permission.CAPACITY_UPDATE),
        "pending": pending_edits(session, page.id) if manages else (),
        "fields": Target(page.id).fields,
        "states": tuple((state, CAPACITY[state]) for state in CapacityState if state is not CapacityState.UNKNOWN),
        "words": WORDS,
    }
    return Page("directory/own.html", context)


def update_capacity(session: Session, request: PageRequest) -> Answer:
    """One tap: the state of one service."""
    page, service_id = _own(session, request), _uuid(request.path["id"])
    if page is None or service_id is None or service_id not in {card.id for card in page.services}:
        return not_found()
    parsed = parse(CapacityForm, request.form)
    if parsed.value is None:
        raise DomainError(N_("Choisissez un état, et un délai de 0 à 104 semaines."))
    set_capacity(session, request.viewer, service_id, parsed.value.state, parsed.value.weeks, now=request.now)
    return Redirect(HOME, N_("Places mises à jour."))


def show_field(session: Session, request: PageRequest) -> Answer:
    """One field of the organisation (`?service=` for one of its services), in a form of its own."""
    target = _target(session, request, request.query.get("service", ""))
    field = request.path["field"]
    if target is None or field not in target.fields:
        return not_found()
    value = current_value(session, target, field)
    return _field_page(target, field, value, filled({"field": field, "value": value}))


def _field_page(target: Target, field: str, current: str, form: object, status: int = 200) -> Page:
    context = {"target": target, "field": field, "current": current, "form": form, "words": WORDS}
    return Page("directory/own_field.html", context, status)


def save_field(session: Session, request: PageRequest) -> Answer:
    """Write the field at once, and its history."""
    target = _target(session, request, request.query.get("service", ""))
    field = request.path["field"]
    if target is None or field not in target.fields:
        return not_found()
    parsed = parse(EditForm, request.form)
    current = current_value(session, target, field)
    if parsed.value is None:
        return _field_page(target, field, current, parsed, 422)
    try:
        change_own(session, request.viewer, target, field, parsed.value.value, now=request.now)
    except DomainError as refusal:
        shown = _field_page(target, field, current, parsed.with_error("value", refusal.message), 422)
        raise refusal.showing(shown) from None
    return Redirect(HOME, N_("Modification enregistrée."))


def decide(session: Session, request: PageRequest) -> Answer:
    """Accept or decline a proposal."""
    edit_id = _uuid(request.path["id"])
    parsed = parse(DecisionForm, request.form)
    if edit_id is None:
        return not_found()
    accept = parsed.value is not None and parsed.value.decision == "accept"
    if parsed.value is None:
        raise DomainError(N_("Choisissez une des réponses proposées."))
    decide_edit(session, request.viewer, edit_id, accept=accept, now=request.now)
    return Redirect(HOME, N_("Proposition acceptée.") if accept else N_("Proposition écartée."))


def confirm(session: Session, request: PageRequest) -> Answer:
    """*Tout est exact*: today is written as the day of verification."""
    parsed = parse(ConfirmForm, request.form)
    target = _target(session, request, parsed.value.service if parsed.value else "")
    if target is None or parsed.value is None:
        return not_found()
    confirm_exact(session, request.viewer, target, now=request.now)
    return Redirect(HOME, N_("Merci. La date de vérification est celle d’aujourd’hui."))


def show_address(session: Session, request: PageRequest) -> Answer:
    """The organisation's own confidential address: opening it is journaled."""
    page = _own(session, request)
    if page is None or not page.has_confidential_address:
        return not_found()
    details = read_details(session, request.viewer, request.house.keyring, now=request.now)
    form = None if details is None else filled(vars(details))
    return Page("directory/own_address.html", {"form": form, "organisation": page})


def save_address(session: Session, request: PageRequest) -> Answer:
    """Seal the new address to the organisation's key."""
    page = _own(session, request)
    if page is None or not page.has_confidential_address:
        return not_found()
    parsed = parse(AddressForm, request.form)
    if parsed.value is None:
        return Page("directory/own_address.html", {"form": parsed, "organisation": page}, 422)
    set_details(session, request.viewer, ConfidentialDetails(**parsed.value.model_dump()), now=request.now)
    return Redirect(HOME, N_("Adresse scellée."))


def _target(session: Session, request: PageRequest, service: str) -> Target | None:
    page = _own(session, request)
    if page is None:
        return None
    if not service:
        return Target(page.id)
    service_id = _uuid(service)
    return Target(page.id, service_id) if service_id in {card.id for card in page.services} else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_MANAGE, _SURE = Permission.ORGANISATION_MANAGE, Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(HOME, show_own, permission=Permission.CAPACITY_UPDATE, name="organisation"),
    post(
        f"{HOME}/services/{{id}}/places",
        update_capacity,
        permission=Permission.CAPACITY_UPDATE,
        name="organisation_capacity",
    ),
    # The numbers people call for help: who stole a password must not put another one there
    get(f"{HOME}/champs/{{field}}", show_field, permission=_MANAGE, name="organisation_field", assurance=_SURE),
    post(f"{HOME}/champs/{{field}}", save_field, permission=_MANAGE, name="organisation_field_save", assurance=_SURE),
    post(f"{HOME}/propositions/{{id}}", decide, permission=_MANAGE, name="organisation_decide", assurance=_SURE),
    post(f"{HOME}/confirmer", confirm, permission=_MANAGE, name="organisation_confirm", assurance=_SURE),
    # Where a shelter is: never on a password alone
    get(
        f"{HOME}/adresse",
        show_address,
        permission=_MANAGE,
        mode="write",
        name="organisation_address",
        assurance=Assurance.SECOND_FACTOR,
    ),
    post(
        f"{HOME}/adresse",
        save_address,
        permission=_MANAGE,
        name="organisation_address_save",
        assurance=Assurance.SECOND_FACTOR,
    ),
)
