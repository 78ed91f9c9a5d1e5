"""Who gets what from each route: the reviewed table, asked again on both engines (0 deviations)."""

from __future__ import annotations

from core.access.permissions import ROLE_PERMISSIONS, Permission
from core.access.viewer import Role
from core.kernel.web.routes import PUBLIC
from core.testing.network import Network
from tests.support.matrix import PERSONAS, measured, reviewed

REMEDY = "run `python -m tests.support.matrix`, then review the difference of tests/contract/route_matrix.csv"


def test_every_route_answers_each_principal_as_reviewed(network: Network) -> None:
    found, table = measured(network), reviewed()
    assert sorted(set(found) - set(table)) == [], f"new routes without their row: {REMEDY}"
    assert sorted(set(table) - set(found)) == [], f"rows without a route: {REMEDY}"
    deviations = [
        f"{method} {path} {principal}: {found[method, path][principal]}, reviewed {table[method, path].get(principal)}"
        for method, path in found
        for principal in PERSONAS
        if found[method, path][principal] != table[method, path].get(principal)
    ]
    assert deviations == [], REMEDY


def test_the_reviewed_table_itself_lets_nobody_in() -> None:
    """What no review may accept: an error, a page for somebody who is nobody any more, two answers for nobody."""
    table = reviewed()
    assert table
    wrong = []
    for (method, path), row in table.items():
        for principal, status in row.items():
            if status.startswith("5") or status == "405":
                wrong.append(f"{method} {path} {principal} {status}")
        for nobody in ("suspended_user", "expired_session"):
            if row[nobody] != row["anonymous"]:
                wrong.append(f"{method} {path} {nobody} {row[nobody]}, anonymous {row['anonymous']}")
    assert wrong == []


def test_a_permission_refused_is_never_a_page(network: Network) -> None:
    """A principal whose role lacks the route's permission gets 403 or 404; nobody is sent to the sign-in page."""
    table = reviewed()
    roles = {principal: network.viewer(key).roles for principal, key in PERSONAS.items() if key is not None}
    wrong = []
    for route in network.app().state.routes:
        if route.permission == PUBLIC or route.permission not in set(Permission):
            continue
        row = table[route.method, route.path]
        if row["anonymous"] != "303":
            wrong.append(f"{route.method} {route.path} anonymous {row['anonymous']}")
        for principal, held in roles.items():
            if principal in {"suspended_user", "expired_session", "pending_organisation"}:
                continue
            allowed = any(route.permission in ROLE_PERMISSIONS[Role(role)] for role in held)
            if not allowed and row[principal] not in {"403", "404"}:
                wrong.append(f"{route.method} {route.path} {principal} {row[principal]}")
    assert wrong == []
