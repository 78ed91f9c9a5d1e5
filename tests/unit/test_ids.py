"""Identifiers: version 7, and in the order they were made."""

from __future__ import annotations

import time
from uuid import RFC_4122

from core.kernel.ids import new_id


def test_ids_are_of_version_7_and_follow_each_other() -> None:
    """A list in order of entry holds ten people written within one millisecond."""
    before = time.time_ns() // 1_000_000
    made = [new_id() for _ in range(2000)]
    assert made == sorted(made)
    assert len(set(made)) == 2000
    assert {(one.version, one.variant) for one in made} == {(7, RFC_4122)}
    assert before <= made[0].int >> 80 <= made[-1].int >> 80 <= time.time_ns() // 1_000_000
    # What nobody can guess
    assert len({one.int & (1 << 62) - 1 for one in made}) == 2000
