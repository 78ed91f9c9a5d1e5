"""What people, tabs and forgers send wrong, through HTTP on both engines: a clear sentence, nothing half-written.

The cases that another file already proves are named in `ELSEWHERE`, and a test makes sure that they are still there.
"""

from __future__ import annotations

import ast
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from core.access.viewer import Role
from core.accounts.services import add_user, open_session
from core.referrals import services
from core.referrals.models import BlockSeal, Referral, ReferralDraft
from core.testing import LiveServer
from core.testing.network import Network, Visitor
from tests.support import held
from tests.support.edge import READS_WRITE, contents
from tests.support.pages import csrf_of, words
from tests.support.source import ROOT, tree

#: Case of the list -> the test that proves it
ELSEWHERE = {
    "unknown municipality": "tests/web/test_new_referral_refusals.py::test_first_step_refuses_and_keeps_the_form",
    "age under 12": "tests/web/test_new_referral_refusals.py::test_the_form_stops_and_nothing_stays",
    "consent expired between form and send": (
        "tests/web/test_new_referral_refusals.py::test_a_consent_that_expired_before_sending"
    ),
    "recipient that receives no more": (
        "tests/web/test_new_referral_refusals.py::test_a_recipient_that_stopped_receiving"
    ),
    "recipient not in the consent": "tests/integration/test_referral_story.py::test_consent_bad_input",
    "a block not consented": "tests/web/test_new_referral.py::test_only_what_she_ticked_leaves",
    "a foreign identifier, every route": (
        "tests/contract/test_route_matrix.py::test_a_reference_is_a_missing_object_for_whoever_it_does_not_concern"
    ),
    "two workers at once, in the services": (
        "tests/integration/test_referral_races.py::test_two_workers_accept_at_once_and_one_wins"
    ),
    "accept while ten read, in the services": (
        "tests/integration/test_referral_races.py::test_accepting_while_ten_others_read"
    ),
    "double click": "tests/web/test_new_referral.py::test_a_resent_form_makes_one_referral",
    "a formula in a CSV": (
        "tests/integration/test_directory/test_directory_import.py::test_mistakes_are_told_and_nothing_is_written"
    ),
    "a CSV that is not UTF-8": (
        "tests/integration/test_directory/test_directory_import.py::test_broken_utf8_and_missing_file"
    ),
    "a body over 1 MB, declared or not": (
        "tests/web/test_http_edge.py::test_a_body_over_one_megabyte_is_refused_before_it_is_read"
    ),
    "bytes that are no text": "tests/web/test_http_edge.py::test_what_cannot_be_read_is_said_in_one_sentence",
}


@pytest.mark.parametrize("case", sorted(ELSEWHERE))
def test_what_is_proved_elsewhere_is_still_there(case: str) -> None:
    path, name = ELSEWHERE[case].split("::")
    assert name in {node.name for node in tree(ROOT / path).body if isinstance(node, ast.FunctionDef)}


def colleague(network: Network) -> str:
    """The session cookie of a second worker of La Chrysalide."""
    organisation, now = network.organisation("calacs-la-chrysalide"), network.clock.now()
    with network.database.transaction() as session:
        user = add_user(
            session,
            network.keyring,
            organisation_id=organisation,
            email="collegue@exemple.test",
            name="Une collègue",
            roles=[Role.WORKER],
            now=now,
        )
    network.agree(user)
    with network.database.transaction() as session:
        return open_session(session, user, now, second_factor=True, device="essai")


def version_in(html: str, action: str) -> str:
    """The version that the button of a page would send."""
    found = re.search(rf'action="[^"]*/{action}".*?name="version" value="(\d+)"', html, re.DOTALL)
    assert found is not None, action
    return found.group(1)


