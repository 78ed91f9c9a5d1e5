"""Admission of an organisation: its request, the steps the network records, two approvals, then only it comes in.

Every write locks the request's row first: two approvals at once are counted one after the other, and the second one
admits. Whatever step changes after an approval voids it: nobody's approval stands for what she did not read.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.rules import Decision
from core.access.viewer import Role, Viewer
from core.accounts.models import AdmissionApproval, Invitation, OrganisationApplication
from core.accounts.rules.admission import (
    AdmissionFacts,
    ApplicationState,
    Approver,
    admission_state,
    call_back_allowed,
    may_approve,
    may_readmit,
    may_suspend,
)
from core.accounts.services.applications import (
    Named,
    facts_of,
    note_admission,
    numbers_given,
    read_named,
    read_request,
    sealed_words,
)
from core.accounts.services.invitations import JOIN, PLAIN, Invited, invite_into, renew_code
from core.accounts.services.people import suspend_organisation
from core.directory.models import Organisation
from core.directory.rules.text import sort_key
from core.directory.rules.words import Status, Tier
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, lock_row, new_id
from core.kernel.errors import DomainError, Forbidden, Missing
from core.kernel.events import emit


class NotAdmissible(DomainError):
    """A rule says no; the message is the rule's."""

    status = 409

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason)


def start_probation(session: Session, keyring: Keyring, viewer: Viewer, application_id: UUID, now: datetime) -> UUID:
    """Look into a request: the organisation exists, on probation, seen by nobody. Doing it again changes nothing."""
    row = _locked(session, viewer, application_id)
    if row.state == ApplicationState.PROBATION.value:
        return UUID(str(row.organisation_id))
    _require(row, ApplicationState.RECEIVED)
    request = read_request(keyring, application_id, row.details_sealed)
    assert request is not None
    organisation_id = new_id()
    add_row(
        session,
        Organisation,
        id=organisation_id,
        slug=f"nouveau-{organisation_id.hex[-12:]}",
        name=request.name,
        sort_key=sort_key(request.name),
        type=row.type,
        regime=None,
        status=Status.PROBATION.value,
        visibility=Tier.CONFIDENTIAL.value,
        receives_referrals=False,
        fictitious=False,
        region="",
        source="admission",
    )
    _set(session, application_id, state=ApplicationState.PROBATION.value, organisation_id=organisation_id)
    note_admission(session, viewer, organisation_id, "admission.probation", application_id, now)
    return organisation_id


def record_call_back(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    application_id: UUID,
    *,
    number: str,
    source: str,
    at: datetime,
    now: datetime,
) -> None:
    """The network called at a number found elsewhere. `number` is E.164. Raises `DomainError` (422)."""
    row = _locked(session, viewer, application_id)
    decision = call_back_allowed(number, numbers_given(read_request(keyring, application_id, row.details_sealed)))
    if not decision.allowed:
        raise DomainError(decision.reason)
    changes = {"called_number": number, "call_source": source, "called_by": viewer.user_id, "called_at": at}
    _step(session, viewer, row, "call_back", now, changes, source=source)


def record_agreement(
    session: Session, viewer: Viewer, application_id: UUID, *, on: date, signatory: str, reference: str, now: datetime
) -> None:
    """The partnership agreement was signed: when, by which function, under which reference."""
    row = _locked(session, viewer, application_id)
    changes = {"agreement_on": on, "agreement_signatory": signatory, "agreement_reference": reference}
    _step(session, viewer, row, "agreement", now, changes, on=on.isoformat())


def record_officer(
    session: Session, keyring: Keyring, viewer: Viewer, application_id: UUID, officer: Named, now: datetime
) -> None:
    """Who answers for personal information there."""
    row = _locked(session, viewer, application_id)
    sealed = sealed_words(keyring, application_id, "officer_sealed", officer)
    _step(session, viewer, row, "officer", now, {"officer_sealed": sealed})


def set_regime(session: Session, viewer: Viewer, application_id: UUID, regime: str, now: datetime) -> None:
    """The Act that governs what it may disclose (network rules §4)."""
    row = _locked(session, viewer, application_id)
    _step(session, viewer, row, "regime", now, {"regime": regime}, regime=regime.lower())


