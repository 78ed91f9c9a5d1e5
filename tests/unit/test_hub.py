"""The hub alone: real asyncio, real encoding, `send` functions that behave like a server's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.kernel.events import CONTROL_CLOSE, topics_for
from core.kernel.live.connection import Connection, LiveViewer, State
from core.kernel.live.cursor import CursorCodec
from core.kernel.live.hub import HELD_LIMIT, RELOAD, Hub
from core.kernel.live.stream import REPLAY_LIMIT, StreamEvent

KEY = bytes(range(32))


async def always() -> bool:
    return True


def viewer(
    *topics: str, session_id: UUID | None = None, user_id: UUID | None = None, organisation_id: UUID | None = None
) -> LiveViewer:
    return LiveViewer(frozenset(topics), session_id, user_id, organisation_id, always)


class Reader:
    """A server's `send`: like uvicorn's, it waits while the reader is stalled and returns at once otherwise."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.ready = asyncio.Event()
        self.ready.set()

    async def send(self, message: dict[str, Any]) -> None:
        if not self.ready.is_set():
            await self.ready.wait()
        self.received.append(message)

    @property
    def kinds(self) -> list[str]:
        found = []
        for message in self.received:
            for line in message.get("body", b"").decode().splitlines():
                if line.startswith("data: "):
                    found.append(json.loads(line[6:])["kind"])
        return found


def event(seq: int, *topics: str, kind: str = "referral.submitted") -> StreamEvent:
    return StreamEvent(seq, kind, f"R-{seq}", topics)


def open_stream(hub: Hub, who: LiveViewer) -> tuple[Reader, Connection]:
    reader = Reader()
    connection = hub.attach(who, reader.send)
    assert connection is not None
    connection.task = None  # the test's own task must not be cancelled with the stream
    hub.release(connection)
    return reader, connection


