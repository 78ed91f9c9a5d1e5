"""S14, S15: a withdrawal against everything at once, on PostgreSQL, with real threads, thirty times.

The order is the journal's, whose chain every reading and every transition locks first: nothing that shows, copies,
opens or sends her words stands after the line of the withdrawal.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select

from core.consent.models import Consent, ConsentVersion
from core.journal.queries import access_history
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.kernel.errors import DomainError
from core.referrals import services
from core.referrals.models import BlockSeal, EscrowSeal, Referral, ReferralBlock, ReferralPreview
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import HELD, PENDING
from core.referrals.services import Onward, ReferralPage, send_onward
from tests.support.referrals import CLOCK, NOW, PHONE, WORD, World, accepted, build, consent, send

ROUNDS = 30
#: What the journal calls an act that shows, opens, changes or passes on her words.
USES = {"referral.read", "referral.accept", "referral.copy", "referral.onward", "referral.submit", "referral.amend"}
ENDS = {"referral.withdraw", "referral.suspend"}


class Round:
    """One referral, everyone at once, each in a thread and a transaction of its own."""

    def __init__(self, database: Database, world: World, number: int) -> None:
        self.database, self.world, self.number = database, world, number
        self.chance = random.Random(number)
        self.worker, self.police, self.other = (
            world.viewer(name) for name in ("chrysalide", "police", "coup_de_coeur")
        )
        self.withdrawn_at = float("inf")
        self.forms = 0
        with database.transaction() as session:
            self.code = (send if number % 3 == 0 else accepted)(session, world).code
            self.child = self.pass_on(session) if number % 3 == 2 else ""

    def pass_on(self, session: Any) -> str:
        given = consent(self.world, "coup_de_coeur", "transfer")
        self.forms += 1
        what = Onward(f"onward-{self.forms}-{self.number:04}", Kind.TRANSFER, given)
        return send_onward(session, self.world.keyring, self.worker, self.code, what, clock=CLOCK, now=NOW).code

    def acts(self) -> dict[str, Callable[[Any], Any]]:
        keyring, code = self.world.keyring, self.code
        found: dict[str, Callable[[Any], Any]] = {
            "read": lambda session: services.open_referral(session, keyring, self.worker, code, NOW),
            "read again": lambda session: services.open_referral(session, keyring, self.worker, code, NOW),
            "sender reads": lambda session: services.open_referral(session, keyring, self.police, code, NOW),
            "accept": lambda session: services.accept_referral(session, keyring, self.worker, code, NOW),
            "copy": lambda session: services.copy_for_our_record(session, keyring, self.worker, code, NOW),
            "onward": lambda session: self.pass_on(session),
            "amend": lambda session: services.amend_block(
                session, keyring, self.worker, code, "contact", {"phone": PHONE, "way": "phone"}, "safer", NOW
            ),
            "renew": lambda session: services.renew_with_her(session, self.worker, code, consent(self.world), NOW),
        }
        if self.child:
            found["next accepts"] = lambda session: services.accept_referral(
                session, keyring, self.other, self.child, NOW
            )
            found["next reads"] = lambda session: services.open_referral(session, keyring, self.other, self.child, NOW)
        return found

    def withdraw(self, session: Any) -> None:
        if self.number % 2:
            services.withdraw_case(session, self.world.keyring, self.world.viewer("maison"), self.code, NOW)
        else:
            services.withdraw_herself(session, self.world.keyring, self.code, WORD, NOW)

    def run(self) -> dict[str, tuple[float, Any]]:
        """Name → (when it began, its result or its refusal)."""
        works = {**self.acts(), "withdraw": self.withdraw}
        gate = threading.Barrier(len(works))
        pause = {name: self.chance.random() * 0.02 for name in works}

        def work(name: str) -> tuple[float, Any]:
            gate.wait()
            time.sleep(pause[name])
            begun = time.perf_counter()
            try:
                with self.database.transaction() as session:
                    result = works[name](session)
            except DomainError as refused:
                return begun, refused
            if name == "withdraw":
                self.withdrawn_at = time.perf_counter()
            return begun, result

        with ThreadPoolExecutor(len(works)) as pool:
            return dict(zip(works, pool.map(work, works), strict=True))

    def check(self, results: dict[str, tuple[float, Any]]) -> None:
        assert not isinstance(results["withdraw"][1], Exception), results["withdraw"]
        for name, (begun, result) in results.items():
            if begun > self.withdrawn_at and name != "sender reads":
                assert isinstance(result, DomainError), f"{name} began after the withdrawal's commit"
        for act in self.acts().values():
            self.gives_nothing(act)
        with self.database.transaction(write=False) as session:
            case = session.execute(select(Referral.case_id).where(Referral.code == self.code)).scalar_one()
            lines = access_history(session, case)
            ends = [place for place, line in enumerate(lines) if line.action in ENDS]
            late = [
                line.action for line in lines[min(ends) + 1 :] if line.action in USES and line.facts.get("blocks", True)
            ]
            assert late == []
            states = set(session.execute(select(Referral.state).where(Referral.case_id == case)).scalars())
            assert not states & {"submitted", "question", "accepted", "in_progress"}, states
            ids = select(Referral.id).where(Referral.case_id == case)
            blocks = select(ReferralBlock.id).where(ReferralBlock.referral_id.in_(ids))
            seals = select(func.count()).select_from(BlockSeal).where(BlockSeal.block_id.in_(blocks))
            assert session.execute(seals).scalar_one() == 0
            current = (
                select(ConsentVersion.status)
                .join(Consent, Consent.id == ConsentVersion.consent_id)
                .where(Consent.case_id == case, ConsentVersion.version == Consent.current_version)
            )
            assert "active" not in set(session.execute(current).scalars())
            if self.number % 2:
                for model in (ReferralBlock, ReferralPreview):
                    left = select(func.count()).select_from(model).where(model.referral_id.in_(ids))
                    assert session.execute(left).scalar_one() == 0
                escrow = select(func.count()).select_from(EscrowSeal).where(EscrowSeal.block_id.in_(blocks))
                assert session.execute(escrow).scalar_one() == 0

    def gives_nothing(self, act: Callable[[Any], Any]) -> None:
        """Refused, or the bare page of something over: no word of hers, no preview."""
        try:
            with self.database.transaction() as session:
                page = act(session)
        except DomainError:
            return
        assert isinstance(page, ReferralPage), page
        assert (page.blocks, page.preview, page.state in PENDING | HELD) == ((), None, False)
        assert not [entry for entry in page.entries if entry.text or entry.old]


@pytest.mark.slow
def test_thirty_withdrawals_against_everything_at_once(pg_url: str, keyring: Keyring) -> None:
    database = Database(pg_url)
    with database.transaction() as session:
        world = build(session, keyring)
    before = after = 0
    for number in range(ROUNDS):
        round_ = Round(database, world, number)
        results = round_.run()
        round_.check(results)
        succeeded = sum(not isinstance(result, Exception) for name, (_, result) in results.items())
        before += succeeded
        after += len(results) - succeeded
    # The control: both orders really happened
    assert before > ROUNDS * 2, before
    assert after > ROUNDS, after
    database.dispose()
