"""The route × principal matrix: what each kind of person gets from each route, as a table that is read and reviewed.

`python -m tests.support.matrix` asks every route of the running application as each principal and writes
tests/contract/route_matrix.csv; the difference is then reviewed like any other change. Nothing a handler does is kept:
each transaction is rolled back, so the table does not depend on its own order.
"""

from __future__ import annotations

import asyncio
import csv
import io
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from core.accounts.models import User
from core.accounts.services import open_session
from core.app import create_app
from core.directory.models import Organisation
from core.kernel.clock import FixedClock
from core.kernel.db import Database, Mode
from core.kernel.web import csrf
from core.kernel.web.house import House, Identity
from core.kernel.web.routes import Route
from core.testing import NOW, postgres
from core.testing.client import ask
from core.testing.network import Network
from tests.support.samples import Addresses, filled_network

T = TypeVar("T")
TABLE = Path(__file__).resolve().parents[1] / "contract" / "route_matrix.csv"
#: Principal -> demo persona. The three last ones hold a cookie that is worth nothing any more.
PERSONAS: Mapping[str, str | None] = {
    "anonymous": None,
    "police": "police-repentigny",
    "centre_designe": "cisss-centre-designe",
    "third_worker": "communautaire-ajrj",
    "receiver": "calacs-chrysalide",
    "other_calacs": "calacs-coup-de-coeur",
    "organisation_admin": "admin-chrysalide",
    "privacy_officer": "confidentialite-chrysalide",
    "committee_member": "bien-etre-1",
    "committee_chair": "bien-etre-presidence",
    "coordination": "coordination-cresl",
    "operator": "operateur",
    "suspended_user": "bien-etre-3",
    "pending_organisation": "bien-etre-4",
    "expired_session": "calacs-chrysalide",
}
#: Method, path, and which object of the demo the address named
Key = tuple[str, str, str]
Matrix = dict[Key, dict[str, str]]
Answer = httpx2.Response
#: Whether a cell is asked
Asked = Callable[[Key, str], bool]


class Rehearsal(Database):
    """A database where everything is done for real, then undone."""

    async def run(self, fn: Callable[[Session], T], mode: Mode = "read") -> T:
        """Run `fn` and flush what it did; keep nothing."""
        with Session(self._writing, expire_on_commit=False, info=self.session_info) as session:
            result = fn(session)
            session.flush()
            session.rollback()
        return result


def measured(network: Network, addresses: Addresses, asked: Asked | None = None) -> Matrix:
    """What the application answers now: (method, path, object) -> {principal: status}."""
    # An error is a cell of the table like another (and no table with one is accepted): the other routes are asked too
    network.settings = network.settings.model_copy(update={"raise_unexpected": False})
    found = answers(network, addresses, PERSONAS, asked=asked)
    return {key: {name: str(answer.status_code) for name, answer in row.items()} for key, row in found.items()}


def answers(
    network: Network,
    addresses: Addresses,
    principals: Collection[str],
    *,
    locale: str = "fr",
    asked: Asked | None = None,
) -> dict[Key, dict[str, Answer]]:
    """The same, with headers and body: what a person could compare. `locale`: the language their browsers chose;
    `asked`: which cells alone.

    `extensions["statements"]` is equal for two answers that sent the same ones, beside those of every page;
    `extensions["written"]` names the tables that something was written to.
    """
    cookies = {name: cookie for name, cookie in _cookies(network).items() if name in principals}
    rehearsal = Rehearsal(network.url)
    sent = _statements(rehearsal)
    app = create_app(network.settings, clock=network.clock, keyring=network.keyring, database=rehearsal)
    found = asyncio.run(_ask_everything(app, cookies, addresses, locale, asked or (lambda _key, _who: True), sent))
    rehearsal.dispose()
    return found


def reviewed() -> Matrix:
    """The table of the repository."""
    if not TABLE.exists():
        return {}
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["method"], row["path"], row["object"]): {name: row[name] for name in PERSONAS if name in row}
        for row in rows
    }


