"""The demo's invented people, one per job of the network (network rules §5). Staff named in sources never appear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Role
from core.accounts.models import User
from core.accounts.rules import CONDUCT, PARTNERSHIP
from core.accounts.services import accept_agreements, add_user
from core.directory.models import Organisation
from core.kernel.crypto import Keyring


@dataclass(frozen=True)
class PersonaSeed:
    """`organisation` is a slug of the region's data."""

    key: str
    name: str
    organisation: str
    roles: tuple[Role, ...]


PERSONAS: tuple[PersonaSeed, ...] = (
    PersonaSeed("police-repentigny", "Dominique Lanoue", "police-repentigny", (Role.WORKER,)),
    PersonaSeed("cisss-centre-designe", "Andrée Marsolais", "centres-designes", (Role.WORKER,)),
    PersonaSeed("communautaire-ajrj", "Sacha Beaudry", "ajrj", (Role.WORKER,)),
    PersonaSeed("calacs-chrysalide", "Maïka Lefebvre", "calacs-la-chrysalide", (Role.WORKER, Role.INTAKE)),
    PersonaSeed("calacs-coup-de-coeur", "Rosalie Ouellet", "calacs-coup-de-coeur", (Role.WORKER, Role.INTAKE)),
    PersonaSeed("admin-chrysalide", "Hélène Quessy", "calacs-la-chrysalide", (Role.ORGANISATION_ADMIN,)),
    PersonaSeed("confidentialite-chrysalide", "Noémie Vadnais", "calacs-la-chrysalide", (Role.PRIVACY_OFFICER,)),
    PersonaSeed("bien-etre-1", "Carole Desmarteaux", "calacs-coup-de-coeur", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed("bien-etre-2", "Inès Haddad", "cavac-lanaudiere", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed("bien-etre-3", "Lou Perreault", "ajrj", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed("bien-etre-4", "Geneviève Rondeau", "la-clef", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed("bien-etre-5", "Tatiana Morel", "cisss-lanaudiere", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed(
        "bien-etre-presidence",
        "Jocelyne Arbic",
        "centre-de-femmes-marie-dupuis",
        (Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR),
    ),
    PersonaSeed("ficesl-formation", "Alexis Charron", "calacs-la-chrysalide", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed("orres-comite", "Danièle Forest", "calacs-coup-de-coeur", (Role.COMMITTEE_MEMBER,)),
    PersonaSeed("coordination-cresl", "Mireille Dazé", "cresl", (Role.NETWORK_COORDINATION,)),
    PersonaSeed("operateur", "Claude Venne", "cresl", (Role.OPERATOR,)),
)


def seed_personas(session: Session, keyring: Keyring, now: datetime) -> int:
    """Add the personas that are missing; returns how many were added. Raises KeyError if an organisation is unknown."""
    organisations: dict[str, UUID] = {
        row.slug: row.id for row in session.execute(select(Organisation.slug, Organisation.id))
    }
    known = set(session.execute(select(User.demo_key).where(User.demo_key.is_not(None))).scalars())
    added = 0
    for persona in PERSONAS:
        if persona.key in known:
            continue
        user_id = add_user(
            session,
            keyring,
            organisation_id=organisations[persona.organisation],
            email=f"{persona.key}@exemple.invalid",
            name=persona.name,
            roles=persona.roles,
            now=now,
            demo_key=persona.key,
        )
        # Nobody who visits the demo is asked to sign for an invented person
        kinds = (CONDUCT, PARTNERSHIP) if Role.ORGANISATION_ADMIN in persona.roles else (CONDUCT,)
        accept_agreements(session, user_id, organisations[persona.organisation], kinds, now)
        added += 1
    return added
