"""Words of committees that several pages show."""

from __future__ import annotations

from collections.abc import Mapping

from core.committees.rules.hands import HANDS
from core.committees.rules.seats import STANDINGS
from core.committees.rules.terms import ROLES
from core.committees.rules.votes import CHOICES, METHODS, RESULTS, STEPS, TIES
from core.kernel.i18n import N_

#: What templates of committees look words up in.
WORDS: Mapping[str, object] = {
    "roles": ROLES,
    "standings": STANDINGS,
    "methods": METHODS,
    "ties": TIES,
    "choices": CHOICES,
    "results": RESULTS,
    "steps": STEPS,
    "hands": HANDS,
}

QUORUMS = (("51", N_("La majorité des sièges")), ("67", N_("Deux tiers des sièges")), ("100", N_("Tous les sièges")))
