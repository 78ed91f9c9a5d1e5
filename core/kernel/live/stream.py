"""The outbox seen as one ordered stream: publishing, reading after a sequence, purging. Functions of a session."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.kernel.db import add_row, dialect_name, lock_row
from core.kernel.events import EventDelivery, EventRegistry, OutboxEvent, StreamHead

RETENTION = timedelta(hours=1)
"""How long a published event can be replayed; an older page is told to reload."""

REPLAY_LIMIT = 500
"""Most events replayed to one connection; a page further behind is told to reload."""

UNDELIVERED_RETENTION = timedelta(days=30)
"""An event whose subscriber failed for good is kept this long, so that someone can look."""

BATCH = 200
CHANNEL = "arrimage_stream"
"""PostgreSQL channel telling every process that sequences were published: `{"seq", "topics"}`, never content."""

_NOTIFY_LIMIT = 7500  # PostgreSQL refuses a payload of 8,000 bytes or more
_HEAD = StreamHead.name == "live"


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """An event with its place in the stream."""

    seq: int
    kind: str
    ref: str
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """What followed a cursor. `too_old`: some of it is gone or there is too much; the page must reload."""

    events: tuple[StreamEvent, ...]
    too_old: bool
    last_seq: int


def ensure_head(session: Session) -> int:
    """Create the head row on a new database; the last published sequence."""
    last_seq = session.scalar(select(StreamHead.last_seq).where(_HEAD))
    if last_seq is not None:
        return last_seq
    try:
        with session.begin_nested():
            add_row(session, StreamHead, name="live", last_seq=0, purged_seq=0, holder="")
    except IntegrityError:  # another process was first
        pass
    return session.scalar(select(StreamHead.last_seq).where(_HEAD)) or 0


def publish_batch(session: Session, registry: EventRegistry, now: datetime) -> list[StreamEvent]:
    """Give committed events their sequence, owe them to their subscribers, and notify the other processes.

    Rows are claimed by what they lack (`published_at IS NULL`), never by an identifier above the last one seen: two
    writers may commit in another order than they numbered their rows. The head row is locked for the whole
    transaction, so sequences become visible in order even if two dispatchers run at once.
    """
    head = lock_row(session, select(StreamHead.last_seq).where(_HEAD))
    assert head is not None, "ensure_head runs before the dispatcher"
    waiting = select(OutboxEvent.id, OutboxEvent.kind, OutboxEvent.ref, OutboxEvent.topics).where(
        OutboxEvent.published_at.is_(None)
    )
    rows = session.execute(waiting.order_by(OutboxEvent.id).limit(BATCH).with_for_update(skip_locked=True)).all()
    if not rows:
        return []
    events = [
        StreamEvent(head.last_seq + place, row.kind, row.ref, tuple(row.topics))
        for place, row in enumerate(rows, start=1)
    ]
    session.connection().execute(
        update(OutboxEvent)
        .where(OutboxEvent.id == bindparam("b_id"))
        .values(stream_seq=bindparam("b_seq"), published_at=bindparam("b_now")),
        [{"b_id": row.id, "b_seq": event.seq, "b_now": now} for row, event in zip(rows, events, strict=True)],
    )
    session.execute(update(StreamHead).where(_HEAD).values(last_seq=events[-1].seq))
    owed = [
        {"event_id": row.id, "subscriber": name, "state": "pending", "attempts": 0, "next_attempt_at": now}
        for row in rows
        for name in registry.subscribers.get(row.kind, ())
    ]
    if owed:
        session.connection().execute(insert(EventDelivery), owed)
    if dialect_name(session) == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, _payload(events))))
    return events


def _payload(events: list[StreamEvent]) -> str:
    topics = sorted({topic for event in events for topic in event.topics})
    payload = json.dumps({"seq": events[-1].seq, "topics": topics}, separators=(",", ":"))
    if len(payload) > _NOTIFY_LIMIT:
        payload = json.dumps({"seq": events[-1].seq, "topics": []}, separators=(",", ":"))
    return payload


def events_after(session: Session, seq: int, limit: int = REPLAY_LIMIT) -> list[StreamEvent]:
    """Published events that follow `seq`, in order."""
    statement = (
        select(OutboxEvent.stream_seq, OutboxEvent.kind, OutboxEvent.ref, OutboxEvent.topics)
        .where(OutboxEvent.stream_seq > seq)
        .order_by(OutboxEvent.stream_seq)
        .limit(limit)
    )
    return [StreamEvent(row.stream_seq, row.kind, row.ref, tuple(row.topics)) for row in session.execute(statement)]


def replay_after(session: Session, seq: int) -> Replay:
    """Everything published after `seq`, or the statement that it is too old (an hour, or 500 events)."""
    head = session.execute(select(StreamHead.last_seq, StreamHead.purged_seq).where(_HEAD)).first()
    if head is None:
        return Replay((), False, 0)
    if seq < head.purged_seq or head.last_seq - seq > REPLAY_LIMIT:
        return Replay((), True, head.last_seq)
    return Replay(tuple(events_after(session, seq)), False, head.last_seq)


def purge_stream(session: Session, now: datetime) -> int:
    """Delete events past their retention (a job); the number deleted. What a subscriber is still owed is kept."""
    unfinished = exists().where(EventDelivery.event_id == OutboxEvent.id, EventDelivery.state != "done")
    old = (OutboxEvent.published_at < now - RETENTION) & (
        ~unfinished | (OutboxEvent.published_at < now - UNDELIVERED_RETENTION)
    )
    highest = session.scalar(select(func.max(OutboxEvent.stream_seq)).where(old))
    if highest is None:
        return 0
    count = session.scalar(select(func.count()).select_from(OutboxEvent).where(old)) or 0
    session.execute(update(StreamHead).where(_HEAD, StreamHead.purged_seq < highest).values(purged_seq=highest))
    gone = select(OutboxEvent.id).where(old)
    session.execute(
        delete(EventDelivery).where(EventDelivery.event_id.in_(gone)), execution_options={"synchronize_session": False}
    )
    session.execute(delete(OutboxEvent).where(old), execution_options={"synchronize_session": False})
    return count
