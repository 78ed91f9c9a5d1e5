"""The page of flows is the report's own section; what a path leaves behind lies among others."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select

from core.api import ReportPeriod, new_id
from core.testing.network import Network, visiting

from ..models import NodeRow, PathRow, StepFact, StepRow, VersionRow
from ..queries.flows import report_tables
from ..queries.trajectory import in_force_on
from ..services import step_facts
from . import path_samples as h

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
FLOWS = "/comites/orres/flux"


def published(network: Network) -> None:
    """Two moments: what supports her, then where she lives."""
    h.publish(network, {"ecouter": "Écouter"})
    with network.database.transaction() as session:
        version = session.scalars(select(VersionRow.id)).one()
        session.scalars(select(NodeRow).where(NodeRow.key == "ecouter")).one().needs = ["support"]
        shared = {"version_id": version, "title_en": "", "summary": ""}
        session.add(NodeRow(id=new_id(), key="toit", kind="moment", title="Un toit", position=2, **shared))
        add = {"key": "bail", "kind": "step", "moment_key": "toit", "title": "Un bail", "position": 1}
        session.add(NodeRow(id=new_id(), needs=["housing"], delay_hours=24, **add, **shared))


def ended(network: Network, *groups: tuple[str, str, str, str, int, int]) -> None:
    """So many references of 2025-2026: who referred, who received, needs, outcome, minutes to an answer, how many."""
    common = {
        "ended_quarter": "2025T2",
        "submitted_quarter": "2025T2",
        "kind": "reference",
        "channel": "platform",
        "area_code": "mrc-610",
        "age_band": "18_24",
        "urgent": False,
        "priority": 0,
        "reached": False,
        "settled": True,
    }
    facts = VersionRow.metadata.tables["report_facts"]
    with network.database.transaction(write=False) as session:
        columns = VersionRow.metadata.tables["organisations"].c
        holders = {slug: session.scalar(select(columns.id).where(columns.slug == slug)) for _o, slug, *_ in groups}
    rows = [
        {
            **common,
            "id": uuid4(),
            "origin_type": origin,
            "recipient_id": holders[slug],
            "needs": f",{needs},",
            "outcome": outcome,
            "taken": outcome == "served",
            "answer_minutes": minutes,
        }
        for origin, slug, needs, outcome, minutes, number in groups
        for _ in range(number)
    ]
    with network.database.transaction() as session:
        session.execute(delete(facts))
        session.execute(insert(facts), rows)


def table(page: Any, caption: str) -> list[list[str]]:
    """The cells of a table of the page, in words."""
    found = re.search(rf"<caption>{caption}</caption>(.*?)</table>", page.text, re.S)
    assert found is not None
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", found[1].split("</thead>")[1], re.S)
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in rows
    ]


NORTH, SOUTH = "calacs-coup-de-coeur", "calacs-la-chrysalide"


def test_flows_are_drawn_and_told_as_the_report_tells_them(network: Network) -> None:
    network.app()
    network.serve_plugins()
    published(network)
    ended(
        network,
        *(("police", slug, "support", "served", 600, 30) for slug in (NORTH, SOUTH)),
        *(("police", slug, "housing", "full", 3000, 15) for slug in (NORTH, SOUTH)),
        *(("police", slug, "housing,support", "full", 600, 9) for slug in (NORTH, SOUTH)),
        *(("sante", slug, "housing", "served", 3000, 17) for slug in (NORTH, SOUTH)),
        *(("police", slug, "money", "served", 600, 8) for slug in (NORTH, SOUTH)),
        ("police", "cisss-lanaudiere", "support", "served", 600, 12),
        ("justice", NORTH, "support", "served", 600, 3),
    )
    with visiting(network, persona="orres-comite") as visitor:
        page = visitor.get(FLOWS)
        assert page.status_code == 200
        moments = table(page, "Références selon le moment de la trajectoire, et attente d’une première réponse")
        # Three of « Justice » are in the first moment, and in no number by themselves
        assert [row[1] for row in moments] == ["93", "64", "16"]
        assert moments[1][2:4] == ["24 h", "50 h"]
        assert "Un toit" in page.text.split("Où les références s’arrêtent")[1].split("</ul>")[0]
        origins = {row[0]: row[1:] for row in table(page, "Références entre types de partenaires")}
        assert origins["Justice et autres organismes"] == ["masqué", "masqué"]
        assert '<svg class="chart"' in page.text
        assert "2025-2026" in visitor.get(f"{FLOWS}?annee=2025-2026").text
        # Another version comes into force, where other needs are of the first moment: a year that is told is not
        # cut again, or what changes between both would be a small number.
        newer = h.publish(network, {"ecouter": "Écouter", "bail": "Un bail"}, number=2)
        with network.database.transaction() as session:
            for row in session.scalars(select(NodeRow).where(NodeRow.version_id == newer, NodeRow.kind == "step")):
                row.needs = ["money", "housing"]
        again = visitor.get(FLOWS)
        for caption in re.findall(r"<caption>(.*?)</caption>", page.text):
            assert table(again, caption) == table(page, caption)
        for wrong in ("2026-2027", "nothing", "2025T2"):
            assert visitor.get(f"{FLOWS}?annee={wrong}").status_code == 404
        visitor.become("coordination-cresl")
        report = visitor.get("/rapports/2025-2026")
        for caption in (
            "Références selon le moment de la trajectoire, et attente d’une première réponse",
            "Références terminées sans prise en charge, selon le moment de la trajectoire",
            "Références entre types de partenaires",
        ):
            assert table(report, caption) == table(visitor.get(FLOWS), caption)
        visitor.become("police-repentigny")
        assert visitor.get(FLOWS).status_code in (403, 404)
    with network.database.transaction(write=False) as session:
        quarter = ReportPeriod("quarter", date(2025, 7, 1), date(2025, 9, 30))
        assert report_tables(session, quarter, network.clock.now()) == ()


def test_a_year_is_told_by_the_version_that_was_in_force_at_its_end(network: Network) -> None:
    network.app()
    with network.database.transaction(write=False) as session:
        assert in_force_on(session, date(2026, 3, 31)) is None
    for number in (1, 2, 3):
        h.publish(network, number=number)
    days = {1: datetime(2025, 12, 1, 15, tzinfo=UTC), 2: datetime(2026, 4, 1, 3, 59, tzinfo=UTC)}
    with network.database.transaction() as session:
        for row in session.scalars(select(VersionRow).where(VersionRow.number.in_(days))):
            row.published_at = days[row.number]
    with network.database.transaction(write=False) as session:
        # The second came into force on March 31, one minute before midnight in Joliette
        wanted = {date(2024, 3, 31): 1, date(2026, 3, 30): 1, date(2026, 3, 31): 2, date(2027, 3, 31): 3}
        found = {day: in_force_on(session, day) for day in wanted}
        assert {day: one and one.number for day, one in found.items()} == wanted


def test_steps_of_paths_that_are_over_are_counted_and_lose_their_place(network: Network) -> None:
    network.app()
    published(network)
    now = network.clock.now()
    ended(network, ("police", NORTH, "support", "served", 600, 40))
    organisations = [network.organisation(slug) for slug in (NORTH, SOUTH)]
    with network.database.transaction() as session:
        for number in range(40):
            path = PathRow(id=new_id(), case_mark=bytes([number]) * 32, started_at=now, touched_at=now)
            session.add(path)
            session.flush()
            for key, status in (("ecouter", "done"), ("bail", "begun" if number % 2 else "done")):
                step = StepRow(id=new_id(), path_id=path.id, organisation_id=organisations[number // 2 % 2])
                step.node_key, step.status, step.begun_at, step.marked_at = key, status, now, now
                session.add(step)
            session.flush()
            step_facts.keep_facts(session, path, now)
        before = set(session.scalars(select(StepFact.id)))
        step_facts.settle(session, SimpleNamespace(), now)  # type: ignore[arg-type]
        rows = session.scalars(select(StepFact)).all()
        assert len(rows) == len(before) == 80
        assert not before & {row.id for row in rows}
        assert all(row.settled for row in rows)
        for row in rows:
            row.ended_quarter = "2025T2"
        session.flush()
        year = ReportPeriod("year", date(2025, 4, 1), date(2026, 3, 31))
        steps = next(one for one in report_tables(session, year, now) if one.key == "steps")
        assert [row[:3] for row in steps.rows] == [("Écouter", 40, 0), ("Un bail", 20, 20)]
        assert step_facts.erase_before(session, now) == 80
        step_facts.settle(session, SimpleNamespace(), now)  # type: ignore[arg-type]
