"""A plugin's failing, slow or writing contribution takes nothing else with it, on both engines."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, select, text
from sqlalchemy.orm import Session

from core.access.viewer import Role
from core.kernel.db import Database, dialect_name
from core.kernel.hooks.contributions import PanelPage, Part, ReportPeriod
from core.kernel.hooks.isolation import RUNNING, read_isolated, write_isolated
from core.kernel.hooks.manager import Hooks
from core.testing import in_loop
from core.testing.network import limits_as_shipped
from core.testing.plugins import a_viewer
from tests.support.plugin_source import PluginWorkshop

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
MEMBER = a_viewer(Role.COMMITTEE_MEMBER)
TALLY = Table("plugin_tally", MetaData(), Column("n", Integer, primary_key=True))

#: A query of about a minute if nobody stops it.
ENDLESS = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 400000000) SELECT count(*) FROM t"
#: Half a second at most here; what a machine that others use makes of it.
BUSY = 20

GOOD = """
@hookimpl
def dashboard_cards_for(viewer, session):
    count = session.scalar(text("SELECT count(*) FROM plugin_tally"))
    return [Card("good", "Bon", "NAME/x.html", permission="NAME.read", context={"count": count})]
"""
LAZY = """
def read(session):
    BODY

def one(session):
    return {"one": session.scalar(text("SELECT 1"))}

@hookimpl
def dashboard_cards_for(viewer):
    return [
        Card("bad", "Fautif", "NAME/x.html", permission="NAME.read", context=read),
        Card("still", "Présent", "NAME/x.html", permission="NAME.read", context=one),
    ]
"""
FAILURES = {
    "Python": "return {}['absent']",
    "SQL": "return {'x': session.scalar(text('SELECT * FROM table_absente'))}",
    "value": "return {'x': session.scalar(text('SELECT n / 0 FROM plugin_tally')) + 1}",
    "write": "session.execute(text('INSERT INTO plugin_tally VALUES (99)')); return {}",
    "endless": f"return {{'x': session.scalar(text('{ENDLESS}'))}}",
}


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[PluginWorkshop]:
    made = PluginWorkshop(tmp_path)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _shipped() -> Iterator[None]:
    with limits_as_shipped() as seconds:
        assert seconds <= 0.5
        yield


@pytest.fixture
def tally(database: Database) -> Database:
    with database.transaction() as session:
        TALLY.create(session.connection())
    return database


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(TALLY)) or 0


def by_key(parts: tuple[Part, ...]) -> dict[str, Part]:
    return {part.key: part for part in parts}


@pytest.mark.parametrize("what", FAILURES)
def test_a_failing_card_is_unavailable_and_the_page_goes_on(
    tally: Database, workshop: PluginWorkshop, what: str
) -> None:
    workshop.add("alpha", LAZY.replace("BODY", FAILURES[what]))
    workshop.add("beta", GOOD)
    hooks = workshop.load()
    started = time.monotonic()
    with tally.transaction() as session:
        session.execute(TALLY.insert().values(n=1))
        parts = by_key(hooks.dashboard_cards(MEMBER, session, NOW))
        session.execute(TALLY.insert().values(n=2))
    assert time.monotonic() - started < BUSY
    assert (parts["bad"].available, parts["bad"].title) == (False, "Fautif")
    assert parts["still"].context == {"one": 1}
    assert parts["good"].context == {"count": 1}
    with tally.transaction(write=False) as session:
        assert count(session) == 2, "the page's own writes, and only they, are committed"


@pytest.mark.parametrize("what", ["SQL", "endless", "write"])
@pytest.mark.parametrize("mode", ["read", "write", "slow"])
def test_the_same_in_every_way_a_page_is_run(tally: Database, workshop: PluginWorkshop, what: str, mode: Any) -> None:
    workshop.add("alpha", LAZY.replace("BODY", FAILURES[what]))
    workshop.add("beta", GOOD)
    hooks = workshop.load()

    def page(session: Session) -> tuple[dict[str, Part], int]:
        return by_key(hooks.dashboard_cards(MEMBER, session, NOW)), count(session)

    async def ask() -> tuple[dict[str, Part], int]:
        return await tally.run(page, mode)

    parts, counted = in_loop(tally, ask)
    assert {key: part.available for key, part in parts.items()} == {"bad": False, "still": True, "good": True}
    assert counted == 0


def test_a_hook_that_itself_queries_and_fails_is_unavailable_under_the_plugins_name(
    tally: Database, workshop: PluginWorkshop
) -> None:
    body = GOOD.replace("plugin_tally", "table_absente")
    workshop.add("alpha", body + body.replace("dashboard_cards_for(viewer, session)", "panels_for(page, session)"))
    hooks = workshop.load()
    with tally.transaction() as session:
        (card,) = hooks.dashboard_cards(MEMBER, session, NOW)
        (panel,) = hooks.panels(PanelPage("referral"), MEMBER, session, NOW)
        assert count(session) == 0
    assert [(part.title, part.available) for part in (card, panel)] == [("Essai", False)] * 2


def test_a_failing_section_leaves_the_report(tally: Database, workshop: PluginWorkshop) -> None:
    section = """
    def tables(session):
        session.execute(text("SELECT * FROM TABLE_NAME"))
        return [ReportTable("t", "T", ("n",), ((1,),))]

    @hookimpl
    def report_sections_for(report):
        return [ReportSection("s", "S", "NAME/x.html", permission="NAME.read", tables=tables)]
    """
    workshop.add("alpha", section.replace("TABLE_NAME", "table_absente"))
    workshop.add("beta", section.replace("TABLE_NAME", "plugin_tally"))
    year = ReportPeriod("year", date(2026, 4, 1), date(2027, 3, 31))
    with tally.transaction() as session:
        first, second = workshop.load().report_sections(year, MEMBER, session, NOW)
    assert (first.plugin, first.available, first.tables) == ("alpha", False, ())
    assert second.available
    assert second.tables[0].rows == ((1,),)


def test_a_failing_retention_rule_does_not_stop_the_others(tally: Database, workshop: PluginWorkshop) -> None:
    rules = """
    def erase(session, before):
        session.execute(text("DELETE FROM plugin_tally WHERE n = 1"))
        return SECOND

    @hookimpl
    def register_retention():
        return [RetentionRule("NAME.rows", "Lignes", timedelta(days=1), erase)]
    """
    workshop.add("alpha", rules.replace("SECOND", "1 / 0"))
    workshop.add("beta", rules.replace("n = 1", "n = 2").replace("SECOND", "7"))
    with tally.transaction() as session:
        session.execute(TALLY.insert().values([{"n": 1}, {"n": 2}, {"n": 3}]))
        assert workshop.load().apply_retention(session, NOW) == {"beta.rows": 7}
    with tally.transaction(write=False) as session:
        assert session.scalars(select(TALLY.c.n).order_by(TALLY.c.n)).all() == [1, 3]


SUBSCRIBERS = """
def first(session, event, house):
    session.execute(text("INSERT INTO plugin_tally VALUES (10)"))
    BODY

