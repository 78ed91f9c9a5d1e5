"""Table of contents: what this plugin gives to the core, hook by hook (docs/hooks.md)."""

from __future__ import annotations

from collections.abc import Sequence

from core.api import N_, CommitteeSpec, Manifest, PermissionSpec, PurposeSpec, Role, Route, hookimpl

from . import pages
from .access import READ, REQUEST
from .settings import NAME, SLUG, Settings

MEMBERS = frozenset({Role.COMMITTEE_MEMBER, Role.COMMITTEE_CHAIR, Role.NETWORK_COORDINATION})
STAFF = frozenset({Role.WORKER, Role.INTAKE})


@hookimpl
def register_plugin() -> Manifest:
    return Manifest(
        name=NAME,
        title_fr="Bien-être",
        title_en="Well-being",
        version="0.1.0",
        core_version=">=0.1,<1",
        description="Le fonds d’urgence : une demande votée en quelques heures, sans savoir qui elle est.",
        settings=Settings,
    )


@hookimpl
def register_permissions() -> Sequence[PermissionSpec]:
    return (
        PermissionSpec(READ, N_("Suivre des demandes au fonds d’urgence"), MEMBERS | STAFF),
        PermissionSpec(REQUEST, N_("Déposer une demande au fonds d’urgence"), STAFF),
    )


@hookimpl
def register_routes() -> Sequence[Route]:
    return pages.routes


@hookimpl
def register_committee() -> CommitteeSpec:
    return CommitteeSpec(
        slug=SLUG, title=N_("Bien-être"), description=N_("Fonds d’urgence pour les femmes et les filles.")
    )


@hookimpl
def register_purposes() -> Sequence[PurposeSpec]:
    return (
        PurposeSpec(
            code="bien_etre.aide",
            title=N_("Demander une aide financière au fonds d’urgence"),
            explanation=N_(
                "J’accepte qu’une demande d’aide financière soit faite pour moi au fonds d’urgence, sans dire qui je "
                "suis : un groupe d’âge, une région, le besoin et le montant. Les personnes qui décident ne sauront "
                "pas mon nom. Si l’aide est accordée, l’organisme nommé ici la verse."
            ),
            blocks=frozenset({"needs"}),
        ),
    )
