"""The seeded network, once per engine and module; each test's changes are rolled back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.orm import Session

from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.testing import ENGINES
from core.testing.databases import NOW, rolled_back

if TYPE_CHECKING:
    from core.testing.network import Network


@pytest.fixture(params=ENGINES, scope="module")
def seeded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    # Imported late: a module of that name on the package, at start, would hide the fixture `network`
    from core.testing.network import fresh_network

    with fresh_network(request.param, tmp_path_factory.mktemp("directory"), FixedClock(NOW)) as network:
        yield network


@pytest.fixture
def region(seeded: Network) -> Iterator[Session]:
    """A session on the seeded network."""
    with rolled_back(seeded.database) as session:
        yield session


@pytest.fixture
def network_keyring(seeded: Network) -> Keyring:
    """The keyring that wrapped the organisations' keys."""
    return seeded.keyring
