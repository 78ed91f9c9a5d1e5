"""Signing in through an organisation's own provider: a real one, in a process of its own (security S8)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from core.access.viewer import Role
from core.accounts import services
from core.accounts.agreements import IN_FORCE
from core.accounts.models import IdentityProvider, LoginSession, ProviderAttempt, ProviderSubject, User
from core.accounts.services.invitations import invite_person
from core.directory.models import Organisation
from core.journal.models import JournalEntry
from core.kernel.clock import FixedClock
from core.kernel.mail import OutgoingMail
from core.testing.network import Network, Visitor, fresh_network, visiting
from tests.support.provider import RunningProvider
from tests.support.signing_in import (
    OTHER_SLUG,
    OTHER_TENANT,
    SLUG,
    asked,
    back,
    behave,
    connect,
    leave,
    logged_reasons,
    open_sessions,
    people,
    sign_in,
    signed_in,
)

EMAIL = "camille@exemple.test"


@pytest.fixture
def network(tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    """SQLite alone: what differs between engines is tested in tests/integration/test_provider_people.py."""
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def connected(network: Network, provider: RunningProvider) -> Network:
    connect(network, provider)
    behave(network, provider)
    return network


@pytest.fixture
def visitor(connected: Network) -> Iterator[Visitor]:
    with visiting(connected) as browsing:
        yield browsing


def add(network: Network, email: str, slug: str = SLUG, roles: tuple[Role, ...] = (Role.WORKER,)) -> None:
    with network.database.transaction() as session:
        services.add_user(
            session,
            network.keyring,
            organisation_id=network.organisation(slug),
            email=email,
            name="Camille Essai",
            roles=roles,
            now=network.clock.now(),
        )


def test_a_link_leads_to_the_provider_with_everything_it_must_be_told(
    visitor: Visitor, provider: RunningProvider
) -> None:
    choice = visitor.get("/connexion/organisme?suite=/annuaire%3Fq%3Dlogement").text
    assert f'href="/connexion/organisme/{SLUG}?suite=/annuaire%3Fq%3Dlogement"' in choice
    location = leave(visitor, suite="/annuaire%3Fq%3Dlogement")
    assert location.startswith(f"{provider.issuer('ajrj')}/authorize?")
    sent = asked(location)
    assert sent["response_type"] == "code"
    assert sent["scope"] == "openid email profile"
    assert sent["code_challenge_method"] == "S256"
    assert sent["acr_values"] == "fort"
    assert sent["redirect_uri"] == "http://127.0.0.1:8000/connexion/organisme/ajrj/retour"
    secrets = [sent["state"], sent["nonce"], sent["code_challenge"]]
    assert all(len(one) >= 43 for one in secrets), "256 bits each"
    assert len({*secrets, *(asked(leave(visitor))[name] for name in ("state", "nonce", "code_challenge"))}) == 6
    with visitor.network.database.transaction(write=False) as session:
        row = session.execute(select(ProviderAttempt)).scalars().first()
    assert row is not None
    kept = b"|".join(value if isinstance(value, bytes) else str(value).encode() for value in vars(row).values())
    assert not any(one.encode() in kept for one in secrets), "neither state, nonce nor verifier is in the database"


def test_the_first_sign_in_of_an_allowed_domain_makes_an_account_of_least_right(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    behave(network, provider, claims={"roles": ["organisation_admin"], "groups": ["operator"]})
    before = {user.id for user in people(network)}
    visitor.get("/connexion/organisme")
    pre_session = visitor.http.cookies["arrimage_form"]
    answer = sign_in(visitor, provider, suite="/annuaire")
    assert (answer.status_code, answer.headers["location"]) == (303, "/annuaire")
    cookie = next(line for line in answer.headers.get_list("set-cookie") if line.startswith("arrimage="))
    assert {"httponly", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
    (made,) = [user for user in people(network) if user.id not in before]
    assert made.roles == ["worker"], "whatever the provider says of roles"
    assert made.password_hash is None
    assert EMAIL.encode() not in made.email_sealed
    (session,) = [one for one in open_sessions(network) if one.user_id == made.id]
    assert (session.factor, session.second_factor) == ("provider", True), "its acr was the one required"
    assert session.stepped_up_at is None, "the provider may have asked nothing today"
    assert pre_session not in visitor.http.cookies["arrimage"]
    with network.database.transaction(write=False) as session_:
        assert session_.execute(select(ProviderAttempt)).first() is None, "the state served once"
        lines = list(session_.execute(select(JournalEntry.line).order_by(JournalEntry.at)).scalars())
    assert '"action":"provider.recognised"' in lines[-1]
    assert "Camille" not in lines[-1]
    # The second time, the subject alone is enough: her address may have changed
    visitor.http.cookies.clear()
    behave(network, provider, claims={"email": "autre@ailleurs.test", "email_verified": False})
    assert sign_in(visitor, provider).status_code == 303
    assert len(people(network)) == len(before) + 1


def test_without_required_values_a_second_factor_is_asked_here(visitor: Visitor, provider: RunningProvider) -> None:
    connect(visitor.network, provider, required_acr=(), required_amr=())
    behave(visitor.network, provider, without=["acr", "amr"])
    assert sign_in(visitor, provider).status_code == 303
    assert not open_sessions(visitor.network)[-1].second_factor


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_amr_alone_may_be_required_and_either_method_sends_the_secret(
    visitor: Visitor, provider: RunningProvider, method: str
) -> None:
    connect(visitor.network, provider, required_acr=(), required_amr=("mfa", "hwk"), auth_method=method)
    behave(visitor.network, provider, claims={"amr": ["pwd", "hwk"]}, without=["acr"])
    assert sign_in(visitor, provider).status_code == 303
    assert open_sessions(visitor.network)[-1].second_factor


def test_an_account_of_the_same_organisation_is_linked_and_its_person_is_told(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    add(network, EMAIL, roles=(Role.PRIVACY_OFFICER,))
    count = len(people(network))
    assert sign_in(visitor, provider).status_code == 303
    assert len(people(network)) == count
    assert open_sessions(network)[-1].user_id == people(network)[-1].id
    assert people(network)[-1].roles == ["privacy_officer"]
    with network.database.transaction(write=False) as session:
        assert session.execute(select(OutgoingMail.template)).scalars().all() == ["factors"]


@pytest.mark.parametrize(
    ("where", "reason"),
    [("elsewhere", "account_elsewhere"), ("closed", "account_closed"), ("outside", "email_outside")],
)
def test_no_other_account_is_ever_linked(visitor: Visitor, provider: RunningProvider, where: str, reason: str) -> None:
    network = visitor.network
    email = "camille@ailleurs.test" if where == "outside" else EMAIL
    add(network, email, OTHER_SLUG if where == "elsewhere" else SLUG)
    if where == "closed":
        with network.database.transaction() as session:
            lookup = services.email_lookup(network.keyring, email)
            session.execute(update(User).where(User.email_lookup == lookup).values(status="disabled"))
    behave(network, provider, claims={"email": email})
    with logged_reasons() as reasons:
        answer = sign_in(visitor, provider)
    assert (answer.status_code, reasons) == (403, [reason])
    assert "aucun compte ne vous attend ici" in answer.text
    assert email not in answer.text
    assert not signed_in(visitor)


def test_an_address_given_to_somebody_else_does_not_open_the_former_account(
    visitor: Visitor, provider: RunningProvider
) -> None:
    sign_in(visitor, provider)
    visitor.http.cookies.clear()
    behave(visitor.network, provider, claims={"sub": "personne-2"})
    with logged_reasons() as reasons:
        assert sign_in(visitor, provider).status_code == 403
    assert reasons == ["subject_changed"]


def test_a_closed_account_stays_closed_for_its_subject(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    sign_in(visitor, provider)
    visitor.http.cookies.clear()
    with network.database.transaction() as session:
        services.disable_user(session, people(network)[-1].id, network.clock.now())
    with logged_reasons() as reasons:
        assert sign_in(visitor, provider).status_code == 403
    assert reasons == ["account_closed"]


def test_an_invitation_opens_an_account_outside_the_domains_with_the_roles_of_the_invitation(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    connect(network, provider, slug="calacs-la-chrysalide", tenant="chrysalide")
    invited = "invitee@ailleurs.test"
    behave(network, provider, "chrysalide", claims={"email": invited})
    with logged_reasons() as reasons:
        assert sign_in(visitor, provider, "calacs-la-chrysalide").status_code == 403
    assert reasons == ["email_outside"]
    viewer = network.viewer("admin-chrysalide")
    with network.database.transaction() as session:
        invite_person(
            session,
            network.keyring,
            viewer,
            email=invited,
            name="Invitée Essai",
            roles=[Role.INTAKE],
            now=network.clock.now(),
        )
    # The invitation is La Chrysalide's: another organisation's provider does not use it
    behave(network, provider, claims={"email": invited})
    with logged_reasons() as reasons:
        assert sign_in(visitor, provider).status_code == 403
    assert reasons == ["email_outside"]
    assert sign_in(visitor, provider, "calacs-la-chrysalide").status_code == 303
    assert people(network, "calacs-la-chrysalide")[-1].roles == ["intake"]


def test_two_organisations_and_the_same_subject_are_two_people(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    connect(network, provider, slug=OTHER_SLUG, tenant=OTHER_TENANT, allowed_domains=("autre.test",))
    behave(network, provider, OTHER_TENANT, claims={"email": "camille@autre.test"})
    assert sign_in(visitor, provider).status_code == 303
    visitor.http.cookies.clear()
    assert sign_in(visitor, provider, OTHER_SLUG).status_code == 303
    first, second = open_sessions(network)[-2:]
    with network.database.transaction(write=False) as session:
        homes = [
            session.execute(select(User.organisation_id).where(User.id == one.user_id)).scalar_one()
            for one in (first, second)
        ]
        hashes = list(session.execute(select(ProviderSubject.subject_hash)).scalars())
    assert homes == [network.organisation(SLUG), network.organisation(OTHER_SLUG)]
    assert len(set(hashes)) == 2
    # What one provider answers is worth nothing at the other's address
    visitor.http.cookies.clear()
    location = provider.authorize(leave(visitor))
    swapped = urlsplit(location)
    with logged_reasons() as reasons:
        answer = visitor.get(f"/connexion/organisme/{OTHER_SLUG}/retour?{swapped.query}")
    assert (answer.status_code, reasons) == (400, ["state_other_provider"])


@pytest.mark.parametrize("standing", ["probation", "suspended"])
def test_an_organisation_that_is_not_admitted_has_no_provider(
    visitor: Visitor, provider: RunningProvider, standing: str
) -> None:
    network = visitor.network
    location = provider.authorize(leave(visitor))
    with network.database.transaction() as session:
        one = update(Organisation).where(Organisation.slug == SLUG)
        session.execute(one.values(status=standing))
    missing = visitor.get("/connexion/organisme/nulle-part")
    assert missing.status_code == 404
    assert visitor.get(f"/connexion/organisme/{SLUG}").text == missing.text
    assert back(visitor, location).status_code == 404, "even for who had left already"
    assert SLUG not in visitor.get("/connexion/organisme").text
    assert not signed_in(visitor)


def test_a_provider_out_of_service_lets_nobody_in_and_ends_what_it_opened(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    sign_in(visitor, provider)
    (mine,) = [one for one in open_sessions(network) if one.factor == "provider"]
    connect(network, provider, enabled=False)
    assert mine.id not in {one.id for one in open_sessions(network)}
    visitor.http.cookies.clear()
    assert visitor.get(f"/connexion/organisme/{SLUG}").status_code == 404


def test_another_issuer_forgets_whom_the_former_one_recognised(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    sign_in(visitor, provider)
    connect(network, provider, tenant="nouveau")
    with network.database.transaction(write=False) as session:
        assert session.execute(select(ProviderSubject)).first() is None
        assert session.execute(select(IdentityProvider)).scalars().one().issuer == provider.issuer("nouveau")
    assert not [one for one in open_sessions(network) if one.factor == "provider"]


def test_the_choice_finds_by_name_and_a_discreet_organisation_by_domain_alone(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    with network.database.transaction() as session:
        discreet = session.execute(select(Organisation).where(Organisation.visibility != "public")).scalars().first()
        assert discreet is not None
        slug, name = discreet.slug, discreet.name
        session.execute(update(Organisation).where(Organisation.slug == slug).values(status="admitted"))
    connect(network, provider, slug=slug, tenant="discret", allowed_domains=("discret.test",))

    def shown(words: str) -> str:
        return str(visitor.get("/connexion/organisme", params={"q": words}).text)

    assert f"/connexion/organisme/{SLUG}" in shown("")
    assert f"/connexion/organisme/{slug}" not in shown("")
    assert f"/connexion/organisme/{slug}" not in shown(name)
    assert f"/connexion/organisme/{slug}" in shown("quelqu.une@Discret.test")
    assert f"/connexion/organisme/{SLUG}" not in shown("quelqu.une@Discret.test")
    assert "Aucun organisme trouvé" in shown("zzz")


def test_a_browser_without_a_cookie_is_given_one_first(visitor: Visitor) -> None:
    answer = visitor.get(f"/connexion/organisme/{SLUG}?suite=/annuaire")
    assert (
        answer.headers["location"] == "/connexion/organisme?suite=/annuaire"
        or "%2Fannuaire" in answer.headers["location"]
    )
    assert not answer.headers.get_list("set-cookie")


def test_too_many_departures_make_a_pause(visitor: Visitor) -> None:
    for _ in range(60):
        leave(visitor)
    assert visitor.get(f"/connexion/organisme/{SLUG}").status_code == 429
    visitor.network.clock.advance(timedelta(minutes=15, seconds=1))
    leave(visitor)


def test_signing_in_again_opens_her_locked_session_under_a_new_token(
    visitor: Visitor, provider: RunningProvider
) -> None:
    """The one who locked it proves it anew: the same session goes on, the old token is worth nothing."""
    network = visitor.network
    sign_in(visitor, provider)
    first = visitor.http.cookies["arrimage"]
    network.clock.advance(timedelta(minutes=20))
    behave(network, provider)
    assert sign_in(visitor, provider).status_code == 303
    assert visitor.http.cookies["arrimage"] != first
    with network.database.transaction(write=False) as session:
        mine = session.execute(select(LoginSession).where(LoginSession.factor == "provider")).scalars().all()
    assert [one.ended_at is None for one in mine] == [True]
    assert visitor.get("/compte").headers["location"].startswith("/entente"), "she is let in, as far as anybody new"
    visitor.http.cookies.clear()
    visitor.http.cookies.set("arrimage", first)
    assert visitor.get("/compte").headers["location"].startswith("/connexion")


def test_keys_are_kept_and_asked_again_once_when_the_provider_changes_them(
    visitor: Visitor, provider: RunningProvider
) -> None:
    network = visitor.network
    connect(network, provider, tenant="tournant")
    behave(network, provider, "tournant")
    for _ in range(2):
        visitor.http.cookies.clear()
        assert sign_in(visitor, provider).status_code == 303
    visitor.http.cookies.clear()
    counts = behave(network, provider, "tournant", kid="cle-2")
    assert (counts["configuration"], counts["keys"], counts["token"]) == (1, 1, 2)
    assert sign_in(visitor, provider).status_code == 303
    visitor.http.cookies.clear()
    counts = behave(network, provider, "tournant", kid="cle-2", header={"kid": "inconnue"})
    assert counts["keys"] == 1
    for _ in range(3):
        with logged_reasons() as reasons:
            assert sign_in(visitor, provider).status_code == 403
        assert reasons == ["key_unknown"]
    assert behave(network, provider, "tournant").get("keys", 0) == 0, "forged tokens do not make us ask again and again"


def test_the_provider_confirms_that_it_is_still_she(visitor: Visitor, provider: RunningProvider) -> None:
    """Step-up without a passkey of ours: the provider asks its proof again, now, and of the same person (S10)."""
    network = visitor.network
    add(network, EMAIL, roles=(Role.ORGANISATION_ADMIN,))
    settings = "/organisation/connexion"
    assert sign_in(visitor, provider).status_code == 303
    with network.database.transaction() as session:
        user_id = people(network)[-1].id
        services.accept_agreements(session, user_id, network.organisation(SLUG), IN_FORCE, network.clock.now())
    network.clock.advance(timedelta(minutes=3))
    way = visitor.get(settings).headers["location"]
    assert way == "/confirmer?suite=%2Forganisation%2Fconnexion"
    page = visitor.get(way).text
    assert 'href="/confirmer/organisme?suite=/organisation/connexion"' in page

    def confirmed(**behaviour: Any) -> Any:
        behave(network, provider, **behaviour)
        location = visitor.get(f"/confirmer/organisme?suite={settings}").headers["location"]
        assert (asked(location)["prompt"], asked(location)["max_age"]) == ("login", "0")
        return back(visitor, provider.authorize(location))

    refusals = {
        "auth_time_old": {"shifted": {"auth_time": -120}},
        "auth_time_missing": {"without": ["auth_time"]},
        "acr_insufficient": {"claims": {"acr": "faible"}},
        "other_person": {"claims": {"sub": "personne-9"}},
    }
    for reason, behaviour in refusals.items():
        with logged_reasons() as reasons:
            assert confirmed(**behaviour).status_code == 403
        assert reasons == [reason]
        assert visitor.get(settings).status_code == 303, reason
    before = visitor.http.cookies["arrimage"]
    right = confirmed()
    assert (right.status_code, right.headers["location"]) == (303, settings)
    assert visitor.http.cookies["arrimage"] != before, "a new token at step-up"
    assert visitor.get(settings).status_code == 200
    network.clock.advance(timedelta(minutes=5, seconds=1))
    assert visitor.get(settings).status_code == 303
    # Somebody the provider does not know has nothing to confirm there
    assert visitor.become("communautaire-ajrj").get("/confirmer/organisme").status_code == 404
