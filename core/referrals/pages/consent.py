"""*Son accord*: what she agreed to, the exact text, every version, and renewing it with her."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.consent.queries import ConsentPage, ConsentStep, consent_page
from core.consent.rules import consent_reason
from core.kernel.errors import DomainError, Missing
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, post
from core.referrals.forms.onward import RenewForm, read_renewal
from core.referrals.pages.agreement import agreement_context, checked_wording, consent_of
from core.referrals.pages.words import (
    ATTESTATION_LABELS,
    BLOCK_LABELS,
    GIVER_LABELS,
    INTERPRETER_LABELS,
    MAY_LEARN_LABELS,
    MODALITY_LABELS,
    listed,
    say,
)
from core.referrals.rules.visibility import sender_view
from core.referrals.rules.workflow import Command, State, fits, rule_for
from core.referrals.services.amending import renew_with_her
from core.referrals.services.loading import Offer, authorise, load, standing

RENEWED = N_("Accord renouvelé avec elle.")

STATUS_LABELS: Mapping[str, tuple[str, str]] = {
    "ok": (N_("Accord actif"), "done"),
    "expired": (N_("Accord à renouveler avec elle"), "wait"),
    "not_yet": (N_("Accord à venir"), "wait"),
    "replaced": (N_("Accord remplacé"), "closed"),
    "withdrawn": (N_("Accord inactif"), "closed"),
    "suspended": (N_("Accord inactif"), "closed"),
    "refused": (N_("Elle a refusé"), "closed"),
}
LANGUAGES: Mapping[str, str] = {"fr": N_("Français"), "en": N_("Anglais")}

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Step:
    """One version in the timeline, in words."""

    what: str
    at: datetime
    detail: str


def show_consent(session: Session, request: PageRequest) -> Answer:
    """The card, for whoever may still see the content. An outside sender keeps its receipt, nothing more."""
    return _page(session, request, _offer(session, request), None)


def renew(session: Session, request: PageRequest) -> Answer:
    """A new version, decided with her; fewer blocks close the others at once."""
    offer = _offer(session, request)
    authorise(request.viewer, offer, Command.RENEW_CONSENT)
    assert offer.consent is not None
    parsed: Parsed[RenewForm] = checked_wording(read_renewal(request.form), offer.consent.purpose)
    if parsed.value is None:
        return _page(session, request, offer, parsed, 422)
    given = consent_of(request, parsed.value, offer.consent.purpose, offer.consent.recipient, offer.age_band)
    try:
        renew_with_her(session, request.viewer, offer.code, given, request.now)
    except DomainError as failure:
        shown = parsed.with_error(getattr(failure, "field", ""), failure.message)
        raise failure.showing(_page(session, request, offer, shown)) from failure
    return Redirect(f"/references/{offer.code}/consentement", notice=RENEWED)


def _offer(session: Session, request: PageRequest) -> Offer:
    """The offer and its consent, for the same people as its content. Raises `Missing` for anyone else."""
    offer = load(session, request.viewer, request.path["code"])
    if offer.consent is None or offer.state in (State.WITHDRAWN, State.SUSPENDED):
        raise Missing
    receiver = offer.row.recipient_id == request.viewer.organisation_id
    reached = offer.row.first_contact_at is not None
    if not receiver and not sender_view(offer.state, offer.grant, reached=reached).content:
        raise Missing
    return offer


def _page(
    session: Session, request: PageRequest, offer: Offer, form: Parsed[RenewForm] | None, status: int = 200
) -> Page:
    assert offer.consent is not None
    card = consent_page(session, offer.consent.id)
    assert card is not None
    reason = consent_reason(offer.consent, request.now)
    rule = rule_for(offer.state, Command.RENEW_CONSENT)
    may_renew = rule is not None and fits(rule, offer.state, standing(request.viewer, offer))
    label, kind = STATUS_LABELS[reason]
    context = {
        **agreement_context(request, offer.consent.purpose, offer.age_band, card.blocks, form),
        "code": offer.code,
        "card": card,
        "rows": _rows(request, card),
        "attested": [say(request, ATTESTATION_LABELS[item]) for item in ATTESTATION_LABELS if item in card.attestation],
        "status_label": label,
        "status_kind": kind,
        "steps": _steps(request, card.history),
        "may_renew": may_renew,
        "renew_open": form is not None or reason == "expired",
        "names": card.recipient_name,
        "form": form,
        "learner": "them" if offer.row.recipient_id == request.viewer.organisation_id else "us",
        "terms_title": say(request, N_("Comment elle a consenti, pour combien de temps (facultatif)")),
    }
    return Page("referrals/consent.html", context, status)


def _rows(request: PageRequest, card: ConsentPage) -> Rows:
    how = say(request, MODALITY_LABELS[card.modality])
    if card.on_paper:
        how = f"{how}, {say(request, N_('sur papier'))}"
    return (
        (say(request, N_("But")), say(request, card.purpose_label)),
        (say(request, N_("Transmis par")), card.discloser_name),
        (say(request, N_("Reçu par")), card.recipient_name),
        (say(request, N_("Renseignements")), listed(request, BLOCK_LABELS, card.blocks)),
        (say(request, N_("L’organisme qui réfère saura")), say(request, MAY_LEARN_LABELS[card.sender_may_learn])),
        (say(request, N_("Qui consent")), say(request, GIVER_LABELS[card.given_by])),
        (say(request, N_("Comment")), how),
        (say(request, N_("Interprète")), say(request, INTERPRETER_LABELS[card.interpreter])),
        (say(request, N_("Langue du texte lu")), say(request, LANGUAGES.get(card.language, card.language))),
    )


def _steps(request: PageRequest, history: tuple[ConsentStep, ...]) -> tuple[Step, ...]:
    """Every version, newest first: what happened, and what it covered."""
    steps = []
    for before, one in zip((None, *history), history, strict=False):
        detail = listed(request, BLOCK_LABELS, one.blocks)
        steps.append(Step(say(request, _event(before, one)), one.recorded_at, detail))
    return tuple(reversed(steps))


def _event(before: ConsentStep | None, one: ConsentStep) -> str:
    if before is None:
        return N_("Accord donné") if one.status == "active" else N_("Elle a refusé")
    if one.status == "replaced":
        return N_("Remplacé par un autre accord")
    if one.status in ("withdrawn", "suspended"):
        return N_("Retiré")
    if one.status == "expired":
        return N_("Expiré")
    if before.status == "suspended":
        return N_("Repris par elle")
    if one.reconfirmed_at != before.reconfirmed_at:
        return N_("Reconfirmé avec elle")
    return N_("Renouvelé avec elle")


_PATH = "/references/{code}/consentement"
routes: tuple[Route, ...] = (
    # Mode write: the case is locked before it is read, as everywhere.
    get(_PATH, show_consent, permission=Permission.REFERRAL_READ, mode="write", name="referrals.consent"),
    post(_PATH + "/renouveler", renew, permission=Permission.REFERRAL_READ, name="referrals.consent.renew"),
)