def name_first_admin(
    session: Session, keyring: Keyring, viewer: Viewer, application_id: UUID, admin: Named, now: datetime
) -> None:
    """Who will be invited first, once two others have approved."""
    row = _locked(session, viewer, application_id)
    sealed = sealed_words(keyring, application_id, "admin_sealed", admin)
    _step(session, viewer, row, "admin", now, {"admin_sealed": sealed})


def approve_admission(session: Session, keyring: Keyring, viewer: Viewer, application_id: UUID, now: datetime) -> bool:
    """Approve; True when this approval admitted the organisation. The caller's page asked for a fresh factor (S10).

    Raises `Missing` for the applicant's own people, `NotAdmissible` with the reason: the same person or organisation
    twice, steps missing, decided already.
    """
    if viewer.user_id is None or viewer.organisation_id is None or not holds(viewer, Permission.ADMISSION_APPROVE):
        raise Forbidden
    row = _lock(session, application_id)
    facts = facts_of(session, keyring, row)
    approver = Approver(viewer.user_id, viewer.organisation_id, _is_admitted(session, viewer.organisation_id))
    decision = may_approve(facts, approver)
    if not decision.allowed:
        if not decision.discoverable:
            raise Missing
        raise NotAdmissible(decision)
    add_row(
        session,
        AdmissionApproval,
        application_id=application_id,
        user_id=viewer.user_id,
        organisation_id=viewer.organisation_id,
        at=now,
    )
    note_admission(session, viewer, row.organisation_id, "admission.approved", application_id, now)
    if not admission_state(facts_of(session, keyring, row)).decision.allowed:
        return False
    _admit(session, keyring, viewer, row, now)
    return True


def refuse_admission(session: Session, viewer: Viewer, application_id: UUID, reason: str, now: datetime) -> None:
    """Refuse, with a coded reason; the organisation on probation, which nobody ever saw, is gone."""
    row = _locked(session, viewer, application_id)
    if row.state not in (ApplicationState.RECEIVED.value, ApplicationState.PROBATION.value):
        raise NotAdmissible(admission_state(AdmissionFacts(ApplicationState(row.state), None)).decision)
    session.execute(delete(AdmissionApproval).where(AdmissionApproval.application_id == application_id), **PLAIN)
    refused = ApplicationState.REFUSED.value
    _set(session, application_id, state=refused, refusal=reason, decided_at=now, organisation_id=None)
    if row.organisation_id is not None:
        session.execute(delete(Organisation).where(Organisation.id == row.organisation_id), **PLAIN)
    note_admission(session, viewer, row.organisation_id, "admission.refused", application_id, now, reason=reason)


def _admit(session: Session, keyring: Keyring, viewer: Viewer, row: Any, now: datetime) -> None:
    organisation_id = UUID(str(row.organisation_id))
    pair = keyring.new_organisation_keypair(organisation_id)
    session.execute(
        update(Organisation)
        .where(Organisation.id == organisation_id, Organisation.status == Status.PROBATION.value)
        .values(
            status=Status.ADMITTED.value,
            visibility=Tier.PARTNERS.value,
            regime=row.regime,
            public_key=pair.public,
            wrapped_private_key=pair.wrapped_private,
            key_id=pair.key_id,
        ),
        **PLAIN,
    )
    _set(session, row.id, state=ApplicationState.ADMITTED.value, decided_at=now)
    note_admission(session, viewer, organisation_id, "admission.admitted", row.id, now)
    admin = read_named(keyring, row.id, "admin_sealed", row.admin_sealed)
    assert admin is not None
    # The code goes with nobody yet: the coordination asks for it and gives it by voice or by hand
    invite_into(
        session,
        keyring,
        viewer,
        organisation_id,
        email=admin.email,
        name=admin.name,
        roles=(Role.ORGANISATION_ADMIN,),
        now=now,
    )
    emit(session, "admission.admitted", str(row.id), topics=["network"], now=now)


def _lock(session: Session, application_id: UUID) -> Any:
    row = lock_row(
        session,
        select(OrganisationApplication.__table__).where(OrganisationApplication.id == application_id),
    )
    if row is None:
        raise Missing
    return row


def _locked(session: Session, viewer: Viewer, application_id: UUID) -> Any:
    """The row, for the coordination. Raises `Forbidden`, `Missing`."""
    if not holds(viewer, Permission.NETWORK_OVERSEE):
        raise Forbidden
    return _lock(session, application_id)


