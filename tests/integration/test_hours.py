"""Hours: entered in quarters, corrected with the old kept, approved by the organisation, imported once."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from typer.testing import CliRunner

from core.cli import app
from core.committees.models.hours import HoursEntry, HoursImportLine, HoursRevision
from core.committees.queries.hours import HoursFilter, find_batch, find_entry, list_hours, may_read_hours
from core.committees.queries.hours_imports import find_import, wrong_lines
from core.committees.queries.hours_sums import hours_by, hours_by_organisation, import_notes, monthly, quarterly
from core.committees.rules.durations import format_duration
from core.committees.rules.hours import PERIOD_OVER, Act, Kind, State, fiscal_year
from core.committees.services.hours import (
    HoursGiven,
    HoursInvalid,
    act_on_hours,
    correct_hours,
    decide_hours,
    enter_hours,
    undo_hours,
)
from core.committees.services.hours_import import (
    ANNUAL,
    continue_import,
    finish_import,
    import_annual,
    run_import,
    stage_import,
    start_import,
)
from core.committees.services.hours_meeting import Attendee, enter_from_meeting
from core.committees.services.syncing import sync_committees
from core.kernel.errors import Forbidden, Missing, Stale
from core.testing.network import Network

TODAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def committees(network: Network) -> None:
    """The committees of the region's data."""
    with network.database.transaction() as session:
        sync_committees(session, None, network.clock.now())


SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def given(quarter_hours: int = 10, **changes: object) -> HoursGiven:
    values: dict[str, object] = {
        "first_day": TODAY,
        "last_day": TODAY,
        "quarter_hours": quarter_hours,
        "kind": Kind.MEETING,
        "committee": "orres",
        "activity": "Échanges cliniques",
        "persons": 6,
    }
    return HoursGiven(**(values | changes))  # type: ignore[arg-type]


def entry(session: Session, entry_id: UUID) -> HoursEntry:
    return session.execute(
        select(HoursEntry).where(HoursEntry.id == entry_id).execution_options(populate_existing=True)
    ).scalar_one()


def test_an_entry_is_corrected_and_approved_and_its_history_cannot_be_rewritten(network: Network) -> None:
    """Both engines: locks, JSON, and the triggers that keep revisions as they were written."""
    now = network.clock.now()
    worker, admin = network.viewer("calacs-chrysalide"), network.viewer("admin-chrysalide")
    with network.database.transaction() as session:
        entry_id = enter_hours(session, worker, given(), key="form-1", now=now)
        assert enter_hours(session, worker, given(), key="form-1", now=now) == entry_id  # the second click
        changed = given(8, committee="ficesl", activity="Échanges cliniques, suite")
        correct_hours(session, worker, entry_id, changed, reason="Moins long que prévu", version=1, now=now)
        with pytest.raises(Stale):
            correct_hours(session, worker, entry_id, given(12), reason="En retard", version=1, now=now)
        with pytest.raises(Forbidden):
            act_on_hours(session, worker, entry_id, Act.APPROVE, version=2, now=now)
        done = decide_hours(session, admin, {entry_id: 2}, Act.APPROVE, now=now)
        assert (done.entries, done.quarter_hours, done.left) == (1, 8, 0)
        assert (entry(session, entry_id).state, entry(session, entry_id).decided_by) == ("approved", admin.user_id)
        view = find_entry(session, worker, entry_id)
        assert view is not None
        first, second = view.revisions
        assert (first.act, first.reason, first.user_id) == (Act.CORRECT, "Moins long que prévu", worker.user_id)
        assert first.old == {"committee": "orres", "activity": "Échanges cliniques", "quarter_hours": 10}
        assert first.new == {"committee": "ficesl", "activity": "Échanges cliniques, suite", "quarter_hours": 8}
        assert (second.act, second.old, second.new) == (Act.APPROVE, {"state": "submitted"}, {"state": "approved"})
        # What is approved goes back for approval when its author corrects it.
        correct_hours(session, worker, entry_id, given(9), reason="Vérifié à l’agenda", version=3, now=now)
        assert entry(session, entry_id).state == "submitted"
    for statement in (update(HoursRevision).values(reason="autre"), delete(HoursRevision)):
        with pytest.raises(DBAPIError), network.database.transaction() as session:
            session.execute(statement)


