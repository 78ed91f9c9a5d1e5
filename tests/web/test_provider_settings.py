"""An organisation's administration sets its provider and checks it; the operator does the same from the shell."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner, Result

from core.accounts.models import IdentityProvider, LoginSession
from core.accounts.queries.providers import provider_of
from core.cli import app as command
from core.journal.models import JournalEntry
from core.kernel.clock import FixedClock
from core.kernel.crypto import Keyring
from core.kernel.oidc import PROVIDERS
from core.rotation import renew_all
from core.testing.network import Network, Visitor, fresh_network, visiting
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, RunningProvider
from tests.support.signing_in import behave, connect, sign_in

PATH = "/organisation/connexion"
HOME, TENANT = "calacs-la-chrysalide", "reglages"


@pytest.fixture
def network(tmp_path: Path, clock: FixedClock) -> Iterator[Network]:
    with fresh_network("sqlite", tmp_path, clock) as seeded:
        yield seeded


@pytest.fixture
def visitor(network: Network) -> Iterator[Visitor]:
    with visiting(network) as browsing:
        yield browsing


def administer(visitor: Visitor) -> Visitor:
    """Signed in as La Chrysalide's administration, who has just confirmed that it is she."""
    visitor.become("admin-chrysalide")
    with visitor.network.database.transaction() as session:
        session.execute(update(LoginSession).values(stepped_up_at=visitor.network.clock.now()))
    return visitor


def typed(provider: RunningProvider, **changes: Any) -> dict[str, Any]:
    form: dict[str, Any] = {
        "enabled": "true",
        "issuer": provider.issuer(TENANT),
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "auth_method": "client_secret_basic",
        "allowed_domains": "Exemple.test\n@autre.test",
        "joining_roles": ["worker", "intake"],
        "required_acr": "fort",
        "required_amr": "mfa, hwk",
        "subject_claim": "oid",
        "email_claim": "email",
        "verified_claim": "xms_edov",
        "name_claim": "name",
    }
    return {**form, **changes}


def kept(network: Network) -> Any:
    with network.database.transaction(write=False) as session:
        return provider_of(session, network.keyring, network.organisation(HOME))


def test_settings_ask_a_proof_of_the_last_five_minutes(visitor: Visitor, provider: RunningProvider) -> None:
    visitor.become("admin-chrysalide")
    assert visitor.get(PATH).headers["location"].startswith("/confirmer?suite=")
    assert visitor.post(PATH, typed(provider)).status_code in {303, 307}
    assert kept(visitor.network) is None
    administer(visitor)
    assert visitor.get(PATH).status_code == 200
    visitor.network.clock.advance(timedelta(minutes=5, seconds=1))
    assert visitor.get(PATH).headers["location"].startswith("/confirmer?suite=")
    for persona in ("calacs-chrysalide", "confidentialite-chrysalide", "coordination-cresl", "operateur"):
        assert visitor.become(persona).get(PATH).status_code == 403, persona


