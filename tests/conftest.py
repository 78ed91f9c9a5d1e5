"""What holds for every test of the project itself; the fixtures come from core.testing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.support.forking import Forking
    from tests.support.provider import RunningProvider

settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("local", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci" if os.environ.get("CI") else "local")


@pytest.fixture(scope="session")
def provider() -> Iterator[RunningProvider]:
    """An OpenID Connect provider in a process of its own, one for the worker: each test says how its tenants behave."""
    # Imported late: tokens and keys, for the few files that sign in through a provider
    from tests.support.provider import provider_process

    with provider_process() as running:
        yield running


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    """A process that forks those which a test kills, or wants alone, one for the worker."""
    from tests.support.forking import forking_process

    with forking_process() as running:
        yield running


ROOT = Path(__file__).resolve().parents[1]


def _folders(config: pytest.Config) -> list[Path]:
    """The folders to collect, in the order they were asked for; none when files or tests were."""
    folders = [Path(argument).resolve() for argument in config.args]
    return sorted(folders, key=config.stash.get(_ASKED, folders).index) if all(map(Path.is_dir, folders)) else []


_ASKED = pytest.StashKey[list[Path]]()


def pytest_configure(config: pytest.Config) -> None:
    """Every second worker collects from the other end: in a fresh clone, the assertions of each file are rewritten by
    whoever comes first (10 s of processor for all), and only read by the others."""
    folders = _folders(config)
    if folders and int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 2:
        config.stash[_ASKED] = folders
        config.args.reverse()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Every test in tests/browser is a browser test, whoever wrote it; the slow ones begin, so that no worker is left
    alone with one at the end. All workers have them in one order."""
    folders = _folders(config)
    for item in items:
        if ROOT / "tests" / "browser" in item.path.parents:
            item.add_marker(pytest.mark.browser)

    def turn(item: pytest.Item) -> tuple[bool, int]:
        place = next((place for place, folder in enumerate(folders) if folder in item.path.parents), 0)
        return item.get_closest_marker("slow") is None, place

    items.sort(key=turn)
