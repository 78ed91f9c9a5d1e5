"""The first-contact clock of the network and its reminders.

Source: network rules §2 (24 h urgent, 48 h Centre désigné, 5 days otherwise; real hours) and §3 (8): remind at 50 %,
escalate at 100 %. Opening hours and holidays are shown beside it (`core.directory`), they never stop it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class ClockKind(StrEnum):
    """Which delay applies."""

    URGENT = "urgent"
    DESIGNATED_CENTRE = "designated_centre"
    STANDARD = "standard"


@dataclass(frozen=True)
class ClockSettings:
    """Delays of the network. Shares of the delay: when to remind, and when each further circle is told."""

    urgent: timedelta = timedelta(hours=24)
    designated_centre: timedelta = timedelta(hours=48)
    standard: timedelta = timedelta(hours=120)
    remind: float = 0.5
    on_call: float = 1.0
    coordination: float = 1.25
    network: float = 1.5


@dataclass(frozen=True)
class ClockPlan:
    """When contact is due and why (`kind`)."""

    kind: ClockKind
    started: datetime
    due: datetime

    def at(self, share: float) -> datetime:
        """The instant when `share` of the delay has passed."""
        return self.started + (self.due - self.started) * share


def plan_clock(settings: ClockSettings, started: datetime, *, urgent: bool, from_designated_centre: bool) -> ClockPlan:
    """The delay that applies: urgent first, then the hospital visit, else the usual one. Real hours, day and night."""
    if urgent:
        return ClockPlan(ClockKind.URGENT, started, started + settings.urgent)
    if from_designated_centre:
        return ClockPlan(ClockKind.DESIGNATED_CENTRE, started, started + settings.designated_centre)
    return ClockPlan(ClockKind.STANDARD, started, started + settings.standard)


class ClockState(StrEnum):
    """`ATTEMPTED`: someone has tried; `MET`: she was reached or called."""

    RUNNING = "running"
    HALF = "half"
    LATE = "late"
    ATTEMPTED = "attempted"
    MET = "met"
    STOPPED = "stopped"


@dataclass(frozen=True)
class ClockReading:
    """`remaining` is negative once late. Words are made by the page from these."""

    state: ClockState
    remaining: timedelta


def read_clock(
    started: datetime, due: datetime, now: datetime, *, first_contact: datetime | None, attempted: bool, ended: bool
) -> ClockReading:
    """Where the clock stands at `now`. A clock that was met keeps what remained at that instant."""
    if first_contact is not None:
        return ClockReading(ClockState.MET, due - first_contact)
    remaining = due - now
    if ended:
        return ClockReading(ClockState.STOPPED, remaining)
    if remaining <= timedelta(0):
        return ClockReading(ClockState.LATE, remaining)
    if attempted:
        return ClockReading(ClockState.ATTEMPTED, remaining)
    half = started + (due - started) / 2
    return ClockReading(ClockState.HALF if now >= half else ClockState.RUNNING, remaining)


class ClockStep(StrEnum):
    """What the job has to do once, in order; each leaves its mark so that a restart repeats none."""

    REMIND = "remind"
    ON_CALL = "on_call"
    TELL_SENDER = "tell_sender"
    COORDINATION = "coordination"
    NETWORK = "network"


def due_steps(
    settings: ClockSettings, started: datetime, due: datetime, now: datetime, done: Collection[str], *, on_call: bool
) -> tuple[ClockStep, ...]:
    """Steps whose time has come and that have no mark yet. Nobody on call → coordination is told at once."""
    span = due - started
    passed = (now - started) / span if span else 1.0
    times = {
        ClockStep.REMIND: settings.remind,
        ClockStep.ON_CALL: settings.on_call,
        ClockStep.TELL_SENDER: settings.on_call,
        ClockStep.COORDINATION: settings.coordination if on_call else settings.on_call,
        ClockStep.NETWORK: settings.network,
    }
    ready = [step for step, share in times.items() if passed >= share and step.value not in done]
    if ClockStep.ON_CALL in ready and not on_call:
        ready.remove(ClockStep.ON_CALL)
    if passed >= settings.on_call and ClockStep.REMIND in ready:
        ready.remove(ClockStep.REMIND)  # too late to remind: the escalation says it
    return tuple(ready)
