"""Clinical exchanges: a vignette that is anonymous by construction, its states, who does what, and its lessons.

A vignette holds no identity to begin with: an age band, a MRC (or the wider label where a MRC would single somebody
out, network rules §3.4), relative time, needs in codes, and texts that the guard has read. Somebody of another
organisation reads it again before anyone else of the committee.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from typing import Final

from core.api import Finding, FindingKind, singles_out


class State(StrEnum):
    """Where a vignette stands."""

    WAITING = "waiting"
    RETURNED = "returned"
    SHARED = "shared"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


STATES: Final[Mapping[State, str]] = {
    State.WAITING: "En deuxième lecture",
    State.RETURNED: "À retravailler",
    State.SHARED: "En discussion",
    State.CLOSED: "Discussion terminée",
    State.WITHDRAWN: "Retirée",
}
#: The sign of a state on pages.
SIGNS: Final[Mapping[State, str]] = {
    State.WAITING: "wait",
    State.RETURNED: "wait",
    State.SHARED: "",
    State.CLOSED: "done",
    State.WITHDRAWN: "closed",
}


class Side(StrEnum):
    """Who somebody is to a vignette: one wrote it, one reads it again, the others sit in the committee."""

    AUTHOR = "author"
    READER = "reader"
    MEMBER = "member"


class Act(StrEnum):
    """What may be done to it."""

    AMEND = "amend"
    APPROVE = "approve"
    RETURN = "return"
    SUSPEND = "suspend"
    DISCUSS = "discuss"
    CLOSE = "close"
    REOPEN = "reopen"
    WITHDRAW = "withdraw"


_ALL = frozenset(Side)
_AUTHOR, _READER = frozenset({Side.AUTHOR}), frozenset({Side.READER})
#: (state, act) → who may, and what comes next; every pair not listed is refused.
TABLE: Final[Mapping[tuple[State, Act], tuple[frozenset[Side], State]]] = {
    (State.WAITING, Act.AMEND): (_AUTHOR, State.WAITING),
    (State.RETURNED, Act.AMEND): (_AUTHOR, State.WAITING),
    (State.WAITING, Act.APPROVE): (_READER, State.SHARED),
    (State.WAITING, Act.RETURN): (_READER, State.RETURNED),
    (State.SHARED, Act.SUSPEND): (_ALL, State.WAITING),
    (State.CLOSED, Act.SUSPEND): (_ALL, State.WAITING),
    (State.SHARED, Act.DISCUSS): (_ALL, State.SHARED),
    (State.SHARED, Act.CLOSE): (_AUTHOR | _READER, State.CLOSED),
    (State.CLOSED, Act.REOPEN): (_AUTHOR | _READER, State.SHARED),
    **{(state, Act.WITHDRAW): (_AUTHOR, State.WITHDRAWN) for state in State if state is not State.WITHDRAWN},
}
#: States in which the whole committee reads it.
OPEN: Final = frozenset({State.SHARED, State.CLOSED})


def next_state(state: State, act: Act, side: Side | None) -> State | None:
    """Where an act leads when that person may do it; None when it is refused."""
    found = TABLE.get((state, act))
    return found[1] if found is not None and side in found[0] else None


def acts_of(state: State, side: Side | None) -> frozenset[Act]:
    """Everything that person may do now: buttons are drawn from the same table."""
    return frozenset(act for act in Act if next_state(state, act, side) is not None)


def reads(state: State, side: Side | None) -> bool:
    """Before the second reading, who wrote it and who reads it again; then the committee. Withdrawn: nobody but her."""
    if side is None:
        return False
    if state is State.WITHDRAWN:
        return side is Side.AUTHOR
    return state in OPEN or side is not Side.MEMBER


#: When it happened, in relative time only.
SINCE: Final[Mapping[str, str]] = {
    "now": "Cela se passe en ce moment",
    "weeks": "Il y a quelques semaines",
    "months": "Il y a quelques mois",
    "year": "Il y a plus d’un an",
    "long": "Sur une longue période",
}


class Target(StrEnum):
    """What a lesson would change."""

    TRAJECTORY = "trajectory"
    DIRECTORY = "directory"
    PRACTICE = "practice"


TARGETS: Final[Mapping[Target, str]] = {
    Target.TRAJECTORY: "La trajectoire régionale",
    Target.DIRECTORY: "Une fiche du répertoire",
    Target.PRACTICE: "Nos façons de faire",
}


class LessonState(StrEnum):
    """What became of a lesson."""

    OPEN = "open"
    ATTACHED = "attached"
    DONE = "done"
    ASIDE = "aside"


LESSON_STATES: Final[Mapping[LessonState, str]] = {
    LessonState.OPEN: "À traiter",
    LessonState.ATTACHED: "Jointe à un brouillon",
    LessonState.DONE: "Faite",
    LessonState.ASIDE: "Mise de côté",
}
#: What the organisation decided of the change that a lesson proposes to its sheet.
OUTCOMES: Final[Mapping[str, str]] = {
    "proposed": "L’organisme n’a pas encore répondu",
    "accepted": "L’organisme a accepté le changement",
    "declined": "L’organisme a décliné le changement",
}
#: From each state, those it may go to: nothing here is without return.
LESSON_MOVES: Final[Mapping[LessonState, frozenset[LessonState]]] = {
    LessonState.OPEN: frozenset({LessonState.ATTACHED, LessonState.DONE, LessonState.ASIDE}),
    LessonState.ATTACHED: frozenset({LessonState.OPEN, LessonState.DONE, LessonState.ASIDE}),
    LessonState.DONE: frozenset({LessonState.OPEN}),
    LessonState.ASIDE: frozenset({LessonState.OPEN}),
}


def lesson_may(state: LessonState, target: Target, wanted: LessonState) -> bool:
    """Whether a lesson may go there; only one about the trajectory joins a draft of it."""
    return wanted in LESSON_MOVES[state] and (wanted is not LessonState.ATTACHED or target is Target.TRAJECTORY)


#: What nobody may say is not one: in a vignette it can always be written otherwise.
SURE: Final = frozenset(
    {
        FindingKind.PHONE,
        FindingKind.EMAIL,
        FindingKind.BIRTH,
        FindingKind.NUMBER,
        FindingKind.DATE,
        FindingKind.AGE,
        FindingKind.CODE,
    }
)
#: What a proposal to a sheet may not hold: a sheet has telephones and addresses of its own, never a person's.
NOT_IN_A_SHEET: Final = frozenset({FindingKind.NAME, FindingKind.BIRTH, FindingKind.NUMBER, FindingKind.CODE})


def guard_of(places: Collection[str]) -> Callable[[str], tuple[Finding, ...]]:
    """The guard of vignettes, notes and lessons. `places`: names of municipalities, each smaller than a MRC."""
    return lambda text: singles_out(text, places)


def guard_of_sheets(text: str) -> tuple[Finding, ...]:
    """The guard of what is proposed to a sheet of the directory."""
    return tuple(one for one in singles_out(text) if one.kind in NOT_IN_A_SHEET)


#: Quarter hours that one person may count for one exchange: four hours.
MOST_QUARTERS: Final = 16
