"""The guide's rules: what is asked, who is proposed and why, why not the others, and never a dead end."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from uuid import UUID

import pytest

from core.api import AGE_BANDS, LANGUAGES, NEEDS

from ..rules.conditions import Condition, Situation
from ..rules.graph import PUBLISHED, ROLES, Answer, Edge, Node, Trajectory
from ..rules.guide import SPANS, UNMET_REASONS, Advice, Door, Offered, advise, fits
from ..rules.guide_questions import (
    MOST,
    ORDER,
    PASSED,
    Answers,
    Question,
    next_question,
    previous_question,
    questions,
    read_answers,
)
from ..rules.guide_way import ELSEWHERE, way

DOORS = (Door("Danger immédiat", ("911",)),)
PLACES = ("mrc-600", "mrc-610", "nord", "region")
S = [UUID(int=number) for number in range(1, 400)]


def offered(number: int, **given: object) -> Offered:
    """A service called by its number, of an organisation of its own."""
    return Offered(S[number], UUID(int=1000 + number), f"Service {number:03}", **given)  # type: ignore[arg-type]


def trajectory(nodes: list[Node], edges: list[Edge], answers: list[Answer]) -> Trajectory:
    return Trajectory(1, PUBLISHED, "Exemple", None, tuple(nodes), tuple(edges), tuple(answers))


def moment(key: str, position: int, *conditions: Condition) -> Node:
    return Node(key, "moment", None, key, key, "", position, (), None, conditions)


def step(key: str, of: str, *needs: str, conditions: tuple[Condition, ...] = (), hours: int | None = None) -> Node:
    return Node(key, "step", of, key, key, "", 1, needs, hours, conditions)


MINOR, ADULT, DANGER = Condition("minor", "yes"), Condition("minor", "no"), Condition("danger", "yes")
SMALL = trajectory(
    [
        moment("accueil", 1),
        moment("suite", 2),
        step("abri", "accueil", "housing", conditions=(ADULT,), hours=24),
        step("abri-jeune", "accueil", "housing", conditions=(MINOR,)),
        step("urgence", "accueil", "emergency_meeting", conditions=(DANGER,)),
        step("porte", "accueil"),
        step("droits", "suite", "legal"),
    ],
    [Edge("accueil", "suite", 1, (Condition("need", "legal"), Condition("need", "health")))],
    [
        Answer("abri", S[0], "lead"),
        Answer("abri", S[1], "support", ("mrc-610",)),
        Answer("abri-jeune", S[2], "lead"),
        Answer("urgence", S[3], "lead", (), 4),
        Answer("porte", S[4], "information"),
        Answer("droits", S[5], "lead"),
        Answer("droits", S[6], "lead"),
    ],
)
SERVICES = {
    one.id: one
    for one in (
        offered(0, covers={"mrc-600": True}, ages=((18, 120),), capacity="waitlist"),
        offered(1, covers={"mrc-610": True}, ages=((18, 35),)),
        offered(2, ages=((12, 17),)),
        offered(3),
        offered(4),
        offered(5, capacity="full", covers=dict.fromkeys(PLACES, True)),
        offered(6, covers={"mrc-600": None}, languages=frozenset({"fr"})),
    )
}


def names(advice: Advice) -> list[int]:
    return [S.index(one.service_id) for one in advice.proposed]


def against(advice: Advice) -> dict[int, tuple[str, ...]]:
    return {S.index(one.service_id): tuple(reason.text for reason in one.reasons) for one in advice.left_out}


def test_who_is_proposed_why_and_why_not() -> None:
    adult = Situation(age_band="25_34", mrc="mrc-600", needs=frozenset({"housing", "legal"}))
    advice = advise(SMALL, SERVICES, adult, DOORS)
    # Room before a full service, the need before a door for everybody, lead without doubt before one to be asked.
    assert names(advice) == [0, 6, 4, 5]
    assert [one.text for one in advice.proposed[0].reasons] == [
        "Selon qu’elle a moins de 18 ans",
        "Dessert ce territoire",
        "Reçoit ce groupe d’âge",
    ]
    assert (advice.proposed[0].needs, advice.proposed[0].delay_hours) == (("housing",), 24)
    assert advice.proposed[0].certain
    assert not advice.proposed[1].certain, "a part of her territory is to be asked"
    assert against(advice) == {
        1: ("La trajectoire le prévoit pour un autre territoire",),
        2: ("Ne reçoit pas ce groupe d’âge", "Selon qu’elle a moins de 18 ans ou non : ce n’est pas son cas"),
    }
    assert advice.unmet == ()
    # The full one alone: the need is unmet, and says so, but the service stays to be called.
    alone = {one: SERVICES[one] for one in (S[0], S[5])}
    full = advise(SMALL, alone, adult, DOORS)
    assert S[5] in {one.service_id for one in full.proposed}
    assert [(one.need, one.reason) for one in full.unmet] == [("legal", "full")]
    # Equal but for one thing: what can be reached, what is open now, then the shorter wait, then the name.
    twins = {
        S[0]: offered(0, open=True, reachable=False),
        S[1]: offered(1, weeks=3),
        S[2]: offered(2, weeks=2, open=False),
        S[3]: offered(3, weeks=9, open=True),
    }
    same = trajectory([moment("m", 1)], [], [Answer("m", one, "lead") for one in twins])
    assert names(advise(same, twins, Situation(), DOORS)) == [3, 2, 1, 0]


def test_danger_first_and_where_she_is() -> None:
    need = frozenset({"housing", "emergency_meeting"})
    calm = advise(SMALL, SERVICES, Situation(danger="no", needs=need), DOORS)
    assert 3 in against(calm)
    danger = advise(SMALL, SERVICES, Situation(danger="yes", needs=need), DOORS)
    assert names(danger)[0] == 3
    assert danger.proposed[0].delay_hours == 4
    unsaid = advise(SMALL, SERVICES, Situation(danger="yes", needs=frozenset({"housing"})), DOORS)
    assert names(unsaid)[0] == 3, "danger comes before whatever was named"
    # A moment brings its own services first; one behind a closed passage is left out and says why.
    there = advise(SMALL, SERVICES, Situation(needs=frozenset({"legal"})), DOORS, moment="suite")
    assert names(there)[:1] == [6]
    housing = advise(SMALL, SERVICES, Situation(needs=frozenset({"work_school"})), DOORS)
    assert names(housing) == [4], "only the door for everybody"
    assert [(one.need, one.reason) for one in housing.unmet] == [("work_school", "none")]
    closed = way(SMALL, Situation(needs=frozenset({"housing"})))
    assert closed.closed["suite"] == ("Pour un autre besoin",)
    assert closed.closed["droits"] == (ELSEWHERE,)
    assert way(SMALL, Situation(), "accueil").reached["suite"].distance == 1
    assert way(SMALL, Situation(), "inconnu").reached.keys() == way(SMALL, Situation()).reached.keys()


@pytest.mark.parametrize(
    ("service", "situation", "expected"),
    [
        (offered(0), Situation(), ()),
        (offered(0, gone=True), Situation(mrc="nord"), (("closed", False),)),
        (offered(0), Situation(mrc="region"), ()),
        (offered(0), Situation(mrc="nord"), (("area", None),)),
        (offered(0, covers={}), Situation(mrc="nord"), (("area", False),)),
        (offered(0, ages=((18, 120),)), Situation(age_band="adult"), (("age", True),)),
        (offered(0, ages=((18, 35),)), Situation(age_band="adult"), (("age", None),)),
        (offered(0, ages=((12, 15), (16, 17))), Situation(age_band="14_17"), (("age", True),)),
        (offered(0, ages=((0, 11),)), Situation(age_band="14_17"), (("age", False),)),
        (offered(0), Situation(age_band="14_17"), (("age", None),)),
        # A language is never against a service: an interpreter can be asked for.
        (offered(0, languages=frozenset({"fr"})), Situation(languages=frozenset({"atj"})), (("language", None),)),
        (offered(0, languages=frozenset({"atj"})), Situation(languages=frozenset({"atj"})), (("language", True),)),
    ],
)
def test_what_is_looked_at(service: Offered, situation: Situation, expected: tuple[tuple[str, bool | None]]) -> None:
    assert tuple((one.what, one.ok) for one in fits(service, situation)) == expected


def test_what_may_not_be_told_is_neither_proposed_nor_left_out() -> None:
    known = {one: SERVICES[one] for one in (S[0],)}
    for band in AGE_BANDS:
        advice = advise(SMALL, known, Situation(age_band=band, needs=frozenset(NEEDS)), DOORS)
        told = {one.service_id for one in (*advice.proposed, *advice.left_out)}
        assert told <= {S[0]}
    with pytest.raises(ValueError, match="somebody to talk to"):
        advise(SMALL, known, Situation(), ())
    assert set(SPANS) == set(AGE_BANDS)


def test_questions_are_six_at_most_and_only_those_that_matter() -> None:
    asked = questions(SMALL, PLACES, ages=True, areas=True, languages=True)
    assert [one.name for one in asked] == list(ORDER)
    assert len(asked) == MOST == 6
    bare = trajectory([moment("m", 1)], [], [Answer("m", S[0], "lead")])
    few = questions(bare, PLACES, ages=False, areas=False, languages=False)
    assert [one.name for one in few] == ["danger", "needs"]
    assert [one.name for one in questions(SMALL, (), ages=False, areas=True, languages=False)] == [
        "danger",
        "needs",
        "age",
        "moment",
    ], "her age decides conditions; nowhere to choose between is not asked"
    # Closed lists: what was forged, repeated or added is as if it had not been sent.
    sent = {"danger": ["yes", "no"], "needs": ["legal", "forged", "legal", PASSED], "age": [PASSED], "place": ["x"]}
    answers = read_answers(sent, asked)
    assert answers.said == {"danger": ("yes",), "needs": ("legal",), "age": (PASSED,)}
    assert answers.danger
    assert answers.situation == Situation(danger="yes", needs=frozenset({"legal"}))
    assert answers.answered("age")
    assert answers.one("age") is None
    assert next_question(asked, answers) == asked[3]
    assert previous_question(asked, "place") == asked[2]
    assert previous_question(asked, "danger") is None


def paths(asked: tuple[Question, ...], chance: random.Random) -> Answers:
    """One way through the guide: answering, passing, going back, changing one's mind, stopping early."""
    given: dict[str, list[str]] = {}
    for _ in range(chance.randint(0, 12)):
        answers = read_answers(given, asked)
        question = next_question(asked, answers) or chance.choice(asked)
        if given and chance.random() < 0.2:
            question = previous_question(asked, question.name) or question
        if chance.random() < 0.2:
            given[question.name] = [PASSED]
        elif chance.random() < 0.05:
            given[question.name] = ["forged"]
        else:
            most = 4 if question.many else 1
            given[question.name] = chance.sample(question.options, min(most, len(question.options)))
    return read_answers(given, asked)


