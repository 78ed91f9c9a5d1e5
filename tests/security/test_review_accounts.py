"""What a review of sign-in, lock, factors and departures found: ways round a second proof, people shut out for nothing.

On SQLite: nothing here depends on the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pyotp
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from core.access.viewer import Role, Viewer
from core.accounts import services
from core.accounts.models import Invitation, Passkey, RecoveryCode, User
from core.accounts.rules.factors import CODE_WINDOWS
from core.accounts.services import factors as factor_services
from core.accounts.services import leaving
from core.accounts.services.invitations import invite_person
from core.accounts.services.passkeys import seal_label
from core.cli import app as command
from core.journal.models import JournalEntry
from core.kernel.clock import FixedClock
from core.kernel.db import new_id
from core.kernel.mail import OutgoingMail
from core.kernel.web.routes import Assurance
from core.testing.network import Network, Visitor, fresh_network, visiting
from tests.support.held import ADMIN
from tests.support.pages import csrf_of, words
from tests.support.people import PASSWORD, Person, intake_worker
from tests.support.provider import RunningProvider
from tests.support.signing_in import (
    SLUG,
    asked,
    back,
    behave,
    connect,
    logged_reasons,
    open_sessions,
    people,
    sign_in,
    signed_in,
)

EMAIL = "camille@exemple.test"
FACTORS, FACTOR = "/compte/facteurs", "/connexion/facteur"


@pytest.fixture
def network(tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def visitor(network: Network) -> Iterator[Visitor]:
    with visiting(network, public_url="http://localhost:8000") as browsing:
        yield browsing


def add(network: Network, *, slug: str = SLUG, roles: tuple[Role, ...] = (Role.WORKER,), email: str = EMAIL) -> UUID:
    with network.database.transaction() as session:
        user_id = services.add_user(
            session,
            network.keyring,
            organisation_id=network.organisation(slug),
            email=email,
            name="Camille Essai",
            roles=roles,
            now=network.clock.now(),
            password=PASSWORD,
        )
    return network.agree(user_id)


def password_only(browser: Visitor, email: str = EMAIL) -> None:
    browser.http.cookies.clear()
    answer = browser.post("/connexion", {"email": email, "password": PASSWORD, "suite": "/"})
    assert (answer.status_code, answer.headers["location"]) == (303, FACTOR)


def shown(network: Network, person: Person, code: str) -> factor_services.Judged:
    with network.database.transaction() as session:
        return services.judge_factor(
            session,
            network.keyring,
            None,
            person.user_id,
            services.Proof(code=code),
            browser=b"",
            address="192.0.2.0",
            now=network.clock.now(),
        )


def wrong(network: Network, person: Person) -> str:
    near = {pyotp.TOTP(person.secret).at(int(network.clock.now().timestamp()) + step) for step in (-30, 0, 30)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


def test_right_codes_shut_nobody_out_and_wrong_ones_still_do(network: Network) -> None:
    """A night of unlocking every quarter of an hour is more than the thirty codes a day that guessing is allowed."""
    person = intake_worker(network, factor="totp")
    for turn in range(CODE_WINDOWS["account_by_day"].limit + 10):
        network.clock.advance(timedelta(minutes=16))
        assert shown(network, person, person.code(network)).method == "totp", turn
    network.clock.advance(timedelta(hours=24))
    for turn in range(CODE_WINDOWS["account_by_day"].limit):
        if turn % 7 == 0:
            network.clock.advance(timedelta(minutes=16))
            assert shown(network, person, person.code(network)).method == "totp", "a right one clears no wrong one"
        assert shown(network, person, wrong(network, person)).throttled is False, turn
    network.clock.advance(timedelta(minutes=16))
    assert shown(network, person, person.code(network)).throttled
    # The operator lets her try again
    environment = {
        "ARRIMAGE_MODE": "demo",
        "ARRIMAGE_DATABASE_URL": network.url,
        "ARRIMAGE_MASTER_KEY_FILE": str(network.settings.master_key_file),
    }
    told = CliRunner().invoke(command, ["user", "unlock", "totp@exemple.test"], env=environment)
    assert told.exit_code == 0, told.output
    assert shown(network, person, person.code(network)).method == "totp"


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_a_team_behind_one_address_is_not_shut_out_by_its_own_right_passwords(visitor: Visitor) -> None:
    add(visitor.network)
    for _turn in range(45):
        password_only(visitor)
    visitor.http.cookies.clear()
    for turn in range(45):
        answer = visitor.post("/connexion", {"email": f"autre{turn}@ailleurs.test", "password": "x" * 12})
    assert answer.status_code == 429, "wrong ones are counted for the address"


def test_a_printed_code_spent_at_the_lock_is_journaled_and_told(visitor: Visitor) -> None:
    network = visitor.network
    person = intake_worker(network, factor="totp")
    with network.database.transaction() as session:
        code = services.print_codes(session, network.keyring, person.user_id, network.clock.now())[0]
    visitor.http.cookies.clear()
    visitor.http.cookies.set("arrimage", person.token, domain="127.0.0.1")
    network.clock.advance(timedelta(minutes=15))
    page = visitor.get("/verrou").text
    form = {"_csrf": csrf_of(page), "unlock_form": "1", "suite": "/compte", "recovery": code}
    assert visitor.http.post("/verrou", data=form, follow_redirects=False).status_code == 303
    with network.database.transaction(write=False) as session:
        spent = select(RecoveryCode.id).where(RecoveryCode.user_id == person.user_id, RecoveryCode.used_at.is_not(None))
        assert len(session.execute(spent).all()) == 1
        lines = session.execute(select(JournalEntry.line).order_by(JournalEntry.at)).scalars().all()
        assert '"action":"account.code_spent"' in lines[-1]
        assert session.execute(select(OutgoingMail.template)).scalars().all() == ["factors"]


def test_a_stopped_passkey_does_not_leave_the_account_to_its_password(visitor: Visitor) -> None:
    """Whoever copied the passkey may have read the password too: the password alone makes no new factor."""
    network = visitor.network
    user_id, now, keyring = add(network), network.clock.now(), network.keyring
    with network.database.transaction() as session:
        row_id = new_id()
        session.add(
            Passkey(
                id=row_id,
                user_id=user_id,
                credential_id=b"copie",
                public_key=b"",
                sign_count=1,
                backup_eligible=False,
                backed_up=False,
                label_sealed=seal_label(keyring, row_id, "Mon téléphone"),
                created_at=now,
                suspect_at=now,
            )
        )
    password_only(visitor)
    for path in (FACTORS, FACTORS + "/application", FACTORS + "/cles/nouvelle"):
        assert visitor.get(path).headers["location"].startswith(FACTOR), path
    assert visitor.post(FACTORS + "/cles/options").status_code == 403
    assert visitor.post(FACTORS + "/application").headers["location"].startswith(FACTOR)
    assert "Votre clé d’accès est arrêtée" in words(visitor.get(FACTOR).text)
    with network.database.transaction() as session:
        code = services.print_codes(session, keyring, user_id, now)[0]
    assert "code de secours" in words(visitor.get(FACTOR).text)
    assert visitor.post(FACTOR, {"factor_form": "1", "recovery": code}).status_code == 303
    assert visitor.get(FACTORS + "/cles/nouvelle").status_code == 200


def test_a_password_kept_from_before_does_not_go_round_the_providers_second_proof(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    add(network)
    connect(network, provider)
    behave(network, provider)
    assert sign_in(visitor, provider).status_code == 303
    password_only(visitor)
    assert visitor.get(FACTORS).headers["location"].startswith(FACTOR)
    assert visitor.post(FACTORS + "/application").headers["location"].startswith(FACTOR)
    assert visitor.post(FACTORS + "/cles/options").status_code == 403
    assert 'href="/confirmer/organisme' in visitor.get(FACTOR).text
    confirmed = back(visitor, provider.authorize(visitor.get("/confirmer/organisme").headers["location"]))
    assert confirmed.status_code == 303
    assert visitor.get(FACTORS).status_code == 200


def test_what_the_provider_remembers_of_a_browser_opens_neither_a_lock_nor_an_old_session(
    visitor: Visitor, provider: RunningProvider
) -> None:
    """The screen is left; the provider's own session is not: whoever sits down presses one button (security S9)."""
    network = visitor.network
    add(network)
    connect(network, provider)
    behave(network, provider)
    assert sign_in(visitor, provider).status_code == 303
    network.clock.advance(timedelta(minutes=20))
    assert visitor.get("/compte").headers["location"].startswith("/verrou")
    way = f"/connexion/organisme/{SLUG}?suite=/compte"
    location = visitor.get(way).headers["location"]
    assert (asked(location)["prompt"], asked(location)["max_age"]) == ("login", "0")
    behave(network, provider, shifted={"auth_time": -20 * 60})
    with logged_reasons() as reasons:
        assert back(visitor, provider.authorize(location)).status_code == 403
    assert reasons == ["auth_time_old"]
    assert visitor.get("/session").json() == {"state": "locked"}
    # Nor by forgetting the locked session first
    visitor.http.cookies.clear()
    with logged_reasons() as reasons:
        assert sign_in(visitor, provider).status_code == 403
    assert reasons == ["auth_time_old"]
    assert not signed_in(visitor)
    # Its person, who shows herself again, goes on; a proof of ten minutes is recent enough where nothing was locked
    behave(network, provider, shifted={"auth_time": -10 * 60})
    assert sign_in(visitor, provider).status_code == 303
    network.clock.advance(timedelta(minutes=20))
    behave(network, provider)
    location = visitor.get(way).headers["location"]
    assert back(visitor, provider.authorize(location)).headers["location"] == "/compte"
    assert visitor.get("/compte").status_code == 200
    assert len([one for one in open_sessions(network) if one.factor == "provider"]) == 2, "the locked one has ended"


