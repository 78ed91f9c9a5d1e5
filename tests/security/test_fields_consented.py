"""S4: what is returned is within what she agreed to, for a thousand generated consents; before acceptance, codes only.

Every answer carries a mark `block~number~`: whatever is returned is searched for marks, whole, so that a field nobody
thought of counts too. What may be seen is kept by the test itself, apart from the project's own rules.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.consent.rules import CONSENT_BLOCKS, AgeBand, SenderMayLearn
from core.consent.services import ConsentMissing, renew_consent
from core.kernel.db import Database
from core.kernel.errors import Missing
from core.referrals import services
from core.referrals.models import Referral
from core.referrals.queries import lists
from core.referrals.rules.vocabulary import Kind
from core.referrals.services import Onward, send_onward
from tests.support.referrals import CLOCK, NOW, World, build, consent, send

BLOCKS = sorted(block.value for block in CONSENT_BLOCKS)
ANSWER = {"identity": "first_name", "contact": "phone", "safety": "if_someone_else", "follow_up": "partner"}
MARK = re.compile(r"([a-z_]+)~(\d+)~")
RENEWALS = 30
#: The only parts of a page that an outside sender gets after acceptance (rule §3 (6)).
SENDER_PARTS = {
    "code", "side", "kind", "channel", "version", "sender_status", "commands", "sender_name", "recipient_name",
    "urgent", "submitted_at", "claimed", "no_calls",
}  # fmt: skip


def marks(returned: Any) -> set[str]:
    """The blocks whose content is anywhere in what was returned, fields without `repr` included."""
    if is_dataclass(returned) and not isinstance(returned, type):
        returned = asdict(returned)
    return {block for block, _ in MARK.findall(str(returned))}


@contextmanager
def closing(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.dispose()


class Life:
    """One referral from sending to transfer; `agreed` is what she last said."""

    def __init__(self, session: Session, world: World, number: int, chance: random.Random) -> None:
        self.session, self.world, self.chance, self.number = session, world, chance, number
        self.consents = 0
        self.now = NOW
        self.learn = chance.choice(list(SenderMayLearn))
        self.blocks = self.subset()
        self.agreed = self.blocks

    def subset(self) -> frozenset[str]:
        self.consents += 1
        return frozenset(block for block in BLOCKS if self.chance.random() < 0.5)

    def content(self, blocks: frozenset[str]) -> dict[str, dict[str, str | list[str]]]:
        return {block: {ANSWER.get(block, "note"): f"{block}~{self.number}~"} for block in blocks}

    def given(self, recipient: str, purpose: str, blocks: frozenset[str]) -> Any:
        return consent(
            self.world,
            recipient,
            purpose,
            blocks=blocks,
            sender_may_learn=self.learn,
            obtained_at=self.now,
            age_band=AgeBand.FROM_25_TO_34,
        )

    def read(self, who: str, code: str) -> Any:
        return services.open_referral(self.session, self.world.keyring, self.world.viewer(who), code, self.now)

    def copy(self, who: str, code: str) -> str:
        return services.copy_for_our_record(self.session, self.world.keyring, self.world.viewer(who), code, self.now)

    def strangers_find_nothing(self, code: str, *names: str) -> None:
        for name in names:
            with pytest.raises(Missing):
                self.read(name, code)

    def lists_hold_codes_only(self) -> None:
        for name in ("police", "chrysalide", "coup_de_coeur"):
            viewer = self.world.viewer(name)
            pages = [lists.queue(self.session, viewer, self.now, which=which) for which in lists.QUEUE_LISTS]
            for page in (*pages, lists.sent(self.session, viewer, self.now)):
                assert marks(page) == set()

    def submit(self) -> str:
        extra = frozenset(BLOCKS) - self.blocks
        if extra and self.number % 10 == 0:
            # A form that would send one block more than she ticked is refused whole.
            more = self.content(self.blocks | {min(extra)})
            with pytest.raises(ConsentMissing), self.session.begin_nested():
                send(
                    self.session,
                    self.world,
                    consents=(self.given("chrysalide", "reference", self.blocks),),
                    blocks=more,
                )
        given = self.given("chrysalide", "reference", self.blocks)
        code = send(self.session, self.world, consents=(given,), blocks=self.content(self.blocks)).code
        assert marks(self.read("chrysalide", code)) == set()
        assert marks(self.read("police", code)) == self.blocks
        self.strangers_find_nothing(code, "coup_de_coeur", "maison")
        return code

    def accept(self, code: str) -> None:
        services.accept_referral(self.session, self.world.keyring, self.world.viewer("chrysalide"), code, self.now)
        assert marks(self.read("chrysalide", code)) == self.blocks
        self.sender_has_its_grant_only("police", code)

    def sender_has_its_grant_only(self, who: str, code: str) -> None:
        page = self.read(who, code)
        told = {name for name, value in asdict(page).items() if value not in (None, (), False, "")}
        assert told <= SENDER_PARTS, told - SENDER_PARTS
        assert marks(page) == set()
        assert page.sender_status.reached is None or self.learn is SenderMayLearn.REACHED
        if self.learn is SenderMayLearn.RECEIVED_ONLY:
            assert page.sender_status.status.value == "received"

    def renew(self, code: str) -> None:
        """She changes her mind: what closes is closed at once, what was never sent does not appear."""
        self.now += timedelta(minutes=1)
        self.agreed = self.subset()
        given = self.given("chrysalide", "reference", self.agreed)
        viewer = self.world.viewer("chrysalide")
        if self.consents % 5 == 0:
            services.renew_with_her(self.session, viewer, code, given, self.now)
        else:  # the version alone, without the line of history around it: three times faster
            found = self.session.execute(select(Referral.consent_id).where(Referral.code == code)).scalar_one()
            assert found is not None
            renew_consent(self.session, viewer, found, given, self.now)
        expected = self.agreed & self.blocks
        shown = self.copy("chrysalide", code) if self.consents % 2 else self.read("chrysalide", code)
        assert marks(shown) == expected

    def amend_what_closed(self, code: str) -> None:
        closed = self.blocks - self.agreed
        if closed:
            block = min(closed)
            with pytest.raises(ConsentMissing), self.session.begin_nested():
                services.amend_block(
                    self.session,
                    self.world.keyring,
                    self.world.viewer("chrysalide"),
                    code,
                    block,
                    {"note": "."},
                    "correction",
                    self.now,
                )

    def transfer(self, code: str) -> str:
        passed = self.subset()
        onward = Onward(
            key=f"onward-{self.number:06}",
            kind=Kind.TRANSFER,
            consent=self.given("coup_de_coeur", "transfer", passed),
        )
        viewer = self.world.viewer("chrysalide")
        child = send_onward(self.session, self.world.keyring, viewer, code, onward, clock=CLOCK, now=self.now).code
        held = self.agreed & self.blocks
        assert marks(self.read("coup_de_coeur", child)) == set()
        assert marks(self.read("chrysalide", child)) == held & passed
        assert marks(self.read("chrysalide", code)) == held
        self.strangers_find_nothing(child, "police", "maison")
        services.accept_referral(self.session, self.world.keyring, self.world.viewer("coup_de_coeur"), child, self.now)
        assert marks(self.read("coup_de_coeur", child)) == held & passed
        assert marks(self.copy("coup_de_coeur", child)) == held & passed
        self.sender_has_its_grant_only("chrysalide", child)
        self.sender_has_its_grant_only("police", code)
        assert marks(self.read("chrysalide", code)) == set()
        self.strangers_find_nothing(code, "coup_de_coeur", "maison")
        self.strangers_find_nothing(child, "police", "maison")
        return child

    def withdraw(self, code: str, child: str) -> None:
        services.withdraw_case(self.session, self.world.keyring, self.world.viewer("maison"), code, self.now)
        self.strangers_find_nothing(child, "coup_de_coeur", "police", "maison")
        for who, which in (("chrysalide", child), ("police", code)):
            self.sender_has_its_grant_only(who, which)

    def expire(self, child: str) -> None:
        self.now += timedelta(days=91)
        assert marks(self.read("coup_de_coeur", child)) == set()
        with pytest.raises(ConsentMissing), self.session.begin_nested():
            self.copy("coup_de_coeur", child)

    def live(self) -> None:
        code = self.submit()
        self.accept(code)
        for _ in range(RENEWALS):
            self.renew(code)
        self.amend_what_closed(code)
        child = self.transfer(code)
        if self.number % 2:
            self.withdraw(code, child)
        else:
            self.expire(child)
        if self.number % 20 == 0:
            self.lists_hold_codes_only()


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "consents"), [("sqlite_url", 1_000), ("pg_url", 50)])
def test_what_is_returned_is_within_what_she_agreed_to(
    request: pytest.FixtureRequest, keyring: Any, engine: str, consents: int
) -> None:
    chance = random.Random(4)
    asked = number = 0
    with closing(request.getfixturevalue(engine)) as database, database.transaction() as session:
        world = build(session, keyring)
        while asked < consents:
            life = Life(session, world, number, chance)
            life.live()
            asked += life.consents
            number += 1


def test_the_marks_are_seen_wherever_they_are(session: Session, keyring: Any) -> None:
    """The control: what a receiver rightly holds is found by the same search, in a block, an entry and a copy."""
    world = build(session, keyring)
    life = Life(session, world, 7, random.Random(1))
    life.blocks = frozenset(BLOCKS)
    life.learn = SenderMayLearn.STAGES
    code = life.submit()
    life.accept(code)
    assert marks(life.copy("chrysalide", code)) == set(BLOCKS)
    services.amend_block(
        session, keyring, world.viewer("chrysalide"), code, "situation", {"note": "autre"}, "correction", life.now
    )
    page = life.read("chrysalide", code)
    assert marks([asdict(entry) for entry in page.entries]) == {"situation"}
    assert marks(page) == set(BLOCKS)