def random_world(
    chance: random.Random, moments: int, steps: int, services: int
) -> tuple[Trajectory, Mapping[UUID, Offered]]:
    """A trajectory of any shape, holes, cycles and closed doors included, over services of any kind."""
    vocabulary = (
        *(Condition("age_band", code) for code in AGE_BANDS),
        *(Condition("mrc", code) for code in PLACES),
        *(Condition("need", code) for code in NEEDS),
        *(Condition("language", code) for code in LANGUAGES),
        MINOR,
        ADULT,
        DANGER,
        Condition("danger", "no"),
    )

    def conditions(likely: float) -> tuple[Condition, ...]:
        return tuple(chance.sample(vocabulary, chance.randint(1, 3))) if chance.random() < likely else ()

    nodes = [moment(f"m{one}", one, *conditions(0.2)) for one in range(moments)]
    for one in range(steps):
        needs = tuple(chance.sample(list(NEEDS), chance.randint(0, 3)))
        nodes.append(step(f"s{one}", f"m{chance.randrange(moments)}", *needs, conditions=conditions(0.3)))
    keys = [one.key for one in nodes]
    edges = [Edge(*chance.sample(keys, 2), number, conditions(0.3)) for number in range(len(keys)) if keys[1:]]
    unique = list({(edge.source, edge.target): edge for edge in edges}.values())
    answers = [
        Answer(
            chance.choice(keys),
            S[chance.randrange(services)],
            chance.choice(list(ROLES)),  # type: ignore[arg-type]
            tuple(chance.sample(PLACES, chance.randint(0, 2))),
        )
        for _ in range(2 * len(keys))
    ]
    known = {
        S[one]: offered(
            one,
            covers=chance.choice([None, {}, {code: chance.choice([True, None]) for code in chance.sample(PLACES, 2)}]),
            ages=chance.choice([(), ((12, 17),), ((18, 120),), ((0, 30), (50, 120))]),
            languages=frozenset(chance.sample(list(LANGUAGES), chance.randint(0, 3))),
            capacity=chance.choice(["open", "waitlist", "full", "unknown"]),
            gone=chance.random() < 0.05,
        )
        for one in range(services)
        if chance.random() < 0.9
    }
    return trajectory(nodes, unique, answers), known


