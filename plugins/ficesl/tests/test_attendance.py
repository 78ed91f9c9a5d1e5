"""Presences, check-in, credits, capsules, trainers' hours and printed figures, on the network of the demo."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, insert, select, update

from core.api import ANONYMOUS, DomainError, Missing, admitted_organisations, new_id
from core.testing.network import Network
from core.testing.statements import counted_statements

from .. import models
from ..models import Block, Credit, Module, Presence, TrainingSession
from ..pages.attendance_words import email_marks
from ..queries.about_attendance import about_person
from ..queries.attendance import BlockView, find_block, find_sheet, proposed_hours, sheet_rows
from ..queries.capsules import capsule, capsules
from ..queries.names import GONE, names_for
from ..rules import checkin
from ..rules.attendance import NOTHING_LEFT, Mark
from ..rules.credits import USED_UP, Question
from ..services import attendance as service
from ..services import capsules as capsule_service
from ..services import people, sessions, trainer_hours
from ..services.attendance import NOT_REGISTERED, OTHERWISE, CheckInRefused, SheetMark, mark_presences
from ..services.desk import Desk
from . import training
from .training import TRAINER, WORKER

TOLERANCE = 10
SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@pytest.fixture
def held(network: Network) -> Held:
    """A session of one hour on December 8, 9 h, given by the trainer, with three people; the clock at 9 h."""
    return Held(network)


class Held:
    def __init__(self, network: Network, people: int = 3, version: UUID | None = None) -> None:
        self.network = network
        self.session_id = training.a_session(network, version, capacity=300)
        # A viewer is read in a transaction of its own: before those of the tests.
        for persona in (WORKER, training.ADMIN, training.OFFICER, "bien-etre-1"):
            network.viewer(persona)
        trainer = network.viewer(TRAINER)
        with network.database.transaction() as session:
            sessions.add_trainer(
                session,
                training.desk(network),
                self.session_id,
                user_id=trainer.user_id,
                organisation_id=trainer.organisation_id,
                name="",
            )
            mine = select(TrainingSession.code, Block.id).join(Block).where(TrainingSession.id == self.session_id)
            self.code, self.block_id = session.execute(mine).one()
        self.learners = [
            training.a_person(network, f"Personne Fictive{number}", f"personne-{number}@exemple.invalid")
            for number in range(people)
        ]
        training.register(network, self.session_id, *self.learners)
        network.clock.advance(datetime(2026, 12, 8, 14, tzinfo=UTC) - network.clock.now())

    def block(self, session: Any) -> BlockView:
        found = find_block(session, self.network.viewer(TRAINER), self.code, self.block_id)
        assert found is not None
        return found

    def note(self, session: Any, *marks: SheetMark) -> service.Noted:
        return mark_presences(session, training.desk(self.network), self.block(session), marks, TOLERANCE)

    def code_now(self) -> str:
        return service.screen_code(self.network.keyring, self.block_id, self.network.clock.now())

    def arrive(self, session: Any, typed: str, email: str = "", persona: str | None = None) -> BlockView:
        viewer = self.network.viewer(persona) if persona else ANONYMOUS
        marks = email_marks(self.network.keyring, email)
        now = self.network.clock.now()
        return service.check_in(session, self.network.keyring, viewer, typed, marks, now, TOLERANCE)


def minutes(session: Any, learner_id: UUID) -> int | None:
    return session.scalar(select(Presence.minutes).where(Presence.learner_id == learner_id))


def test_marks_are_idempotent_and_never_overwrite_silently(held: Held) -> None:
    first, second, third = held.learners
    stranger = uuid4()
    with held.network.database.transaction() as session:
        for _ in range(2):
            noted = held.note(session, SheetMark(first, Mark(True), "k1"), SheetMark(second, Mark(True, 20), "k2"))
            assert noted.kept == {first: (60, "k1"), second: (40, "k2")}
        assert session.scalar(select(func.count()).select_from(Presence)) == 2
        # One bad mark takes nothing from the others.
        noted = held.note(
            session,
            SheetMark(stranger, Mark(True), "k3"),
            SheetMark(third, Mark(True, 30, 30), "k4"),
            SheetMark(second, Mark(False), "k5", seen="k2"),
        )
        assert {one.learner_id: one.message for one in noted.problems} == {
            stranger: NOT_REGISTERED,
            third: NOTHING_LEFT,
        }
        assert minutes(session, second) == 0
        # Another phone that saw nothing: told, and both are known.
        (told,) = held.note(session, SheetMark(second, Mark(True), "k6")).problems
        assert (told.message, told.there, told.key) == (OTHERWISE, Mark(False), "k5")
        assert minutes(session, second) == 0
        assert held.note(session, SheetMark(second, Mark(True), "k7", seen="k5")).kept == {second: (60, "k7")}
        # A mark made before that comes late is not what is seen any more.
        assert held.note(session, SheetMark(second, Mark(False), "k6b", seen="k2")).problems[0].message == OTHERWISE
        assert [row.mark for row in sheet_rows(session, held.block(session), TOLERANCE)] == [
            Mark(True),
            Mark(True),
            None,
        ]
    early = held.network.clock.now() - timedelta(minutes=31)
    desk = Desk(held.network.keyring, training.desk(held.network).settings, held.network.viewer(TRAINER), early)
    with held.network.database.transaction() as session:
        block = held.block(session)
        with pytest.raises(DomainError):
            mark_presences(session, desk, block, [SheetMark(first, Mark(True), "k")], TOLERANCE)
        assert find_block(session, held.network.viewer(WORKER), held.code, held.block_id) is None
        assert find_block(session, held.network.viewer("bien-etre-1"), held.code, held.block_id) is None


def test_the_code_of_the_screen_notes_who_is_registered(held: Held) -> None:
    network = held.network
    first, second, _third = held.learners
    with network.database.transaction() as session:
        code = held.code_now()
        assert held.arrive(session, f"{code[:3]} {code[3:]}", "PERSONNE-0@exemple.invalid").id == held.block_id
        assert minutes(session, first) == 60
        for typed, email, message in (
            (code, "personne-9@exemple.invalid", checkin.WRONG_PAIR),
            (code, "", service.EMAIL_NEEDED),
            ("12 34", "personne-1@exemple.invalid", checkin.NOT_A_CODE),
        ):
            with pytest.raises(CheckInRefused) as refused:
                held.arrive(session, typed, email)
            assert refused.value.message == message
        with pytest.raises(CheckInRefused) as refused:  # an account that nobody registered
            held.arrive(session, code, persona="police-repentigny")
        assert refused.value.message == service.NO_ACCOUNT_HERE
        worker = training.desk(network, WORKER)
        own = people.own_learner(session, worker)
        seat = {"session_id": held.session_id, "learner_id": own, "organisation_id": worker.viewer.organisation_id}
        session.execute(insert(models.Registration).values(**seat, state="registered", queue=90, at=worker.now))
        held.arrive(session, code, persona=WORKER)
        assert minutes(session, own) == 60
    network.clock.advance(timedelta(minutes=25))
    with network.database.transaction() as session:
        with pytest.raises(CheckInRefused) as refused:  # the code of twenty-five minutes ago
            held.arrive(session, code, "personne-1@exemple.invalid")
        assert refused.value.message == checkin.WRONG_PAIR
        held.arrive(session, held.code_now(), "personne-1@exemple.invalid")
        held.arrive(session, held.code_now(), "personne-0@exemple.invalid")
        assert (minutes(session, first), minutes(session, second)) == (60, 35)
        # « Présence » on the sheet keeps her own minute of arrival; an absence asks the trainer to say it again.
        assert held.note(session, SheetMark(second, Mark(True), "s1")).kept[second][0] == 35
        assert held.note(session, SheetMark(second, Mark(False), "s2")).problems[0].message == OTHERWISE
    network.clock.advance(timedelta(days=1))
    with network.database.transaction() as session, pytest.raises(CheckInRefused) as refused:
        held.arrive(session, held.code_now(), "personne-2@exemple.invalid")  # yesterday's block, whatever its code
    assert refused.value.message == checkin.WRONG_PAIR


def test_a_block_that_is_over_becomes_credits_once(held: Held) -> None:
    network = held.network
    first, second, third = held.learners
    house: Any = SimpleNamespace()

    def credits() -> dict[UUID, int]:
        with network.database.transaction(write=False) as session:
            rows = session.execute(select(Credit.learner_id, Credit.minutes))
            return {row.learner_id: row.minutes for row in rows}

    def settle() -> None:
        with network.database.transaction() as session:
            service.settle_blocks(session, house, network.clock.now())

    with network.database.transaction() as session:
        held.note(session, SheetMark(first, Mark(True), "k1"), SheetMark(second, Mark(True, 0, 15), "k2"))
    network.clock.advance(timedelta(minutes=59))
    before = credits()
    settle()
    assert credits() == before
    network.clock.advance(timedelta(minutes=1))
    for _ in range(2):
        settle()
        assert credits() == before | {first: 60, second: 45}
    # A late mark credits at once, one corrected to an absence takes it away.
    with network.database.transaction() as session:
        held.note(session, SheetMark(third, Mark(True), "k3"), SheetMark(first, Mark(False), "k4", seen="k1"))
        credit = session.execute(select(Credit.on_day, Credit.source).where(Credit.learner_id == third)).one()
    assert credit == (date(2026, 12, 8), "session")
    assert credits() == before | {second: 45, third: 60}


@SQLITE
def test_a_night_in_which_the_clocks_go_back_is_credited_as_it_passed(network: Network) -> None:
    """Its block was planned as 23 h to 3 h on October 31; three hours pass on the clock's face, five in the room."""
    held = Held(network, people=1)
    with network.database.transaction() as session:
        starts, ends = datetime(2026, 11, 1, 3, tzinfo=UTC), datetime(2026, 11, 1, 8, tzinfo=UTC)
        session.execute(update(Block).where(Block.id == held.block_id).values(starts_at=starts, ends_at=ends))
        session.execute(update(Module).values(minutes=600))
        held.note(session, SheetMark(held.learners[0], Mark(True, 30), "k1"))
        assert minutes(session, held.learners[0]) == 270
        credit = session.execute(
            select(Credit.minutes, Credit.on_day).where(Credit.learner_id == held.learners[0])
        ).one()
        assert credit == (270, date(2026, 11, 1))


