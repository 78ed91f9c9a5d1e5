"""The demo's money and what watches over it: seeded once, figures exact for the committee, what is late told once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, table, update

from core.api import Base, ReportPeriod
from core.testing.network import visiting
from core.testing.statements import counted_statements

from .. import jobs_money, models, money_parts
from ..queries import cards as card_queries
from ..queries import figures
from ..queries import money as queries
from ..queries.oversight import tables
from ..rules.figures import WHYS, Why, hours, median, percentile, share
from ..seed_money import CHAIR, PARTNER, PAYER, VOTERS, seed_money
from ..services.keeping import erase_requests_before
from ..settings import Settings
from .test_money_pages import FUNDS


class Seeding:
    """What a plugin's seed gets, on this network."""

    def __init__(self, network: Any) -> None:
        self.now, self.keyring = network.clock.now(), network.keyring
        people = (CHAIR, PAYER, PARTNER, *VOTERS)
        self._viewers = {one: network.viewer(one) for one in people}
        self._organisations = {one: network.organisation(one) for one in ("calacs-coup-de-coeur", "ajrj")}

    def viewer(self, persona: str) -> Any:
        return self._viewers[persona]

    def organisation(self, key: str) -> UUID:
        return self._organisations[key]


def seeded(network: Any) -> None:
    network.serve_plugins()
    seeder = Seeding(network)
    with network.database.transaction() as session:
        seed_money(session, seeder, Settings())


