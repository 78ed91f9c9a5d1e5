"""The tree of committees in the database: the region's, then those of the enabled plugins. Run at each start."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.accounts.models import User
from core.committees.access import local_day
from core.committees.models.structure import Committee, CommitteeSeat
from core.committees.region import COMMITTEES, DEMO_SEATS
from core.kernel.db import add_row, new_id
from core.kernel.hooks.contributions import CommitteeSpec
from core.kernel.hooks.manager import Hooks

#: Seats of the demo begin with the fiscal year, so that reports have a year of them.
FISCAL_MONTH = 4


def sync_committees(session: Session, hooks: Hooks | None, now: datetime) -> int:
    """Add the committees that are missing, and say which plugin serves which; returns how many rows it wrote.

    What people wrote (mandates, seats) is never touched; a plugin that is disabled leaves its committee as it is.
    """
    known: dict[str, UUID] = {row.slug: row.id for row in session.execute(select(Committee.slug, Committee.id))}
    written = 0
    for position, seed in enumerate(COMMITTEES):
        if seed.slug in known:
            continue
        known[seed.slug] = _add(
            session, known, seed.slug, seed.parent, seed.title, seed.description, position * 10, seed.mandate
        )
        written += 1
    return written + _sync_plugins(session, known, hooks.committees() if hooks is not None else ())


def _sync_plugins(session: Session, known: dict[str, UUID], specs: Iterable[CommitteeSpec]) -> int:
    written = 0
    for spec in specs:
        plugin = spec.slug.replace("-", "_")
        if spec.slug in known:
            changed = session.execute(
                update(Committee)
                .where(Committee.slug == spec.slug, Committee.plugin.is_distinct_from(plugin))
                .values(plugin=plugin),
                execution_options={"synchronize_session": False},
            )
            written += int(getattr(changed, "rowcount", 0))
            continue
        known[spec.slug] = _add(session, known, spec.slug, spec.parent, spec.title, spec.description, 500, "", plugin)
        written += 1
    return written


def _add(
    session: Session,
    known: dict[str, UUID],
    slug: str,
    parent: str | None,
    title: str,
    description: str,
    position: int,
    mandate: str = "",
    plugin: str | None = None,
) -> UUID:
    committee_id = new_id()
    add_row(
        session,
        Committee,
        id=committee_id,
        slug=slug,
        parent_id=known.get(parent) if parent else None,
        title=title,
        description=description,
        mandate=mandate,
        position=position,
        plugin=plugin,
    )
    return committee_id


def seed_demo_seats(session: Session, now: datetime) -> int:
    """Seat the demo's invented people, from the beginning of the fiscal year; run again, it adds only what is missing.

    Returns how many seats were added.
    """
    committees: dict[str, UUID] = {row.slug: row.id for row in session.execute(select(Committee.slug, Committee.id))}
    people = {
        row.demo_key: row
        for row in session.execute(
            select(User.demo_key, User.id, User.organisation_id).where(User.demo_key.is_not(None))
        )
    }
    held = {
        (row.committee_id, row.organisation_id)
        for row in session.execute(select(CommitteeSeat.committee_id, CommitteeSeat.organisation_id))
    }
    today = local_day(now)
    first = date(today.year if today.month >= FISCAL_MONTH else today.year - 1, FISCAL_MONTH, 1)
    added = 0
    for seed in DEMO_SEATS:
        person, committee_id = people[seed.persona], committees[seed.committee]
        if (committee_id, person.organisation_id) in held:
            continue
        held.add((committee_id, person.organisation_id))
        add_row(
            session,
            CommitteeSeat,
            id=new_id(),
            committee_id=committee_id,
            organisation_id=person.organisation_id,
            user_id=person.id,
            role=seed.role.value,
            voting=seed.voting,
            starts_on=first,
        )
        added += 1
    return added
