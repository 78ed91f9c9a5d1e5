"""S4 through the pages: ten generated consents; page, fragment, copy, receipt, list and refusal are searched."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from typing import Any

import pytest

from core.consent import wordings
from core.consent.rules import AgeBand, SenderMayLearn
from core.consent.services import ConsentInput
from core.kernel.db import new_id
from core.referrals import services
from core.referrals.rules.clocks import ClockSettings
from core.referrals.services.checking import Submission
from core.testing.network import Network, Visitor
from tests.support.held import (
    EVERY_POINT,
    OFFICER,
    OTHER,
    POLICE,
    RECEIVER,
    THIRD,
    accept,
    agreement,
    row,
    wording_in,
)

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
#: Blocks a form can send, with the answer that carries the mark.
ANSWER = {
    "contact": "trusted",
    "safety": "if_someone_else",
    "identity": "first_name",
    "situation": "note",
    "judicial": "note",
}
MARK = re.compile(r"Mq([a-z]+)qz")
ALL = frozenset(ANSWER)


def marks(answer: Any) -> set[str]:
    """The blocks whose words are anywhere in an answer, headers included."""
    return set(MARK.findall(answer.text + str(answer.headers)))


class Walk:
    """One referral walked by everyone, page by page."""

    def __init__(self, network: Network, visitor: Visitor, chance: random.Random, *, everything: bool = True) -> None:
        self.network, self.visitor, self.chance, self.everything = network, visitor, chance, everything
        self.blocks = frozenset(block for block in ANSWER if chance.random() < 0.6) | {"contact"}
        self.learn = chance.choice(list(SenderMayLearn))
        self.code = self.send()

    def send(self) -> str:
        now = self.network.clock.now()
        given = ConsentInput(
            recipient_id=self.network.organisation("calacs-la-chrysalide"),
            blocks=self.blocks,
            age_band=AgeBand.FROM_25_TO_34,
            wording_sha256=wordings.current_wording("reference", "fr").sha256,
            attestation=frozenset(EVERY_POINT),
            sender_may_learn=self.learn,
            obtained_at=now,
            valid_until=now + timedelta(days=90),
        )
        filled = Submission(
            key=f"form-{new_id()}",
            municipality_code="60013",
            age_band=AgeBand.FROM_25_TO_34.value,
            needs=frozenset({"support"}),
            consents=(given,),
            blocks={block: {ANSWER[block]: f"Mq{block}qz"} for block in self.blocks},
            follow_word="tournesol",
        )
        with self.network.database.transaction() as session:
            police = self.network.viewer(POLICE)
            sent = services.submit_referral(
                session, self.network.keyring, police, filled, clock=ClockSettings(), now=now
            )
        return sent.code

    def post(self, path: str, data: dict[str, Any] | None = None) -> Any:
        """POST with the token of this browser, read once."""
        return self.visitor.http.post(path, data={"_csrf": self.token, **(data or {})}, follow_redirects=False)

    def become(self, persona: str) -> None:
        """Sign in."""
        self.visitor.become(persona)
        self.token = self.visitor.csrf()

    def stranger_pages(self, code: str) -> list[Any]:
        """What someone without any right to it would ask first."""
        page = f"/references/{code}"
        return [
            self.visitor.get(page),
            self.visitor.get(page, headers={"X-Fragment": "1"}),
            self.post(f"{page}/copier"),
            self.visitor.get(f"{page}/consentement"),
            self.post(f"{page}/modifier/situation", {"reason": "forged", "note": "…"}),
        ]

    def pages(self, code: str) -> list[Any]:
        """Everything else that this browser can ask of a referral, and what it is refused."""
        get, post, page = self.visitor.get, self.post, f"/references/{code}"
        return [
            *self.stranger_pages(code),
            get(f"{page}/recu"),
            get(f"{page}/modifier"),
            get(f"{page}/transferer"),
            post(f"{page}/question", {"question": "forged", "text": "…"}),
            post(f"{page}/fermer", {"outcome": "forged"}),
            post(f"{page}/accepter", {"version": "0"}),
            get("/demandes"),
            get("/demandes", headers={"X-Fragment": "1"}),
            get("/references"),
            get("/"),
        ]

    def seen_by(self, persona: str, code: str, *, concerned: bool = False) -> set[str]:
        self.become(persona)
        answers = self.pages(code) if concerned and self.everything else self.stranger_pages(code)
        return set().union(*(marks(answer) for answer in answers))

    def pass_on(self) -> tuple[str, frozenset[str]]:
        passed = frozenset(block for block in self.blocks if self.chance.random() < 0.6) | {"contact"}
        recipient = str(self.network.organisation("calacs-coup-de-coeur"))
        self.visitor.become(RECEIVER)
        page = self.visitor.get(f"/references/{self.code}/transferer?kind=transfer&recipient={recipient}")
        assert marks(page) == self.blocks, "what would be seen is shown before she agrees"
        form = agreement(kind="transfer", recipient=recipient, wording=wording_in(page.text), blocks=sorted(passed))
        answer = self.visitor.post(f"/references/{self.code}/transferer", form)
        assert answer.status_code == 303, answer.text
        assert marks(self.visitor.get(answer.headers["location"])) == set()
        return answer.headers["location"].split("/")[2], passed

    def walk(self) -> None:
        code = self.code
        assert self.seen_by(RECEIVER, code, concerned=True) == set(), "before acceptance: closed codes only"
        assert self.seen_by(POLICE, code, concerned=True) == self.blocks
        assert row(self.network, code).state == "submitted", "a forged version accepts nothing"
        accept(self.network, RECEIVER, code)
        assert self.seen_by(RECEIVER, code, concerned=True) == self.blocks
        assert self.seen_by(POLICE, code, concerned=True) == set()
        for persona in (THIRD, OTHER, OFFICER, "admin-chrysalide", "coordination-cresl"):
            assert self.seen_by(persona, code) == set(), persona
        child, passed = self.pass_on()
        assert self.seen_by(OTHER, child) == set()
        accept(self.network, OTHER, child)
        assert self.seen_by(OTHER, child, concerned=True) == passed
        assert self.seen_by(RECEIVER, code, concerned=True) == set()
        for persona, which in ((RECEIVER, child), (POLICE, code), (POLICE, child), (OTHER, code)):
            assert self.seen_by(persona, which) == set(), (persona, which)
        self.visitor.become(THIRD).post("/references/retrait", {"code": code})
        assert self.seen_by(OTHER, child) == set()


@ONE_ENGINE
@pytest.mark.slow
def test_no_page_shows_more_than_she_agreed_to(
    network: Network, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A single person withdraws for several women here: the throttle of codes has its own tests
    monkeypatch.setattr("core.referrals.pages.withdrawal.too_many", lambda *_: False)
    chance = random.Random(44)
    consents = 0
    while consents < 10:
        # Every third referral is walked through all the pages, the others through those that show her words
        Walk(network, visitor, chance, everything=consents % 6 == 0).walk()
        consents += 2


@ONE_ENGINE
def test_a_sender_that_may_know_it_was_received_gets_the_same_page_whatever_happens(
    network: Network, visitor: Visitor
) -> None:
    """*Reçue seulement*, and *fermée*: byte for byte the page of a referral held, closed or withdrawn."""
    for learn, equal in (
        (SenderMayLearn.RECEIVED_ONLY, ("held", "closed", "withdrawn")),
        (SenderMayLearn.STAGES, ("closed", "withdrawn")),
    ):
        shown: dict[str, str] = {}
        for what in ("held", "closed", "withdrawn"):
            walk = Walk(network, visitor, Fixed(learn))
            accept(network, RECEIVER, walk.code)
            with network.database.transaction() as session:
                now, worker = network.clock.now(), network.viewer(RECEIVER)
                if what == "closed":
                    services.close_referral(session, worker, walk.code, "served", now)
                if what == "withdrawn":
                    services.withdraw_case(session, network.keyring, worker, walk.code, now)
            visitor.become(POLICE)
            page = visitor.get(f"/references/{walk.code}").text
            listed = visitor.get("/references", headers={"X-Fragment": "1"}).text
            (line,) = re.findall(rf'<li data-key="{walk.code}">.*?</li>', listed, re.S)
            text = re.sub(r'(name="_csrf" value|data-live-cursor|data-session)="[^"]*"', "", page + line)
            shown[what] = text.replace(walk.code, "R")
        assert len({shown[what] for what in equal}) == 1, learn


class Fixed(random.Random):
    """Every block, and one choice."""

    def __init__(self, chosen: SenderMayLearn) -> None:
        super().__init__(0)
        self.chosen = chosen

    def random(self) -> float:
        return 0.0

    def choice(self, _among: Any) -> Any:
        return self.chosen
