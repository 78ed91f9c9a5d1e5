"""A session that begins in twenty minutes, given by La Chrysalide's worker, for the table of who gets what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import select, update

from core.testing.network import Network

from ..models import Block, Module, PublishedLine, TrainingSession
from ..rules.published import TRAINING
from ..services import published, sessions
from . import training

#: Who gives it.
GIVER = "calacs-chrysalide"
HEAD = ["mois", "formation", "public", "organisation", "seances", "duree", "personnes"]


def attendance_samples(network: Network) -> Mapping[str, str]:
    """The values of the addresses' parameters: `code`, `block`, `module` (a capsule), `line`, `kind`, `name`."""
    version = training.a_course(network, modules=2)
    session_id = training.a_session(network, version)
    giver, keeper = network.viewer(GIVER), training.desk(network)
    starts = network.clock.now() + timedelta(minutes=20)
    with network.database.transaction() as session:
        sessions.add_trainer(
            session, keeper, session_id, user_id=giver.user_id, organisation_id=giver.organisation_id, name=""
        )
        times = {"starts_at": starts, "ends_at": starts + timedelta(hours=1)}
        session.execute(update(Block).where(Block.session_id == session_id).values(times))
        found = session.execute(
            select(TrainingSession.code, Block.id).join(Block).where(TrainingSession.id == session_id)
        ).one()
        module = session.scalars(
            select(Module.id).where(Module.version_id == version).order_by(Module.position.desc())
        ).first()
        session.execute(update(Module).where(Module.id == module).values(form="self_paced"))
        rows = [["2024-06", f"Formation fictive {letter}", "", "", "1", "14h00", ""] for letter in "ab"]
        published.import_published(session, keeper, [HEAD, *rows])
        line = session.scalars(
            select(PublishedLine.id).where(PublishedLine.kind == TRAINING, PublishedLine.same_as.is_not(None))
        ).first()
    return {
        "code": found.code,
        "block": str(found.id),
        "module": str(module),
        "line": str(line),
        "kind": TRAINING,
        "name": "workshops",
    }


#: Beginnings of the addresses that these values fill.
ADDRESSES = (
    "/comites/ficesl/seances/{code}/presences",
    "/comites/ficesl/seances/{code}/evaluation",
    "/comites/ficesl/avis/{code}",
    "/comites/ficesl/capsules/{module}",
    "/comites/ficesl/mes-heures/{block}",
    "/comites/ficesl/publie/",
)
