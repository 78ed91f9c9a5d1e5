"""Each ending leaves one fact, which outlives everything and leads back to nothing."""

import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, insert, select, text

from core.kernel.db import UtcDateTime, dialect_name
from core.referrals import services
from core.referrals.models import Referral, ReferralPreview
from core.referrals.rules.vocabulary import Kind
from core.referrals.services import Onward, send_onward
from core.reports.models import ReportFact
from core.reports.queries.report import NETWORK, Scope, build_report, choices
from core.reports.queries.tallies import open_at, tallies
from core.reports.rules.cells import HIDDEN
from core.reports.rules.periods import FiscalYear
from core.reports.services.facts import settle_facts, write_fact
from core.testing.statements import counted_statements
from tests.support.referrals import CLOCK, NOW, accepted, build, consent, send

LATER = NOW + timedelta(hours=25, seconds=1)


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def close(session, world):
    sent = accepted(session, world, urgent=True)
    worker = world.viewer("chrysalide")
    services.reconfirm_with_her(session, worker, sent.code, NOW)
    services.set_priority(session, worker, sent.code, 2, "clinical_judgement", NOW)
    services.log_attempt(session, worker, sent.code, "reached", "phone", LATER)
    services.close_referral(session, worker, sent.code, "served", LATER + timedelta(days=2))
    return {
        "outcome": "served",
        "taken": True,
        "reached": True,
        "urgent": True,
        "priority": 2,
        "contact_minutes": 26 * 60,
    }


def decline(session, world):
    sent = send(session, world)
    services.decline_referral(session, world.viewer("chrysalide"), sent.code, "full", LATER)
    return {"outcome": "full", "taken": False, "reached": False, "answer_minutes": 26 * 60, "contact_minutes": None}


def retract(session, world):
    sent = send(session, world)
    services.retract_referral(session, world.viewer("police"), sent.code, LATER)
    return {"outcome": "retracted", "taken": False, "answer_minutes": None, "end_minutes": 26 * 60}


def withdraw(session, world):
    sent = accepted(session, world)
    services.withdraw_case(session, world.keyring, world.viewer("police"), sent.code, LATER)
    return {"outcome": "withdrawn", "taken": True, "reached": False, "answer_minutes": 0}


def hand_back(session, world):
    sent = accepted(session, world)
    given = consent(world, "police", Kind.HAND_BACK.value)
    what = Onward(key="onward-aaaaaaaa", kind=Kind.HAND_BACK, consent=given)
    back = send_onward(session, world.keyring, world.viewer("chrysalide"), sent.code, what, clock=CLOCK, now=NOW)
    services.accept_referral(session, world.keyring, world.viewer("police"), back.code, LATER)
    return {"outcome": "moved", "taken": True, "recipient_id": world.organisations["chrysalide"]}


def superseded(session, world):
    consents = tuple(consent(world, name, "ask_both") for name in ("chrysalide", "coup_de_coeur"))
    sent = send(session, world, municipality_code="63013", consents=consents)
    services.accept_referral(session, world.keyring, world.viewer("chrysalide"), sent.codes[0], LATER)
    return {"outcome": "superseded", "taken": False, "recipient_id": world.organisations["coup_de_coeur"]}


@pytest.mark.parametrize(
    "ending", [close, decline, retract, withdraw, hand_back, superseded], ids=lambda one: one.__name__
)
def test_every_ending_leaves_its_fact(session, world, ending):
    expected = ending(session, world)
    area = "mrc-630" if ending is superseded else "mrc-600"
    fact = session.execute(select(ReportFact.__table__)).one()._mapping
    assert {key: fact[key] for key in expected} == expected
    assert (fact["ended_quarter"], fact["submitted_quarter"]) == ("2026T3", "2026T3")
    assert (fact["age_band"], fact["area_code"], fact["needs"]) == ("25_34", area, ",housing,support,")
    assert (fact["origin_type"], fact["origin_id"]) == ("police", world.organisations["police"])
    ended = select(Referral.id).where(Referral.ended_at.is_not(None))
    assert session.execute(select(ReferralPreview).where(ReferralPreview.referral_id.in_(ended))).all() == []
    session.execute(delete(ReferralPreview))
    assert session.execute(select(ReportFact.age_band)).scalar_one() == "25_34", "statistics outlive what is erased"