def test_an_administration_that_points_the_provider_at_its_own_issuer_does_not_enter_as_a_colleague(
    visitor: Visitor, provider: RunningProvider
) -> None:
    """Who chooses the provider chooses who vouches: over an account with a factor of its own, it is a password only."""
    network = visitor.network
    person = intake_worker(network, factor="totp")
    network.clock.advance(timedelta(minutes=30))
    slug = "calacs-la-chrysalide"
    connect(network, provider, slug)
    behave(network, provider, claims={"email": "totp@exemple.test"})
    for turn in range(2):  # linked, then known
        visitor.http.cookies.clear()
        assert sign_in(visitor, provider, slug).status_code == 303, turn
        (opened,) = [one for one in open_sessions(network) if one.factor == "provider" and one.ended_at is None][-1:]
        assert (opened.user_id, opened.second_factor) == (person.user_id, False)
        assert visitor.get("/demandes").headers["location"].startswith(FACTOR)
        assert visitor.get("/confirmer/organisme").status_code == 404, "nor can it confirm afterwards"
        assert visitor.post(FACTORS + "/application").headers["location"].startswith(FACTOR)
    # Nor by way of the lock, which asks a proof of now
    network.clock.advance(timedelta(minutes=20))
    behave(network, provider, claims={"email": "totp@exemple.test"})
    assert visitor.get("/compte").headers["location"].startswith("/verrou")
    assert sign_in(visitor, provider, slug).status_code == 303
    assert visitor.get("/demandes").headers["location"].startswith(FACTOR)
    assert visitor.post(FACTOR, {"factor_form": "1", "code": person.code(network)}).status_code == 303
    assert visitor.get("/demandes").status_code == 200


