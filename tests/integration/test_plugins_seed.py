"""The demo gives plugins its people and organisations, and may start again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, table

from core.demo_plugins import DemoSeeder, seed_plugins
from core.testing.network import Network
from core.testing.plugins import enabled_plugin

NOTES = table("modele_notes")


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Any]:
    with enabled_plugin(tmp_path, "modele", package="plugins._modele") as enabled:
        yield enabled


def test_the_demo_seeds_plugins_once(network: Network, hooks: Any) -> None:
    for _ in range(2):
        with network.database.transaction() as session:
            seed_plugins(session, hooks, network.clock.now(), network.keyring)
    with network.database.transaction(write=False) as session:
        assert session.scalar(select(func.count()).select_from(NOTES)) == 2


def test_people_and_organisations_are_found_by_their_stable_keys(network: Network) -> None:
    with network.database.transaction(write=False) as session:
        seeder = DemoSeeder(session, network.clock.now(), network.keyring)
        seen, signed_in = seeder.viewer("calacs-chrysalide"), network.viewer("calacs-chrysalide")
        assert (seen.user_id, seen.roles, seen.organisation_type) == (
            signed_in.user_id,
            signed_in.roles,
            signed_in.organisation_type,
        )
        assert seeder.organisation("calacs-la-chrysalide") == seen.organisation_id
        with pytest.raises(LookupError):
            seeder.viewer("personne")
        with pytest.raises(LookupError):
            seeder.organisation("nulle-part")
