"""The urgent track: two signatures of two organisations within hours, up to a cap, ratified by the committee later."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

NEEDED = 2

#: Code → sentence.
SIGN_REFUSALS: dict[str, str] = {
    "not_urgent": "Cette demande ne passe pas par la voie urgente.",
    "late": "Le délai de la voie urgente est passé : le vote se poursuit.",
    "no_seat": "Seule une personne qui siège au comité peut signer.",
    "own": "Votre organisme a déposé cette demande : il ne peut pas la signer.",
    "aside": "Vous avez déclaré un lien avec cette demande.",
    "signed": "Votre organisme a déjà signé : il faut deux organismes.",
    "decided": "Cette demande est déjà décidée.",
    "paused": "Cette demande est en pause.",
}

RATIFICATIONS: dict[str, str] = {
    "waiting": "À ratifier par le comité",
    "ratified": "Ratifiée par le comité",
    "not_ratified": "Non ratifiée par le comité",
}


def urgent_until(opened: datetime, hours: int) -> datetime:
    """When signatures stop counting (real hours)."""
    return opened + timedelta(hours=hours)


def over_cap(cents: int, cap: int) -> bool:
    """Whether an amount (cents) is too high for the urgent track."""
    return cents > cap


def sign_refusal(
    *,
    open_until: datetime | None,
    now: datetime,
    seated: bool,
    organisation: UUID | None,
    requester: UUID,
    aside: bool,
    signed: Collection[UUID],
) -> str | None:
    """Code of `SIGN_REFUSALS`, or None when this person may sign for her organisation."""
    if open_until is None:
        return "not_urgent"
    if now >= open_until:
        return "late"
    if not seated or organisation is None:
        return "no_seat"
    if organisation == requester:
        return "own"
    if aside:
        return "aside"
    return "signed" if organisation in signed else None


def granted(signed: Collection[UUID]) -> bool:
    """Two organisations, never one twice."""
    return len(set(signed)) >= NEEDED
