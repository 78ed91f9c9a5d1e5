"""`/comites/orres/entretien`: each partner says that its sheets are exact, in one tap each, or corrects them.

`/comites/orres/entretien/suivi`: the committee sees who has not, and when the next campaign is.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Assurance,
    DirectoryTarget,
    DomainError,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    Stale,
    current_value,
    filled,
    get,
    not_found,
    parse,
    post,
)

from ..access import EDIT, FOLLOW, edited_committee, followed_committee, sits
from ..exchange_access import UPKEEP as KEEP
from ..forms.exchange import CorrectForm, DatesForm, SheetForm
from ..queries.upkeep import OwnSheet, current_campaign, figures, own_sheets, past_campaigns
from ..rules.upkeep import Share
from ..services import upkeep
from ..services.upkeep import DatesRefused
from ..settings import HOME, UPKEEP
from .exchange_desk import desk_of
from .exchange_words import WORDS

FOLLOWED = f"{UPKEEP}/suivi"
FIELD = f"{UPKEEP}/champs/{{field}}"
SAID = N_("Merci. La fiche est exacte en date d’aujourd’hui.")
TAKEN_BACK = N_("La confirmation est annulée.")
CORRECTED = N_("La fiche est corrigée.")
MOVED = N_("Les dates de la campagne sont changées.")
#: Fields offered beside a service's sheet and the organisation's own: the rest is on *Notre organisme*.
SERVICE_FIELDS = ("hours", "areas", "audiences", "limits", "how_to", "acceptance", "languages", "summary")
OWN_SHEET_FIELDS = ("phones", "hours", "areas", "website", "description")
Answer = Page | Redirect | Refusal


def show(session: Session, request: PageRequest) -> Answer:
    """The organisation's sheets, each with its one tap."""
    return _page(session, request)


def say_exact(session: Session, request: PageRequest) -> Answer:
    """One tap."""
    sheet = _sheet(session, request)
    if sheet is None:
        return not_found()
    upkeep.say_exact(session, desk_of(request), sheet.sheet.service_id)
    return Redirect(f"{UPKEEP}#{sheet.sheet.slug}", SAID)


def take_back(session: Session, request: PageRequest) -> Answer:
    """Undo it, the same day."""
    sheet = _sheet(session, request)
    if sheet is None:
        return not_found()
    upkeep.take_back(session, desk_of(request), sheet.sheet.service_id)
    return Redirect(f"{UPKEEP}#{sheet.sheet.slug}", TAKEN_BACK)


def show_field(session: Session, request: PageRequest) -> Answer:
    """One field of a sheet, with what is written now."""
    found = _field(session, request)
    if found is None:
        return not_found()
    sheet, target, field = found
    form = filled({"value": current_value(session, target, field)})
    return _field_page(sheet, field, form)


def correct(session: Session, request: PageRequest) -> Answer:
    """Write it at once; the sheet is exact too when she says so."""
    found = _field(session, request)
    if found is None:
        return not_found()
    sheet, _target, field = found
    parsed = parse(CorrectForm, request.form)
    if parsed.value is None:
        return _field_page(sheet, field, parsed, 422)
    try:
        upkeep.correct(
            session, desk_of(request), sheet.sheet.service_id, field, parsed.value.value, exact=parsed.value.exact
        )
    except DomainError as refused:
        page = _field_page(sheet, field, parsed.with_error("value", refused.message), 422)
        raise refused.showing(page) from None
    return Redirect(f"{UPKEEP}#{sheet.sheet.slug}", CORRECTED)


def show_followed(session: Session, request: PageRequest) -> Answer:
    """Who has said what, for the committee and the coordination."""
    return _followed(session, request, None)


