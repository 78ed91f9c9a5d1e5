"""For the demo: steps noted on two invented references, so that the panel has something to show."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import DomainError, Seeder, codes_in_hand

from .models import PathRow
from .rules.path import Status
from .services.path import mark_step

#: What is said of the oldest references that are followed.
NOTED = (
    (("ecouter", Status.DONE), ("suivi-exploitation", Status.BEGUN)),
    (("ecouter", Status.BEGUN),),
)


def seed_paths(session: Session, seeder: Seeder) -> None:
    """Once; a step that the version in force has not is left out."""
    if session.scalar(select(PathRow.id).limit(1)) is not None:
        return
    viewers = [seeder.viewer(one) for one in ("calacs-chrysalide", "calacs-coup-de-coeur")]
    held = [(viewer, code) for viewer in viewers for code in codes_in_hand(session, viewer, len(NOTED))]
    for (viewer, code), said in zip(held, NOTED, strict=False):
        for step, status in said:
            try:
                with session.begin_nested():
                    mark_step(session, seeder.keyring, viewer, code, step, status, seeder.now)
            except DomainError:
                continue
