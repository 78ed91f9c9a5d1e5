"""Ten payloads in Chromium: no dialog, no error of the content-security policy, on the pages that show them."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, expect

from core.referrals.services import answer_receiver, ask_sender, change_contact
from core.testing import LiveServer
from core.testing.network import Network
from tests.support import held
from tests.support.markup import PAYLOADS, RUN

#: One for each place a payload can break out of: text, textarea, attributes, addresses, template, live fragment.
CHOSEN = tuple(PAYLOADS[place] for place in (0, 4, 5, 15, 16, 20, 27, 30, 37, 44))


@pytest.mark.browser
@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_no_payload_runs(
    network: Network, browser: Browser, live_server: Callable[..., LiveServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = " ".join(CHOSEN)
    blocks = json.loads(json.dumps(held.BLOCKS))
    blocks["identity"]["first_name"] = CHOSEN[4]
    blocks["contact"] = {"way": "trusted_person", "trusted": typed, "phone": CHOSEN[7]}
    blocks["safety"]["if_someone_else"] = blocks["situation"]["note"] = typed
    monkeypatch.setattr(held, "BLOCKS", blocks)
    asked, taken = held.send(network), held.hold(network)
    now = network.clock.now()
    with network.database.transaction() as session:
        receiver = network.viewer(held.RECEIVER)
        ask_sender(session, network.keyring, receiver, asked, "other", typed, now)
        change_contact(session, network.keyring, taken, held.WORD, {"way": "trusted_person", "trusted": typed}, now)
    server = live_server(network.app())
    ran: list[str] = []
    visits = (
        (
            held.RECEIVER,
            ["/demandes", f"/references/{asked}", f"/references/{taken}", f"/references/{taken}/modifier/situation"],
        ),
        (held.POLICE, [f"/references/{asked}", f"/references/{asked}/recu", "/references"]),
        (
            None,
            ["/annuaire?q=" + "%20".join(one.replace("&", "%26").replace("#", "%23") for one in CHOSEN[:4]), "/suivre"],
        ),
    )
    for persona, paths in visits:
        context = browser.new_context(locale="fr-CA")
        if persona is not None:
            context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
        page = context.new_page()
        page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
        page.on(
            "console", lambda message: ran.append(message.text) if "Content Security Policy" in message.text else None
        )
        for path in paths:
            page.goto(server.url + path)
            page.wait_for_load_state("load")
            for field in page.locator("main :is(a, button, summary, input, textarea)").all()[:12]:
                if field.is_visible():
                    field.hover(force=True)
        if persona == held.RECEIVER:
            # The part that is refetched after an event goes through the page's own script
            page.goto(f"{server.url}/references/{asked}")
            expect(page.locator("[data-connection]")).to_contain_text("En direct")
            with network.database.transaction() as session:
                answer_receiver(session, network.keyring, network.viewer(held.POLICE), asked, f"Arrivé {typed}", now)
            expect(page.get_by_text("Arrivé <script>")).to_be_visible()
        context.close()
    assert ran == []


@pytest.mark.browser
def test_the_listeners_hear_what_runs(browser: Browser) -> None:
    """The control: the same payloads on a page that does not escape them."""
    page = browser.new_context().new_page()
    heard: list[str] = []
    page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
    for payload in (CHOSEN[0], CHOSEN[5], CHOSEN[3]):
        with page.expect_event("dialog"):
            page.set_content(f'<p>{payload}</p><input value="{payload}">')
    assert len(heard) >= 3
    assert set(heard) == {RUN.removeprefix("alert(").removesuffix(")")}