def test_two_workers_accept_at_once(network: Network, live_server: Any) -> None:
    """Two browsers that saw the same page: one takes it, the other is told, and the content moved once."""
    code = held.send(network)
    server: LiveServer = live_server(network.app())
    gate = Barrier(2)

    def click(token: str) -> httpx2.Response:
        with httpx2.Client(base_url=server.url, cookies={"arrimage": token}, verify=False, timeout=60) as http:
            page = http.get(f"/references/{code}").text
            form = {"_csrf": csrf_of(page), "version": version_in(page, "accepter")}
            gate.wait(60)
            return http.post(f"/references/{code}/accepter", data=form)

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(
            pool.map(click, [network.token(held.RECEIVER), colleague(network)]), key=lambda one: one.status_code
        )
    assert [answer.status_code for answer in answers] == [303, 409]
    assert "<h1>La situation a changé entre-temps</h1>" in answers[1].text
    assert held.PHONE not in answers[1].text
    assert held.journaled(network, code).count("referral.accept") == 1
    with network.database.transaction(write=False) as session:
        holders = session.execute(select(BlockSeal.organisation_id, func.count()).group_by(BlockSeal.organisation_id))
        assert {holder for holder, _ in holders} >= {network.organisation("calacs-la-chrysalide")}


def test_accepting_while_ten_others_read(network: Network, live_server: Any) -> None:
    """Reading is journaled on the same chain, and never makes an acceptance stale."""
    code = held.send(network)
    server: LiveServer = live_server(network.app())
    token, other = network.token(held.RECEIVER), colleague(network)
    with httpx2.Client(base_url=server.url, cookies={"arrimage": token}, verify=False, timeout=60) as http:
        page = http.get(f"/references/{code}").text
        form = {"_csrf": csrf_of(page), "version": version_in(page, "accepter")}
        gate = Barrier(11)

        def read(_number: int) -> int:
            with httpx2.Client(base_url=server.url, cookies={"arrimage": other}, verify=False, timeout=60) as reader:
                gate.wait(60)
                return reader.get(f"/references/{code}").status_code

        def accept() -> int:
            gate.wait(60)
            return http.post(f"/references/{code}/accepter", data=form).status_code

        with ThreadPoolExecutor(11) as pool:
            accepted = pool.submit(accept)
            reads = list(pool.map(read, range(10)))
    assert accepted.result() == 303
    assert reads == [200] * 10


def test_accepting_after_a_withdrawal(visitor: Visitor) -> None:
    network = visitor.network
    code = held.send(network)
    visitor.become(held.RECEIVER)
    page = visitor.get(f"/references/{code}").text
    with network.database.transaction() as session:
        viewer = network.viewer(held.THIRD)
        services.withdraw_case(session, network.keyring, viewer, code, network.clock.now())
    before = contents(network, without=READS_WRITE)
    answer = visitor.post(f"/references/{code}/accepter", {"version": version_in(page, "accepter")})
    assert answer.status_code == 409
    assert held.PHONE not in answer.text
    assert "<h1>La situation a changé entre-temps</h1>" in answer.text
    assert contents(network, without=READS_WRITE) == before


def test_a_stale_version_is_told_and_changes_nothing(visitor: Visitor) -> None:
    network = visitor.network
    code = held.send(network)
    visitor.become(held.RECEIVER)
    page = visitor.get(f"/references/{code}").text
    old = version_in(page, "accepter")
    assert visitor.post(f"/references/{code}/prendre", {"version": version_in(page, "prendre")}).status_code == 303
    before = contents(network)
    stale = visitor.post(f"/references/{code}/accepter", {"version": old})
    assert stale.status_code == 409
    assert "à jour" in words(stale.text)
    assert contents(network) == before
    for wrong in ("-1", "abc", "9" * 30):
        assert visitor.post(f"/references/{code}/accepter", {"version": wrong}).status_code in (409, 422)
    assert contents(network) == before


