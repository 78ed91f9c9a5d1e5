"""Requests to come into the network, for the coordination and for who approves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts.models import AdmissionApproval, Invitation, OrganisationApplication
from core.accounts.rules.admission import AdmissionState, ApplicationState, Step, admission_state
from core.accounts.services.applications import Named, Request, facts_of, read_named, read_request
from core.directory.models import Organisation
from core.kernel.crypto import Keyring

PAGE = 25


@dataclass(frozen=True)
class ApplicationRow:
    """A line of the list. `name` is empty once what was written is erased."""

    id: UUID
    name: str
    type: str
    state: ApplicationState
    received_at: datetime
    approvals: int


@dataclass(frozen=True)
class Applications:
    """A page of the list, those that wait first, then by date."""

    rows: tuple[ApplicationRow, ...]
    total: int
    page: int
    pages: int


@dataclass(frozen=True)
class ApplicationView:
    """Everything the coordination sees. `called_by`, `approvals`: names of people and organisations of the network."""

    id: UUID
    state: ApplicationState
    received_at: datetime
    type: str
    regime_claimed: str | None
    organisation_id: UUID | None
    organisation_status: str | None
    request: Request | None = field(repr=False)
    called_number: str | None
    call_source: str | None
    called_by: UUID | None
    called_at: datetime | None
    agreement_on: date | None
    agreement_signatory: str | None
    agreement_reference: str | None
    officer: Named | None = field(repr=False)
    regime: str | None
    admin: Named | None = field(repr=False)
    decided_at: datetime | None
    refusal: str | None
    admission: AdmissionState
    approvals: tuple[tuple[str, datetime], ...]
    #: The first administrator's invitation still waits: its code may be handed over.
    first_waits: bool

    @property
    def done(self) -> frozenset[Step]:
        """The steps that are recorded."""
        return frozenset(Step) - frozenset(self.admission.missing)


@dataclass(frozen=True)
class ToApprove:
    """What somebody of another organisation reads before approving: no name, no address of anybody."""

    id: UUID
    name: str
    type: str
    regime: str | None
    called_at: datetime | None
    call_source: str | None
    agreement_on: date | None
    agreement_signatory: str | None
    agreement_reference: str | None
    approvals: tuple[tuple[str, datetime], ...]
    mine: bool
    ready: bool


def applications(session: Session, keyring: Keyring, *, page: int = 1) -> Applications:
    """The list, `PAGE` at a time. Two statements."""
    total = session.execute(select(func.count()).select_from(OrganisationApplication)).scalar_one()
    pages = max(1, -(-total // PAGE))
    page = min(max(page, 1), pages)
    approvals = (
        select(func.count())
        .where(AdmissionApproval.application_id == OrganisationApplication.id)
        .correlate(OrganisationApplication)
        .scalar_subquery()
    )
    waiting = OrganisationApplication.state.in_((ApplicationState.RECEIVED.value, ApplicationState.PROBATION.value))
    rows = session.execute(
        select(
            OrganisationApplication.id,
            OrganisationApplication.type,
            OrganisationApplication.state,
            OrganisationApplication.received_at,
            OrganisationApplication.details_sealed,
            approvals.label("approvals"),
        )
        .order_by(waiting.desc(), OrganisationApplication.received_at.desc(), OrganisationApplication.id)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    listed = tuple(
        ApplicationRow(
            row.id, _name(keyring, row), row.type, ApplicationState(row.state), row.received_at, row.approvals
        )
        for row in rows
    )
    return Applications(listed, total, page, pages)


def application(session: Session, keyring: Keyring, application_id: UUID) -> ApplicationView | None:
    """One request in full. Four statements."""
    row = session.execute(_WITH_STANDING.where(OrganisationApplication.id == application_id)).first()
    if row is None:
        return None
    first = select(Invitation.id).where(
        Invitation.organisation_id == row.organisation_id,
        Invitation.used_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.kind == "join",
    )
    state = ApplicationState(row.state)
    return ApplicationView(
        row.id,
        state,
        row.received_at,
        row.type,
        row.regime_claimed,
        row.organisation_id,
        row.organisation_status,
        read_request(keyring, row.id, row.details_sealed),
        row.called_number,
        row.call_source,
        row.called_by,
        row.called_at,
        row.agreement_on,
        row.agreement_signatory,
        row.agreement_reference,
        read_named(keyring, row.id, "officer_sealed", row.officer_sealed),
        row.regime,
        read_named(keyring, row.id, "admin_sealed", row.admin_sealed),
        row.decided_at,
        row.refusal,
        admission_state(facts_of(session, keyring, row)),
        _approvals(session, [row.id])[row.id],
        state is ApplicationState.ADMITTED and session.execute(first.limit(1)).first() is not None,
    )


def application_of(session: Session, keyring: Keyring, organisation_id: UUID) -> ApplicationView | None:
    """The request an organisation came by, None for one that was here before."""
    found = select(OrganisationApplication.id).where(OrganisationApplication.organisation_id == organisation_id)
    application_id = session.execute(found).scalar()
    return application(session, keyring, application_id) if application_id is not None else None


def to_approve(session: Session, keyring: Keyring, organisation_id: UUID, user_id: UUID) -> tuple[ToApprove, ...]:
    """Organisations on probation but one's own, oldest first, whether their steps are all done or not yet."""
    rows = session.execute(
        _WITH_STANDING.where(
            OrganisationApplication.state == ApplicationState.PROBATION.value,
            OrganisationApplication.organisation_id != organisation_id,
        )
        .order_by(OrganisationApplication.received_at, OrganisationApplication.id)
        .limit(PAGE)
    ).all()
    given = _approvals(session, [row.id for row in rows])
    mine = set(
        session.execute(
            select(AdmissionApproval.application_id).where(
                (AdmissionApproval.organisation_id == organisation_id) | (AdmissionApproval.user_id == user_id)
            )
        ).scalars()
    )
    return tuple(_to_approve(keyring, row, given[row.id], row.id in mine) for row in rows)


_WITH_STANDING = select(
    *OrganisationApplication.__table__.columns, Organisation.status.label("organisation_status")
).outerjoin(Organisation, Organisation.id == OrganisationApplication.organisation_id)


def _to_approve(keyring: Keyring, row: Any, approvals: tuple[tuple[str, datetime], ...], mine: bool) -> ToApprove:
    recorded = (row.called_number, row.agreement_on, row.officer_sealed, row.regime, row.admin_sealed)
    return ToApprove(
        row.id,
        _name(keyring, row),
        row.type,
        row.regime,
        row.called_at,
        row.call_source,
        row.agreement_on,
        row.agreement_signatory,
        row.agreement_reference,
        approvals,
        mine,
        all(one is not None for one in recorded),
    )


def _approvals(session: Session, ids: list[UUID]) -> dict[UUID, tuple[tuple[str, datetime], ...]]:
    """Approving organisations and when, by request."""
    found: dict[UUID, tuple[tuple[str, datetime], ...]] = dict.fromkeys(ids, ())
    rows = session.execute(
        select(AdmissionApproval.application_id, Organisation.name, AdmissionApproval.at)
        .join(Organisation, Organisation.id == AdmissionApproval.organisation_id)
        .where(AdmissionApproval.application_id.in_(ids))
        .order_by(AdmissionApproval.at)
    )
    for row in rows:
        found[row.application_id] = (*found[row.application_id], (row.name, row.at))
    return found


def _name(keyring: Keyring, row: Any) -> str:
    request = read_request(keyring, row.id, row.details_sealed)
    return request.name if request is not None else ""
