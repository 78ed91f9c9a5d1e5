"""Free texts of the fund, through the name guard then sealed; and what somebody said was not a name."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import N_, DomainError, Keyring, Viewer, new_id, open_text, seal_text

from ..models import Dismissed
from ..rules.guard import Finding, left_over, looks_like_a_person

REQUESTS, QUESTIONS = "bien_etre_requests", "bien_etre_questions"
NAMES_SOMEBODY = N_("Ce texte semble désigner une personne. Retirez-le, ou dites que ce n’en est pas un.")


class NamesSomebody(DomainError):
    """A text looks like a person and nobody said that it does not. `findings`: by field."""

    message = NAMES_SOMEBODY

    def __init__(self, findings: Mapping[str, tuple[Finding, ...]]) -> None:
        super().__init__()
        self.findings = findings


def check_texts(texts: Mapping[str, str], dismissed: Collection[str]) -> tuple[tuple[str, Finding], ...]:
    """Refuse texts that look like a person. Returns the findings said not to be one, with their field, to be recorded.

    `dismissed`: tokens of findings. Raises NamesSomebody with what is left.
    """
    left = findings_of(texts, dismissed)
    if left:
        raise NamesSomebody(left)
    return tuple((field, one) for field, text in texts.items() for one in looks_like_a_person(text))


def findings_of(texts: Mapping[str, str], dismissed: Collection[str]) -> dict[str, tuple[Finding, ...]]:
    """What still looks like a person, by field; fields without any are left out."""
    found = {field: left_over(looks_like_a_person(text), dismissed) for field, text in texts.items()}
    return {field: kept for field, kept in found.items() if kept}


def record_dismissed(
    session: Session,
    viewer: Viewer | None,
    request_id: UUID,
    said: Collection[tuple[str, Finding]],
    now: datetime,
) -> None:
    """Keep that somebody said « Ce n’en est pas un »: the field and the kind, never the words.

    `viewer` None: a ballot's reason, where who wrote stays unsaid.
    """
    for field, finding in said:
        session.add(
            Dismissed(
                id=new_id(),
                request_id=request_id,
                field=field,
                kind=finding.kind.value,
                user_id=None if viewer is None else viewer.user_id,
                at=now,
            )
        )


def sealed(keyring: Keyring, table: str, row_id: UUID, column: str, text: str) -> bytes | None:
    """Ciphertext of a text for its column."""
    return seal_text(keyring, table, row_id, column, text)


def opened(keyring: Keyring, table: str, row_id: UUID, column: str, value: bytes | None) -> str:
    """The text of a column, "" when there is none."""
    return open_text(keyring, table, row_id, column, value)
