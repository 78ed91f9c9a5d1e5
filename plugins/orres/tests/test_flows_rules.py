"""Flows: the moment of a reference, and what is left out before the report hides the rest."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from core.api import FlowFact

from ..pages.flow_chart import Flow, flow_chart
from ..rules import flows
from ..rules.flows import OUTSIDE, Step
from ..rules.graph import Node, Trajectory

ONE, TWO, THREE = UUID(int=1), UUID(int=2), UUID(int=3)


def node(key: str, moment: str | None, position: int, *needs: str) -> Node:
    return Node(key, "step" if moment else "moment", moment, key.title(), "", "", position, needs)


TRAJECTORY = Trajectory(
    1,
    "published",
    "Exemple",
    date(2026, 1, 1),
    (
        node("first", None, 1),
        node("later", None, 2, "work"),
        node("call", "first", 1, "support"),
        node("bed", "later", 1, "housing"),
    ),
    (),
    (),
)


def fact(needs: str, number: int, holder: UUID = ONE, *, taken: bool = True, **more: str) -> FlowFact:
    codes = {"origin": "police", "recipient": "calacs", "area": "mrc-610", **more}
    listed = tuple(one for one in needs.split("+") if one)
    return FlowFact(
        codes["origin"], codes["recipient"], holder, codes["area"], listed, taken, 60 if taken else None, number
    )


def numbers(lines: tuple[flows.FlowLine, ...]) -> dict[str, flows.Split | None]:
    return {one.code: one.counts for one in lines}


def test_a_reference_belongs_to_the_first_moment_that_answers_one_of_its_needs() -> None:
    assert flows.moment_of(TRAJECTORY, ("housing", "support")) == "first"
    assert flows.moment_of(TRAJECTORY, ("work",)) == "later"
    assert flows.moment_of(TRAJECTORY, ("money",)) == flows.moment_of(None, ("support",)) == OUTSIDE
    facts = [fact("support", 40), fact("housing+work", 30), fact("housing", 25), fact("money", 20, TWO)]
    assert numbers(flows.by_moment(facts, TRAJECTORY)) == {"first": (40,), "later": (55,), OUTSIDE: (20,)}
    assert numbers(flows.by_moment(facts, None)) == {OUTSIDE: (115,)}


def test_what_a_holder_or_a_need_would_give_back_is_left_out() -> None:
    # The second organisation would know that the first one received three.
    shared = [fact("support", 3), fact("support", 30, TWO), fact("housing+work", 40)]
    assert numbers(flows.by_moment(shared, TRAJECTORY))["first"] is None
    # « Hébergement » is named 43 times, 40 of them at its moment: three asked for something before.
    crossed = [fact("support", 40), fact("support+housing", 3), fact("housing", 40), fact("money", 20)]
    only = Trajectory(
        1, "published", "", None, (*TRAJECTORY.nodes[:1], node("later", None, 2), *TRAJECTORY.nodes[2:]), (), ()
    )
    assert numbers(flows.by_moment(crossed, only))["later"] is None
    assert numbers(
        flows.by_moment([fact("support", 40), fact("housing", 40), *[fact("support+housing", 9)]], only)
    ) == {
        "first": (49,),
        "later": (40,),
        OUTSIDE: (0,),
    }
    # « Soutien » 43 times and « hébergement » 43 times, 83 references: three named both.
    either = Trajectory(1, "published", "", None, (node("first", None, 1, "support", "housing"),), (), ())
    named = [fact("support", 40), fact("housing", 40), fact("support+housing", 3)]
    assert numbers(flows.by_moment(named, either))["first"] is None
    assert numbers(flows.by_moment([*named, fact("support+housing", 20)], either))["first"] == (103,)
    # Forty-three, of which forty were not taken, would say that three were.
    both = [fact("support+housing", 6, taken=False), fact("support", 40, taken=False)]
    left = [*both, fact("support", 3), fact("housing", 20), fact("housing", 20, taken=False)]
    assert numbers(flows.left_by_moment(left, only)) == {"first": None, "later": None, OUTSIDE: None}
    more = [
        *both,
        fact("support", 40),
        fact("support+housing", 6),
        fact("housing", 20),
        fact("housing", 20, taken=False),
    ]
    assert numbers(flows.left_by_moment(more, only)) == {"first": (46,), "later": (20,), OUTSIDE: None}
    ways = flows.between(
        [fact("", 30), fact("", 8, TWO, recipient="sante"), fact("", 2, THREE, recipient="sante")], ["police"]
    )
    assert numbers(ways) == {"police": None}
    steps = [Step("bed", ONE, "done", 60, 12), Step("bed", ONE, "begun", 60, 6), Step("bed", ONE, "not_for_her", 5, 9)]
    assert numbers(flows.by_step(steps, ["bed", "call"])) == {"bed": (12, 6), "call": (0, 0)}


FACTS = st.lists(
    st.builds(
        FlowFact,
        st.sampled_from(["police", "sante"]),
        st.sampled_from(["calacs", "sante"]),
        st.sampled_from([ONE, TWO, THREE]),
        st.sampled_from(["mrc-610", "mrc-620"]),
        st.sets(st.sampled_from(["support", "housing", "work", "money"])).map(lambda one: tuple(sorted(one))),
        st.booleans(),
        st.none() | st.integers(0, 9_000),
        st.integers(1, 30),
    ),
    max_size=20,
)


@given(FACTS)
def test_nobody_who_subtracts_her_own_finds_from_one_to_four(facts: list[FlowFact]) -> None:
    """From the raw references: whatever line keeps its number, less what one organisation holds, is none or many."""
    for taken, lines in ((None, flows.by_moment(facts, TRAJECTORY)), (False, flows.left_by_moment(facts, TRAJECTORY))):
        for line in lines:
            here = [
                one
                for one in facts
                if flows.moment_of(TRAJECTORY, one.needs) == line.code and taken in (None, one.taken)
            ]
            whole = sum(one.number for one in here)
            assert line.counts in (None, (whole,))
            for holder in {one.holder for one in facts} if line.counts is not None else ():
                assert whole - sum(one.number for one in here if one.holder == holder) not in range(1, 5)
    whole_of, left_of = flows.by_moment(facts, TRAJECTORY), flows.left_by_moment(facts, TRAJECTORY)
    for whole_line, left_line in zip(whole_of, left_of, strict=True):
        if whole_line.counts is not None and left_line.counts is not None:
            assert whole_line.counts[0] - left_line.counts[0] not in range(5)


def test_where_references_stop_is_said_from_what_is_shown() -> None:
    assert flows.stalls(30, 10, 60, 24) == {"left"}
    assert flows.stalls(30, 9, 24 * 60 + 1, 24) == {"late"}
    assert flows.stalls(None, 20, None, 24) == flows.stalls(30, None, 60, None) == flows.stalls(0, 0, 60, 24) == set()


def test_a_hidden_number_is_drawn_alike_whatever_it_is() -> None:
    drawn = str(
        flow_chart(
            "f",
            "Titre",
            "Décrit",
            ("Ici", "Ailleurs"),
            [Flow("<b>A</b>", (30, None), "30 · masqué"), Flow("B", (10, 0), "10")],
        )
    )
    assert drawn.count("stroke-dasharray") == 1
    assert 'stroke-width="3" stroke-dasharray' in drawn
    assert "&lt;b&gt;A&lt;/b&gt;" in drawn
    assert "style=" not in drawn
