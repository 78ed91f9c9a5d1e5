"""What the integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.forking import Forking, forking_process


@pytest.fixture(scope="session")
def forking() -> Iterator[Forking]:
    """A process that forks those which a test kills, one for the worker."""
    with forking_process() as running:
        yield running
