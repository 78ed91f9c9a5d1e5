"""S7: no page answers as a search for a person; a possible duplicate is never told to whoever sends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts.models import User
from core.accounts.seed import PERSONAS
from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.kernel.db import Base
from core.kernel.events import OutboxEvent
from core.referrals import services
from core.referrals.queries import lists
from core.testing.network import Network, Visitor, visiting
from tests.support.held import NAME, OTHER, PHONE, POLICE, RECEIVER, THIRD, WORD, hold, send
from tests.support.listening import listening
from tests.support.referrals import NOW, build
from tests.support.referrals import send as send_in
from tests.support.samples import filled_network
from tests.support.walks import telling

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
PEOPLE = (None, POLICE, RECEIVER, OTHER, THIRD, "coordination-cresl", "operateur", "admin-chrysalide", "bien-etre-1")
#: The only fields of a page that people write words of their own into, to be looked for.
SEARCHES = {"/annuaire": {"q", "lieu"}}


def words(html: str) -> str:
    """A page without what changes at each visit, and without what was asked."""
    return re.sub(r'(name="_csrf" value|data-live-cursor|data-session)="[^"]*"', "", html)


def test_every_get_route_ignores_a_name_in_its_address(tmp_path: Path, clock: FixedClock) -> None:
    """Whatever parameter a name is put in, lists and pages are the ones without it; only the directory searches.

    A page whose handler did not look at the question is the one without it; the others are asked without it too.
    """
    people = {"receiver": RECEIVER, "police": POLICE, "coordination": "coordination-cresl"}
    asked, compared, tells = 0, 0, telling(people)
    with filled_network("sqlite", tmp_path, clock) as (network, paths):
        hold(network)
        with visiting(network) as visitor:
            heard = listening(visitor.http.app)
            for principal, persona in people.items():
                visitor.become(persona)
                for route in visitor.http.app.state.routes:
                    if route.method != "GET" or route.path == "/annuaire" or "/nouvelle" in route.path:
                        continue
                    label, address = next(iter(paths(route).items()))
                    if not tells((route.method, route.path, label), principal):
                        continue
                    question = dict.fromkeys(("q", "nom", "search", "name", "texte", "filtre"), NAME)
                    named = visitor.get(address, params=question)
                    asked += 1
                    if "{code}" not in route.path:  # a reading adds its line to the history
                        assert words(named.text).replace("&amp;", "&").count(NAME) == 0, route.path
                    if route.path in heard.looked:
                        plain = visitor.get(address)
                        compared += 1
                        assert named.status_code == plain.status_code, route.path
                        if "{code}" not in route.path:
                            assert len(words(named.text)) == len(words(plain.text)), route.path
    assert asked > 300
    assert compared > 60


@ONE_ENGINE
@pytest.mark.parametrize("persona", PEOPLE)
def test_the_directory_finds_services_and_nobody(network: Network, visitor: Visitor, persona: str | None) -> None:
    code = hold(network)
    send(network)
    people = [one.name for one in PERSONAS] + [f"{one.key}@exemple.invalid" for one in PERSONAS]
    visitor.become(persona)
    nothing = results(visitor, "zqxjkvw")
    for secret in (NAME, PHONE, WORD, code, *people[:6], *people[-2:]):
        found = results(visitor, secret)
        cards = re.findall(r'href="(/[^"#?]*)', found)
        assert not [one for one in cards if not one.startswith("/annuaire")], secret
        assert found.replace(secret, "").count("450 555-0142") == 0
        assert code not in found.replace(secret, "")
        # One code in a hundred is near a word of the directory, such as « XEER » and « exer » : it finds that service.
        if secret in (NAME, PHONE):
            assert set(cards) == set(re.findall(r'href="(/[^"#?]*)', nothing)), secret


def results(visitor: Visitor, text: str) -> str:
    """The part of the page that a search changes."""
    answer = visitor.get("/annuaire", params={"q": text}, headers={"X-Fragment": "1"})
    assert answer.status_code == 200
    return str(answer.text)


@ONE_ENGINE
def test_no_list_has_a_box_to_type_in(network: Network, visitor: Visitor) -> None:
    """Lists of references are turned page by page, by state: there is nothing to type a name into."""
    hold(network)
    for persona in (RECEIVER, POLICE, "coordination-cresl", "confidentialite-chrysalide"):
        visitor.become(persona)
        for path in ("/demandes", "/references", "/journal", "/reseau", "/"):
            main = visitor.get(path).text.partition("<main")[2]
            typed = {
                re.search(r'name="([^"]*)"', field).group(1)  # type: ignore[union-attr]
                for form in re.findall(r'<form[^>]*method="get".*?</form>', main, re.S | re.I)
                if "/annuaire" not in form
                for field in re.findall(r"<input[^>]*>", form)
                if 'type="hidden"' not in field and 'type="date"' not in field and "name=" in field
            }
            assert typed == set(), (path, typed)


def test_no_clear_column_could_be_searched_for_a_person() -> None:
    """Names and addresses of people are ciphertext or keyed hashes: SQL itself has nothing to look in."""
    columns = {column.name for column in User.__table__.columns}
    assert {"email_sealed", "name_sealed", "email_lookup"} <= columns
    suspicious = re.compile(r"first_?name|last_?name|full_?name|phone|birth|email(?!_)", re.I)
    clear = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if suspicious.search(column.name) and column.info.get("class") != "personal"
    ]
    assert [one for one in clear if not one.startswith(("organisations.", "phones.", "contacts.", "services."))] == []


def outside(page: Any) -> dict[str, Any]:
    """What a sender's screen holds, without what names the referral itself."""
    return {name: value for name, value in vars(page).items() if name not in ("code", "version", "consent")}


def test_a_second_request_for_the_same_woman_tells_its_sender_nothing(session: Session, keyring: Keyring) -> None:
    """The same telephone and the same first name, sent twice: both senders see what they would have seen alone."""
    world = build(session, keyring)
    police, receiver = world.viewer("police"), world.viewer("chrysalide")
    seen: list[dict[str, Any]] = []
    told: list[list[str]] = []
    for number in range(2):
        code = send_in(session, world).code
        steps = [services.open_referral(session, keyring, police, code, NOW)]
        services.accept_referral(session, keyring, receiver, code, NOW)
        steps.append(services.open_referral(session, keyring, police, code, NOW))
        seen.append({f"{step}": outside(page) for step, page in enumerate(steps)})
        events = session.execute(
            select(OutboxEvent.kind, OutboxEvent.topics).where(OutboxEvent.ref == code).order_by(OutboxEvent.id)
        )
        told.append([f"{kind} {topics}" for kind, topics in events])
        held = services.open_referral(session, keyring, receiver, code, NOW)
        # The control: the receiver that accepted both is told
        assert len(held.duplicates) == number
        assert steps[-1].duplicates == ()
    assert seen[0]["1"] == seen[1]["1"]
    assert [block.content for block in seen[0]["0"]["blocks"]] == [block.content for block in seen[1]["0"]["blocks"]]
    assert sorted(told[0]) == sorted(told[1])
    first, second = lists.sent(session, police, NOW).rows
    assert (first.view, first.urgent, first.kind) == (second.view, second.urgent, second.kind)