def counts(session: Any) -> dict[str, int]:
    names = [name for name in Base.metadata.tables if name.startswith("bien_etre_")]
    return {name: session.scalar(select(func.count()).select_from(table(name))) for name in names}


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_the_demo_shows_every_state_of_the_money_and_adds_nothing_twice(network: Any, visitor: Any) -> None:
    seeded(network)
    now = network.clock.now()
    with network.database.transaction(write=False) as session:
        first = counts(session)
        pay = models.Payment
        assert set(session.scalars(select(pay.state))) == {"prepared", "paid", "reversed"}
        assert set(session.scalars(select(models.LedgerEntry.kind))) >= {
            "allot", "commit", "release", "pay", "card", "reverse",
        }  # fmt: skip
        assert {one.fiscal_year for one in queries.list_envelopes(session)} == {2025, 2026}
        assert {one.ratification for one in card_queries.list_handings(session, now)} == {"waiting", "ratified"}
        assert len(card_queries.list_stocks(session)) == len(card_queries.list_reserves(session)) == 2
        assert session.scalar(select(func.count()).select_from(models.Receipt)) == 2
        assert len(queries.list_carries(session, network.viewer("calacs-chrysalide"))) == 1
        late = figures.late(session, now - timedelta(hours=72))
        assert sorted(bool(one.code) for one in late) == [False, True]
        assert [one.category for one in figures.uncoded_refusals(session)] == ["other"]
    seeded(network)
    with network.database.transaction(write=False) as session:
        assert counts(session) == first
    # The persona of the holder confirms what an invented colleague prepared
    visitor.become("calacs-chrysalide")
    page = visitor.get(FUNDS).text
    for words in ("Attendent une deuxième personne", "Cartes de nuit à ratifier", "Pas ratifiée à temps", "À payer"):
        assert words in page
    confirm = re.search(r'action="([^"]+/confirmer)"', page)
    assert confirm is not None
    assert visitor.post(confirm.group(1)).status_code == 303
    for path, words in (
        ("/cartes", "Épicerie Exemple"),
        ("/grand-livre", "Renversement"),
        ("/enveloppes", "Report proposé"),
    ):
        assert words in visitor.get(FUNDS + path).text, path


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_oversight_is_exact_for_the_committee_and_masked_outside_it(network: Any, visitor: Any) -> None:
    seeded(network)
    now, address = network.clock.now(), f"{FUNDS}/suivi"
    for persona in ("police-repentigny", "communautaire-ajrj", "coordination-cresl", "ficesl-formation"):
        assert visitor.become(persona).get(address).status_code in (403, 404), persona
    with network.database.transaction(write=False) as session:
        found = figures.of_year(session, 2026)
        asked = session.execute(select(models.AidRequest.created_at, models.AidRequest.decided_at)).all()
        assert found.requests == len(asked) == 10
        spent = [int((row.decided_at - row.created_at).total_seconds()) for row in asked if row.decided_at is not None]
        assert (found.decided.median, found.decided.ninetieth) == (median(spent), percentile(spent, 90))
        assert found.refusals == {Why.ELSEWHERE: 1, "": 1}
        assert (found.lafu_first, found.lafu_share) == (7, 70)
        assert figures.of_year(session, 2025).requests == 0
        (uncoded,) = figures.uncoded_refusals(session)
    member = visitor.become("bien-etre-1").get(address)
    assert "70\u00a0% sont passées par LAFU d’abord" in member.text
    for shown in (hours(median(spent)), hours(found.paid.ninetieth)):
        assert re.search(rf">{shown}[ \u00a0]h<", member.text), shown
    assert member.text.count('<svg class="chart" role="img"') == 4
    assert "Pas ratifié à temps" in member.text
    assert "Raisons à inscrire" not in member.text  # by who presides
    coding = f"{address}/{uncoded.code}/raison"
    assert visitor.post(coding, {"why": "outside"}).status_code == 404
    visitor.become("bien-etre-presidence")
    assert "Raisons à inscrire" in visitor.get(address).text
    assert visitor.post(coding, {"why": "n’importe"}).status_code == 404
    for why in ("outside", "other"):  # said once, it stays
        assert visitor.post(coding, {"why": why}).status_code == 303
    chaired = visitor.get(address).text
    assert WHYS[Why.OUTSIDE] in chaired
    assert "Raisons à inscrire" not in chaired
    # Outside the committee: the report's tables, where the core hides small counts; no hours of a few
    period = ReportPeriod("year", date(2026, 4, 1), date(2027, 3, 31))
    with network.database.transaction(write=False) as session:
        made = {one.key: one for one in tables(session, period)}
        assert all(one.counted == {"Demandes"} for one in made.values())
        assert dict(made["by_reason"].rows) == {WHYS[Why.OUTSIDE]: 1, WHYS[Why.ELSEWHERE]: 1}
        decided, paid = made["delays"].rows
        assert decided == ("Décision", found.decided.count, hours(median(spent)), hours(percentile(spent, 90)))
        assert paid == ("Premier versement", found.paid.count, None, None)  # four
        quarter = tables(session, ReportPeriod("quarter", period.first_day, period.last_day))
        assert all(row[2:] == (None, None) for row in quarter[-1].rows)
    # What erases a request takes its reason along
    with network.database.transaction() as session:
        session.execute(update(models.AidRequest).values(ended_at=now))
        erase_requests_before(session, now + timedelta(days=1))
        assert session.scalar(select(func.count()).select_from(models.RefusalReason)) == 0


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_what_is_ratified_late_is_told_once_by_mail_and_on_the_home_page(network: Any) -> None:
    seeded(network)
    house, now, every = network.app().state.house, network.clock.now(), Base.metadata.tables
    mails, events, lines = every["outgoing_mail"], every["outbox_events"], every["journal_entries"]
    late = events.c.kind == "bien_etre.funds_changed"

    def state(session: Any) -> tuple[int, int, int]:
        said = lines.c.line.like("%bien_etre.ratification_late%")
        return (
            session.scalar(select(func.count()).select_from(mails)),
            session.scalar(select(func.count()).select_from(events).where(late)),
            session.scalar(select(func.count()).select_from(lines).where(said)),
        )

    with network.database.transaction() as session:
        before = state(session)
        jobs_money.tell_unratified(session, house, now)
        after = state(session)
        jobs_money.tell_unratified(session, house, now + timedelta(hours=1))
        assert state(session) == after
    # One message each to who presides and to the vice-chair; one line and one event for the request and for the cards
    assert after[0] - before[0] == 2
    assert after[2] - before[2] == 2
    assert after[1] > before[1]
    with visiting(network, persona="bien-etre-1") as visitor:
        card = visitor.get("/").text
        assert "2 ratifications en retard" in card
        assert f'href="{FUNDS}/suivi"' in card
        assert "en retard" not in visitor.become("ficesl-formation").get("/").text
    viewer = network.viewer("bien-etre-1")
    (shown,) = money_parts.cards_for(viewer, now, Settings())
    with network.database.transaction(write=False) as session, counted_statements() as sent:
        said = shown.context(session)  # type: ignore[operator]
    # The application's own jobs run beside it: only its own statements are counted
    own = [one for one in sent if "bien_etre_envelopes.amount_cents" in one or "FROM committees" in one]
    assert (said["late"], len(own)) == (2, 2)


def test_shares_and_hours_are_rounded() -> None:
    assert [share(*one) for one in ((0, 0), (1, 3), (2, 3), (1, 8), (5, 5))] == [None, 33, 67, 13, 100]
    assert [hours(one) for one in (None, 1799, 1800, 5400, 7199)] == [None, 0, 1, 2, 2]
    assert [median(one) for one in ([], [5], [1, 4], [9, 1, 5])] == [None, 5, 2, 5]
