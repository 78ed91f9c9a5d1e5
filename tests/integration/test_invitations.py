"""Invitations as services: one code, one person, 72 hours; nothing of it in the mail nor in the database."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Role
from core.accounts import queries, services
from core.accounts.models import Invitation, LoginSession, User
from core.accounts.services import invitations
from core.accounts.services.joining import AddressTaken, purge_invitations
from core.journal import verify
from core.kernel.db import Base
from core.kernel.errors import Forbidden, Missing
from core.kernel.mail import OutgoingMail
from core.kernel.mail.outgoing import TEMPLATES
from core.kernel.schema import import_models
from core.testing.network import Network

EMAIL = "camille@exemple.test"
HASH = services.HASHER.hash("grenouille-rivière-12")


@pytest.fixture(autouse=True)
def _signed_in(network: Network) -> None:
    """Signing in writes: done before the tests' own transactions."""
    for persona in ("admin-chrysalide", "calacs-chrysalide", "police-repentigny"):
        network.viewer(persona)


def invite(session: Session, network: Network, email: str = EMAIL, **given: Any) -> invitations.Invited:
    asked = {"email": email, "name": "Camille Essai", "roles": [Role.WORKER, Role.INTAKE], **given}
    return services.invite_person(
        session, network.keyring, network.viewer("admin-chrysalide"), now=network.clock.now(), **asked
    )


def match(session: Session, network: Network, code: str, email: str = EMAIL) -> Any:
    return services.match_invitation(session, network.keyring, email, code, network.clock.now())


def accept(session: Session, network: Network, invitation_id: UUID) -> UUID:
    return services.accept_invitation(session, network.keyring, invitation_id, network.clock.now(), password_hash=HASH)


def at_once(network: Network, *works: Any) -> list[Any]:
    """Every work in its own thread and transaction, started together; results or exceptions."""
    gate = Barrier(len(works))

    def run(work: Any) -> Any:
        gate.wait()
        try:
            with network.database.transaction() as session:
                return work(session)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_an_invitation_opens_one_account_once(network: Network) -> None:
    import_models()
    with network.database.transaction() as session:
        invited = invite(session, network, "  Camille@Exemple.test ")
        mail = session.execute(select(OutgoingMail.template)).scalars().all()
        held = [
            value
            for table in Base.metadata.sorted_tables
            if table.name in {"invitations", "outgoing_mail", "journal_entries", "outbox_events"}
            for row in session.execute(select(table))
            for value in row
        ]
    assert mail == ["invitation"]
    for text in TEMPLATES["invitation"].values():
        assert re.findall(r"\{\w*\}|%\(|https?:|www", text.subject + text.body) == ["{home}"], (
            "nothing else is clickable"
        )
    symbols = invited.code.replace("-", "")
    assert len(symbols) == 12
    for secret in (symbols, invited.code, "amille", "xemple"):
        assert not [one for one in held if secret in str(one) or (isinstance(one, bytes) and secret.encode() in one)]
    with network.database.transaction() as session:
        found = match(session, network, f" {invited.code.lower()} ")
        assert found is not None
        assert (found.name, found.roles) == ("Camille Essai", (Role.INTAKE, Role.WORKER))
        waiting = services.open_invitation(session, network.keyring, EMAIL, network.clock.now())
        assert waiting == found
        user_id = accept(session, network, found.id)
    with network.database.transaction() as session:
        account = queries.account(session, network.keyring, EMAIL)
        assert account is not None
        assert account.user_id == user_id
        assert match(session, network, invited.code) is None
        assert services.open_invitation(session, network.keyring, EMAIL, network.clock.now()) is None
        with pytest.raises(services.InvitationOver):
            accept(session, network, invited.id)
        assert verify(session, network.keyring.journal_public_keys()).ok


