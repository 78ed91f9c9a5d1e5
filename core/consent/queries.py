"""Reading consents: the facts rules need, and the strip a page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from core.consent import rules, wordings
from core.consent.models import Consent, ConsentVersion
from core.consent.rules import ConsentFacts, ConsentStatus, SenderMayLearn
from core.directory.models import Organisation
from core.kernel.db import prepared

_DISCLOSER = Organisation.__table__.alias("discloser")
_RECIPIENT = Organisation.__table__.alias("recipient")
_FACTS = (
    Consent.id,
    Consent.purpose,
    Consent.discloser_id,
    Consent.recipient_id,
    ConsentVersion.blocks,
    ConsentVersion.status,
    ConsentVersion.granted_at,
    ConsentVersion.expires_at,
    ConsentVersion.sender_may_learn,
    ConsentVersion.version,
)
_CURRENT = (ConsentVersion.consent_id == Consent.id) & (ConsentVersion.version == Consent.current_version)


def _facts(row: Row[*tuple[Any, ...]]) -> ConsentFacts:
    return ConsentFacts(
        row.id,
        row.purpose,
        row.discloser_id,
        row.recipient_id,
        frozenset(row.blocks),
        ConsentStatus(row.status),
        row.granted_at,
        row.expires_at,
        SenderMayLearn(row.sender_may_learn),
        row.version,
    )


def consent_facts(session: Session, consent_id: UUID) -> ConsentFacts | None:
    """The current version of one consent."""
    row = session.execute(*_of_consent(consent_id)).first()
    return None if row is None else _facts(row)


@prepared
def _of_consent(consent_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(*_FACTS).join(ConsentVersion, _CURRENT).where(Consent.id == consent_id)


def facts_of_case(session: Session, case_id: UUID) -> tuple[ConsentFacts, ...]:
    """The current version of every consent of a case, oldest first."""
    return tuple(_facts(row) for row in session.execute(*_of_case(case_id)))


@prepared
def _of_case(case_id: UUID) -> Select[*tuple[Any, ...]]:
    return select(*_FACTS).join(ConsentVersion, _CURRENT).where(Consent.case_id == case_id).order_by(Consent.created_at)


@dataclass(frozen=True)
class ConsentStep:
    """One version of a consent in the timeline."""

    version: int
    status: str
    blocks: tuple[str, ...]
    sender_may_learn: str
    granted_at: datetime
    expires_at: datetime
    recorded_at: datetime
    reconfirmed_at: datetime | None


@dataclass(frozen=True)
class ConsentPage:
    """A consent with its history and the exact text; codes are those of `core.consent.rules`."""

    id: UUID
    purpose: str
    purpose_label: str
    discloser_name: str
    recipient_name: str
    status: str
    blocks: tuple[str, ...]
    sender_may_learn: str
    given_by: str
    modality: str
    language: str
    interpreter: str
    on_paper: bool
    attestation: tuple[str, ...]
    granted_at: datetime
    expires_at: datetime
    reconfirmed_at: datetime | None
    wording_text: str
    wording_version: str
    wording_sha256: str
    history: tuple[ConsentStep, ...]


def consent_page(session: Session, consent_id: UUID, *, until: datetime | None = None) -> ConsentPage | None:
    """Everything about one consent; the caller has checked who asks. Two statements.

    `until`: as it stood at that instant, for someone whom its later versions would tell what happened since.
    """
    head = session.execute(
        select(
            Consent.purpose,
            Consent.current_version,
            _DISCLOSER.c.name.label("discloser"),
            _RECIPIENT.c.name.label("recipient"),
        )
        .join(_DISCLOSER, _DISCLOSER.c.id == Consent.discloser_id)
        .join(_RECIPIENT, _RECIPIENT.c.id == Consent.recipient_id)
        .where(Consent.id == consent_id)
    ).first()
    if head is None:
        return None
    versions = session.execute(
        select(ConsentVersion.__table__).where(ConsentVersion.consent_id == consent_id).order_by(ConsentVersion.version)
    ).all()
    if until is not None:
        versions = [version for version in versions if version.recorded_at <= until]
    now = versions[-1]
    text = wordings.wording(now.wording_sha256)
    known = rules.purposes().get(head.purpose)
    return ConsentPage(
        consent_id,
        head.purpose,
        known.label if known else head.purpose,
        head.discloser,
        head.recipient,
        now.status,
        tuple(now.blocks),
        now.sender_may_learn,
        now.given_by,
        now.modality,
        now.language,
        now.interpreter,
        now.on_paper,
        tuple(now.attestation),
        now.granted_at,
        now.expires_at,
        now.reconfirmed_at,
        text.text,
        text.version,
        now.wording_sha256,
        tuple(
            ConsentStep(
                one.version,
                one.status,
                tuple(one.blocks),
                one.sender_may_learn,
                one.granted_at,
                one.expires_at,
                one.recorded_at,
                one.reconfirmed_at,
            )
            for one in versions
        ),
    )
