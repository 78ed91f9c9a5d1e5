"""The whole story on a running server, nothing replaced: requests, sealed votes, envelopes, two payers, receipts; then
everything at once. What the server does by itself (subscribers) is only waited for."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select, text

from core.api import Choice, close_vote, closed_vote, new_id
from core.testing import in_loop
from core.testing.network import Network, Visitor, visiting
from core.testing.referrals import a_referral, withdraw_referral
from core.testing.votes import copy_votes

from .. import models
from ..queries.money_access import standing_of
from ..rules.money import Entry
from ..services import committee, keeping, money, requests, rounds
from ..services.rounds import NotNow
from ..settings import HOME, REQUESTS
from . import voting as h
from .test_consent import consent
from .test_money_pages import PDF, colleague

FUNDS = f"{HOME}/fonds"
PARTNER = "police-repentigny"
CARDS = "calacs-coup-de-coeur"


def until(met: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what the server does by itself."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


class Story:
    """One partner, one committee, one fund, through their pages."""

    def __init__(self, network: Network, browser: Visitor) -> None:
        self.network, self.browser, self.payers = network, browser, ("calacs-chrysalide", colleague(network))
        area = re.search(r'<option value="(mrc-\w+)"', browser.become(PARTNER).get(f"{REQUESTS}/nouvelle").text)
        assert area is not None
        self.form = {
            "age_band": "18_24",
            "area": area.group(1),
            "category": "food",
            "needed_by": "2026-11-27",
            "why_now": "Plus rien à manger jusqu’à lundi.",
            "lafu": "not_asked",
            "lafu_detail": "Fermé jusqu’à lundi.",
            "payment": "supplier",
        }

    def post(self, persona: str, path: str, status: int, data: dict[str, Any], **more: Any) -> Any:
        answer = self.browser.become(persona).post(path, data, **more)
        assert answer.status_code == status, (path, answer.status_code, answer.text[-3000:])
        return answer

    def ask(self, amount: str, **changes: str) -> UUID:
        """A request of the partner; its id."""
        form = {**self.form, "amount": amount, "_key": f"histoire-{amount}", **changes}
        page = self.post(PARTNER, REQUESTS, 303, form).headers["location"]
        return self.one(select(models.AidRequest.id).where(models.AidRequest.code == page.rsplit("/", 1)[1]))

    def page(self, request_id: UUID) -> str:
        return f"{REQUESTS}/{h.row(self.network, request_id).code}"

    def vote(self, request_id: UUID, *ballots: tuple[str, str, str]) -> None:
        for persona, choice, amount in ballots:
            said = {"choice": choice, "amount": amount} if amount else {"choice": choice}
            self.post(persona, self.page(request_id) + "/bulletin", 303, said)

    def state(self, request_id: UUID, state: str) -> models.AidRequest:
        until(lambda: h.row(self.network, request_id).state == state)
        return h.row(self.network, request_id)

    def pay(self, request_id: UUID, amount: str) -> UUID:
        """Prepared by one, confirmed by the other."""
        code, (first, second) = h.row(self.network, request_id).code, self.payers
        prepared = {"amount": amount, "route": "supplier", "_key": f"{code}-{amount}"}
        self.post(first, f"{FUNDS}/demandes/{code}/preparer", 303, prepared)
        paying = models.Payment.prepared_at.desc()
        payment = self.one(select(models.Payment.id).where(models.Payment.state == "prepared").order_by(paying))
        self.post(first, f"{FUNDS}/paiements/{payment}/confirmer", 403, {})
        self.post(second, f"{FUNDS}/paiements/{payment}/confirmer", 303, {})
        return payment

    def one(self, statement: Any) -> Any:
        with self.network.database.transaction(write=False) as session:
            return session.scalar(statement)

    def erased(self) -> int:
        """How many requests lose their texts when whatever ended up to now is old enough."""
        with self.network.database.transaction() as session:
            return keeping.erase_texts_before(session, self.network.clock.now() + timedelta(seconds=1))

    def balance(self) -> tuple[int, int, int]:
        """(received, held, paid) in cents, after checking that the ledger says the same."""
        table, line = models.Envelope, models.LedgerEntry
        with self.network.database.transaction(write=False) as session:
            of = {
                Entry(kind): int(cents)
                for kind, cents in session.execute(select(line.kind, func.sum(line.amount_cents)).group_by(line.kind))
            }
            row = session.execute(
                select(func.sum(table.amount_cents), func.sum(table.held_cents), func.sum(table.paid_cents))
            ).one()
            for_requests = session.scalar(
                select(func.sum(line.amount_cents)).where(line.kind == "pay", line.commitment_id.is_not(None))
            )
        gone = of.get(Entry.RELEASE, 0) + (for_requests or 0)
        assert row == (of[Entry.ALLOT], of.get(Entry.COMMIT, 0) - gone, of.get(Entry.PAY, 0))
        assert row[1] + row[2] <= row[0]
        return tuple(int(one) for one in row)  # type: ignore[return-value]


def test_from_a_partners_request_to_a_receipt_and_every_other_end(network: Network) -> None:
    network.serve_plugins()
    with visiting(network) as browser:
        story = Story(network, browser)
        story.post("calacs-chrysalide", f"{FUNDS}/enveloppes", 303,
                   {"funder": "Fondation fictive", "year": "2026", "amount": "1000"})  # fmt: skip

        # Yes, for another amount: the highest that three approvals support.
        asked = story.ask("420")
        story.vote(asked, ("bien-etre-1", "yes", ""), ("bien-etre-2", "other", "300"), ("bien-etre-4", "other", "350"))
        before = browser.become("bien-etre-5").get(story.page(asked)).text
        assert "300,00" not in before
        assert "350,00" not in before
        story.vote(asked, ("bien-etre-5", "other", "375"), ("bien-etre-3", "no", ""))
        accepted = story.state(asked, "accepted")
        assert accepted.granted_cents == 35_000
        assert story.balance() == (100_000, 35_000, 0)
        assert "350,00" in browser.become(PARTNER).get(story.page(asked)).text
        story.pay(asked, "200")
        assert story.erased() == 0  # something is left to pay: what it is for is still read
        payment = story.pay(asked, "150")
        assert story.erased() == 1
        receipt = {"files": {"file": ("recu.pdf", PDF, "application/pdf")}}
        story.post(story.payers[1], f"{FUNDS}/paiements/{payment}/recus", 303, {"amount": "150"}, **receipt)
        assert story.balance() == (100_000, 0, 35_000)
        # Paid: nobody withdraws any more.
        paid = h.row(network, asked)
        assert paid.paid_at is not None
        late = story.post(PARTNER, story.page(asked) + "/retrait", 409, {"version": str(paid.version)})
        assert "déjà versée" in late.text

        # Refused: nothing is committed.
        refused = story.ask("150")
        story.vote(refused, *((f"bien-etre-{number}", "no", "") for number in (1, 2, 4, 5)))
        story.state(refused, "refused")
        assert story.balance() == (100_000, 0, 35_000)

        # In urgency: two organisations sign, the committee is late, and it is shown.
        urgent = story.ask("100", urgent="true", lafu_detail="")
        for persona in ("bien-etre-1", "bien-etre-2"):
            story.post(persona, story.page(urgent) + "/signature", 303, {"version": "1"})
        assert story.state(urgent, "accepted").ratification == "waiting"
        assert story.balance() == (100_000, 10_000, 35_000)
        h.later(network, hours=73)
        seen = browser.become("bien-etre-4").get(story.page(urgent)).text
        assert "À ratifier par le comité" in seen
        assert "Pas ratifiée à temps" in seen
        assert "Pas ratifiée à temps" in browser.get(REQUESTS).text
        story.pay(urgent, "100")
        assert story.balance() == (100_000, 0, 45_000)

        # At night: cards bought by two, kept by a partner, handed on one worker's word, ratified later.
        first, second = story.payers
        envelope = story.one(select(models.Envelope.id))
        bought = {"envelope": str(envelope), "label": "Épicerie", "face": "50", "cards": "4", "_key": "achat"}
        story.post(first, f"{FUNDS}/cartes", 303, bought)
        purchase = story.one(select(models.Payment.id).where(models.Payment.state == "prepared"))
        story.post(second, f"{FUNDS}/paiements/{purchase}/confirmer", 303, {})
        stock = story.one(select(models.CardStock.id))
        until_day = {"until": "2026-12-20", "cap": "150", "cards": "3", "stock": str(stock), "decision": ""}
        partner = {"organisation": str(network.organisation("calacs-coup-de-coeur"))}
        story.post(h.CHAIR, f"{FUNDS}/reserves", 303, {**until_day, **partner})
        reserve = story.one(select(models.CardReserve.id))
        story.post(CARDS, f"{FUNDS}/reserve", 303, {"reserve": str(reserve), "cards": "1", "_key": "nuit"})
        handing = story.one(select(models.CardHanding.id))
        story.post(h.CHAIR, f"{FUNDS}/remises/{handing}", 303, {"verdict": "ratified"})
        assert story.balance() == (100_000, 0, 65_000)

        # Her agreement is taken back once it is granted: the payment stops, and in its time the money comes back.
        code = a_referral(network, PARTNER)
        stopped = h.sent(network, PARTNER, amount=15_000, referral=code, consent=consent(network))
        story.vote(stopped, *((f"bien-etre-{number}", "yes", "") for number in (1, 2, 4)))
        granted = story.state(stopped, "accepted")
        prepared = {"amount": "150", "route": "supplier", "_key": "arret"}
        story.post(first, f"{FUNDS}/demandes/{granted.code}/preparer", 303, prepared)
        waiting = story.one(select(models.Payment.id).where(models.Payment.state == "prepared"))
        withdraw_referral(network, PARTNER, code)
        story.state(stopped, "paused")
        story.post(second, f"{FUNDS}/paiements/{waiting}/confirmer", 409, {})
        assert story.balance() == (100_000, 15_000, 65_000)
        for persona in ("bien-etre-1", PARTNER, h.CHAIR):
            assert "consentement" not in browser.become(persona).get(story.page(stopped)).text
        h.later(network, hours=7 * 24)
        house = network.app().state.house
        (closing,) = (job for job in house.hooks.jobs() if job.name == "bien_etre.close_paused")
        with network.database.transaction() as session:
            closing.run(session, house, network.clock.now())
        story.state(stopped, "closed")
        assert story.balance() == (100_000, 0, 65_000)
        # Refused, paid in urgency, closed: each ended, each loses its texts in its time.
        assert story.erased() == 3


#: At every movement of an envelope: is it overspent, does it hold what the ledger says? (The engines' own words.)
_WRONG = """CASE WHEN NEW.held_cents + NEW.paid_cents > NEW.amount_cents OR NEW.held_cents <> (
    SELECT coalesce(sum(CASE kind WHEN 'commit' THEN amount_cents WHEN 'release' THEN -amount_cents ELSE 0 END), 0)
    FROM bien_etre_ledger WHERE envelope_id = NEW.id) THEN 1 ELSE 0 END"""
WATCH = {
    "sqlite": (
        "CREATE TABLE watched (wrong INTEGER)",
        f"CREATE TRIGGER watch AFTER UPDATE ON bien_etre_envelopes BEGIN INSERT INTO watched SELECT {_WRONG}; END",
    ),
    "postgresql": (
        "CREATE TABLE watched (wrong INTEGER)",
        f"""CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN INSERT INTO watched SELECT {_WRONG}; RETURN NEW; END $$""",
        "CREATE TRIGGER watch AFTER UPDATE ON bien_etre_envelopes FOR EACH ROW EXECUTE FUNCTION watch()",
    ),
}
QUICK = {"quorum": 1, "early": False}


def _row(session: Any, table: Any, where: Any) -> Any:
    return session.execute(select(*table.__table__.columns).where(where)).one()._mapping


def two_hundred_votes(network: Network) -> list[tuple[UUID, str, UUID]]:
    """200 requests of 10 $, two approvals each, one envelope of 900 $, 25 hours later: (vote, its code, request)."""
    made: list[tuple[UUID, str, UUID]] = []
    with network.database.transaction() as session:
        keeper, now = network.viewer("calacs-chrysalide"), network.clock.now()
        standing = standing_of(session, keeper, "calacs-la-chrysalide", now)
        money.open_envelope(session, keeper, standing, 2026, "Fondation fictive", 90_000, (), now)
        for statement in WATCH[network.database.dialect]:
            session.execute(text(statement))
    first = h.sent(network, amount=1_000, settings=QUICK)
    for persona in ("bien-etre-1", "bien-etre-2"):
        with network.database.transaction() as session:
            desk = h.desk(network, persona, **QUICK)
            committee.vote(session, desk, first, choice=Choice.YES, amount=None, reason="")
    # The other 199 are copies of it, row by row, their ballots sealed anew
    with network.database.transaction() as session:
        asked = dict(_row(session, models.AidRequest, models.AidRequest.id == first))
        of = dict(_row(session, models.Round, models.Round.request_id == first))
        made.append((of["vote_id"], of["vote_code"], first))
        codes = [(f"V-{number:04d}-22", f"F-{number:04d}-22") for number in range(199)]
        votes = copy_votes(session, network.keyring, of["vote_id"], codes)
        made += [(vote, vote_code, new_id()) for vote, (vote_code, _code) in zip(votes, codes, strict=True)]
        copies = list(zip(made[1:], codes, strict=True))
        texts = dict.fromkeys(("why_now_sealed", "tried_sealed", "lafu_detail_sealed"))
        rows = [{**asked, **texts, "id": one[2], "code": code[1], "sent_key": code[1]} for one, code in copies]
        for row in rows[::20]:  # ten of them may still be signed in urgency when their vote closes
            row |= {"urgent": True, "urgent_until": network.clock.now() + timedelta(hours=30)}
        session.execute(insert(models.AidRequest), rows)
        rows = [
            {**of, "id": new_id(), "request_id": one[2], "vote_id": one[0], "vote_code": one[1]} for one in made[1:]
        ]
        session.execute(insert(models.Round), rows)
    h.later(network, hours=25)
    return made


def test_200_closings_of_real_votes_at_once_never_overspend(network: Network) -> None:
    """Every vote is closed and carried out, forty of them twice, while the requester withdraws twenty and a member
    asks questions, as the server runs them: up to 14 at once on PostgreSQL, the one writer's queue on SQLite. At
    each movement the database compares the envelope with its limit and its ledger."""
    network.serve_plugins()
    made = two_hundred_votes(network)
    now, width = network.clock.now(), asyncio.Semaphore(14)
    signers = [h.desk(network, one, **QUICK) for one in ("bien-etre-4", "bien-etre-5")]
    asker, member, nobody = (h.desk(network, one, **QUICK) for one in (h.ASKER, "bien-etre-4", None))

    async def run(work: Callable[[Any], object]) -> None:
        async with width:
            await network.database.run(work, "write")

    async def close(number: int) -> None:
        vote_id, code, _request = made[number]
        await run(lambda session: close_vote(session, network.keyring, vote_id, now))
        closed = await network.database.run(lambda session: closed_vote(session, code))
        assert closed is not None
        await run(lambda session: rounds.settle(session, nobody, closed))

    async def act(each: Callable[[Any, UUID], object], number: int) -> None:
        """Somebody acts meanwhile; what has just changed is tried again, what is over stays so."""
        for _try in range(5):
            try:
                await run(lambda session: each(session, made[number][2]))
                return
            except committee.SignRefused:
                return
            except NotNow as refused:
                if refused.message != requests.CHANGED:
                    return

    def withdraw(session: Any, request_id: UUID) -> None:
        version = session.scalar(select(models.AidRequest.version).where(models.AidRequest.id == request_id))
        requests.withdraw_request(session, asker, request_id, version)

    def sign(signer: Any) -> Callable[[Any, UUID], object]:
        return lambda session, request_id: committee.sign(session, signer, request_id)

    def ask(session: Any, request_id: UUID) -> None:
        committee.ask(session, member, request_id, "Pour combien de jours?")

    async def everything() -> None:
        work = [close(number) for number in range(200)]
        for place, number in enumerate(range(0, 200, 10)):
            work.insert(place * 14, act(withdraw, number))
            work.insert(place * 14, act(ask, 199 - number))
            if place % 2 == 0:
                work[place * 14 : place * 14] = [act(sign(one), number + 1) for one in signers]
            # What somebody closes at the same moment, and what somebody else closed a while ago
            work[place * 14 : place * 14] = [close(place * 9), close(199 - place * 9)]
        await asyncio.gather(*work)

    in_loop(network.database, everything)
    with network.database.transaction(write=False) as session:
        table = models.AidRequest
        states = {row[0]: row[1] for row in session.execute(select(table.state, func.count()).group_by(table.state))}
        held, paid = session.execute(select(models.Envelope.held_cents, models.Envelope.paid_cents)).one()
        looks, wrong = session.execute(text("SELECT count(*), sum(wrong) FROM watched")).one()
        lines = session.scalars(text("SELECT line FROM journal_entries WHERE line LIKE '%bien_etre.decided%'")).all()
        unratified = session.scalar(select(func.count()).where(models.AidRequest.ratification == "waiting"))
        open_rounds = session.scalar(select(func.count(models.Round.id)).where(models.Round.closed_at.is_(None)))
    decided = [re.search(r"request:(F-[^\"]+)", str(line)) for line in lines]
    # None lost: what was granted is held, the rest waits for funds, nothing is left in vote; none decided twice
    # What two signatures granted before its vote closed is put to the committee to ratify
    assert (states["withdrawn"], sum(states.values()), open_rounds) == (20, 200, unratified)
    assert set(states) == {"withdrawn", "accepted", "waiting_funds"}
    assert (held, paid, wrong) == (states["accepted"] * 1_000, 0, 0)
    assert 70 <= states["accepted"] <= 90
    assert looks >= states["accepted"]
    codes = [found.group(1) for found in decided if found is not None]
    assert len(codes) == len(set(codes)) >= 180
