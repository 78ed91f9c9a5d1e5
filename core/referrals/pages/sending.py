"""Last step: what the receiver will see, before and after accepting, who reads there, and one button."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from pydantic import Field
from sqlalchemy.orm import Session

from core.access.permissions import Permission, permissions_of
from core.accounts.queries import RoleCount, people_by_role
from core.consent.services import ConsentInput, ConsentMissing, Stopped, refuse_consent
from core.consent.wordings import current_wording
from core.directory.queries.organisations import organisations
from core.directory.queries.places import preview_area
from core.kernel.errors import DomainError, Stale
from core.kernel.i18n import N_
from core.kernel.web.forms import Form, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post
from core.referrals.forms.contact import read_contact
from core.referrals.forms.situation import STOPS
from core.referrals.pages.drafts import Agreement, Kept, as_form, first, key_of, load_draft, sent_code, url_of
from core.referrals.pages.filling import Filled, purpose_for
from core.referrals.pages.new import check_situation, place_of, second_step
from core.referrals.pages.proposal import propose
from core.referrals.pages.twin_drafts import load_twins
from core.referrals.pages.words import (
    BLOCK_LABELS,
    GIVER_LABELS,
    INTERPRETER_LABELS,
    MAY_LEARN_LABELS,
    MODALITY_LABELS,
    VALIDITY_LABELS,
    joined,
    listed,
    say,
)
from core.referrals.rules import vocabulary
from core.referrals.rules.content import answers
from core.referrals.services.drafts import discard_draft
from core.referrals.services.prefill import twins_url
from core.referrals.services.receipt import keep_receipt
from core.referrals.services.submission import clock_settings, submit_referral

CHANGED = N_("La référence a changé depuis que cette page est ouverte. Relisez-la, puis envoyez.")
REFUSAL_NOTED = N_("Son refus est noté. Rien de ce qui la concerne n’a été gardé.")
FORGED = N_("Cette page contient un champ inconnu. Relisez la référence, puis envoyez.")
#: Fields of the first step: where to go to correct what a rule refuses.
_SITUATION_FIELDS = frozenset({"municipality", "age_band", "needs", "facts", "constraints", "language", "exploitation"})

Rows = tuple[tuple[str, str], ...]


class SendForm(Form):
    """The one thing the last page sends: which version of the draft was read."""

    seen: int = Field(ge=0, le=1_000_000)


@dataclass(frozen=True)
class Readers:
    """Who will read in one organisation: roles and numbers, never names."""

    name: str
    roles: tuple[RoleCount, ...]


@dataclass(frozen=True)
class Summary:
    """*Voici ce que le CALACS verra*. Every text is in the reader's language."""

    names: str
    before: Rows
    after: Rows
    kept_back: str
    terms: Rows
    readers: tuple[Readers, ...]


@dataclass(frozen=True)
class Problem:
    """Why nothing was sent, and where to correct it."""

    message: str
    url: str
    label: str


def show_summary(session: Session, request: PageRequest) -> Answer:
    """What will be sent, to whom, who reads it there. Twins are read and sent together, on their own page."""
    found = _ready(session, request)
    if not isinstance(found, tuple):
        return found
    kept, filled, agreement = found
    if kept.group:
        return Redirect(twins_url(kept.group))
    return _summary_page(session, request, kept, filled, agreement)


def send(session: Session, request: PageRequest) -> Answer:
    """Send once, whatever the number of clicks; a refusal writes nothing and keeps the form."""
    found = _ready(session, request)
    if not isinstance(found, tuple):
        return found
    kept, filled, agreement = found
    if kept.group:
        return Redirect(twins_url(kept.group))
    parsed = parse(SendForm, request.form)
    if parsed.value is None:
        return _summary_page(session, request, kept, filled, agreement, _problem(request, kept.key, FORGED), 422)
    if parsed.value.seen != kept.version:
        return _summary_page(session, request, kept, filled, agreement, _problem(request, kept.key, CHANGED), 409)
    house = request.house
    submission = filled.submission(kept.key, agreement)
    try:
        sent = submit_referral(
            session,
            house.keyring,
            request.viewer,
            submission,
            clock=clock_settings(house.settings),
            now=request.now,
        )
    except Stopped:
        discard_draft(session, request.viewer, kept.key, request.now)
        return Redirect(f"/references/nouvelle/arret/{STOPS['under_14']}")
    except DomainError as failure:
        problem = _problem(request, kept.key, failure.message, failure)
        raise failure.showing(_summary_page(session, request, kept, filled, agreement, problem)) from failure
    if sent.created:
        keep_receipt(session, request.viewer, sent.code, submission.follow_word)
    return Redirect(f"/references/{sent.code}/recu")


def refuse(session: Session, request: PageRequest) -> Answer:
    """She says no: her refusal is noted without anything about her, the draft goes, and the card stays hers."""
    found = second_step(session, request)
    if not isinstance(found, tuple):
        return found
    kept, situation, place = found
    # A twin asks for one organisation: it is that one she says no to.
    routing = propose(session, request, situation, place, first(kept.contact, "recipient") if kept.group else "")
    if routing.ids:
        purpose = purpose_for(routing.ids)
        said_no = ConsentInput(
            recipient_id=routing.ids[0],
            blocks=frozenset(),
            age_band=situation.age_band,
            wording_sha256=current_wording(purpose, "fr").sha256,
            attestation=frozenset(),
        )
        refuse_consent(session, request.house.keyring, request.viewer, purpose=purpose, given=said_no, now=request.now)
    discard_draft(session, request.viewer, kept.key, request.now)
    others = bool(kept.group) and bool(load_twins(session, request, kept.group))
    return Redirect(twins_url(kept.group) if others else "/references/nouvelle/carte", notice=REFUSAL_NOTED)


