"""The closed lists a referral's page offers, as (code, French words) pairs for the form macros."""

from __future__ import annotations

from collections.abc import Mapping

from core.referrals.rules import vocabulary


def pairs(closed: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(code, French source text) in the order of the list."""
    return tuple(closed.items())


CHOICES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "questions": pairs(vocabulary.QUESTIONS),
    "decline_reasons": pairs(vocabulary.DECLINE_REASONS),
    "outcomes": pairs(vocabulary.OUTCOMES),
    "attempts": tuple(pair for pair in pairs(vocabulary.ATTEMPTS) if pair[0] != "she_called"),
    "attempt_channels": pairs(vocabulary.ATTEMPT_CHANNELS),
    "override_reasons": pairs(vocabulary.OVERRIDE_REASONS),
    "restrict_reasons": pairs(vocabulary.RESTRICT_REASONS),
    "amend_reasons": pairs(vocabulary.AMEND_REASONS),
    "priorities": (("1", "Code 1"), ("2", "Code 2"), ("3", "Code 3"), ("to_assess", "À évaluer")),
}
