"""Second factors where the engine matters: what races, what is rotated, what services refuse by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from core.access.assurance import SecondFactorMissing
from core.access.viewer import Viewer
from core.accounts import queries, services
from core.accounts.models import LoginSession, Passkey, TotpSecret
from core.cli import app
from core.demo_requests import seed_requests
from core.journal.queries import organisation_history
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError, Missing
from core.kernel.mail import OutgoingMail
from core.referrals.models import Referral
from core.referrals.services import accept_referral, claim_referral, copy_for_our_record, open_draft, open_referral
from core.rotation import renew_all
from core.testing.network import Network
from tests.support.authenticator import SoftPasskey

PARTY = services.RelyingParty("localhost", "http://localhost:8000")
BROWSER = bytes(32)


def at_once(network: Network, act: Callable[[Any], Any], times: int = 4) -> list[Any]:
    """What `act` gives in that many transactions that begin together; a refusal is its class."""
    found: list[Any] = []
    ready = threading.Barrier(times)

    def run() -> None:
        ready.wait()
        try:
            with network.database.transaction() as session:
                result = act(session)
        except DomainError as refused:
            result = type(refused)
        found.append(result)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def person(network: Network) -> UUID:
    found = network.viewer("calacs-chrysalide").user_id
    assert found is not None
    return found


def with_application(network: Network) -> pyotp.TOTP:
    user_id, now = person(network), network.clock.now()
    with network.database.transaction() as session:
        services.start_totp(session, network.keyring, user_id, now)
        secret = services.waiting_secret(session, network.keyring, user_id, now)
        assert secret is not None
        totp = pyotp.TOTP(secret)
        assert services.confirm_totp(session, network.keyring, user_id, totp.at(now), now)
    return totp


def with_passkey(network: Network, key: SoftPasskey) -> UUID:
    user_id, now = person(network), network.clock.now()
    with network.database.transaction() as session:
        asked = services.ask_enrolment(session, PARTY, user_id, "Maïka", BROWSER, now)
        made = key.make(asked, origin=PARTY.origin)
        added = services.add_passkey(session, network.keyring, PARTY, user_id, made, "Téléphone", BROWSER, now)
    assert added is not None
    return added


def test_each_code_serves_once_in_a_race(network: Network) -> None:
    user_id, keyring = person(network), network.keyring
    totp = with_application(network)
    network.clock.advance(timedelta(seconds=30))
    now = network.clock.now()
    code = totp.at(now)
    assert sorted(at_once(network, lambda session: services.use_totp(session, keyring, user_id, code, now))) == [
        False,
        False,
        False,
        True,
    ]
    with network.database.transaction() as session:
        printed = services.print_codes(session, keyring, user_id, now)
    spent = at_once(network, lambda session: services.use_recovery(session, keyring, user_id, printed[0], now))
    assert spent.count(True) == 1
    other = network.viewer("police-repentigny").user_id
    assert other is not None
    with network.database.transaction() as session:
        assert not services.use_recovery(session, keyring, other, printed[1], now)
        assert queries.factors_of(session, user_id).recovery_left == 9


def test_a_challenge_serves_once_in_a_race(network: Network) -> None:
    key = SoftPasskey()
    with_passkey(network, key)
    now = network.clock.now()
    with network.database.transaction() as session:
        signed = key.sign(services.ask_passkey(session, PARTY, None, BROWSER, now), origin=PARTY.origin)
    shown = at_once(network, lambda session: services.check_passkey(session, PARTY, signed, BROWSER, now))
    assert [one.user_id for one in shown if one] == [person(network)]


def test_two_removals_at_once_leave_one_factor(network: Network) -> None:
    keys = [with_passkey(network, SoftPasskey()) for _ in range(2)]
    viewer = network.viewer("calacs-chrysalide")
    waiting = list(keys)
    found = at_once(network, lambda session: services.remove_factor(session, viewer, "passkey", waiting.pop()), times=2)
    assert found.count(services.LastFactor) == 1
    with network.database.transaction() as session:
        assert queries.factors_of(session, person(network)).passkeys == 1


def test_a_proof_is_for_the_sessions_own_holder(network: Network) -> None:
    now = network.clock.now()
    stranger = network.viewer("police-repentigny").user_id
    assert stranger is not None
    with network.database.transaction() as session:
        token = services.open_session(session, person(network), now, second_factor=False, device="essai")
        session_id = session.execute(
            select(LoginSession.id).where(LoginSession.token_hash == services.token_hash(token))
        ).scalar_one()
        services.prove_factor(session, stranger, session_id, "passkey", now)
        row = session.execute(select(LoginSession).where(LoginSession.id == session_id)).scalar_one()
        assert (row.second_factor, row.stepped_up_at) == (False, None)


def test_secrets_and_names_survive_a_rotation(network: Network) -> None:
    totp, key = with_application(network), SoftPasskey()
    with_passkey(network, key)
    newer = Keyring.rotate_file(network.settings.master_key_file)
    assert renew_all(network.database, newer).unreadable == 0
    alone = Keyring.from_bytes(next(iter(newer._masters.values())))
    network.clock.advance(timedelta(minutes=1))
    now = network.clock.now()
    with network.database.transaction() as session:
        (shown,) = queries.passkeys_of(session, alone, person(network))
        assert shown.label == "Téléphone"
        assert services.use_totp(session, alone, person(network), totp.at(now), now)
        assert session.execute(select(Passkey.credential_id)).scalar_one() == key.credential_id
        assert session.execute(select(TotpSecret.confirmed_at)).scalar_one() is not None


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_the_operator_takes_away_the_factors_of_who_lost_everything(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command: every factor goes, every session ends, she is told, and her organisation's journal says so."""
    with_passkey(network, SoftPasskey())
    with_application(network)
    network.token("calacs-chrysalide")
    monkeypatch.setenv("ARRIMAGE_MODE", "demo")
    monkeypatch.setenv("ARRIMAGE_DATABASE_URL", network.settings.database_url)
    monkeypatch.setenv("ARRIMAGE_MASTER_KEY_FILE", str(network.settings.master_key_file))
    done = CliRunner().invoke(app, ["user", "reset-factors", "calacs-chrysalide@exemple.invalid"])
    assert done.exit_code == 0, done.output
    organisation = network.viewer("calacs-chrysalide").organisation_id
    assert organisation is not None
    with network.database.transaction() as session:
        assert not queries.factors_of(session, person(network)).any
        mine = select(LoginSession.ended_at).where(LoginSession.user_id == person(network))
        assert None not in session.execute(mine).scalars().all()
        assert [mail.template for mail in session.execute(select(OutgoingMail)).scalars()] == ["factors"]
        lines = organisation_history(session, organisation, limit=5)
        assert "account.factors_reset" in {line.action for line in lines}


