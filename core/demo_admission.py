"""The demo's newcomers, plainly invented: an organisation that waits for its approvals, a person who was invited."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role, Viewer
from core.accounts.models import Invitation, OrganisationApplication, User
from core.accounts.services.admission import (
    name_first_admin,
    record_agreement,
    record_call_back,
    record_officer,
    set_regime,
    start_probation,
)
from core.accounts.services.applications import Named, Request, request_admission
from core.accounts.services.invitations import invite_into
from core.directory.models import Organisation
from core.kernel.clock import TORONTO
from core.kernel.crypto import Keyring

NEWCOMER = Request(
    "Maison des Girouettes (organisme fictif)",
    "Hébergement et milieu de vie pour des femmes de Lanaudière. Organisme inventé pour la démonstration.",
    "Coordination",
    "coordination@girouettes.invalid",
    "450 555-0131",
)
INVITED = ("Fabienne Inventée", "fabienne@exemple.invalid")


def seed_admission(session: Session, keyring: Keyring, now: datetime) -> None:
    """Add them once; the codes they would need are known to nobody."""
    if session.execute(select(OrganisationApplication.id).limit(1)).first() is None:
        _newcomer(session, keyring, now)
    if session.execute(select(Invitation.id).limit(1)).first() is None:
        name, email = INVITED
        house = session.execute(select(Organisation.id).where(Organisation.slug == "calacs-la-chrysalide")).scalar_one()
        roles = (Role.WORKER, Role.INTAKE)
        invite_into(session, keyring, ANONYMOUS, house, email=email, name=name, roles=roles, now=now)


def _newcomer(session: Session, keyring: Keyring, now: datetime) -> None:
    """Everything is recorded; two other organisations have yet to approve."""
    viewer = _coordination(session)
    asked = request_admission(session, keyring, NEWCOMER, kind="communautaire", regime="P-39.1", now=now)
    start_probation(session, keyring, viewer, asked, now)
    called = now - timedelta(hours=3)
    record_call_back(session, keyring, viewer, asked, number="+14505550132", source="211", at=called, now=now)
    signed = now.astimezone(TORONTO).date() - timedelta(days=2)
    record_agreement(session, viewer, asked, on=signed, signatory="direction générale", reference="ENT-DEMO-1", now=now)
    record_officer(session, keyring, viewer, asked, Named("Paule Inventée", "paule@girouettes.invalid"), now)
    set_regime(session, viewer, asked, "P-39.1", now)
    name_first_admin(session, keyring, viewer, asked, Named("Odile Inventée", "odile@girouettes.invalid"), now)


def _coordination(session: Session) -> Viewer:
    row = session.execute(select(User.id, User.organisation_id).where(User.demo_key == "coordination-cresl")).one()
    roles = frozenset({Role.NETWORK_COORDINATION})
    return Viewer(row.id, row.organisation_id, "", "reseau", roles, "", second_factor=True, demo=True)
