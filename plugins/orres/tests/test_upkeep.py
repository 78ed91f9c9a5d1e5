"""Upkeep: a campaign opens, reminds and ends by itself, once each; one tap a sheet; who has not said is known."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from core.api import DirectoryTarget, Forbidden, Missing, Stale, confirm_exact, directory_sheets
from core.testing.network import Network
from core.testing.statements import counted_statements

from ..exchange_parts import cards_for
from ..models import Campaign, CampaignReminder, CampaignResult
from ..queries.upkeep import current_campaign, figures, own_share, own_sheets, past_campaigns, summary
from ..rules.upkeep import Progress, Share, dates_refusal, fresh_share, next_dates, share_of, step_due
from ..services import upkeep
from ..services.upkeep import DatesRefused
from ..settings import Settings
from . import exchange_samples as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
ADMIN = "admin-chrysalide"


def run(network: Network, **settings: Any) -> None:
    """The job, at the network's hour."""
    with network.database.transaction() as session:
        upkeep.run_campaigns(session, network.keyring, Settings(**settings), network.clock.now())


def campaign(network: Network) -> Any:
    with network.database.transaction(write=False) as session:
        return current_campaign(session)


def mails(network: Network) -> int:
    with network.database.transaction(write=False) as session:
        return int(session.scalar(text("SELECT count(*) FROM outgoing_mail")) or 0)


def test_a_campaign_lives_by_itself_and_each_of_its_steps_once(network: Network) -> None:
    h.desk(network, ADMIN)
    # Somebody keeps the sheets of another organisation too: she says nothing, and is reminded
    other = network.viewer("calacs-coup-de-coeur")
    users = Campaign.metadata.tables["users"]
    with network.database.transaction() as session:
        session.execute(update(users).where(users.c.id == other.user_id).values(roles=["organisation_admin"]))
    assert campaign(network) is None
    run(network)
    planned = campaign(network)
    assert (planned.number, planned.opens_on, planned.closes_on) == (1, date(2027, 3, 15), date(2027, 4, 25))
    assert not planned.opened
    before = mails(network)
    run(network)
    assert (campaign(network), mails(network)) == (planned, before)
    # The committee moves it; somebody else's page is then out of date
    first = network.clock.now().date() + timedelta(days=3)
    last = first + timedelta(days=41)
    with network.database.transaction() as session:
        for wrong in ((first, first), (first - timedelta(days=9), last), (first, first + timedelta(days=181))):
            with pytest.raises(DatesRefused):
                upkeep.set_dates(session, h.desk(network), 1, 0, *wrong)
        for persona in (h.COORDINATION, ADMIN, "bien-etre-1"):
            with pytest.raises((Missing, Forbidden)):
                upkeep.set_dates(session, h.desk(network, persona), 1, 0, first, last)
        upkeep.set_dates(session, h.desk(network), 1, 0, first, last)
        with pytest.raises(Stale):
            upkeep.set_dates(session, h.desk(network), 1, 0, first, last + timedelta(days=1))
    run(network)
    assert not campaign(network).opened
    network.clock.advance(timedelta(days=3))
    run(network)
    opened = campaign(network)
    assert opened.opened
    sent = mails(network)
    assert sent > before
    run(network)
    assert mails(network) == sent, "nobody is told twice that it opens"
    with network.database.transaction() as session:
        asked = set(session.scalars(select(CampaignReminder.organisation_id)))
        assert network.viewer(ADMIN).organisation_id in asked
        with pytest.raises(DatesRefused):  # open: its beginning changes no more
            upkeep.set_dates(session, h.desk(network), 1, 1, first + timedelta(days=1), last)
    # Whoever has said everything is not reminded, whatever page she said it on
    admin = h.desk(network, ADMIN)
    with network.database.transaction() as session:
        own = own_sheets(session, admin.viewer, opened, admin.now)
        assert len(own) > 1
        upkeep.say_exact(session, admin, None)
        for one in own[1:]:
            target = DirectoryTarget(one.sheet.organisation_id, one.sheet.service_id)
            confirm_exact(session, admin.viewer, target, now=admin.now)
        assert admin.viewer.organisation_id is not None
        assert own_share(session, admin.viewer.organisation_id, opened).progress is Progress.DONE
    network.clock.advance(timedelta(days=14))
    run(network)
    run(network)
    with network.database.transaction(write=False) as session:
        reminded = session.scalars(select(CampaignReminder.organisation_id).where(CampaignReminder.step == 1)).all()
        assert len(reminded) == len(set(reminded))
        assert admin.viewer.organisation_id not in reminded
        assert set(reminded) == asked - {admin.viewer.organisation_id} == {other.organisation_id}
        # The platform was stopped over two reminders: one leaves, not two
    network.clock.advance(timedelta(days=25))
    run(network)
    with network.database.transaction(write=False) as session:
        steps = session.scalars(select(CampaignReminder.step).distinct().order_by(CampaignReminder.step)).all()
        assert list(steps) == [0, 1, 3]
        shown = figures(session, opened, network.clock.now())
        line = next(one for one in shown.organisations if one.organisation_id == admin.viewer.organisation_id)
        assert line.share.progress is Progress.DONE
        assert shown.organisations[-1].share.progress is Progress.DONE, "who has not finished comes first"
        assert shown.finished.confirmed >= 1
        assert 0 < shown.sheets.confirmed < shown.sheets.total
    network.clock.advance(timedelta(days=10))
    run(network)
    run(network)
    with network.database.transaction(write=False) as session:
        ended = session.scalars(select(Campaign).where(Campaign.ended_at.is_not(None))).one()
        assert ended.number == 1
        results = session.scalar(select(func.count()).select_from(CampaignResult))
        assert results == len({one.organisation_id for one in directory_sheets(session)})
        (past,) = past_campaigns(session)
        assert (past.organisations.confirmed, past.organisations.total) == (shown.finished.confirmed, results)
    following = campaign(network)
    assert (following.number, following.opens_on, following.opened) == (2, date(2027, 3, 15), False)


