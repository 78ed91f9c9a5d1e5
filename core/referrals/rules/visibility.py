"""What each side may learn: the sender's three words, and who hears of an event (network rules §3 (6), (11), (12))."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from core.consent.rules import SenderMayLearn
from core.referrals.rules.workflow import HELD, PENDING, State


class SenderStatus(StrEnum):
    """The only words an outside sender gets."""

    RECEIVED = "received"
    TAKEN = "taken"
    CLOSED = "closed"


SENDER_LABELS: dict[SenderStatus, str] = {
    SenderStatus.RECEIVED: "reçue",
    SenderStatus.TAKEN: "prise en charge",
    SenderStatus.CLOSED: "fermée",
}


@dataclass(frozen=True)
class SenderView:
    """`content`: the sender still holds what it wrote. `question`: an answer is expected. `not_received`: told at once
    with the coded reason, nothing was opened. `reached` is None unless her consent lets the sender know.
    """

    status: SenderStatus
    content: bool = False
    question: bool = False
    not_received: bool = False
    reached: bool | None = None


def sender_view(state: State, grant: SenderMayLearn, *, reached: bool = False) -> SenderView:
    """What an outside sender may see. A withdrawal, a suspension and a closing give equal answers.

    `grant` limits what is said after acceptance; `reached`: whether she was reached.
    """
    if state in PENDING or state is State.DRAFT:
        return SenderView(SenderStatus.RECEIVED, content=True, question=state is State.QUESTION)
    if state is State.NOT_RECEIVED:
        return SenderView(SenderStatus.CLOSED, not_received=True)
    if grant is SenderMayLearn.RECEIVED_ONLY and state is not State.RETRACTED:
        # She chose that no more be said: what comes later, a withdrawal included, changes nothing on this screen.
        return SenderView(SenderStatus.RECEIVED)
    status = SenderStatus.TAKEN if state in HELD else SenderStatus.CLOSED
    told = reached if grant is SenderMayLearn.REACHED and state in HELD else None
    return SenderView(status, reached=told)


@dataclass(frozen=True)
class Parties:
    """The organisations around an offer, and those that must never learn of it."""

    sender: UUID | None
    recipient: UUID | None
    grant: SenderMayLearn
    restricted: frozenset[UUID] = frozenset()


#: Kinds the receiving organisation follows.
RECEIVER_KINDS = frozenset(
    {
        "referral.submitted",
        "referral.claimed",
        "referral.released",
        "referral.question",
        "referral.answer",
        "referral.amended",
        "referral.accepted",
        "referral.attempt",
        "referral.priority",
        "referral.consent",
        "referral.joined",
        "referral.transfer",
        "referral.closed",
        "referral.clock",
    }
)
#: Kinds that exist between both sides before acceptance.
_SHARED_KINDS = frozenset({"referral.submitted", "referral.question", "referral.answer", "referral.amended"})
#: The one kind an outside sender gets afterwards, whatever happened.
SENDER_KIND = "referral.status"


def audience(
    kind: str, parties: Parties, before: SenderView | None, after: SenderView | None
) -> dict[str, frozenset[UUID]]:
    """Which organisations are told which kind.

    An outside sender is told `referral.status` only when what it may see has changed: a closing and a withdrawal send
    the same bytes, and the receiver's inner work sends none.
    """
    told: dict[str, frozenset[UUID]] = {}
    if parties.recipient is not None and kind in RECEIVER_KINDS and parties.recipient not in parties.restricted:
        told[kind] = frozenset({parties.recipient})
    sender = parties.sender
    if sender is None or sender == parties.recipient or sender in parties.restricted:
        return told
    # A correction or a question is the sender's business only while it still holds what it wrote.
    if kind in _SHARED_KINDS and (after is None or after.content):
        told[kind] = told.get(kind, frozenset()) | {sender}
    elif before != after or (kind == "referral.clock" and after is not None and after.content):
        told[SENDER_KIND] = frozenset({sender})
    return told
