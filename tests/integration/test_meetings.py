"""Meetings from planning to adopted minutes, documents, decisions and what follows; refusals write nothing."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import func, select

from core.access.viewer import Viewer
from core.committees.models.hours import HoursEntry
from core.committees.models.meetings import CalendarFeed, FollowUp, Meeting
from core.committees.models.structure import Committee
from core.committees.queries.decisions import decisions_of, open_follow_ups
from core.committees.queries.meeting_figures import feed_events, meetings_by
from core.committees.queries.meetings import document_file, meeting, meetings_of, next_meetings
from core.committees.rules.hours import Kind
from core.committees.rules.meetings import MeetingState, MinutesState, Participation, Presence
from core.committees.services import calendar, decisions, documents, meetings
from core.committees.services.syncing import seed_demo_seats, sync_committees
from core.kernel.errors import Forbidden, Missing, Stale
from core.kernel.events import OutboxEvent
from core.kernel.files import StoredFile, clean, read_file
from core.kernel.mail import OutgoingMail
from core.testing.network import Network

STARTS = datetime(2026, 12, 1, 18, 30, tzinfo=UTC)
CHAIR, MEMBER, OUTSIDER = "orres-comite", "bien-etre-1", "police-repentigny"


@pytest.fixture
def network(network: Network) -> Network:
    with network.database.transaction() as session:
        sync_committees(session, None, network.clock.now())
        seed_demo_seats(session, network.clock.now())
    network._viewers.clear()
    return network


def committee(network: Network, slug: str = "orres") -> UUID:
    with network.database.transaction(write=False) as session:
        return session.execute(select(Committee.id).where(Committee.slug == slug)).scalar_one()


def given(**changes: object) -> meetings.MeetingInput:
    values: dict[str, object] = {
        "title": "Rencontre ordinaire",
        "place": "Salle 2",
        "link": "",
        "starts_at": STARTS,
        "ends_at": STARTS + timedelta(hours=2),
        **changes,
    }
    return meetings.MeetingInput(**values)  # type: ignore[arg-type]


def plan(network: Network, **changes: object) -> str:
    with network.database.transaction() as session:
        return meetings.plan_meeting(
            session, network.keyring, network.viewer(CHAIR), committee(network), given(**changes), network.clock.now()
        )


def view(network: Network, code: str, persona: str = CHAIR):  # type: ignore[no-untyped-def]
    with network.database.transaction(write=False) as session:
        return meeting(session, network.keyring, network.viewer(persona), code)


def test_a_meeting_is_planned_moved_cancelled_and_calendars_follow(network: Network) -> None:
    chair, outsider, now = network.viewer(CHAIR), network.viewer(OUTSIDER), network.clock.now()
    code, where = plan(network), committee(network)
    found = view(network, code)
    assert (found.line.state, found.line.title, found.version) == (MeetingState.PLANNED, "Rencontre ordinaire", 1)
    with network.database.transaction() as session:
        assert [line.code for line in next_meetings(session, chair, now)] == [code]
        assert meetings_of(session, chair, where, now, past=False)[1] == 1
        assert meetings_of(session, outsider, where, now, past=False) == ((), 0)
        assert session.scalar(select(func.count()).select_from(OutgoingMail)) == 4, "the four who sit there"
        kinds = session.scalars(select(OutboxEvent.kind).where(OutboxEvent.ref == code)).all()
        assert kinds == ["committee.meeting_changed"]
    with network.database.transaction() as session:
        later = given(starts_at=STARTS + timedelta(days=1), ends_at=STARTS + timedelta(days=1, hours=2))
        meetings.change_meeting(session, network.keyring, chair, code, 1, later, now)
    with network.database.transaction() as session, pytest.raises(Stale):
        meetings.change_meeting(session, network.keyring, chair, code, 1, given(), now)
    with network.database.transaction() as session:
        meetings.cancel_meeting(session, network.keyring, chair, code, now)
        (event,) = feed_events(session, chair.user_id, now)  # type: ignore[arg-type]
    assert (event.sequence, event.cancelled, event.starts_at) == (2, True, STARTS + timedelta(days=1))
    with network.database.transaction() as session, pytest.raises(meetings.MeetingRefused) as refused:
        meetings.change_meeting(session, network.keyring, chair, code, 3, given(), now)
    assert refused.value.code == "cancelled"


def test_only_who_keeps_the_committee_writes_and_only_who_sits_there_reads(network: Network) -> None:
    code = plan(network)
    assert view(network, code, OUTSIDER) is None
    assert view(network, code, MEMBER) is None, "a seat in another committee opens nothing here"
    assert view(network, code, "coordination-cresl") is not None
    for persona, failure in ((MEMBER, Forbidden), (OUTSIDER, Missing), ("calacs-chrysalide", Missing)):
        viewer = network.viewer(persona)
        with network.database.transaction() as session, pytest.raises(failure):
            meetings.cancel_meeting(session, network.keyring, viewer, code, network.clock.now())
    with network.database.transaction(write=False) as session:
        assert session.execute(select(Meeting.state)).scalar_one() == "planned"


def test_attendance_makes_it_held_and_enters_hours_once(network: Network) -> None:
    chair, code = network.viewer(CHAIR), plan(network)
    police = network.organisation("police-repentigny")
    assert chair.organisation_id is not None
    marks = {chair.organisation_id: meetings.Mark(Presence.PRESENT, 2), police: meetings.Mark(Presence.PRESENT, 1)}
    with network.database.transaction() as session, pytest.raises(meetings.MeetingRefused) as refused:
        meetings.take_attendance(session, chair, code, marks, network.clock.now())
    assert refused.value.code == "not_begun"
    network.clock.advance(STARTS - network.clock.now() + timedelta(hours=3))
    now = network.clock.now()
    with network.database.transaction() as session:
        meetings.take_attendance(session, chair, code, marks, now)
        entered = meetings.enter_attendance_hours(session, chair, code, Kind.MEETING, now)
        again = meetings.enter_attendance_hours(session, chair, code, Kind.MEETING, now)
        rows = session.execute(
            select(HoursEntry.organisation_id, HoursEntry.user_id, HoursEntry.quarter_hours, HoursEntry.persons)
        ).all()
        (figures,) = meetings_by(session, STARTS, STARTS + timedelta(days=1))
    assert (entered.entered, again.entered, again.known) == (3, 0, 3)
    assert sorted(row.quarter_hours for row in rows) == [8, 8, 8]
    assert {row.user_id for row in rows} == {chair.user_id, None}
    assert (figures.committee, figures.meetings, figures.seats, figures.represented, figures.persons) == (
        "orres",
        1,
        1,
        1,
        3,
    )
    found = view(network, code)
    assert found.line.state is MeetingState.HELD
    assert found.participation == Participation(4, 1, 1)


def test_minutes_are_sealed_kept_and_adopted_once(network: Network) -> None:
    chair, code = network.viewer(CHAIR), plan(network)
    network.clock.advance(timedelta(days=10))
    now = network.clock.now()
    with network.database.transaction() as session:
        meetings.take_attendance(session, chair, code, {}, now)
        meetings.write_minutes(session, network.keyring, chair, code, 2, "On a parlé de la trajectoire.", now)
        stored = session.execute(select(Meeting.minutes_sealed)).scalar_one()
        assert b"trajectoire" not in stored
    with network.database.transaction() as session, pytest.raises(Stale):
        meetings.write_minutes(session, network.keyring, chair, code, 2, "Autre chose", now)
    assert view(network, code).minutes == "On a parlé de la trajectoire."
    with network.database.transaction() as session:
        meetings.adopt_minutes(session, chair, code, 3, now)
    with network.database.transaction() as session, pytest.raises(meetings.MeetingRefused, match="adopté"):
        meetings.write_minutes(session, network.keyring, chair, code, 4, "Corrigé", now)
    with network.database.transaction() as session, pytest.raises(meetings.MeetingRefused, match="adopté"):
        meetings.adopt_minutes(session, chair, code, 4, now)
    assert view(network, code).line.minutes_state is MinutesState.ADOPTED


def test_an_agenda_fits_in_its_meeting(network: Network) -> None:
    chair, code, now = network.viewer(CHAIR), plan(network), network.clock.now()
    items = [
        meetings.AgendaInput("Tour de table", 30),
        meetings.AgendaInput("Trajectoire", 90),
        meetings.AgendaInput("Varia"),
    ]
    with network.database.transaction() as session:
        meetings.set_agenda(session, chair, code, 1, items, now)
    assert [(line.position, line.title, line.minutes) for line in view(network, code).agenda] == [
        (1, "Tour de table", 30),
        (2, "Trajectoire", 90),
        (3, "Varia", None),
    ]
    with network.database.transaction() as session, pytest.raises(meetings.MeetingRefused):
        meetings.set_agenda(session, chair, code, 2, [*items, meetings.AgendaInput("Autre", 1)], now)
    assert len(view(network, code).agenda) == 3, "nothing half-written"


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20), (1, 2, 3)).save(out, "PNG")
    return out.getvalue()


def test_a_document_is_for_the_committee_and_shredded_when_taken_away(network: Network) -> None:
    chair, code, now = network.viewer(CHAIR), plan(network), network.clock.now()
    member, outsider = network.viewer(MEMBER), network.viewer(OUTSIDER)
    with network.database.transaction() as session:
        document = documents.add_document(session, network.keyring, chair, code, clean("plan.png", picture()), now)
        file_id = document_file(session, chair, code, document)
        assert file_id is not None
        assert read_file(session, network.keyring, file_id).name == "plan.png"
        assert document_file(session, member, code, document) is None
    assert view(network, code).documents[0].file.name == "plan.png"
    with network.database.transaction() as session, pytest.raises(Missing):
        documents.remove_document(session, outsider, code, document, now)
    with network.database.transaction() as session:
        documents.remove_document(session, chair, code, document, now)
        assert session.scalar(select(func.count()).select_from(StoredFile)) == 0


def test_decisions_stay_and_follow_ups_are_reminded_and_done(network: Network) -> None:
    chair, now, where = network.viewer(CHAIR), network.clock.now(), committee(network)
    police: Viewer = network.viewer(OUTSIDER)
    stranger = network.viewer("calacs-chrysalide")
    assert police.organisation_id is not None
    today = date(2026, 11, 24)
    with network.database.transaction() as session, pytest.raises(decisions.DecisionRefused):
        decisions.note_decision(session, chair, where, "Demain", today + timedelta(days=1), now)
    with network.database.transaction() as session:
        first = decisions.note_decision(session, chair, where, "Imprimer la trajectoire.", today, now)
        second = decisions.note_decision(session, chair, where, "La publier aussi.", today, now, replaces=first)
        task = decisions.add_follow_up(
            session, network.keyring, chair, second, police.organisation_id, "Distribuer", date(2026, 12, 10), now
        )
    with network.database.transaction(write=False) as session:
        lines, total = decisions_of(session, chair, where)
        assert total == 2
        assert {line.text: line.replaced_by is not None for line in lines} == {
            "Imprimer la trajectoire.": True,
            "La publier aussi.": False,
        }
        assert open_follow_ups(session, police) == 1
        assert decisions_of(session, police, where) == ((), 0)
    told = 0
    for _ in range(16):
        with network.database.transaction() as session:
            told += decisions.remind_follow_ups(session, network.keyring, network.clock.now())
        network.clock.advance(timedelta(days=1))
    assert told == 2
    with network.database.transaction() as session, pytest.raises(Missing):
        decisions.finish_follow_up(session, stranger, task, now, done=True)
    with network.database.transaction() as session:
        decisions.finish_follow_up(session, police, task, now, done=True)
        assert session.execute(select(FollowUp.done_by)).scalar_one() == police.user_id
        assert open_follow_ups(session, police) == 0
        decisions.finish_follow_up(session, chair, task, now, done=False)
        assert open_follow_ups(session, police) == 1


def test_a_calendar_address_is_secret_and_revocable(network: Network) -> None:
    chair, now = network.viewer(CHAIR), network.clock.now()
    with network.database.transaction() as session:
        first = calendar.new_feed(session, chair, now)
        second = calendar.new_feed(session, chair, now)
        assert calendar.feed_owner(session, first) is None
        assert calendar.feed_owner(session, second) == chair.user_id
        assert second.encode() not in session.execute(select(CalendarFeed.token_hash)).scalar_one()
        calendar.revoke_feed(session, chair)
        assert calendar.feed_owner(session, second) is None
