"""Writing consents: granted, refused, renewed, ended. Always a new version, never an edit (network rules §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.consent import rules, wordings
from core.consent.models import Consent, ConsentVersion, ConsentWording
from core.consent.queries import consent_facts, facts_of_case
from core.consent.rules import (
    AgeBand,
    ConsentFacts,
    ConsentStatus,
    GivenBy,
    Help,
    Interpreter,
    Modality,
    SenderMayLearn,
)
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, dialect_name, new_id, prepared, table_of
from core.kernel.errors import DomainError, Stale

#: A phone that was off keeps its own clock: a consent may come from this far ahead.
CLOCK_SKEW = timedelta(minutes=5)


class Invalid(DomainError):
    """A field holds what it cannot: `field` names it for the form."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Stopped(DomainError):
    """The form stops and nothing is stored; the page shows `help` (911, DPJ, consultation without identity)."""

    def __init__(self, message: str, help: tuple[Help, ...]) -> None:
        super().__init__(message)
        self.help = help


class ConsentMissing(DomainError):
    """No consent in force allows this. `reason` is a code of `rules.REASONS`."""

    status = 409

    def __init__(self, reason: str) -> None:
        super().__init__(rules.REASONS[reason])
        self.reason = reason


@dataclass(frozen=True)
class ConsentInput:
    """What the form says of one consent. Datetimes are aware; `valid_until` None means 90 days."""

    recipient_id: UUID
    blocks: frozenset[str]
    age_band: AgeBand
    wording_sha256: str
    attestation: frozenset[str]
    given_by: GivenBy = GivenBy.HERSELF
    sender_may_learn: SenderMayLearn = SenderMayLearn.STAGES
    modality: Modality = Modality.SPOKEN
    language: str = "fr"
    interpreter: Interpreter = Interpreter.NONE
    giver_suspected: bool = False
    immediate_danger: bool = False
    on_paper: bool = False
    obtained_at: datetime | None = None
    valid_until: datetime | None = None


def check_consent(purpose: str, given: ConsentInput, now: datetime) -> tuple[datetime, datetime]:
    """When it begins and ends. Raises `Stopped`, `Invalid`, `ConsentMissing` or `Stale`; writes nothing."""
    age = rules.who_may_consent(
        given.age_band,
        given.given_by,
        giver_suspected=given.giver_suspected,
        immediate_danger=given.immediate_danger,
    )
    if age.stop:
        raise Stopped(age.reason, age.help)
    if not age.allowed:
        raise Invalid("given_by", age.reason)
    known = rules.purposes().get(purpose)
    if known is None:
        raise Invalid("purpose", "Ce but n’existe pas.")
    if not given.blocks <= known.blocks:
        raise Invalid("blocks", "Un renseignement choisi n’existe pas pour ce but.")
    if not rules.interpreter_allowed(given.interpreter):
        raise Invalid("interpreter", "Une personne proche ne peut pas servir d’interprète.")
    if rules.attestation_missing(given.attestation):
        raise Invalid("attestation", "Chaque point de l’attestation doit être coché avec elle.")
    if not wordings.is_current(purpose, given.wording_sha256):
        raise Stale("Le texte du consentement a changé. Relisez-le avec elle.")
    granted = given.obtained_at or now
    if granted > now + CLOCK_SKEW:
        raise Invalid("obtained_at", "La date du consentement est à venir.")
    granted = min(granted, now)
    expires = min(given.valid_until or granted + rules.DEFAULT_VALIDITY, granted + rules.DEFAULT_VALIDITY)
    if expires <= now or expires <= granted:
        raise ConsentMissing("expired")
    return granted, expires


def grant_consent(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    *,
    case_id: UUID,
    purpose: str,
    discloser_id: UUID,
    given: ConsentInput,
    now: datetime,
) -> ConsentFacts:
    """Record a consent just given, version 1, active. Raises what `check_consent` raises."""
    granted, expires = check_consent(purpose, given, now)
    return _write(
        session, keyring, viewer, case_id, purpose, discloser_id, given, ConsentStatus.ACTIVE, granted, expires, now
    )


def refuse_consent(
    session: Session, keyring: Keyring, viewer: Viewer, *, purpose: str, given: ConsentInput, now: datetime
) -> ConsentFacts:
    """Record that she said no: no case, no block, nothing about her but an age band. No service is lost by it."""
    assert viewer.organisation_id is not None
    none = ConsentInput(
        given.recipient_id, frozenset(), given.age_band, given.wording_sha256, frozenset(), modality=given.modality
    )
    if not wordings.is_current(purpose, none.wording_sha256):
        raise Stale("Le texte du consentement a changé. Relisez-le avec elle.")
    return _write(
        session,
        keyring,
        viewer,
        new_id(),
        purpose,
        viewer.organisation_id,
        none,
        ConsentStatus.REFUSED,
        now,
        now + rules.DEFAULT_VALIDITY,
        now,
    )