def worlds() -> Iterator[tuple[random.Random, Trajectory, Mapping[UUID, Offered]]]:
    for seed in range(40):
        chance = random.Random(seed)
        yield chance, *random_world(chance, chance.randint(0, 4) or 1, chance.randint(0, 12), chance.randint(1, 20))


def test_ten_thousand_ways_never_end_without_a_service_or_somebody_to_talk_to() -> None:
    """Forty trajectories of any shape, two hundred and fifty ways through each."""
    ends = {"service": 0, "nobody": 0}
    for chance, drawn, known in worlds():
        asked = questions(drawn, PLACES, ages=True, areas=True, languages=True)
        assert len(asked) <= MOST
        for _ in range(250):
            answers = paths(asked, chance)
            situation = answers.situation
            advice = advise(drawn, known, situation, DOORS, moment=answers.moment)
            ends["service" if advice.proposed else "nobody"] += 1
            assert advice.talk_to, "somebody to talk to is always named"
            proposed = {one.service_id for one in advice.proposed}
            left_out = {one.service_id for one in advice.left_out}
            assert proposed | left_out <= known.keys()
            assert not proposed & left_out
            assert len(proposed) == len(advice.proposed)
            assert all(reason.ok is False for one in advice.left_out for reason in one.reasons)
            assert all(one.reasons for one in advice.left_out), "nobody is left out without a reason"
            assert not any(reason.ok is False for one in advice.proposed for reason in one.reasons)
            met = {need for one in advice.proposed if known[one.service_id].capacity != "full" for need in one.needs}
            assert {one.need for one in advice.unmet} == situation.needs - met
            assert all(one.reason in UNMET_REASONS for one in advice.unmet)
    assert sum(ends.values()) == 10_000
    assert min(ends.values()) > 200, "both ends are met"


def test_five_hundred_nodes_are_answered_in_fifty_milliseconds() -> None:
    """The issue's limit; best of three, since cores are shared."""
    drawn, known = random_world(random.Random(7), 40, 460, 300)
    assert len(drawn.nodes) == 500
    situation = Situation(age_band="18_24", mrc="mrc-600", danger="yes", needs=frozenset(list(NEEDS)[:8]))
    spent = []
    for _ in range(3):
        start = time.process_time()
        advice = advise(drawn, known, situation, DOORS)
        spent.append(time.process_time() - start)
    assert len(advice.proposed) > 20
    assert min(spent) < 0.050