def test_a_gesture_is_undone_as_one_by_who_did_it(network: Network) -> None:
    now = network.clock.now()
    worker, admin = network.viewer("calacs-chrysalide"), network.viewer("admin-chrysalide")
    with network.database.transaction() as session:
        ids = [enter_hours(session, worker, given(4, activity=f"Tâche {n}"), now=now) for n in range(3)]
        done = decide_hours(session, admin, dict.fromkeys(ids, 1), Act.APPROVE, now=now)
        batch = find_batch(session, admin, done.batch_id, now)
        assert batch is not None
        assert (batch.act, batch.entries, batch.quarter_hours) == (Act.APPROVE, 3, 12)
        assert find_batch(session, worker, done.batch_id, now) is None
        assert find_batch(session, admin, done.batch_id, now + timedelta(minutes=11)) is None
        # One of them was touched since: it stays, the others go back.
        act_on_hours(session, admin, ids[0], Act.RETURN, version=2, reason="Quel comité?", now=now)
        assert undo_hours(session, admin, done.batch_id, now=now) == 2
        assert [entry(session, one).state for one in ids] == ["returned", "submitted", "submitted"]
        assert entry(session, ids[1]).decided_by is None
        # Undoing a withdrawal asks the rules of the day again.
        withdrawn = act_on_hours(session, worker, ids[1], Act.WITHDRAW, version=3, now=now)
        enter_hours(session, worker, given(96 - 8), now=now)
        with pytest.raises(HoursInvalid):
            undo_hours(session, worker, withdrawn, now=now)


@SQLITE
def test_what_a_person_may_not_enter(network: Network) -> None:
    now = network.clock.now()
    worker = network.viewer("calacs-chrysalide")
    outsiders = [network.viewer(key) for key in ("confidentialite-chrysalide", "operateur")]
    with network.database.transaction() as session:
        enter_hours(session, worker, given(90), now=now)
        # Shared time is not hers, another day has room, and her day keeps 24 hours.
        enter_hours(session, worker, given(20, shared=True), now=now)
        enter_hours(session, worker, given(20, first_day=TODAY - timedelta(1), last_day=TODAY - timedelta(1)), now=now)
        enter_hours(session, worker, given(6), now=now)
        refusals = [
            (given(1), "hours"),
            (given(97, shared=True, persons=1), "hours"),
            (given(4, first_day=TODAY + timedelta(1), last_day=TODAY + timedelta(1)), "day"),
            (given(4, first_day=TODAY, last_day=TODAY - timedelta(1)), "day"),
            (given(4, first_day=date(1999, 1, 1), last_day=date(1999, 1, 1)), "day"),
            (given(4, committee="inconnu", shared=True), "committee"),
            (given(4, kind=Kind.SEVERAL, shared=True), "kind"),
        ]
        for wrong, field in refusals:
            with pytest.raises(HoursInvalid) as refused:
                enter_hours(session, worker, wrong, now=now)
            assert refused.value.field == field
        with pytest.raises(HoursInvalid) as refused:
            enter_hours(session, worker, given(1), now=now)
        assert refused.value.message % refused.value.values == (
            "Cela ferait 24\u00a0h\u00a015 dans la même journée : une journée a 24 heures."
        )
        for outsider in outsiders:
            with pytest.raises(Missing):
                enter_hours(session, outsider, given(), now=now)


def test_each_sees_her_own_time_and_the_shared_one(network: Network) -> None:
    """The rule and its SQL form say the same of every entry."""
    now = network.clock.now()
    worker, colleague = network.viewer("calacs-chrysalide"), network.viewer("ficesl-formation")
    admin, elsewhere = network.viewer("admin-chrysalide"), network.viewer("orres-comite")
    with network.database.transaction() as session:
        enter_hours(session, worker, given(4), now=now)
        enter_hours(session, worker, given(6, shared=True), now=now)
        enter_hours(session, colleague, given(8), now=now)
        enter_hours(session, elsewhere, given(10), now=now)
        rows = session.execute(select(HoursEntry)).scalars().all()
        for viewer, expected in ((worker, 10), (colleague, 14), (admin, 18), (elsewhere, 10)):
            assert list_hours(session, viewer, HoursFilter()).quarter_hours == expected
            assert sum(row.quarter_hours for row in rows if may_read_hours(viewer, row).allowed) == expected  # type: ignore[arg-type]
        hidden = next(row.id for row in rows if row.quarter_hours == 8)
        assert find_entry(session, worker, hidden) is None
        with pytest.raises(Missing):
            act_on_hours(session, worker, hidden, Act.WITHDRAW, version=1, now=now)


