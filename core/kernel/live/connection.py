"""One open stream: who listens, its state, and how to finish a `send` that had to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from uuid import UUID

from core.kernel.live.stream import StreamEvent

Message = dict[str, Any]
Send = Callable[[Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LiveViewer:
    """Who listens. `recheck` answers whether the right to listen still holds; it is asked every half minute.

    `deaf`: beginnings of kinds told to her whole organisation that her roles there do not hear. `locked`: her session
    is locked, she learns that something came for her organisation, neither what nor which. `lasts`: seconds until the
    session locks or ends by itself.
    """

    topics: frozenset[str]
    session_id: UUID | None
    user_id: UUID | None
    organisation_id: UUID | None
    recheck: Callable[[], Awaitable[bool]]
    deaf: tuple[str, ...] = ()
    locked: bool = False
    lasts: float | None = None

    def hears(self, event: StreamEvent) -> bool:
        """Whether an event on one of her topics is for her: what is only told to her organisation may not be."""
        if self.locked and f"org:{self.organisation_id}" not in event.topics:
            return False
        if not self.deaf or not event.kind.startswith(self.deaf):
            return True
        return any(topic in self.topics for topic in event.topics if not topic.startswith("org:"))


class State(IntEnum):
    """HELD: replaying, new events wait. LIVE: ready. BEHIND: a send is pending. CLOSED: over."""

    HELD = 0
    LIVE = 1
    BEHIND = 2
    CLOSED = 3


class Connection:
    """One open stream."""

    __slots__ = (
        "behind_since",
        "ended",
        "expires",
        "held",
        "missed",
        "pending",
        "rechecked",
        "seen",
        "send",
        "state",
        "task",
        "viewer",
    )

    def __init__(self, viewer: LiveViewer, send: Send, task: asyncio.Task[Any] | None) -> None:
        self.viewer = viewer
        self.send = send
        self.task = task
        self.state = State.HELD
        self.seen = 0
        self.held: list[StreamEvent] | None = []
        self.missed = False
        self.ended = False
        self.behind_since = 0.0
        self.expires = 0.0
        self.rechecked = 0.0
        self.pending: asyncio.Task[None] | None = None


class Rest:
    """Awaits what is left of a `send` whose first step had to wait."""

    __slots__ = ("first", "steps")

    def __init__(self, first: Any, steps: Generator[Any, Any, Any]) -> None:
        self.first = first
        self.steps = steps

    def __await__(self) -> Generator[Any, Any, None]:
        waiting = self.first
        while True:
            try:
                value = yield waiting
            except BaseException as error:
                try:
                    waiting = self.steps.throw(error)
                except StopIteration:
                    return
                continue
            try:
                waiting = self.steps.send(value)
            except StopIteration:
                return


def body(chunk: bytes) -> Message:
    """A piece of a response that goes on."""
    return {"type": "http.response.body", "body": chunk, "more_body": True}
