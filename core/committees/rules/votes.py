"""How ballots make a decision. Pure: the same seats and ballots give the same outcome, whatever their order.

The table of docs/committees.md says the same in words; `STEPS` holds the sentences that pages show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations_with_replacement

from core.committees.rules.seats import FLOOR

#: Above this many seats left to vote, an early closing is not looked for: the deadline decides.
_MOST_COMPLETIONS = 10


class Method(StrEnum):
    """Majority of what is expressed, or N approvals."""

    MAJORITY = "majority"
    N_OF_M = "n_of_m"


class Tie(StrEnum):
    """What a tie becomes under the majority: refused, or settled by who chairs."""

    REFUSED = "refused"
    CASTING = "casting"


class Choice(StrEnum):
    """What a ballot says. `OTHER` approves another amount than the one asked."""

    YES = "yes"
    OTHER = "other"
    NO = "no"
    ABSTAIN = "abstain"


APPROVALS = frozenset({Choice.YES, Choice.OTHER})


class Result(StrEnum):
    """What a vote ended as. `NO_QUORUM` is no decision: the vote goes to who chairs. `ABANDONED`: closed by hand."""

    ADOPTED = "adopted"
    REJECTED = "rejected"
    NO_QUORUM = "no_quorum"
    ABANDONED = "abandoned"


METHODS: dict[Method, str] = {
    Method.MAJORITY: "Majorité des voix exprimées",
    Method.N_OF_M: "Nombre d’approbations",
}
TIES: dict[Tie, str] = {
    Tie.REFUSED: "La proposition n’est pas adoptée",
    Tie.CASTING: "Voix prépondérante de la présidence",
}
CHOICES: dict[Choice, str] = {
    Choice.YES: "Oui",
    Choice.OTHER: "Oui, pour un autre montant",
    Choice.NO: "Non",
    Choice.ABSTAIN: "Je m’abstiens",
}
RESULTS: dict[Result, str] = {
    Result.ADOPTED: "Adoptée",
    Result.REJECTED: "Non adoptée",
    Result.NO_QUORUM: "Sans quorum",
    Result.ABANDONED: "Fermée sans décision",
}


@dataclass(frozen=True)
class VoteRule:
    """A vote's parameters, frozen when it opens.

    `asked`: N of *N of M*. `quorum`: percent of the seats that can vote whose ballot must be in, rounded up (51 is the
    majority of any committee under 50 seats). `early`: closes before the deadline once nothing can change any more.
    `named`: each organisation's choice is shown after closing. `amount`: cents asked for, None when no money is
    involved; `cap`: the highest amount a ballot may name, in cents (the amount asked when None).
    """

    method: Method = Method.MAJORITY
    asked: int = 0
    quorum: int = 51
    tie: Tie = Tie.REFUSED
    early: bool = False
    named: bool = False
    amount: int | None = None
    cap: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.quorum <= 100:
            raise ValueError("a quorum is 1 to 100 percent")
        if self.method is Method.N_OF_M and self.asked < 1:
            raise ValueError("N of M needs N")
        if self.amount is not None and self.amount <= 0:
            raise ValueError("an amount is above zero cents")
        if self.cap is not None and (self.amount is None or self.cap < self.amount):
            raise ValueError("a cap is at least the amount asked")

    @property
    def highest(self) -> int | None:
        """The highest amount a ballot may name, in cents."""
        return self.cap if self.cap is not None else self.amount


@dataclass(frozen=True)
class Cast:
    """One opened ballot: its choice and, for an approval of money, the cents it supports.

    `chair`: put in by who chairs. `counted`: False for a ballot that only settles a tie (a chair's seat without vote).
    """

    choice: Choice
    amount: int | None = None
    chair: bool = False
    counted: bool = True


@dataclass(frozen=True)
class Tally:
    """The seats around the ballots: those that could vote, and those that could not, by why."""

    available: int
    recused: int = 0
    vacant: int = 0
    lapsed: int = 0
    called: int = 0
    alternates: int = 0


@dataclass(frozen=True)
class Step:
    """One line of the arithmetic: a code of `STEPS` and its numbers. `amount` is in cents."""

    code: str
    values: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What the ballots decide, with the arithmetic. `amount`: cents granted, None unless adopted with money."""

    result: Result
    approvals: int = 0
    refusals: int = 0
    abstentions: int = 0
    needed: int = 0
    quorum: int = 0
    seats: int = 0
    amount: int | None = None
    steps: tuple[Step, ...] = ()

    @property
    def stuck(self) -> bool:
        """No deadline changes it: too few seats, and nobody left to call."""
        return any(step.code == "nobody_left" for step in self.steps)

    @property
    def ballots(self) -> int:
        """Ballots that counted."""
        return self.approvals + self.refusals + self.abstentions


#: Neutral sentences, right for one as for many.
STEPS: dict[str, str] = {
    "seats": (
        "Sièges votants : %(all)s. Récusés : %(recused)s. Vacants ou libérés : %(lapsed)s. Peuvent voter : %(left)s."
    ),
    "called": "Moins de deux sièges restaient. Suppléances appelées : %(called)s.",
    "alternate": "Suppléance nommée par l’autre CALACS : %(alternates)s.",
    "too_few": "Moins de deux sièges peuvent voter : personne ne décide seul.",
    "nobody_left": "Plus personne ne peut être appelé : ce vote ne peut plus atteindre son quorum.",
    "quorum_met": "Quorum : %(quorum)s bulletins requis, %(ballots)s reçus. Il est atteint.",
    "quorum_missed": "Quorum : %(quorum)s bulletins requis, %(ballots)s reçus. Il n’est pas atteint.",
    "count": "Pour : %(approvals)s. Contre : %(refusals)s. Abstentions : %(abstentions)s.",
    "needed": "Approbations requises : %(needed)s.",
    "needed_fewer": (
        "Approbations demandées : %(asked)s. Sièges qui peuvent voter : %(left)s. "
        "Approbations requises : %(needed)s, jamais moins de 2."
    ),
    "majority": "Voix exprimées : %(expressed)s. Majorité : %(needed)s, jamais moins de 2.",
    "tie_refused": "Égalité : selon la règle, la proposition n’est pas adoptée.",
    "tie_silent": "Égalité, et la présidence n’a pas tranché : la proposition n’est pas adoptée.",
    "tie_yes": "Égalité : la voix prépondérante de la présidence est pour.",
    "tie_no": "Égalité : la voix prépondérante de la présidence est contre.",
    "reached": "Approbations : %(approvals)s sur %(needed)s requises. La proposition est adoptée.",
    "not_reached": "Approbations : %(approvals)s sur %(needed)s requises. La proposition n’est pas adoptée.",
    "amount": "Montant le plus élevé que %(needed)s approbations appuient : %(amount)s.",
}


def approvals_needed(rule: VoteRule, available: int, expressed: int = 0) -> int:
    """How many approvals adopt: N = min(asked, seats that can vote), or more than half of what is expressed; never
    under two."""
    if rule.method is Method.N_OF_M:
        return max(FLOOR, min(rule.asked, available))
    return max(FLOOR, expressed // 2 + 1)


def quorum_needed(rule: VoteRule, available: int) -> int:
    """Ballots that must be in: `rule.quorum` percent of the seats that can vote, rounded up, never under one."""
    return max(1, -(-available * rule.quorum // 100))


def supported_amount(amounts: Sequence[int], needed: int) -> int:
    """The highest amount that at least `needed` approvals support; an approval for X supports every amount up to X."""
    return sorted(amounts, reverse=True)[needed - 1]


def decide(rule: VoteRule, tally: Tally, ballots: Sequence[Cast]) -> Outcome:
    """The outcome of opened ballots."""
    counted = [one for one in ballots if one.counted]
    yes = [one for one in counted if one.choice in APPROVALS]
    no = sum(one.choice is Choice.NO for one in counted)
    quorum = quorum_needed(rule, tally.available)
    base = Outcome(Result.NO_QUORUM, len(yes), no, len(counted) - len(yes) - no, quorum=quorum, seats=tally.available)
    steps = _seats_steps(tally)
    if tally.available < FLOOR:
        return _with(base, Result.NO_QUORUM, [*steps, Step("too_few")])
    met = len(counted) >= quorum
    steps.append(Step("quorum_met" if met else "quorum_missed", (("quorum", quorum), ("ballots", len(counted)))))
    if not met:
        return _with(base, Result.NO_QUORUM, steps)
    steps.append(Step("count", (("approvals", len(yes)), ("refusals", no), ("abstentions", base.abstentions))))
    if rule.method is Method.N_OF_M:
        return _by_number(rule, tally, base, yes, steps)
    return _by_majority(rule, base, yes, no, ballots, steps)


def without_quorum(rule: VoteRule, tally: Tally) -> Outcome:
    """What a vote says when fewer than two seats are left and nobody is left to call: no ballot is opened for it."""
    found = decide(rule, tally, ())
    return replace(found, result=Result.NO_QUORUM, steps=(*found.steps, Step("nobody_left")))


def _by_number(rule: VoteRule, tally: Tally, base: Outcome, yes: Sequence[Cast], steps: list[Step]) -> Outcome:
    needed = approvals_needed(rule, tally.available)
    if needed == rule.asked:
        steps.append(Step("needed", (("needed", needed),)))
    else:
        values = (("asked", rule.asked), ("left", tally.available), ("needed", needed))
        steps.append(Step("needed_fewer", values))
    return _settle(rule, base, [one.amount for one in yes], needed, len(yes), steps)


def _by_majority(
    rule: VoteRule, base: Outcome, yes: Sequence[Cast], no: int, ballots: Sequence[Cast], steps: list[Step]
) -> Outcome:
    expressed, amounts, organisations = len(yes) + no, [one.amount for one in yes], len(yes)
    if expressed and len(yes) == no:
        chair = next((one for one in ballots if one.chair and one.choice is not Choice.ABSTAIN), None)
        if rule.tie is Tie.REFUSED or chair is None:
            code = "tie_refused" if rule.tie is Tie.REFUSED else "tie_silent"
            return _with(base, Result.REJECTED, [*steps, Step(code)], needed=approvals_needed(rule, 0, expressed))
        expressed += 1
        approves = chair.choice in APPROVALS
        steps.append(Step("tie_yes" if approves else "tie_no"))
        if approves:
            amounts.append(chair.amount)
            # Her own seat's ballot counts twice, but it stays one organisation: two must approve.
            organisations += 0 if chair.counted else 1
    needed = approvals_needed(rule, 0, expressed)
    steps.append(Step("majority", (("expressed", expressed), ("needed", needed))))
    return _settle(rule, base, amounts, needed, organisations, steps)


def _settle(
    rule: VoteRule, base: Outcome, amounts: Sequence[int | None], needed: int, organisations: int, steps: list[Step]
) -> Outcome:
    adopted = len(amounts) >= needed and organisations >= FLOOR
    values = (("approvals", len(amounts)), ("needed", needed))
    steps.append(Step("reached" if adopted else "not_reached", values))
    if not adopted:
        return _with(base, Result.REJECTED, steps, needed=needed)
    if rule.amount is None:
        return _with(base, Result.ADOPTED, steps, needed=needed)
    amount = supported_amount([rule.amount if one is None else one for one in amounts], needed)
    steps.append(Step("amount", (("amount", amount), ("needed", needed))))
    return _with(base, Result.ADOPTED, steps, needed=needed, amount=amount)


def _with(
    base: Outcome, result: Result, steps: Sequence[Step], *, needed: int = 0, amount: int | None = None
) -> Outcome:
    return Outcome(
        result,
        base.approvals,
        base.refusals,
        base.abstentions,
        needed,
        base.quorum,
        base.seats,
        amount,
        tuple(steps),
    )


def _seats_steps(tally: Tally) -> list[Step]:
    gone = tally.lapsed + tally.vacant
    everyone = tally.available + tally.recused + gone - tally.alternates
    values = (("all", everyone), ("recused", tally.recused), ("lapsed", gone), ("left", tally.available))
    steps = [Step("seats", values)]
    if tally.called:
        steps.append(Step("called", (("called", tally.called),)))
    if tally.alternates:
        steps.append(Step("alternate", (("alternates", tally.alternates),)))
    return steps


def is_settled(rule: VoteRule, tally: Tally, ballots: Sequence[Cast]) -> bool:
    """Whether no ballot still to come could change the result or the amount (ballots already in taken as they are).

    Every way the remaining seats could vote is tried; without quorum, or with many seats left, it is never settled.
    """
    now = decide(rule, tally, ballots)
    left = tally.available - sum(one.counted for one in ballots)
    if now.result is Result.NO_QUORUM or left > _MOST_COMPLETIONS:
        return False
    if left == 0 and not _chair_may_still_settle(rule, now, ballots):
        return True
    possible: list[Cast | None] = [None, Cast(Choice.NO), Cast(Choice.ABSTAIN), Cast(Choice.YES, rule.amount)]
    if rule.amount is not None:
        possible += [Cast(Choice.OTHER, 1), Cast(Choice.OTHER, rule.highest)]
    casting: list[Cast | None] = [None]
    if rule.tie is Tie.CASTING and not any(one.chair for one in ballots):
        # Who chairs has not voted: with a vote or without, she could settle a tie.
        casting += [Cast(Choice.NO, None, True, False), Cast(Choice.YES, rule.amount, True, False)]
        casting += [Cast(Choice.OTHER, 1, True, False)] if rule.amount is not None else []
    for more in combinations_with_replacement(possible, left):
        for settling in casting:
            whole = [*ballots, *(one for one in (*more, settling) if one is not None)]
            then = decide(rule, tally, whole)
            if (then.result, then.amount) != (now.result, now.amount):
                return False
    return True


def _chair_may_still_settle(rule: VoteRule, now: Outcome, ballots: Sequence[Cast]) -> bool:
    return rule.tie is Tie.CASTING and now.approvals == now.refusals and not any(one.chair for one in ballots)
