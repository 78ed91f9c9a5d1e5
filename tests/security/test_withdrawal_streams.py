"""S16, small: sixty pages open on a real server; one withdrawal empties those concerned, and nothing follows it."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack

import httpx2
import pytest
from sqlalchemy import func, select

from core.kernel.events import OutboxEvent
from core.kernel.web import csrf
from core.referrals import services
from core.testing.network import Network
from core.testing.server import serving
from tests.support.fair import Watch
from tests.support.held import OTHER, POLICE, RECEIVER, THIRD, hold
from tests.support.live import only_when_told, stream

EACH = 15


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_sixty_open_pages_learn_of_a_withdrawal_and_then_hear_nothing(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_when_told(monkeypatch)
    code = hold(network)
    with network.database.transaction(write=False) as session:
        already = session.execute(select(func.count()).select_from(OutboxEvent)).scalar_one()
    app = network.app()
    people = {persona: [network.token(persona) for _ in range(EACH)] for persona in (RECEIVER, POLICE, OTHER, THIRD)}
    helper = network.token(THIRD)
    token = csrf.token_for(network.keyring.cookie_key("csrf"), helper)

    async def scenario(port: int) -> None:
        # Sending and accepting were committed before this server was there: it publishes them as it starts, to whoever
        # listens by then. The pages of this test are opened after that.
        async with asyncio.timeout(20):
            while app.state.house.hub.last_seq < already:
                await asyncio.sleep(0.01)
        page = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", verify=False)
        async with AsyncExitStack() as stack, page as browser:
            watch = stack.enter_context(Watch())
            open_pages = {
                persona: [
                    await stack.enter_async_context(stream(port, "", headers=f"Cookie: arrimage={one}\r\n"))
                    for one in tokens
                ]
                for persona, tokens in people.items()
            }
            assert {client.status for clients in open_pages.values() for client in clients} == {200}
            async with asyncio.timeout(20):
                while len(app.state.house.hub) < 4 * EACH:
                    await asyncio.sleep(0.01)
            browser.cookies.set("arrimage", helper)
            answer = await browser.post("/references/retrait", data={"_csrf": token, "code": code})
            answered = time.perf_counter()
            assert answer.status_code == 303
            delays = []
            for persona, kind in ((RECEIVER, "referral.closed"), (POLICE, "referral.status")):
                for client in open_pages[persona]:
                    (frame,) = await client.until(1, 20)
                    assert (frame.kind, frame.ref) == (kind, code)
                    delays.append(watch.between(answered, frame.at))
            # 250 ms on a machine of its own (`tests/web/test_live.py`); a shared one is given a second
            assert max(delays) < 1.0
            await asyncio.to_thread(try_everything, network, code)
            await asyncio.sleep(0.3)
            for persona, clients in open_pages.items():
                expected = 1 if persona in (RECEIVER, POLICE) else 0
                assert {len(client.frames) for client in clients} == {expected}, persona

    with serving(app) as server:
        asyncio.run(scenario(server.port))


def try_everything(network: Network, code: str) -> None:
    """What a worker who has not looked up yet would still click: refused, and told to nobody."""
    worker, now, keyring = network.viewer(RECEIVER), network.clock.now(), network.keyring
    for act in (
        lambda session: services.open_referral(session, keyring, worker, code, now),
        lambda session: services.log_attempt(session, worker, code, "reached", "phone", now),
        lambda session: services.copy_for_our_record(session, keyring, worker, code, now),
        lambda session: services.accept_referral(session, keyring, worker, code, now),
    ):
        with pytest.raises(Exception, match=r"fermée|introuvable"), network.database.transaction() as session:
            act(session)
    with network.database.transaction() as session:
        services.withdraw_case(session, keyring, network.viewer(THIRD), code, now)
