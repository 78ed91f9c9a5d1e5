"""Twin references: several recipients at once, each with its own agreement. What one lacks stops that one alone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.directory.queries.organisations import organisations
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post
from core.referrals.forms.contact import read_contact
from core.referrals.pages.drafts import Kept, as_form, first, key_of, url_of
from core.referrals.pages.filling import Filled
from core.referrals.pages.new import check_situation, place_of
from core.referrals.pages.sending import Summary, summarise
from core.referrals.pages.twin_drafts import load_twins
from core.referrals.queries.twins import SentTwin, sent_twins
from core.referrals.services.prefill import twin_keys, twins_url
from core.referrals.services.receipt import keep_receipt
from core.referrals.services.submission import clock_settings, submit_referral

ALL_SENT = N_("Les références prêtes sont envoyées, chacune à son destinataire.")
NO_AGREEMENT = N_("Son accord pour cet organisme manque.")
NOT_FILLED = N_("Sa situation reste à remplir avec elle.")
CHANGED = N_("Cette référence a changé depuis que la page est ouverte. Relisez-la, puis envoyez.")
ONE_EACH = N_("Une référence jumelée s’adresse à un seul organisme : choisissez-le.")
SAME_RECIPIENT = N_("Cet organisme reçoit déjà une des références jumelées.")


@dataclass(frozen=True)
class Twin:
    """One reference of the set that is not sent. `summary` None: it is not ready. `lacks`: what it waits for, in French
    source text; `problem`: why it was just refused. `go_on`: where it is filled with her."""

    key: str
    name: str
    lacks: str
    go_on: str
    version: int
    problem: str = ""
    summary: Summary | None = None


def show_twins(session: Session, request: PageRequest) -> Answer:
    """Each reference of the set: sent, ready, or what it waits for."""
    return _page(session, request, {})


def send_twins(session: Session, request: PageRequest) -> Answer:
    """Send those that are ready and were read as they stand; say of each other why it was not sent."""
    group = key_of(request)
    if group is None:
        return not_found()
    drafts = load_twins(session, request, group)
    sent = sent_twins(session, request.viewer, twin_keys(group))
    if not drafts and not sent:
        return not_found()
    taken = {one.recipient_id for one in sent}
    problems: dict[str, str] = {}
    for kept in drafts:
        problem = _send_one(session, request, kept, taken)
        if problem:
            problems[kept.key] = problem
    if problems:
        return _page(session, request, problems, 422)
    return Redirect(twins_url(group), notice=ALL_SENT)


def _send_one(session: Session, request: PageRequest, kept: Kept, taken: set[UUID]) -> str:
    """Send one draft in a savepoint of its own; returns why it was not sent, or "". `taken` learns its recipient."""
    filled = _filled(session, kept)
    if filled is None:
        return NOT_FILLED
    if not isinstance(filled, Filled) or kept.agreement is None:
        return NO_AGREEMENT
    if str(kept.version) != str(request.form.get(f"seen-{kept.key}", "")):
        return CHANGED
    recipients = set(kept.agreement.recipients)
    if len(recipients) != 1:
        return ONE_EACH
    if recipients & taken:
        return SAME_RECIPIENT
    house = request.house
    submission = filled.submission(kept.key, kept.agreement)
    clock = clock_settings(house.settings)
    try:
        # What one recipient's agreement lacks must not undo the others'.
        with session.begin_nested():
            done = submit_referral(session, house.keyring, request.viewer, submission, clock=clock, now=request.now)
            keep_receipt(session, request.viewer, done.code, submission.follow_word)
    except DomainError as refused:
        return refused.message
    taken |= recipients
    return ""


def _filled(session: Session, kept: Kept) -> Filled | bool | None:
    """The whole draft; False when only her agreement is missing; None when her situation is."""
    situation = check_situation(session, as_form(kept.situation)).value
    place = place_of(session, situation.municipality) if situation else None
    if situation is None or place is None:
        return None
    contact = read_contact(as_form(kept.contact)).value
    return False if contact is None else Filled(situation, contact, place)


def _page(session: Session, request: PageRequest, problems: dict[str, str], status: int = 200) -> Answer:
    group = key_of(request)
    if group is None:
        return not_found()
    drafts = load_twins(session, request, group)
    sent: tuple[SentTwin, ...] = sent_twins(session, request.viewer, twin_keys(group))
    if not drafts and not sent:
        return not_found()
    names = {one.id: one.name for one in organisations(session)}
    twins = tuple(_twin(session, request, kept, names, problems.get(kept.key, "")) for kept in drafts)
    context = {
        "twins": twins,
        "sent": sent,
        "ready": sum(one.summary is not None for one in twins),
        "waiting": sum(one.summary is None for one in twins),
        "action": f"{twins_url(group)}/envoyer",
        "url_path": twins_url(group),
        "refused": bool(problems),
    }
    return Page("referrals/twins.html", context, status)


def _twin(session: Session, request: PageRequest, kept: Kept, names: dict[UUID, str], problem: str) -> Twin:
    filled = _filled(session, kept)
    chosen = first(kept.contact, "recipient")
    agreed = kept.agreement.recipients if kept.agreement else ()
    meant = agreed or ((UUID(chosen),) if chosen and _is_id(chosen) else ())
    name = ", ".join(names[one] for one in meant if one in names)
    if filled is None:
        return Twin(kept.key, name, NOT_FILLED, url_of(kept.key, "situation"), kept.version, problem)
    if not isinstance(filled, Filled) or kept.agreement is None:
        return Twin(kept.key, name, NO_AGREEMENT, url_of(kept.key, "contact"), kept.version, problem)
    summary = summarise(session, request, filled, kept.agreement.recipients)
    return Twin(kept.key, name, "", url_of(kept.key, "contact"), kept.version, problem, summary)


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


_TWINS = "/references/jumelees/{key}"

routes: tuple[Route, ...] = (
    get(_TWINS, show_twins, permission=Permission.REFERRAL_SEND, name="referrals.twins"),
    post(_TWINS + "/envoyer", send_twins, permission=Permission.REFERRAL_SEND, name="referrals.twins.send"),
)
