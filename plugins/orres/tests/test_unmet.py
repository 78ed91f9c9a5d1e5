"""Needs without an answer in figures: exact for whoever counted them, the report's for the network."""

from __future__ import annotations

import re
from datetime import date
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from core.api import NEEDS, ReportPeriod
from core.testing.network import Network, Visitor

from ..models import UnmetRow
from ..queries.unmet import report_tables
from .guide_samples import empty_unmet, with_unmet, words

ONE_ENGINE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@pytest.fixture
def network(network: Network) -> Network:
    return with_unmet(network)


@ONE_ENGINE
def test_own_counts_are_exact_and_the_networks_are_the_reports(visitor: Visitor) -> None:
    network = visitor.network
    page = "/comites/orres/besoins-sans-reponse"
    visitor.become("police-repentigny")
    own = visitor.get(page)
    assert own.status_code == 200
    said = words(own.text)
    assert "Trimestre 2026T3" in said
    assert "Dans tout le réseau" not in said
    visitor.become("orres-comite")
    assert f'href="{page}"' in visitor.get("/comites/orres").text, "a way there when nothing is left out"
    committee = words(visitor.get(page).text)
    shown = committee.split("Dans tout le réseau")[1]
    with network.database.transaction(write=False) as session:
        past = UnmetRow.quarter.between("2025T1", "2025T4")
        counts = dict(session.execute(select(UnmetRow.need, func.count()).where(past).group_by(UnmetRow.need)).all())
    assert counts["housing"] >= 5
    assert 0 < counts["work_school"] < 5
    assert f"Hébergement, logement {counts['housing']} " in shown
    assert f"Emploi, études {counts['work_school']} " not in shown
    visitor.become("coordination-cresl")
    report = visitor.get("/rapports/2025-2026").text
    assert "Besoins sans réponse au guide" in report
    section = words("<main" + report.split('id="s-orres-unmet"')[1].split("</section>")[0] + "</main>")
    for label in NEEDS.values():
        line = re.search(re.escape(label.replace("\u00a0", " ")) + r" (\S+)", section)
        again = re.search(re.escape(label.replace("\u00a0", " ")) + r" (\S+)", shown)
        assert line is not None
        assert again is not None
        assert line.group(1) == again.group(1), "one decision of what is hidden, not two"


@ONE_ENGINE
def test_no_organisation_finds_what_few_others_counted_by_taking_its_own_away(visitor: Visitor) -> None:
    network = visitor.network
    empty_unmet(network)
    police, cisss = (network.viewer(one).organisation_id for one in ("police-repentigny", "cisss-centre-designe"))
    assert police is not None
    assert cisss is not None
    held = (
        ("housing", police, 13),
        ("housing", cisss, 2),
        ("money", police, 9),
        ("money", cisss, 8),
        ("legal", cisss, 6),
    )
    with network.database.transaction() as session:
        codes = {"quarter": "2025T2", "area": "mrc-610", "age": "adult", "reason": "full"}
        for need, owner, times in held:
            session.add_all(UnmetRow(run=uuid4(), organisation_id=owner, need=need, **codes) for _ in range(times))
    visitor.become("orres-comite")
    shown = words(visitor.get("/comites/orres/besoins-sans-reponse").text).split("Dans tout le réseau")[1]
    assert not re.search(r"Hébergement, logement \d", shown), "15 less 13 would tell the two of another"
    assert NEEDS["housing"].replace("\u00a0", " ") in shown, shown
    with network.database.transaction(write=False) as session:
        whole = ReportPeriod("year", date(2025, 4, 1), date(2026, 3, 31))
        tables = {one.key: dict(one.rows) for one in report_tables(session, whole)}
    assert tables["unmet_by_need"][NEEDS["money"]] == 17
    assert tables["unmet_by_need"][NEEDS["housing"]] is None
    assert tables["unmet_by_need"][NEEDS["legal"]] == 6, "held by one alone: nothing is left to find"
