"""The gate: its SQL twin, what it takes and explains, and the urgent referral that it never stops."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import case, delete, insert, literal, select, update
from sqlalchemy.orm import Session

from core.api import TORONTO, Event, StartupError, can, new_id
from core.testing.network import Network, visiting
from core.testing.referrals import a_referral

from ..models import AttestationRow, Course, GateWarning, Learner, Version
from ..queries.gate import passing
from ..rules.gate import Gate, Held, verdict
from ..services import gating
from ..settings import GateSetting, Settings
from . import attesting as a
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
DAYS = st.dates(date(2026, 1, 1), date(2028, 12, 31))
HELD = st.builds(Held, DAYS, st.none() | DAYS, st.booleans())


def toml(folder: Path, *gates: tuple[str, str, str, int], extra: str = "") -> Path:
    """A plugins.toml with these gates: permission, course, first day, days of grace."""
    path = folder / "plugins.toml"
    listed = "".join(
        f'\n[[plugins.ficesl.gates]]\npermission = "{permission}"\n'
        f'course = "{course}"\nfrom = {day}\ngrace_days = {grace}\n'
        for permission, course, day, grace in gates
    )
    bien_etre = '[plugins.bien_etre]\nenabled = true\nfund_holder = "calacs-la-chrysalide"\n'
    path.write_text(f"{bien_etre}[plugins.ficesl]\nenabled = true\n{extra}{listed}", encoding="utf-8")
    return path


@pytest.fixture
def gated(network: Network, tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Makes plugins.toml; restrictions are the process's, so the next test starts from those of the project."""
    yield partial(toml, tmp_path)
    network.app()


@pytest.fixture
def course(session: Session) -> Course:
    one = Course(id=new_id(), code="K-7K3M-9Q", kind="training", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    session.add(one)
    session.flush()
    session.add(Version(id=new_id(), course_id=one.id, number=1, state="published", title="Essai", audience="patrol"))
    session.flush()
    return one


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    starts=DAYS,
    grace=st.integers(0, 120),
    since=DAYS,
    today=DAYS,
    held=st.lists(HELD, max_size=3),
    hour=st.integers(0, 23),
)
def test_the_rule_and_its_sql_twin_agree(
    session: Session, course: Course, starts: date, grace: int, since: date, today: date, held: list[Held], hour: int
) -> None:
    """Whatever the days, the grace and what was held; at any hour of the network's day."""
    gate = Gate("referral_receive", course.code, starts, grace)
    user_id = new_id()
    learner = Learner(
        id=new_id(), organisation_id=new_id(), user_id=user_id, audience="patrol", created_at=course.created_at
    )
    session.add(learner)
    session.flush()
    version = session.scalars(select(Version.id).where(Version.course_id == course.id)).one()
    for number, one in enumerate(held):
        session.execute(
            insert(AttestationRow).values(
                id=new_id(),
                code=str(new_id())[-14:],
                learner_id=learner.id,
                organisation_id=learner.organisation_id,
                course_id=course.id,
                version_id=version,
                minutes=60,
                issued_on=one.issued_on + timedelta(days=number),
                expires_on=one.expires_on,
                at=course.created_at,
                revoked_at=course.created_at if one.revoked else None,
                revoked_reason="asked" if one.revoked else None,
                status_index=number,
            )
        )
    shifted = [Held(one.issued_on + timedelta(days=n), one.expires_on, one.revoked) for n, one in enumerate(held)]
    now = datetime(today.year, today.month, today.day, hour, 30, tzinfo=TORONTO).astimezone(UTC)
    opened = datetime(since.year, since.month, since.day, 23, 59, tzinfo=TORONTO).astimezone(UTC)
    person = SimpleNamespace(
        id=literal(user_id, Learner.user_id.type), created_at=literal(opened, Learner.created_at.type)
    )
    found = session.scalar(select(case((passing(gate, person, now), 1), else_=0)))
    assert bool(found) is verdict(gate, since, shifted, today).passes
    session.execute(delete(AttestationRow))
    session.execute(delete(Learner).where(Learner.id == learner.id))


@pytest.mark.parametrize("permission", ["hours_enter", "bien_etre.request", "referral_receive"])
def test_both_forms_of_the_restriction_agree(session: Session, permission: str) -> None:
    gate = Gate(permission, "K-7K3M-9Q", date(2026, 1, 1))
    for known in (frozenset[str](), frozenset({gate.fact})):
        viewer = SimpleNamespace(known=known)
        rows = session.scalar(select(case((gating.rows_passed(gate, viewer), 1), else_=0)))
        ordinary = SimpleNamespace(urgent=False)
        assert gating.may_pass(gate, viewer, ordinary).allowed is bool(rows)
        assert gating.may_pass(gate, viewer, SimpleNamespace(urgent=True)).allowed is (
            bool(rows) or permission == "referral_receive"
        )


def test_a_gate_that_cannot_work_stops_the_start() -> None:
    for permission, said in (
        ("account_self", "account_self"),
        ("referral_read", "referral_receive"),
        ("consent_withdraw", "jamais"),
        ("ficesl.register", "s’inscrire"),
    ):
        with pytest.raises(ValueError, match=said):
            Settings(gates=({"permission": permission, "course": "K-7K3M-9Q", "from": date(2027, 1, 1)},))
    twice = {"permission": "hours_enter", "course": "K-7K3M-9Q", "from": date(2027, 1, 1)}
    with pytest.raises(ValueError, match="deux fois"):
        Settings(gates=(twice, twice))
    assert GateSetting(**twice).gate == Gate("hours_enter", "K-7K3M-9Q", date(2027, 1, 1), 0)