def _ready(session: Session, request: PageRequest) -> tuple[Kept, Filled, Agreement] | Answer:
    """The draft with both steps valid and her agreement to these answers, or where to go instead."""
    key = key_of(request)
    if key is None:
        return not_found()
    code = sent_code(session, request, key)
    if code is not None:
        return Redirect(f"/references/{code}/recu")
    kept = load_draft(session, request, key)
    situation = check_situation(session, as_form(kept.situation)).value
    place = place_of(session, situation.municipality) if situation else None
    if situation is None or place is None:
        return Redirect(url_of(key, "situation"))
    contact = read_contact(as_form(kept.contact)).value
    if contact is None or kept.agreement is None:
        return Redirect(url_of(key, "contact"))
    return kept, Filled(situation, contact, place), kept.agreement


def _problem(request: PageRequest, key: str, message: str, failure: DomainError | None = None) -> Problem:
    if getattr(failure, "field", "") in _SITUATION_FIELDS:
        return Problem(message, url_of(key, "situation"), say(request, N_("Corriger sa situation")))
    if isinstance(failure, (ConsentMissing, Stale)):
        return Problem(message, url_of(key, "contact"), say(request, N_("Revoir son accord avec elle")))
    return Problem(message, url_of(key, "contact"), say(request, N_("Revoir la façon de la joindre et son accord")))


def _summary_page(
    session: Session,
    request: PageRequest,
    kept: Kept,
    filled: Filled,
    agreement: Agreement,
    problem: Problem | None = None,
    status: int = 200,
) -> Page:
    context = {
        "draft": kept,
        "view": summarise(session, request, filled, agreement.recipients),
        "problem": problem,
        "seen": kept.version,
        "action": url_of(kept.key, "envoyer"),
        "url_path": url_of(kept.key, "verifier"),
        "situation_url": url_of(kept.key, "situation"),
        "contact_url": url_of(kept.key, "contact"),
        "joint": purpose_for(agreement.recipients) != "reference",
    }
    return Page("referrals/new/verify.html", context, status)


def summarise(session: Session, request: PageRequest, filled: Filled, recipients: tuple[UUID, ...]) -> Summary:
    """Both views of the receiver, and who reads there."""
    names = {one.id: one.name for one in organisations(session) if one.id in recipients}
    return Summary(
        joined(request, (names[one] for one in recipients if one in names)),
        _before(request, filled),
        tuple(_after(request, filled)),
        ", ".join(say(request, BLOCK_LABELS[block]).lower() for block in filled.held_back),
        _terms(request, filled),
        tuple(Readers(names[one], _readers(session, one)) for one in recipients if one in names),
    )


def _readers(session: Session, organisation_id: UUID) -> tuple[RoleCount, ...]:
    """Only the roles that read references there; an administration or a committee seat reads nothing."""
    people = people_by_role(session, organisation_id)
    return tuple(one for one in people if Permission.REFERRAL_READ in permissions_of([one.role]))


def _before(request: PageRequest, filled: Filled) -> Rows:
    situation, area = filled.situation, preview_area(filled.place)
    delay = N_("Urgent : 24 heures") if situation.urgent else N_("Délai habituel")
    return (
        (say(request, N_("Âge")), say(request, vocabulary.AGE_BANDS[situation.age_band.value])),
        (say(request, N_("Secteur")), area.label_en if request.locale == "en" else area.label),
        (say(request, N_("Délai")), say(request, delay)),
        (say(request, N_("Ce qui l’aiderait")), listed(request, vocabulary.NEEDS, situation.needs)),
        (say(request, N_("Faits observés")), listed(request, vocabulary.FACTS, situation.facts)),
        (say(request, N_("Exploitation sexuelle")), say(request, vocabulary.EXPLOITATION[situation.exploitation])),
        (say(request, N_("Langue")), say(request, vocabulary.LANGUAGES[situation.language])),
        (say(request, N_("À prévoir")), listed(request, vocabulary.CONSTRAINTS, filled.constraints)),
    )


def _after(request: PageRequest, filled: Filled) -> Iterable[tuple[str, str]]:
    for block, content in filled.shared.items():
        if block == "needs":
            continue  # already read before accepting
        for answer in answers(block, content):
            if block == "situation" and answer.name not in ("municipality", "note"):
                continue
            shown = (say(request, value) if answer.coded else value for value in answer.values)
            yield say(request, answer.label), say(request, N_(" ; ")).join(shown)


def _terms(request: PageRequest, filled: Filled) -> Rows:
    form = filled.contact
    return (
        (say(request, N_("Vous saurez ensuite")), say(request, MAY_LEARN_LABELS[form.may_learn.value])),
        (say(request, N_("Qui consent")), say(request, GIVER_LABELS[filled.giver.value])),
        (say(request, N_("Comment")), say(request, MODALITY_LABELS[form.modality.value])),
        (say(request, N_("Interprète")), say(request, INTERPRETER_LABELS[form.interpreter.value])),
        (say(request, N_("Son accord vaut")), say(request, VALIDITY_LABELS[form.validity_days])),
        (say(request, N_("Son mot pour suivre")), form.word),
    )


_DRAFT = "/references/brouillons/{key}"

routes: tuple[Route, ...] = (
    get(_DRAFT + "/verifier", show_summary, permission=Permission.REFERRAL_SEND, name="referrals.new.verify"),
    post(_DRAFT + "/refus", refuse, permission=Permission.REFERRAL_SEND, name="referrals.new.refuse"),
    post(_DRAFT + "/envoyer", send, permission=Permission.REFERRAL_SEND, name="referrals.new.send"),
)
