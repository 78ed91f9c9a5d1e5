"""The notice board, on both engines: pages, rules, events, jobs, retention, what it holds about people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import case, func, literal, select
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    Page,
    PanelPage,
    Redirect,
    Refusal,
    ReportPeriod,
    Role,
    StartupError,
    Viewer,
    can,
    new_id,
    visible,
)
from core.testing.plugins import (
    a_viewer,
    contribution_statements,
    enabled_plugin,
    page_request,
    render_page,
    untranslated,
)
from core.testing.statements import counted_statements

from .. import events, jobs, queries, rules, services
from ..forms import NoteForm
from ..models import Note
from ..settings import BOARD, NAME, SLUG

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
PACKAGE = __name__.rsplit(".", 2)[0]


@pytest.fixture
def hooks(tmp_path: Path) -> Iterator[Any]:
    with enabled_plugin(tmp_path, NAME, package=PACKAGE, board_size=3, pin_days=14, keep_days=30) as enabled:
        yield enabled


def member(organisation_id: UUID | None = None) -> Viewer:
    return a_viewer(Role.COMMITTEE_MEMBER, organisation_id=organisation_id)


def write(session: Session, viewer: Viewer, text: str, at: datetime = NOW, **ticked: bool) -> UUID:
    return services.post_note(session, viewer, NoteForm(text=text, **ticked), at)


def handle(session: Session, request: Any) -> Any:
    return request.route.handler(session, request)


def test_a_note_is_written_and_read(session: Session, hooks: Any) -> None:
    viewer = member()
    answer = handle(session, page_request(hooks, "modele.post", viewer, NOW, form={"text": "Rencontre mardi."}))
    assert isinstance(answer, Redirect)
    board = handle(session, page_request(hooks, "modele.board", viewer, NOW))
    assert isinstance(board, Page)
    html = render_page(hooks, board, viewer, NOW)
    assert "Rencontre mardi." in html
    assert "Ajouter la note" in html
    assert "Add the note" in render_page(hooks, board, viewer, NOW, locale="en")


def test_the_live_fragment_is_the_list_alone(session: Session, hooks: Any) -> None:
    viewer = member()
    write(session, viewer, "Une nouvelle.")
    fragment = handle(session, page_request(hooks, "modele.board", viewer, NOW, wants_fragment=True))
    html = render_page(hooks, fragment, viewer, NOW)
    assert "Une nouvelle." in html
    assert "<html" not in html


@pytest.mark.parametrize("text", ["Appelez 450 555-0101", "écrire à personne@exemple.test", "", "x" * 501])
def test_a_refused_note_keeps_what_was_typed_and_writes_nothing(session: Session, hooks: Any, text: str) -> None:
    viewer = member()
    answer = handle(session, page_request(hooks, "modele.post", viewer, NOW, form={"text": text}))
    assert isinstance(answer, Page)
    assert answer.status == 422
    html = render_page(hooks, answer, viewer, NOW)
    assert "error-summary" in html
    assert text in html
    assert session.scalar(select(func.count()).select_from(Note)) == 0


@given(st.from_regex(r"\+?1?[ .-]?\(?[2-9][0-9]{2}\)?[ .-]?[0-9]{3}[ .-]?[0-9]{4}", fullmatch=True))
def test_every_written_form_of_a_phone_number_is_seen(number: str) -> None:
    assert rules.looks_personal(f"Voir {number} demain")


@pytest.mark.parametrize("text", ["Le 2026-11-24 à 14 h 30", "12 500,00 $ reçus", "Salle 204, 2e étage"])
def test_ordinary_figures_are_welcome(text: str) -> None:
    assert not rules.looks_personal(text)


def test_a_reserved_note_answers_like_a_missing_one(session: Session, hooks: Any) -> None:
    author, other = member(), member()
    note = write(session, author, "Entre nous.", reserved=True)
    asked = {"note": str(note)}
    assert isinstance(handle(session, page_request(hooks, "modele.note", author, NOW, path=asked)), Page)
    denied = handle(session, page_request(hooks, "modele.note", other, NOW, path=asked))
    missing = handle(session, page_request(hooks, "modele.note", other, NOW, path={"note": str(new_id())}))
    assert denied == missing == handle(session, page_request(hooks, "modele.note", other, NOW, path={"note": "x"}))
    assert isinstance(denied, Refusal)
    assert denied.status == 404


def test_the_list_shows_exactly_what_the_rule_allows(session: Session, hooks: Any) -> None:
    organisations = (new_id(), new_id())
    for organisation_id, reserved in product(organisations, (True, False)):
        write(session, member(organisation_id), f"Note {reserved}", reserved=reserved)
    nobody = Viewer(new_id(), None, "", "", frozenset({Role.COMMITTEE_MEMBER}), "")
    people = [*map(member, organisations), member(), nobody, a_viewer(Role.WORKER), ANONYMOUS]
    rows = session.execute(select(Note.id, Note.organisation_id, Note.reserved)).all()
    for viewer in people:
        listed = {note.id for note in queries.list_notes(session, viewer, limit=100)}
        allowed = {row[0] for row in rows if can(viewer, rules.READ, rules.NoteFacts(row[1], row[2])).allowed}
        assert listed == allowed
    assert len(queries.list_notes(session, people[0], limit=100)) == 3
    assert queries.list_notes(session, a_viewer(Role.WORKER), limit=100) == ()


def test_contributions_are_for_members_and_cost_two_statements_at_most(session: Session, hooks: Any) -> None:
    viewer, page = member(), PanelPage("committee", SLUG)
    write(session, viewer, "Une nouvelle.")
    with contribution_statements(session) as sent:
        cards = hooks.dashboard_cards(viewer, session, NOW)
        panels = hooks.panels(page, viewer, session, NOW)
    assert [part.available for part in (*cards, *panels)] == [True, True]
    assert len(sent[NAME]) <= 2 * len((*cards, *panels))
    for part in (*cards, *panels):
        assert "Une nouvelle." in render_page(hooks, Page(part.template, part.context), viewer, NOW)
    assert [item.href for item in hooks.nav_items(viewer)] == [BOARD]
    stranger = a_viewer(Role.WORKER)
    assert hooks.dashboard_cards(stranger, session, NOW) == hooks.panels(page, stranger, session, NOW) == ()
    assert hooks.nav_items(stranger) == ()
    assert hooks.panels(PanelPage("referral", "R-7K3M-9Q"), viewer, session, NOW) == ()


def test_a_note_tells_its_readers_and_the_board_stays_short(session: Session, hooks: Any) -> None:
    viewer = member()
    pinned = write(session, viewer, "Épinglée", NOW - timedelta(days=9), pinned=True)
    for day in range(5, 0, -1):
        write(session, viewer, f"Il y a {day} j", NOW - timedelta(days=day))
    (subscriber,) = hooks.subscribers()
    assert subscriber.kind == events.NOTE_POSTED == hooks.events()[0].kind
    house = SimpleNamespace(hooks=hooks, clock=SimpleNamespace(now=lambda: NOW))
    for _ in range(2):
        subscriber.run(session, None, house)
        shown = queries.list_notes(session, viewer, limit=100)
        assert shown[0].id == pinned
        assert [note.text for note in shown[1:]] == ["Il y a 1 j", "Il y a 2 j", "Il y a 3 j"]


def test_old_notes_are_unpinned_then_erased(session: Session, hooks: Any) -> None:
    viewer = member()
    write(session, viewer, "Vieille", NOW - timedelta(days=15), pinned=True)
    write(session, viewer, "Récente", NOW - timedelta(days=13), pinned=True)
    (job,) = hooks.jobs()
    assert job.run == jobs.unpin_old_notes
    job.run(session, SimpleNamespace(hooks=hooks), NOW)
    assert [note.pinned for note in queries.list_notes(session, viewer, limit=9)] == [True, False]
    (rule,) = hooks.retention()
    assert rule.keep == timedelta(days=30)
    assert hooks.apply_retention(session, NOW + timedelta(days=14)) == {rule.key: 0}
    assert hooks.apply_retention(session, NOW + timedelta(days=16)) == {rule.key: 1}


def test_the_operator_archives_by_hand_and_the_journal_says_it(session: Session, hooks: Any) -> None:
    for day in range(5):
        write(session, member(), f"Note {day}", NOW - timedelta(days=day))
    (command,) = hooks.commands()
    assert command.run(session, None, NOW) == "Notes archivées : 2"
    assert len(queries.list_notes(session, member(), limit=9)) == 3
    (act,) = hooks.acts().values()
    journal = Note.metadata.tables["journal_entries"]
    (line,) = session.scalars(select(journal.c.line))
    assert act.action in line
    assert '"notes":2' in line
    assert act.facts["notes"].title == "Notes"


def test_a_note_posted_while_older_ones_are_archived_stays(session: Session) -> None:
    """Between two statements another transaction may commit one: what is kept is read where it is written."""
    for day in range(3):
        write(session, member(), f"Note {day}", NOW - timedelta(days=day))
    with counted_statements(containing="modele_notes") as sent:
        assert services.archive_beyond(session, 2, NOW) == 1
    assert len(sent) == 1


def test_the_report_counts_notes_by_month_of_the_network(session: Session, hooks: Any) -> None:
    viewer = member()
    write(session, viewer, "Encore en octobre", datetime(2026, 11, 1, 3, 59, tzinfo=UTC))
    write(session, viewer, "Novembre", datetime(2026, 11, 1, 4, 0, tzinfo=UTC))
    write(session, viewer, "Avant la période", datetime(2026, 4, 1, 3, 59, tzinfo=UTC))
    year = ReportPeriod("year", date(2026, 4, 1), date(2027, 3, 31))
    (part,) = hooks.report_sections(year, viewer, session, NOW)
    assert part.tables[0].rows == (("2026-10", 1), ("2026-11", 1))
    html = render_page(hooks, Page(part.template, {"part": part}), viewer, NOW)
    assert "Notes par mois" in html
    assert "2026-10" in html


def test_what_is_held_about_an_author_is_copied_then_erased(session: Session, hooks: Any) -> None:
    author, other = member(), member()
    write(session, author, "Signée")
    write(session, other, "D’une autre personne")
    (data,) = hooks.personal_data(f"user:{author.user_id}", session)
    assert [note["text"] for note in data.copy["notes"]] == ["Signée"]
    assert hooks.personal_data("R-7K3M-9Q", session) == ()
    assert hooks.erase_personal_data(f"user:{author.user_id}", session) == 1
    assert hooks.personal_data(f"user:{author.user_id}", session) == ()
    assert len(hooks.personal_data(f"user:{other.user_id}", session)) == 1


def test_the_demo_has_invented_notes(session: Session, hooks: Any) -> None:
    viewer = member()
    for _ in range(2):
        hooks.seed(session, SimpleNamespace(now=NOW, viewer=lambda persona: viewer))
    notes = queries.list_notes(session, viewer, limit=9)
    assert len(notes) == 2
    assert all(note.text.startswith("Exemple") for note in notes)


def test_what_the_plugin_declares(hooks: Any) -> None:
    assert [spec.slug for spec in hooks.committees()] == [SLUG]
    assert [purpose.blocks for purpose in hooks.purposes()] == [frozenset({"contact"})]
    assert {spec.name for spec in hooks.permissions()} == {rules.READ, rules.POST}


def test_every_sentence_has_its_english(hooks: Any) -> None:
    folder = hooks.plugin(NAME).folder
    missing = untranslated(hooks, [folder / "templates", *folder.glob("*.py")])
    assert missing == []


def test_a_note_that_stays_on_top_is_in_its_authors_calendar_alone(session: Session, hooks: Any) -> None:
    writer = member()
    write(session, writer, "Épinglée", pinned=True)
    write(session, writer, "Ordinaire")
    assert writer.user_id is not None
    (event,) = hooks.calendar_events(writer.user_id, session, NOW)
    assert event.starts_at == NOW + timedelta(days=14)
    assert event.ends_at > event.starts_at
    assert hooks.calendar_events(UUID(int=1), session, NOW) == ()
    assert hooks.calendar_events(writer.user_id, session, NOW + timedelta(days=15)) == ()


def test_what_is_known_of_a_person_and_the_settings_are_checked(session: Session, hooks: Any) -> None:
    """Who wrote twenty notes in a day reads the board and waits to write, by the rule and by its SQL form alike."""
    (fact,) = hooks.viewer_facts()
    writer = member()
    person = SimpleNamespace(id=literal(writer.user_id), organisation_id=literal(None), created_at=literal(NOW))
    for number in range(rules.NOTES_A_DAY):
        assert not session.scalar(select(case((fact.sql(person, NOW), 1), else_=0)))
        write(session, writer, f"Note {number}")
    for now, much in ((NOW, True), (NOW + timedelta(days=2), False)):
        assert bool(session.scalar(select(case((fact.sql(person, now), 1), else_=0)))) is much
        viewer = replace(writer, known=frozenset({fact.code} if much else ()))
        assert can(viewer, rules.POST).allowed is not much
        assert bool(session.scalar(select(case((visible(viewer, rules.POST), 1), else_=0)))) is not much
        assert can(viewer, rules.READ).allowed
    hooks.check_start(session)
    for number in range(4):
        write(session, member(), f"Épinglée {number}", pinned=True)
    with pytest.raises(StartupError, match="board_size"):
        hooks.check_start(session)