def test_a_forged_hidden_field_is_refused_by_every_button(visitor: Visitor) -> None:
    network = visitor.network
    waiting, accepted = held.send(network), held.hold(network)
    visitor.become(held.RECEIVER)
    before = contents(network)
    form = {"version": "1", "organisation_id": str(network.organisation("ajrj")), "state": "accepted"}
    for code, actions in (
        (waiting, ("accepter", "prendre", "question", "autre-ressource")),
        (accepted, ("tentative", "fermer")),
    ):
        for action in actions:
            answer = visitor.post(f"/references/{code}/{action}", form)
            assert answer.status_code == 422, action
            assert "Traceback" not in answer.text
            assert contents(network) == before, action


def test_a_forged_recipient_of_the_form(visitor: Visitor) -> None:
    """An organisation that was not proposed, one that receives nothing, and one that does not exist."""
    from tests.web.test_new_referral import SITUATION, agree, url

    visitor.become(held.POLICE)
    for wrong in (visitor.network.organisation("ajrj"), uuid4(), "pas-un-identifiant"):
        key = str(uuid4())
        visitor.post(url(key, "situation"), SITUATION)
        answer = agree(visitor, key, recipient=str(wrong))
        assert answer.status_code == 422
        assert "tournesol" in answer.text, "the form is kept"
    with visitor.network.database.transaction(write=False) as session:
        assert session.execute(select(Referral.id).where(Referral.state != "draft")).all() == []


def test_two_accounts_in_one_browser(visitor: Visitor) -> None:
    """A tab opened by somebody else of this browser changes nothing in the other's name, and her text is not lost."""
    from tests.web.test_new_referral import SITUATION, url

    network = visitor.network
    key = str(uuid4())
    visitor.become(held.POLICE)
    page = visitor.get(url(key, "situation")).text
    assert visitor.post(url(key, "situation/brouillon"), SITUATION).json()["saved_at"]
    visitor.become(held.THIRD)
    before = contents(network, without=frozenset({"login_sessions"}))
    form = {**SITUATION, "_csrf": csrf_of(page)}
    answer = visitor.http.post(url(key, "situation"), data=form, follow_redirects=False)
    assert answer.status_code == 403
    assert "avec un autre compte" in words(answer.text)
    assert contents(network, without=frozenset({"login_sessions"})) == before
    visitor.become(held.POLICE)
    assert 'value="violence_ongoing" checked' in visitor.get(url(key, "situation")).text


def test_what_cannot_be_taken_leaves_the_draft_as_it_was(visitor: Visitor) -> None:
    from tests.web.test_new_referral import SITUATION, url

    network = visitor.network
    key = str(uuid4())
    visitor.become(held.POLICE)
    assert visitor.post(url(key, "situation/brouillon"), SITUATION).json()["saved_at"]
    before = contents(network)
    token = visitor.csrf()
    for case, note in (("too large", "x" * 1_000_001), ("broken UTF-8", "%ff"), ("a NUL", "a%00b")):
        body = f"_csrf={token}&municipality=Repentigny&age_band=18_24&needs=legal&note={note}"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        answer = visitor.http.post(url(key, "situation"), content=body, headers=headers, follow_redirects=False)
        assert answer.status_code == (413 if case == "too large" else 422), case
        said = words(answer.text).replace("\u00a0", " ")
        assert ("ne peut dépasser 1 Mo" if case == "too large" else "n’ont pas pu être lus") in said, case
        assert contents(network) == before, case
    assert 'value="violence_ongoing" checked' in visitor.get(url(key, "situation")).text
    with network.database.transaction(write=False) as session:
        assert len(session.execute(select(ReferralDraft)).all()) == 1


def test_somebody_elses_reference_is_a_missing_one_for_every_button(visitor: Visitor) -> None:
    network = visitor.network
    code = held.hold(network)
    visitor.become(held.OTHER)
    before = contents(network)
    for action in ("accepter", "question", "tentative", "fermer", "copier", "restreindre", "transferer"):
        there = visitor.post(f"/references/{code}/{action}", {"version": "1"})
        missing = visitor.post(f"/references/R-2222-22/{action}", {"version": "1"})
        assert there.status_code == missing.status_code == 404, action
        assert there.content == missing.content
        assert code not in there.text
    assert contents(network) == before