@SQLITE
def test_a_sheet_of_two_hundred_takes_six_statements(network: Network) -> None:
    held = Held(network, people=1)
    with network.database.transaction() as session:
        organisation_id = network.organisation(training.CHRYSALIDE)
        now = network.clock.now()
        more = [new_id() for _ in range(199)]
        others = [one for one, _ in admitted_organisations(session) if one != organisation_id][:19]
        holders = [organisation_id, *others]
        # Twenty organisations hold their names: each reads in its own journal that they were read.
        whose = {one: holders[number % len(holders)] for number, one in enumerate(more)}
        assert len(holders) == 20
        # Some of them have an account, which says what they are called.
        accounts = {more[0]: network.viewer(WORKER).user_id, more[1]: network.viewer("bien-etre-1").user_id}
        session.execute(
            models.Learner.__table__.insert(),
            [
                {"id": one, "organisation_id": whose[one], "user_id": accounts.get(one), "audience": "worker",
                 "created_at": now}
                for one in more
            ],
        )  # fmt: skip
        session.execute(
            models.Registration.__table__.insert(),
            [
                {"id": new_id(), "session_id": held.session_id, "learner_id": one, "organisation_id": whose[one],
                 "state": "registered", "queue": number, "at": now}
                for number, one in enumerate(more, 10)
            ],
        )  # fmt: skip
    viewer = network.viewer(TRAINER)
    for allowed in (8, 6):  # two more the first time: the journals of nineteen organisations begin
        with network.database.transaction() as session, counted_statements() as sent:
            found = find_sheet(session, viewer, held.code, held.block_id, TOLERANCE)
            assert found is not None
            block, rows = found
            names = names_for(session, network.keyring, viewer, [row.learner_id for row in rows], now, days=7)
        assert (len(rows), len(names)) == (200, 200)
        assert len({names[one] for one in accounts} - {GONE}) == 2
        assert len(sent) <= allowed, sent
    journal = models.Learner.metadata.tables["journal_entries"]
    with network.database.transaction() as session:
        for holder in holders:
            wanted = (journal.c.organisation == str(holder)) & journal.c.line.contains("ficesl.names_read")
            assert len(session.execute(journal.select().where(wanted)).all()) == 2, holder
        marks = [SheetMark(row.learner_id, Mark(True), f"k{n}") for n, row in enumerate(rows)]
        with counted_statements() as few:
            assert len(held.note(session, *marks).kept) == 200
        assert len(few) <= 8, few
        assert find_block(session, viewer, held.code, held.block_id) == block
        noted = find_sheet(session, viewer, held.code, held.block_id, TOLERANCE)
        assert noted == (block, sheet_rows(session, block, TOLERANCE))
        assert {row.mark for row in noted[1]} == {Mark(True)}
        session.execute(update(models.Registration).values(state="cancelled"))
        assert find_sheet(session, viewer, held.code, held.block_id, TOLERANCE) == (block, ())
        assert find_sheet(session, network.viewer(WORKER), held.code, held.block_id, TOLERANCE) is None