def test_the_published_year_adds_up_to_its_lines_and_not_to_its_printed_total(network: Network) -> None:
    """Network rules §6: 499 h 30 and not 461 h; 464 h with what the text says of FICESL."""
    now = network.clock.now()
    year = fiscal_year(2023)
    with network.database.transaction() as session:
        for _again in range(2):  # the same file twice adds nothing
            import_annual(session, "2023_2024", now=now)
        rows = hours_by(session, year.first_day, year.last_day)
        told = {row.activity: format_duration(row.quarter_hours).replace("\u00a0", "") for row in rows}
        printed = io.StringIO((ANNUAL / "annual_2023_2024" / "hours.csv").read_text("utf-8"))
        lines = {row["lieu"]: row["heures_table_du_rapport"].replace("h00", "h") for row in csv.DictReader(printed)}
        del lines["Total imprimé"]
        assert told == lines
        assert len(lines) == 6
        assert {row.committee for row in rows} == {"cresl", "ficesl", "orres", "bien-etre", None}
        assert format_duration(sum(row.quarter_hours for row in rows)) == "499\u00a0h\u00a030"
        notes = import_notes(session, year)
        (note,) = notes
        assert note.worth_saying
        assert (note.lines, note.quarter_hours, note.printed, note.other_sum) == (6, 1998, 461 * 4, 464 * 4)
        assert [(one.activity, one.quarter_hours, one.other) for one in note.differing] == [("FICESL", 680, 538)]
        by_quarter = quarterly(session, year)
        assert [part.quarter_hours for part in by_quarter.parts] == [0, 0, 0, 0]
        assert (by_quarter.spread.quarter_hours, by_quarter.spread.entries) == (1998, 6)
        assert import_notes(session, fiscal_year(2024)) == ()


@SQLITE
def test_sums_by_month_quarter_kind_and_organisation(network: Network) -> None:
    now = network.clock.now()
    worker, other = network.viewer("calacs-chrysalide"), network.viewer("orres-comite")
    year = fiscal_year(2026)
    with network.database.transaction() as session:
        for month, quarter_hours in ((4, 4), (6, 6), (7, 8), (11, 10)):
            day = date(2026, month, 2)
            enter_hours(session, worker, given(quarter_hours, first_day=day, last_day=day), now=now)
        enter_hours(session, other, given(12, kind=Kind.TRAVEL, committee=None, persons=None), now=now)
        gone = enter_hours(session, other, given(40), now=now)
        act_on_hours(session, other, gone, Act.WITHDRAW, version=1, now=now)
        before = date(2026, 3, 31)
        enter_hours(session, worker, given(2, first_day=before, last_day=before), now=now)
        assert [part.quarter_hours for part in quarterly(session, year).parts] == [10, 8, 22, 0]
        assert [part.quarter_hours for part in monthly(session, year).parts] == [4, 0, 6, 8, 0, 0, 0, 22, 0, 0, 0, 0]
        rows = hours_by(session, year.first_day, year.last_day, by_activity=False)
        assert [(row.committee, row.kind, row.quarter_hours, row.persons, row.entries) for row in rows] == [
            ("orres", Kind.MEETING, 28, 24, 4),
            (None, Kind.TRAVEL, 12, 0, 1),
        ]
        assert hours_by(session, year.first_day, year.last_day, approved_only=True) == ()
        totals = {(row.organisation, row.committee): row.quarter_hours for row in hours_by_organisation(session, year)}
        assert sorted(totals.values()) == [12, 28]


def test_attendance_makes_an_entry_for_each_person_once(network: Network) -> None:
    now = network.clock.now()
    chair = network.viewer("coordination-cresl")
    worker, other = network.viewer("calacs-chrysalide"), network.viewer("orres-comite")
    ajrj = network.organisation("ajrj")
    with network.database.transaction() as session:
        enter_hours(session, other, given(90), now=now)
        people = [
            Attendee(worker.organisation_id, worker.user_id),
            Attendee(other.organisation_id, other.user_id),
            Attendee(ajrj),
            Attendee(ajrj),
        ]
        made = [
            enter_from_meeting(session, chair, "Rencontre ORRES", TODAY, 12, Kind.MEETING, "orres", people, now)
            for _twice in range(2)
        ]
        # Her day has no room for three more hours: she is named, the others are entered.
        assert [(one.entered, one.known, one.over) for one in made] == [
            (2, 0, (other.user_id,)),
            (0, 2, (other.user_id,)),
        ]
        rows = session.execute(
            select(HoursEntry.user_id, HoursEntry.quarter_hours, HoursEntry.persons, HoursEntry.state)
            .where(HoursEntry.source == "meeting")
            .order_by(HoursEntry.quarter_hours)
        ).all()
        assert [tuple(row) for row in rows] == [
            (worker.user_id, 12, 1, "submitted"),
            (None, 24, 2, "submitted"),
        ]


