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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in tests/browser is a browser test, whoever wrote it; the slow ones begin, so that no worker is left
    alone with one at the end."""
    for item in items:
        if ROOT / "tests" / "browser" in item.path.parents:
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
