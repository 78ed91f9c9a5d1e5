"""Invented money for the demo: envelopes, grants in each state, gift cards at partners, a ratification that is late.
Everything goes through the same services as real work, and says that it is an example."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.api import (
    TORONTO,
    Choice,
    Method,
    Seeder,
    VoteRule,
    areas,
    cast_ballot,
    clean_file,
    close_vote,
    open_vote,
    vote_code,
)

from .models import AidRequest, CardStock, Commitment, Envelope
from .queries.money_access import Standing, standing_of
from .rules.figures import Why
from .rules.money import Ratification, Route
from .rules.requests import Category, Lafu, Payment
from .services import cards, carrying, committee, money, payments, receipts, requests, watching
from .services.requests import NewRequest
from .services.rounds import Desk
from .settings import Settings

#: A colleague of the holder whose account the demo does not open: the persona confirms what this one prepared.
COLLEAGUE = uuid5(NAMESPACE_URL, "arrimage:demo:bien-etre:colleague")
CHAIR, PAYER, PARTNER = "bien-etre-presidence", "calacs-chrysalide", "calacs-coup-de-coeur"
VOTERS = ("bien-etre-2", "bien-etre-4", "bien-etre-5")
FUNDER, MINISTRY = "Fondation Exemple (fictive)", "Programme Exemple (fictif)"
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>endobj\ntrailer<</Root 1 0 R>>"
)
#: (key, days ago, category, cents, why now, LAFU, how it goes on)
GRANTS = (
    ("g-1", 2, Category.HOUSING, 65_000, "Exemple : premier mois, la clé est remise lundi.", Lafu.REFUSED, "to_pay"),
    ("g-2", 4, Category.SAFETY, 18_500, "Exemple : serrure et chaîne de porte.", Lafu.SILENT, "prepared"),
    ("g-3", 9, Category.TRANSPORT, 12_000, "Exemple : billets pour une audience.", Lafu.OUTSIDE, "proved"),
    ("g-4", 13, Category.HEALTH, 30_000, "Exemple : soins dentaires urgents, en deux visites.", Lafu.REFUSED, "partly"),
    ("g-5", 16, Category.FOOD, 15_000, "Exemple : épicerie de deux semaines.", Lafu.SILENT, "cards"),
    ("g-6", 20, Category.STEPS, 8_000, "Exemple : frais d’une pièce d’identité.", Lafu.NOT_ASKED, "reversed"),
    ("g-7", 24, Category.HOUSING, 90_000, "Exemple : dépôt, le bail est annulé ensuite.", Lafu.REFUSED, "released"),
    ("g-8", 27, Category.OTHER, 16_000, "Exemple : entreposage d’un mois.", Lafu.OUTSIDE, "refused"),
    ("g-9", 31, Category.TRANSPORT, 19_000, "Exemple : remorquage d’une auto.", Lafu.NOT_ASKED, "refused_coded"),
)


@dataclass(frozen=True)
class _Demo:
    session: Session
    seeder: Seeder
    settings: Settings
    standing: Standing

    def desk(self, persona: str, days: float) -> Desk:
        """The desk of a persona, so many days ago."""
        at = self.seeder.now - timedelta(days=days)
        return Desk(self.seeder.keyring, self.settings, self.seeder.viewer(persona), at)

    def colleague(self, days: float) -> Desk:
        """The holder's other person."""
        desk = self.desk(PAYER, days)
        return replace(desk, viewer=replace(desk.viewer, user_id=COLLEAGUE, display_name="Collègue fictive"))


