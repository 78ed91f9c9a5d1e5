"""What is typed on the page of a referral. Codes are checked again by the services, which know the closed lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from core.kernel.i18n import N_
from core.referrals.forms.asking import Asking
from core.referrals.forms.situation import codes_of
from core.referrals.rules.vocabulary import (
    ATTEMPT_CHANNELS,
    DECLINE_REASONS,
    OUTCOMES,
    OVERRIDE_REASONS,
    QUESTIONS,
    RESTRICT_REASONS,
)


class VersionForm(Asking):
    """A button: the version the page was drawn from, so that two clicks have one winner."""

    version: int | None = None


class AskForm(Asking):
    """A question to the sender: one of the list, with words if need be."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"question": N_("Choisissez une question dans la liste.")}

    question: Annotated[str, codes_of(QUESTIONS)]
    text: str = Field(default="", max_length=4000)


class AnswerForm(Asking):
    """The sender's answer."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"text": N_("Écrivez votre réponse.")}

    text: str = Field(max_length=4000)


class DeclineForm(VersionForm):
    """*Non accueillie ici*: a coded reason, and a better service where there is one (network rules §3 (5))."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"reason": N_("Choisissez une raison dans la liste.")}

    reason: Annotated[str, codes_of(DECLINE_REASONS)]
    better_service: UUID | None = None


class AttemptForm(Asking):
    """A contact attempt."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"result": N_("Dites si elle a été rejointe.")}

    result: Literal["reached", "missed", "she_called"]
    channel: Annotated[str, codes_of(ATTEMPT_CHANNELS)] = "phone"


class PriorityForm(Asking):
    """The code of the receiving CALACS, with its reason."""

    REQUIRED: ClassVar[Mapping[str, str]] = {
        "priority": N_("Choisissez un code de priorité, ou « À évaluer »."),
        "reason": N_("Dites pourquoi le code change."),
    }

    priority: Literal["1", "2", "3", "to_assess"]
    reason: Annotated[str, codes_of(OVERRIDE_REASONS)]


class CloseForm(VersionForm):
    """The outcome (network rules §3 (9))."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"outcome": N_("Dites comment cela s’est terminé.")}

    outcome: Annotated[str, codes_of(OUTCOMES)]


class JoinForm(Asking):
    """Another referral of ours that may be about the same person."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"other": N_("Choisissez l’autre référence.")}

    other: str = Field(max_length=20)


class RestrictForm(Asking):
    """An organisation that must never learn of it."""

    REQUIRED: ClassVar[Mapping[str, str]] = {
        "organisation": N_("Choisissez l’organisme à écarter."),
        "reason": N_("Dites pourquoi cet organisme est écarté."),
    }

    organisation: UUID
    reason: Annotated[str, codes_of(RESTRICT_REASONS)]


class WithdrawForm(Asking):
    """The code on her paper, or of the page one is on."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"code": N_("Entrez le code de son reçu.")}

    code: str = Field(max_length=20)
