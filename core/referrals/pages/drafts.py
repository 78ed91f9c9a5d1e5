"""Half-filled forms: what was typed is kept sealed under the form's own key, and shown again to its author anywhere.

The key is drawn when the form is opened and stays in its address, so that language, back links and a closed browser
lose nothing; no row exists before something worth keeping was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from core.access.permissions import Permission
from core.kernel.web.forms import Form, Parsed
from core.kernel.web.routes import Answer, Data, PageRequest, Redirect, Route, not_found, post
from core.referrals.forms.contact import ContactForm
from core.referrals.forms.situation import SituationForm, may_keep, stop_of
from core.referrals.rules.workflow import State
from core.referrals.services.drafts import discard_draft, find_by_key, latest_draft, open_draft, save_draft
from core.referrals.services.prefill import forget_answers, twins_url

STEPS: Mapping[str, type[Form]] = {"situation": SituationForm, "contact": ContactForm}

#: What autosave keeps of one answer; a longer one waits for the form's own refusal, which keeps it on the page.
LONGEST = 4000

Typed = dict[str, list[str]]


class Deciding(TypedDict):
    """The answers that decide whether anything may be kept."""

    danger: bool
    age_band: str
    young_consent: str | None


@dataclass(frozen=True)
class Agreement:
    """What she agreed to, kept when the second step is confirmed; any later change of answers takes it away.

    `reasons`: why these recipients were proposed, as codes and names.
    """

    at: datetime
    recipients: tuple[UUID, ...]
    wording: str
    reasons: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Kept:
    """A draft as the steps use it: what was typed in each, and what she agreed to, if she has.

    `group`: the key it shares with its twins (`core.referrals.services.prefill`), "" for a reference by itself.
    """

    key: str
    situation: Typed
    contact: Typed
    agreement: Agreement | None = None
    version: int = 0
    saved_at: datetime | None = None
    group: str = ""

    def typed(self, step: str) -> Typed:
        """What was typed in a step."""
        return self.situation if step == "situation" else self.contact


@dataclass(frozen=True)
class Waiting:
    """A draft in the list of drafts."""

    url: str
    key: str
    saved_at: datetime
    expires_at: datetime


def key_of(request: PageRequest) -> str | None:
    """The form's key in the address, or None when it cannot be one."""
    try:
        return str(UUID(request.path["key"]))
    except ValueError:
        return None


def url_of(key: str, step: str) -> str:
    """The address of a step of a draft."""
    return f"/references/brouillons/{key}/{step}"


def load_draft(session: Session, request: PageRequest, key: str) -> Kept:
    """The author's draft of this form; blank when nothing was kept or when it is another's: no difference shows."""
    draft = open_draft(session, request.house.keyring, request.viewer, key, request.now)
    if draft is None:
        return Kept(key, {}, {})
    content: Any = draft.content
    agreed = content.get("agreement")
    agreement = agreed and Agreement(
        datetime.fromisoformat(agreed["at"]),
        tuple(UUID(one) for one in agreed["recipients"]),
        agreed["wording"],
        tuple(tuple(reason) for reason in agreed["reasons"]),
    )
    situation, contact = content.get("situation", {}), content.get("contact", {})
    return Kept(key, situation, contact, agreement, draft.version, draft.saved_at, content.get("group", ""))


def keep(
    session: Session, request: PageRequest, kept: Kept, step: str, typed: Typed, agreement: Agreement | None = None
) -> Kept:
    """Save one step; the other stays as it was. A changed situation asks for her agreement again."""
    situation = typed if step == "situation" else kept.situation
    contact = typed if step == "contact" else kept.contact
    content = {
        "situation": situation,
        "contact": contact,
        "agreement": agreement and _plain(agreement),
        "group": kept.group,
    }
    saved = save_draft(session, request.house.keyring, request.viewer, kept.key, content, request.now)
    return Kept(kept.key, situation, contact, agreement, saved.version, saved.saved_at, kept.group)


def _plain(agreement: Agreement) -> dict[str, Any]:
    return {
        "at": agreement.at.isoformat(),
        "recipients": [str(one) for one in agreement.recipients],
        "wording": agreement.wording,
        "reasons": [list(reason) for reason in agreement.reasons],
    }