@SQLITE
def test_one_tap_is_the_directory_s_own_act_and_is_undone_the_same_day(network: Network) -> None:
    admin, stranger = h.desk(network, ADMIN), h.desk(network, "calacs-coup-de-coeur")
    with network.database.transaction() as session:
        own, first = own_sheets(session, admin.viewer, None, admin.now)[:2]
        assert not first.said_today
        upkeep.say_exact(session, admin, first.sheet.service_id)
        again = own_sheets(session, admin.viewer, None, admin.now)[1]
        assert (again.said_today, again.sheet.verified_on) == (True, admin.now.date())
        upkeep.take_back(session, admin, first.sheet.service_id)
        assert own_sheets(session, admin.viewer, None, admin.now)[1].sheet.verified_on is None
        with pytest.raises(Stale):
            upkeep.take_back(session, admin, first.sheet.service_id)
        upkeep.correct(session, admin, first.sheet.service_id, "limits", "Sur rendez-vous.", exact=False)
        assert own_sheets(session, admin.viewer, None, admin.now)[1].sheet.verified_on is None
        upkeep.correct(session, admin, first.sheet.service_id, "limits", "Sur rendez-vous, le jour.", exact=True)
        assert own_sheets(session, admin.viewer, None, admin.now)[1].said_today
        # Neither a worker nor another organisation speaks for it
        for desk in (stranger, h.desk(network, h.AUTHOR)):
            with pytest.raises(Missing):
                upkeep.say_exact(session, desk, first.sheet.service_id)
        elsewhere = next(one for one in directory_sheets(session) if one.organisation_id != own.sheet.organisation_id)
        with pytest.raises(Missing):
            upkeep.say_exact(session, admin, elsewhere.service_id or elsewhere.organisation_id)


