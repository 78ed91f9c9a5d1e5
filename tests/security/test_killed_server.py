"""S34, small: a server killed amid submissions and acceptances loses nothing, doubles nothing, leaves no half.

An answer that the browser received is an acknowledgement. What got none is sent again with the same key, as a browser
does; in the end every request exists once, whole.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import func, select

from core.consent.models import Consent, ConsentVersion
from core.consent.rules import Attestation
from core.journal.queries import access_history
from core.kernel.clock import FixedClock
from core.kernel.events import OutboxEvent
from core.kernel.web import csrf
from core.referrals.models import BlockSeal, EscrowSeal, Referral, ReferralBlock, ReferralPreview
from core.testing.network import Network, fresh_network
from core.testing.server import free_port
from tests.support import killed_server
from tests.support.forking import Forking
from tests.support.held import OTHER

BLOCKS = {"contact", "identity", "situation"}
WORKERS = 3


class Gone(Exception):
    """The server died before it answered: nobody knows what was done."""


@dataclass
class Work:
    """What one worker asked, and what was acknowledged. Keys and codes in the order they were made."""

    network: Network
    number: int
    made: dict[str, str | None] = field(default_factory=dict)
    accepted: dict[str, bool] = field(default_factory=dict)
    lost_answers: int = 0

    def __post_init__(self) -> None:
        self.session = self.network.token(OTHER)
        self.token = csrf.token_for(self.network.keyring.cookie_key("csrf"), self.session)
        self.sender = str(self.network.organisation("centres-designes"))

    def post(self, port: int, path: str, data: dict[str, Any]) -> Any:
        try:
            # The machine's certificates are of no use here, and take longer to read than an answer
            return httpx2.post(
                f"http://127.0.0.1:{port}{path}",
                data={"_csrf": self.token, **data},
                headers={"Cookie": f"arrimage={self.session}"},
                timeout=60,
                verify=False,
            )
        except httpx2.TransportError as failure:
            self.lost_answers += 1
            raise Gone from failure

    def submit(self, port: int, key: str) -> str:
        self.made.setdefault(key, None)
        answer = self.post(
            port,
            "/demandes/saisir",
            {
                "_key": key,
                "channel": "fax",
                "received_on": "2026-11-24",
                "sender": self.sender,
                "municipality": "Joliette",
                "age_band": "25_34",
                "needs": ["support"],
                "first_name": "Aline",
                "phone": "450 555-0177",
                "times": ["evening"],
                "note": "Une phrase.",
                "consent_on": "2026-11-23",
                "blocks": sorted(BLOCKS),
                "attestation": [item.value for item in Attestation],
            },
        )
        assert answer.status_code == 303, answer.text[:2000]
        code = answer.headers["location"].split("/")[2]
        assert self.made[key] in (None, code), "the same key gave two answers"
        self.made[key] = code
        return str(code)

    def accept(self, port: int, code: str) -> None:
        """409: an acceptance whose answer was lost had been done."""
        again = code in self.accepted
        self.accepted.setdefault(code, False)
        answer = self.post(port, f"/references/{code}/accepter", {})
        assert answer.status_code == 303 or (again and answer.status_code == 409), answer.status_code
        self.accepted[code] = True

    def go_on(self, port: int) -> None:
        """First what was not answered, with its own key; then new ones until the server dies."""
        with suppress(Gone):
            for key in [key for key, code in self.made.items() if code is None]:
                self.submit(port, key)
            for code in [code for code, done in self.accepted.items() if not done]:
                self.accept(port, code)
            while True:
                code = self.submit(port, f"form-{self.number}-{len(self.made):06}")
                if len(self.made) % 2:
                    self.accept(port, code)

    def finish(self, port: int) -> None:
        """The last server is not killed: whatever is left gets its answer."""
        for key in [key for key, code in self.made.items() if code is None]:
            self.submit(port, key)
        for code in [code for code, done in self.accepted.items() if not done]:
            self.accept(port, code)


@contextmanager
def nursery(network: Network, forking: Forking) -> Iterator[Any]:
    """`start() -> (process id, port)`: a server ready to answer."""
    parent = forking.start(killed_server.PARENT, network.url, network.settings.master_key_file)

    def start() -> tuple[int, int]:
        port = free_port()
        parent.stdin.write(f"serve {port}\n")
        parent.stdin.flush()
        child = int(parent.stdout.readline())
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            with suppress(httpx2.TransportError):
                httpx2.get(f"http://127.0.0.1:{port}/connexion", timeout=60, verify=False)
                return child, port
            time.sleep(0.02)
        raise AssertionError("the server did not start")

    with parent:
        yield start
        parent.stdin.close()
        assert parent.wait() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("engine", "kills"), [("sqlite", 8), ("postgresql", 5)])
def test_a_killed_server_loses_nothing_and_doubles_nothing(
    engine: str, kills: int, tmp_path: Path, clock: FixedClock, forking: Forking
) -> None:
    chance = random.Random(34)
    with fresh_network(engine, tmp_path, clock) as network, nursery(network, forking) as start:
        workers = [Work(network, number) for number in range(WORKERS)]
        for _ in range(kills):
            child, port = start()
            threads = [threading.Thread(target=worker.go_on, args=(port,)) for worker in workers]
            for thread in threads:
                thread.start()
            time.sleep(0.05 + chance.random() * 0.25)
            os.kill(child, signal.SIGKILL)
            for thread in threads:
                thread.join()
        _, port = start()
        for worker in workers:
            worker.finish(port)
        assert sum(worker.lost_answers for worker in workers) >= kills, "the kills fell in the middle of work"
        check(network, workers)


def check(network: Network, workers: list[Work]) -> None:
    made = {key: code for worker in workers for key, code in worker.made.items()}
    accepted = {code for worker in workers for code in worker.accepted}
    assert None not in made.values()
    assert len(set(made.values())) == len(made), "two forms, one referral"
    with network.database.transaction(write=False) as session:
        rows = {
            row.idempotency_key: row
            for row in session.execute(select(Referral.__table__).where(Referral.idempotency_key.in_(list(made))))
        }
        origin = network.organisation("calacs-coup-de-coeur")
        stray = (
            select(func.count()).select_from(Referral).where(Referral.origin_id == origin, Referral.state == "draft")
        )
        assert session.execute(stray).scalar_one() == 0, "a half-made form"
        assert {key: row.code for key, row in rows.items()} == made
        codes = list(made.values())
        told = session.execute(
            select(OutboxEvent.ref, OutboxEvent.kind, func.count())
            .where(OutboxEvent.ref.in_(codes))
            .group_by(OutboxEvent.ref, OutboxEvent.kind)
        )
        events = {(ref, kind): count for ref, kind, count in told}
        for row in rows.values():
            whole(session, row, origin, accepted=row.code in accepted)
            assert events.get((row.code, "referral.submitted")) == 1
            assert events.get((row.code, "referral.accepted"), 0) == (row.code in accepted)


def whole(session: Any, row: Any, origin: UUID, *, accepted: bool) -> None:
    """Everything a referral of this state has, and nothing it has not."""
    assert row.state == ("accepted" if accepted else "submitted")
    status = session.execute(
        select(ConsentVersion.status)
        .join(Consent, Consent.id == ConsentVersion.consent_id)
        .where(Consent.id == row.consent_id, ConsentVersion.version == Consent.current_version)
    ).scalar_one()
    assert status == "active"
    assert session.execute(select(ReferralPreview.area_code).where(ReferralPreview.referral_id == row.id)).scalar_one()
    blocks = dict(
        session.execute(select(ReferralBlock.id, ReferralBlock.kind).where(ReferralBlock.referral_id == row.id)).all()
    )
    assert set(blocks.values()) == {*BLOCKS, "thread"}
    sealed = set(
        session.execute(
            select(BlockSeal.block_id).where(BlockSeal.block_id.in_(blocks), BlockSeal.organisation_id == origin)
        ).scalars()
    )
    waiting = set(session.execute(select(EscrowSeal.block_id).where(EscrowSeal.block_id.in_(blocks))).scalars())
    content = {block for block, kind in blocks.items() if kind != "thread"}
    assert (content & sealed, content & waiting) == ((content, set()) if accepted else (set(), content))
    actions = [line.action for line in access_history(session, row.case_id)]
    assert actions.count("referral.submit") == 1, actions
    assert actions.count("referral.accept") == accepted, actions
