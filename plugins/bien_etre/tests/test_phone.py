"""On a phone: a request under three minutes, a card of the night reserve in thirty seconds, a closing seen live.

A browser types faster than anybody: what is measured is what a person does (touches, characters, screens), and the
time is derived by the keystroke-level model (Card, Moran and Newell, « The keystroke-level model for user performance
time with interactive systems », Communications of the ACM 23(7), 1980): one mental preparation before each control, one
pointing for each touch, one key for each character. The key is a phone's: 36.2 words of five characters a minute, the
mean of 37,370 people (Palin and others, « How do people type on mobile devices? », MobileHCI 2019).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, select

from core.api import Choice, new_id
from core.testing import LiveServer
from core.testing.network import Network

from .. import models
from ..queries.money_access import standing_of
from ..rules.money import Route
from ..services import cards, committee, money, payments
from ..settings import REQUESTS
from . import voting as h

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
#: Seconds: mental preparation, pointing (1980); one character on a phone (2019); a screen that comes (network measure).
MENTAL, POINT, KEY, SCREEN = 1.35, 1.10, 60 / (36.2 * 5), 1.0
PHONE = {"width": 390, "height": 844}
#: What a person's hands do. A date and a list open the phone's own wheel: two touches more to choose, one to close.
COUNTER = """
const done = JSON.parse(window.name || '{"touches": 0, "typed": 0, "screens": 0, "scrolled": 0, "controls": []}');
done.screens += 1;
const keep = () => { window.name = JSON.stringify(done); };
const control = (name) => {
  const key = location.pathname + " " + name;
  if (!done.controls.includes(key)) done.controls.push(key);
};
document.addEventListener("pointerdown", (event) => {
  done.touches += 1;
  const field = event.target.closest("fieldset, input, select, textarea, button, a, summary, label");
  const name = field?.querySelector?.("input")?.name ?? field?.name ?? field?.textContent ?? "";
  control(name);
  keep();
}, true);
document.addEventListener("input", (event) => {
  const kind = event.target.type;
  if (kind === "date" || kind === "select-one") { done.touches += 3; control(event.target.name); }
  else if (event.inputType?.startsWith("insert")) done.typed += (event.data ?? " ").length;
  keep();
}, true);
let seen = 0;
document.addEventListener("scroll", (event) => {
  const at = event.target === document ? scrollY : event.target.scrollTop;
  if (at > seen) { done.scrolled += (at - seen) / innerHeight; seen = at; keep(); }
}, true);
keep();
"""


@dataclass(frozen=True)
class Effort:
    """What was done, and how long it takes (seconds)."""

    touches: int
    typed: int
    screens: int
    scrolled: float
    controls: int

    @property
    def seconds(self) -> float:
        swipes = ceil(self.scrolled * 2) * POINT
        return self.controls * MENTAL + self.touches * POINT + self.typed * KEY + self.screens * SCREEN + swipes


@contextmanager
def phone(browser: Browser, server: LiveServer, network: Network, persona: str, **options: Any) -> Iterator[Page]:
    """A worker's own phone, signed in."""
    context = browser.new_context(
        **{"viewport": PHONE, "locale": "fr-CA", "timezone_id": "America/Toronto", "has_touch": True, **options}
    )
    context.add_cookies([{"name": "arrimage", "value": network.token(persona), "url": server.url}])
    yield context.new_page()
    context.close()


def effort(page: Page) -> Effort:
    found = page.evaluate("JSON.parse(window.name)")
    return Effort(**{**found, "controls": len(found["controls"])})


def type_in(page: Page, label: str, text: str) -> None:
    field = page.get_by_label(label, exact=True)
    field.tap()
    field.press_sequentially(text)


