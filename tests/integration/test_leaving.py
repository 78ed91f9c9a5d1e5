"""A person leaves: access, claims, drafts, shifts, invitations and keys, in one act, on both engines."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts import queries, services
from core.accounts.models import (
    Invitation,
    LoginSession,
    OrganisationKeyChange,
    OrganisationKeySeal,
    TotpSecret,
    User,
)
from core.accounts.services import keys, leaving
from core.accounts.services.invitations import NotYourself
from core.directory.models import Organisation
from core.directory.services.keys import sealing_key
from core.journal import verify
from core.journal.models import JournalEntry
from core.kernel.crypto import Keyring, PrivateKey, Unreadable, unseal
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import OutboxEvent
from core.referrals import services as referrals
from core.referrals.models import BlockSeal, OnCallShift, Referral, ReferralDraft, ReferralEntry
from core.referrals.services.drafts import open_draft, save_draft
from core.testing.network import Network
from tests.support.admission import approver, at_once
from tests.support.forking import Forking
from tests.support.held import ADMIN, POLICE, RECEIVER, hold, send

SLUG = "calacs-la-chrysalide"


@pytest.fixture(autouse=True)
def _signed_in(network: Network) -> None:
    for persona in (ADMIN, RECEIVER, POLICE, "coordination-cresl"):
        network.viewer(persona)


def private(session: Session, keyring: Keyring, organisation: UUID) -> PrivateKey:
    wrapped = select(Organisation.wrapped_private_key).where(Organisation.id == organisation)
    return keyring.open_private(session.execute(wrapped).scalar_one(), organisation)


def opened(session: Session, organisation: UUID, key: PrivateKey) -> dict[tuple[str, UUID], bytes | None]:
    """What this private key opens of everything sealed to the organisation; None where it opens nothing."""
    found: dict[tuple[str, UUID], bytes | None] = {}
    for column in keys.sealed_columns():
        rows = select(column.row_id, column.sealed).where(column.owned(organisation), column.sealed.is_not(None))
        for row_id, sealed in session.execute(rows):
            try:
                found[column.place, row_id] = unseal(sealed, key)
            except Unreadable:
                found[column.place, row_id] = None
    return found


def depart(session: Session, network: Network, who: UUID | None = None, by: Viewer | None = None) -> leaving.Departure:
    target = who or network.viewer(RECEIVER).user_id
    assert target is not None
    actor = by or network.viewer(ADMIN)
    return leaving.offboard_person(session, network.keyring, actor, target, network.clock.now())


def test_everything_of_hers_in_one_act(network: Network) -> None:
    organisation, now, keyring = network.organisation(SLUG), network.clock.now(), network.keyring
    worker, admin = network.viewer(RECEIVER), network.viewer(ADMIN)
    assert worker.user_id is not None
    held, waiting = hold(network), send(network)
    token = network.token(RECEIVER)
    with network.database.transaction() as session:
        referrals.claim_referral(session, worker, waiting, now)
        save_draft(session, keyring, worker, "brouillon-a-elle", {"note": "jamais envoyé"}, now)
        shift = {"organisation_id": organisation, "starts_at": now, "ends_at": now + timedelta(hours=8)}
        session.add(OnCallShift(user_id=worker.user_id, **shift))
        session.add(OnCallShift(user_id=admin.user_id, **shift))
        # She had administered before: an invitation of hers still waits
        invited = services.invite_person(
            session, keyring, admin, email="x@exemple.test", name="X", roles=[Role.WORKER], now=now
        )
        session.execute(update(Invitation).values(invited_by=worker.user_id))
        session.add(
            TotpSecret(user_id=worker.user_id, secret_sealed=b"x", created_at=now, confirmed_at=now, last_step=0)
        )
    with network.database.transaction() as session:
        said = leaving.leaving_counts(session, worker.user_id)
        old = private(session, keyring, organisation)
        before = opened(session, organisation, old)
        done = depart(session, network)
    assert said == dict(done.counts) == {"claims": 2, "drafts": 1, "shifts": 1, "invitations": 1, "seats": 0}
    assert done.keys_replaced
    with network.database.transaction() as session:
        user = session.execute(select(User).where(User.id == worker.user_id)).scalar_one()
        assert (user.status, user.left_at, user.password_hash) == ("disabled", now, None)
        assert queries.account(session, keyring, f"{RECEIVER}@exemple.invalid") is None
        ended = select(LoginSession.ended_at).where(LoginSession.token_hash == services.token_hash(token))
        assert session.execute(ended).scalar() == now
        told = session.execute(select(OutboxEvent.kind, OutboxEvent.ref, OutboxEvent.topics)).all()
        assert ("control.close", "", [f"user:{worker.user_id}"]) in told
        assert [one for one in told if one.kind == leaving.OFFBOARDED and one.ref == str(worker.user_id)]
        # Her claims are the team's again, live: the row's own event, to the organisation
        rows = session.execute(select(Referral.code, Referral.claimed_by).where(Referral.state != "draft")).all()
        assert {row.code: row.claimed_by for row in rows} == {held: None, waiting: None}
        freed = {one.ref for one in told if one.kind == "referral.released" and f"org:{organisation}" in one.topics}
        assert freed == {held, waiting}
        entries = session.execute(select(ReferralEntry.kind).where(ReferralEntry.kind == "released")).all()
        assert len(entries) == 2
        assert session.execute(select(ReferralDraft.referral_id)).all() == []
        assert session.execute(select(OnCallShift.user_id)).scalars().all() == [admin.user_id]
        assert session.execute(select(TotpSecret.id)).all() == []
        assert services.match_invitation(session, keyring, "x@exemple.test", invited.code, now) is None
        # The keys: what the old private key opened, it opens no more, and the new one opens all of it
        after = opened(session, organisation, old)
        assert set(after.values()) == {None}
        kept = {place: key for place, key in before.items() if place[0] != "referral_drafts"}
        assert opened(session, organisation, private(session, keyring, organisation)) == kept
        assert {place for place, _ in kept} >= {"referral_block_seals"}
        acts = session.execute(
            select(JournalEntry.line).where(JournalEntry.chain.contains(str(organisation)))
        ).scalars()
        assert [line for line in acts if leaving.OFFBOARDED in line and '"claims":2' in line]
        assert verify(session, keyring.journal_public_keys()).ok
    # A colleague reads and takes on what came back; a new reference opens too
    with network.database.transaction() as session:
        colleague = replace(worker, user_id=admin.user_id)
        assert referrals.open_referral(session, keyring, colleague, held, now)
        referrals.accept_referral(session, keyring, colleague, waiting, now)
        with pytest.raises(Missing):
            depart(session, network)


def test_nobody_closes_her_own_account_and_an_administration_always_stays(network: Network) -> None:
    first, now = network.viewer(ADMIN), network.clock.now()
    second = approver(network, SLUG)
    stranger = approver(network, "ajrj")
    assert first.user_id is not None
    with network.database.transaction() as session:
        with pytest.raises(NotYourself):
            depart(session, network, first.user_id)
        for actor in (stranger, network.viewer("coordination-cresl"), network.viewer(POLICE)):
            with pytest.raises((Missing, Forbidden)):
                depart(session, network, first.user_id, actor)
    results = at_once(
        network,
        [
            lambda session: depart(session, network, second.user_id, first),
            lambda session: depart(session, network, first.user_id, second),
        ],
    )
    assert sum(isinstance(one, leaving.Departure) for one in results) == 1, results
    assert sum(isinstance(one, Forbidden) for one in results) == 1, results
    with network.database.transaction() as session:
        active = select(User.roles).where(User.organisation_id == network.organisation(SLUG), User.status == "active")
        roles = session.execute(active).scalars().all()
        assert sum(Role.ORGANISATION_ADMIN.value in one for one in roles) == 1
        assert now


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_suspended_then_back_and_roles_changed(network: Network) -> None:
    worker, admin, now = network.viewer(RECEIVER), network.viewer(ADMIN), network.clock.now()
    assert worker.user_id is not None
    code = hold(network)
    with network.database.transaction() as session:
        leaving.suspend_person(session, admin, worker.user_id, now)
        assert queries.account(session, network.keyring, f"{RECEIVER}@exemple.invalid") is None
        assert session.execute(select(Referral.claimed_by).where(Referral.code == code)).scalar() == worker.user_id
        leaving.restore_person(session, admin, worker.user_id, now)
        assert queries.account(session, network.keyring, f"{RECEIVER}@exemple.invalid") is not None
        with pytest.raises(services.RolesConflict):
            leaving.change_roles(session, admin, worker.user_id, [Role.WORKER, Role.ORGANISATION_ADMIN], now)
        for roles in ([], [Role.OPERATOR]):
            with pytest.raises(leaving.RolesNeeded):
                leaving.change_roles(session, admin, worker.user_id, roles, now)
        leaving.change_roles(session, admin, worker.user_id, [Role.PRIVACY_OFFICER], now)
        held = session.execute(select(User.roles).where(User.id == worker.user_id)).scalar()
        assert held == [Role.PRIVACY_OFFICER.value]
        with pytest.raises(NotYourself):
            leaving.change_roles(session, admin, admin.user_id, [Role.ORGANISATION_ADMIN], now)


def test_who_seals_while_keys_are_replaced_seals_to_the_new_ones(network: Network) -> None:
    """A change of keys waits for a draft that is half-way through its transaction, then moves what it sealed."""
    organisation, now, keyring = network.organisation(SLUG), network.clock.now(), network.keyring
    worker = network.viewer(RECEIVER)
    begun, may_end = threading.Event(), threading.Event()
    failures: list[BaseException] = []

    def slow_writer() -> None:
        try:
            with network.database.transaction() as session:
                save_draft(session, keyring, worker, "brouillon-lent", {"note": "lent"}, now)
                begun.set()
                may_end.wait(60)
        except BaseException as error:
            failures.append(error)

    def change() -> None:
        try:
            with network.database.transaction() as session:
                assert keys.replace_keys(session, keyring, network.viewer(ADMIN), organisation, now)
        except BaseException as error:
            failures.append(error)

    writer, changer = threading.Thread(target=slow_writer), threading.Thread(target=change)
    with network.database.transaction(write=False) as session:
        old = session.execute(select(Organisation.public_key).where(Organisation.id == organisation)).scalar()
    writer.start()
    assert begun.wait(60)
    changer.start()
    changer.join(0.3)
    assert changer.is_alive(), "it waits for whoever is sealing"
    may_end.set()
    writer.join(60)
    changer.join(60)
    assert failures == []
    with network.database.transaction() as session:
        assert sealing_key(session, organisation) != old
        draft = open_draft(session, keyring, worker, "brouillon-lent", now)
        assert draft is not None
        assert draft.content == {"note": "lent"}


KILLED = """
import os, signal, sys
from datetime import datetime, UTC
from uuid import UUID
from sqlalchemy import event
from sqlalchemy.orm import Session
import core.features
from core.accounts.services.keys import continue_changes
from core.kernel.crypto import Keyring
from core.kernel.db import Database

