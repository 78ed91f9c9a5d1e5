"""Gift cards: the stock, partners' night reserves, the page that hands them in 30 seconds, and what is ratified."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Assurance,
    DomainError,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    filled,
    get,
    not_found,
    parse,
    parse_cents,
    post,
)

from ..access import READ, REQUEST
from ..forms.money import HandForm, PurchaseForm, RatifyForm, ReserveForm
from ..queries import cards as queries
from ..queries.money import list_envelopes
from ..rules.money import Ratification
from ..services import cards, payments
from ..services.money import current_year
from .money import funds_page
from .money_words import AMOUNT, FUNDS, WORDS, Answer, identifier, keeper, late_before, names, sent_key

RESERVE = f"{FUNDS}/reserve"
#: The other form of the page has a field of the same name.
BOUGHT = "cards-bought"


def show_cards(session: Session, request: PageRequest) -> Answer:
    """The stock, who keeps which reserve, what was handed."""
    return not_found() if keeper(session, request) is None else _cards(session, request, None, None)


def purchase(session: Session, request: PageRequest) -> Answer:
    """Prepare the purchase of cards; another person confirms it."""
    standing = keeper(session, request)
    if standing is None or not standing.pays:
        return not_found()
    form = _apart(parse(PurchaseForm, request.form))
    face = parse_cents(form.raw("face"))
    if form.value is not None and face is None:
        form = form.with_error("face", AMOUNT)
    if form.value is None or face is None:
        return _cards(session, request, form, None, 422)
    typed = form.value
    given = (typed.envelope, typed.label, face, typed.cards, sent_key(request), request.now)
    try:
        payments.prepare_purchase(session, request.viewer, standing, *given)
    except DomainError as refused:
        raise refused.showing(_cards(session, request, form.with_error(BOUGHT, refused.message), None)) from refused
    return Redirect(FUNDS, N_("L’achat est préparé. Une deuxième personne le confirme."))


def authorise(session: Session, request: PageRequest) -> Answer:
    """Authorise a partner's reserve."""
    standing = keeper(session, request)
    if standing is None:
        return not_found()
    form = parse(ReserveForm, request.form)
    cap = parse_cents(form.raw("cap"))
    if form.value is not None and cap is None:
        form = form.with_error("cap", AMOUNT)
    if form.value is None or cap is None:
        return _cards(session, request, None, form, 422)
    typed = form.value
    given = (typed.organisation, typed.stock, typed.cards, cap, typed.until, typed.decision.upper(), request.now)
    try:
        with session.begin_nested():
            cards.authorise_reserve(session, request.viewer, standing, *given)
    except DomainError as refused:
        again = form.with_error("decision" if typed.decision else "cards", refused.message)
        raise refused.showing(_cards(session, request, None, again)) from refused
    return Redirect(f"{FUNDS}/cartes", N_("La réserve est autorisée."))


def take_back(session: Session, request: PageRequest) -> Answer:
    """The cards a partner still keeps come back."""
    standing, reserve = keeper(session, request), identifier(request.path["reserve"])
    if standing is None or reserve is None:
        return not_found()
    cards.take_back_reserve(session, request.viewer, standing, reserve, request.now)
    return Redirect(f"{FUNDS}/cartes", N_("Les cartes sont de retour dans le stock."))


def ratify(session: Session, request: PageRequest) -> Answer:
    """What the committee says of cards handed at night."""
    standing, handing = keeper(session, request), identifier(request.path["handing"])
    if standing is None or handing is None:
        return not_found()
    form = parse(RatifyForm, request.form)
    if form.value is None:
        return not_found()
    verdict, decision = Ratification(form.value.verdict), form.value.decision.upper()
    try:
        cards.ratify_handing(session, request.viewer, standing, handing, verdict, decision, request.now)
    except DomainError as refused:
        again = form.with_error(f"decision-{handing}", refused.message)
        raise refused.showing(funds_page(session, request, (str(handing), again))) from refused
    return Redirect(FUNDS, N_("C’est inscrit."))


def show_reserve(session: Session, request: PageRequest) -> Answer:
    """The reserve of the viewer's organisation: one question, one button."""
    return _reserve(session, request, None)


def hand(session: Session, request: PageRequest) -> Answer:
    """One worker's word."""
    form = parse(HandForm, request.form)
    if form.value is None:
        return _reserve(session, request, form, 422)
    given = (form.value.reserve, form.value.cards, sent_key(request), request.now)
    try:
        cards.hand_cards(session, request.viewer, *given)
    except (cards.OverReserve, cards.ReserveOver) as refused:
        raise refused.showing(_reserve(session, request, form.with_error("", refused.message))) from refused
    return Redirect(RESERVE, N_("C’est inscrit. Le comité ratifiera plus tard."))


def _apart(form: Parsed[Any]) -> Parsed[Any]:
    errors = tuple(replace(one, field=BOUGHT) if one.field == "cards" else one for one in form.errors)
    return replace(form, errors=errors)


def _reserve(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page | Refusal:
    organisation_id = request.viewer.organisation_id
    reserves = () if organisation_id is None else queries.list_reserves(session, organisation_id)
    if not reserves:
        return not_found()
    handings = queries.list_handings(session, late_before(request), organisation_id=organisation_id)
    context = {
        "reserves": reserves,
        "handings": handings[:10],
        "form": form,
        "address": RESERVE,
        **WORDS,
    }
    return Page("bien_etre/cards_night.html", context, status)


def _cards(
    session: Session, request: PageRequest, buying: Parsed[Any] | None, giving: Parsed[Any] | None, status: int = 200
) -> Page:
    context = {
        "standing": keeper(session, request),
        "stocks": queries.list_stocks(session),
        "reserves": queries.list_reserves(session),
        "handings": queries.list_handings(session, late_before(request)),
        "envelopes": list_envelopes(session, year=current_year(request.now)),
        "names": names(session),
        "buying": buying if buying is not None else filled({}),
        "giving": giving if giving is not None else filled({}),
        "form": buying or giving,
        "funds": FUNDS,
        **WORDS,
    }
    return Page("bien_etre/cards.html", context, status)


_SURE = Assurance.SECOND_FACTOR
routes = (
    get(FUNDS + "/cartes", show_cards, permission=READ, name="bien_etre.cards"),
    post(FUNDS + "/cartes", purchase, permission=READ, name="bien_etre.purchase", assurance=_SURE),
    post(FUNDS + "/reserves", authorise, permission=READ, name="bien_etre.authorise", assurance=_SURE),
    post(
        FUNDS + "/reserves/{reserve}/reprendre", take_back, permission=READ, name="bien_etre.take_back", assurance=_SURE
    ),
    post(FUNDS + "/remises/{handing}", ratify, permission=READ, name="bien_etre.ratify", assurance=_SURE),
    # At night, on a phone, in 30 seconds: no second factor is asked, the cap bounds what may be lost
    get(RESERVE, show_reserve, permission=REQUEST, name="bien_etre.reserve"),
    post(RESERVE, hand, permission=REQUEST, name="bien_etre.hand"),
)
