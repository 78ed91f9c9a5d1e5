"""*Restreindre*: an organisation that must never learn of this request."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.consent.services import Invalid
from core.directory.queries.organisations import organisations
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post
from core.referrals.forms.asking import parse
from core.referrals.forms.handling import RestrictForm
from core.referrals.pages import choices
from core.referrals.rules.workflow import Command
from core.referrals.services.amending import restrict_organisation
from core.referrals.services.loading import authorise, load

DONE = N_("C’est noté. Cet organisme ne l’apprendra pas.")


def show_restrict(session: Session, request: PageRequest) -> Answer:
    """The list of organisations and the reasons, for whoever holds the referral."""
    return _page(session, request, _sides(session, request), None)


def save_restrict(session: Session, request: PageRequest) -> Answer:
    """Set the organisation aside; it is not told, nor is anyone."""
    sides = _sides(session, request)
    parsed = parse(RestrictForm, request.form)
    if parsed.value is None:
        return _page(session, request, sides, parsed, 422)
    code, form = request.path["code"], parsed.value
    try:
        restrict_organisation(session, request.viewer, code, form.organisation, form.reason, request.now)
    except Invalid as refused:
        shown = parsed.with_error(refused.field, refused.message)
        raise refused.showing(_page(session, request, sides, shown, 422)) from refused
    return Redirect(f"/references/{code}", notice=DONE)


def _sides(session: Session, request: PageRequest) -> frozenset[UUID]:
    """The two sides of the offer, which cannot be set aside while it is open. Refuses whoever does not hold it."""
    offer = load(session, request.viewer, request.path["code"])
    authorise(request.viewer, offer, Command.RESTRICT)
    return frozenset(party.id for party in (offer.sender, offer.recipient) if party is not None)


def _page(
    session: Session,
    request: PageRequest,
    sides: frozenset[UUID],
    form: Parsed[RestrictForm] | None,
    status: int = 200,
) -> Page:
    context = {
        "code": request.path["code"],
        "form": form,
        "choices": choices.CHOICES,
        "organisations": [(str(one.id), one.name) for one in organisations(session) if one.id not in sides],
    }
    return Page("referrals/restrict.html", context, status)


_PATH = "/references/{code}/restreindre"
routes: tuple[Route, ...] = (
    # Mode write: the case is locked before it is read, as everywhere.
    get(_PATH, show_restrict, permission=Permission.REFERRAL_READ, mode="write", name="referrals.restrict"),
    post(_PATH, save_restrict, permission=Permission.REFERRAL_READ, name="referrals.restrict.post"),
)
