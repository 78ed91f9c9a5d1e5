"""*Qui est qui* and rooms lent, edited as lines: `fonction | aide pour`, `local | municipalité | conditions`."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.directory.models import Contact, Municipality, RoomLent
from core.directory.services.lists import ListField

MAX_LINES = 30


def _lines(cell: str, parts: int, what: str) -> list[list[str]]:
    found: list[list[str]] = []
    for line in cell.splitlines():
        if not line.strip():
            continue
        pieces = [piece.strip() for piece in line.split("|")]
        if len(pieces) > parts or not pieces[0]:
            raise ValueError(f"Une ligne par {what}, ses parties séparées par « | ».")
        if any(len(piece) > 160 for piece in pieces):
            raise ValueError("Texte trop long : 160 caractères au plus par partie.")
        found.append([*pieces, *[""] * (parts - len(pieces))])
    if len(found) > MAX_LINES:
        raise ValueError(f"{MAX_LINES} lignes au plus.")
    return found


def _joined(rows: list[list[str]]) -> str:
    return "\n".join(" | ".join(row).rstrip(" |") for row in rows)


def _normal_contacts(cell: str) -> str:
    return _joined(_lines(cell, 2, "fonction"))


def _read_contacts(session: Session, owner: UUID, _service_id: UUID | None) -> str:
    rows = session.execute(
        select(Contact.function, Contact.helps_with).where(Contact.organisation_id == owner).order_by(Contact.position)
    )
    return _joined([[function, helps_with or ""] for function, helps_with in rows])


def _write_contacts(session: Session, owner: UUID, _service_id: UUID | None, cell: str) -> None:
    session.execute(delete(Contact).where(Contact.organisation_id == owner))
    session.add_all(
        Contact(organisation_id=owner, function=function, helps_with=helps_with or None, position=position)
        for position, (function, helps_with) in enumerate(_lines(cell, 2, "fonction"))
    )
    session.flush()


def _normal_rooms(cell: str) -> str:
    return _joined(_lines(cell, 3, "local"))


def _read_rooms(session: Session, owner: UUID, _service_id: UUID | None) -> str:
    rows = session.execute(
        select(RoomLent.name, Municipality.name, RoomLent.conditions)
        .outerjoin(Municipality, Municipality.code == RoomLent.municipality_code)
        .where(RoomLent.organisation_id == owner)
        .order_by(RoomLent.position)
    )
    return _joined([[name, town or "", conditions or ""] for name, town, conditions in rows])


def _write_rooms(session: Session, owner: UUID, _service_id: UUID | None, cell: str) -> None:
    towns = {name: code for code, name in session.execute(select(Municipality.code, Municipality.name))}
    session.execute(delete(RoomLent).where(RoomLent.organisation_id == owner))
    session.add_all(
        RoomLent(
            organisation_id=owner,
            name=name,
            municipality_code=towns.get(town),
            conditions=conditions or None,
            position=position,
        )
        for position, (name, town, conditions) in enumerate(_lines(cell, 3, "local"))
    )
    session.flush()


PARTNER_LISTS: Mapping[str, ListField] = {
    "contacts": ListField(_normal_contacts, _read_contacts, _write_contacts),
    "rooms": ListField(_normal_rooms, _read_rooms, _write_rooms),
}
