"""The state table of a referral (network rules §3): (state, command) → next state, who, guard, effects.

Pages draw their buttons from `allowed_commands`, services check with `rule_for`, the diagram in docs/workflow.md is
generated from `TABLE`. A pair that is not here is refused everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where an offer stands. French words in `LABELS`."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    QUESTION = "question"
    ACCEPTED = "accepted"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    NOT_RECEIVED = "not_received"
    RETRACTED = "retracted"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    HANDED_BACK = "handed_back"


PENDING = frozenset({State.SUBMITTED, State.QUESTION})
HELD = frozenset({State.ACCEPTED, State.IN_PROGRESS})
LIVE = PENDING | HELD
TERMINAL = frozenset(
    {State.CLOSED, State.NOT_RECEIVED, State.RETRACTED, State.EXPIRED, State.WITHDRAWN, State.HANDED_BACK}
)

LABELS: Mapping[State, str] = {
    State.DRAFT: "brouillon",
    State.SUBMITTED: "soumise",
    State.QUESTION: "précisions demandées",
    State.ACCEPTED: "acceptée",
    State.IN_PROGRESS: "en cours",
    State.SUSPENDED: "fermée",
    State.CLOSED: "terminée",
    State.NOT_RECEIVED: "non accueillie ici — autre ressource proposée",
    State.RETRACTED: "retirée",
    State.EXPIRED: "expirée",
    State.WITHDRAWN: "fermée",
    State.HANDED_BACK: "remise au partenaire",
}


class Command(StrEnum):
    """What can be asked of a referral."""

    SAVE = "save"
    SUBMIT = "submit"
    DISCARD = "discard"
    EXPIRE = "expire"
    CLAIM = "claim"
    RELEASE = "release"
    ASK = "ask"
    ANSWER = "answer"
    AMEND = "amend"
    RETRACT = "retract"
    ACCEPT = "accept"
    DECLINE = "decline"
    SUPERSEDE = "supersede"
    SET_PRIORITY = "set_priority"
    RECONFIRM = "reconfirm"
    LOG_MISSED = "log_missed"
    LOG_REACHED = "log_reached"
    SHE_CALLED = "she_called"
    COPY = "copy"
    JOIN = "join"
    SUB_REFER = "sub_refer"
    TRANSFER = "transfer"
    HAND_BACK = "hand_back"
    TRANSFERRED = "transferred"
    HANDED_BACK = "handed_back"
    RENEW_CONSENT = "renew_consent"
    RESTRICT = "restrict"
    CLOSE = "close"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"


class Actor(StrEnum):
    """Who may ask. `HOLDER` is whoever has the referral in hand: the sender before acceptance, the receiver after."""

    SENDER = "sender"
    RECEIVER = "receiver"
    HOLDER = "holder"
    HERSELF = "herself"
    ANYONE_WITH_HER = "anyone_with_her"
    SYSTEM = "system"


class Guard(StrEnum):
    """What must also be true, checked in the same transaction."""

    NONE = "none"
    CONSENT_IN_FORCE = "consent_in_force"
    NOT_THE_SENDER = "not_the_sender"
    CONSENT_FOR_THE_NEXT = "consent_for_the_next"
    SIBLING_ACCEPTED = "sibling_accepted"
    CHILD_ACCEPTED = "child_accepted"
    CODED_REASON = "coded_reason"
    OUTCOME = "outcome"
    PAST_EXPIRY = "past_expiry"
    REVERSAL_WINDOW = "reversal_window"
    CLAIMED_BY_ACTOR = "claimed_by_actor"


class Effect(StrEnum):
    """What the transition does beside changing the state."""

    SEAL_TO_SENDER = "seal_to_sender"
    START_CLOCK = "start_clock"
    OPEN_THREAD = "open_thread"
    RESEAL_TO_RECEIVER = "reseal_to_receiver"
    DROP_SENDER_SEALS = "drop_sender_seals"
    MOVE_RESPONSIBILITY = "move_responsibility"
    END_SIBLINGS = "end_siblings"
    ERASE_PREVIEW = "erase_preview"
    ERASE_CONTENT = "erase_content"
    DELETE_SEALS = "delete_seals"
    ESCROW_SEALS = "escrow_seals"
    RESTORE_SEALS = "restore_seals"
    STOP_CLOCK = "stop_clock"
    NOTE_ATTEMPT = "note_attempt"
    WRITE_FACTS = "write_facts"
    NEW_OFFER = "new_offer"


@dataclass(frozen=True)
class Rule:
    """One line of the table. `next` None: the state the referral had before it was suspended."""

    next: State | None
    actor: Actor
    guard: Guard = Guard.NONE
    effects: frozenset[Effect] = frozenset()


def _effects(*effects: Effect) -> frozenset[Effect]:
    return frozenset(effects)


_END = _effects(Effect.DELETE_SEALS, Effect.ERASE_CONTENT, Effect.ERASE_PREVIEW, Effect.WRITE_FACTS)


def _table() -> dict[tuple[State, Command], Rule]:
    table: dict[tuple[State, Command], Rule] = {
        (State.DRAFT, Command.SAVE): Rule(State.DRAFT, Actor.SENDER, effects=_effects(Effect.SEAL_TO_SENDER)),
        (State.DRAFT, Command.SUBMIT): Rule(
            State.SUBMITTED,
            Actor.SENDER,
            Guard.CONSENT_IN_FORCE,
            _effects(Effect.SEAL_TO_SENDER, Effect.START_CLOCK, Effect.OPEN_THREAD),
        ),
        (State.DRAFT, Command.DISCARD): Rule(State.EXPIRED, Actor.SENDER, effects=_effects(Effect.ERASE_CONTENT)),
        (State.DRAFT, Command.EXPIRE): Rule(
            State.EXPIRED, Actor.SYSTEM, Guard.PAST_EXPIRY, _effects(Effect.ERASE_CONTENT)
        ),
        (State.SUBMITTED, Command.ASK): Rule(State.QUESTION, Actor.RECEIVER),
        (State.QUESTION, Command.ANSWER): Rule(State.SUBMITTED, Actor.SENDER),
        (State.SUSPENDED, Command.RESUME): Rule(
            None, Actor.HERSELF, Guard.REVERSAL_WINDOW, _effects(Effect.RESTORE_SEALS)
        ),
        (State.SUSPENDED, Command.WITHDRAW): Rule(State.WITHDRAWN, Actor.ANYONE_WITH_HER, effects=_END),
    }
    for state in sorted(PENDING):
        table |= {
            (state, Command.AMEND): Rule(state, Actor.SENDER),
            (state, Command.RETRACT): Rule(State.RETRACTED, Actor.SENDER, effects=_END),
            (state, Command.DECLINE): Rule(State.NOT_RECEIVED, Actor.RECEIVER, Guard.CODED_REASON, _END),
            (state, Command.SUPERSEDE): Rule(State.EXPIRED, Actor.SYSTEM, Guard.SIBLING_ACCEPTED, _END),
            (state, Command.ACCEPT): Rule(
                State.ACCEPTED,
                Actor.RECEIVER,
                Guard.CONSENT_IN_FORCE,
                _effects(
                    Effect.RESEAL_TO_RECEIVER,
                    Effect.DROP_SENDER_SEALS,
                    Effect.MOVE_RESPONSIBILITY,
                    Effect.END_SIBLINGS,
                ),
            ),
            (state, Command.SHE_CALLED): Rule(
                state, Actor.RECEIVER, effects=_effects(Effect.STOP_CLOCK, Effect.NOTE_ATTEMPT)
            ),
        }
    for state in sorted(HELD):
        table |= {
            (state, Command.AMEND): Rule(state, Actor.RECEIVER, Guard.CONSENT_IN_FORCE),
            (state, Command.SET_PRIORITY): Rule(state, Actor.RECEIVER),
            (state, Command.RECONFIRM): Rule(state, Actor.RECEIVER, Guard.CONSENT_IN_FORCE),
            (state, Command.LOG_MISSED): Rule(state, Actor.RECEIVER, effects=_effects(Effect.NOTE_ATTEMPT)),
            (state, Command.LOG_REACHED): Rule(
                State.IN_PROGRESS, Actor.RECEIVER, effects=_effects(Effect.NOTE_ATTEMPT, Effect.STOP_CLOCK)
            ),
            (state, Command.SHE_CALLED): Rule(
                State.IN_PROGRESS, Actor.RECEIVER, effects=_effects(Effect.NOTE_ATTEMPT, Effect.STOP_CLOCK)
            ),
            (state, Command.COPY): Rule(state, Actor.RECEIVER, Guard.CONSENT_IN_FORCE),
            (state, Command.JOIN): Rule(state, Actor.RECEIVER),
            (state, Command.SUB_REFER): Rule(
                state, Actor.RECEIVER, Guard.CONSENT_FOR_THE_NEXT, _effects(Effect.NEW_OFFER)
            ),
            (state, Command.TRANSFER): Rule(
                state, Actor.RECEIVER, Guard.CONSENT_FOR_THE_NEXT, _effects(Effect.NEW_OFFER)
            ),
            (state, Command.HAND_BACK): Rule(
                state, Actor.RECEIVER, Guard.CONSENT_FOR_THE_NEXT, _effects(Effect.NEW_OFFER)
            ),
            (state, Command.TRANSFERRED): Rule(State.CLOSED, Actor.SYSTEM, Guard.CHILD_ACCEPTED, _END),
            (state, Command.HANDED_BACK): Rule(State.HANDED_BACK, Actor.SYSTEM, Guard.CHILD_ACCEPTED, _END),
            (state, Command.CLOSE): Rule(
                State.CLOSED, Actor.RECEIVER, Guard.OUTCOME, _effects(Effect.ERASE_PREVIEW, Effect.WRITE_FACTS)
            ),
        }
    for state in sorted(LIVE):
        table |= {
            (state, Command.CLAIM): Rule(state, Actor.RECEIVER),
            (state, Command.RELEASE): Rule(state, Actor.RECEIVER, Guard.CLAIMED_BY_ACTOR),
            (state, Command.RENEW_CONSENT): Rule(state, Actor.HOLDER),
            (state, Command.RESTRICT): Rule(state, Actor.HOLDER),
            (state, Command.SUSPEND): Rule(State.SUSPENDED, Actor.HERSELF, effects=_effects(Effect.ESCROW_SEALS)),
            (state, Command.WITHDRAW): Rule(State.WITHDRAWN, Actor.ANYONE_WITH_HER, effects=_END),
        }
    return table


TABLE: Mapping[tuple[State, Command], Rule] = _table()

#: Why a command is refused in a state, in French source text.
_REFUSED_STATES: Mapping[State, str] = {
    State.DRAFT: "Cette référence n’est pas encore envoyée.",
    State.SUBMITTED: "Cette référence attend encore une réponse.",
    State.QUESTION: "Des précisions sont demandées ; il faut d’abord y répondre.",
    State.ACCEPTED: "Cette référence est déjà prise en charge.",
    State.IN_PROGRESS: "Cette référence est déjà en cours.",
    State.SUSPENDED: "Cette référence est fermée.",
    State.CLOSED: "Cette référence est terminée.",
    State.NOT_RECEIVED: "Cette référence n’a pas été accueillie ici.",
    State.RETRACTED: "Cette référence a été retirée.",
    State.EXPIRED: "Cette référence est expirée.",
    State.WITHDRAWN: "Cette référence est fermée.",
    State.HANDED_BACK: "Cette référence a été remise au partenaire.",
}


def rule_for(state: State, command: Command) -> Rule | None:
    """The line of the table, or None: refused."""
    return TABLE.get((state, command))


def refusal(state: State, command: Command) -> str:
    """Why `command` is not possible in `state` (French source text)."""
    return _REFUSED_STATES[state]


@dataclass(frozen=True)
class Standing:
    """How an actor stands to one referral: which of its organisations is hers, and which role she has there."""

    sender: bool = False
    receiver: bool = False
    may_send: bool = False
    may_receive: bool = False
    may_withdraw: bool = False
    claimed_by_actor: bool = False
    herself: bool = False
    system: bool = False


def fits(rule: Rule, state: State, standing: Standing) -> bool:
    """Whether this actor may use this line (guards that need the database are checked by the service)."""
    receiving = standing.receiver and standing.may_receive
    sending = standing.sender and standing.may_send
    match rule.actor:
        case Actor.SENDER:
            fitting = sending
        case Actor.RECEIVER:
            # Never the sender (rule §3 (3)): an organisation cannot accept its own offer.
            fitting = receiving and not standing.sender
        case Actor.HOLDER:
            fitting = sending if state in PENDING else receiving
        case Actor.HERSELF:
            fitting = standing.herself
        case Actor.ANYONE_WITH_HER:
            fitting = standing.herself or standing.may_withdraw
        case Actor.SYSTEM:
            fitting = standing.system
    if rule.guard is Guard.CLAIMED_BY_ACTOR:
        return fitting and standing.claimed_by_actor
    return fitting


def allowed_commands(state: State, standing: Standing) -> frozenset[Command]:
    """The commands whose button is drawn for this actor."""
    return frozenset(command for (of, command), rule in TABLE.items() if of is state and fits(rule, state, standing))


def diagram(describe: Callable[[State], str] = LABELS.__getitem__) -> str:
    """The table as a Mermaid state diagram; commands that keep the state are left to the list below it."""
    lines = ["stateDiagram-v2", "    [*] --> draft"]
    lines += [f"    {state.value} : {describe(state)}" for state in State]
    for (state, command), rule in TABLE.items():
        target = "submitted" if rule.next is None else rule.next.value
        if target != state.value:
            lines.append(f"    {state.value} --> {target} : {command.value} ({rule.actor.value})")
    lines += [f"    {state.value} --> [*]" for state in State if state in TERMINAL]
    return "\n".join(lines)