def typed_of(step: str, form: FormData) -> Typed:
    """The known, non-blank answers of a posted step, as typed."""
    return {
        name: values
        for name in STEPS[step].model_fields
        if (values := [str(value)[:LONGEST] for value in form.getlist(name) if str(value).strip()])
    }


def as_form(typed: Mapping[str, Iterable[str]]) -> FormData:
    """Kept answers as if they had just been posted: the same checks apply to both."""
    return FormData([(name, value) for name, values in typed.items() for value in values])


def shown(typed: Typed) -> Parsed[Any] | None:
    """Kept answers for a page, without error; None for a blank form, whose defaults then show."""
    return Parsed(None, (), {name: tuple(values) for name, values in typed.items()}) if typed else None


def first(typed: Typed, name: str) -> str:
    """One kept answer, or nothing."""
    return next(iter(typed.get(name, ())), "")


def may_keep_typed(typed: Typed) -> bool:
    """Whether these answers may be kept at all (danger, age): asked before every saving."""
    return may_keep(**_deciding(typed))


def _deciding(typed: Typed) -> Deciding:
    return {
        "danger": bool(first(typed, "danger")),
        "age_band": first(typed, "age_band"),
        "young_consent": first(typed, "young_consent") or None,
    }


def waiting_drafts(session: Session, request: PageRequest) -> tuple[Waiting, ...]:
    """The author's draft to resume, if there is one."""
    draft = latest_draft(session, request.house.keyring, request.viewer, request.now)
    if draft is None:
        return ()
    content: Any = draft.content
    step = "contact" if content.get("contact") else "situation"
    group = content.get("group", "")
    # A set of twins is resumed as a whole; a guide fills the recipient before anything was answered with her.
    if not group and "municipality" not in content.get("situation", {}):
        step = "situation"
    url = twins_url(group) if group else url_of(draft.key, step)
    return (Waiting(url, draft.key, draft.saved_at, draft.expires_at),)


def sent_code(session: Session, request: PageRequest, key: str) -> str | None:
    """The reference this form has already made, so that going back shows its receipt instead of a blank form."""
    organisation_id = request.viewer.organisation_id
    found = find_by_key(session, organisation_id, key) if organisation_id else None
    if found is None or found.state == State.DRAFT.value or found.sender_user_id != request.viewer.user_id:
        return None
    return str(found.code)


def autosave(session: Session, request: PageRequest) -> Answer:
    """Keep what is typed so far, right or not; nothing at all where the form must stop."""
    key, step = key_of(request), request.path["step"]
    if key is None or step not in STEPS:
        return not_found()
    typed = typed_of(step, request.form)
    kept = load_draft(session, request, key)
    answers = typed if step == "situation" else kept.situation
    if not may_keep_typed(answers):
        stopped = stop_of(**_deciding(answers)) is not None
        forget_answers(session, request.house.keyring, request.viewer, key, request.now, stopped=stopped)
        return Data({"saved_at": None})
    # A second step left open elsewhere must not bring back a form that stopped, whose first step is gone.
    if not typed or (step == "contact" and not kept.situation):
        return Data({"saved_at": None})
    if typed == kept.typed(step):
        return Data({"saved_at": kept.saved_at.isoformat() if kept.saved_at else None})
    saved = keep(session, request, kept, step, typed)
    return Data({"saved_at": saved.saved_at.isoformat() if saved.saved_at else None})


def discard(session: Session, request: PageRequest) -> Answer:
    """Throw a draft away; the same answer whether it existed or not."""
    key = key_of(request)
    if key is None:
        return not_found()
    discard_draft(session, request.viewer, key, request.now)
    return Redirect("/references/nouvelle", notice="Le brouillon est effacé.")


_DRAFT = "/references/brouillons/{key}"

routes: tuple[Route, ...] = (
    post(
        _DRAFT + "/{step}/brouillon",
        autosave,
        permission=Permission.REFERRAL_SEND,
        name="referrals.draft.autosave",
        activity=False,
    ),
    post(_DRAFT + "/effacer", discard, permission=Permission.REFERRAL_SEND, name="referrals.draft.discard"),
)
