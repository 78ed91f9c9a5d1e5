"""Reads about upkeep: the campaign, one's own sheets, who has not said, and how fresh the directory is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from core.api import TORONTO, DirectorySheet, SheetContent, Viewer, directory_sheets, holders_of, own_contents

from ..exchange_access import UPKEEP
from ..models import Campaign, CampaignReminder, CampaignResult
from ..rules.upkeep import Progress, Share, fresh_share, said_since, share_of

#: A confidential sheet is its organisation's alone: the committee's figures leave it out.
CONFIDENTIAL = "confidential"


@dataclass(frozen=True)
class CampaignView:
    """A campaign; both days are included. `edits` changes with its dates."""

    id: UUID
    number: int
    opens_on: date
    closes_on: date
    opened: bool
    ended: bool
    edits: int


@dataclass(frozen=True)
class OwnSheet:
    """A sheet of the viewer's organisation; `service` None for the organisation's own."""

    sheet: DirectorySheet
    service: SheetContent | None
    said: bool
    said_today: bool


@dataclass(frozen=True)
class OrganisationProgress:
    """Where an organisation stands; `reachable`: somebody there has an account that keeps its sheets; `reminders`: how
    many reminders left."""

    organisation_id: UUID
    organisation: str
    share: Share
    reachable: bool
    reminders: int


@dataclass(frozen=True)
class PastCampaign:
    """A campaign that ended: organisations that had said everything, of how many, and sheets."""

    number: int
    opens_on: date
    closes_on: date
    organisations: Share
    sheets: Share


@dataclass(frozen=True)
class Summary:
    """What a card says: organisations that have finished the campaign, and how fresh the directory is."""

    finished: Share
    fresh: Share


@dataclass(frozen=True)
class Figures:
    """The whole campaign: by organisation (those who have not finished first), and how fresh the directory is."""

    organisations: tuple[OrganisationProgress, ...]
    finished: Share
    sheets: Share
    fresh: Share


def current_campaign(session: Session) -> CampaignView | None:
    """The one that is planned or open. One statement."""
    row = session.scalars(
        select(Campaign).where(Campaign.ended_at.is_(None)).order_by(Campaign.number).limit(1)
    ).first()
    if row is None:
        return None
    return CampaignView(
        row.id, row.number, row.opens_on, row.closes_on, row.opened_at is not None, row.ended_at is not None, row.edits
    )


def own_sheets(session: Session, viewer: Viewer, campaign: CampaignView | None, now: datetime) -> tuple[OwnSheet, ...]:
    """The sheets of the viewer's organisation, its own first. Five statements, however many."""
    if viewer.organisation_id is None:
        return ()
    sheets = directory_sheets(session, [viewer.organisation_id])
    services = own_contents(session, viewer)
    today = now.astimezone(TORONTO).date()
    first = today if campaign is None else campaign.opens_on
    return tuple(
        OwnSheet(
            one,
            None if one.service_id is None else services.get(one.service_id),
            said_since(one.verified_on, first),
            one.verified_on == today,
        )
        for one in sheets
    )


def own_share(session: Session, organisation_id: UUID, campaign: CampaignView) -> Share:
    """How many of its sheets an organisation has said exact, confidential ones too. Two statements."""
    sheets = directory_sheets(session, [organisation_id])
    return share_of((one.verified_on for one in sheets), campaign.opens_on)


def shared_share(sheets: Iterable[DirectorySheet], first_day: date) -> Share:
    """How many of the sheets that partners may read were said to be exact on that day or later."""
    return share_of((one.verified_on for one in sheets if one.tier != CONFIDENTIAL), first_day)


def figures(session: Session, campaign: CampaignView | None, now: datetime) -> Figures:
    """Who has said what. Four statements, whatever the number of organisations."""
    today = now.astimezone(TORONTO).date()
    first = today if campaign is None else campaign.opens_on
    by_organisation: dict[UUID, list[DirectorySheet]] = {}
    sheets = [one for one in directory_sheets(session) if one.tier != CONFIDENTIAL]
    for one in sheets:
        by_organisation.setdefault(one.organisation_id, []).append(one)
    reachable = {one.organisation_id for one in holders_of(session, {UPKEEP})}
    reminders = _reminders(session, campaign)
    lines = [
        OrganisationProgress(
            key, here[0].organisation, shared_share(here, first), key in reachable, reminders.get(key, 0)
        )
        for key, here in by_organisation.items()
    ]
    rank = list(Progress)
    return Figures(
        tuple(sorted(lines, key=lambda line: rank.index(line.share.progress))),
        Share(sum(1 for line in lines if line.share.progress is Progress.DONE), len(lines)),
        shared_share(sheets, first),
        fresh_share((one.verified_on for one in sheets), today),
    )


def summary(session: Session, campaign: CampaignView | None, now: datetime) -> Summary:
    """The same in two shares. Two statements."""
    today = now.astimezone(TORONTO).date()
    first = today if campaign is None else campaign.opens_on
    sheets = [one for one in directory_sheets(session) if one.tier != CONFIDENTIAL]
    days: dict[UUID, list[date | None]] = {}
    for one in sheets:
        days.setdefault(one.organisation_id, []).append(one.verified_on)
    finished = sum(1 for here in days.values() if share_of(here, first).progress is Progress.DONE)
    return Summary(Share(finished, len(days)), fresh_share((one.verified_on for one in sheets), today))


def past_campaigns(session: Session, *, limit: int = 6) -> tuple[PastCampaign, ...]:
    """Campaigns that ended, the latest first. One statement."""
    result = CampaignResult
    finished = func.sum(case((result.confirmed >= result.sheets, 1), else_=0))
    rows = session.execute(
        select(
            Campaign.number,
            Campaign.opens_on,
            Campaign.closes_on,
            func.count(result.id).label("organisations"),
            finished,
            func.sum(result.confirmed),
            func.sum(result.sheets),
        )
        .outerjoin(result, result.campaign_id == Campaign.id)
        .where(Campaign.ended_at.is_not(None))
        .group_by(Campaign.number, Campaign.opens_on, Campaign.closes_on)
        .order_by(Campaign.number.desc())
        .limit(limit)
    )
    return tuple(
        PastCampaign(number, first, last, Share(done or 0, count), Share(confirmed or 0, sheets or 0))
        for number, first, last, count, done, confirmed, sheets in rows
    )


def _reminders(session: Session, campaign: CampaignView | None) -> dict[UUID, int]:
    if campaign is None:
        return {}
    reminder = CampaignReminder
    rows = session.execute(
        select(reminder.organisation_id, func.count().label("sent"))
        .where(reminder.campaign_id == campaign.id, reminder.step > 0)
        .group_by(reminder.organisation_id)
    )
    return {row.organisation_id: row.sent for row in rows}
