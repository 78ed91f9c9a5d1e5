"""Shared by the tests of attestations: people with credits, their own account's row, events heard."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import delete, insert, select

from core.api import Event, House, new_id
from core.testing.network import Network

from ..models import AttestationRow, Course, Credit, Module, Version
from ..services import issuing, people
from . import training as h

DAY = date(2026, 11, 20)


def own_learner(network: Network, persona: str) -> UUID:
    """The persona as somebody who is trained."""
    with network.database.transaction() as session:
        return people.own_learner(session, h.desk(network, persona))


def course_of(network: Network, version: UUID) -> tuple[UUID, str]:
    """The course of a version: its identifier and its code."""
    with network.database.transaction(write=False) as session:
        row = session.execute(
            select(Course.id, Course.code).join(Version, Version.course_id == Course.id).where(Version.id == version)
        ).one()
        return row.id, row.code


def credit(
    network: Network,
    version: UUID,
    learners: Iterable[UUID],
    *,
    on_day: date = DAY,
    modules: int | None = None,
    minutes: int | None = None,
) -> None:
    """Credit these people for the first `modules` modules of the version (None: all), replacing what they had."""
    now = network.clock.now()
    with network.database.transaction() as session:
        parts = session.execute(
            select(Module.id, Module.lineage_id, Module.minutes, Version.course_id)
            .join(Version, Version.id == Module.version_id)
            .where(Module.version_id == version)
            .order_by(Module.position)
        ).all()
        chosen = list(learners)
        session.execute(
            delete(Credit).where(
                Credit.learner_id.in_(chosen), Credit.module_id.in_([part.id for part in parts[:modules]])
            )
        )
        session.execute(
            insert(Credit),
            [
                {
                    "id": new_id(),
                    "learner_id": learner,
                    "course_id": part.course_id,
                    "module_id": part.id,
                    "lineage_id": part.lineage_id,
                    "minutes": minutes or part.minutes,
                    "on_day": on_day,
                    "source": "session",
                    "at": now,
                }
                for learner in chosen
                for part in parts[:modules]
            ],
        )


def heard(network: Network, version: UUID, ref: str | None = None, at: datetime | None = None) -> None:
    """Run the subscriber of credits, as the dispatcher would."""
    event = Event(new_id(), "ficesl.credited", ref or course_of(network, version)[1], (), at or network.clock.now())
    with network.database.transaction() as session:
        issuing.attest_credited(session, event, house(network))


def house(network: Network, **settings: Any) -> House:
    """What a job or a subscriber reads of the house."""
    known = h.desk(network, **settings).settings
    hooks = SimpleNamespace(settings=lambda _name, _model: known)
    return cast("House", SimpleNamespace(keyring=network.keyring, hooks=hooks))


def attestations(network: Network, **wanted: Any) -> list[AttestationRow]:
    """Attestations, oldest first."""
    with network.database.transaction(write=False) as session:
        rows = session.scalars(
            select(AttestationRow).filter_by(**wanted).order_by(AttestationRow.at, AttestationRow.id)
        )
        return list(rows)


def attested(network: Network, persona: str = h.WORKER, *, version: UUID | None = None, on_day: date = DAY) -> str:
    """The code of a new attestation of that persona."""
    version = version or h.a_course(network)
    learner = own_learner(network, persona)
    credit(network, version, [learner], on_day=on_day)
    heard(network, version)
    return attestations(network, learner_id=learner)[-1].code