def test_a_draft_leaves_none_and_a_fact_that_fails_stops_the_ending(session, world, monkeypatch):
    sent = send(session, world)

    def fail(*_):
        raise RuntimeError("no statistic")

    monkeypatch.setattr("core.referrals.endings._recorders", [fail])
    with pytest.raises(RuntimeError, match="no statistic"):
        services.retract_referral(session, world.viewer("police"), sent.code, LATER)
    monkeypatch.setattr("core.referrals.endings._recorders", [write_fact])
    assert session.execute(select(ReportFact.id)).all() == []


def test_no_column_and_no_order_leads_back(session, world):
    """Values: none is shared with the referral but closed codes. Order: rows lie in the order of random identifiers."""
    codes = []
    for hour in range(7):
        sent = send(session, world, key=f"form-order-{hour:04d}", at=NOW + timedelta(hours=hour))
        services.retract_referral(
            session, world.viewer("police"), sent.code, NOW + timedelta(hours=30 + hour, minutes=7)
        )
        codes.append(sent.code)
    table = ReportFact.__table__
    assert not [column.name for column in table.columns if isinstance(column.type, UtcDateTime)]
    assert {key.target_fullname for key in table.foreign_keys} == {"organisations.id"}
    rows = session.execute(select(*table.columns)).all()
    organisations = set(world.organisations.values())
    told = session.execute(select(*Referral.__table__.columns)).all()
    secret = {
        value for row in told for value in row if isinstance(value, UUID | datetime) and value not in organisations
    } | set(codes)
    for row in rows:
        assert not secret & set(row)
        assert row.id.version == 4, "random, unlike the identifiers that hold a moment"
        assert not [value for value in row if isinstance(value, datetime | date)]
        assert not [value for value in row if isinstance(value, str) and re.search(r"\d{4}-\d\d|\d\d:\d\d|R-", value)]
    assert len({(row.answer_minutes, row.contact_minutes, row.end_minutes) for row in rows}) == 1, "30 h, within a step"
    if dialect_name(session) == "sqlite":
        stored = [row[0] for row in session.execute(text("SELECT id FROM report_facts"))]
        assert stored == sorted(stored)
        with pytest.raises(Exception, match="rowid"):
            session.execute(text("SELECT rowid FROM report_facts"))


def test_the_latest_facts_lose_the_transaction_that_wrote_them(session, world):
    before = set()
    for number in range(6):
        sent = send(session, world, key=f"form-settle-{number:04d}")
        services.retract_referral(session, world.viewer("police"), sent.code, LATER)
        if number == 3:
            assert settle_facts(session) == 0, "four alone would stay easy to follow"
        before = set(session.execute(select(ReportFact.id)).scalars())
    assert settle_facts(session) == 6
    after = session.execute(select(ReportFact.id, ReportFact.settled)).all()
    assert len(after) == 6
    assert not before & {row.id for row in after}
    assert all(row.settled for row in after)
    assert settle_facts(session) == 0


def test_counts_by_quarter_and_scope(session, world):
    """Two centres; one received three references in a quarter, which subtracting the other's would tell."""
    rows, north, south = [], world.organisations["coup_de_coeur"], world.organisations["chrysalide"]
    for quarter, numbers in (("2025T1", (12, 8)), ("2025T2", (9, 9)), ("2025T3", (14, 3)), ("2025T4", (20, 11))):
        for recipient, number in zip((south, north), numbers, strict=True):
            for index in range(number):
                reached = 600 if recipient == south else 2000
                ending = {
                    "outcome": "served" if index % 3 else "full",
                    "contact_minutes": reached if index % 3 else None,
                }
                rows.append(fact(world, quarter, recipient_id=recipient, **ending))
    rows += [fact(world, "2024T4", recipient_id=one) for one in (north, south) for _ in range(15)]
    session.execute(insert(ReportFact), rows)
    year = FiscalYear(2025)
    with counted_statements() as sent:
        counted = tallies(session, (year, year.before))
    assert len(sent) == 1
    assert counted[year].totals == (20, 18, 17, 31)
    assert counted[year].needs["support"] == (20, 18, 17, 31)
    assert counted[year.before].totals == (0, 0, 0, 30)
    own = tallies(session, (year,), north)[year]
    assert own.totals == counted[year].held[north].totals == (8, 9, 3, 11)
    assert own.contacts == counted[year].held[north].contacts == {"calacs": {2000: 20}}
    assert counted[year].contacts == {"calacs": {2000: 20, 600: 36}}
    viewer = world.viewer("chrysalide")
    made = build_report(session, None, viewer, year, NETWORK, NOW)
    ages = next(table for table in made.tables() if table.key == "age")
    assert [cell.value for cell in ages.foot[1:]] == [20, 18, None, None, 86, 30], (
        "17 less the 14 of one would be the 3 of the other; the last quarter is hidden with it"
    )
    exact = build_report(session, None, viewer, year, Scope(north, "Ailleurs"), NOW)
    assert HIDDEN not in [cell for table in exact.tables() for row in table.rows for cell in row]
    assert [choice.year for choice in choices(session, date(2026, 11, 24))][:2] == [FiscalYear(2026), year]