def test_settings_are_kept_sealed_journaled_and_work(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    administer(visitor)
    blank = visitor.get(PATH).text
    assert "http://127.0.0.1:8000/connexion/organisme/calacs-la-chrysalide/retour" in blank
    assert "http://127.0.0.1:8000/connexion/organisme/deconnexion" in blank
    assert visitor.post(PATH, typed(provider)).headers["location"] == PATH
    found = kept(network)
    assert found.allowed_domains == ("exemple.test", "autre.test")
    assert (found.joining_roles, found.required_acr, found.required_amr) == (
        ("intake", "worker"),
        ("fort",),
        ("mfa", "hwk"),
    )
    assert (found.subject_claim, found.verified_claim, found.secret) == ("oid", "xms_edov", CLIENT_SECRET)
    page = visitor.get(PATH).text
    assert CLIENT_SECRET not in page
    assert provider.issuer(TENANT) in page
    with network.database.transaction(write=False) as session:
        (row,) = session.execute(select(IdentityProvider)).scalars()
        line = session.execute(select(JournalEntry.line).order_by(JournalEntry.position.desc())).scalars().first()
    assert CLIENT_SECRET.encode() not in row.client_secret
    assert '"action":"provider.set"' in (line or "")
    # A blank secret keeps the one there is; the claims that were chosen are those that are read
    assert visitor.post(PATH, typed(provider, client_secret="", required_amr="")).status_code == 303
    assert kept(network).secret == CLIENT_SECRET
    behave(network, provider, TENANT, claims={"oid": "objet-1", "xms_edov": "1"}, without=["email_verified"])
    visitor.http.cookies.clear()
    assert sign_in(visitor, provider, HOME).status_code == 303
    administer(visitor)
    # Another issuer never receives the secret of the former one
    refused = visitor.post(PATH, typed(provider, client_secret="", issuer=provider.issuer("ailleurs")))
    assert refused.status_code == 422
    assert "Collez le secret" in refused.text
    assert kept(network).issuer == provider.issuer(TENANT)


WRONG = [
    ("issuer", "http://ailleurs.example", "doit commencer par https://"),
    ("issuer", "https://moi:secret@ailleurs.example", "doit commencer par https://"),
    ("issuer", "https://ailleurs.example/?tenant=x", "doit commencer par https://"),
    ("issuer", "file:///etc/passwd", "doit commencer par https://"),
    ("client_id", "deux mots", "sans espace"),
    ("client_secret", "sécrét", "sans accent"),
    ("allowed_domains", "quelqu.une@exemple.test", "exemple.org"),
    ("allowed_domains", "test", "exemple.org"),
    ("joining_roles", [], "Choisissez au moins un rôle"),
    ("joining_roles", ["organisation_admin"], "Choisissez une des réponses proposées"),
    ("email_claim", "e mail", "sans espace ni accent"),
    ("auth_method", "none", "Choisissez une des réponses proposées"),
]


def test_a_wrong_setting_is_said_at_its_field_and_nothing_is_kept(visitor: Visitor, provider: RunningProvider) -> None:
    administer(visitor)
    for field, value, message in WRONG:
        answer = visitor.post(PATH, typed(provider, **{field: value}))
        assert answer.status_code == 422, (field, value)
        assert message in answer.text.replace("\u00a0", " ")
        assert f'href="#f-{field}"' in answer.text
        assert CLIENT_SECRET not in answer.text
        assert "xms_edov" in answer.text, "what was typed is kept"
    assert kept(visitor.network) is None


def test_two_organisations_never_share_an_application(visitor: Visitor, provider: RunningProvider) -> None:
    connect(visitor.network, provider, tenant=TENANT)
    administer(visitor)
    answer = visitor.post(PATH, typed(provider))
    assert (answer.status_code, kept(visitor.network)) == (422, None)
    assert "Un autre organisme emploie déjà" in answer.text


def test_checking_says_what_works_and_what_does_not(visitor: Visitor, provider: RunningProvider) -> None:
    network = visitor.network
    administer(visitor)
    assert visitor.post(f"{PATH}/verifier").status_code == 404, "nothing is set yet"
    visitor.post(PATH, typed(provider, required_amr=""))
    behave(network, provider, TENANT)
    right = visitor.post(f"{PATH}/verifier").text
    assert right.count("en ordre") == 6
    assert "ne fonctionne pas" not in right
    assert kept(network).verified_at == network.clock.now()
    behave(
        network,
        provider,
        TENANT,
        keys_empty=True,
        configuration={
            "id_token_signing_alg_values_supported": ["HS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "code_challenge_methods_supported": ["plain"],
            "acr_values_supported": ["faible"],
            "backchannel_logout_supported": False,
        },
    )
    network.clock.advance(timedelta(minutes=1))
    wrong = visitor.post(f"{PATH}/verifier").text
    assert (wrong.count("ne fonctionne pas"), wrong.count("à regarder")) == (5, 1)
    assert kept(network).verified_at == network.clock.now() - timedelta(minutes=1)
    behave(network, provider, TENANT, configuration={"issuer": "https://ailleurs.example"})
    assert "recopiez le sien exactement" in visitor.post(f"{PATH}/verifier").text


def run(network: Network, *arguments: str, mode: str = "demo", typed: str = "") -> Result:
    environment = {
        "ARRIMAGE_MODE": mode,
        "ARRIMAGE_DATABASE_URL": network.url,
        "ARRIMAGE_MASTER_KEY_FILE": str(network.settings.master_key_file),
        "ARRIMAGE_EMERGENCY_YOUTH_PROTECTION": "450 555-0101",
        "ARRIMAGE_EMERGENCY_SEXUAL_VIOLENCE": "450 555-0102",
        "ARRIMAGE_EMERGENCY_SUICIDE": "450 555-0103",
        "NO_COLOR": "1",
    }
    return CliRunner().invoke(command, ["organisation", "provider", *arguments], input=typed, env=environment)


def test_the_operator_sets_shows_and_disables(network: Network, provider: RunningProvider, tmp_path: Path) -> None:
    issuer = provider.issuer(TENANT)
    assert "n’a pas de fournisseur" in run(network, "show", HOME).stderr
    assert run(network, "disable", HOME).exit_code == 1
    assert run(network, "set", "nulle-part").exit_code == 1
    assert "--issuer" in run(network, "set", HOME).stderr
    secret = tmp_path / "secret"
    secret.write_text(f"{CLIENT_SECRET}\n")
    options = ["--issuer", issuer, "--client-id", CLIENT_ID, "--domain", "Exemple.test", "--acr", "fort", "--enable"]
    done = run(network, "set", HOME, *options, "--secret-file", str(secret))
    assert done.exit_code == 0, done.output
    assert "/connexion/organisme/calacs-la-chrysalide/retour" in done.stdout
    # What is not given stays; a secret may be typed
    assert run(network, "set", HOME, "--amr", "mfa", "--internal", typed="\n").exit_code == 0
    shown = run(network, "show", HOME).stdout
    for line in (
        issuer,
        "en service : oui",
        "exemple.test",
        "acr exigé : fort",
        "amr exigé : mfa",
        "réseau privé : oui",
    ):
        assert line in shown
    assert CLIENT_SECRET not in shown
    assert kept(network).secret == CLIENT_SECRET
    assert run(network, "disable", HOME).exit_code == 0
    assert not kept(network).enabled
    refused = run(network, "set", HOME, "--issuer", issuer, mode="production")
    assert refused.exit_code == 1, "no http in production, not even to this machine"
    assert "https://" in refused.stderr
    assert "Traceback" not in refused.output


def test_a_rotation_takes_the_secret_over(network: Network, provider: RunningProvider) -> None:
    connect(network, provider, HOME, TENANT)
    before = kept(network)
    newer = Keyring.rotate_file(network.settings.master_key_file)
    renew_all(network.database, newer)
    with network.database.transaction(write=False) as session:
        (row,) = session.execute(select(IdentityProvider)).scalars()
        assert newer.wrapped_by(row.client_secret) == newer.active_id
        assert provider_of(session, newer, row.organisation_id) == before
    PROVIDERS.__init__()  # type: ignore[misc]
