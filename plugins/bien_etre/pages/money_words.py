"""What the pages of the money share: who may be here, words, names of partners."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import N_, Compute, File, Page, PageRequest, Redirect, Refusal, admitted_organisations, new_id

from ..queries.money_access import Standing, standing_of
from ..rules.money import ENTRIES, PAYMENT_STATES, RATIFICATIONS, ROUTES
from ..rules.requests import CATEGORIES
from ..settings import HOME, NAME, Settings

FUNDS: Final = f"{HOME}/fonds"
AMOUNT: Final = N_("Entrez un montant en dollars, avec deux décimales au plus\u00a0: 420 ou 420,50.")
Answer = Page | Redirect | File | Refusal | Compute

WORDS: Final[Mapping[str, Any]] = {
    "CATEGORIES": {one.value: label for one, label in CATEGORIES.items()},
    "ENTRIES": {one.value: label for one, label in ENTRIES.items()},
    "ROUTES": {one.value: label for one, label in ROUTES.items()},
    "PAYMENT_STATES": {one.value: label for one, label in PAYMENT_STATES.items()},
    "PAYMENT_SIGNS": {"prepared": "wait", "paid": "done", "cancelled": "closed", "reversed": "closed"},
    "RATIFICATIONS": {one.value: label for one, label in RATIFICATIONS.items()},
    "RATIFICATION_SIGNS": {"waiting": "wait", "ratified": "done", "refused": "closed"},
}


def settings_of(request: PageRequest) -> Settings:
    """The table of plugins.toml."""
    return request.house.hooks.settings(NAME, Settings)


def standing(session: Session, request: PageRequest) -> Standing:
    """Where the viewer stands."""
    return standing_of(session, request.viewer, settings_of(request).fund_holder, request.now)


def keeper(session: Session, request: PageRequest) -> Standing | None:
    """Where the viewer stands, None for whoever does not keep the accounts: then there is no page."""
    found = standing(session, request)
    return found if found.keeps else None


def late_before(request: PageRequest) -> datetime:
    """Handed before that moment and not ratified: late."""
    return request.now - timedelta(hours=settings_of(request).ratify_hours)


def names(session: Session) -> Mapping[UUID, str]:
    """Names of the partners. One statement."""
    return dict(admitted_organisations(session))


def sent_key(request: PageRequest) -> str:
    """What makes a double click one act."""
    return str(request.form.get("_key", ""))[:64] or str(new_id())


def shown_amount(cents: int) -> str:
    """`420,50`, as people type it and as a spreadsheet in French reads it."""
    return f"{cents // 100},{cents % 100:02d}"


def identifier(typed: str) -> UUID | None:
    """An identifier of an address, None for anything else."""
    try:
        return UUID(typed)
    except ValueError:
        return None


def say(request: PageRequest, text: str) -> str:
    """A French source text in the viewer's language."""
    return request.house.renderer.translator.translate(request.locale, text)
