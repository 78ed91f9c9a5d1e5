"""Statement budgets: the live list in six statements, a referral's page in ten, whatever the number of rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core import features
from core.demo_requests import REQUESTS, RequestSeed, send_request
from core.referrals.models import Referral
from core.testing.network import Network, visiting
from core.testing.statements import counted_statements

BESIDE = ("job_leases", "outbox_events", "event_deliveries", "UPDATE stream_heads")


def spread(network: Network, copies: int) -> str:
    """Send the demo's requests `copies` times; the code of one that La Chrysalide has not answered."""
    now = network.clock.now() - timedelta(hours=1)
    with network.database.transaction() as session:
        for number in range(copies):
            seeds = tuple(_again(seed, number) for seed in REQUESTS)
            for seed in seeds:
                send_request(session, network.keyring, seed, now)
    with network.database.transaction(write=False) as session:
        return session.execute(
            select(Referral.code).where(Referral.idempotency_key == f"{REQUESTS[0].key}-0")
        ).scalar_one()


def _again(seed: RequestSeed, number: int) -> RequestSeed:
    return replace(seed, key=f"{seed.key}-{number}")


@pytest.mark.parametrize("copies", [1, 8])
def test_lists_and_pages_keep_their_budget(network: Network, copies: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same count with few rows and with many."""
    monkeypatch.setattr(features, "jobs", lambda _hooks: ())
    code = spread(network, copies)
    with visiting(network, persona="calacs-chrysalide") as visitor:
        visitor.get("/demandes")
        for path, budget in (("/demandes", 6), ("/references", 6), (f"/references/{code}", 10)):
            with counted_statements() as sent:
                answer = visitor.get(path)
            assert answer.status_code == 200
            # The dispatcher and the job runner work beside the request: their statements are not the page's.
            mine = [one for one in sent if not any(name in one for name in BESIDE)]
            assert len(mine) <= budget, "\n".join([path, *(" ".join(one.split())[:110] for one in mine)])