@SQLITE
def test_a_capsule_is_credited_by_its_quiz_within_its_attempts(network: Network) -> None:
    version = training.a_course(network, modules=1)
    with network.database.transaction() as session:
        module_id = session.scalars(select(Module.id).where(Module.version_id == version)).one()
        values = {"form": "self_paced", "quiz_pass_percent": 60, "quiz_attempts": 2, "minutes": 30}
        session.execute(update(Module).where(Module.id == module_id).values(values))
    keeper, worker = training.desk(network), training.desk(network, WORKER)
    questions = [Question("Une question?", ("oui", "non"), 0), Question("Une autre?", ("a", "b", "c"), 2)]

    def found(session: Any, desk: Desk = worker) -> Any:
        return capsule(session, desk.viewer.user_id, module_id)

    with network.database.transaction() as session:
        assert capsule_service.watch_capsule(session, keeper, found(session, keeper))
        assert not capsule_service.watch_capsule(session, keeper, found(session, keeper))
        assert found(session, keeper).done
        capsule_service.save_quiz(session, keeper, found(session), questions)
        with pytest.raises(capsule_service.QuizRefused) as refused:
            capsule_service.watch_capsule(session, worker, found(session))
        assert refused.value.message == capsule_service.HAS_A_QUIZ
        with pytest.raises(capsule_service.QuizRefused):
            capsule_service.try_quiz(session, worker, found(session), [0, None])
        for _ in range(2):
            assert capsule_service.try_quiz(session, worker, found(session), [0, 0]) == (50, False)
        with pytest.raises(capsule_service.QuizRefused) as refused:
            capsule_service.try_quiz(session, worker, found(session), [0, 2])
        assert refused.value.message == USED_UP
        assert not found(session).done
        with pytest.raises(capsule_service.QuizRefused) as refused:
            capsule_service.save_quiz(session, keeper, found(session), questions[:1])
        assert refused.value.message == capsule_service.QUIZ_TRIED
        later = Desk(worker.keyring, worker.settings, worker.viewer, worker.now + timedelta(days=7))
        assert capsule_service.try_quiz(session, later, found(session), [0, 2]) == (100, True)
        assert found(session).done
        assert [one.done for one in capsules(session, worker.viewer.user_id) if one.id == module_id] == [True]
        sources = session.scalars(select(Credit.source).where(Credit.module_id == module_id)).all()
        assert sources == ["self_paced", "self_paced"]


