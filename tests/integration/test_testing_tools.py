"""The tools the other tests stand on: rollback, copies, the network, the guard of the outside, the live server."""

from __future__ import annotations

import socket
import urllib.request
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.directory.models import Municipality, Organisation
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.testing import LiveServer, in_loop, postgres
from core.testing.network import Network, Visitor
from core.testing.sockets import OutsideConnection
from core.testing.statements import counted_statements, page_statements


@pytest.mark.parametrize("round_", [1, 2])
def test_what_a_test_writes_in_its_session_is_gone_for_the_next(session: Session, round_: int) -> None:
    rows = select(func.count()).select_from(Municipality)
    assert session.execute(rows).scalar() == 0
    values = dict.fromkeys(("name", "sort_key", "designation", "kind", "region", "preview_code", "preview_label"), "x")
    session.add(Municipality(code="1", region_code="14", region_name="x", population=1, preview_label_en="x", **values))
    session.flush()
    session.commit()
    assert session.execute(rows).scalar() == 1


@pytest.mark.parametrize("round_", [1, 2])
def test_the_network_is_seeded_and_each_test_has_its_copy(network: Network, round_: int) -> None:
    with network.database.transaction() as session:
        inhabited = select(func.count()).select_from(Municipality).where(Municipality.population > 0)
        assert session.execute(inhabited).scalar() > 60
        session.execute(text("UPDATE municipalities SET population = 0"))
    viewer = network.viewer("police-repentigny")
    assert viewer.organisation_type == "police"
    assert viewer.organisation_id == network.organisation(slug_of(network, viewer.organisation_id))


def test_the_connection_that_makes_databases_is_opened_again_once_lost() -> None:
    """It is kept from one test to the next: the end of one must not be theirs."""
    first = postgres.fresh_name()
    postgres.create_database(first)
    kept = dict(postgres._asking)
    postgres._ask(sql.SQL("SELECT pg_reload_conf()"))
    assert postgres._asking == kept
    with psycopg.connect(postgres.server_url(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [next(iter(kept.values())).info.backend_pid])
        postgres.drop_database(first)
        assert other.execute("SELECT 1 FROM pg_database WHERE datname = %s", [first]).fetchone() is None
    with pytest.raises(psycopg.Error):
        postgres._ask(sql.SQL("CREATE DATABASE postgres"))


def slug_of(network: Network, organisation_id: Any) -> str:
    with network.database.transaction(write=False) as session:
        return session.execute(select(Organisation.slug).where(Organisation.id == organisation_id)).scalar_one()


def test_a_visitor_becomes_a_persona(visitor: Visitor) -> None:
    assert visitor.get("/compte").status_code == 303
    visitor.become("calacs-chrysalide")
    assert visitor.get("/compte").status_code == 200
    assert visitor.post("/langue", {"locale": "en", "next": "/compte"}).status_code == 303
    assert 'lang="en' in visitor.get("/compte").text


def test_the_outside_is_out_of_reach() -> None:
    with pytest.raises(OutsideConnection), socket.socket() as leaving:
        leaving.connect(("192.0.2.1", 80))
    with pytest.raises(OutsideConnection):
        socket.getaddrinfo("exemple.invalid", 80)


def test_the_live_server_is_a_real_one(network: Network, live_server: Callable[[Any], LiveServer]) -> None:
    running = live_server(network.app())
    with urllib.request.urlopen(f"{running.url}/connexion") as answer:
        assert answer.status == 200


def test_a_keyring_of_its_own(keyring: Keyring) -> None:
    assert keyring.active_id


def test_statements_are_counted_without_their_frame(database: Database) -> None:
    def two(session: Session) -> None:
        session.execute(text("SELECT 1"))
        with session.begin_nested():
            session.execute(text("SELECT 2"))

    async def main() -> None:
        await database.run(two, "write")

    with counted_statements() as sent:
        in_loop(database, main)
    assert [statement.strip() for statement in sent if "SELECT 1" in statement or "SELECT 2" in statement] == [
        "SELECT 1",
        "SELECT 2",
    ]
    assert not any("SAVEPOINT" in statement for statement in sent)


def test_a_pages_statements_are_told_from_those_beside_it(network: Network, visitor: Visitor) -> None:
    """The dispatcher publishes and delivers what was done just before, at a moment of its own choice."""
    with page_statements() as sent, network.database.transaction(write=False) as session:
        assert visitor.get("/annuaire").status_code == 200
        page = len(sent)
        session.execute(text("SELECT 1 AS beside"))
    assert page == len(sent) > 0
