"""A published trajectory and what people do on a path, for the tests of a woman's path."""

from __future__ import annotations

from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.api import (
    REFERRAL_CLOSED,
    AgeBand,
    Attestation,
    ConsentInput,
    Event,
    new_id,
    purpose_wording,
)
from core.testing.network import Network

from ..models import NodeRow, PathRow, StepRow, VersionRow
from ..queries.path import PathView
from ..rules.path import Status
from ..services import path

STEPS = {"ecouter": "Écouter", "abri": "Trouver un lieu sûr", "suivi-1": "Commencer un suivi"}


def publish(network: Network, titles: dict[str, str] | None = None, number: int = 1) -> UUID:
    """One published version with one moment and these steps, replacing the one before; its id."""
    with network.database.transaction() as session:
        at = network.clock.now()
        for row in session.scalars(select(VersionRow).where(VersionRow.state == "published")):
            row.state, row.retired_at = "retired", at
        session.flush()
        version = VersionRow(
            id=new_id(), number=number, state="published", title="Exemple", created_at=at, published_at=at
        )
        session.add(version)
        session.flush()
        add = NodeRow(
            id=new_id(), version_id=version.id, key="moment", kind="moment", title="Premier contact", position=1
        )
        session.add(add)
        for position, (key, title) in enumerate((titles or STEPS).items(), 1):
            session.add(
                NodeRow(
                    id=new_id(),
                    version_id=version.id,
                    key=key,
                    kind="step",
                    moment_key="moment",
                    title=title,
                    position=position,
                )
            )
        return version.id


def mark(network: Network, persona: str, code: str, step: str, said: str = "done", seen: str = "") -> None:
    """That persona says it of a step."""
    viewer, now = network.viewer(persona), network.clock.now()
    with network.database.transaction() as session:
        path.mark_step(session, network.keyring, viewer, code, step, Status(said), now, seen)


def undo(network: Network, persona: str, code: str, step: str) -> None:
    """That persona takes it back."""
    viewer, now = network.viewer(persona), network.clock.now()
    with network.database.transaction() as session:
        path.undo_step(session, network.keyring, viewer, code, step, now)


def read(network: Network, persona: str, code: str, now: datetime | None = None) -> PathView:
    """What that persona's organisation sees."""
    viewer = network.viewer(persona)
    with network.database.transaction() as session:
        return path.read_path(session, network.keyring, viewer, code, now or network.clock.now())


def steps(view: PathView) -> dict[str, str]:
    """Marked steps, by key: what is said last."""
    shown = view.shown
    return {one.node.key: str(one.status) for one in (*shown.done, *shown.begun, *shown.not_for_her)}


def agree(network: Network, persona: str, code: str, recipient: str, **changes: Any) -> None:
    """She agrees that this persona's organisation shows its steps to that one."""
    given = ConsentInput(
        **{
            "recipient_id": network.organisation(recipient),
            "blocks": path.BLOCKS,
            "age_band": AgeBand.FROM_18_TO_24,
            "wording_sha256": purpose_wording(path.PURPOSE, "fr").sha256,
            "attestation": frozenset(one.value for one in Attestation),
            **changes,
        }
    )
    viewer, now = network.viewer(persona), network.clock.now()
    with network.database.transaction() as session:
        path.show_to(session, network.keyring, viewer, code, given, now)


def stop(network: Network, persona: str, code: str, other: str) -> None:
    """She takes it back, with this persona."""
    viewer, now = network.viewer(persona), network.clock.now()
    with network.database.transaction() as session:
        path.stop_showing(session, viewer, code, network.organisation(other), now)


def told(network: Network, code: str, kind: str = REFERRAL_CLOSED) -> None:
    """What the subscriber of an ending does; twice, as the outbox may."""
    house: Any = SimpleNamespace(keyring=network.keyring, clock=network.clock)
    event = Event(new_id(), kind, code, (), network.clock.now())
    for _ in range(2):
        with network.database.transaction() as session:
            path.end_paths(session, event, house)


def count(session: Session, model: type[PathRow] | type[StepRow]) -> int:
    """How many rows."""
    return session.scalar(select(func.count()).select_from(model)) or 0