url, key, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
database, keyring = Database(url), Keyring.from_file(key)

@event.listens_for(Session, "before_commit")
def die(session):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

while True:
    with database.transaction() as session:
        if not continue_changes(session, keyring, datetime.now(UTC), batch=2, limit=2):
            break
"""


@pytest.mark.parametrize("commits", [0, 3])
def test_too_many_seals_for_one_act_are_moved_in_batches_whatever_dies(
    network: Network, forking: Forking, commits: int
) -> None:
    organisation, now, keyring = network.organisation(SLUG), network.clock.now(), network.keyring
    hold(network)
    hold(network)
    with network.database.transaction() as session:
        old = private(session, keyring, organisation)
        before = opened(session, organisation, old)
        assert len(before) >= 8
        assert not keys.replace_keys(session, keyring, network.viewer(ADMIN), organisation, now, limit=2)
    killed = forking.run(KILLED, network.url, network.settings.master_key_file, commits)
    assert killed.returncode == -9, killed.stderr
    with network.database.transaction() as session:
        assert opened(session, organisation, private(session, keyring, organisation)) == before, "nothing moved yet"
        made = session.execute(select(func.count()).select_from(OrganisationKeySeal)).scalar()
        assert made == min(2 * commits, len(before))
    # Something new is sealed meanwhile, and something prepared is sealed again
    send(network)
    with network.database.transaction() as session:
        redone: Any = session.execute(
            select(BlockSeal.block_id).where(BlockSeal.organisation_id == organisation)
        ).first()
        (key,) = {value for place, value in before.items() if place[1] == redone.block_id}
        public = sealing_key(session, organisation)
        assert key is not None
        assert public is not None
        session.execute(
            update(BlockSeal)
            .where(BlockSeal.block_id == redone.block_id, BlockSeal.organisation_id == organisation)
            .values(sealed_key=keys.seal(key, public))
        )
    left = 1
    while left:
        with network.database.transaction() as session:
            left = keys.continue_changes(session, keyring, now, batch=3, limit=2)
    with network.database.transaction() as session:
        after = opened(session, organisation, private(session, keyring, organisation))
        assert {place: after[place] for place in before} == before
        assert None not in after.values()
        assert set(opened(session, organisation, old).values()) == {None}
        assert session.execute(select(OrganisationKeyChange.id)).all() == []
        assert session.execute(select(OrganisationKeySeal.row_id)).all() == []
        assert verify(session, keyring.journal_public_keys()).ok
