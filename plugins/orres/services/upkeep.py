"""Upkeep campaigns: planned as data, opened, reminded and ended by a job; sheets said to be exact in one tap."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    N_,
    TORONTO,
    DirectorySheet,
    DirectoryTarget,
    DomainError,
    Keyring,
    Missing,
    Stale,
    change_own,
    committee_by_slug,
    confirm_exact,
    directory_sheets,
    emit,
    holders_of,
    lock_row,
    mail_people,
    new_id,
    record,
    require_second_factor,
    take_back_confirmation,
)

from .. import exchange_events as events
from ..access import edited_committee
from ..exchange_access import UPKEEP
from ..models import Campaign, CampaignReminder, CampaignResult
from ..queries.upkeep import current_campaign, shared_share
from ..rules.upkeep import DATE_REFUSALS, dates_refusal, next_dates, said_since, step_due
from ..settings import SLUG, Settings
from .drafts import Desk

MOVED = N_("La campagne vient de changer. Voici ses dates à jour.")


class DatesRefused(DomainError):
    """These days cannot be the campaign's."""


def run_campaigns(session: Session, keyring: Keyring, settings: Settings, now: datetime) -> None:
    """Plan the next campaign, open the one whose day has come, remind who has not said, end the one that is over.

    Run any number of times, each of these happens once.
    """
    today = now.astimezone(TORONTO).date()
    campaign = _locked(session)
    if campaign is not None and campaign.opened_at is None and campaign.closes_on < today:
        # Nobody ran the platform during those days: what nobody was asked is planned again
        campaign.opens_on, campaign.closes_on = next_dates(settings.upkeep_starts, settings.upkeep_days, today)
        campaign.edits += 1
    if campaign is not None and campaign.opened_at is None and campaign.opens_on <= today:
        campaign.opened_at = now
        session.flush()
        _told(session, campaign, "campaign_opened", now)
        _remind(session, keyring, campaign, 0, now)
    elif campaign is not None and campaign.opened_at is not None and campaign.closes_on < today:
        _end(session, campaign, now)
        campaign = None
    elif campaign is not None and campaign.opened_at is not None:
        step = step_due(campaign.opens_on, campaign.closes_on, settings.upkeep_remind_days, today)
        if step:
            _remind(session, keyring, campaign, step, now)
    if campaign is None:
        _plan(session, settings, today)


def set_dates(session: Session, desk: Desk, number: int, edits: int, first: date, last: date) -> None:
    """Move the days of the campaign that is planned, or the last day of the one that is open.

    `edits`: the count on the page. Raises Missing, Stale (changed meanwhile), DatesRefused.
    """
    require_second_factor(desk.viewer)
    edited_committee(session, desk.viewer)
    campaign = _locked(session)
    if campaign is None or campaign.number != number:
        raise Missing
    if campaign.edits != edits:
        raise Stale(MOVED)
    opened = None if campaign.opened_at is None else campaign.opens_on
    refusal = dates_refusal(first, last, desk.now.astimezone(TORONTO).date(), opened_on=opened)
    if refusal is not None:
        raise DatesRefused(DATE_REFUSALS[refusal])
    campaign.opens_on, campaign.closes_on = first, last
    campaign.edits += 1
    session.flush()
    _told(session, campaign, "campaign_moved", desk.now, desk)


def say_exact(session: Session, desk: Desk, service_id: UUID | None) -> None:
    """One tap: the sheet (None: the organisation's own) is exact today. Raises Missing, second factor."""
    require_second_factor(desk.viewer)
    confirm_exact(session, desk.viewer, _target(desk, service_id), now=desk.now)
    _said(session, desk)


def take_back(session: Session, desk: Desk, service_id: UUID | None) -> None:
    """Undo that tap, the same day. Raises Missing, Stale."""
    require_second_factor(desk.viewer)
    take_back_confirmation(session, desk.viewer, _target(desk, service_id), now=desk.now)
    _said(session, desk)


def correct(session: Session, desk: Desk, service_id: UUID | None, field: str, value: str, *, exact: bool) -> None:
    """Correct one field of a sheet at once; `exact`: the rest of it is exact. Raises Missing, DomainError."""
    require_second_factor(desk.viewer)
    target = _target(desk, service_id)
    change_own(session, desk.viewer, target, field, value, now=desk.now)
    if exact:
        confirm_exact(session, desk.viewer, target, now=desk.now)
    _said(session, desk)


