"""The buttons of a referral's page. Each is a form of its own, a service call, and a redirect back to the page.

A refused form is answered with that form alone, what was typed kept and nothing of the referral around it: showing its
content again would be a read without its journal line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.consent.services import Invalid
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, post
from core.referrals import services
from core.referrals.codes import normalise
from core.referrals.forms import handling as forms
from core.referrals.forms.asking import Asking, parse
from core.referrals.pages import choices
from core.referrals.pages.decline import decline_page
from core.referrals.rules.workflow import Command
from core.referrals.services.loading import authorise, load

F = TypeVar("F", bound=Asking)
Act = Callable[[Session, PageRequest, str, F], object]


def act(
    form_class: type[F], name: str, command: Command, do: Act[F], *, notice: str | None = None, to: str | None = None
) -> Callable[[Session, PageRequest], Answer]:
    """A handler: parse `form_class`, call `do(session, request, code, form)`, go back to the page (or to `to`).

    `name` is the form's template (`referrals/forms/<name>.html`), shown alone when the form is refused; `command` is
    what the viewer must be allowed to do before a refused form is answered.
    """

    def handle(session: Session, request: PageRequest) -> Answer:
        code = request.path["code"]
        parsed = parse(form_class, request.form)
        if parsed.value is None:
            # Right to act comes before what is wrong in the form: someone without it learns nothing from the answer.
            authorise(request.viewer, load(session, request.viewer, code), command)
            return _again(session, request, name, code, parsed)
        try:
            do(session, request, code, parsed.value)
        except Invalid as refused:
            shown = parsed.with_error(refused.field, refused.message)
            raise refused.showing(_again(session, request, name, code, shown)) from refused
        return Redirect(to or f"/references/{code}", notice=notice)

    return handle


def _again(session: Session, request: PageRequest, name: str, code: str, parsed: Parsed[F]) -> Page:
    if name == "decline":
        return decline_page(session, request, normalise(code) or "", parsed, parsed.raw("version"))
    context = {"name": name, "code": code, "form": parsed, "choices": choices.CHOICES}
    return Page("referrals/form_again.html", context, 422)


def claim(session: Session, request: PageRequest, code: str, form: forms.VersionForm) -> object:
    """*Je m'en occupe*."""
    return services.claim_referral(session, request.viewer, code, request.now, form.version)


def release(session: Session, request: PageRequest, code: str, form: forms.VersionForm) -> object:
    """Leave it to the team."""
    return services.release_referral(session, request.viewer, code, request.now, form.version)


def ask(session: Session, request: PageRequest, code: str, form: forms.AskForm) -> object:
    """Ask the sender."""
    return services.ask_sender(
        session, request.house.keyring, request.viewer, code, form.question, form.text, request.now
    )


def answer(session: Session, request: PageRequest, code: str, form: forms.AnswerForm) -> object:
    """Answer the receiver."""
    return services.answer_receiver(session, request.house.keyring, request.viewer, code, form.text, request.now)


def accept(session: Session, request: PageRequest, code: str, form: forms.VersionForm) -> object:
    """Accept: the consented blocks open."""
    return services.accept_referral(session, request.house.keyring, request.viewer, code, request.now, form.version)


def decline(session: Session, request: PageRequest, code: str, form: forms.DeclineForm) -> object:
    """*Non accueillie ici*, with its reason and a better service."""
    return services.decline_referral(
        session, request.viewer, code, form.reason, request.now, form.better_service, form.version
    )


def retract(session: Session, request: PageRequest, code: str, form: forms.VersionForm) -> object:
    """The sender takes it back before acceptance."""
    return services.retract_referral(session, request.viewer, code, request.now, form.version)


def attempt(session: Session, request: PageRequest, code: str, form: forms.AttemptForm) -> object:
    """Log a contact attempt; *Elle nous a jointes* is one click."""
    return services.log_attempt(session, request.viewer, code, form.result, form.channel, request.now)


def reconfirm(session: Session, request: PageRequest, code: str, form: forms.VersionForm) -> object:
    """She said yes again at the first contact."""
    return services.reconfirm_with_her(session, request.viewer, code, request.now)


def priority(session: Session, request: PageRequest, code: str, form: forms.PriorityForm) -> object:
    """Set the priority code, with its reason."""
    chosen = None if form.priority == "to_assess" else int(form.priority)
    return services.set_priority(session, request.viewer, code, chosen, form.reason, request.now)


def close(session: Session, request: PageRequest, code: str, form: forms.CloseForm) -> object:
    """End with an outcome."""
    return services.close_referral(session, request.viewer, code, form.outcome, request.now, form.version)


def join(session: Session, request: PageRequest, code: str, form: forms.JoinForm) -> object:
    """*Peut-être la même personne*: one call is enough."""
    return services.join_referrals(session, request.viewer, code, form.other, request.now)


def copy(session: Session, request: PageRequest) -> Answer:
    """*Copier pour notre dossier*: the consented content as text, journaled as a copy."""
    code = request.path["code"]
    text = services.copy_for_our_record(session, request.house.keyring, request.viewer, code, request.now)
    return Page("referrals/copy.html", {"code": code, "text": text})


_RECEIVE = Permission.REFERRAL_RECEIVE
_SEND = Permission.REFERRAL_SEND


def _post(path: str, name: str, permission: Permission, handler: Callable[[Session, PageRequest], Answer]) -> Route:
    return post(f"/references/{{code}}/{path}", handler, permission=permission, name=f"referrals.{name}")


_V = forms.VersionForm
_LIST = "/demandes"
_NOTED = "C’est noté."
_CLOSED = "La référence est terminée."
_RELEASED = "La demande est revenue à l’équipe."

#: Last part of the address, name, permission, handler.
_ACTS = (
    ("prendre", "claim", _RECEIVE, act(_V, "button", Command.CLAIM, claim)),
    ("rendre", "release", _RECEIVE, act(_V, "button", Command.RELEASE, release, notice=_RELEASED)),
    ("question", "ask", _RECEIVE, act(forms.AskForm, "ask", Command.ASK, ask, notice="Question envoyée.")),
    ("reponse", "answer", _SEND, act(forms.AnswerForm, "answer", Command.ANSWER, answer, notice="Réponse envoyée.")),
    ("accepter", "accept", _RECEIVE, act(_V, "button", Command.ACCEPT, accept)),
    ("autre-ressource", "decline", _RECEIVE, act(forms.DeclineForm, "decline", Command.DECLINE, decline, to=_LIST)),
    ("retirer", "retract", _SEND, act(_V, "button", Command.RETRACT, retract, notice="La référence est retirée.")),
    ("tentative", "attempt", _RECEIVE, act(forms.AttemptForm, "attempt", Command.LOG_MISSED, attempt, notice=_NOTED)),
    ("reconfirmer", "reconfirm", _RECEIVE, act(_V, "button", Command.RECONFIRM, reconfirm, notice=_NOTED)),
    ("priorite", "priority", _RECEIVE, act(forms.PriorityForm, "priority", Command.SET_PRIORITY, priority)),
    ("fermer", "close", _RECEIVE, act(forms.CloseForm, "close", Command.CLOSE, close, notice=_CLOSED)),
    ("joindre", "join", _RECEIVE, act(forms.JoinForm, "button", Command.JOIN, join)),
    ("copier", "copy", _RECEIVE, copy),
)

routes: tuple[Route, ...] = tuple(_post(*each) for each in _ACTS)