def _require(row: Any, state: ApplicationState) -> None:
    if row.state != state.value:
        raise NotAdmissible(admission_state(AdmissionFacts(ApplicationState(row.state), None)).decision)


def _step(
    session: Session, viewer: Viewer, row: Any, step: str, now: datetime, changes: Mapping[str, object], **facts: object
) -> None:
    _require(row, ApplicationState.PROBATION)
    voided: Any = session.execute(delete(AdmissionApproval).where(AdmissionApproval.application_id == row.id), **PLAIN)
    _set(session, row.id, **changes)
    note_admission(
        session, viewer, row.organisation_id, f"admission.{step}", row.id, now, voided=voided.rowcount, **facts
    )


def _set(session: Session, application_id: UUID, **changes: object) -> None:
    session.execute(
        update(OrganisationApplication).where(OrganisationApplication.id == application_id).values(**changes), **PLAIN
    )


def _is_admitted(session: Session, organisation_id: UUID) -> bool:
    status = session.execute(select(Organisation.status).where(Organisation.id == organisation_id)).scalar()
    return status == Status.ADMITTED.value


def suspend_admitted(session: Session, viewer: Viewer, organisation_id: UUID, reason: str, now: datetime) -> None:
    """Shut an admitted organisation out at once: sessions, streams, new requests. Raises `NotAdmissible`."""
    if not holds(viewer, Permission.NETWORK_OVERSEE):
        raise Forbidden
    suspend_as(session, viewer, organisation_id, reason, now)


def suspend_as(session: Session, actor: Viewer, organisation_id: UUID, reason: str, now: datetime) -> None:
    """The same for an actor whose right is checked already (the operator's command)."""
    row = _organisation(session, organisation_id)
    decision = may_suspend(row.status, own=organisation_id == actor.organisation_id)
    if not decision.allowed:
        raise NotAdmissible(decision)
    suspend_organisation(session, organisation_id, now)
    _standing(session, actor, organisation_id, "organisation.suspended", now, reason=reason)


def readmit_organisation(session: Session, viewer: Viewer, organisation_id: UUID, now: datetime) -> None:
    """Let a suspended organisation back in, never one that was not admitted. Raises `NotAdmissible`."""
    if not holds(viewer, Permission.NETWORK_OVERSEE):
        raise Forbidden
    readmit_as(session, viewer, organisation_id, now)


def readmit_as(session: Session, actor: Viewer, organisation_id: UUID, now: datetime) -> None:
    """The same for an actor whose right is checked already (the operator's command)."""
    row = _organisation(session, organisation_id)
    own = organisation_id == actor.organisation_id
    decision = may_readmit(row.status, own=own, was_admitted=row.public_key is not None)
    if not decision.allowed:
        raise NotAdmissible(decision)
    session.execute(
        update(Organisation).where(Organisation.id == organisation_id).values(status=Status.ADMITTED.value), **PLAIN
    )
    _standing(session, actor, organisation_id, "organisation.readmitted", now)


def first_code(session: Session, keyring: Keyring, viewer: Viewer, application_id: UUID, now: datetime) -> Invited:
    """The code of the first administrator's invitation, made anew for the coordination to hand over.

    Raises `Missing` before admission, `InvitationOver` once it is used.
    """
    row = _locked(session, viewer, application_id)
    if row.state != ApplicationState.ADMITTED.value:
        raise Missing
    first = session.execute(
        select(Invitation.id)
        .where(Invitation.organisation_id == row.organisation_id, Invitation.kind == JOIN)
        .order_by(Invitation.created_at, Invitation.id)
        .limit(1)
    ).scalar()
    if first is None:
        raise Missing
    return renew_code(session, keyring, viewer, row.organisation_id, first, now)


def _organisation(session: Session, organisation_id: UUID) -> Any:
    statement = select(Organisation.status, Organisation.public_key).where(Organisation.id == organisation_id)
    row = lock_row(session, statement)
    if row is None:
        raise Missing
    return row


def _standing(
    session: Session, actor: Viewer, organisation_id: UUID, action: str, now: datetime, **facts: object
) -> None:
    record(
        session,
        case_id=None,
        organisation_id=organisation_id,
        actor=actor,
        action=action,
        subject=f"organisation:{organisation_id}",
        facts=facts,
        now=now,
    )