def _target(desk: Desk, service_id: UUID | None) -> DirectoryTarget:
    if desk.viewer.organisation_id is None:
        raise Missing
    return DirectoryTarget(desk.viewer.organisation_id, service_id)


def _locked(session: Session) -> Campaign | None:
    """The campaign that is planned or open, locked; there is one at most."""
    lock_row(session, select(Campaign.id).where(Campaign.ended_at.is_(None)))
    statement = select(Campaign).where(Campaign.ended_at.is_(None)).order_by(Campaign.number).limit(1)
    return session.scalars(statement.execution_options(populate_existing=True)).one_or_none()


def _plan(session: Session, settings: Settings, today: date) -> None:
    last = session.execute(
        select(Campaign.number, Campaign.closes_on).order_by(Campaign.number.desc()).limit(1)
    ).first()
    after = today if last is None else max(today, last.closes_on)
    first, last_day = next_dates(settings.upkeep_starts, settings.upkeep_days, after)
    number = 1 if last is None else last.number + 1
    session.add(Campaign(id=new_id(), number=number, opens_on=first, closes_on=last_day, edits=0))
    session.flush()


def _remind(session: Session, keyring: Keyring, campaign: Campaign, step: int, now: datetime) -> None:
    """One constant e-mail to who keeps the sheets of each organisation that has not said them all exact."""
    waiting = {
        one.organisation_id for one in directory_sheets(session) if not said_since(one.verified_on, campaign.opens_on)
    }
    sent = CampaignReminder.campaign_id == campaign.id, CampaignReminder.step >= step
    waiting -= set(session.scalars(select(CampaignReminder.organisation_id).where(*sent)))
    if not waiting:
        return
    people = holders_of(session, {UPKEEP}, organisations=waiting)
    for organisation_id in sorted({one.organisation_id for one in people}, key=str):
        session.add(
            CampaignReminder(id=new_id(), campaign_id=campaign.id, organisation_id=organisation_id, step=step, at=now)
        )
    session.flush()
    mail_people(session, keyring, [one.user_id for one in people], now)


def _end(session: Session, campaign: Campaign, now: datetime) -> None:
    by_organisation: dict[UUID, list[DirectorySheet]] = {}
    for one in directory_sheets(session):
        by_organisation.setdefault(one.organisation_id, []).append(one)
    reachable = {one.organisation_id for one in holders_of(session, {UPKEEP})}
    for organisation_id, sheets in by_organisation.items():
        share = shared_share(sheets, campaign.opens_on)
        session.add(
            CampaignResult(
                id=new_id(),
                campaign_id=campaign.id,
                organisation_id=organisation_id,
                sheets=share.total,
                confirmed=share.confirmed,
                reachable=organisation_id in reachable,
            )
        )
    campaign.ended_at = now
    session.flush()
    _told(session, campaign, "campaign_ended", now)


def _said(session: Session, desk: Desk) -> None:
    committee, campaign = committee_by_slug(session, SLUG), current_campaign(session)
    topics: Iterable[str] = {
        f"org:{desk.viewer.organisation_id}",
        *([f"committee:{committee.id}"] if committee else []),
    }
    emit(session, events.SHEET_SAID, str(campaign.number if campaign else 0), topics=topics, now=desk.now)


def _told(session: Session, campaign: Campaign, action: str, now: datetime, desk: Desk | None = None) -> None:
    committee = committee_by_slug(session, SLUG)
    topics = {"network", *([f"committee:{committee.id}"] if committee is not None else [])}
    emit(session, events.CAMPAIGN_CHANGED, str(campaign.number), topics=topics, now=now)
    record(
        session,
        case_id=None,
        organisation_id=None,
        actor=ANONYMOUS if desk is None else desk.viewer,
        action=f"orres.{action}",
        subject=f"campaign:{campaign.number}",
        facts={"opens_on": campaign.opens_on.isoformat(), "closes_on": campaign.closes_on.isoformat()},
        now=now,
    )
