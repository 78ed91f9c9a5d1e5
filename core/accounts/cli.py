"""`arrimage user` and `arrimage organisation`: people and organisations, for the operator, who reads no content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, NoReturn
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.viewer import Role
from core.accounts import queries
from core.accounts.provider_cli import OPERATOR
from core.accounts.provider_cli import app as provider_app
from core.accounts.queries.admission import application_of
from core.accounts.queries.staff import people_of
from core.accounts.rules import SHORTEST_PASSWORD
from core.accounts.rules.admission import STEPS, SUSPENSIONS, Step
from core.accounts.services.admission import readmit_as, suspend_as
from core.accounts.services.factors import forget_factors
from core.accounts.services.invitations import invite_into, note
from core.accounts.services.leaving import offboard_user, set_roles
from core.accounts.services.people import add_user, normal_email
from core.accounts.services.throttles import forget_attempts
from core.cli_support import fail, open_keyring, open_settings, opened_database
from core.directory.queries import OrganisationView, organisation_by_slug, organisations
from core.kernel.crypto import Keyring
from core.kernel.errors import DomainError

user_app = typer.Typer(no_args_is_help=True, help="Les personnes qui se connectent.")
organisation_app = typer.Typer(no_args_is_help=True, help="Les organismes du réseau.")
organisation_app.add_typer(provider_app, name="provider")

STANDINGS = {"admitted": "admis", "probation": "en attente d’admission", "suspended": "suspendu"}
ROLES = {
    Role.WORKER: "intervention",
    Role.INTAKE: "accueil des demandes",
    Role.ORGANISATION_ADMIN: "administration de l’organisme",
    Role.PRIVACY_OFFICER: "protection des renseignements personnels",
    Role.COMMITTEE_MEMBER: "membre de comité",
    Role.COMMITTEE_CHAIR: "présidence de comité",
    Role.NETWORK_COORDINATION: "coordination du réseau",
    Role.OPERATOR: "exploitation technique",
}

Email = Annotated[str, typer.Argument(help="Adresse de connexion.")]
Slug = Annotated[str, typer.Argument(help="Identifiant court de l’organisme.", metavar="ORGANISME")]
Organisation = Annotated[str, typer.Option(help="Identifiant court de l’organisme.")]
Name = Annotated[str, typer.Option(help="Nom affiché à la personne.")]
Roles = Annotated[list[Role], typer.Option(help="Rôle ; l’option se répète.")]


@user_app.command("add")
def user_add(
    email: Email,
    organisation: Organisation,
    name: Name,
    role: Roles,
    password: Annotated[
        str,
        typer.Option(
            help="Mot de passe ; demandé s’il manque.", prompt=True, hide_input=True, confirmation_prompt=True
        ),
    ],
) -> None:
    """Ajouter une personne à un organisme, avec un mot de passe : pour la toute première ; sinon, « user invite »."""
    _check_address(email)
    if len(password) < SHORTEST_PASSWORD:
        fail(f"Mot de passe trop court : {SHORTEST_PASSWORD} caractères au moins.")
    settings = open_settings()
    keyring = open_keyring(settings)
    now = datetime.now(UTC)
    try:
        with opened_database(settings) as database, database.transaction() as session:
            found = _organisation(session, organisation)
            user_id = add_user(
                session,
                keyring,
                organisation_id=found.id,
                email=email,
                name=name,
                roles=role,
                now=now,
                password=password,
            )
            note(session, OPERATOR, found.id, "account.joined", f"user:{user_id}", now, roles=sorted(role))
    except IntegrityError:
        fail("Un compte existe déjà à cette adresse. Rien n’a été changé.")
    except DomainError as failure:
        fail(failure.message)
    typer.echo("Compte ajouté.")


@user_app.command("invite")
def user_invite(email: Email, organisation: Organisation, name: Name, role: Roles) -> None:
    """Inviter une personne : un courriel sans code part ; le code s’affiche ici, une fois."""
    _check_address(email)
    settings = open_settings()
    keyring = open_keyring(settings)
    try:
        with opened_database(settings) as database, database.transaction() as session:
            found = _organisation(session, organisation)
            if not found.admitted:
                fail("Cet organisme n’est pas admis : son admission passe par deux approbations.")
            now = datetime.now(UTC)
            invited = invite_into(session, keyring, OPERATOR, found.id, email=email, name=name, roles=role, now=now)
    except DomainError as failure:
        fail(failure.message)
    typer.echo(f"Code à donner de vive voix ou en main propre, jamais par courriel : {invited.code}")
    typer.echo("Il sert une fois, dans les 72 heures, à la page /invitation.")


@user_app.command("disable")
def user_disable(email: Email) -> None:
    """Fermer un compte pour de bon : sessions, demandes prises en main, gardes, invitations, clés de l’organisme."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database, database.transaction() as session:
        done = offboard_user(session, keyring, OPERATOR, _active(session, keyring, email), datetime.now(UTC))
    typer.echo("Compte fermé.")
    if not done.keys_replaced:
        typer.echo("Le remplacement des clés de l’organisme se poursuit dans la plateforme en marche.")


@user_app.command("list")
def user_list(organisation: Slug) -> None:
    """Les comptes d’un organisme : rôles, mois de la dernière connexion, second facteur."""
    settings = open_settings()
    keyring = open_keyring(settings)
    table = Table("Nom", "Adresse", "Rôles", "État", "Dernière connexion", "Second facteur")
    with opened_database(settings) as database, database.transaction(write=False) as session:
        found = _organisation(session, organisation)
        page = pages = 1
        while page <= pages:
            people = people_of(session, keyring, found.id, page=page)
            for one in people.members:
                roles = ", ".join(ROLES[Role(role)] for role in one.roles)
                state = "actif" if one.state == "active" else "suspendu"
                table.add_row(one.name, one.email, roles, state, one.month or "jamais", "oui" if one.factor else "non")
            pages, page = people.pages, page + 1
    Console().print(table)