def test_the_stock_of_open_references_is_protected_like_another_count(session, world):
    viewer, year, day = world.viewer("chrysalide"), FiscalYear(2025), date(2026, 3, 31)
    session.execute(insert(ReportFact), [fact(world, "2025T1")])

    def stock(scope):
        made = build_report(session, None, viewer, year, scope, NOW)
        return next(table for table in made.tables() if table.key == "open").rows[0][1].value

    own = Scope(world.organisations["chrysalide"], "Chrysalide")
    sent = {"chrysalide": 0, "coup_de_coeur": 0}
    before = datetime(2026, 3, 1, 15, tzinfo=UTC)
    for recipient, number, told in (("chrysalide", 6, 6), ("coup_de_coeur", 4, None), ("coup_de_coeur", 1, 11)):
        for _ in range(number):
            given = consent(world, recipient, obtained_at=before - timedelta(minutes=10))
            send(session, world, key=f"form-stock-{sum(sent.values()):04d}", at=before, consents=(given,))
            sent[recipient] += 1
        assert sum(open_at(session, day).values()) == sum(sent.values())
        assert stock(NETWORK) == told, "what is left to the others is nothing, then four, then five"
        assert stock(own) == sent["chrysalide"]
    assert open_at(session, date(2026, 2, 28)) == {}


def test_times_are_those_one_counts_by_hand_and_none_tells_of_few(session, world):
    """Each centre: 30 answered in 1 h, 25 in 5 h, 5 in 20 h. Of 120 the 60th was answered in 1 h, the 108th in 5 h."""
    rows = []
    for name in ("chrysalide", "coup_de_coeur"):
        for index in range(60):
            answer = 60 if index < 30 else 300 if index < 55 else 1200
            contact = 600 if index < 25 else 1800 if index < 45 else 4320
            rows.append(
                fact(
                    world,
                    f"2025T{index % 4 + 1}",
                    recipient_id=world.organisations[name],
                    answer_minutes=answer,
                    contact_minutes=contact if index < 54 else None,
                    reached=index < 54,
                )
            )
    rows += [fact(world, "2025T1", recipient_id=world.organisations["police"]) for _ in range(3)]
    session.execute(insert(ReportFact), rows)
    year, viewer = FiscalYear(2025), world.viewer("chrysalide")

    def times(scope):
        made = build_report(session, None, viewer, year, scope, NOW)
        table = next(table for table in made.tables() if table.key == "delay")
        return {str(row[0].value): [cell.value for cell in row[1:]] for row in table.rows}

    network = times(NETWORK)
    assert network["CALACS"] == [60, 300, 1800, 4320]
    assert network["Police"] == [None] * 4, "three references"
    own = times(Scope(world.organisations["coup_de_coeur"], "Coup de cœur"))
    assert own == {"Références reçues par l’organisme": [60, 60, 300, 1800, 4320]}
    session.execute(delete(ReportFact).where(ReportFact.recipient_id == world.organisations["coup_de_coeur"]))
    assert times(NETWORK) == {}, "one centre and three others: the year itself is hidden"


def fact(world, quarter, **changes):
    return {
        "id": uuid4(),
        "ended_quarter": quarter,
        "submitted_quarter": quarter,
        "kind": "reference",
        "channel": "platform",
        "origin_type": "police",
        "origin_id": world.organisations["police"],
        "recipient_id": world.organisations["chrysalide"],
        "area_code": "mrc-600",
        "age_band": "25_34",
        "needs": ",support,",
        "urgent": False,
        "priority": 0,
        "outcome": "served",
        "taken": True,
        "reached": True,
        "answer_minutes": 60,
        "contact_minutes": 600,
        "end_minutes": 1440,
        "settled": True,
        **changes,
    }