def test_a_password_alone_moves_neither_a_number_to_call_nor_a_vote(visitor: Visitor) -> None:
    """Each of these routes stops there: tests/web/test_factors_gate.py walks whatever is marked."""
    marked = {route.name: route.assurance for route in visitor.http.app.state.routes}  # type: ignore[attr-defined]
    names = ("organisation_field", "organisation_field_save", "organisation_decide", "organisation_confirm")
    votes = ("vote.new", "vote.open", "vote.alternate", "vote.alternate.name")
    seats = ("committee.seats.add", "committee.seat.change", "committee.seat.end")
    assert [name for name in (*names, *votes, *seats) if marked[name] < Assurance.SECOND_FACTOR] == []


def test_who_left_does_not_come_back_by_the_domain_of_her_address(visitor: Visitor, provider: RunningProvider) -> None:
    """The provider may know her for weeks after she left; an invitation brings her back."""
    network = visitor.network
    connect(network, provider)
    behave(network, provider)
    now = network.clock.now()
    admin = add(network, roles=(Role.ORGANISATION_ADMIN,), email="admin@exemple.test")

    def departs() -> None:
        with network.database.transaction() as session:
            gone = select(User.id).where(User.id.in_([one.id for one in people(network)]), User.id != admin)
            mine = gone.where(User.left_at.is_(None), User.demo_key.is_(None))
            for user_id in session.execute(mine).scalars().all():
                leaving.offboard_user(session, network.keyring, Viewer(*OPERATOR), user_id, now)

    def refused() -> None:
        visitor.http.cookies.clear()
        count = len(people(network))
        with logged_reasons() as reasons:
            assert sign_in(visitor, provider).status_code == 403
        assert reasons == ["account_closed"]
        assert len(people(network)) == count
        assert not signed_in(visitor)

    # By password, never linked; then linked; then twice gone
    add(network)
    departs()
    refused()
    for turn in range(2):
        with network.database.transaction() as session:
            viewer = Viewer(admin, network.organisation(SLUG), *ADMINISTRATION)
            invite_person(
                session, network.keyring, viewer, email=EMAIL, name="Camille Essai", roles=[Role.WORKER], now=now
            )
        visitor.http.cookies.clear()
        assert sign_in(visitor, provider).status_code == 303, turn
        visitor.http.cookies.clear()
        assert sign_in(visitor, provider).status_code == 303, "and again, by her subject alone"
        departs()
        refused()
    add(network, slug="la-clef")  # her address is free for an account elsewhere