MIXED = """jour;dernier jour;comité;activité;nature;heures;personnes
2026-11-02;;ORRES;Échanges cliniques;Rencontre;2 h 30;6
2026-11-03;;Sous-comité Bien-être;;préparation;1,5;
2026-11-03;;Sous-comité Bien-être;;préparation;1,5;
2026-11-04;;;;rencontre;0 h 20;
04/05/2026;;Comité des fêtes;;pause;-2;zéro
Total;;;;;461h00;
"""


def test_a_file_with_wrong_lines_writes_nothing_until_its_right_lines_are_chosen(network: Network) -> None:
    now = network.clock.now()
    worker, colleague = network.viewer("calacs-chrysalide"), network.viewer("ficesl-formation")
    owner = worker.organisation_id
    assert owner is not None
    with network.database.transaction() as session:
        staged = stage_import(session, owner, MIXED.encode("cp1252"), viewer=worker, now=now)
        assert session.scalar(select(func.count()).select_from(HoursEntry)) == 0
        problems = session.execute(
            select(HoursImportLine.number, HoursImportLine.problems).where(HoursImportLine.state == "wrong")
        ).all()
        assert {number: [column for column, *_ in said] for number, said in problems} == {
            5: ["hours"],
            6: ["day", "committee", "kind", "hours", "persons"],
        }
        with pytest.raises(Stale):
            start_import(session, worker, staged, wrong=0, now=now)
        with pytest.raises(Missing):
            start_import(session, colleague, staged, wrong=2, now=now)
        progress = start_import(session, worker, staged, wrong=2, now=now)
        assert (progress.written, progress.left, progress.done) == (3, 0, True)
        # Its right lines again, in another file with other columns' order and separators: nothing is added.
        again = (
            "heures,nature,comité,jour,activité,personnes\n"
            '"1,5",Préparation,bien-etre,2026-11-03,,\n2:30,rencontre,orres,2026-11-02,Échanges cliniques,6\n'
        )
        other = stage_import(session, owner, again.encode("utf-16"), viewer=worker, now=now)
        assert finish_import(session, other, now=now).written == 0
        assert list_hours(session, worker, HoursFilter()).quarter_hours == 22


def test_a_long_import_stopped_between_batches_goes_on_where_it_was(network: Network) -> None:
    now = network.clock.now()
    admin = network.viewer("admin-chrysalide")
    owner = admin.organisation_id
    assert owner is not None
    rows = "".join(f"2026-11-{1 + n % 20:02d},travaux,Tâche {n},1 h\n" for n in range(25))
    content = f"jour,nature,activité,heures\n{rows}".encode("utf-8-sig")
    with network.database.transaction() as session:
        staged = stage_import(session, owner, content, viewer=admin, approved=True, now=now)
        progress = start_import(session, admin, staged, wrong=0, now=now)
        assert progress.done
    with network.database.transaction() as session:
        staged = stage_import(session, owner, content.replace(b"2026-11", b"2026-10"), viewer=admin, now=now)
        run_import(session, staged)
        assert continue_import(session, staged, now=now, most=10).left == 15
    try:
        with network.database.transaction() as session:
            continue_import(session, staged, now=now, most=10)
            raise KeyboardInterrupt  # the server is stopped before the commit
    except KeyboardInterrupt:
        pass
    with network.database.transaction() as session:
        progress = continue_import(session, staged, now=now, most=10)
        assert (progress.written, progress.left) == (20, 5)
        assert continue_import(session, staged, now=now, most=10).done
        assert list_hours(session, admin, HoursFilter()).total == 50
        assert list_hours(session, admin, HoursFilter(state=State.APPROVED.value)).total == 25


