"""What a person has accepted and has still to accept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts.agreements import IN_FORCE, AgreementText
from core.accounts.models import Agreement, AgreementAcceptance, User
from core.accounts.rules import still_to_accept
from core.directory.models import Organisation


@dataclass(frozen=True)
class Accepted:
    """One acceptance: `own` by this person, else by somebody of her organisation for all. `id` opens its text."""

    hash: str
    kind: str
    version: int
    accepted_at: datetime
    own: bool
    in_force: bool


def conduct_accepted() -> ColumnElement[bool]:
    """Whether a person accepted the code in force; part of a statement on users (parameter `conduct`)."""
    mine = (AgreementAcceptance.agreement_hash == bindparam("conduct")) & (AgreementAcceptance.user_id == User.id)
    return exists().where(mine)


def partnership_accepted() -> ColumnElement[bool]:
    """Whether her organisation's partnership in force was accepted (parameter `partnership`)."""
    theirs = (AgreementAcceptance.agreement_hash == bindparam("partnership")) & (
        AgreementAcceptance.organisation_id == Organisation.id
    )
    return exists().where(theirs)


def hashes_in_force() -> dict[str, str]:
    """The parameters of the two clauses above."""
    return {kind: text.hash for kind, text in IN_FORCE.items()}


def agreements_to_accept(session: Session, viewer: Viewer) -> tuple[AgreementText, ...]:
    """The texts this person must accept before going on."""
    row = session.execute(
        select(conduct_accepted(), partnership_accepted())
        .join(Organisation, Organisation.id == User.organisation_id)
        .where(User.id == viewer.user_id)
        .select_from(User),
        hashes_in_force(),
    ).one()
    missing = still_to_accept(conduct=row[0], partnership=row[1], administers=Role.ORGANISATION_ADMIN in viewer.roles)
    return tuple(IN_FORCE[kind] for kind in missing)


def accepted_agreements(session: Session, viewer: Viewer) -> tuple[Accepted, ...]:
    """What this person accepted, and what was accepted for her organisation; newest first."""
    concerned = or_(
        AgreementAcceptance.user_id == viewer.user_id, AgreementAcceptance.organisation_id == viewer.organisation_id
    )
    rows = session.execute(
        select(
            Agreement.hash,
            Agreement.kind,
            Agreement.version,
            AgreementAcceptance.accepted_at,
            AgreementAcceptance.user_id,
        )
        .join(Agreement, Agreement.hash == AgreementAcceptance.agreement_hash)
        .where(concerned)
        .order_by(AgreementAcceptance.accepted_at.desc(), Agreement.kind)
        .limit(50)
    )
    now = set(hashes_in_force().values())
    return tuple(
        Accepted(row.hash, row.kind, row.version, row.accepted_at, row.user_id == viewer.user_id, row.hash in now)
        for row in rows
    )


def agreement_text(session: Session, viewer: Viewer, digest: str) -> AgreementText | None:
    """The text of a hash: one in force, which anybody signed in may read, or one accepted by or for this person."""
    for text in IN_FORCE.values():
        if text.hash == digest:
            return text
    if digest not in {one.hash for one in accepted_agreements(session, viewer)}:
        return None
    row = session.execute(
        select(Agreement.kind, Agreement.version, Agreement.text_fr, Agreement.text_en).where(Agreement.hash == digest)
    ).first()
    return AgreementText(row.kind, row.version, row.text_fr, row.text_en) if row else None
