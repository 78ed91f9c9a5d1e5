"""Where she is: worked out from what a reader may see, and from nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from ..rules.conditions import MRC, NEED, Condition, Situation
from ..rules.graph import Answer, Edge, Node, Trajectory
from ..rules.path import MOST_NEXT, Mark, Reader, Status, after, may_mark, path_shown, visible

NOW = datetime(2026, 11, 24, 19, tzinfo=UTC)
OWN, OTHER, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)
SERVICE = [UUID(int=100 + number) for number in range(4)]


def step(key: str, moment: str, position: int, needs: tuple[str, ...] = (), **more: object) -> Node:
    return Node(key, "step", moment, f"Étape {key}", "", "", position, needs, **more)  # type: ignore[arg-type]


TRAJECTORY = Trajectory(
    number=3,
    state="published",
    title="Exemple",
    published_on=NOW.date(),
    nodes=(
        Node("first", "moment", None, "Premier contact", "First contact", "", 1),
        Node("shelter", "moment", None, "Se mettre à l’abri", "", "", 2, ("housing",)),
        Node("after", "moment", None, "Ensuite", "", "", 3),
        step("call", "first", 1),
        step("listen", "first", 2, delay_hours=48),
        step("bed", "shelter", 1, ("housing",)),
        step("money", "shelter", 2, ("money",)),
        step("work", "after", 1),
        step("north", "after", 2, conditions=(Condition(MRC, "nord"),)),
    ),
    edges=(
        Edge("first", "shelter", 1, (Condition(NEED, "housing"),)),
        Edge("first", "after", 2),
        Edge("shelter", "after", 1),
    ),
    answers=(
        Answer("first", SERVICE[0], "lead"),
        Answer("listen", SERVICE[1], "lead", ("mrc-610",)),
        Answer("listen", SERVICE[2], "support"),
        Answer("bed", SERVICE[3], "lead"),
    ),
)
KEYS = [*(node.key for node in TRAJECTORY.nodes), "gone"]
NEEDS = ["housing", "money", "support"]


def mark(node: str, status: Status = Status.DONE, organisation: UUID = OWN, minutes: int = 0) -> Mark:
    return Mark(organisation, node, status, NOW + timedelta(minutes=minutes))


def keys(steps: object) -> list[str]:
    return [one.node.key for one in steps]  # type: ignore[attr-defined]


def test_where_she_is_follows_what_began_then_what_is_left() -> None:
    situation = Situation(needs=frozenset({"housing"}), mrc="mrc-610")
    nothing = path_shown(TRAJECTORY, situation, (), Reader(OWN))
    assert nothing.here is not None
    assert nothing.here.key == "first"
    # What is left here, then where passages lead; another need and another territory are left out.
    assert keys(nothing.next) == ["call", "listen", "bed", "work"]
    assert nothing.next[0].leads == (SERVICE[0],)
    assert nothing.next[1].leads == (SERVICE[1],)
    elsewhere = path_shown(TRAJECTORY, Situation(mrc="nord"), (), Reader(OWN))
    # The service of another territory is not responsible here: the moment's own is.
    assert elsewhere.next[1].leads == (SERVICE[0],)
    begun = path_shown(TRAJECTORY, situation, (mark("call"), mark("bed", Status.BEGUN, minutes=5)), Reader(OWN))
    assert begun.here is not None
    assert (begun.here.key, keys(begun.done), keys(begun.begun)) == ("shelter", ["call"], ["bed"])
    assert keys(begun.next) == ["work"]
    over = path_shown(TRAJECTORY, situation, [mark(key) for key in ("call", "listen", "bed", "work")], Reader(OWN))
    assert (over.here, over.next) == (None, ())
    gone = path_shown(TRAJECTORY, situation, (mark("gone"), mark("call", Status.NOT_FOR_HER)), Reader(OWN))
    assert ([one.node for one in gone.elsewhere], keys(gone.not_for_her)) == (["gone"], ["call"])
    unpublished = path_shown(None, situation, (mark("call"),), Reader(OWN))
    assert (unpublished.here, unpublished.next, len(unpublished.elsewhere)) == (None, (), 1)


def test_the_latest_word_heads_a_step_and_undoing_knows_what_stood_before() -> None:
    said = (mark("call", Status.DONE, OTHER, 5), mark("call", Status.BEGUN, OWN))
    both = path_shown(TRAJECTORY, Situation(), said, Reader(OWN, frozenset({OTHER})))
    assert both.done[0].status is Status.DONE
    own = both.done[0].own(OWN)
    assert own is not None
    assert own.status is Status.BEGUN
    assert both.organisations == {OWN, OTHER}
    assert after(None, Status.DONE) is None
    assert after(own, Status.DONE) is Status.BEGUN
    assert after(own, Status.BEGUN) is None
    assert may_mark(TRAJECTORY, "call") is not None
    assert [may_mark(TRAJECTORY, "first"), may_mark(TRAJECTORY, "gone"), may_mark(None, "call")] == [None, None, None]


MARKS = st.lists(
    st.builds(
        Mark,
        st.sampled_from([OWN, OTHER, THIRD]),
        st.sampled_from(KEYS),
        st.sampled_from(list(Status)),
        st.integers(0, 10_000).map(lambda minutes: NOW + timedelta(minutes=minutes)),
        st.none() | st.sampled_from(list(Status)),
    ),
    max_size=14,
)
SITUATIONS = st.builds(
    Situation,
    mrc=st.none() | st.sampled_from(["mrc-610", "nord"]),
    needs=st.frozensets(st.sampled_from(NEEDS)),
)
READERS = st.builds(Reader, st.just(OWN), st.frozensets(st.sampled_from([OTHER, THIRD])))


@given(MARKS, MARKS, SITUATIONS, READERS)
def test_what_is_not_agreed_to_changes_nothing_that_is_shown(
    marks: list[Mark], more: list[Mark], situation: Situation, reader: Reader
) -> None:
    """Non-interference: whatever organisations without her agreement say or take back, this screen is the same."""
    allowed = {reader.organisation, *reader.disclosers}
    agreed = [one for one in marks if one.organisation in allowed]
    hidden = [one for one in more if one.organisation not in allowed]
    shown = path_shown(TRAJECTORY, situation, [*agreed, *hidden], reader)
    assert shown == path_shown(TRAJECTORY, situation, agreed, reader)
    assert shown.organisations <= allowed
    assert {one.organisation for one in visible(marks, reader)} <= allowed
    # Nothing she agreed to is lost either, and nothing is said of a step twice.
    listed = [*shown.done, *shown.begun, *shown.not_for_her]
    told = {one for each in listed for one in each.marks} | set(shown.elsewhere)
    assert {one for one in agreed if one.node not in {"first", "shelter", "after"}} <= told
    assert len(shown.next) <= MOST_NEXT
    assert not {one.node.key for one in shown.next} & {one.node.key for one in listed}
