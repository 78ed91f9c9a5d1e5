"""The two steps of a new referral that are filled with her: her situation, then how to reach her and her agreement."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.consent.services import Invalid
from core.consent.wordings import current_wording
from core.directory.queries.organisations import OrganisationView, organisations
from core.directory.queries.places import MunicipalityView, find_municipality, municipality_choices, unknown_place
from core.kernel.ids import new_id
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post
from core.referrals.forms.contact import SHARED_BLOCKS, ContactForm, read_contact
from core.referrals.forms.situation import (
    NOT_PROPOSED,
    STATED_CONSTRAINTS,
    UNKNOWN_PLACE,
    YOUNG_CONSENT,
    SituationForm,
    is_unknown_place,
    read_situation,
    stop_of,
)
from core.referrals.pages import words
from core.referrals.pages.drafts import (
    Agreement,
    Kept,
    as_form,
    first,
    keep,
    key_of,
    load_draft,
    may_keep_typed,
    sent_code,
    shown,
    typed_of,
    url_of,
)
from core.referrals.pages.filling import MINORS, purpose_for
from core.referrals.pages.proposal import RoutingView, propose
from core.referrals.pages.twin_drafts import share_with_twins
from core.referrals.pages.words import options, say
from core.referrals.rules import vocabulary
from core.referrals.rules.contact import MESSAGES_LEFT, PARENTS, SAFE_TIMES, WAYS
from core.referrals.rules.words import FOLLOW_WORDS
from core.referrals.services.prefill import forget_answers, twins_url

NOT_A_PLACE = (
    "Cette municipalité n’est pas reconnue dans la région. Choisissez-la dans la liste ; pour une personne d’ailleurs, "
    "l’annuaire dit qui peut la recevoir."
)
OTHER_WORDING = "Le texte dépend de l’organisme choisi. Relisez-le avec elle."
RECIPIENT_CHANGED = "Le destinataire n’est plus celui qui était affiché. Relisez avec elle, puis continuez."
NO_RECIPIENT = "Cet organisme ne peut pas la recevoir. Choisissez-en un de la liste."


def show_situation(session: Session, request: PageRequest) -> Answer:
    """First step, blank or as it was left."""
    key = key_of(request)
    if key is None:
        return not_found()
    code = sent_code(session, request, key)
    if code is not None:
        return Redirect(f"/references/{code}/recu")
    kept = load_draft(session, request, key)
    return _situation_page(session, request, kept, shown(kept.situation))


def save_situation(session: Session, request: PageRequest) -> Answer:
    """Keep the first step and go on; stop without keeping anything where the rules say so."""
    key = key_of(request)
    if key is None:
        return not_found()
    code = sent_code(session, request, key)
    if code is not None:
        return Redirect(f"/references/{code}/recu")
    typed = typed_of("situation", request.form)
    stop = stop_of(
        danger=bool(first(typed, "danger")),
        age_band=first(typed, "age_band"),
        young_consent=first(typed, "young_consent") or None,
    )
    if stop is not None:
        forget_answers(session, request.house.keyring, request.viewer, key, request.now, stopped=True)
        return Redirect(f"/references/nouvelle/arret/{stop}")
    kept = load_draft(session, request, key)
    parsed = check_situation(session, request.form)
    if may_keep_typed(typed) and typed != kept.situation:
        try:
            kept = keep(session, request, kept, "situation", typed)
        except Invalid as refused:
            # The address of a colleague's form: what was typed goes on in a form of one's own.
            own = Kept(str(new_id()), {}, {})
            again = _situation_page(session, request, own, parsed.with_error("", refused.message), 422)
            raise refused.showing(again) from refused
    if parsed.value is None:
        return _situation_page(session, request, kept, parsed, 422)
    share_with_twins(session, request, kept, "situation")
    return Redirect(url_of(key, "contact"))


def check_situation(session: Session, data: Any) -> Parsed[SituationForm]:
    """The form's own checks, and a municipality that exists in the region."""
    parsed = read_situation(data)
    typed = parsed.raw("municipality").strip()
    if typed and parsed.error("municipality") is None and place_of(session, typed) is None:
        parsed = parsed.with_error("municipality", NOT_A_PLACE)
    return parsed


