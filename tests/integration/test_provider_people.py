"""Sign-ins by a provider where the engine matters: what serves once, and who is made once, when two come at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS
from core.accounts.models import ProviderAttempt, ProviderSubject, User
from core.accounts.queries.providers import ProviderView, open_provider
from core.accounts.rules.providers import ATTEMPT_LASTS
from core.accounts.services import provider_sign_in
from core.accounts.services.provider_sign_in import known_person, open_attempt, person_behind, take_attempt
from core.accounts.services.providers import ProviderSettings, set_provider
from core.kernel.oidc import Refused
from core.testing.network import Network

SLUG, BROWSER = "ajrj", "navigateur-de-camille"
CLAIMS = {"sub": "personne-1", "email": "camille@exemple.test", "email_verified": True, "name": "Camille Essai"}


@pytest.fixture
def provider(network: Network) -> ProviderView:
    with network.database.transaction() as session:
        set_provider(
            session,
            network.keyring,
            ANONYMOUS,
            network.organisation(SLUG),
            ProviderSettings(
                issuer="http://127.0.0.1:9/ajrj",
                client_id="arrimage",
                secret="un-secret-de-client",
                required_acr=("fort",),
                allowed_domains=("exemple.test",),
                enabled=True,
            ),
            network.clock.now(),
            loopback=True,
        )
    with network.database.transaction(write=False) as session:
        found = open_provider(session, network.keyring, SLUG)
    assert found is not None
    return found


def at_once(network: Network, act: Callable[[Session], Any], times: int = 4) -> list[Any]:
    """What `act` gives in transactions that begin together; a refusal by its reason, a conflict by its class."""
    found: list[Any] = []
    ready = threading.Barrier(times)

    def run() -> None:
        ready.wait()
        try:
            with network.database.transaction() as session:
                result = act(session)
        except Refused as refused:
            result = refused.reason
        except IntegrityError:
            result = IntegrityError
        found.append(result)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def left(network: Network, provider: ProviderView) -> str:
    with network.database.transaction() as session:
        attempt = open_attempt(session, network.keyring, provider.id, BROWSER, "/annuaire", network.clock.now())
    return attempt.state


def test_a_state_serves_once_in_a_race(network: Network, provider: ProviderView) -> None:
    state, now, keyring = left(network, provider), network.clock.now(), network.keyring
    found = at_once(network, lambda session: take_attempt(session, keyring, provider.id, state, BROWSER, now))
    (taken,) = [one for one in found if one != "state_unknown"]
    assert (taken.next_path, taken.session_id, taken.started_at) == ("/annuaire", None, now)
    assert taken.attempt.state == state
    with network.database.transaction(write=False) as session:
        assert session.execute(select(ProviderAttempt.id)).first() is None


def test_a_state_from_elsewhere_or_too_old_is_spent_all_the_same(network: Network, provider: ProviderView) -> None:
    keyring, now = network.keyring, network.clock.now()
    cases = {
        "state_other_browser": ("un-autre-navigateur", now),
        "state_expired": (BROWSER, now + ATTEMPT_LASTS),
    }
    for reason, (browser, at) in cases.items():
        state = left(network, provider)
        with network.database.transaction() as session, pytest.raises(Refused, match=reason):
            take_attempt(session, keyring, provider.id, state, browser, at)
        with network.database.transaction() as session, pytest.raises(Refused, match="state_unknown"):
            take_attempt(session, keyring, provider.id, state, BROWSER, now)
    state = left(network, provider)
    with network.database.transaction() as session:
        assert take_attempt(session, keyring, provider.id, state, BROWSER, now + ATTEMPT_LASTS - timedelta(seconds=1))


def test_two_first_sign_ins_at_once_make_one_person(network: Network, provider: ProviderView) -> None:
    keyring, now = network.keyring, network.clock.now()
    found = at_once(network, lambda session: person_behind(session, keyring, provider, CLAIMS, now))
    with network.database.transaction(write=False) as session:
        known = known_person(session, keyring, provider, CLAIMS)
        made = select(func.count()).select_from(User).where(User.id == known)
        links = select(func.count()).select_from(ProviderSubject)
        assert (session.execute(made).scalar_one(), session.execute(links).scalar_one()) == (1, 1)
        named = select(User.roles, User.organisation_id).where(User.id == known)
        assert session.execute(named).one() == (["worker"], network.organisation(SLUG))
    # Whoever came second is known by then, or begins again: never a second account, never another person
    assert known in found
    assert set(found) <= {known, IntegrityError}


def test_a_first_sign_in_that_another_overtook_is_the_same_person(
    network: Network, provider: ProviderView, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What two windows meet on PostgreSQL when one commits after the other has looked: not "another person"."""
    now, first = network.clock.now(), []

    def overtaken(session: Session, *of: Any) -> Any:
        found = known_person(session, *of)
        if not first:
            first.append(found)
            first.append(person_behind(session, *of, now))
        return found

    monkeypatch.setattr(provider_sign_in, "known_person", overtaken)
    with network.database.transaction() as session:
        second = person_behind(session, network.keyring, provider, CLAIMS, now)
    assert first == [None, second]
    # Whoever else comes with her address stays out
    with network.database.transaction() as session, pytest.raises(Refused, match="subject_changed"):
        person_behind(session, network.keyring, provider, CLAIMS | {"sub": "personne-2"}, now)
