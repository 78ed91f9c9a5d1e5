"""Where a new referral begins: her two choices, the card that keeps nothing, and the pages that stop the form."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.directory.queries.hours import hours_of_many
from core.directory.queries.organisations import OrganisationView, organisations_receiving
from core.directory.queries.phones import PhoneView, public_phones
from core.directory.queries.places import MunicipalityView, municipality, municipality_choices, routing_of
from core.directory.rules.emergency import emergency_lines
from core.kernel.ids import new_id
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get, not_found
from core.referrals.forms.situation import STOPS, stop_help
from core.referrals.pages.drafts import waiting_drafts
from core.referrals.pages.words import hours_lines


@dataclass(frozen=True)
class Card:
    """What a card says of one organisation: how to call it and when. `name` is left out of the neutral card."""

    name: str
    phones: tuple[PhoneView, ...]
    hours: tuple[str, ...]


def show_choice(session: Session, request: PageRequest) -> Answer:
    """Her two equal choices, and the draft that may be resumed. Nothing is written by opening this page."""
    return Page("referrals/new/choice.html", {"drafts": waiting_drafts(session, request), "fresh": new_id()})


def show_card(session: Session, request: PageRequest) -> Answer:
    """*Elle appellera elle-même*: a card to show or print. No row is written, nothing is logged about her."""
    code = request.query.get("municipalite", "")
    place = municipality(session, code) if code else None
    named = request.query.get("nom") == "1"
    context = {
        "municipalities": [(one.code, one.name) for one in municipality_choices(session)],
        "code": place.code if place else "",
        "asked": "municipalite" in request.query,
        "named": named,
        "cards": cards_for(session, request, place),
    }
    return Page("referrals/new/card.html", context)


def cards_for(session: Session, request: PageRequest, place: MunicipalityView | None) -> tuple[Card, ...]:
    """One card for each organisation that receives women of `place`; every one of them when it is not known."""
    receiving = organisations_receiving(session)
    routing = routing_of(session, place.code) if place else None
    serving = [one for one in receiving if routing is None or one.id in routing.organisation_ids] or list(receiving)
    return cards_of(session, request, serving)


def cards_of(session: Session, request: PageRequest, organisations: list[OrganisationView]) -> tuple[Card, ...]:
    """Cards of these organisations, in their order; three statements whatever their number."""
    ids: list[UUID] = [one.id for one in organisations]
    phones = public_phones(session, ids)
    hours = hours_of_many(session, [(one, None) for one in ids])
    return tuple(Card(one.name, phones[one.id], hours_lines(request, hours[(one.id, None)])) for one in organisations)


def show_stop(session: Session, request: PageRequest) -> Answer:
    """Immediate danger, or a child without a safe adult: who to call now, and how to consult without identity."""
    key = request.path["key"]
    if key not in STOPS.values():
        return not_found()
    sentence, helps = stop_help(key)
    context = {
        "key": key,
        "sentence": sentence,
        "helps": [help.value for help in helps],
        "lines": {line.key: line for line in emergency_lines(request.house.settings)},
        "cards": cards_for(session, request, None),
    }
    return Page("referrals/new/stop.html", context)


routes: tuple[Route, ...] = (
    get("/references/nouvelle", show_choice, permission=Permission.REFERRAL_SEND, name="referrals.new"),
    get("/references/nouvelle/carte", show_card, permission=Permission.REFERRAL_SEND, name="referrals.card"),
    get("/references/nouvelle/arret/{key}", show_stop, permission=Permission.REFERRAL_SEND, name="referrals.stop"),
)
