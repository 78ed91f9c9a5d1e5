"""What stands for a path's parameters when every route is asked: something real where the demo has it."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import inspect, text

from core.kernel.web.routes import Route
from core.testing.network import Network

NOBODY = str(UUID(int=0))


def sample_paths(network: Network) -> Callable[[Route], str]:
    """A function from a route to an address of it: a public service, a referral of the police to La Chrysalide, …"""
    known = _known(network)

    def path(route: Route) -> str:
        def value(match: re.Match[str]) -> str:
            parameter = match.group(1)
            return known.get((route.path.split("/")[1], parameter)) or known.get(("", parameter)) or NOBODY

        return re.sub(r"\{(\w+)(?::\w+)?\}", value, route.path)

    return path


def _known(network: Network) -> dict[tuple[str, str], str]:
    """(first segment, parameter) -> value; the segment is empty for a parameter that means the same everywhere."""
    found = {
        ("demo", "key"): "calacs-coup-de-coeur",
        ("", "slug"): "bien-etre",
        ("", "code"): "R-0000-00",
    }
    with network.database.engine.connect() as connection:
        organisation = connection.execute(
            text("SELECT id FROM organisations WHERE slug = 'calacs-la-chrysalide'")
        ).scalar_one()
        found["", "organisation"] = str(_uuid(organisation))
        service = connection.execute(
            text("SELECT id FROM services WHERE visibility = 'public' ORDER BY sort_key, id")
        ).scalar()
        if service is not None:
            found["", "service"] = str(_uuid(service))
        if "referrals" in inspect(connection).get_table_names():
            referral = connection.execute(_REFERRAL).scalar()
            if referral is not None:
                found["", "code"] = str(referral)
    return found


#: The oldest reference from the police to La Chrysalide, if the demo has one
_REFERRAL = text(
    "SELECT referrals.code FROM referrals "
    "JOIN organisations AS sender ON sender.id = sender_id "
    "JOIN organisations AS recipient ON recipient.id = recipient_id "
    "WHERE sender.type = 'police' AND recipient.slug = 'calacs-la-chrysalide' ORDER BY referrals.created_at, code"
)


def _uuid(value: object) -> UUID:
    return value if isinstance(value, UUID) else UUID(str(value))