async def until(condition: Callable[[], bool]) -> None:
    """What the hub's own timer does: hundredths of a second later, or more where the machine is busy."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


def run(scenario: Callable[[Hub], Any], **options: Any) -> None:
    async def main() -> None:
        hub = Hub(KEY, **options)
        hub.start(0)
        try:
            await scenario(hub)
        finally:
            await hub.close()

    asyncio.run(main())


def test_only_the_topics_audience_receives_and_only_kind_and_reference() -> None:
    async def scenario(hub: Hub) -> None:
        ours, _ = open_stream(hub, viewer("org:a"))
        theirs, _ = open_stream(hub, viewer("org:b"))
        await hub.feed([event(1, "org:a")])
        assert theirs.received == []
        (message,) = ours.received
        assert message["more_body"] is True
        lines = message["body"].decode().split("\r\n")
        assert [line.partition(":")[0] for line in lines if line] == ["id", "data"]
        data = next(line for line in lines if line.startswith("data: "))
        assert json.loads(data[6:]) == {"kind": "referral.submitted", "ref": "R-1"}
        assert hub.decode_cursor(next(line for line in lines if line.startswith("id: "))[4:]) == 1

    run(scenario)


def test_an_event_of_two_topics_reaches_a_connection_once_and_is_encoded_once() -> None:
    async def scenario(hub: Hub) -> None:
        both, _ = open_stream(hub, viewer("org:a", "network"))
        one, _ = open_stream(hub, viewer("network"))
        await hub.feed([event(1, "org:a", "network")])
        assert len(both.received) == len(one.received) == 1
        assert both.received[0] is one.received[0]

    run(scenario)


def test_known_events_are_skipped() -> None:
    async def scenario(hub: Hub) -> None:
        reader, _ = open_stream(hub, viewer("org:a"))
        await hub.feed([event(1, "org:a")])
        await hub.feed([event(1, "org:a"), event(2, "org:a")])
        assert len(reader.received) == 2

    run(scenario)


def test_a_slow_reader_delays_nobody_drops_events_and_gets_one_reload() -> None:
    async def scenario(hub: Hub) -> None:
        slow, connection = open_stream(hub, viewer("org:a"))
        quick, _ = open_stream(hub, viewer("org:a"))
        slow.ready.clear()
        for seq in range(1, 101):
            await hub.feed([event(seq, "org:a")])
        assert len(quick.received) == 100
        assert connection.state is State.BEHIND
        assert hub.behind == 1
        assert slow.received == []
        slow.ready.set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert slow.kinds == ["referral.submitted", RELOAD]
        assert connection.state.name == "LIVE"
        await hub.feed([event(101, "org:a")])
        assert slow.kinds[-1] == "referral.submitted"

    run(scenario)


def test_a_reader_that_missed_nothing_while_slow_is_not_told_to_reload() -> None:
    async def scenario(hub: Hub) -> None:
        slow, _ = open_stream(hub, viewer("org:a"))
        slow.ready.clear()
        await hub.feed([event(1, "org:a"), event(2, "org:b")])
        slow.ready.set()
        for _ in range(5):
            await asyncio.sleep(0)
        assert slow.kinds == ["referral.submitted"]

    run(scenario)


def test_a_reader_that_stays_behind_is_cut() -> None:
    async def scenario(hub: Hub) -> None:
        slow, connection = open_stream(hub, viewer("org:a"))
        slow.ready.clear()
        await hub.feed([event(1, "org:a")])
        await until(lambda: connection.state is State.CLOSED)
        assert len(hub) == 0

    run(scenario, heartbeat=0.02, patience=0.03)


def test_a_send_that_fails_ends_the_stream_and_the_others_still_receive() -> None:
    async def scenario(hub: Hub) -> None:
        async def broken(_message: Any) -> None:
            raise OSError("gone")

        connection = hub.attach(viewer("org:a"), broken)
        assert connection is not None
        connection.task = None
        hub.release(connection)
        reader, _ = open_stream(hub, viewer("org:a"))
        await hub.feed([event(1, "org:a")])
        assert len(reader.received) == 1
        assert len(hub) == 1

    run(scenario)


def test_events_published_during_the_replay_are_held_then_sent_once_and_in_order() -> None:
    async def scenario(hub: Hub) -> None:
        reader = Reader()
        connection = hub.attach(viewer("org:a"), reader.send)
        assert connection is not None
        connection.task = None
        await hub.feed([event(1, "org:a", kind="a.one"), event(2, "org:a", kind="a.two")])
        assert reader.received == []
        connection.seen = 1  # the replay from the database already sent the first
        hub.release(connection)
        assert reader.kinds == ["a.two"]

    run(scenario)


def test_too_many_events_during_a_replay_become_one_reload() -> None:
    async def scenario(hub: Hub) -> None:
        reader = Reader()
        connection = hub.attach(viewer("org:a"), reader.send)
        assert connection is not None
        connection.task = None
        await hub.feed([event(seq, "org:a") for seq in range(1, HELD_LIMIT + 10)])
        assert connection.held is not None
        assert len(connection.held) == HELD_LIMIT
        hub.release(connection)
        assert reader.kinds == [RELOAD]

    run(scenario)


def test_five_hundred_recent_events_are_kept_and_no_more() -> None:
    async def scenario(hub: Hub) -> None:
        await hub.feed([event(seq, "org:a") for seq in range(1, REPLAY_LIMIT + 11)])
        assert hub.recent_after(5) is None
        assert [one.seq for one in hub.recent_after(REPLAY_LIMIT) or []] == list(
            range(REPLAY_LIMIT + 1, REPLAY_LIMIT + 11)
        )

    run(scenario)


def test_other_tasks_run_during_a_large_broadcast() -> None:
    async def scenario(hub: Hub) -> None:
        for _ in range(2000):
            open_stream(hub, viewer("org:a"))
        turns = 0

        async def other() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(other())
        await asyncio.sleep(0)
        before = turns
        await hub.feed([event(1, "org:a")])
        task.cancel()
        assert turns - before >= 2000 // 256

    run(scenario)


def test_streams_end_by_session_user_organisation_or_predicate() -> None:
    async def scenario(hub: Hub) -> None:
        session_id, user_id, organisation_id = uuid4(), uuid4(), uuid4()
        session, _ = open_stream(hub, viewer("x", session_id=session_id))
        user, _ = open_stream(hub, viewer("x", user_id=user_id))
        organisation, _ = open_stream(hub, viewer("x", organisation_id=organisation_id))
        other, _ = open_stream(hub, viewer("x", "special"))
        assert hub.close_where(session_ids=[session_id]) == 1
        assert hub.close_where(user_ids=[user_id]) == 1
        assert hub.close_where(organisation_ids=[organisation_id]) == 1
        for reader in (session, user, organisation):
            assert reader.received[-1]["more_body"] is False
        assert other.received == []
        assert hub.close_where(lambda one: "special" in one.topics) == 1
        assert len(hub) == 0

    run(scenario)


def test_a_control_event_ends_streams_and_reaches_no_browser() -> None:
    async def scenario(hub: Hub) -> None:
        ended, _ = open_stream(hub, viewer("user:a", "org:a"))
        stays, _ = open_stream(hub, viewer("user:b", "org:a"))
        await hub.feed([event(1, "user:a", kind=CONTROL_CLOSE)])
        assert ended.kinds == stays.kinds == []
        assert ended.received[-1]["more_body"] is False
        assert len(hub) == 1
        assert hub.closed_since(0, viewer("user:a"))
        assert not hub.closed_since(0, viewer("user:b"))
        assert not hub.closed_since(1, viewer("user:a"))

    run(scenario)


def test_a_right_lost_without_notice_ends_the_stream_at_the_next_check() -> None:
    async def scenario(hub: Hub) -> None:
        async def never() -> bool:
            return False

        reader, connection = open_stream(hub, LiveViewer(frozenset({"org:a"}), None, None, None, never))
        await until(lambda: connection.state is State.CLOSED)
        assert reader.received[-1]["more_body"] is False

    run(scenario, heartbeat=0.02, recheck=0.02)


def test_a_check_that_fails_denies() -> None:
    async def scenario(hub: Hub) -> None:
        async def broken() -> bool:
            raise ConnectionError

        _, connection = open_stream(hub, LiveViewer(frozenset({"org:a"}), None, None, None, broken))
        await until(lambda: connection.state is State.CLOSED)

    run(scenario, heartbeat=0.02, recheck=0.02)


def test_heartbeats_carry_a_fresh_cursor_and_another_name_and_streams_have_an_end() -> None:
    async def scenario(hub: Hub) -> None:
        reader, connection = open_stream(hub, viewer("org:a"))
        await hub.feed([event(1, "org:b")])
        await until(lambda: bool(reader.kinds))
        assert set(reader.kinds) == {"beat"}
        beat = reader.received[0]["body"].decode()
        cursor = next(line for line in beat.splitlines() if line.startswith("id: "))[4:]
        assert hub.decode_cursor(cursor) == 1
        assert "event: beat" in beat
        await until(lambda: connection.state is State.CLOSED)

    run(scenario, heartbeat=0.02, life=0.4)
    assert Hub(KEY).life == Hub(KEY, life=3600).life == 600, "ten minutes at most, whatever is asked"


def test_a_session_cannot_hold_more_streams_than_allowed_nor_a_process() -> None:
    async def scenario(hub: Hub) -> None:
        session_id = uuid4()
        who = viewer(f"session:{session_id}", session_id=session_id)
        first, _ = open_stream(hub, who)
        for _ in range(2):
            open_stream(hub, who)
        assert len(hub) == 2
        assert first.received[-1]["more_body"] is False
        open_stream(hub, viewer("x"))
        assert hub.attach(viewer("x"), Reader().send) is None

    run(scenario, max_per_session=2, max_connections=3)


def test_a_closed_hub_ends_its_streams_and_refuses_new_ones() -> None:
    async def scenario(hub: Hub) -> None:
        reader, _ = open_stream(hub, viewer("x"))
        await hub.close()
        assert reader.received[-1]["more_body"] is False
        assert hub.attach(viewer("x"), Reader().send) is None

    run(scenario)


def test_cursors_are_opaque_and_only_ours() -> None:
    codec = CursorCodec(KEY)
    one, again = codec.encode(41), codec.encode(41)
    assert one != again
    assert len(one) == 48
    assert codec.decode(one) == codec.decode(again) == 41
    assert CursorCodec(bytes(32)).decode(one) is None
    for forged in ("", "41", "é", one[:-4], one[:-1] + ("A" if one[-1] != "A" else "B"), "A" * 48, "=" * 48):
        assert codec.decode(forged) is None
    with pytest.raises(ValueError, match="32 bytes"):
        CursorCodec(b"short")


class Person:
    """As much of a viewer as decides what she hears."""

    def __init__(
        self, user_id: UUID | None, organisation_id: UUID | None, session_id: UUID | None, roles: frozenset[str]
    ) -> None:
        self.user_id, self.organisation_id, self.session_id, self.roles = user_id, organisation_id, session_id, roles
        self.committees: frozenset[UUID] = frozenset()


def test_the_audience_is_her_person_her_organisation_her_session_and_the_network_for_its_coordination_only() -> None:
    user, organisation, session = uuid4(), uuid4(), uuid4()
    own = {f"user:{user}", f"org:{organisation}", f"session:{session}"}
    others = (
        "worker",
        "intake",
        "organisation_admin",
        "privacy_officer",
        "committee_member",
        "committee_chair",
        "operator",
    )
    assert topics_for(Person(user, organisation, session, frozenset(others))) == own
    assert topics_for(Person(user, organisation, session, frozenset({"network_coordination"}))) == own | {"network"}
    assert topics_for(Person(user, None, None, frozenset())) == {f"user:{user}"}
    assert topics_for(Person(None, organisation, session, frozenset({"network_coordination"}))) == frozenset()
