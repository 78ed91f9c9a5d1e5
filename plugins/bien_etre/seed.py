"""Fictitious requests for the demo, in several states, made through the same services as real ones."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.api import TORONTO, Choice, Seeder, areas

from .models import AidRequest
from .rules.requests import Category, Lafu, Payment
from .services import committee, requests
from .services.requests import NewRequest
from .services.rounds import Desk
from .settings import Settings

#: (key, who asks, hours ago, category, cents, why now, LAFU, payment, urgent): everything is invented.
EXAMPLES = (
    ("ex-1", "communautaire-ajrj", 6, Category.SAFETY, 42_000,
     "Exemple : serrure à changer et deux nuits d’hébergement.", Lafu.SILENT, Payment.SUPPLIER, False),
    ("ex-2", "calacs-chrysalide", 1, Category.FOOD, 15_000,
     "Exemple : plus rien à manger jusqu’à lundi.", Lafu.NOT_ASKED, Payment.GIFT_CARD, True),
    ("ex-3", "calacs-chrysalide", 20, Category.TRANSPORT, 9_000,
     "Exemple : aller à une audience, aucun autobus ce jour-là.", Lafu.OUTSIDE, Payment.ADVANCE, False),
    ("ex-4", "communautaire-ajrj", 30, Category.HOUSING, 120_000,
     "Exemple : dépôt et premier mois, la place est retenue jusqu’à vendredi.", Lafu.REFUSED, Payment.SUPPLIER, False),
)  # fmt: skip


def seed_requests(session: Session, seeder: Seeder, settings: Settings) -> None:
    """Four invented requests: one in vote, one urgent with a signature, one decided, one with a question."""
    if session.scalar(select(exists().select_from(AidRequest))):
        return
    place = areas(session)[0]
    codes: dict[str, AidRequest] = {}
    for key, persona, hours, category, cents, why, lafu, payment, urgent in EXAMPLES:
        at = seeder.now - timedelta(hours=hours)
        desk = Desk(seeder.keyring, settings, seeder.viewer(persona), at)
        day = at.astimezone(TORONTO).date()
        new = NewRequest(
            key=f"demo-{key}",
            age_band="18_24",
            area=place,
            category=category,
            amount=cents,
            needed_by=day + timedelta(days=3),
            why_now=why,
            tried="Exemple : deux organismes appelés, sans place.",
            lafu=lafu,
            lafu_since=day - timedelta(days=2) if lafu is Lafu.SILENT else None,
            lafu_detail="",
            payment=payment,
            urgent=urgent,
        )
        code = requests.send_request(session, desk, new)
        codes[key] = session.scalars(select(AidRequest).where(AidRequest.code == code)).one()

    def desk_of(persona: str, hours: float) -> Desk:
        return Desk(seeder.keyring, settings, seeder.viewer(persona), seeder.now - timedelta(hours=hours))

    def cast(key: str, persona: str, hours: float) -> None:
        desk = desk_of(persona, hours)
        committee.vote(session, desk, codes[key].id, choice=Choice.YES, amount=None, reason="")

    cast("ex-1", "bien-etre-2", 5)
    committee.sign(session, desk_of("bien-etre-1", 0.5), codes["ex-2"].id)
    for number, persona in enumerate(("bien-etre-1", "bien-etre-4", "bien-etre-5")):
        cast("ex-3", persona, 18 - number)
    committee.ask(session, desk_of("bien-etre-5", 10), codes["ex-4"].id, "Exemple : le bail est-il déjà signé?")
