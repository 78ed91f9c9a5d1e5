"""A long list of people: everybody is found by name, no address holds one, and only names shown are journaled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, event, select

from core.testing.network import Network, Visitor

from ..models import Learner, TrainingSession
from ..queries.people import people_among, people_page
from ..services import people
from ..services.people import NewPerson
from ..settings import PEOPLE, SESSIONS
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@SQLITE
def test_everybody_of_a_long_list_is_found_by_name_and_no_address_holds_one(network: Network, visitor: Visitor) -> None:
    session_id = h.a_session(network)
    with network.database.transaction() as session:
        ours = h.desk(network, h.ADMIN)
        unit = people.add_team(session, ours, "Unité d’essai")
        for number in range(60):
            who = NewPerson(f"Aube Essai {number:02}", "", "worker", unit if number == 59 else None, another=True)
            people.add_person(session, ours, who)
        people.add_person(session, ours, NewPerson("Zoé Untel", "", "worker", another=True))
        code = session.scalars(select(TrainingSession.code).where(TrainingSession.id == session_id)).one()
        found = {name: _named(session, network, name) for name in ("Aube Essai 00", "Aube Essai 59", "Zoé Untel")}
    visitor.become(h.ADMIN)
    address, asked = f"{SESSIONS}/{code}", {"looked_for": "zoe", "find": "true"}
    page = visitor.get(address).text
    assert ("Zoé Untel" in page, "11 autres personnes ne sont pas montrées" in page) == (False, True)
    # Searching keeps who is ticked, registers nobody, and only reads the names it shows
    ticked = visitor.post(f"{address}/inscriptions", {**asked, "learner": str(found["Aube Essai 00"])})
    assert ticked.status_code == 200
    assert f'value="{found["Aube Essai 00"]}" checked' in ticked.text
    assert ("Zoé Untel" in ticked.text, "Aube Essai 01" in ticked.text) == (True, False)
    assert h.states(network, session_id) == []
    by_unit = visitor.post(f"{address}/inscriptions", {**asked, "looked_for": "", "unit": str(unit)}).text
    assert ("Aube Essai 59" in by_unit, "Zoé Untel" in by_unit) == (True, False)
    nobody = visitor.post(f"{address}/inscriptions", {**asked, "looked_for": "personne de tel"})
    assert "ne répond à cette recherche" in nobody.text
    assert visitor.post(f"{address}/inscriptions", {"learner": str(found["Zoé Untel"])}).status_code == 303
    assert h.states(network, session_id) == ["registered"]
    # The organisation's own list: the same, posted; another organisation finds nobody
    listed = visitor.post(f"{PEOPLE}/chercher", {"looked_for": "untel"}).text
    assert ("Zoé Untel" in listed, "Aube Essai" in listed, "?nom=" in listed) == (True, False, False)
    # Who left: nobody yet, then somebody
    assert "Personne ici pour l’instant" in visitor.get(f"{PEOPLE}?parties=1").text
    assert visitor.post(f"{PEOPLE}/{found['Zoé Untel']}/depart", {"undo": "0"}).status_code == 303
    past = visitor.get(f"{PEOPLE}?parties=1").text
    assert ("Zoé Untel" in past, "Aube Essai" in past, "data-lock-in" in past) == (True, False, True)
    assert visitor.post(f"{PEOPLE}/{found['Zoé Untel']}/depart", {"undo": "1"}).status_code == 303
    # Too long a name: the page says so, at its field, and keeps what was typed
    long = visitor.post(f"{PEOPLE}/chercher", {"looked_for": "z" * 121})
    assert (long.status_code, "z" * 121 in long.text) == (422, True)
    assert re.search(r'id="f-looked_for-error">[^<]*120', long.text)
    assert 'href="#f-looked_for"' in long.text
    viewer = network.viewer(h.ADMIN)
    with network.database.transaction() as session:
        reader, now = (session, network.keyring, viewer), network.clock.now()
        before = _journaled(session)
        shown, total = people_page(*reader, now, size=10, sorted_to=10)
        assert (len(shown), total, _journaled(session)[len(before) :]) == (10, 61, [10])
        assert [one.name for one in shown] == [f"Aube Essai {number:02}" for number in range(10)]
        last, _ = people_page(*reader, now, size=10, sorted_to=10, page=7)
        assert [one.name for one in last] == ["Zoé Untel"]
        # However many people are looked among, no statement names them one by one (65,535 values are PostgreSQL's most)
        with values_sent() as most:
            sought, total = people_page(*reader, now, typed="UNTEL zoe", size=10, sorted_to=10)
            everybody, _ = people_page(*reader, now, size=100_000)
        assert (len(everybody), everybody[-1].email, max(most) < 20) == (61, "", True)
        assert ([one.name for one in sought], total, _journaled(session)[-2:]) == (["Zoé Untel"], 1, [1, 61])
        elsewhere = replace(viewer, organisation_id=network.organisation("police-repentigny"))
        assert people_among(session, network.keyring, elsewhere, set(found.values()), now) == ()


@contextmanager
def values_sent() -> Iterator[list[int]]:
    """How many values each statement was given."""
    most: list[int] = []

    def note(_connection: Any, _cursor: Any, _statement: str, values: Any, *_rest: Any) -> None:
        most.append(len(values or ()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield most
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def _named(session: Any, network: Network, name: str) -> UUID:
    """Somebody of La Chrysalide, by her name."""
    viewer, now = network.viewer(h.ADMIN), network.clock.now()
    (one,) = people_page(session, network.keyring, viewer, now, typed=name)[0]
    return one.id


def _journaled(session: Any) -> list[int]:
    """How many names each reading of them showed, oldest first."""
    journal = Learner.metadata.tables["journal_entries"]
    lines = session.scalars(
        select(journal.c.line)
        .where(journal.c.line.contains("ficesl.names_read"))
        .order_by(journal.c.chain, journal.c.position)
    )
    return [int(found.group(1)) for line in lines if (found := re.search(r'"people":(\d+)', line))]
