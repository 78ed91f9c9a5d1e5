"""Requests to come into the network: what the applicant wrote, sealed, and the facts that decide."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Viewer
from core.accounts.models import AdmissionApproval, OrganisationApplication, User
from core.accounts.rules.admission import (
    REFUSED_KEPT,
    UNANSWERED_KEPT,
    AdmissionFacts,
    ApplicationState,
    Approved,
    CallBack,
)
from core.accounts.services.invitations import PLAIN
from core.accounts.services.sealed import hide, show
from core.accounts.services.telephone import numbers_in
from core.directory.models import Organisation
from core.directory.rules.words import Status
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.events import emit

TABLE = "organisation_applications"


@dataclass(frozen=True)
class Request:
    """What the applicant wrote. Sealed as one; the coordination alone reads it."""

    name: str
    why: str = field(repr=False)
    function: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True)
class Named:
    """Somebody named in the file: the privacy officer, or who is invited first."""

    name: str = field(repr=False)
    email: str = field(repr=False)


def request_admission(
    session: Session, keyring: Keyring, request: Request, *, kind: str, regime: str | None, now: datetime
) -> UUID:
    """Keep an organisation's request, sealed. The coordination learns live that there is one, and nothing of it."""
    application_id = new_id()
    add_row(
        session,
        OrganisationApplication,
        id=application_id,
        state=ApplicationState.RECEIVED.value,
        received_at=now,
        type=kind,
        regime_claimed=regime,
        details_sealed=sealed_words(keyring, application_id, "details_sealed", request),
    )
    emit(session, "admission.received", str(application_id), topics=["network"], now=now)
    note_admission(session, ANONYMOUS, None, "admission.received", application_id, now, type=kind)
    return application_id


def purge_applications(session: Session, now: datetime) -> None:
    """Erase what refused applicants wrote after a month, and requests nobody looked into after six."""
    refused = OrganisationApplication.state == ApplicationState.REFUSED.value
    session.execute(
        update(OrganisationApplication)
        .where(refused, OrganisationApplication.decided_at < now - REFUSED_KEPT)
        .values(details_sealed=None, officer_sealed=None, admin_sealed=None, called_number=None),
        **PLAIN,
    )
    waiting = OrganisationApplication.state == ApplicationState.RECEIVED.value
    session.execute(
        delete(OrganisationApplication).where(waiting, OrganisationApplication.received_at < now - UNANSWERED_KEPT),
        **PLAIN,
    )


def read_request(keyring: Keyring, application_id: UUID, sealed: bytes | None) -> Request | None:
    """What the applicant wrote; None once erased."""
    return (
        None
        if sealed is None
        else Request(**json.loads(show(keyring, TABLE, application_id, "details_sealed", sealed)))
    )


def read_named(keyring: Keyring, application_id: UUID, column: str, sealed: bytes | None) -> Named | None:
    """The privacy officer, or the first administrator."""
    return None if sealed is None else Named(**json.loads(show(keyring, TABLE, application_id, column, sealed)))


def numbers_given(request: Request | None) -> frozenset[str]:
    """Every number the applicant wrote, wherever it did."""
    return numbers_in("\n".join(asdict(request).values())) if request is not None else frozenset()


def facts_of(session: Session, keyring: Keyring, row: Any) -> AdmissionFacts:
    """The facts of a request's row, its approvals read now."""
    approvals = session.execute(
        select(AdmissionApproval.user_id, AdmissionApproval.organisation_id, Organisation.status, User.status)
        .join(Organisation, Organisation.id == AdmissionApproval.organisation_id)
        .join(User, User.id == AdmissionApproval.user_id)
        .where(AdmissionApproval.application_id == row.id)
        .order_by(AdmissionApproval.at, AdmissionApproval.user_id)
    ).all()
    call = CallBack(row.called_number, row.called_by, row.called_at) if row.called_number and row.called_by else None
    return AdmissionFacts(
        ApplicationState(row.state),
        row.organisation_id,
        numbers_given(read_request(keyring, row.id, row.details_sealed)),
        call,
        row.agreement_on is not None and bool(row.agreement_reference),
        row.officer_sealed is not None,
        row.regime is not None,
        row.admin_sealed is not None,
        tuple(Approved(one[0], one[1], one[2] == Status.ADMITTED.value and one[3] == "active") for one in approvals),
    )


def sealed_words(keyring: Keyring, application_id: UUID, column: str, value: Request | Named) -> bytes:
    """Ciphertext of a request, or of somebody named in the file."""
    return hide(keyring, TABLE, application_id, column, json.dumps(asdict(value), ensure_ascii=False))


def note_admission(
    session: Session,
    actor: Viewer,
    organisation_id: UUID | None,
    action: str,
    application_id: UUID,
    now: datetime,
    **facts: object,
) -> None:
    """One line on the organisation's chain, or on the network's before there is an organisation."""
    record(
        session,
        case_id=None,
        organisation_id=organisation_id,
        actor=actor,
        action=action,
        subject=f"application:{application_id}",
        facts=facts,
        now=now,
    )