@SQLITE
def test_a_confidential_sheet_is_its_organisation_s_alone(network: Network) -> None:
    h.desk(network)
    with network.database.transaction(write=False) as session:
        sheets = directory_sheets(session)
        hidden = [one for one in sheets if one.tier == "confidential"]
        shown = figures(session, None, network.clock.now())
        assert shown.sheets.total == len(sheets) - len(hidden)
        for one in hidden:
            line = next((each for each in shown.organisations if each.organisation_id == one.organisation_id), None)
            assert line is None or line.share.total == len(
                [each for each in sheets if each.organisation_id == one.organisation_id and each.tier != one.tier]
            )
        for limit, act in (
            (4, lambda: figures(session, None, network.clock.now())),
            (2, lambda: summary(session, None, network.clock.now())),
            (1, lambda: current_campaign(session)),
            (1, lambda: past_campaigns(session)),
        ):
            with counted_statements() as sent:
                act()
            assert len(sent) <= limit, sent


@SQLITE
def test_cards_tell_what_is_left_and_how_fresh_the_directory_is(network: Network) -> None:
    h.desk(network, ADMIN)
    now = network.clock.now()

    def card(persona: str) -> Any:
        viewer = network.viewer(persona)
        given = next(one for one in cards_for(viewer, now, Settings()) if one.key == "upkeep")
        with network.database.transaction(write=False) as session:
            return given.context(session)  # type: ignore[operator]

    assert card(ADMIN) is None
    with network.database.transaction() as session:
        today = now.date()
        session.add(Campaign(number=1, opens_on=today, closes_on=today + timedelta(days=30), opened_at=now, edits=0))
    mine = card(ADMIN)
    assert mine["own"].confirmed == 0
    assert mine["figures"] is None
    for persona in (h.AUTHOR, h.COORDINATION):
        assert card(persona)["figures"].fresh.confirmed == 0
    assert card("bien-etre-1") is None
    admin = h.desk(network, ADMIN)
    with network.database.transaction() as session:
        for one in own_sheets(session, admin.viewer, None, now):
            upkeep.say_exact(session, admin, one.sheet.service_id)
    assert card(ADMIN) is None, "nothing is left to do"
    after = card(h.AUTHOR)["figures"]
    assert (after.fresh.confirmed > 0, after.finished.confirmed) == (True, 1)


def test_shares_dates_and_reminders() -> None:
    today = date(2026, 11, 24)
    assert Share(0, 0).percent is None
    assert Share(199, 200).percent == 99, "100 means all"
    assert [one.progress for one in (Share(0, 3), Share(1, 3), Share(3, 3), Share(0, 0))] == [
        Progress.NOTHING,
        Progress.BEGUN,
        Progress.DONE,
        Progress.DONE,
    ]
    assert share_of([None, date(2026, 11, 23), today], today) == Share(1, 3)
    assert fresh_share([today - timedelta(days=365), today - timedelta(days=366), None], today) == Share(1, 3)
    starts = ("09-15", "03-15")
    assert next_dates(starts, 42, today) == (date(2027, 3, 15), date(2027, 4, 25))
    assert next_dates(starts, 42, date(2027, 3, 15)) == (date(2027, 9, 15), date(2027, 10, 26))
    assert next_dates(("01-01",), 7, date(2026, 12, 31))[0] == date(2027, 1, 1)
    opened, last = date(2026, 11, 1), date(2026, 12, 12)
    days = {13: 0, 14: 1, 27: 1, 28: 2, 38: 3, 41: 3, 42: 0}
    assert {day: step_due(opened, last, (14, 28, 38), opened + timedelta(days=day)) for day in days} == days
    assert dates_refusal(today, today + timedelta(days=1), today, opened_on=None) is None
    assert dates_refusal(opened, today - timedelta(days=1), today, opened_on=opened) == "past"
    assert dates_refusal(today, last, today, opened_on=opened) == "opened"
