"""Printed figures, and the section of the yearly report."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.api import Missing, ReportPeriod, new_id, printed_rows, read_sheet
from core.testing.network import Network

from .. import models
from ..models import AttestationRow, Credit, Learner, Version
from ..queries.published import published_lines, published_meetings, totals_of
from ..queries.training_report import tables
from ..rules import published
from ..seed_attendance import seed_past_session
from ..services import published as published_service
from . import training
from .test_attendance import SQLITE


def shipped(name: str) -> list[list[str]]:
    rows = printed_rows(2023, name)
    return [list(rows[0]), *(list(row.values()) for row in rows)]


@SQLITE
def test_printed_figures_come_out_right_and_are_never_added_twice(network: Network) -> None:
    """The demo imported the three files: again, nothing; changed, refused; the printed total stays beside."""
    file = Path(__file__).resolve().parents[1] / "data" / "formations_ficesl_2023_2024.csv"
    desk = training.desk(network)
    with network.database.transaction() as session:
        for model in (models.PublishedLine, models.PublishedEvaluation):
            session.execute(model.__table__.delete())
        rows = read_sheet(file.read_bytes())
        first = published_service.import_published(session, desk, rows)
        assert (first.written, first.known, first.twice, first.problems) == (4, 0, 1, ())
        again = published_service.import_published(session, desk, rows)
        assert (again.written, again.known, again.twice, again.problems) == (0, 4, 0, ())
        changed = [rows[0], [*rows[1][:5], "5h00", ""], *rows[2:]]
        other = published_service.import_published(session, desk, changed)
        assert [one.message for one in other.problems] == [published.OTHER_FIGURES]
        trainings = published_lines(session, published.TRAINING)
        sums = totals_of(trainings)
        assert (sums.sessions, sums.quarter_hours, sums.aside) == (7, 88, 56)
        (marked,) = [row for row in trainings if not row.counted]
        assert marked.line.title.startswith("Formation sur l'exploitation")
        published_service.count_line(session, desk, marked.id, counted=True)
        assert totals_of(published_lines(session, published.TRAINING)).quarter_hours == 144
        with pytest.raises(Missing):
            published_service.count_line(session, desk, trainings[0].id, counted=False)

        published_service.import_published(session, desk, shipped("workshops"), "2023-2024")
        workshops = totals_of(published_lines(session, published.WORKSHOP))
        assert (workshops.young, workshops.adults, workshops.groups, workshops.quarter_hours) == (533, 17, 25, 466)
        done = published_service.import_published(session, desk, shipped("evaluations"), "2023-2024")
        assert (done.written, done.problems) == (42, ())
        said = [
            [str(one.number), one.theme, str(one.respondents), line.question, *(f"{t / 10:g}" for t in line.tenths)]
            for one in published_meetings(session)
            for line in one.statements
        ]
        assert said == shipped("evaluations")[1:]
        with pytest.raises(published_service.FileRefused):
            published_service.import_published(session, desk, [["a"], ["b"]])


def ended(session: Session, host: UUID, now: datetime) -> None:
    """Seven people whose attestation ends on the last day of the year; four took it again."""
    version = session.execute(select(Version.id, Version.course_id).order_by(Version.id).limit(1)).one()
    base = {"organisation_id": host, "course_id": version.course_id, "version_id": version.id, "minutes": 60, "at": now}
    nothing = {"revoked_at": None, "revoked_reason": None}
    revoked = {"revoked_at": now, "revoked_reason": "attendance"}
    rows: list[dict[str, Any]] = []
    for number in range(7):
        learner = Learner(id=new_id(), organisation_id=host, audience="worker", created_at=now)
        session.add(learner)
        days = {"issued_on": date(2025, 3, 31), "expires_on": date(2027, 3, 31)}
        rows.append({"learner_id": learner.id, **days, **(revoked if number == 6 else nothing)})
        if number < 4:
            days = {"issued_on": date(2026, 10, 1), "expires_on": date(2028, 10, 1)}
            rows.append({"learner_id": learner.id, **days, **(revoked if number == 3 else nothing)})
    session.flush()
    codes = [{"id": new_id(), "code": f"{number:014}", "status_index": 9_000 + number} for number in range(len(rows))]
    session.execute(insert(AttestationRow), [{**base, **row, **code} for row, code in zip(rows, codes, strict=True)])


@SQLITE
def test_the_report_counts_each_person_once_and_prints_what_was_printed(network: Network) -> None:
    now = network.clock.now()
    seeder = SimpleNamespace(now=now, keyring=network.keyring, viewer=network.viewer, organisation=network.organisation)
    settings = training.desk(network).settings
    network.viewer(training.ADMIN)
    host = network.organisation(training.CHRYSALIDE)
    seeder.organisation = lambda _key: host
    with network.database.transaction() as session:
        for _ in range(2):
            seed_past_session(session, seeder, settings)
        period = ReportPeriod("year", date(2026, 4, 1), date(2027, 3, 31))
        year = {one.key: one for one in tables(session, period, now)}
        old = {one.key: one for one in tables(session, ReportPeriod("year", date(2023, 4, 1), date(2024, 3, 31)), now)}
        people = session.scalar(select(func.count(Credit.learner_id.distinct())))
        ended(session, host, now)
        renewals = {one.key: one for one in tables(session, period, now)}["renewals"]
    # Seven ended in the year, one of them revoked; three of the six hold another that holds
    assert [row[1:] for row in renewals.rows] == [(6, 3)]
    assert renewals.counted == {*renewals.columns[1:]}
    assert "renewals" not in old
    by_type, by_audience = year["people_by_type"], year["people_by_audience"]
    assert sum(int(row[1] or 0) for row in by_type.rows) == sum(int(row[1] or 0) for row in by_audience.rows) == people
    assert all(one.counted for one in (by_type, by_audience, year["satisfaction"]))
    example = next(row for row in year["sessions"].rows if str(row[0]).startswith("Exemple : accueillir"))
    assert example[1:3] == (1, "3\u00a0h")
    assert next(row for row in year["satisfaction"].rows if str(row[0]).startswith("Exemple"))[1:] == (24, 91)
    assert [row[2] for row in old["printed"].rows] == [1, 4, 2, 1, 7]
    assert old["printed"].rows[-1][3] == "22\u00a0h"
    assert "people_by_type" not in old