def written(matrix: Matrix) -> str:
    """The table as CSV, sorted by path then method."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["method", "path", "object", *PERSONAS])
    for key in sorted(matrix, key=lambda key: (key[1], key[0], key[2])):
        writer.writerow([*key, *(matrix[key][name] for name in PERSONAS)])
    return buffer.getvalue()


async def _ask_everything(
    app: Any,
    cookies: Mapping[str, str | None],
    paths: Addresses,
    locale: str,
    asked: Asked,
    sent: list[str],
) -> dict[Key, dict[str, Answer]]:
    known: dict[tuple[object, ...], Answer] = {}
    found: dict[Key, dict[str, Answer]] = {}
    people = await _people(app.state.house, cookies)
    around: dict[str, frozenset[str]] = {}
    for principal, cookie in cookies.items():
        sent.clear()
        await _ask(app, "GET", "/nulle-part", cookie, locale)
        around[principal] = frozenset(sent)
    for route in app.state.routes:
        for label, address in paths(route).items():
            row = found.setdefault((route.method, route.path, label), {})
            for principal, cookie in cookies.items():
                if not asked((route.method, route.path, label), principal):
                    continue
                refusal = _refused_alike(app.state.house, people[principal], route)
                if refusal is None or (principal, refusal) not in known:
                    sent.clear()
                    row[principal] = await _ask(app, route.method, address, cookie, locale)
                    own = tuple(statement for statement in sent if statement not in around[principal])
                    row[principal].extensions["statements"] = hash(own)
                    row[principal].extensions["written"] = written_to(sent)
                else:
                    row[principal] = known[principal, refusal]
                if refusal is not None:
                    known[principal, refusal] = row[principal]
    return found


#: What only reads, or frames a transaction; PRAGMA of SQLite, SET and SHOW of PostgreSQL.
_READING = re.compile(r"\s*(?:SELECT|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET|SHOW)\b", re.IGNORECASE)
_WRITING = re.compile(r"\b(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM|REPLACE INTO)\s+\"?(\w+)", re.IGNORECASE)


def written_to(statements: Collection[str]) -> frozenset[str]:
    """The tables these statements write to; one that neither reads nor names a table stands for itself."""
    found: set[str] = set()
    for statement in statements:
        if not _READING.match(statement):
            # A common table expression may read, or write further on
            reads = statement.lstrip()[:4].upper() == "WITH"
            found.update(_WRITING.findall(statement) or (() if reads else (statement,)))
    return frozenset(found)


def _statements(database: Database) -> list[str]:
    """What is sent to the database from now on, in order; whoever reads it empties it."""
    sent: list[str] = []
    event.listen(
        database.engine,
        "before_cursor_execute",
        lambda _connection, _cursor, statement, _parameters, _context, _many: sent.append(statement),
    )
    return sent


async def _people(house: House, cookies: Mapping[str, str | None]) -> dict[str, Identity]:
    def identities(session: Session) -> dict[str, Identity]:
        return {name: house.authenticate(session, cookie, house.clock.now()) for name, cookie in cookies.items()}

    return await house.database.run(identities)


def _refused_alike(house: House, identity: Identity, route: Route) -> tuple[object, ...] | None:
    """What decides a refusal that comes before the handler and before any row; None when the handler answers.

    Such refusals are two cells in three of the table: for one person, those of the same kind are asked once. That the
    route has the permission it should is still seen at each of its cells.
    """
    if house.holding(identity.viewer, route.permission).allowed:
        return None
    return (route.method, route.permission, route.mode, route.activity, route.assurance, route.machine)


async def _ask(app: Any, method: str, address: str, session_cookie: str | None, locale: str) -> Answer:
    browser = session_cookie or "une-visite"
    name = "arrimage" if session_cookie else "arrimage_form"
    token = csrf.token_for(app.state.house.keyring.cookie_key("csrf"), browser)
    request = httpx2.Request(
        method,
        f"http://127.0.0.1{address}",
        headers={"cookie": f"{name}={browser}; arrimage_langue={locale}"},
        data={"_csrf": token} if method == "POST" else None,
    )
    answer = await ask(app, request)
    answer.read()
    return answer


def _cookies(network: Network) -> dict[str, str | None]:
    cookies: dict[str, str | None] = {}
    with network.database.transaction() as session:
        for principal, persona in PERSONAS.items():
            if persona is None:
                cookies[principal] = None
                continue
            user = session.execute(select(User).where(User.demo_key == persona)).scalar_one()
            since = network.clock.now() - (timedelta(hours=11) if principal == "expired_session" else timedelta())
            cookies[principal] = open_session(session, user.id, since, second_factor=True, device="essai")
            if principal == "suspended_user":
                session.execute(update(User).where(User.id == user.id).values(status="disabled"))
            if principal == "pending_organisation":
                pending = update(Organisation).where(Organisation.id == user.organisation_id)
                session.execute(pending.values(status="probation"))
    return cookies


def main() -> None:
    """Write the table from what the application answers (on SQLite), and say what changed."""
    with ExitStack() as stack:
        run = postgres.begin_run()
        stack.callback(postgres.end_run, run)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        network, addresses = stack.enter_context(filled_network("sqlite", folder, FixedClock(NOW)))
        found = measured(network, addresses)
    errors = {
        f"{' '.join(key)}: an error for {name}\n"
        for key, row in found.items()
        for name, status in row.items()
        if status.startswith("5")
    }
    if errors:
        sys.exit("".join(sorted(errors)) + "The table is left as it was: mend these first.")
    before = reviewed()
    TABLE.write_text(written(found), encoding="utf-8")
    changed = [key for key in {*found, *before} if found.get(key) != before.get(key)]
    sys.stdout.write("".join(f"{' '.join(key)}\n" for key in sorted(changed)) or "nothing changed\n")


if __name__ == "__main__":
    warnings.simplefilter("error")
    main()
