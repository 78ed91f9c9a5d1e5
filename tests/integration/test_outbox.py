"""The outbox on both engines: one stream, in order, nothing lost, nothing told before its commit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.kernel.db import Database
from core.kernel.events import (
    CONTROL_CLOSE,
    Event,
    EventDelivery,
    EventRegistry,
    OutboxEvent,
    close_streams,
    emit,
    snapshot_cursor,
)
from core.kernel.live.deliveries import MAX_ATTEMPTS, Owed, deliver, deliver_due_now
from core.kernel.live.stream import REPLAY_LIMIT, RETENTION, ensure_head, publish_batch, purge_stream, replay_after

NOW = datetime(2026, 3, 13, 15, 0, tzinfo=UTC)
ORG = f"org:{uuid4()}"
HOUSE: Any = object()


@pytest.fixture
def outbox(database: Database) -> Database:
    with database.transaction() as session:
        ensure_head(session)
    return database


def publish(database: Database, registry: EventRegistry | None = None, now: datetime = NOW) -> list[Any]:
    with database.transaction() as session:
        return [(one.seq, one.ref) for one in publish_batch(session, registry or EventRegistry(), now)]


def write(database: Database, *refs: str, now: datetime = NOW) -> None:
    with database.transaction() as session:
        for ref in refs:
            emit(session, "referral.submitted", ref, topics=[ORG], now=now)


def test_an_event_lives_and_dies_with_its_transaction(outbox: Database) -> None:
    with outbox.transaction() as session:
        emit(session, "referral.submitted", "R-1", topics=[ORG], now=NOW)
        session.rollback()
    write(outbox, "R-2")
    assert publish(outbox) == [(1, "R-2")]
    assert publish(outbox) == []


def test_commits_out_of_order_are_all_published(pg_url: str) -> None:
    database = Database(pg_url)
    with database.transaction() as session:
        ensure_head(session)
    with database.transaction() as slow:
        emit(slow, "referral.submitted", "R-early", topics=[ORG], now=NOW)
        write(database, "R-late")
        assert publish(database) == [(1, "R-late")]
        with database.transaction(write=False) as session:
            assert snapshot_cursor(session) == 1
    assert publish(database) == [(2, "R-early")]
    with database.transaction(write=False) as session:
        assert [one.ref for one in replay_after(session, 1).events] == ["R-early"]
    database.dispose()


def test_two_publishers_never_give_one_sequence_twice(pg_url: str) -> None:
    """The advisory lock keeps one dispatcher; if two ran all the same, the head row still orders them."""
    first, second = Database(pg_url), Database(pg_url)
    with first.transaction() as session:
        ensure_head(session)
    write(first, "R-1")
    with first.transaction() as session:
        assert [one.seq for one in publish_batch(session, EventRegistry(), NOW)] == [1]
        write(second, "R-2")
        found: list[Any] = []
        other = Thread(target=lambda: found.extend(publish(second)))
        other.start()
        other.join(0.2)
        assert other.is_alive(), "the second publisher waits for the first one's commit"
    other.join(60)
    assert found == [(2, "R-2")]
    first.dispose()
    second.dispose()


def test_the_cursor_of_a_snapshot_replays_what_was_committed_but_not_yet_published(outbox: Database) -> None:
    write(outbox, "R-1")
    publish(outbox)
    write(outbox, "R-2")
    with outbox.transaction(write=False) as session:
        cursor = snapshot_cursor(session)
    publish(outbox)
    with outbox.transaction(write=False) as session:
        assert [one.ref for one in replay_after(session, cursor).events] == ["R-2"]


def test_what_is_too_old_or_too_much_asks_for_a_reload(outbox: Database) -> None:
    write(outbox, *(f"R-{place}" for place in range(REPLAY_LIMIT + 1)))
    while publish(outbox):
        pass
    with outbox.transaction(write=False) as session:
        assert replay_after(session, 0).too_old
        assert len(replay_after(session, 1).events) == REPLAY_LIMIT
    with outbox.transaction() as session:
        assert purge_stream(session, NOW + RETENTION) == 0
        assert purge_stream(session, NOW + RETENTION + timedelta(seconds=1)) == REPLAY_LIMIT + 1
    with outbox.transaction(write=False) as session:
        assert replay_after(session, 1).too_old
        assert not replay_after(session, REPLAY_LIMIT + 1).too_old
        assert snapshot_cursor(session) == REPLAY_LIMIT + 1
    write(outbox, "R-next")
    assert publish(outbox) == [(REPLAY_LIMIT + 2, "R-next")]


@pytest.mark.parametrize(
    ("kind", "ref", "topics"),
    [
        ("Submitted", "R-1", [ORG]),
        ("submitted", "R-1", [ORG]),
        ("control.close", "", [ORG]),
        ("referral.submitted", "Prénom Nom", [ORG]),
        ("referral.submitted", "x" * 65, [ORG]),
        ("referral.submitted", "R-1", []),
        ("referral.submitted", "R-1", ["everyone"]),
        ("referral.submitted", "R-1", ["org:Maison"]),
    ],
)
def test_an_event_that_could_carry_words_or_reach_anybody_is_refused(
    session: Session, kind: str, ref: str, topics: list[str]
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        emit(session, kind, ref, topics=topics, now=NOW)


def test_closing_streams_is_an_event_of_the_same_transaction(outbox: Database) -> None:
    user = uuid4()
    with outbox.transaction() as session:
        close_streams(session, now=NOW)
        close_streams(session, now=NOW, user_ids=[user])
    with outbox.transaction() as session:
        (event,) = publish_batch(session, EventRegistry(), NOW)
    assert (event.kind, event.ref, event.topics) == (CONTROL_CLOSE, "", (f"user:{user}",))


def test_a_reaction_runs_inside_and_its_failure_rolls_everything_back(outbox: Database) -> None:
    registry = EventRegistry()

    @registry.react("consent.withdrawn")
    def cascade(session: Session, event: Event) -> None:
        emit(session, "referral.closed", event.ref, topics=event.topics, now=event.at)

    with outbox.transaction() as session:
        session.info["event_registry"] = registry
        emit(session, "consent.withdrawn", "R-1", topics=[ORG], now=NOW)
    assert len(publish(outbox)) == 2

    @registry.react("consent.withdrawn")
    def refuse(_session: Session, _event: Event) -> None:
        raise PermissionError

    def withdraw() -> None:
        with outbox.transaction() as session:
            session.info["event_registry"] = registry
            emit(session, "consent.withdrawn", "R-2", topics=[ORG], now=NOW)

    with pytest.raises(PermissionError):
        withdraw()
    assert publish(outbox) == []


def state_of(database: Database) -> list[tuple[str, str, int]]:
    with database.transaction(write=False) as session:
        statement = select(EventDelivery.subscriber, EventDelivery.state, EventDelivery.attempts)
        return [(row[0], row[1], row[2]) for row in session.execute(statement.order_by(EventDelivery.subscriber))]


def test_a_subscriber_runs_once_in_its_own_transaction_whatever_happens_to_the_others(outbox: Database) -> None:
    registry = EventRegistry()
    seen: list[tuple[str, str, object]] = []

    @registry.subscribe("referral.submitted", "good")
    def good(_session: Session, event: Event, house: Any) -> None:
        seen.append((event.kind, event.ref, house))

    @registry.subscribe("referral.submitted", "bad")
    def bad(session: Session, event: Event, _house: Any) -> None:
        emit(session, "referral.copied", event.ref, topics=event.topics, now=NOW)
        session.flush()
        raise RuntimeError("the reason is never stored nor logged")

    write(outbox, "R-1")
    publish(outbox, registry)
    assert deliver_due_now(outbox, registry, HOUSE, NOW) == 1
    assert deliver_due_now(outbox, registry, HOUSE, NOW) == 0
    assert seen == [("referral.submitted", "R-1", HOUSE)]
    assert state_of(outbox) == [("bad", "pending", 1), ("good", "done", 1)]
    assert publish(outbox) == [], "what a failed subscriber wrote was rolled back"
    with outbox.transaction() as session:
        event_id = session.scalars(select(OutboxEvent.id)).one()
        # Another dispatcher read what is due before this one did it
        assert not deliver(session, Owed(event_id, "good"), registry, HOUSE, NOW)
    assert len(seen) == 1


def test_a_failing_subscriber_is_tried_later_then_declared_dead(outbox: Database) -> None:
    registry = EventRegistry()
    tries: list[datetime] = []
    now = NOW

    @registry.subscribe("referral.submitted", "bad")
    def bad(_session: Session, _event: Event, _house: Any) -> None:
        tries.append(now)
        raise RuntimeError

    write(outbox, "R-1")
    publish(outbox, registry)
    for _ in range(600):
        deliver_due_now(outbox, registry, HOUSE, now)
        now += timedelta(seconds=1)
    gaps = [round((later - earlier).total_seconds()) for earlier, later in pairwise(tries)]
    assert gaps == [2, 4, 8, 16, 32, 64, 128]
    assert state_of(outbox) == [("bad", "dead", MAX_ATTEMPTS)]


def test_a_subscriber_that_recovers_is_served(outbox: Database) -> None:
    registry = EventRegistry()
    failures = [RuntimeError(), RuntimeError()]

    @registry.subscribe("referral.submitted", "shaky")
    def shaky(_session: Session, _event: Event, _house: Any) -> None:
        if failures:
            raise failures.pop()

    write(outbox, "R-1")
    publish(outbox, registry)
    for minute in range(3):
        deliver_due_now(outbox, registry, HOUSE, NOW + timedelta(minutes=minute))
    assert state_of(outbox) == [("shaky", "done", 3)]


def test_an_event_still_owed_is_not_purged_and_a_removed_subscriber_is_dead(outbox: Database) -> None:
    registry = EventRegistry()
    registry.subscribe("referral.submitted", "gone")(lambda *_: None)
    write(outbox, "R-1")
    publish(outbox, registry)
    with outbox.transaction() as session:
        assert purge_stream(session, NOW + timedelta(hours=2)) == 0
    deliver_due_now(outbox, EventRegistry(), HOUSE, NOW)
    assert state_of(outbox) == [("gone", "dead", 1)]
    with outbox.transaction() as session:
        assert purge_stream(session, NOW + timedelta(days=31)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxEvent)) == 0


def test_two_subscribers_of_one_name_are_refused() -> None:
    registry = EventRegistry()
    registry.subscribe("referral.submitted", "same")(lambda *_: None)
    with pytest.raises(ValueError, match="same"):
        registry.subscribe("referral.submitted", "same")(lambda *_: None)