def place_of(session: Session, typed: str) -> MunicipalityView | None:
    """The municipality meant by what was typed: accents, case and one typing error do not count."""
    return unknown_place(session) if is_unknown_place(typed) else find_municipality(session, typed)


def _situation_page(
    session: Session, request: PageRequest, kept: Kept, form: Parsed[Any] | None, status: int = 200
) -> Page:
    settings = request.house.settings
    hours = (
        settings.first_contact_designated_centre_hours
        if request.viewer.organisation_type == "sante"
        else settings.first_contact_standard_hours
    )
    optional = ("exploitation", "language", "constraints", "note", "judicial")
    defaults = {"exploitation": "prefers_not_to_say", "language": "fr"}
    context = {
        "draft": kept if kept.saved_at else None,
        "form": form,
        "action": url_of(kept.key, "situation"),
        # A refused form is the same page: changing language must come back to it, not to the home page.
        "url_path": url_of(kept.key, "situation"),
        "autosave": url_of(kept.key, "situation/brouillon"),
        "municipalities": [say(request, UNKNOWN_PLACE), *(place.name for place in municipality_choices(session))],
        "ages": options(request, vocabulary.AGE_BANDS),
        "young": tuple((code, say(request, label)) for code, label in YOUNG_CONSENT),
        "needs": options(request, vocabulary.NEEDS),
        "facts": options(request, vocabulary.FACTS),
        "exploitation": options(request, vocabulary.EXPLOITATION),
        "languages": options(request, vocabulary.LANGUAGES),
        "constraints": options(request, vocabulary.CONSTRAINTS, STATED_CONSTRAINTS),
        "standard_hours": hours,
        "more_open": form is not None
        and any(form.raw(name) not in ("", defaults.get(name, "")) or form.error(name) for name in optional),
    }
    return Page("referrals/new/situation.html", context, status)


def show_contact(session: Session, request: PageRequest) -> Answer:
    """Second step: the proposed recipient and why, how to reach her, her agreement."""
    found = second_step(session, request)
    if not isinstance(found, tuple):
        return found
    kept, situation, place = found
    excluded = _excluded(session, request, first(kept.contact, "restricted"))
    routing = propose(session, request, situation, place, first(kept.contact, "recipient"), excluded)
    return _contact_page(session, request, kept, situation, routing, shown(kept.contact))


def save_contact(session: Session, request: PageRequest) -> Answer:
    """Keep the second step and what she agreed to at this moment, then show what will be sent."""
    found = second_step(session, request)
    if not isinstance(found, tuple):
        return found
    kept, situation, place = found
    typed = typed_of("contact", request.form)
    parsed = read_contact(request.form)
    excluded = _excluded(session, request, parsed.raw("restricted"))
    routing = propose(session, request, situation, place, parsed.raw("recipient"), excluded)
    if parsed.raw("restricted") and not excluded:
        parsed = parsed.with_error("restricted", NOT_PROPOSED)
    if not routing.ids or (parsed.raw("recipient") and not routing.chosen):
        parsed = parsed.with_error("recipient", NO_RECIPIENT)
    elif parsed.raw("shown") != routing.shown:
        parsed = parsed.with_error("recipient", RECIPIENT_CHANGED)
    purpose = purpose_for(routing.ids)
    if parsed.raw("wording") not in {current_wording(purpose, locale).sha256 for locale in ("fr", "en")}:
        parsed = parsed.with_error("wording", OTHER_WORDING)
    if parsed.value is None:
        if typed != kept.contact:
            kept = keep(session, request, kept, "contact", typed)
        return _contact_page(session, request, kept, situation, routing, parsed, 422)
    wording = current_wording(purpose, parsed.value.consent_language)
    agreement = Agreement(request.now, routing.ids, wording.sha256, routing.codes)
    kept = keep(session, request, kept, "contact", typed, agreement)
    share_with_twins(session, request, kept, "contact")
    return Redirect(twins_url(kept.group) if kept.group else url_of(kept.key, "verifier"))


def second_step(session: Session, request: PageRequest) -> tuple[Kept, SituationForm, MunicipalityView] | Answer:
    """The draft with a valid first step, or where to go instead."""
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
    return kept, situation, place


