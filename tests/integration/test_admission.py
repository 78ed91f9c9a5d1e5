"""S5: two approvers from two other organisations, in every order and at once; probation sees and receives nothing."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts import services
from core.accounts.models import AdmissionApproval, Invitation, LoginSession, OrganisationApplication
from core.accounts.queries.admission import application, applications, to_approve
from core.accounts.rules.admission import (
    ALREADY_ORGANISATION,
    ALREADY_PERSON,
    NEVER_ADMITTED,
    NOT_ACTIVE,
    NOT_ADMITTED,
    NOT_PENDING,
    NUMBER_GIVEN,
    STEPS_FIRST,
    ApplicationState,
)
from core.accounts.services.admission import (
    NotAdmissible,
    approve_admission,
    first_code,
    readmit_organisation,
    record_call_back,
    refuse_admission,
    set_regime,
    start_probation,
    suspend_admitted,
)
from core.accounts.services.applications import purge_applications
from core.consent.services import Invalid
from core.directory.models import Organisation, TerritoryRoute
from core.directory.queries.organisations import organisations_receiving
from core.directory.queries.places import routing_of
from core.directory.services import create_missing_keys
from core.journal import verify
from core.kernel.db import Base
from core.kernel.errors import DomainError, Forbidden, Missing
from core.kernel.events import OutboxEvent
from core.kernel.schema import import_models
from core.referrals import services as referrals
from core.referrals.queries.recipients import candidates
from core.referrals.rules.clocks import ClockSettings
from core.testing.network import Network
from tests.support import referrals as sample
from tests.support.admission import FIRST, NUMBER_FOUND, REQUEST, approver, ask, at_once, prepared, record_steps

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def _signed_in(network: Network) -> None:
    for persona in ("admin-chrysalide", "coordination-cresl", "confidentialite-chrysalide"):
        network.viewer(persona)


def approve(session: Session, network: Network, viewer: Viewer, request: UUID) -> bool:
    return approve_admission(session, network.keyring, viewer, request, network.clock.now())


def status(session: Session, organisation: UUID) -> tuple[str, bool, str | None]:
    row = session.execute(
        select(Organisation.status, Organisation.public_key, Organisation.regime).where(Organisation.id == organisation)
    ).one()
    return row.status, row.public_key is not None, row.regime


def refused(session: Session, network: Network, viewer: Viewer, request: UUID) -> str:
    with pytest.raises(NotAdmissible) as why, session.begin_nested():
        approve(session, network, viewer, request)
    return why.value.message


@ONE_ENGINE
def test_every_order_of_approval_and_of_refusal(network: Network) -> None:
    """Coordination, a privacy officer and an administration: any two of three organisations, whoever comes between."""
    coordination = network.viewer("coordination-cresl")
    officer = network.viewer("confidentialite-chrysalide")
    admin = approver(network, "ajrj")
    same_house = network.viewer("admin-chrysalide")
    for first, second in permutations((coordination, officer, admin), 2):
        request, organisation = prepared(network)
        own = replace(admin, user_id=admin.user_id, organisation_id=organisation)
        with network.database.transaction() as session:
            with pytest.raises(Missing):
                approve(session, network, own, request)
            assert approve(session, network, first, request) is False
            assert status(session, organisation) == ("probation", False, None)
            assert refused(session, network, first, request) == ALREADY_PERSON
            if officer in (first,):
                assert refused(session, network, same_house, request) == ALREADY_ORGANISATION
            with pytest.raises(Missing):
                approve(session, network, own, request)
            assert status(session, organisation) == ("probation", False, None)
            assert session.execute(select(Invitation.id).where(Invitation.organisation_id == organisation)).all() == []
            assert approve(session, network, second, request) is True
            assert status(session, organisation) == ("admitted", True, "P-39.1")
            assert refused(session, network, second, request) == NOT_PENDING
            invited = select(Invitation).where(Invitation.organisation_id == organisation)
            (invitation,) = session.execute(invited).scalars()
            assert invitation.roles == [Role.ORGANISATION_ADMIN.value]
            assert verify(session, network.keyring.journal_public_keys()).ok


def test_approvals_at_once_are_counted_one_after_the_other(network: Network) -> None:
    request, organisation = prepared(network)
    people = [approver(network, slug) for slug in ("ajrj", "la-clef", "cavac-lanaudiere")]
    colleague = approver(network, "ajrj", name="b")
    works = [lambda session, who=who: approve(session, network, who, request) for who in (*people, colleague)]
    results = at_once(network, works)
    assert sum(one is True for one in results) == 1, results
    assert sum(one is False for one in results) == 1, results
    assert sum(isinstance(one, NotAdmissible) for one in results) == 2, results
    with network.database.transaction() as session:
        assert status(session, organisation)[0] == "admitted"
        given = session.execute(select(AdmissionApproval.organisation_id)).scalars().all()
        assert len(given) == len(set(given)) == 2
        assert session.execute(select(func.count()).select_from(Invitation)).scalar() == 1


def test_one_person_or_one_organisation_at_once_is_one_approval(network: Network) -> None:
    request, organisation = prepared(network)
    one, colleague = approver(network, "ajrj"), approver(network, "ajrj", Role.PRIVACY_OFFICER, name="b")
    results = at_once(
        network, [lambda session, who=who: approve(session, network, who, request) for who in (one, one, colleague)]
    )
    assert sum(result is False for result in results) == 1, results
    assert {getattr(result, "message", None) for result in results} <= {None, ALREADY_PERSON, ALREADY_ORGANISATION}
    with network.database.transaction() as session:
        assert status(session, organisation) == ("probation", False, None)


@ONE_ENGINE
def test_who_approves_what(network: Network) -> None:
    request, _ = prepared(network)
    suspended = approver(network, "la-clef")
    worker = approver(network, "ajrj", Role.WORKER)
    early = ask(network)
    with network.database.transaction() as session:
        services.suspend_organisation(session, suspended.organisation_id, network.clock.now())
        assert refused(session, network, suspended, request) == NOT_ADMITTED
        with pytest.raises(Forbidden):
            approve(session, network, worker, request)
        assert refused(session, network, network.viewer("coordination-cresl"), early) == NOT_PENDING
        with pytest.raises(Forbidden):
            start_probation(session, network.keyring, network.viewer("admin-chrysalide"), early, network.clock.now())


@ONE_ENGINE
def test_an_approval_stands_for_what_was_read(network: Network) -> None:
    """A step changed afterwards voids it; an approver who leaves no longer counts."""
    request, organisation = prepared(network)
    first, second, third = (approver(network, slug) for slug in ("ajrj", "la-clef", "cavac-lanaudiere"))
    coordination, now = network.viewer("coordination-cresl"), network.clock.now()
    with network.database.transaction() as session:
        approve(session, network, first, request)
        set_regime(session, coordination, request, "A-2.1", now)
        assert session.execute(select(AdmissionApproval.user_id)).all() == []
        approve(session, network, first, request)
        assert first.user_id is not None
        services.offboard_user(session, network.keyring, coordination, first.user_id, now)
        assert approve(session, network, second, request) is False
        assert status(session, organisation)[0] == "probation"
        assert approve(session, network, third, request) is True
        assert status(session, organisation) == ("admitted", True, "A-2.1")


@ONE_ENGINE
def test_the_call_back_is_never_to_a_number_of_the_request(network: Network) -> None:
    """Neither the field nor a number slipped in the reasons; without a call-back, nobody may approve."""
    request, coordination, now = ask(network), network.viewer("coordination-cresl"), network.clock.now()
    called: dict[str, Any] = {"source": "211", "at": now, "now": now}
    with network.database.transaction() as session:
        start_probation(session, network.keyring, coordination, request, now)
        record_steps(session, network, request)
        for number in ("+14505550177", "+14505550178"):
            with pytest.raises(DomainError, match="numéro"):
                record_call_back(session, network.keyring, coordination, request, number=number, **called)
        kept = select(OrganisationApplication.called_number, OrganisationApplication.called_by)
        assert session.execute(kept).one() == (NUMBER_FOUND, coordination.user_id)
        session.execute(update(OrganisationApplication).values(called_number="+14505550177"))
        assert refused(session, network, coordination, request) == STEPS_FIRST
        session.execute(update(OrganisationApplication).values(called_number=None))
        assert refused(session, network, coordination, request) == STEPS_FIRST
        assert NUMBER_GIVEN.startswith("Ce numéro")


def test_probation_sees_and_receives_nothing(network: Network) -> None:
    """Even with the marks of a receiver put by hand: no key, no place in lists and routes, no request, no session."""
    _, organisation = prepared(network)
    keyring, now = network.keyring, network.clock.now()
    police = network.viewer("police-repentigny")
    with network.database.transaction() as session:
        session.execute(update(Organisation).where(Organisation.id == organisation).values(receives_referrals=True))
        before = routing_of(session, "60013")
        session.add(TerritoryRoute(municipality_code="60013", organisation_id=organisation, source="essai"))
        session.flush()
        assert create_missing_keys(session, keyring) == 0
        assert organisation not in {one.id for one in organisations_receiving(session)}
        assert organisation not in {one.id for one in candidates(session, sender_id=None)}
        assert routing_of(session, "60013") == before
        user_id = services.add_user(
            session,
            keyring,
            organisation_id=organisation,
            email="a@girouettes.invalid",
            name="A",
            roles=[Role.WORKER],
            now=now,
        )
        token = services.open_session(session, user_id, now, second_factor=True, device="essai")
    house = network.app().state.house
    with network.database.transaction() as session:
        assert house.authenticate(session, token, now).viewer.is_anonymous
    world = sample.World(keyring, {"nouveau": organisation}, {"nouveau": "communautaire"})
    with network.database.transaction() as session:
        filled = sample.submission(world, "nouveau")
        with pytest.raises(Invalid):
            referrals.submit_referral(session, keyring, police, filled, clock=ClockSettings(), now=now)
    # The control: admitted with a key, the same session opens and the same request arrives
    with network.database.transaction() as session:
        session.execute(update(Organisation).where(Organisation.id == organisation).values(status="admitted"))
        assert create_missing_keys(session, keyring) == 1
        assert organisation in {one.id for one in candidates(session, sender_id=None)}
        assert house.authenticate(session, token, now).viewer.user_id == user_id
        filled = sample.submission(world, "nouveau")
        assert referrals.submit_referral(session, keyring, police, filled, clock=ClockSettings(), now=now).code


@ONE_ENGINE
def test_a_request_is_sealed_and_what_is_refused_is_erased(network: Network) -> None:
    request, organisation = prepared(network)
    coordination, now = network.viewer("coordination-cresl"), network.clock.now()
    import_models()
    with network.database.transaction() as session:
        secrets = (REQUEST.email, REQUEST.function, "450 555-0177", FIRST.name, FIRST.email, "Paule Fictive")
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for value in row:
                    raw = value if isinstance(value, bytes) else str(value).encode()
                    for secret in secrets:
                        assert secret.encode() not in raw, (table.name, secret)
                        assert base64.b64encode(secret.encode()) not in raw
        view = application(session, network.keyring, request)
        assert view is not None
        assert view.request == REQUEST
        assert view.admin == FIRST
        (seen,) = to_approve(session, network.keyring, coordination.organisation_id, coordination.user_id)
        assert "girouettes.invalid" not in repr(seen)
        approve(session, network, coordination, request)
        refuse_admission(session, coordination, request, "not_confirmed", now)
        assert session.execute(select(Organisation.id).where(Organisation.id == organisation)).first() is None
        refused_row = applications(session, network.keyring).rows[0]
        assert (refused_row.state, refused_row.name) == (ApplicationState.REFUSED, REQUEST.name)
        with pytest.raises(NotAdmissible):
            refuse_admission(session, coordination, request, "gave_up", now)
        assert refused(session, network, coordination, request) == NOT_PENDING
        purge_applications(session, now + timedelta(days=29))
        assert applications(session, network.keyring).rows[0].name == REQUEST.name
        purge_applications(session, now + timedelta(days=31))
        view = application(session, network.keyring, request)
        assert view is not None
        assert (view.request, view.officer, view.admin, view.refusal) == (None, None, None, "not_confirmed")


def test_suspended_at_once_then_back_and_never_without_the_approvals(network: Network) -> None:
    chrysalide, coordination = network.organisation("calacs-la-chrysalide"), network.viewer("coordination-cresl")
    token, now = network.token("calacs-chrysalide"), network.clock.now()
    request, probation = prepared(network)
    ajrj = approver(network, "ajrj")
    house = network.app().state.house
    with network.database.transaction() as session:
        with pytest.raises(NotAdmissible, match=NOT_ACTIVE):
            suspend_admitted(session, coordination, probation, "doubt", now)
        with pytest.raises(NotAdmissible):
            suspend_admitted(session, coordination, coordination.organisation_id, "doubt", now)
        with pytest.raises(Forbidden):
            suspend_admitted(session, ajrj, chrysalide, "doubt", now)
        suspend_admitted(session, coordination, chrysalide, "incident", now)
        open_ones = select(LoginSession.id).where(LoginSession.token_hash == services.token_hash(token))
        assert session.execute(open_ones.where(LoginSession.ended_at.is_(None))).first() is None
        closing = select(OutboxEvent.topics).where(OutboxEvent.kind == "control.close")
        assert [f"org:{chrysalide}"] in session.execute(closing).scalars().all()
        assert house.authenticate(session, token, now).viewer.is_anonymous
        readmit_organisation(session, coordination, chrysalide, now)
        assert status(session, chrysalide)[0] == "admitted"
        # Marked suspended by any other way, an organisation that was never approved does not come in
        session.execute(update(Organisation).where(Organisation.id == probation).values(status="suspended"))
        with pytest.raises(NotAdmissible, match=NEVER_ADMITTED[:20]):
            readmit_organisation(session, coordination, probation, now)
        assert approve(session, network, coordination, request) is False


@ONE_ENGINE
def test_the_first_person_comes_in_with_a_code_handed_over(network: Network) -> None:
    request, organisation = prepared(network)
    coordination, now = network.viewer("coordination-cresl"), network.clock.now()
    with network.database.transaction() as session:
        with pytest.raises(Missing):
            first_code(session, network.keyring, coordination, request, now)
        approve(session, network, coordination, request)
        approve(session, network, network.viewer("confidentialite-chrysalide"), request)
        given = first_code(session, network.keyring, coordination, request, now)
        found = services.match_invitation(session, network.keyring, FIRST.email, given.code, now)
        assert found is not None
        assert (found.organisation_id, found.roles) == (organisation, (Role.ORGANISATION_ADMIN,))
        services.accept_invitation(session, network.keyring, found.id, now, password_hash=services.HASHER.hash("x"))
        with pytest.raises(services.InvitationOver):
            first_code(session, network.keyring, coordination, request, now)