@SQLITE
def test_an_imported_day_of_one_person_keeps_its_24_hours(network: Network) -> None:
    now = network.clock.now()
    worker = network.viewer("calacs-chrysalide")
    owner = worker.organisation_id
    assert owner is not None
    content = b"jour,nature,heures\n2026-11-02,travaux,20 h\n2026-11-02,travaux,5 h\n2026-11-03,travaux,5 h\n"
    with network.database.transaction() as session:
        staged = stage_import(session, owner, content, viewer=worker, mine=True, now=now)
        wrong = session.scalars(select(HoursImportLine.number).where(HoursImportLine.state == "wrong")).all()
        assert wrong == [3]
        # Her day fills up between the look and the yes: the line is left out, the day keeps its 24 hours.
        day = date(2026, 11, 2)
        enter_hours(session, worker, given(20, first_day=day, last_day=day), now=now)
        assert start_import(session, worker, staged, wrong=1, now=now).written == 1
        # Left out, and said so: it joins the lines to correct, on the page and in their file.
        found = find_import(session, worker, staged)
        assert found is not None
        assert (found.written, found.wrong, found.state) == (1, 2, "done")
        said = {line.number: line.problems for line in wrong_lines(session, staged)}
        assert said == {number: (("hours", PERIOD_OVER, {}),) for number in (2, 3)}
        assert {line.cells["hours"] for line in wrong_lines(session, staged)} == {"20 h", "5 h"}


@SQLITE
@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b"", "file"),
        (b"%PDF-1.7 not a table", "file"),
        (b"PK\x03\x04 broken", "file"),
        (b"\x81\x8d\x8f\x90\x9d", "file"),
        (b"nom,prenom\nA,B\n", "file"),
        (b"jour,nature,heures\n", "file"),
        (b"lieu,heures\nCRESL,1h\n", "file"),
    ],
)
def test_what_is_no_table_of_hours_is_said_and_leaves_nothing(network: Network, content: bytes, field: str) -> None:
    worker = network.viewer("calacs-chrysalide")
    assert worker.organisation_id is not None
    with network.database.transaction() as session:
        with pytest.raises(HoursInvalid) as refused:
            stage_import(session, worker.organisation_id, content, viewer=worker, now=network.clock.now())
        assert refused.value.field == field
        assert session.scalar(select(func.count()).select_from(HoursImportLine)) == 0


@SQLITE
def test_the_command_imports_a_year_and_says_what_its_source_prints(network: Network, tmp_path: Path) -> None:
    environment = {
        "ARRIMAGE_MODE": "demo",
        "ARRIMAGE_DATABASE_URL": network.url,
        "ARRIMAGE_MASTER_KEY_FILE": str(network.settings.master_key_file),
        "NO_COLOR": "1",
        "COLUMNS": "160",
    }

    def run(file: Path, *options: str) -> tuple[int, str]:
        arguments = ["hours", "import", str(file), "--organisation", "calacs-coup-de-coeur", *options]
        done = CliRunner().invoke(app, arguments, env=environment)
        return done.exit_code, " ".join((done.output + done.stderr).replace("\u00a0", " ").split())

    table = ANNUAL / "annual_2023_2024" / "hours.csv"
    assert run(table)[1].startswith("Ce fichier ne dit pas les jours")
    assert "Serait écrit : 6 lignes" in run(table, "--year", "2023-2024", "--dry-run")[1]
    with network.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(HoursImportLine)) == 0
    code, output = run(table, "--year", "2023-2024", "--approved")
    assert code == 0, output
    assert "Fait : 6 lignes écrites" in output
    assert "Somme des lignes : 499 h 30. Total imprimé : 461 h." in output
    assert "Avec le texte : 464 h." in output
    assert "Fait : 0 lignes écrites, 6 déjà inscrites" in run(table, "--year", "2023-2024")[1]
    mixed = tmp_path / "mixed.csv"
    mixed.write_text(MIXED, encoding="utf-8")
    code, output = run(mixed)
    assert (code, "2 lignes à corriger sur 5" in output) == (1, True)
    assert "Fait : 3 lignes écrites, 0 déjà inscrites, 2 laissées." in run(mixed, "--right-only")[1]
    assert run(tmp_path / "absent.csv")[0] == 1
    assert run(table, "--year", "2023")[1].startswith("Exercice non reconnu")
    with network.database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(HoursEntry)) == 9