def test_codes_of_an_administration_that_was_stopped_let_nobody_in(network: Network) -> None:
    """A stolen administrator's account is suspended, or loses the role: the invitations it made are worth nothing."""
    now, admin = network.clock.now(), network.viewer(ADMIN)
    slug = "calacs-la-chrysalide"
    stopped = [add(network, slug=slug, roles=(Role.ORGANISATION_ADMIN,), email=f"a{n}@exemple.test") for n in range(2)]
    codes = {}
    for number, user_id in enumerate(stopped):
        with network.database.transaction() as session:
            viewer = Viewer(user_id, network.organisation(slug), *ADMINISTRATION)
            email = f"complice{number}@exemple.test"
            made = invite_person(session, network.keyring, viewer, email=email, name="X", roles=[Role.WORKER], now=now)
            codes[email] = made.code
            assert services.match_invitation(session, network.keyring, email, made.code, now)
    with network.database.transaction() as session:
        leaving.suspend_person(session, admin, stopped[0], now)
        leaving.change_roles(session, admin, stopped[1], [Role.PRIVACY_OFFICER], now)
        for email, code in codes.items():
            assert services.match_invitation(session, network.keyring, email, code, now) is None
        revoked = select(Invitation.revoked_at).where(Invitation.invited_by.in_(stopped))
        assert None not in session.execute(revoked).scalars().all()


ADMINISTRATION = ("AJRJ", "communautaire", frozenset({Role.ORGANISATION_ADMIN}), "Essai")
OPERATOR = (None, None, "", "", frozenset({Role.OPERATOR}), "")