@SQLITE
def test_trainers_confirm_their_hours_once_for_their_organisation_to_approve(network: Network) -> None:
    held = Held(network, people=1)
    viewer = network.viewer(TRAINER)
    hours = models.Presence.metadata.tables["hours_entries"].c
    mine = hours.user_id == viewer.user_id
    with network.database.transaction() as session:
        assert held.block_id not in {
            one.block_id for one in proposed_hours(session, viewer.user_id, network.clock.now())
        }
        before = session.scalar(select(func.count(hours.id)).where(mine))
    network.clock.advance(timedelta(hours=2))
    desk = training.desk(network)
    with network.database.transaction() as session:
        proposed = {one.block_id: one for one in proposed_hours(session, viewer.user_id, desk.now)}
        assert proposed[held.block_id].quarter_hours == 4
        assert trainer_hours.confirm_hours(session, desk, held.block_id, {"preparation": 2, "travel": 0}) == 6
        with pytest.raises(Missing):
            trainer_hours.confirm_hours(session, desk, held.block_id, {})
        rows = session.execute(
            select(hours.kind, hours.quarter_hours, hours.state, hours.committee)
            .where(mine)
            .order_by(hours.created_at.desc(), hours.kind)
        ).all()
        assert len(rows) == (before or 0) + 2
        assert set(rows[:2]) == {("facilitation", 4, "submitted", "ficesl"), ("preparation", 2, "submitted", "ficesl")}
    with network.database.transaction() as session, pytest.raises(Missing):
        trainer_hours.set_hours_aside(session, training.desk(network, WORKER), held.block_id)


@SQLITE
def test_what_is_held_about_a_person_is_copied_then_erased(network: Network) -> None:
    held = Held(network, people=1)
    viewer = network.viewer(TRAINER)
    reference = f"user:{viewer.user_id}"
    with network.database.transaction() as session:
        held.note(session, SheetMark(held.learners[0], Mark(True), "k1"))
        network.clock.advance(timedelta(hours=2))
        trainer_hours.confirm_hours(session, training.desk(network), held.block_id, {})
        (data,) = about_person(session, reference)
        assert data.copy["hours_confirmed"] == [held.code]
        data.erase(session)
        assert (
            session.scalar(select(func.count()).select_from(Presence).where(Presence.recorded_by == viewer.user_id))
            == 0
        )
        assert about_person(session, reference) == about_person(session, "R-7K3M-9Q") == ()
