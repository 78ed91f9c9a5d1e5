"""Texts of exchanges: through the guard, then sealed; and what somebody said was not a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import Finding, check_texts, municipality_choices, new_id, open_text, seal_text
from core.api import findings_of as core_findings

from ..models import NotOne
from ..rules.exchange import SURE, guard_of, guard_of_sheets
from .drafts import Desk

VIGNETTES, NOTES, LESSONS = "orres_vignettes", "orres_notes", "orres_lessons"
Said = Collection[tuple[str, Finding]]
#: The field of a proposal to a sheet, which has a guard of its own.
VALUE = "value"


def places_of(session: Session) -> tuple[str, ...]:
    """Names of municipalities: each is smaller than a MRC. One statement."""
    return tuple(one.name for one in municipality_choices(session))


def check(session: Session, texts: Mapping[str, str], dismissed: Collection[str]) -> Said:
    """Refuse texts that single somebody out; gives what was said not to be one, to be recorded.

    `dismissed`: tokens of findings. Raises NamesSomebody.
    """
    free, sheets = _by_guard(texts)
    said = check_texts(sheets, dismissed, guard_of_sheets, SURE)
    return (*said, *check_texts(free, dismissed, guard_of(places_of(session)), SURE))


def findings_of(
    session: Session, texts: Mapping[str, str], dismissed: Collection[str]
) -> dict[str, tuple[Finding, ...]]:
    """What is still found, by field, to be shown beside other errors."""
    free, sheets = _by_guard(texts)
    found = core_findings(free, dismissed, guard_of(places_of(session)), SURE)
    return found | core_findings(sheets, dismissed, guard_of_sheets, SURE)


def dismissed_in(session: Session, texts: Mapping[str, str]) -> tuple[tuple[str, Finding], ...]:
    """What a kept text still holds that looks like a person, said not to be one: for the second reader."""
    guard = guard_of(places_of(session))
    return tuple((field, one) for field, text in texts.items() for one in guard(text))


def _by_guard(texts: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    free = {field: text for field, text in texts.items() if field != VALUE}
    return free, {field: text for field, text in texts.items() if field == VALUE}


def record_dismissed(session: Session, desk: Desk, vignette_id: UUID, said: Said) -> None:
    """Keep that somebody said « Ce n’en est pas un »: the field and the kind, never the words."""
    for field, finding in said:
        session.add(
            NotOne(
                id=new_id(),
                vignette_id=vignette_id,
                field=field,
                kind=finding.kind.value,
                user_id=desk.viewer.user_id,
                at=desk.now,
            )
        )


def sealed(desk: Desk, table: str, row_id: UUID, column: str, text: str) -> bytes | None:
    """Ciphertext of a text for its column."""
    return seal_text(desk.keyring, table, row_id, column, text)


def opened(desk: Desk, table: str, row_id: UUID, column: str, value: bytes | None) -> str:
    """The text of a column, "" when there is none."""
    return open_text(desk.keyring, table, row_id, column, value)
