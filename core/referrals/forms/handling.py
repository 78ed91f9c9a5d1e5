"""What is typed on the page of a referral. Codes are checked again by the services, which know the closed lists."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from core.kernel.web.forms import Form
from core.referrals.forms.situation import codes_of
from core.referrals.rules.vocabulary import (
    ATTEMPT_CHANNELS,
    DECLINE_REASONS,
    OUTCOMES,
    OVERRIDE_REASONS,
    QUESTIONS,
    RESTRICT_REASONS,
)


class VersionForm(Form):
    """A button: the version the page was drawn from, so that two clicks have one winner."""

    version: int | None = None


class AskForm(Form):
    """A question to the sender: one of the list, with words if need be."""

    question: Annotated[str, codes_of(QUESTIONS)]
    text: str = Field(default="", max_length=4000)


class AnswerForm(Form):
    """The sender's answer."""

    text: str = Field(max_length=4000)


class DeclineForm(VersionForm):
    """*Non accueillie ici*: a coded reason, and a better service where there is one (network rules §3 (5))."""

    reason: Annotated[str, codes_of(DECLINE_REASONS)]
    better_service: UUID | None = None


class AttemptForm(Form):
    """A contact attempt."""

    result: Literal["reached", "missed", "she_called"]
    channel: Annotated[str, codes_of(ATTEMPT_CHANNELS)] = "phone"


class PriorityForm(Form):
    """The code of the receiving CALACS, with its reason."""

    priority: Literal["1", "2", "3", "to_assess"]
    reason: Annotated[str, codes_of(OVERRIDE_REASONS)]


class CloseForm(VersionForm):
    """The outcome (network rules §3 (9))."""

    outcome: Annotated[str, codes_of(OUTCOMES)]


class JoinForm(Form):
    """Another referral of ours that may be about the same person."""

    other: str = Field(max_length=20)


class RestrictForm(Form):
    """An organisation that must never learn of it."""

    organisation: UUID
    reason: Annotated[str, codes_of(RESTRICT_REASONS)]


class WithdrawForm(Form):
    """The code on her paper, or of the page one is on."""

    code: str = Field(max_length=20)
