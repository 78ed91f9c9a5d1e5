"""Who gets what from each route: the reviewed table, asked again on both engines (0 deviations)."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.access.permissions import ROLE_PERMISSIONS, Permission
from core.access.viewer import Role
from core.kernel.clock import FixedClock
from core.kernel.web.routes import PUBLIC
from core.testing.network import Network
from tests.support.matrix import PERSONAS, measured, reviewed
from tests.support.samples import filled_network
from tests.support.walks import Seen, sending_others, walk

NOBODIES = {"suspended_user", "pending_organisation", "expired_session"}
REMEDY = "run `python -m tests.support.matrix`, then review the difference of tests/contract/route_matrix.csv"


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_every_route_answers_each_principal_as_reviewed(engine: str, tmp_path: Path, clock: FixedClock) -> None:
    """Every cell on SQLite; on PostgreSQL, of each route, one cell for each status and each series of statements that
    SQLite saw (of refusals, one for each series): the statements are what another engine may answer otherwise."""
    table = reviewed()
    if engine == "sqlite":
        found = {key: {name: str(one.status_code) for name, one in row.items()} for key, row in walk("fr").items()}
        assert all(set(row) == set(PERSONAS) for row in found.values())
    else:
        with filled_network(engine, tmp_path, clock) as (network, addresses):
            found = measured(network, addresses, sending_others(walk("fr")))
    assert sorted(set(found) - set(table)) == [], f"new routes without their row: {REMEDY}"
    assert sorted(set(table) - set(found)) == [], f"rows without a route: {REMEDY}"
    deviations = [
        f"{' '.join(key)} {principal}: {row[principal]}, reviewed {table[key].get(principal)}"
        for key, row in found.items()
        for principal in row
        if row[principal] != table[key].get(principal)
    ]
    assert deviations == [], REMEDY


def test_the_reviewed_table_itself_lets_nobody_in() -> None:
    """What no review may accept: an error, a page for somebody who is nobody any more, two answers for nobody."""
    table = reviewed()
    assert table
    wrong = []
    for key, row in table.items():
        for principal, status in row.items():
            if status.startswith("5") or status == "405":
                wrong.append(f"{' '.join(key)} {principal} {status}")
        for nobody in NOBODIES:
            if row[nobody] != row["anonymous"]:
                wrong.append(f"{' '.join(key)} {nobody} {row[nobody]}, anonymous {row['anonymous']}")
    assert wrong == []


def test_a_permission_refused_is_never_a_page(network: Network) -> None:
    """A principal whose role lacks the route's permission gets 403 or 404; nobody is sent to the sign-in page."""
    table = reviewed()
    roles = {
        principal: network.viewer(key).roles for principal, key in PERSONAS.items() if key and principal not in NOBODIES
    }
    wrong = []
    for route in network.app().state.routes:
        if route.permission == PUBLIC or route.permission not in set(Permission):
            continue
        rows = [row for (method, path, _), row in table.items() if (method, path) == (route.method, route.path)]
        for row in rows:
            if row["anonymous"] != "303":
                wrong.append(f"{route.method} {route.path} anonymous {row['anonymous']}")
            for principal, held in roles.items():
                allowed = any(route.permission in ROLE_PERMISSIONS[Role(role)] for role in held)
                if not allowed and row[principal] not in {"403", "404"}:
                    wrong.append(f"{route.method} {route.path} {principal} {row[principal]}")
    assert wrong == []


STRANGERS = ("centre_designe", "third_worker", "other_calacs")


def test_a_reference_is_a_missing_object_for_whoever_it_does_not_concern() -> None:
    """Another organisation's worker cannot tell a reference from none: same status, headers and bytes but Date (S3)."""
    found = walk("fr")
    concerned = [key for key in found if key[2] in {"submitted", "accepted", "confidential"}]
    assert concerned
    told = []
    for method, path, kind in concerned:
        for stranger in STRANGERS:
            there, missing = found[method, path, kind][stranger], found[method, path, "missing"][stranger]
            if there.status_code != missing.status_code:
                told.append(f"{method} {path} {kind} {stranger} {there.status_code}, missing {missing.status_code}")
            elif there.status_code == 404 and _compared(there) != _compared(missing):
                told.append(f"{method} {path} {kind} {stranger}: the bytes differ from a missing one's")
    assert told == []


def _compared(answer: Seen) -> tuple[dict[str, str], bytes]:
    return {name: value for name, value in answer.headers.items() if name != "date"}, answer.content