def renew_consent(
    session: Session, viewer: Viewer, consent_id: UUID, given: ConsentInput, now: datetime
) -> ConsentFacts:
    """A new version, decided with her: the same purpose and recipient, other blocks or dates. Returns the new facts.

    Raises `ConsentMissing` when it was withdrawn or suspended: that is never undone by a partner.
    """
    current = consent_facts(session, consent_id)
    if current is None or current.status not in (ConsentStatus.ACTIVE, ConsentStatus.EXPIRED):
        raise ConsentMissing("withdrawn")
    if given.recipient_id != current.recipient:
        raise ConsentMissing("recipient")
    granted, expires = check_consent(current.purpose, given, now)
    ensure_wording(session, given.wording_sha256)
    terms = _terms(viewer, given, granted, expires)
    append_version(session, consent_id, now, status=ConsentStatus.ACTIVE.value, **terms)
    renewed = consent_facts(session, consent_id)
    assert renewed is not None
    return renewed


def reconfirm_consent(session: Session, consent_id: UUID, now: datetime) -> None:
    """She said yes again at the first contact (network rules §4); a version says so."""
    append_version(session, consent_id, now, reconfirmed_at=now)


def end_consents(session: Session, case_id: UUID, status: ConsentStatus, now: datetime) -> int:
    """Put every consent of the case that still stands in `status` (withdrawn or suspended). Returns how many."""
    standing = (ConsentStatus.ACTIVE, ConsentStatus.SUSPENDED, ConsentStatus.EXPIRED)
    ended = [one for one in facts_of_case(session, case_id) if one.status in standing and one.status is not status]
    for one in ended:
        append_version(session, one.id, now, status=status.value)
    return len(ended)


def resume_consents(session: Session, case_id: UUID, now: datetime) -> None:
    """She undid her own withdrawal in time: suspended consents are active again, with the dates they had."""
    for one in facts_of_case(session, case_id):
        if one.status is ConsentStatus.SUSPENDED:
            append_version(session, one.id, now, status=ConsentStatus.ACTIVE.value)


def replace_consent(session: Session, consent_id: UUID, now: datetime) -> None:
    """A consent that will not be used any more because another one was (asked both, one accepted; transferred)."""
    append_version(session, consent_id, now, status=ConsentStatus.REPLACED.value)


def ensure_wording(session: Session, sha256: str) -> None:
    """Keep the exact text in the database beside the consents that were given on it."""
    known = wordings.wording(sha256)
    session.execute(
        _kept_wording(dialect_name(session)),
        {
            "sha256": sha256,
            "purpose": known.purpose,
            "version": known.version,
            "locale": known.locale,
            "text": known.text,
        },
    )


@cache
def _kept_wording(dialect: str) -> postgresql.Insert | sqlite.Insert:
    table = table_of(ConsentWording)
    build = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    return build.on_conflict_do_nothing()


@prepared
def _current_row(consent_id: UUID) -> Select[*tuple[Any, ...]]:
    return (
        select(ConsentVersion.__table__)
        .join(Consent, Consent.id == ConsentVersion.consent_id)
        .where(Consent.id == consent_id, ConsentVersion.version == Consent.current_version)
    )


_CONSENTS = table_of(Consent)
_POINTED = update(_CONSENTS).where(_CONSENTS.c.id == bindparam("of"))


def append_version(session: Session, consent_id: UUID, now: datetime, **changes: object) -> None:
    """Copy the current version with `changes` into a new row and point to it."""
    row = session.execute(*_current_row(consent_id)).one()
    values = dict(row._mapping) | changes | {"version": row.version + 1, "recorded_at": now}
    add_row(session, ConsentVersion, **values)
    session.execute(_POINTED, {"of": consent_id, "current_version": row.version + 1})


def _terms(viewer: Viewer, given: ConsentInput, granted: datetime, expires: datetime) -> dict[str, object]:
    """The columns of a version that say what she agreed to, how, and who attests it; granted and renewed alike."""
    return {
        "blocks": sorted(given.blocks),
        "sender_may_learn": given.sender_may_learn.value,
        "age_band": given.age_band.value,
        "given_by": given.given_by.value,
        "age_rules": rules.AGE_RULES.version,
        "wording_sha256": given.wording_sha256,
        "language": given.language,
        "interpreter": given.interpreter.value,
        "modality": given.modality.value,
        "on_paper": given.on_paper,
        "attestation": sorted(given.attestation),
        "attested_by": viewer.user_id,
        "attested_in": viewer.organisation_id,
        "granted_at": granted,
        "expires_at": expires,
    }


def _write(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    case_id: UUID,
    purpose: str,
    discloser_id: UUID,
    given: ConsentInput,
    status: ConsentStatus,
    granted: datetime,
    expires: datetime,
    now: datetime,
) -> ConsentFacts:
    ensure_wording(session, given.wording_sha256)
    consent_id = new_id()
    add_row(
        session,
        Consent,
        id=consent_id,
        case_id=case_id,
        subject=keyring.pseudonym("consent.subject", str(case_id)),
        purpose=purpose,
        discloser_id=discloser_id,
        recipient_id=given.recipient_id,
        current_version=1,
        created_at=now,
    )
    terms = _terms(viewer, given, granted, expires)
    add_row(session, ConsentVersion, consent_id=consent_id, version=1, status=status.value, recorded_at=now, **terms)
    return ConsentFacts(
        consent_id,
        purpose,
        discloser_id,
        given.recipient_id,
        given.blocks,
        status,
        granted,
        expires,
        given.sender_may_learn,
    )