def test_whatever_is_wrong_with_a_code_nothing_matches(network: Network) -> None:
    elsewhere = replace(network.viewer("admin-chrysalide"), organisation_id=network.organisation("ajrj"))
    with network.database.transaction() as session:
        first = invite(session, network)
        assert match(session, network, "2222-2222-2222") is None
        assert match(session, network, "") is None
        assert match(session, network, first.code, "autre@exemple.test") is None
        # Another organisation's administration neither sees, renews nor revokes it
        with pytest.raises(Missing):
            invitations.revoke_invitation(session, elsewhere, first.id, network.clock.now())
        with pytest.raises(Missing):
            invitations.renew_invitation(session, network.keyring, elsewhere, first.id, network.clock.now())
        vouched = services.open_invitation(
            session, network.keyring, EMAIL, network.clock.now(), organisation_id=network.organisation("ajrj")
        )
        assert vouched is None
        # A new code, then a second invitation to the same address: each time the former code is worth nothing
        second = invitations.renew_invitation(
            session, network.keyring, network.viewer("admin-chrysalide"), first.id, network.clock.now()
        )
        assert match(session, network, first.code) is None
        assert match(session, network, second.code) is not None
        third = invite(session, network)
        assert match(session, network, second.code) is None
        assert match(session, network, third.code) is not None
    network.clock.advance(timedelta(hours=72))
    with network.database.transaction() as session:
        assert match(session, network, third.code) is None
        with pytest.raises(services.InvitationOver):
            accept(session, network, third.id)
        # Its time over, it may be renewed; revoked, it may not
        admin = network.viewer("admin-chrysalide")
        fourth = invitations.renew_invitation(session, network.keyring, admin, third.id, network.clock.now())
        assert match(session, network, fourth.code) is not None
        invitations.revoke_invitation(session, admin, third.id, network.clock.now())
        assert match(session, network, fourth.code) is None
        with pytest.raises(services.InvitationOver):
            invitations.renew_invitation(session, network.keyring, admin, third.id, network.clock.now())


def test_who_may_invite_whom(network: Network) -> None:
    with network.database.transaction() as session:
        for roles in ([], [Role.OPERATOR], [Role.NETWORK_COORDINATION, Role.WORKER]):
            with pytest.raises(invitations.RolesNeeded):
                invite(session, network, roles=roles)
        with pytest.raises(services.RolesConflict):
            invite(session, network, roles=[Role.WORKER, Role.ORGANISATION_ADMIN])
        with pytest.raises(invitations.AlreadyHere):
            invite(session, network, "CALACS-Chrysalide@exemple.invalid")
        worker = network.viewer("calacs-chrysalide")
        with pytest.raises(Forbidden):
            services.invite_person(
                session, network.keyring, worker, email=EMAIL, name="x", roles=[Role.WORKER], now=network.clock.now()
            )
        assert session.execute(select(Invitation.id)).all() == []
        # Somebody else's organisation: told to whoever holds the code, and to nobody before
        taken = invite(session, network, "police-repentigny@exemple.invalid")
        with pytest.raises(AddressTaken):
            accept(session, network, taken.id)


def test_the_same_code_typed_twice_at_once_opens_one_account(network: Network) -> None:
    with network.database.transaction() as session:
        invited = invite(session, network)
    results = at_once(network, *(lambda session: accept(session, network, invited.id) for _ in range(3)))
    assert sum(isinstance(one, UUID) for one in results) == 1, results
    assert sum(isinstance(one, services.InvitationOver) for one in results) == 2, results


def test_a_new_password_is_chosen_with_a_code_of_the_same_kind(network: Network) -> None:
    worker = network.viewer("calacs-chrysalide").user_id
    token = network.token("calacs-chrysalide")
    admin, now = network.viewer("admin-chrysalide"), network.clock.now()
    address = "calacs-chrysalide@exemple.invalid"
    with network.database.transaction() as session:
        with pytest.raises(Missing):
            invitations.reset_password(
                session, network.keyring, admin, network.viewer("police-repentigny").user_id, now
            )
        with pytest.raises(invitations.NotYourself):
            invitations.reset_password(session, network.keyring, admin, admin.user_id, now)
        given = invitations.reset_password(session, network.keyring, admin, worker, now)
        ended = select(LoginSession.ended_at).where(LoginSession.token_hash == services.token_hash(token))
        assert session.execute(ended).scalar() is not None
        found = match(session, network, given.code, address)
        assert found is not None
        # It is no invitation: a provider that vouches for the address opens nothing with it
        assert services.open_invitation(session, network.keyring, address, now) is None
        assert accept(session, network, found.id) == worker
        assert session.execute(select(User.password_hash).where(User.id == worker)).scalar() == HASH
        assert match(session, network, given.code, address) is None


def test_a_suspended_organisation_invites_nobody_in_and_old_ones_are_forgotten(network: Network) -> None:
    with network.database.transaction() as session:
        invited = invite(session, network)
        services.suspend_organisation(session, network.organisation("calacs-la-chrysalide"), network.clock.now())
        assert match(session, network, invited.code) is None
        with pytest.raises(services.InvitationOver):
            accept(session, network, invited.id)
        purge_invitations(session, network.clock.now() + timedelta(days=32))
        assert session.execute(select(Invitation.id)).all() != []
        purge_invitations(session, network.clock.now() + timedelta(days=34))
        assert session.execute(select(Invitation.id)).all() == []