def test_a_request_in_under_three_minutes(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    network.serve_plugins()
    server = live_server(network.app())
    with phone(browser, server, network, h.ASKER) as page:
        page.add_init_script(COUNTER)
        page.goto(server.url)
        page.get_by_role("link", name="Nouvelle demande").first.tap()
        page.get_by_text("Sécurité", exact=True).tap()
        type_in(page, "Montant, en dollars", "420,50")
        why = "Serrure à changer avant ce soir et deux nuits d’hébergement : il a encore la clé du logement."
        page.locator("#f-why_now").tap()
        page.locator("#f-why_now").press_sequentially(why)
        page.locator("#f-needed_by").fill("2026-11-26")
        page.locator("#f-age_band").select_option("18_24")
        page.locator("#f-area").select_option(index=1)
        page.get_by_text("Sans réponse", exact=True).tap()
        page.locator("#f-lafu_since").fill("2026-11-22")
        page.locator("#f-tried").tap()
        page.locator("#f-tried").press_sequentially("Deux organismes appelés, aucune place avant lundi.")
        page.get_by_text("Au fournisseur", exact=True).tap()
        page.get_by_role("button", name="Envoyer au comité").tap()
        expect(page.get_by_role("status").filter(has_text="La demande est envoyée")).to_be_visible()
        done = effort(page)
    assert (done.screens, 130 < done.typed < 170) == (3, True), done
    assert 18 <= done.touches <= 30, done
    assert 60 < done.seconds < 180, (done, done.seconds)
    with network.database.transaction(write=False) as session:
        assert session.scalars(select(models.AidRequest.amount_cents)).all() == [42_050]


def test_a_card_of_the_night_reserve_in_thirty_seconds(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    network.serve_plugins()
    partner, now = network.organisation("calacs-coup-de-coeur"), network.clock.now()
    with network.database.transaction() as session:
        chair = network.viewer(h.CHAIR)
        standing = standing_of(session, chair, "calacs-la-chrysalide", now)
        stock = new_id()
        session.execute(insert(models.CardStock).values(id=stock, label="Épicerie", face_cents=5_000, left_count=9))
        cards.authorise_reserve(session, chair, standing, partner, stock, 3, 10_000, now.date(), "", now)
    server = live_server(network.app())
    with phone(browser, server, network, "calacs-coup-de-coeur") as page:
        page.add_init_script(COUNTER)
        page.goto(server.url)
        page.get_by_role("link", name="Remettre une carte de la réserve de nuit").tap()
        page.get_by_role("button", name="Remettre 1 carte", exact=True).tap()
        expect(page.get_by_role("status").filter(has_text="C’est inscrit")).to_be_visible()
        done = effort(page)
        expect(page.locator("main input:not([type=hidden]), main textarea, main select")).to_have_count(0)
    # From her first page: two touches, nothing typed, no name asked; no second factor at night
    assert (done.touches, done.typed, done.screens) == (2, 0, 3), done
    assert done.seconds < 30, done.seconds
    with network.database.transaction(write=False) as session:
        assert session.scalars(select(models.CardHanding.cards)).all() == [1]
    # Nobody else's first page leads there
    with phone(browser, server, network, h.ASKER) as page:
        page.goto(server.url)
        expect(page.get_by_role("link", name="Remettre une carte")).to_have_count(0)


def test_the_requesters_page_and_a_members_page_both_change_at_the_closing(
    network: Network, live_server: Callable[[Any], LiveServer], browser: Browser
) -> None:
    """Two windows, nothing replaced: the envelope is real, the server carries the outcome out, both pages say so."""
    network.serve_plugins()
    with network.database.transaction() as session:
        keeper, now = network.viewer("calacs-chrysalide"), network.clock.now()
        standing = standing_of(session, keeper, "calacs-la-chrysalide", now)
        money.open_envelope(session, keeper, standing, 2026, "Fondation fictive", 90_000, (), now)
    request_id = h.sent(network)
    address = f"{REQUESTS}/{h.row(network, request_id).code}"
    app = network.app()
    server = live_server(app)
    desks = [h.desk(network, persona) for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4")]
    with (
        phone(browser, server, network, h.ASKER) as asking,
        phone(browser, server, network, "bien-etre-5", viewport={"width": 1280, "height": 900}) as member,
    ):
        for page in (asking, member):
            page.goto(server.url + address)
            expect(page.locator("[data-connection]")).to_have_text("En direct")
        expect(asking.get_by_text("En vote", exact=True)).to_be_visible()
        member.get_by_label("Oui, pour un autre montant").check()
        # A question arrives on the requester's page while the vote goes on
        with app.state.house.database.transaction() as session:
            committee.ask(session, desks[0], request_id, "La serrure est-elle commandée?")
        expect(asking.get_by_text("La serrure est-elle commandée?")).to_be_visible()
        with app.state.house.database.transaction() as session:
            for desk in desks:
                committee.vote(session, desk, request_id, choice=Choice.YES, amount=None, reason="")
        for page in (asking, member):
            expect(page.get_by_text("Acceptée", exact=True)).to_be_visible()
            expect(page.get_by_text("420,00").first).to_be_visible()
        expect(member.get_by_role("heading", name="Résultat")).to_be_visible()
        expect(member.get_by_role("radio")).to_have_count(0)
        # When the money leaves, her page says so by itself
        expect(asking.get_by_text("Versée", exact=True)).to_have_count(0)
        payers = [replace(keeper, user_id=new_id()) for _ in range(2)]
        code, paying = h.row(network, request_id).code, payments.Paying(Route.SUPPLIER, 42_000)
        with app.state.house.database.transaction() as session:
            first, second = (replace(desks[0], viewer=one) for one in payers)
            payment = payments.prepare_payment(session, first, standing, code, paying, "k")
            payments.confirm_payment(session, second, standing, payment)
        expect(asking.get_by_text("Versée", exact=True)).to_be_visible()
        # The requester sees the outcome, never the arithmetic nor the members
        expect(asking.get_by_text("Pour : 3")).to_have_count(0)
