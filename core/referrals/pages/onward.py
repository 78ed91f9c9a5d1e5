"""*Transférer avec son accord*: to another organisation, back to who sent her, or to one more that helps her too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, QueryParams

from core.access.permissions import Permission
from core.consent.queries import consent_page
from core.consent.rules import AgeBand
from core.consent.services import ConsentInput, ConsentMissing, refuse_consent
from core.consent.wordings import current_wording
from core.directory.rules.words import CapacityState
from core.kernel.errors import DomainError, Missing
from core.kernel.i18n import N_
from core.kernel.ids import new_id
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post
from core.referrals.forms.asking import parse
from core.referrals.forms.onward import ChoiceForm, OnwardForm, RefusedForm, read_onward
from core.referrals.pages.agreement import agreement_context, checked_wording, consent_of
from core.referrals.pages.referral import blocks_in_words
from core.referrals.pages.words import listed, say
from core.referrals.queries.onward import NextOrganisation, next_organisations
from core.referrals.rules import vocabulary
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import Command
from core.referrals.services.loading import Offer, authorise, load
from core.referrals.services.onward import Onward, onward_choices, send_onward
from core.referrals.services.reading import Preview, ReferralPage, open_referral
from core.referrals.services.submission import clock_settings

NOT_PROPOSED = N_("Choisissez un organisme de la liste.")
REFUSED = N_("C’est noté. Rien n’a été transmis et elle ne perd aucun service.")

KINDS: Mapping[str, tuple[str, str]] = {
    "transfer": (
        N_("Lui confier la suite"),
        N_("Quand il accepte, il devient responsable et vous ne voyez plus son contenu."),
    ),
    "reference": (N_("La référer aussi"), N_("Vous gardez votre suivi ; l’autre organisme fait le sien.")),
    "hand_back": (
        N_("Remettre au partenaire"),
        N_("Elle revient à l’organisme qui vous l’a référée, s’il accepte."),
    ),
}
CAPACITY: Mapping[CapacityState, str] = {
    CapacityState.OPEN: N_("ouvert"),
    CapacityState.ASSESSMENT: N_("évaluation d’abord"),
    CapacityState.WAITLIST: N_("liste d’attente"),
    CapacityState.FULL: N_("complet"),
    CapacityState.UNKNOWN: N_("places à préciser"),
}
SERVES: Mapping[str, str] = {
    "all": N_("dessert son secteur"),
    "part": N_("dessert une partie de son secteur"),
    "none": N_("dessert un autre secteur"),
}

Rows = tuple[tuple[str, str], ...]


def show_onward(session: Session, request: PageRequest) -> Answer:
    """First what and who; then, with both in the address, her agreement to exactly that."""
    offer = _offer(session, request)
    if "kind" not in request.query:
        return _choice_page(session, request, offer, None)
    # Handing back says by itself to whom: an organisation ticked before changing one's mind does not count.
    back = request.query.get("kind") == Kind.HAND_BACK.value
    parsed = parse(ChoiceForm, _fields(request.query, ("kind",) if back else ("kind", "recipient")))
    chosen = _chosen(session, offer, parsed)
    if chosen is None:
        field = "kind" if parsed.error("kind") else "recipient"
        shown = parsed if parsed.errors else parsed.with_error(field, NOT_PROPOSED)
        return _choice_page(session, request, offer, shown, 422)
    page = open_referral(session, request.house.keyring, request.viewer, offer.code, request.now)
    return _agreement_page(session, request, offer, *chosen, None, page)


def send(session: Session, request: PageRequest) -> Answer:
    """Send it on. A form to correct is shown again with what would be seen; a refusal by a rule, without."""
    offer = _offer(session, request)
    choice = parse(ChoiceForm, _fields(request.form, ("kind", "recipient")))
    parsed = read_onward(request.form, contact_needed=_contact_needed(offer))
    chosen = _chosen(session, offer, choice)
    if chosen is None:
        shown = choice if choice.errors else choice.with_error("recipient", NOT_PROPOSED)
        return _choice_page(session, request, offer, shown, 422)
    kind, (recipient_id, name) = chosen
    parsed = checked_wording(parsed, kind.value)
    if parsed.value is None:
        page = open_referral(session, request.house.keyring, request.viewer, offer.code, request.now)
        return _agreement_page(session, request, offer, kind, (recipient_id, name), parsed, page, 422)
    form, house = parsed.value, request.house
    onward = Onward(
        key=str(request.form.get("_key", "")),
        kind=kind,
        consent=consent_of(request, form, kind.value, recipient_id, offer.age_band),
        urgent=form.urgent,
    )
    try:
        sent = send_onward(
            session,
            house.keyring,
            request.viewer,
            offer.code,
            onward,
            clock=clock_settings(house.settings),
            now=request.now,
        )
    except DomainError as failure:
        field = getattr(failure, "field", "")
        again = parsed.with_error("" if field in ("key", "age_band") else field, failure.message)
        expired = isinstance(failure, ConsentMissing) and failure.reason == "expired"
        # Everything rolls back, the journal line too: her content is not shown around the refusal.
        # A key that is refused would be refused again: what was typed is kept under a new one.
        key = str(new_id()) if field == "key" else ""
        to = (recipient_id, name)
        page_again = _agreement_page(session, request, offer, kind, to, again, None, expired=expired, key=key)
        raise failure.showing(page_again) from failure
    return Redirect(f"/references/{sent.code}/transmise")


def refuse(session: Session, request: PageRequest) -> Answer:
    """She said no: kept as a refusal without any case, so that it points to nobody. Her present follow-up goes on."""
    offer = _offer(session, request)
    parsed = parse(RefusedForm, request.form)
    chosen = _chosen(session, offer, parsed)
    if parsed.value is None or chosen is None:
        return _choice_page(session, request, offer, None, 422)
    kind, (recipient_id, _) = chosen
    given = ConsentInput(
        recipient_id,
        frozenset(),
        AgeBand(offer.age_band),
        current_wording(kind.value, "fr").sha256,
        frozenset(),
    )
    refuse_consent(session, request.house.keyring, request.viewer, purpose=kind.value, given=given, now=request.now)
    return Redirect(f"/references/{offer.code}", notice=REFUSED)


def show_sent(session: Session, request: PageRequest) -> Answer:
    """The receipt of what was just sent on, for the organisation that sent it."""
    offer = load(session, request.viewer, request.path["code"])
    own = offer.sender is not None and offer.sender.id == request.viewer.organisation_id
    if not own or offer.row.parent_id is None or offer.row.consent_id is None:
        raise Missing
    card = consent_page(session, offer.row.consent_id, until=offer.row.accepted_at)
    assert card is not None
    context = {"code": offer.code, "kind": offer.row.kind, "card": card, "sent_at": offer.row.submitted_at}
    return Page("referrals/onward_sent.html", context)


def _offer(session: Session, request: PageRequest) -> Offer:
    """The offer in hand. Refuses whoever does not hold it, or when it is over."""
    offer = load(session, request.viewer, request.path["code"])
    authorise(request.viewer, offer, Command.TRANSFER)
    return offer


def _fields(given: QueryParams | FormData, names: tuple[str, ...]) -> FormData:
    """Some fields of an address or of a form, as a form of their own."""
    return FormData([(name, value) for name, value in given.multi_items() if name in names])


def _chosen(session: Session, offer: Offer, parsed: Parsed[Any]) -> tuple[Kind, tuple[UUID, str]] | None:
    """What was chosen, if it is proposed. A forged or excluded organisation is simply not in the list."""
    if parsed.value is None:
        return None
    kind = Kind(parsed.value.kind)
    if kind not in onward_choices(offer.row.sender_id):
        return None
    if kind is Kind.HAND_BACK:
        sender = offer.sender
        wrong = sender is None or sender.id in offer.restricted or parsed.value.recipient not in (None, sender.id)
        return None if sender is None or wrong else (kind, (sender.id, sender.name))
    for one in next_organisations(session, offer.id):
        if one.id == parsed.value.recipient:
            return kind, (one.id, one.name)
    return None


def _contact_needed(offer: Offer) -> bool:
    """Whether her present agreement lets the way to reach her be passed on."""
    return offer.consent is not None and "contact" in offer.consent.blocks


def _choice_page(
    session: Session, request: PageRequest, offer: Offer, form: Parsed[Any] | None, status: int = 200
) -> Page:
    kinds = [
        (kind.value, *(say(request, text) for text in KINDS[kind.value]))
        for kind in onward_choices(offer.row.sender_id)
        if kind is not Kind.HAND_BACK or (offer.sender is not None and offer.sender.id not in offer.restricted)
    ]
    context = {
        "code": offer.code,
        "form": form,
        "kinds": kinds,
        "organisations": [(str(one.id), one.name, _why(request, one)) for one in next_organisations(session, offer.id)],
        "sender_name": offer.sender.name if offer.sender else "",
    }
    return Page("referrals/onward_choice.html", context, status)


def _why(request: PageRequest, one: NextOrganisation) -> str:
    room = say(request, CAPACITY[one.state])
    if one.weeks:
        translator = request.house.renderer.translator
        room = f"{room}, {translator.plural(request.locale, '%(n)s semaine', '%(n)s semaines', one.weeks)}"
    return say(request, SERVES[one.serves]) + say(request, N_(" ; ")) + room


def _agreement_page(
    session: Session,
    request: PageRequest,
    offer: Offer,
    kind: Kind,
    recipient: tuple[UUID, str],
    form: Parsed[OnwardForm] | None,
    page: ReferralPage | None,
    status: int = 200,
    *,
    expired: bool = False,
    key: str = "",
) -> Page:
    held = offer.consent.blocks if offer.consent is not None else frozenset()
    context = {
        **agreement_context(request, kind.value, offer.age_band, held, form),
        "code": offer.code,
        "form": form,
        "kind": kind.value,
        "kind_label": KINDS[kind.value][0],
        "kind_effect": KINDS[kind.value][1],
        "recipient": recipient[0],
        "names": recipient[1],
        "before": _before(request, page.preview) if page is not None and page.preview is not None else (),
        "after": blocks_in_words(request, page) if page is not None else (),
        "expired": expired,
        "learner": "us",
        "key": key or str(request.form.get("_key", "") or new_id()),
        "terms_title": say(request, N_("Ce que vous saurez, comment elle a consenti (facultatif)")),
    }
    return Page("referrals/onward.html", context, status)


def _before(request: PageRequest, preview: Preview) -> Rows:
    area = preview.area_label_en if request.locale == "en" else preview.area_label
    return (
        (say(request, N_("Âge")), say(request, vocabulary.AGE_BANDS[preview.age_band])),
        (say(request, N_("Secteur")), area),
        (say(request, N_("Ce qui l’aiderait")), listed(request, vocabulary.NEEDS, preview.needs)),
        (say(request, N_("Faits observés")), listed(request, vocabulary.FACTS, preview.facts)),
        (say(request, N_("Exploitation sexuelle")), say(request, vocabulary.EXPLOITATION[preview.exploitation])),
        (say(request, N_("Langue")), say(request, vocabulary.LANGUAGES[preview.language])),
        (say(request, N_("À prévoir")), listed(request, vocabulary.CONSTRAINTS, preview.constraints)),
    )


_PATH = "/references/{code}/transferer"
_RECEIVE = Permission.REFERRAL_RECEIVE
routes: tuple[Route, ...] = (
    # Mode write: the second step shows her content, and that read is journaled in the same transaction.
    get(_PATH, show_onward, permission=_RECEIVE, mode="write", name="referrals.onward"),
    post(_PATH, send, permission=_RECEIVE, name="referrals.onward.post"),
    post(_PATH + "/non", refuse, permission=_RECEIVE, name="referrals.onward.refused"),
    get(
        "/references/{code}/transmise",
        show_sent,
        permission=Permission.REFERRAL_READ,
        mode="write",
        name="referrals.onward.sent",
    ),
)
