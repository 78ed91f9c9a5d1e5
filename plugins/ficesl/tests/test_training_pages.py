"""Pages of the catalogue, sessions, people and series: rights, forms kept, no page without its English."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from core.api import Keyring, Viewer, can, visible
from core.testing import LiveServer
from core.testing.network import Network, Visitor
from core.testing.plugins import untranslated

from ..access import MANAGE, READ
from ..models import Block, Course, Learner, Module, Registration, Series, TrainingSession, Version
from ..models.attendance import Credit
from ..queries.training import session_facts
from ..seed import seed_training
from ..services import people, registering, sessions
from ..settings import COURSES, PEOPLE, SERIES, SESSIONS, Settings
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class DemoSeeder:
    """What the demo gives to a plugin, from the network of the tests."""

    now: datetime
    keyring: Keyring
    viewers: dict[str, Viewer]
    organisations: dict[str, UUID]

    def viewer(self, persona: str) -> Viewer:
        """The persona."""
        return self.viewers[persona]

    def organisation(self, key: str) -> UUID:
        """The organisation."""
        return self.organisations[key]


def seeded(network: Network) -> None:
    """The demo's courses, people, sessions and series; made once however often it starts."""
    network.serve_plugins()
    hosts = ("cisss-lanaudiere", h.CHRYSALIDE, "police-repentigny", "calacs-coup-de-coeur")
    seeder = DemoSeeder(
        network.clock.now(),
        network.keyring,
        {persona: network.viewer(persona) for persona in (h.TRAINER, h.WORKER)},
        {slug: network.organisation(slug) for slug in hosts},
    )
    for _ in range(2):
        with network.database.transaction() as session:
            seed_training(session, seeder, Settings())


@SQLITE
def test_every_page_of_the_demo_opens_for_those_it_is_for(network: Network, visitor: Visitor) -> None:
    seeded(network)
    with network.database.transaction(write=False) as session:
        assert session.scalars(select(Course.kind)).all().count("training") == 3
        course, series = session.scalars(select(Course.code)).all(), session.scalars(select(Series.code)).one()
        codes = session.scalars(select(TrainingSession.code).order_by(TrainingSession.created_at)).all()
    pages = [COURSES, SESSIONS, f"{SESSIONS}?passees=1", SERIES, f"{SERIES}/{series}", f"{SERIES}/{series}/export.csv"]
    pages += [f"{COURSES}/{code}" for code in course]
    keeping = [f"{COURSES}/nouvelle", f"{SESSIONS}/nouvelle", f"{SERIES}/nouveau", f"{SESSIONS}/{codes[0]}/organiser"]
    people_pages = [PEOPLE, f"{PEOPLE}/listes", f"{PEOPLE}/listes/modele.csv"]
    for persona, opened, closed in (
        (h.TRAINER, [*pages, *keeping, *(f"{SESSIONS}/{code}" for code in codes)], people_pages),
        (h.ADMIN, [*pages[:4], *people_pages], [*keeping, f"{SERIES}/{series}"]),
        ("coordination-cresl", [*pages, *(f"{SESSIONS}/{code}" for code in codes)], [*keeping, *people_pages]),
        (h.WORKER, pages[:4], [*keeping, *people_pages, f"{SERIES}/{series}"]),
        ("operateur", [], [*pages, *keeping, *people_pages]),
    ):
        visitor.become(persona)
        for page in opened:
            assert visitor.get(page).status_code == 200, (persona, page)
        for page in closed:
            assert visitor.get(page).status_code in {403, 404}, (persona, page)
    visitor.become(h.TRAINER)
    matrix = visitor.get(f"{SERIES}/{series}").text
    for said in ("Unité Les Ormes", "faite", "prévue", "manquante", "À donner ensuite", "La date visée est passée"):
        assert said in matrix, said


@SQLITE
def test_every_sentence_has_its_english(network: Network) -> None:
    hooks = network.app().state.house.hooks
    folder = hooks.plugin("ficesl").folder
    sources = [folder / "templates", *(path for path in folder.rglob("*.py") if "tests" not in path.parts)]
    assert untranslated(hooks, sources) == []