@hookimpl
def register_subscribers():
    return [Subscriber("x.y", "NAME.first", first)]
"""


def one_subscriber(workshop: PluginWorkshop, body: str) -> Any:
    workshop.add("alpha", SUBSCRIBERS.replace("BODY", body))
    return workshop.load().subscribers()[0].run


@pytest.mark.parametrize("body", ["1 / 0", "session.execute(text('SELECT * FROM table_absente'))"])
def test_a_failing_subscriber_undoes_its_own_work_and_says_it_failed(
    tally: Database, workshop: PluginWorkshop, body: str
) -> None:
    run = one_subscriber(workshop, body)
    with tally.transaction() as session:
        session.execute(TALLY.insert().values(n=1))
        with pytest.raises(Exception, match=r"division|table_absente"):
            run(session, None, None)
    with tally.transaction(write=False) as session:
        assert session.scalars(select(TALLY.c.n)).all() == [1]


def test_a_subscriber_that_works_is_kept(tally: Database, workshop: PluginWorkshop) -> None:
    run = one_subscriber(workshop, "pass")
    with tally.transaction() as session:
        run(session, None, None)
    with tally.transaction(write=False) as session:
        assert session.scalars(select(TALLY.c.n)).all() == [10]


def test_an_endless_subscriber_is_stopped(tally: Database) -> None:
    started = time.monotonic()
    with pytest.raises(Exception, match=r"interrupted|statement timeout"), tally.transaction() as session:
        write_isolated(session, "alpha", 0.2, lambda: session.execute(text(ENDLESS)))
    assert time.monotonic() - started < BUSY


def test_limits_end_with_the_contribution(tally: Database) -> None:
    """The page's own statements keep their time and their right to write."""
    with tally.transaction() as session:
        before = session.scalar(text("SHOW statement_timeout")) if tally.dialect == "postgresql" else None
        # On PostgreSQL each statement is timed by the server: as long as one may take on a busy machine
        limit = 0.05 if before is None else 0.8
        assert read_isolated(session, "alpha", limit, lambda: count(session)).value == 0
        assert read_isolated(session, "alpha", limit, lambda: 1 / 0).error is not None
        write_isolated(session, "alpha", limit, lambda: count(session))
        assert RUNNING not in session.info
        if before is not None:
            assert session.scalar(text("SHOW statement_timeout")) == before
            assert session.scalar(text("SHOW transaction_read_only")) == "off"
            session.execute(text("SELECT pg_sleep(0.85)"))
        else:
            small = ENDLESS.replace("400000000", "400000")
            assert session.scalar(text(small)) == 400_000
        session.execute(TALLY.insert().values(n=3))
    with tally.transaction(write=False) as session:
        assert count(session) == 1


def test_a_contribution_inside_another_ones_session_is_told_apart(tally: Database) -> None:
    with tally.transaction() as session:
        seen: list[str | None] = []

        def inner() -> None:
            seen.append(session.info.get(RUNNING))

        read_isolated(session, "alpha", 1, lambda: (read_isolated(session, "beta", 1, inner), inner()))
    assert seen == ["beta", "alpha"]
    assert dialect_name(session) == tally.dialect


def test_an_export_says_which_plugin_could_not_answer_and_an_erasure_fails_whole(
    tally: Database, workshop: PluginWorkshop
) -> None:
    held = """
    @hookimpl
    def personal_data_of(reference, session):
        erase = lambda s: s.execute(text("DELETE FROM plugin_tally")).rowcount
        return [PersonalData("NAME.rows", "Lignes", {"reference": reference}, erase)]
    """
    workshop.add("alpha", held)
    with tally.transaction() as session:
        session.execute(TALLY.insert().values(n=1))
    hooks: Hooks = workshop.load()
    workshop.add("beta", "@hookimpl\ndef personal_data_of(reference, session): return 1 / 0\n")
    broken = workshop.load()
    with tally.transaction() as session:
        good, bad = broken.personal_data("R-1", session)
        assert getattr(good, "copy", None) == {"reference": "R-1"}
        assert isinstance(bad, Part)
        assert (bad.plugin, bad.available) == ("beta", False)
    with pytest.raises(ZeroDivisionError), tally.transaction() as session:
        broken.erase_personal_data("R-1", session)
    with tally.transaction() as session:
        assert count(session) == 1
        assert hooks.erase_personal_data("R-1", session) == 1
