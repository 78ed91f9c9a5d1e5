"""The privacy officer's page: names, acts and codes; its own organisation only."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from core.access.viewer import ANONYMOUS
from core.accounts.models import User
from core.accounts.queries import journal_people
from core.journal import record


@pytest.fixture
def personas(network: Any) -> dict[str, tuple[UUID, UUID, tuple[str, ...]]]:
    """Every persona: user, organisation, roles."""
    with network.database.transaction(write=False) as session:
        rows = session.execute(select(User.demo_key, User.id, User.organisation_id, User.roles))
        return {row.demo_key: (row.id, row.organisation_id, tuple(row.roles)) for row in rows if row.demo_key}


@pytest.fixture
def officer(network: Any, personas: dict[str, tuple[UUID, UUID, tuple[str, ...]]]) -> str:
    """The key of a persona who is made privacy officer of her organisation."""
    key, (user, _organisation, _roles) = next((k, v) for k, v in personas.items() if "worker" in v[2])
    with network.database.transaction() as session:
        session.execute(update(User).where(User.id == user).values(roles=["privacy_officer"]))
    return key


def write(network: Any, holder: UUID, number: int, *, actor: Any = None, action: str = "referral.read") -> None:
    with network.database.transaction() as session:
        record(
            session,
            case_id=uuid4(),
            organisation_id=holder,
            actor=actor or ANONYMOUS,
            action=action,
            subject=f"referral:R-{2000 + number}-AA",
            facts={"blocks": ["contact", "safety"], "version": number},
            now=network.clock.now() - timedelta(minutes=number),
        )


def test_who_read_what_is_shown_with_names(network: Any, visitor: Any, officer: str, personas: Any) -> None:
    viewer = network.viewer(officer)
    write(network, viewer.organisation_id, 1, actor=viewer)
    write(network, viewer.organisation_id, 2, action="plugin.act")
    write(network, uuid4(), 3)
    text = visitor.become(officer).get("/journal").text
    assert viewer.display_name in text
    assert "Lecture de la référence" in text
    assert "Renseignements\u00a0: Comment la joindre, Sans danger pour elle" in text
    assert "Sans compte" in text
    assert "plugin.act" in text
    assert "R-2001-AA" in text
    assert "R-2003-AA" not in text


def test_older_lines_are_a_click_away(network: Any, visitor: Any, officer: str) -> None:
    holder = network.viewer(officer).organisation_id
    for number in range(52):
        write(network, holder, number)
    visitor.become(officer)
    first = visitor.get("/journal").text
    assert "R-2049-AA" in first
    assert "R-2050-AA" not in first
    link = first.split('href="/journal?avant=')[1].split('"')[0]
    second = visitor.get(f"/journal?avant={link}").text
    assert "R-2049-AA" not in second
    assert "R-2051-AA" in second
    assert "Plus anciennes" not in second
    assert visitor.get("/journal?avant=n%27importe").status_code == 200


def test_only_a_privacy_officer_opens_it(visitor: Any, personas: Any) -> None:
    for key, (_user, _organisation, roles) in personas.items():
        expected = 200 if "privacy_officer" in roles else 403
        assert visitor.become(key).get("/journal").status_code == expected, key


def test_unknown_people_have_no_name(network: Any) -> None:
    with network.database.transaction(write=False) as session:
        assert journal_people(session, network.keyring, frozenset({uuid4()})) == {}
