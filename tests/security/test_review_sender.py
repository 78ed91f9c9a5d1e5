"""What an outside sender learns by asking for what is no longer drawn for it; who is slowed; where her town stands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.accounts import rules
from core.accounts import services as services_of_accounts
from core.consent.rules import SenderMayLearn
from core.journal.models import JournalEntry
from core.kernel.errors import DomainError
from core.kernel.events import OutboxEvent
from core.referrals import services
from core.referrals.models import Referral
from core.referrals.rules.routing import Reason
from core.referrals.rules.words import FOLLOW_WORDS
from core.referrals.services.submission import enter_received
from tests.support.held import WORD
from tests.support.held import send as sent_by_police
from tests.support.referrals import CLOCK, NOW, accepted, build, consent, send, submission


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def _reached(session, world, code):
    services.log_attempt(session, world.viewer("chrysalide"), code, "reached", "phone", NOW)


def _closed(session, world, code):
    services.close_referral(session, world.viewer("chrysalide"), code, "served", NOW)


def _withdrawn(session, world, code):
    services.withdraw_case(session, world.keyring, world.viewer("maison"), code, NOW)


def _stopped(session, world, code):
    services.withdraw_herself(session, world.keyring, code, WORD, NOW)


ENDS: dict[str, Callable[..., None]] = {
    "accepted": lambda *_: None,
    "reached": _reached,
    "called no more": lambda session, world, code: services.stop_calls(session, world.keyring, code, WORD, NOW),
    "closed": _closed,
    "withdrawn": _withdrawn,
    "stopped by herself": _stopped,
}

SIDES = ("police", "chrysalide")

ASKED: dict[str, Callable[..., Any]] = {
    "retract": lambda session, world, who, code: services.retract_referral(session, who, code, NOW),
    "claim": lambda session, world, who, code: services.claim_referral(session, who, code, NOW),
    "accept": lambda session, world, who, code: services.accept_referral(session, world.keyring, who, code, NOW),
    "answer": lambda session, world, who, code: services.answer_receiver(session, world.keyring, who, code, "x", NOW),
    "close": lambda session, world, who, code: services.close_referral(session, who, code, "served", NOW),
    "restrict": lambda session, world, who, code: services.restrict_organisation(
        session, who, code, world.organisations["maison"], "safety", NOW
    ),
    "amend": lambda session, world, who, code: services.amend_preview(
        session, who, code, {"needs": ["legal"]}, "correction", NOW
    ),
}


@pytest.mark.parametrize("grant", list(SenderMayLearn))
def test_no_command_tells_a_sender_what_became_of_it(session, world, grant):
    """Reached, closed, withdrawn: whatever a former sender asks for, the refusal is the same in every state."""
    officer = world.viewer("police")
    answers: dict[str, set[tuple[int, str]]] = {name: set() for name in ASKED}
    for end in ENDS.values():
        sent = accepted(session, world, consents=(consent(world, sender_may_learn=grant),))
        end(session, world, sent.code)
        for name, ask in ASKED.items():
            with pytest.raises(DomainError) as refused:
                ask(session, world, officer, sent.code)
            answers[name].add((refused.value.status, refused.value.message))
    assert {name: len(seen) for name, seen in answers.items()} == dict.fromkeys(ASKED, 1)
    assert len(set.union(*answers.values())) == 1, "nor does the command asked for"


def test_a_senders_page_says_its_word_and_nothing_of_what_became_of_it(session, world):
    """Not who took it, not why it ended, not that a version or a button changed."""
    officer, words = world.viewer("police"), {}
    for grant in SenderMayLearn:
        pages = {}
        for name, end in ENDS.items():
            sent = accepted(session, world, consents=(consent(world, sender_may_learn=grant),))
            end(session, world, sent.code)
            page = services.open_referral(session, world.keyring, officer, sent.code, NOW)
            assert (page.version, page.claimed, page.commands, page.end_reason) == (0, "", frozenset(), None), name
            pages[name] = replace(page, code="")
        assert pages["closed"] == pages["withdrawn"] == pages["stopped by herself"], "ends alike"
        assert pages["accepted"] == pages["called no more"]
        words[grant] = len({page.sender_status for page in pages.values()})
        assert len({replace(page, sender_status=None) for page in pages.values()}) == 1
    assert words == {SenderMayLearn.RECEIVED_ONLY: 1, SenderMayLearn.STAGES: 2, SenderMayLearn.REACHED: 3}


def test_before_acceptance_the_sender_does_not_see_who_took_it(session, world):
    sent = send(session, world)
    services.claim_referral(session, world.viewer("chrysalide"), sent.code, NOW)
    services.stop_calls(session, world.keyring, sent.code, WORD, NOW)
    pages = [services.open_referral(session, world.keyring, world.viewer(who), sent.code, NOW) for who in SIDES]
    assert [(page.claimed, page.no_calls) for page in pages] == [("", False), ("me", True)]


def test_a_question_and_its_answer_are_told_to_both_sides_and_journaled(session, world):
    sent = send(session, world)
    worker, officer = (world.viewer(name) for name in ("chrysalide", "police"))
    services.ask_sender(session, world.keyring, worker, sent.code, "safe_moment", "", NOW)
    services.answer_receiver(session, world.keyring, officer, sent.code, "Le soir.", NOW)
    told = {event.kind: set(event.topics) for event in session.execute(select(OutboxEvent)).scalars()}
    sides = {f"org:{worker.organisation_id}", f"user:{officer.user_id}"}
    assert told["referral.question"] == told["referral.answer"] == sides
    noted = [json.loads(line)["action"] for line in session.execute(select(JournalEntry.line)).scalars()]
    assert sorted(noted) == ["referral.answer", "referral.ask", "referral.submit"]


def test_her_municipality_stands_nowhere_in_clear(session, world):
    """Why this recipient was proposed is kept by code and organisation; where she lives is not part of it."""
    reasons = (
        Reason("municipality_rule", ("Saint-Jacques", "La Chrysalide")),
        Reason("territory_unknown", ("Saint-Jacques", "La Chrysalide", "Coup de Cœur")),
        Reason("full", ("Coup de Cœur",)),
    )
    sent = send(session, world, municipality_code="63013", routing=reasons)
    kept = session.execute(select(Referral.routing).where(Referral.code == sent.code)).scalar_one()
    assert kept == [
        ["municipality_rule", "La Chrysalide"],
        ["territory_unknown", "La Chrysalide", "Coup de Cœur"],
        ["full", "Coup de Cœur"],
    ]
    page = services.open_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    assert "Saint-Jacques" not in repr(page)


def test_what_is_typed_for_an_officer_is_not_told_to_the_whole_service(session, world):
    """The police's fax entered by La Chrysalide: no officer's stream says a reference she or he may not open."""
    filled = submission(world, consents=(consent(world),))
    sent = enter_received(
        session,
        world.keyring,
        world.viewer("chrysalide"),
        filled,
        channel="fax",
        sender_id=world.organisations["police"],
        clock=CLOCK,
        now=NOW,
    )
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.code, NOW)
    events = session.execute(select(OutboxEvent.topics).where(OutboxEvent.ref == sent.code)).scalars()
    assert f"org:{world.organisations['police']}" not in {topic for topics in events for topic in topics}


@pytest.mark.parametrize(
    ("kind", "windows", "asks"),
    [
        ("follow", rules.FOLLOW_WINDOWS, "address"),
        ("withdraw", rules.WITHDRAWAL_WINDOWS, "person"),
        ("sign_in", rules.SIGN_IN_WINDOWS, "address"),
    ],
    ids=["follow", "withdraw", "sign_in"],
)
def test_whoever_insists_is_refused_alone(session, keyring, kind, windows, asks):
    """One machine, or one account, fills neither what everybody shares nor other people's codes and accounts."""

    def attempt(who: str, what: str) -> bool:
        subjects = dict.fromkeys(windows, what) | {asks: who, "everyone": ""}
        return services_of_accounts.too_many(session, keyring, kind, subjects, windows, NOW)

    refused = [attempt("insists", str(number)) for number in range(windows["everyone"].limit + 20)]
    assert refused.count(False) == windows[asks].limit
    assert not attempt("another", "another")
    for _ in range(20):
        attempt("insists", "hers")
    assert not attempt("another", "hers")


def test_her_word_is_not_found_by_trying_the_words_we_propose(visitor, network):
    """A colleague who reads the code cannot walk through the list of words, however patient; she is not slowed."""
    code = sent_by_police(network)
    for _ in range(3):
        for _ in range(8):
            assert visitor.post("/suivre", {"code": code, "word": WORD}).status_code == 200
        network.clock.advance(timedelta(minutes=16))
    tried = 0
    wrong = [word for word in FOLLOW_WORDS if word != WORD]
    for batch in range(3):
        network.clock.advance(timedelta(minutes=16))
        for word in wrong[batch * 10 : batch * 10 + 10]:
            tried += visitor.post("/suivre", {"code": code, "word": word}).status_code == 422
    assert tried == rules.FOLLOW_WINDOWS["code_by_day"].limit
