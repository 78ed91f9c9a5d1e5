"""What the money gives to the core's hooks; `plugin.py` puts it beside what requests give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import N_, Card, EventSpec, Job, PersonalData, RetentionRule, Viewer, committee_by_slug

from . import jobs_money
from .access import READ
from .queries import money as queries
from .services.money import FUNDS_CHANGED
from .services.receipts import shred_receipts_before
from .settings import HOME, SLUG, Settings

EVENTS = (EventSpec(FUNDS_CHANGED, N_("L’argent du fonds d’urgence a bougé")),)
JOBS = (Job("bien_etre.money_unratified", timedelta(hours=1), jobs_money.tell_unratified),)


def cards_for(viewer: Viewer, now: datetime, settings: Settings) -> Sequence[Card]:
    """What is left and how many ratifications are late, for whoever sits in a committee; the context says it to this
    committee's people only."""
    if not viewer.committees:
        return ()
    context = partial(_left, viewer=viewer, now=now, late_before=now - timedelta(hours=settings.ratify_hours))
    return (
        Card(
            "funds",
            N_("Ce qui reste au fonds d’urgence"),
            "bien_etre/money_card.html",
            permission=READ,
            context=context,
        ),
    )


def retention(settings: Settings) -> Sequence[RetentionRule]:
    """Files of receipts end; the lines of the ledger stay, and say nothing of anybody."""
    keep = timedelta(days=settings.keep_days)
    return (RetentionRule("bien_etre.receipts", N_("Reçus du fonds d’urgence"), keep, shred_receipts_before),)


def personal_data(reference: str, session: Session) -> Sequence[PersonalData]:
    """Who prepared, confirmed, handed or ratified. A referral's code has nothing here."""
    kind, _, identifier = reference.partition(":")
    return queries.money_of_person(session, UUID(identifier)) if kind == "user" else ()


def _left(session: Session, *, viewer: Viewer, now: datetime, late_before: datetime) -> Mapping[str, object]:
    """Two statements. Nothing for members of other committees."""
    committee = committee_by_slug(session, SLUG)
    if committee is None or committee.id not in viewer.committees:
        return {"balance": None, "late": 0}
    balance, late = queries.of_card(session, now, late_before)
    return {"balance": balance, "late": late, "funds": f"{HOME}/fonds"}
