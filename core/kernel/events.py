"""Events: written in the same transaction as what they tell, told to browsers and subscribers after the commit.

An event is a kind and a reference number, never more (network rules §3.11). It also carries topics, which say who
may hear it; topics never travel to a browser. What happens after the commit is `core.kernel.live`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, SmallInteger, String, Uuid, select, text
from sqlalchemy.orm import Mapped, Session

from core.kernel.db import Base, UtcDateTime, add_row, identifier, internal, mark, new_id

if TYPE_CHECKING:
    from core.kernel.web.house import House

__all__ = [
    "CONTROL_CLOSE",
    "OUTBOX",
    "REGISTRY",
    "Event",
    "EventDelivery",
    "EventRegistry",
    "OutboxEvent",
    "StreamHead",
    "close_streams",
    "emit",
    "react",
    "registry_of",
    "snapshot_cursor",
    "subscribe",
    "topics_for",
]

OUTBOX = "outbox"
"""The mark left on a session that wrote an event; `Database.on_commit` listeners receive it."""

SESSION_REGISTRY = "event_registry"
"""Key of `Session.info` holding another registry than the default one (`Database.session_info`)."""

CONTROL_CLOSE = "control.close"
"""Kind that ends the streams of its topics in every process; it is never sent to a browser."""

_KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_REF = re.compile(r"[A-Za-z0-9._:/-]{0,64}")
_TOPIC = re.compile(r"network|(org|user|session|committee):[0-9a-f-]{36}")
_HEAD = "live"


@dataclass(frozen=True, slots=True)
class Event:
    """What reactions and subscribers receive. `at` is aware UTC."""

    id: UUID
    kind: str
    ref: str
    topics: tuple[str, ...]
    at: datetime


Reaction = Callable[[Session, Event], None]
Subscriber = Callable[[Session, Event, "House"], None]


class OutboxEvent(Base):
    """One event; `stream_seq` and `published_at` are given together by the dispatcher, after the writer's commit."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        # Finding what is left to publish must cost the same whatever the size of the table.
        Index(
            "ix_outbox_events_unpublished",
            "id",
            sqlite_where=text("published_at IS NULL"),
            postgresql_where=text("published_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = identifier()
    kind: Mapped[str] = internal(String(80))
    ref: Mapped[str] = internal(String(64))
    topics: Mapped[list[str]] = internal(JSON)
    created_at: Mapped[datetime] = internal(UtcDateTime)
    published_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)
    stream_seq: Mapped[int | None] = internal(BigInteger, nullable=True, unique=True)


class StreamHead(Base):
    """The one row that gives sequence numbers. Locking it makes them appear in order, whoever publishes."""

    __tablename__ = "stream_heads"
    name: Mapped[str] = internal(String(16), primary_key=True)
    last_seq: Mapped[int] = internal(BigInteger, default=0)
    purged_seq: Mapped[int] = internal(BigInteger, default=0)
    holder: Mapped[str] = internal(String(64), default="")
    held_until: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


class EventDelivery(Base):
    """One event owed to one subscriber: `pending`, then `done` or, after the last attempt, `dead`."""

    __tablename__ = "event_deliveries"
    __table_args__ = (
        Index(
            "ix_event_deliveries_pending",
            "next_attempt_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
    )
    event_id: Mapped[UUID] = internal(Uuid, ForeignKey("outbox_events.id", ondelete="CASCADE"), primary_key=True)
    subscriber: Mapped[str] = internal(String(120), primary_key=True)
    state: Mapped[str] = internal(String(8), default="pending")
    attempts: Mapped[int] = internal(SmallInteger().with_variant(Integer, "sqlite"), default=0)
    next_attempt_at: Mapped[datetime] = internal(UtcDateTime)
    finished_at: Mapped[datetime | None] = internal(UtcDateTime, nullable=True)


@dataclass
class EventRegistry:
    """Who reacts to which kind. One per application; tests make their own."""

    reactions: dict[str, list[Reaction]] = field(default_factory=dict)
    subscribers: dict[str, dict[str, Subscriber]] = field(default_factory=dict)

    def react(self, kind: str) -> Callable[[Reaction], Reaction]:
        """Run the function inside the emitting transaction: if it raises, everything rolls back. Core only."""
        _check_kind(kind)

        def register(fn: Reaction) -> Reaction:
            self.reactions.setdefault(kind, []).append(fn)
            return fn

        return register

    def subscribe(self, kind: str, name: str) -> Callable[[Subscriber], Subscriber]:
        """Run the function after the commit, in a transaction of its own, once per event; retried when it raises.

        `name` identifies the subscriber for ever (it is stored); a second one of the same name for a kind is refused.
        """
        _check_kind(kind)

        def register(fn: Subscriber) -> Subscriber:
            by_name = self.subscribers.setdefault(kind, {})
            if by_name.setdefault(name, fn) is not fn:
                raise ValueError(f"two subscribers of {kind} are called {name}")
            return fn

        return register

    def subscriber(self, kind: str, name: str) -> Subscriber | None:
        """The function of that name for that kind, or None when it is no longer installed."""
        return self.subscribers.get(kind, {}).get(name)


REGISTRY = EventRegistry()
react = REGISTRY.react
subscribe = REGISTRY.subscribe


def registry_of(session: Session) -> EventRegistry:
    """The registry this session's events go to."""
    registry = session.info.get(SESSION_REGISTRY, REGISTRY)
    assert isinstance(registry, EventRegistry)
    return registry


def emit(session: Session, kind: str, ref: str, *, topics: Iterable[str], now: datetime) -> Event:
    """Write an event in this transaction and run its in-transaction reactions.

    `topics`: `org:<uuid>`, `user:<uuid>`, `session:<uuid>`, `committee:<uuid>` or `network`. Raises ValueError when
    the kind isn't dotted, the reference could hold words, or a topic is unknown: those would leak to browsers.
    """
    _check_kind(kind)
    if kind.startswith("control."):
        raise ValueError("control events are written by close_streams")
    return _write(session, kind, ref, topics, now)


def close_streams(
    session: Session,
    *,
    now: datetime,
    session_ids: Iterable[UUID] = (),
    user_ids: Iterable[UUID] = (),
    organisation_ids: Iterable[UUID] = (),
) -> None:
    """End the live streams of these sessions, users or organisations in every process once this transaction commits."""
    topics = [f"session:{one}" for one in session_ids]
    topics += [f"user:{one}" for one in user_ids]
    topics += [f"org:{one}" for one in organisation_ids]
    if topics:
        _write(session, CONTROL_CLOSE, "", topics, now)


_LAST_SEQ = select(StreamHead.last_seq).where(StreamHead.name == _HEAD)


def snapshot_cursor(session: Session) -> int:
    """Highest published sequence this transaction sees; the live stream replays what comes after it.

    Call it before the page's other reads: on PostgreSQL each statement has its own snapshot, and an event published
    between a read and a later cursor would be skipped. Committed events not yet published get a higher sequence later.
    """
    # One number, no object: the mapper between doubles what it costs, and every page asks
    return session.connection().scalar(_LAST_SEQ) or 0


class Audience(Protocol):
    """The part of a viewer that decides what she may hear."""

    @property
    def user_id(self) -> UUID | None: ...
    @property
    def organisation_id(self) -> UUID | None: ...
    @property
    def session_id(self) -> UUID | None: ...
    @property
    def roles(self) -> Collection[str]: ...
    @property
    def committees(self) -> Collection[UUID]: ...


def topics_for(viewer: Audience) -> frozenset[str]:
    """Everything this viewer may hear, and nothing more; an anonymous viewer hears nothing."""
    if viewer.user_id is None:
        return frozenset()
    topics = {f"user:{viewer.user_id}"}
    if viewer.organisation_id is not None:
        topics.add(f"org:{viewer.organisation_id}")
    if viewer.session_id is not None:
        topics.add(f"session:{viewer.session_id}")
    topics |= {f"committee:{one}" for one in viewer.committees}
    if "network_coordination" in viewer.roles:
        topics.add("network")
    return frozenset(topics)


def _write(session: Session, kind: str, ref: str, topics: Iterable[str], now: datetime) -> Event:
    audience = tuple(sorted(set(topics)))
    if not _REF.fullmatch(ref):
        raise ValueError("an event's reference is a short code")
    if not audience or not all(_TOPIC.fullmatch(topic) for topic in audience):
        raise ValueError("an event needs topics: org:, user:, session: or committee:<uuid>, or network")
    event = Event(new_id(), kind, ref, audience, now)
    row = {"id": event.id, "kind": kind, "ref": ref, "topics": list(audience), "created_at": now}
    add_row(session, OutboxEvent, **row)
    mark(session, OUTBOX)
    for reaction in registry_of(session).reactions.get(kind, ()):
        reaction(session, event)
    return event


def _check_kind(kind: str) -> None:
    if not _KIND.fullmatch(kind) or len(kind) > 80:
        raise ValueError(f"an event kind is dotted words in lower case, not {kind!r}")
