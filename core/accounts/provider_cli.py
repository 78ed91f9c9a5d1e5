"""`arrimage organisation provider`: an organisation's identity provider, for the operator, who reads no content."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts.queries.providers import ProviderView, backchannel_uri, provider_of, redirect_uri
from core.accounts.services.providers import ProviderSettings, disable_provider, set_provider
from core.cli_support import fail, open_keyring, open_settings, opened_database
from core.directory.queries import OrganisationView, organisation_by_slug
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError

app = typer.Typer(no_args_is_help=True, help="Le fournisseur d’identité (OpenID Connect) d’un organisme.")

#: Who acts, as the journal says it: a command of the operator, no account.
OPERATOR = Viewer(None, None, "", "", frozenset({Role.OPERATOR}), "")

Slug = Annotated[str, typer.Argument(help="Identifiant court de l’organisme.", metavar="ORGANISME")]


@app.command("set")
def provider_set(
    slug: Slug,
    issuer: Annotated[str | None, typer.Option(help="Adresse de l’émetteur, à la lettre près.")] = None,
    client_id: Annotated[str | None, typer.Option(help="Identifiant du client.")] = None,
    secret_file: Annotated[
        Path | None, typer.Option(help="Fichier qui contient le secret ; sans lui, il est demandé au clavier.")
    ] = None,
    auth_method: Annotated[str | None, typer.Option(help="client_secret_basic ou client_secret_post.")] = None,
    domain: Annotated[list[str] | None, typer.Option(help="Domaine d’adresses permis ; se répète.")] = None,
    role: Annotated[list[str] | None, typer.Option(help="Rôle à la première connexion ; se répète.")] = None,
    acr: Annotated[list[str] | None, typer.Option(help="Valeur acr exigée ; se répète.")] = None,
    amr: Annotated[list[str] | None, typer.Option(help="Valeur amr exigée ; se répète.")] = None,
    subject_claim: Annotated[str | None, typer.Option(help="Champ qui distingue les personnes (sub).")] = None,
    email_claim: Annotated[str | None, typer.Option(help="Champ de l’adresse courriel (email).")] = None,
    verified_claim: Annotated[str | None, typer.Option(help="Champ d’adresse vérifiée (email_verified).")] = None,
    name_claim: Annotated[str | None, typer.Option(help="Champ du nom affiché (name).")] = None,
    internal: Annotated[
        bool | None, typer.Option("--internal/--no-internal", help="Le fournisseur est sur un réseau privé.")
    ] = None,
    enabled: Annotated[bool | None, typer.Option("--enable/--disable", help="En service, ou non.")] = None,
) -> None:
    """Régler le fournisseur d’un organisme ; ce qui n’est pas donné reste comme avant."""
    settings = open_settings()
    keyring = open_keyring(settings)
    try:
        with opened_database(settings) as database, database.transaction() as session:
            organisation, was = _found(session, keyring, slug)
            base = _settings_of(was)
            given: dict[str, object] = {
                "issuer": issuer,
                "client_id": client_id,
                "auth_method": auth_method,
                "allowed_domains": None if domain is None else tuple(one.casefold() for one in domain),
                "joining_roles": None if role is None else tuple(role),
                "required_acr": None if acr is None else tuple(acr),
                "required_amr": None if amr is None else tuple(amr),
                "subject_claim": subject_claim,
                "email_claim": email_claim,
                "verified_claim": verified_claim,
                "name_claim": name_claim,
                "internal_network": internal,
                "enabled": enabled,
            }
            changes = {name: value for name, value in given.items() if value is not None}
            chosen = replace(base, **changes)  # type: ignore[arg-type]
            if not chosen.issuer or not chosen.client_id:
                fail("Donnez --issuer et --client-id.")
            same = was is not None and (was.issuer, was.client_id) == (chosen.issuer, chosen.client_id)
            if secret_file is not None or not same:
                chosen = replace(chosen, secret=_secret(secret_file))
            set_provider(
                session,
                keyring,
                OPERATOR,
                organisation.id,
                chosen,
                datetime.now(UTC),
                loopback=settings.mode != "production",
            )
    except DomainError as failure:
        fail(failure.message)
    typer.echo(f"Fournisseur réglé. Adresse de retour : {redirect_uri(settings.public_url, slug)}")


@app.command("show")
def provider_show(slug: Slug) -> None:
    """Montrer le réglage d’un organisme, sans son secret."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database, database.transaction(write=False) as session:
        organisation, found = _found(session, keyring, slug)
    if found is None:
        fail(f"{organisation.name} n’a pas de fournisseur d’identité.")
    lines = {
        "organisme": f"{found.organisation_name} ({organisation.status})",
        "en service": "oui" if found.enabled else "non",
        "émetteur": found.issuer,
        "client": found.client_id,
        "secret envoyé par": found.auth_method,
        "domaines permis": ", ".join(found.allowed_domains) or "aucun",
        "rôles à l’arrivée": ", ".join(found.joining_roles),
        "acr exigé": ", ".join(found.required_acr) or "aucun",
        "amr exigé": ", ".join(found.required_amr) or "aucun",
        "champs": f"{found.subject_claim}, {found.email_claim}, {found.verified_claim}, {found.name_claim}",
        "réseau privé": "oui" if found.internal_network else "non",
        "adresse de retour": redirect_uri(settings.public_url, slug),
        "fermeture à distance": backchannel_uri(settings.public_url),
        "dernier refus": f"{found.last_refusal} ({found.last_refused_at:%Y-%m-%d %H:%M} UTC)"
        if found.last_refusal
        else "aucun",
    }
    for name, value in lines.items():
        typer.echo(f"{name} : {value}")


@app.command("disable")
def provider_disable(slug: Slug) -> None:
    """Mettre le fournisseur hors service ; les sessions qu’il a ouvertes prennent fin à l’instant."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database, database.transaction() as session:
        organisation, _was = _found(session, keyring, slug)
        done = disable_provider(session, OPERATOR, organisation.id, datetime.now(UTC))
    if not done:
        fail(f"{organisation.name} n’a pas de fournisseur d’identité.")
    typer.echo("Fournisseur hors service.")


def _found(session: Session, keyring: Keyring, slug: str) -> tuple[OrganisationView, ProviderView | None]:
    organisation = organisation_by_slug(session, slug)
    if organisation is None:
        fail(f"Organisme inconnu : {slug}")
    organisation_id: UUID = organisation.id
    return organisation, provider_of(session, keyring, organisation_id)


def _settings_of(was: ProviderView | None) -> ProviderSettings:
    if was is None:
        return ProviderSettings("", "", None)
    return ProviderSettings(
        was.issuer,
        was.client_id,
        None,
        was.auth_method,
        was.subject_claim,
        was.email_claim,
        was.verified_claim,
        was.name_claim,
        was.required_acr,
        was.required_amr,
        was.allowed_domains,
        was.joining_roles,
        was.enabled,
    )


def _secret(path: Path | None) -> str:
    if path is None:
        return str(typer.prompt("Secret du client", hide_input=True))
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        fail(f"{path} : ce fichier ne se lit pas.")