@SQLITE
def test_unknown_permissions_and_courses_stop_the_start_in_words(network: Network, gated: Callable[..., Path]) -> None:
    with pytest.raises(StartupError, match=r"hours_entr .*n’existe pas"):
        network.app(plugins_file=gated(("hours_entr", "K-7K3M-9Q", "2026-01-01", 0)))
    app = network.app(plugins_file=gated(("hours_enter", "K-7K3M-9Q", "2026-01-01", 0)))
    hooks = app.state.house.hooks
    with network.database.transaction(write=False) as session, pytest.raises(StartupError, match="K-7K3M-9Q"):
        hooks.check_start(session)


@SQLITE
def test_a_page_that_the_gate_closes_says_why_and_where_to_go(network: Network, gated: Callable[..., Path]) -> None:
    version = h.a_course(network, modules=1)
    course = a.course_of(network, version)[1]
    session_id = h.a_session(network, version)
    assert session_id
    file = gated(("hours_enter", course, "2020-01-01", 10))
    hours = "/heures/nouvelle"
    with visiting(network, plugins_file=file) as visitor:
        visitor.become(h.WORKER)
        with network.database.transaction() as session:
            users = AttestationRow.metadata.tables["users"]
            session.execute(update(users).values(created_at=datetime(2021, 1, 1, tzinfo=UTC)))
        refused = visitor.get(hours)
        assert refused.status_code == 403
        assert "demande une formation valide" in refused.text
        assert 'href="/comites/ficesl/acces"' in refused.text
        nav = visitor.get("/").text
        assert "Inscrire des heures" not in nav
        mine = visitor.get("/comites/ficesl/acces").text
        assert "Retiré" in mine
        assert "2026-12-08" in mine or "décembre" in mine, re.findall(r"Prochaines.*", mine)
        assert re.search(r"/comites/ficesl/seances/T-", mine)
        visitor.become(h.ADMIN)
        ours = visitor.get("/comites/ficesl/acces").text
        assert "Qui perd quoi, et quand" in ours
        assert network.viewer("calacs-chrysalide").display_name in ours
        assert network.viewer(h.WORKER).display_name not in ours
        a.attested(network, h.WORKER, version=version)
        network.app(plugins_file=file)
        visitor.become(h.WORKER)
        assert visitor.get(hours).status_code == 200
        assert "Ouvert" in visitor.get("/comites/ficesl/acces").text


def test_an_urgent_referral_is_accepted_without_the_training_and_noted(
    network: Network, gated: Callable[..., Path]
) -> None:
    """End to end through the real page: the ordinary one is refused with the reason, the urgent one is accepted."""
    version = h.a_course(network, modules=1)
    course = a.course_of(network, version)[1]
    ordinary = a_referral(network, h.OFFICER)
    urgent = a_referral(network, h.OFFICER, urgent=True)
    with network.database.transaction() as session:
        users = AttestationRow.metadata.tables["users"]
        session.execute(update(users).values(created_at=datetime(2021, 1, 1, tzinfo=UTC)))
    file = gated(("referral_receive", course, "2020-01-01", 10))
    persona = "calacs-chrysalide"
    with visiting(network, plugins_file=file) as visitor:
        visitor.become(persona)
        page = visitor.get(f"/references/{ordinary}").text
        assert "Accepter demande la formation" in page
        assert f"/references/{ordinary}/accepter" not in page
        refused = visitor.post(f"/references/{ordinary}/accepter", {"version": version_in(page)})
        assert refused.status_code == 403
        assert "/comites/ficesl/acces" in refused.text
        page = visitor.get(f"/references/{urgent}").text
        assert "Cette référence est urgente" in page
        done = visitor.post(f"/references/{urgent}/accepter", {"version": version_in(page)})
        assert done.status_code == 303
        assert "Maïka" in visitor.get(f"/references/{urgent}").text or done.headers["location"].endswith(urgent)
        # The application's own dispatcher runs the subscriber; a second delivery changes nothing
        deadline = monotonic() + 60
        while not (found := warnings(network)) and monotonic() < deadline:
            sleep(0.05)
        heard(network, file, urgent)
        (warning,) = warnings(network)
        assert [one.id for one in found] == [warning.id]
        assert warning.user_id == network.viewer(persona).user_id
        assert warning.permission == "referral_receive"
        visitor.become(h.ADMIN)
        assert "1 référence urgente a été acceptée sans la formation" in visitor.get("/comites/ficesl/acces").text
        # Trained, nothing is asked any more
        a.attested(network, persona, version=version)
        network.app(plugins_file=file)
        visitor.become(persona)
        page = visitor.get(f"/references/{ordinary}").text
        assert "Accepter demande la formation" not in page
        assert visitor.post(f"/references/{ordinary}/accepter", {"version": version_in(page)}).status_code == 303


def warnings(network: Network) -> list[GateWarning]:
    """What was noted."""
    with network.database.transaction(write=False) as session:
        return list(session.scalars(select(GateWarning)))


def version_in(page: str) -> str:
    """The version a form of the page sends."""
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found is not None
    return found.group(1)


def heard(network: Network, file: Path, code: str) -> None:
    """The event of the acceptance, given to the subscriber as often as one likes."""
    events = AttestationRow.metadata.tables["outbox_events"]
    house = network.app(plugins_file=file).state.house
    with network.database.transaction() as session:
        wanted = select(events.c.id, events.c.created_at).where(
            events.c.kind == "referral.accepted", events.c.ref == code
        )
        row = session.execute(wanted).one()
        gating.note_urgent(session, Event(row.id, "referral.accepted", code, (), row.created_at), house)


def test_a_gate_never_gives_what_a_role_has_not(session: Session) -> None:
    nobody = SimpleNamespace(roles=frozenset(), known=frozenset({"ficesl.passes.hours_enter.K-7K3M-9Q"}))
    assert not can(nobody, "hours_enter").allowed
