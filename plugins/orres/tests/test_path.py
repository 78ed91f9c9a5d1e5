"""A woman's path: each organisation sees its own steps and those she agreed to show, until something ends it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from core.api import Asking, ConsentMissing, Forbidden, Missing, Stale, Stopped
from core.testing import referrals as r
from core.testing.network import Network

from ..models import PathRow, StepFact, StepRow
from ..services import path
from . import path_samples as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
FIRST, SECOND, SENDER = "calacs-chrysalide", "calacs-coup-de-coeur", "communautaire-ajrj"


@pytest.fixture
def shared(network: Network) -> tuple[str, str]:
    """Two references of one person: Chrysalide holds the first, refers her on, Coup de cœur holds the second."""
    network.app()  # the purpose's wording is known once the application starts
    h.publish(network)
    code = r.a_referral(network, SENDER)
    r.accept_referral(network, FIRST, code)
    second = r.refer_onward(network, FIRST, code, "calacs-coup-de-coeur")
    r.accept_referral(network, SECOND, second)
    return code, second


def outbox(network: Network) -> list[tuple[str, str]]:
    """(topic, reference) of each event about a path, in order."""
    with network.database.transaction(write=False) as session:
        rows = session.execute(
            text("SELECT topics, ref FROM outbox_events WHERE kind = 'orres.path' ORDER BY id")
        ).all()
    read = [(json.loads(row.topics) if isinstance(row.topics, str) else row.topics, row.ref) for row in rows]
    return [(topic, reference) for topics, reference in read for topic in topics]


def test_each_organisation_sees_its_steps_and_those_she_agrees_to_show(
    network: Network, shared: tuple[str, str]
) -> None:
    code, second = shared
    h.mark(network, FIRST, code, "ecouter", "begun")
    h.mark(network, SECOND, second, "abri", "done")
    assert h.steps(h.read(network, FIRST, code)) == {"ecouter": "begun"}
    assert h.steps(h.read(network, SECOND, second)) == {"abri": "done"}
    # One way: what Chrysalide notes is shown to Coup de cœur, not the other way round.
    h.agree(network, FIRST, code, "calacs-coup-de-coeur")
    seen = h.read(network, SECOND, second)
    assert h.steps(seen) == {"abri": "done", "ecouter": "begun"}
    assert {name for name, _english in seen.organisations.values()} == {"CALACS Coup de cœur", "CALACS La Chrysalide"}
    assert h.steps(h.read(network, FIRST, code)) == {"ecouter": "begun"}
    # Each is told by the code of its own reference.
    before = len(outbox(network))
    h.mark(network, FIRST, code, "ecouter", "done", seen="begun")
    first, other = (network.organisation(slug) for slug in ("calacs-la-chrysalide", "calacs-coup-de-coeur"))
    assert set(outbox(network)[before:]) == {(f"org:{first}", code), (f"org:{other}", second)}
    before = len(outbox(network))
    h.mark(network, SECOND, second, "abri", "not_for_her", seen="done")
    assert set(outbox(network)[before:]) == {(f"org:{other}", second)}
    # The organisation that was shown them may stop it with her, as well as the one that shows them.
    h.stop(network, SECOND, second, "calacs-la-chrysalide")
    assert set(outbox(network)[before + 1 :]) == {(f"org:{first}", code), (f"org:{other}", second)}
    assert h.steps(h.read(network, SECOND, second)) == {"abri": "not_for_her"}
    h.stop(network, FIRST, code, "calacs-coup-de-coeur")
    # What she agreed to ends by itself too.
    h.agree(network, FIRST, code, "calacs-coup-de-coeur", valid_until=network.clock.now() + timedelta(days=2))
    assert "ecouter" in h.steps(h.read(network, SECOND, second))
    late = network.clock.now() + timedelta(days=2)
    assert "ecouter" not in h.steps(h.read(network, SECOND, second, late))
    # And nothing of it stands once her consent to the reference itself is over.
    with pytest.raises(Missing):
        h.read(network, SECOND, second, network.clock.now() + timedelta(days=91))


@SQLITE
def test_a_step_is_begun_done_not_for_her_and_undone(network: Network, shared: tuple[str, str]) -> None:
    code, _second = shared
    h.mark(network, FIRST, code, "ecouter", "begun")
    h.mark(network, FIRST, code, "ecouter", "begun", seen="begun")
    with pytest.raises(Stale):
        h.mark(network, FIRST, code, "ecouter", "done", seen="")
    h.mark(network, FIRST, code, "ecouter", "done", seen="begun")
    h.undo(network, FIRST, code, "ecouter")
    assert h.steps(h.read(network, FIRST, code)) == {"ecouter": "begun"}
    h.undo(network, FIRST, code, "ecouter")
    assert h.read(network, FIRST, code).empty
    with pytest.raises(path.NothingToUndo):
        h.undo(network, FIRST, code, "ecouter")
    for step in ("moment", "nowhere"):
        with pytest.raises(path.NoSuchStep):
            h.mark(network, FIRST, code, step)
    # A version that has no such step any more keeps the mark without its name; with another title, with that one.
    h.mark(network, FIRST, code, "ecouter")
    h.mark(network, FIRST, code, "abri")
    h.publish(network, {"abri": "Un toit", "suite": "La suite"}, number=2)
    view = h.read(network, FIRST, code)
    assert ([one.node.title for one in view.shown.done], len(view.shown.elsewhere)) == (["Un toit"], 1)
    with network.database.transaction(write=False) as session:
        lines = session.execute(text("SELECT line FROM journal_entries WHERE line LIKE '%\"orres.%' ORDER BY at"))
        read = [json.loads(one.line) for one in lines]
        kept = repr(session.execute(select(PathRow.__table__)).all() + session.execute(select(StepRow.__table__)).all())
    assert {one["action"] for one in read} == {"orres.step_marked", "orres.step_undone", "orres.path_read"}
    assert {one["subject"] for one in read} == {f"referral:{code}"}
    assert code not in kept


@SQLITE
def test_who_has_no_reference_in_hand_gets_a_page_that_does_not_exist(
    network: Network, shared: tuple[str, str]
) -> None:
    code, second = shared
    h.mark(network, FIRST, code, "ecouter")
    # The sender's part is over; others never had one; the coordination and a privacy officer read no path.
    for persona, reference in ((SENDER, code), (FIRST, second), (SECOND, code), ("police-repentigny", code)):
        with pytest.raises(Missing):
            h.read(network, persona, reference)
        with pytest.raises(Missing):
            h.mark(network, persona, reference, "abri")
    for wrong in ("R-2222-22", "nothing"):
        with pytest.raises(Missing):
            h.read(network, FIRST, wrong)
    # An agreement names somebody who knows of her, and is given as any other.
    with pytest.raises(path.NotAPartner):
        h.agree(network, FIRST, code, "police-repentigny")
    with pytest.raises(Stopped):
        h.agree(network, FIRST, code, "calacs-coup-de-coeur", age_band="12_13")
    with pytest.raises(Missing):
        h.stop(network, "police-repentigny", code, "calacs-la-chrysalide")
    with pytest.raises((Missing, Forbidden)):
        h.stop(network, "coordination-cresl", code, "calacs-la-chrysalide")
    h.stop(network, FIRST, code, "police-repentigny")
    # Somebody who must never learn of her loses the screen, whatever she agreed to before.
    h.agree(network, FIRST, code, "calacs-coup-de-coeur")
    r.set_aside(network, code, "calacs-coup-de-coeur")
    with pytest.raises(Missing):
        h.read(network, SECOND, second)
    # And nothing is agreed to with it any more: the page would say that it sees what it must never see.
    with pytest.raises(path.NotAPartner):
        h.agree(network, FIRST, code, "calacs-coup-de-coeur")
    before = len(outbox(network))
    h.mark(network, FIRST, code, "abri")
    assert {reference for _topic, reference in outbox(network)[before:]} == {code}


@SQLITE
def test_the_sender_follows_until_somebody_accepts_and_police_by_the_officer_alone(network: Network) -> None:
    network.app()
    h.publish(network)
    code = r.a_referral(network, "police-repentigny")
    h.mark(network, "police-repentigny", code, "ecouter")
    officer = network.viewer("police-repentigny").user_id
    assert outbox(network) == [(f"user:{officer}", code)]
    with pytest.raises(Missing):
        h.read(network, FIRST, code)
    h.agree(network, "police-repentigny", code, "calacs-la-chrysalide")
    r.accept_referral(network, FIRST, code)
    with pytest.raises(Missing):
        h.read(network, "police-repentigny", code)
    assert h.steps(h.read(network, FIRST, code)) == {"ecouter": "done"}
    # An organisation that leaves the network takes its steps with it.
    with network.database.transaction() as session:
        session.execute(text("UPDATE organisations SET status = 'suspended' WHERE slug = 'police-repentigny'"))
    assert h.steps(h.read(network, FIRST, code)) == {}


@SQLITE
def test_a_withdrawal_an_ending_and_time_leave_nothing(network: Network, shared: tuple[str, str]) -> None:
    code, second = shared
    h.mark(network, FIRST, code, "ecouter", "begun")
    h.mark(network, SECOND, second, "abri", "done")
    h.agree(network, FIRST, code, "calacs-coup-de-coeur")
    # By her own paper: gone at once, kept for the 72 hours during which she may undo it.
    r.withdraw_by_herself(network, code)
    for persona, reference in ((FIRST, code), (SECOND, second)):
        with pytest.raises(Missing):
            h.read(network, persona, reference)
    h.told(network, code, "referral.withdrawn")
    r.withdraw_by_herself(network, code, undo=True)
    assert h.steps(h.read(network, SECOND, second)) == {"abri": "done", "ecouter": "begun"}
    # One reference ends: the other goes on, and what she agreed to with it.
    r.close_referral(network, FIRST, code)
    h.told(network, code)
    with pytest.raises(Missing):
        h.read(network, FIRST, code)
    assert h.steps(h.read(network, SECOND, second)) == {"abri": "done", "ecouter": "begun"}
    r.withdraw_referral(network, SECOND, second)
    with pytest.raises(Missing):
        h.read(network, SECOND, second)
    with pytest.raises((Missing, ConsentMissing)):
        h.agree(network, SECOND, second, "calacs-la-chrysalide")
    h.told(network, second, "referral.withdrawn")
    with network.database.transaction(write=False) as session:
        assert (h.count(session, PathRow), h.count(session, StepRow)) == (0, 0)
        facts = session.execute(select(StepFact.node_key, StepFact.status, StepFact.ended_quarter)).all()
    assert sorted(tuple(one) for one in facts) == [("abri", "done", "2026T3"), ("ecouter", "begun", "2026T3")]


@SQLITE
def test_what_is_held_is_copied_for_who_holds_it_and_erased(network: Network, shared: tuple[str, str]) -> None:
    code, second = shared
    h.mark(network, FIRST, code, "ecouter", "begun")
    h.mark(network, SECOND, second, "abri", "done")
    now = network.clock.now()

    def about(organisation: str | None) -> Any:
        of = None if organisation is None else network.organisation(organisation)
        with network.database.transaction() as session:
            return path.path_of_case(session, code, Asking(network.keyring, now, of))

    (own,) = about("calacs-la-chrysalide")
    assert [(one["step"], one["status"]) for one in own.copy["steps"]] == [("ecouter", "begun")]
    assert about("police-repentigny") == ()
    (whole,) = about(None)
    assert len(whole.copy["steps"]) == 2
    with network.database.transaction() as session:
        assert path.path_of_case(session, f"user:{code}", None) == ()
        with pytest.raises(ValueError, match="who asks"):
            path.path_of_case(session, code, None)
        assert own.erase(session) == 1
        assert (h.count(session, PathRow), h.count(session, StepRow)) == (1, 1)
        # Nobody touched it for as long as content is kept.
        assert path.erase_paths_before(session, now) == 0
        assert path.erase_paths_before(session, now + timedelta(seconds=1)) == 1
        assert (h.count(session, PathRow), h.count(session, StepRow)) == (0, 0)