Act = Callable[[Session, Keyring, Viewer, str, datetime], Any]
#: What a session without a second factor is refused by the services themselves.
ACTS: dict[str, Act] = {
    "open": open_referral,
    "claim": lambda session, _keyring, viewer, code, now: claim_referral(session, viewer, code, now),
    "accept": accept_referral,
    "copy": copy_for_our_record,
    "draft": lambda session, keyring, viewer, _code, now: open_draft(session, keyring, viewer, "x" * 22, now),
}


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_services_open_and_accept_nothing_on_a_password_alone(network: Network) -> None:
    """Whatever a page forgot, before and after acceptance; a stranger still hears that it is missing."""
    now, keyring = network.clock.now(), network.keyring
    receiver, sender = network.viewer("calacs-chrysalide"), network.viewer("police-repentigny")
    stranger = replace(network.viewer("communautaire-ajrj"), second_factor=False)
    with network.database.transaction() as session:
        seed_requests(session, keyring, now)
        code = (
            session.execute(
                select(Referral.code).where(
                    Referral.recipient_id == receiver.organisation_id,
                    Referral.sender_id == sender.organisation_id,
                    Referral.state == "submitted",
                )
            )
            .scalars()
            .first()
        )
        assert code is not None
        for viewer in (receiver, sender):
            assert open_referral(session, keyring, viewer, code, now).code == code
            for act in ACTS.values():
                with pytest.raises(SecondFactorMissing):
                    act(session, keyring, replace(viewer, second_factor=False), code, now)
        accept_referral(session, keyring, receiver, code, now)
        with pytest.raises(SecondFactorMissing):
            open_referral(session, keyring, replace(receiver, second_factor=False), code, now)
        with pytest.raises(Missing):
            open_referral(session, keyring, stranger, code, now)