def _excluded(session: Session, request: PageRequest, typed: str) -> frozenset[UUID]:
    """The organisation that must never learn of it, if one was chosen; never the sender's own."""
    return frozenset(one.id for one in _others(session, request) if str(one.id) == typed)


def _others(session: Session, request: PageRequest) -> tuple[OrganisationView, ...]:
    return tuple(one for one in organisations(session) if one.id != request.viewer.organisation_id)


def _contact_page(
    session: Session,
    request: PageRequest,
    kept: Kept,
    situation: SituationForm,
    routing: RoutingView,
    form: Parsed[ContactForm] | None,
    status: int = 200,
) -> Page:
    purpose = purpose_for(routing.ids)
    ways = ("way", "trusted", "message", "if_someone_else")
    terms = ("may_learn", "given_by", "modality", "interpreter", "consent_language", "validity_days")
    defaults = _CONTACT_DEFAULTS
    blocks = [code for code in SHARED_BLOCKS if code != "judicial" or situation.judicial]
    context = {
        "draft": kept,
        "form": form if form is None else _with_defaults(form, defaults),
        "action": url_of(kept.key, "contact"),
        "url_path": url_of(kept.key, "contact"),
        "autosave": url_of(kept.key, "contact/brouillon"),
        "back": url_of(kept.key, "situation"),
        "refuse": url_of(kept.key, "refus"),
        "routing": routing,
        "organisations": tuple((str(one.id), one.name) for one in _others(session, request)),
        "wording": current_wording(purpose, "fr"),
        "wording_en": current_wording(purpose, "en"),
        "ways": options(request, WAYS),
        "times": options(request, SAFE_TIMES),
        "messages": options(request, MESSAGES_LEFT),
        "parents": options(request, PARENTS),
        "minor": situation.age_band in MINORS,
        "adult": situation.age_band not in MINORS,
        "blocks": options(request, words.BLOCK_LABELS, blocks),
        "attestations": options(request, words.ATTESTATION_LABELS),
        "may_learn": options(request, words.MAY_LEARN_LABELS),
        "givers": options(request, words.GIVER_LABELS, ("herself", "tutor")),
        "modalities": options(request, words.MODALITY_LABELS),
        "interpreters": options(request, words.INTERPRETER_LABELS),
        "validities": options(request, words.VALIDITY_LABELS),
        "word": first(kept.contact, "word") or secrets.choice(FOLLOW_WORDS),
        "ways_open": _open(form, ways, defaults),
        "terms_open": _open(form, terms, defaults),
    }
    return Page("referrals/new/contact.html", context, status)


_CONTACT_DEFAULTS = {
    "message": "none",
    "parents": "do_not_notify",
    "may_learn": "stages",
    "given_by": "herself",
    "modality": "spoken",
    "interpreter": "none",
    "consent_language": "fr",
    "validity_days": "90",
}


def _with_defaults(form: Parsed[Any], defaults: dict[str, str]) -> Parsed[Any]:
    """What was typed, with the safe answer where a half-kept form has none yet."""
    missing: dict[str, tuple[str, ...]] = {name: (value,) for name, value in defaults.items() if not form.raw(name)}
    return Parsed(form.value, form.errors, {**form.typed, **missing})


def _open(form: Parsed[Any] | None, names: tuple[str, ...], defaults: dict[str, str]) -> bool:
    """Whether a closed part must be open: something in it was answered, or is to correct."""
    if form is None:
        return False
    return any(form.raw(name) not in ("", defaults.get(name, "")) or form.error(name) for name in names)


_DRAFT = "/references/brouillons/{key}"
_SEND = Permission.REFERRAL_SEND

routes: tuple[Route, ...] = (
    get(_DRAFT + "/situation", show_situation, permission=_SEND, name="referrals.new.situation"),
    post(_DRAFT + "/situation", save_situation, permission=_SEND, name="referrals.new.situation.post"),
    get(_DRAFT + "/contact", show_contact, permission=_SEND, name="referrals.new.contact"),
    post(_DRAFT + "/contact", save_contact, permission=_SEND, name="referrals.new.contact.post"),
)