@user_app.command("roles")
def user_roles(email: Email, role: Roles) -> None:
    """Remplacer les rôles d’une personne, ceux du réseau compris."""
    settings = open_settings()
    keyring = open_keyring(settings)
    try:
        with opened_database(settings) as database, database.transaction() as session:
            set_roles(session, OPERATOR, _active(session, keyring, email), role, datetime.now(UTC))
    except DomainError as failure:
        fail(failure.message)
    typer.echo("Rôles changés.")


@user_app.command("unlock")
def user_unlock(email: Email) -> None:
    """Laisser essayer de nouveau une personne qui s’est trompée trop souvent de mot de passe ou de code."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database, database.transaction() as session:
        user_id = str(_active(session, keyring, email))
        for kind in ("sign_in", "invitation"):
            forget_attempts(session, keyring, kind, "account", normal_email(email))
        for kind, window in (("unlock", "account"), ("factor", "account"), ("factor", "account_by_day")):
            forget_attempts(session, keyring, kind, window, user_id)
    typer.echo("Essais oubliés : la personne peut se connecter.")


@user_app.command("reset-factors")
def user_reset_factors(email: Email) -> None:
    """Retirer clés, application et codes d’une personne qui a tout perdu ; son organisme doit l’avoir confirmé."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database, database.transaction() as session:
        forget_factors(session, keyring, _active(session, keyring, email), OPERATOR, datetime.now(UTC))
    typer.echo("Retirés : elle en ajoutera un à sa prochaine connexion. Ses sessions ont pris fin.")


@organisation_app.command("list")
def organisation_list() -> None:
    """Les organismes, leur statut et leurs clés."""
    table = Table("Identifiant", "Nom", "Type", "Statut", "Clés")
    with opened_database(open_settings()) as database, database.transaction(write=False) as session:
        for one in organisations(session):
            table.add_row(one.slug, one.name, one.type, STANDINGS[one.status], "oui" if one.public_key else "non")
    Console().print(table)


@organisation_app.command("show")
def organisation_show(slug: Slug) -> None:
    """Un organisme : statut, loi, clés, nombre de comptes par rôle."""
    with opened_database(open_settings()) as database, database.transaction(write=False) as session:
        found = _organisation(session, slug)
        counts = queries.people_by_role(session, found.id)
    typer.echo(f"{found.name} ({found.slug})")
    typer.echo(f"Statut : {STANDINGS[found.status]}")
    typer.echo(f"Loi : {found.regime or 'à confirmer'}")
    typer.echo(f"Clés : {found.key_id or 'aucune'}")
    for one in counts:
        typer.echo(f"{ROLES[one.role]} : {one.count}")


@organisation_app.command("admit-status")
def organisation_admit_status(slug: Slug) -> None:
    """Où en est l’admission d’un organisme, et ce qu’il reste à faire."""
    settings = open_settings()
    keyring = open_keyring(settings)
    with opened_database(settings) as database, database.transaction(write=False) as session:
        found = _organisation(session, slug)
        view = application_of(session, keyring, found.id)
    typer.echo(f"{found.name} : {STANDINGS[found.status]}")
    if view is None:
        typer.echo("Aucune demande d’adhésion : organisme inscrit avec la région.")
        return
    for step in Step:
        typer.echo(f"[{'x' if step in view.done else ' '}] {STEPS[step]}")
    for name, at in view.approvals:
        typer.echo(f"    {name}, le {at:%Y-%m-%d}")


@organisation_app.command("suspend")
def organisation_suspend(
    slug: Slug, reason: Annotated[str, typer.Option(help=f"Raison : {', '.join(SUSPENSIONS)}.")]
) -> None:
    """Suspendre un organisme : ses sessions et ses écrans prennent fin à l’instant."""
    if reason not in SUSPENSIONS:
        fail(f"Raison inconnue. Choisissez : {', '.join(SUSPENSIONS)}.")
    try:
        with opened_database(open_settings()) as database, database.transaction() as session:
            suspend_as(session, OPERATOR, _organisation(session, slug).id, reason, datetime.now(UTC))
    except DomainError as failure:
        fail(failure.message)
    typer.echo("Organisme suspendu.")


@organisation_app.command("readmit")
def organisation_readmit(slug: Slug) -> None:
    """Réadmettre un organisme suspendu ; jamais un organisme qui n’a pas été admis."""
    try:
        with opened_database(open_settings()) as database, database.transaction() as session:
            readmit_as(session, OPERATOR, _organisation(session, slug).id, datetime.now(UTC))
    except DomainError as failure:
        fail(failure.message)
    typer.echo("Organisme réadmis.")


def _check_address(email: str) -> None:
    if "@" not in email or not email.isprintable() or set(email) & set(" ,;<>"):
        fail(f"Adresse non reconnue : {email}")


def _organisation(session: Session, slug: str) -> OrganisationView:
    found = organisation_by_slug(session, slug)
    return found if found is not None else _unknown(slug)


def _unknown(slug: str) -> NoReturn:
    fail(f"Organisme inconnu : {slug}")


def _active(session: Session, keyring: Keyring, email: str) -> UUID:
    found = queries.active_user(session, keyring, email)
    if found is None:
        fail("Aucun compte actif à cette adresse.")
    return found
