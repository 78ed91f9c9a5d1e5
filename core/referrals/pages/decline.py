"""*Non accueillie ici*: a page of its own, for the list of what may be proposed instead is long."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get
from core.referrals.pages import choices
from core.referrals.pages.words import Options, say
from core.referrals.queries.elsewhere import other_services
from core.referrals.rules.workflow import Command
from core.referrals.services.loading import authorise, load


def show_decline(session: Session, request: PageRequest) -> Answer:
    """Why not here, and where else. Whoever may not decline gets what the button would have answered."""
    offer = load(session, request.viewer, request.path["code"])
    authorise(request.viewer, offer, Command.DECLINE)
    return decline_page(session, request, offer.code, None, offer.version)


def decline_page(
    session: Session, request: PageRequest, code: str, form: Parsed[Any] | None, version: int | str
) -> Page:
    """The form, blank or refused."""
    context = {
        "code": code,
        "form": form,
        "version": version,
        "choices": choices.CHOICES,
        "better_services": _options(session, request, code),
    }
    return Page("referrals/decline.html", context, 200 if form is None else 422)


def _options(session: Session, request: PageRequest, code: str) -> Options:
    """(id, *organisme : service*) of what may be proposed instead, in the reader's language."""

    def said(french: str, english: str | None) -> str:
        return english if english and request.locale == "en" else french

    between = say(request, N_(" : "))
    return tuple(
        (str(one.id), said(one.organisation, one.organisation_en) + between + said(one.name, one.name_en))
        for one in other_services(session, code)
    )


routes: tuple[Route, ...] = (
    # Mode write: the case is locked while it is read.
    get(
        "/references/{code}/autre-ressource",
        show_decline,
        permission=Permission.REFERRAL_RECEIVE,
        mode="write",
        name="referrals.decline.form",
    ),
)