def seed_money(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Fill the money of the demo once: what somebody began by hand is never touched."""
    if session.scalar(select(exists().select_from(Envelope))):
        return
    standing = replace(
        standing_of(session, seeder.viewer(CHAIR), settings.fund_holder, seeder.now), pays=True, chairs=True
    )
    if standing.committee_id is None or standing.holder_id is None:
        return
    demo = _Demo(session, seeder, settings, standing)
    year = money.current_year(seeder.now)
    grocery = _envelopes(demo, year)
    for example in GRANTS:
        _grant(demo, example, grocery)
    _late_request(demo)
    _nights(demo, grocery)


def _envelopes(demo: _Demo, year: int) -> UUID:
    """This year's two and what is left of the last one; the stock of cards that it bought."""
    session, past = demo.session, demo.colleague(230)
    food, housing, transport = ((one.value, cents) for one, cents in _CAPS.items())
    money.open_envelope(session, past.viewer, demo.standing, year, FUNDER, 1_800_000, (), past.now)
    caps = (food, housing, transport)
    money.open_envelope(session, past.viewer, demo.standing, year, MINISTRY, 1_200_000, caps, past.now)
    before = demo.colleague(300)
    old = money.open_envelope(session, before.viewer, demo.standing, year - 1, FUNDER, 400_000, (), before.now)
    for number, (label, face, count) in enumerate((("Épicerie Exemple", 5_000, 40), ("Pharmacie Exemple", 2_500, 20))):
        given = (demo.standing, old, label, face, count, f"demo-stock-{number}", before.now)
        bought = payments.prepare_purchase(session, before.viewer, *given)
        payments.confirm_payment(session, demo.desk(PAYER, 299), demo.standing, bought)
    desk = demo.colleague(3)
    carrying.propose_carry_over(session, desk.viewer, demo.standing, old, _carrying_vote(demo), desk.now)
    stock = select(CardStock.id).where(CardStock.face_cents == 5_000)
    return session.scalars(stock).one()


_CAPS = {Category.FOOD: 400_000, Category.HOUSING: 600_000, Category.TRANSPORT: 200_000}


def _carrying_vote(demo: _Demo) -> str:
    """The code of an adopted vote that carries last year's balance over."""
    desk, committee_id = demo.desk(CHAIR, 8), demo.standing.committee_id
    assert committee_id is not None
    vote_id = open_vote(
        demo.session,
        desk.keyring,
        desk.viewer,
        committee_id,
        rule=VoteRule(Method.N_OF_M, asked=3, quorum=51),
        question="Exemple : reporter le solde de l’an dernier?",
        closes_at=desk.now + timedelta(days=2),
        now=desk.now,
    )
    for persona in VOTERS:
        voter = demo.desk(persona, 7)
        who = (voter.keyring, voter.viewer, vote_id)
        cast_ballot(demo.session, *who, choice=Choice.YES, amount=None, reason="", now=voter.now)
    close_vote(demo.session, desk.keyring, vote_id, desk.now + timedelta(days=2))
    return vote_code(demo.session, vote_id)


def _send(
    demo: _Demo, key: str, days: float, category: Category, cents: int, why: str, lafu: Lafu, **more: bool
) -> UUID:
    desk = demo.desk(PARTNER, days)
    today = desk.now.astimezone(TORONTO).date()
    code = requests.send_request(
        demo.session,
        desk,
        NewRequest(
            key=f"demo-{key}",
            age_band="18_24",
            area=areas(demo.session)[1],
            category=category,
            amount=cents,
            needed_by=today + timedelta(days=5),
            why_now=why,
            tried="Exemple : une autre ressource appelée.",
            lafu=lafu,
            lafu_since=today - timedelta(days=3) if lafu is Lafu.SILENT else None,
            lafu_detail="Exemple : leur ligne est fermée ce jour-là." if lafu is Lafu.NOT_ASKED else "",
            payment=Payment.SUPPLIER,
            urgent=more.get("urgent", False),
        ),
    )
    return demo.session.scalars(select(AidRequest.id).where(AidRequest.code == code)).one()


def _grant(demo: _Demo, example: tuple[str, int, Category, int, str, Lafu, str], stock: UUID) -> None:
    key, days, category, cents, why, lafu, onward = example
    session, request_id = demo.session, _send(demo, key, days, category, cents, why, lafu)
    choice = Choice.NO if onward.startswith("refused") else Choice.YES
    _vote(demo, request_id, days, choice)
    if choice is Choice.NO:
        desk = demo.desk(CHAIR, days - 1)
        if onward == "refused_coded":
            watching.code_refusal(session, desk.viewer, demo.standing, request_id, Why.ELSEWHERE, desk.now)
        return
    code = session.scalar(select(Commitment.code).where(Commitment.request_id == request_id))
    if code is None or onward == "to_pay":
        return
    if onward == "released":
        desk = demo.desk(PAYER, days - 2)
        payments.release_rest(session, desk, demo.standing, code)
        return
    paying = payments.Paying(Route.CARD, cents, stock) if onward == "cards" else payments.Paying(Route.SUPPLIER, cents)
    if onward == "partly":
        paying = payments.Paying(Route.ADVANCE, cents // 2)
    payment = payments.prepare_payment(
        session, demo.colleague(days - 1), demo.standing, code, paying, f"demo-pay-{key}"
    )
    if onward == "prepared":
        return
    second = demo.desk(PAYER, days - 1.2)
    payments.confirm_payment(session, second, demo.standing, payment)
    if onward in ("proved", "partly"):
        file, proved = clean_file("recu-exemple.pdf", PDF), cents if onward == "proved" else 9_000
        desk = demo.desk(PAYER, days - 2)
        receipts.add_receipt(session, desk.keyring, desk.viewer, demo.standing, payment, file, proved, desk.now)
    if onward == "reversed":
        desk = demo.desk(PAYER, days - 3)
        payments.reverse_payment(session, desk, demo.standing, payment)


def _vote(demo: _Demo, request_id: UUID, days: float, choice: Choice, voters: Sequence[str] = VOTERS) -> None:
    for number, persona in enumerate(voters):
        request = demo.session.scalars(select(AidRequest).where(AidRequest.id == request_id)).one()
        desk = demo.desk(persona, days - 0.2 - number / 10)
        requests.finish_closed(demo.session, desk, request)
        if request.state == "voting":
            committee.vote(demo.session, desk, request_id, choice=choice, amount=None, reason="")
    request = demo.session.scalars(select(AidRequest).where(AidRequest.id == request_id)).one()
    requests.finish_closed(demo.session, demo.desk(CHAIR, days - 0.6), request)


def _late_request(demo: _Demo) -> None:
    """Granted by two signatures five days ago; the committee has not ratified it."""
    why = "Exemple : une nuit ailleurs, tout de suite."
    request_id = _send(demo, "late", 5, Category.SAFETY, 14_000, why, Lafu.NOT_ASKED, urgent=True)
    for number, persona in enumerate(VOTERS[:2]):
        committee.sign(demo.session, demo.desk(persona, 4.98 - number / 100), request_id)


def _nights(demo: _Demo, stock: UUID) -> None:
    """Reserves at two partners; cards handed at night: ratified, to ratify, and late."""
    session, desk = demo.session, demo.desk(CHAIR, 40)
    until = date(money.current_year(demo.seeder.now) + 1, 3, 31)
    for slug, count, cap in ((PARTNER, 8, 40_000), ("ajrj", 4, 20_000)):
        given = (demo.seeder.organisation(slug), stock, count, cap, until, "", desk.now)
        reserve = cards.authorise_reserve(session, desk.viewer, demo.standing, *given)
        for number, (days, count_handed, said) in enumerate(_HANDED.get(slug, ())):
            worker = demo.desk(PARTNER, days)
            key = f"demo-night-{number}"
            handing = cards.hand_cards(session, worker.viewer, reserve, count_handed, key, worker.now)
            if said:
                chair = demo.desk(CHAIR, days - 1)
                verdict = (handing, Ratification.RATIFIED, "", chair.now)
                cards.ratify_handing(session, chair.viewer, demo.standing, *verdict)


#: Partner → (days ago, cards, whether it was ratified)
_HANDED = {PARTNER: ((22, 2, True), (6, 1, False), (0.4, 1, False))}