def set_dates(session: Session, request: PageRequest) -> Answer:
    """Move the days of the campaign."""
    edited_committee(session, request.viewer)
    parsed = parse(DatesForm, request.form)
    if parsed.value is None:
        return _followed(session, request, parsed, 422)
    value = parsed.value
    try:
        upkeep.set_dates(session, desk_of(request), value.number, value.edits, value.opens_on, value.closes_on)
    except (DatesRefused, Stale) as refused:
        status = 422 if isinstance(refused, DatesRefused) else refused.status
        page = _followed(session, request, parsed.with_error("closes_on", refused.message), status)
        raise refused.showing(page) from refused
    return Redirect(FOLLOWED, MOVED)


def _page(session: Session, request: PageRequest) -> Page:
    campaign = current_campaign(session)
    sheets = own_sheets(session, request.viewer, campaign, request.now)
    context = {
        "campaign": campaign,
        "sheets": sheets,
        "share": Share(sum(1 for one in sheets if one.said), len(sheets)),
        "service_fields": SERVICE_FIELDS,
        "own_fields": OWN_SHEET_FIELDS,
        "address": UPKEEP,
        "words": WORDS,
    }
    return Page("orres/upkeep_sheets.html" if request.wants_fragment else "orres/upkeep_own.html", context)


def _followed(session: Session, request: PageRequest, form: Parsed[DatesForm] | None, status: int = 200) -> Page:
    committee = followed_committee(session, request.viewer)
    campaign = current_campaign(session)
    opened = campaign if campaign is not None and campaign.opened else None
    if form is None and campaign is not None:
        form = filled({"opens_on": campaign.opens_on.isoformat(), "closes_on": campaign.closes_on.isoformat()})
    context = {
        "campaign": campaign,
        "figures": figures(session, opened, request.now),
        "past": past_campaigns(session),
        "form": form,
        "edits": sits(request.viewer, committee.id),
        "address": FOLLOWED,
        "home": HOME,
        "words": WORDS,
    }
    template = "orres/upkeep_figures.html" if request.wants_fragment else "orres/upkeep_followed.html"
    return Page(template, context, status)


def _sheet(session: Session, request: PageRequest) -> OwnSheet | None:
    """The sheet the form names, when it is one of the organisation's."""
    parsed = parse(SheetForm, request.form)
    return None if parsed.value is None else _own(session, request, parsed.value.service)


def _own(session: Session, request: PageRequest, service: str) -> OwnSheet | None:
    try:
        wanted = UUID(service) if service else None
    except ValueError:
        return None
    sheets = own_sheets(session, request.viewer, None, request.now)
    return next((one for one in sheets if one.sheet.service_id == wanted), None)


def _field(session: Session, request: PageRequest) -> tuple[OwnSheet, DirectoryTarget, str] | None:
    sheet = _own(session, request, request.query.get("fiche", ""))
    field = request.path["field"]
    if sheet is None or field not in (OWN_SHEET_FIELDS if sheet.sheet.service_id is None else SERVICE_FIELDS):
        return None
    return sheet, DirectoryTarget(sheet.sheet.organisation_id, sheet.sheet.service_id), field


def _field_page(sheet: OwnSheet, field: str, form: object, status: int = 200) -> Page:
    context = {"sheet": sheet.sheet, "field": field, "form": form, "address": UPKEEP, "words": WORDS}
    return Page("orres/upkeep_field.html", context, status)


# The numbers people call for help: who stole a password must not put another one there
_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(UPKEEP, show, permission=KEEP, name="orres.upkeep", assurance=_SURE),
    post(f"{UPKEEP}/confirmer", say_exact, permission=KEEP, name="orres.upkeep_say", assurance=_SURE),
    post(f"{UPKEEP}/annuler", take_back, permission=KEEP, name="orres.upkeep_take_back", assurance=_SURE),
    get(FIELD, show_field, permission=KEEP, name="orres.upkeep_field", assurance=_SURE),
    post(FIELD, correct, permission=KEEP, name="orres.upkeep_correct", assurance=_SURE),
    get(FOLLOWED, show_followed, permission=FOLLOW, name="orres.upkeep_followed"),
    post(f"{FOLLOWED}/dates", set_dates, permission=EDIT, name="orres.upkeep_dates", assurance=_SURE),
)
