"""Seats, queues, lists of people: races on both engines, every refusal, and nobody written twice."""

from __future__ import annotations

import asyncio
from datetime import date, time, timedelta
from inspect import Parameter, signature
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from core.api import Forbidden, Missing, Stale
from core.testing import in_loop
from core.testing.network import Network

from .. import training_parts
from ..models import Block, Learner, ListLine, PeopleList, Registration, SessionReminder, Trainer
from ..models.attendance import Presence
from ..queries.about import about_person
from ..queries.names import names_for
from ..rules.lists import table_of
from ..services import lists, people, registering, reminders, sessions
from ..services.desk import Refused
from ..services.people import AlikePerson, NewPerson
from ..services.sessions import NewBlock
from ..settings import Settings
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def test_two_hundred_at_once_for_twenty_seats(network: Network) -> None:
    """Exactly twenty, and the queue is the order in which they came; then the first who waits gets what is freed."""
    session_id = h.a_session(network, capacity=20)
    given = h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        ours = given.viewer.organisation_id
        assert ours is not None
        everybody = [
            people.insert_person(session, given, ours, f"Personne {number:03}", "", "worker", None)
            for number in range(200)
        ]

    def one(learner: UUID) -> Any:
        return lambda session: registering.register_people(session, given, session_id, [learner]).states[learner]

    async def race() -> list[str]:
        return list(await asyncio.gather(*(network.database.run(one(learner), "write") for learner in everybody)))

    answers = in_loop(network.database, race)
    assert (answers.count("registered"), answers.count("waiting")) == (20, 180)
    assert h.states(network, session_id) == ["registered"] * 20 + ["waiting"] * 180
    with network.database.transaction(write=False) as session:
        rows = session.execute(
            select(Registration.id, Registration.queue, Registration.learner_id, Registration.state)
            .where(Registration.session_id == session_id)
            .order_by(Registration.queue)
        ).all()
    assert [row.queue for row in rows] == list(range(1, 201))
    assert {row.learner_id: row.state for row in rows} == dict(zip(everybody, answers, strict=True))
    with network.database.transaction() as session:
        registering.cancel_registration(session, given, rows[4].id)
    after = h.states(network, session_id)
    assert (after[4], after[20], after[21]) == ("cancelled", "registered", "waiting")
    assert after.count("registered") == 20
    # Undone: her place in the queue is still hers, the seat is somebody else's
    with network.database.transaction() as session:
        assert registering.restore_registration(session, given, rows[4].id) == "waiting"
        registering.cancel_registration(session, given, rows[0].id)
    after = h.states(network, session_id)
    assert (after[0], after[4], after[21]) == ("cancelled", "registered", "waiting")


@SQLITE
def test_kept_seats_cancelling_and_undoing(network: Network) -> None:
    session_id = h.a_session(network, capacity=2)
    committee, ours = h.desk(network), h.desk(network, h.ADMIN)
    ajrj = network.organisation("ajrj")
    with network.database.transaction() as session:
        with pytest.raises(Refused, match="dépassent"):
            sessions.set_seats(session, committee, session_id, 2, {ajrj: 3})
        sessions.set_seats(session, committee, session_id, 2, {ajrj: 1})
    first, second = h.a_person(network, "Ève Untel"), h.a_person(network, "Noé Quelqu’un")
    assert list(h.register(network, session_id, first, second).values()) == ["registered", "waiting"]
    assert h.register(network, session_id, first)[first] == "registered"
    worker = h.desk(network, h.WORKER)
    with network.database.transaction() as session:
        mine = people.own_learner(session, worker)
        assert people.own_learner(session, worker) == mine
        assert registering.register_people(session, worker, session_id, [mine]).states == {mine: "registered"}
        # Nobody registers somebody else's people
        with pytest.raises(Missing):
            registering.register_people(session, worker, session_id, [first])
        with pytest.raises(Refused, match="plus petit"):
            sessions.set_seats(session, committee, session_id, 1, {})
    with network.database.transaction() as session:
        # A third seat for everybody: the one who waits has it
        sessions.set_seats(session, committee, session_id, 3, {ajrj: 1})
    assert h.states(network, session_id) == ["registered"] * 3
    with network.database.transaction() as session:
        sessions.cancel_session(session, committee, session_id)
        with pytest.raises(Refused, match="annulée"):
            registering.register_people(session, ours, session_id, [first])
        sessions.restore_session(session, committee, session_id)
        assert registering.cancel_organisation(session, ours, session_id) == 2
    assert h.states(network, session_id) == ["cancelled", "cancelled", "registered"]
    with network.database.transaction() as session:
        people.person_left(session, ours, second)
        with pytest.raises(Refused, match="quitté"):
            registering.register_people(session, ours, session_id, [second])
    network.clock.advance(timedelta(days=15))
    with network.database.transaction() as session:
        with pytest.raises(Refused, match="commencé"):
            registering.register_people(session, h.desk(network, h.ADMIN), session_id, [first])
        with pytest.raises(Refused, match="commencé"):
            sessions.cancel_session(session, h.desk(network), session_id)
        assert sessions.finish_sessions(session, h.desk(network)) == 1


@SQLITE
def test_a_block_is_refused_by_rule_and_what_was_attended_stays(network: Network) -> None:
    version = h.a_course(network)
    session_id = h.a_session(network, version)
    committee, ours, stranger = h.desk(network), h.desk(network, h.ADMIN), h.desk(network, h.WORKER)
    with network.database.transaction() as session:
        block = h.a_block(session, version, date(2026, 12, 8))
        for day, starts, ends, said in (
            (date(2026, 12, 8), time(9, 30), time(11), "déjà ces heures"),
            (date(2026, 12, 9), time(22), time(1), "tient dans une journée"),
            (date(2027, 3, 14), time(2, 30), time(4), "n’existe pas"),
            (date(2027, 3, 14), time(1), time(4), "L’heure change"),
            (date(2027, 11, 7), time(1, 30), time(4), "vient deux fois"),
        ):
            with pytest.raises(Refused, match=said):
                sessions.add_block(session, committee, session_id, NewBlock(block.module_id, day, starts, ends, "", ""))
        with pytest.raises(Missing):
            sessions.add_block(session, stranger, session_id, block)
        added = sessions.add_block(
            session, committee, session_id, NewBlock(block.module_id, date(2026, 12, 9), time(9), time(10), "", "")
        )
        sessions.cancel_block(session, committee, session_id, added)
        sessions.cancel_block(session, committee, session_id, added, undo=True)
    learner = h.a_person(network, "Ève Untel")
    h.register(network, session_id, learner)
    with network.database.transaction() as session:
        registration = session.scalars(select(Registration.id)).one()
        session.add(
            Presence(
                block_id=added,
                registration_id=registration,
                learner_id=learner,
                minutes=60,
                source="sheet",
                at=network.clock.now(),
            )
        )
        session.flush()
        with pytest.raises(Refused, match="présences"):
            sessions.cancel_block(session, committee, session_id, added)
        with pytest.raises(Refused, match="présence"):
            registering.cancel_registration(session, ours, registration)


@SQLITE
def test_names_are_her_organisations_and_her_trainers_around_the_session(network: Network) -> None:
    session_id = h.a_session(network)
    learner = h.a_person(network, "Ève Untel", "eve@exemple.invalid")
    h.register(network, session_id, learner)
    trainer = network.viewer(h.TRAINER)
    with network.database.transaction() as session:
        committee = h.desk(network)
        sessions.add_trainer(
            session, committee, session_id, user_id=trainer.user_id, organisation_id=trainer.organisation_id, name=""
        )

    def read(persona: str, days: int = 7) -> dict[UUID, str]:
        with network.database.transaction() as session:
            now = network.clock.now()
            return names_for(session, network.keyring, network.viewer(persona), [learner], now, days=days)

    assert read(h.ADMIN) == {learner: "Ève Untel"}
    # Fourteen days before, then six, then eight days after
    assert read(h.TRAINER) == {}
    assert read(h.TRAINER, days=20) == {learner: "Ève Untel"}
    # Whoever reads names says for how many days: no page may forget the setting
    assert signature(names_for).parameters["days"].default is Parameter.empty
    network.clock.advance(timedelta(days=8))
    assert read(h.TRAINER) == {learner: "Ève Untel"}
    for persona in (h.WORKER, h.OFFICER, "coordination-cresl", "calacs-chrysalide", "operateur"):
        assert read(persona) == {}, persona
    network.clock.advance(timedelta(days=14))
    assert read(h.TRAINER) == {}
    with network.database.transaction() as session:
        ours = h.desk(network, h.ADMIN)
        with pytest.raises(Forbidden):
            people.add_person(session, h.desk(network, h.WORKER), NewPerson("Ève Untel", "", "worker"))
        people.erase_person(session, ours, learner)
    assert read(h.ADMIN) == {}
    with network.database.transaction(write=False) as session:
        row = session.execute(select(*Learner.__table__.columns).where(Learner.id == learner)).one()
        assert (row.name_sealed, row.email_sealed, row.name_mark, row.email_mark) == (None,) * 4
        # Hours stay counted, of nobody
        assert session.scalar(select(func.count()).select_from(Registration)) == 1


@SQLITE
def test_somebody_under_two_spellings_is_warned_and_may_be_another(network: Network) -> None:
    first = h.a_person(network, "Catherine Lavoie", "cl@exemple.invalid")
    ours, stranger = h.desk(network, h.ADMIN), h.desk(network, h.WORKER)
    with network.database.transaction() as session:
        again = NewPerson("LAVOIE, Catherine", "CL@exemple.invalid", "worker")
        assert people.add_person(session, ours, again) == first
        for spelled in ("Katherine Lavoie", "Catherine Lavoie"):
            with pytest.raises(AlikePerson) as warned:
                people.add_person(session, ours, NewPerson(spelled, "autre@exemple.invalid", "worker"))
            assert warned.value.like.id == first
        with pytest.raises(Refused, match="adresse"):
            people.add_person(session, ours, NewPerson("Noé Untel", "cl@exemple.invalid", "worker"))
        other = people.add_person(session, ours, NewPerson("Katherine Lavoie", "", "worker", another=True))
        assert other != first
    session_id = h.a_session(network)
    pasted = "\n".join(
        (
            "Catherine Lavoie; cl@exemple.invalid",
            "Catherine Lavoi; x@exemple.invalid",
            "=cmd();formule@exemple.invalid",
            "Rose Tremblay; rose@exemple.invalid",
            "Rose Trembley; r.t@exemple.invalid",
            "Rose Tremblay; rose@exemple.invalid",
            "; vide@exemple.invalid",
        )
    )
    with network.database.transaction() as session:
        list_id = lists.stage_list(session, ours, table_of(pasted), session_id=session_id, audience="worker")
        lines = session.execute(
            select(ListLine.number, ListLine.state, ListLine.problems).order_by(ListLine.number)
        ).all()
        assert [line.state for line in lines] == ["known", "alike", "ready", "ready", "alike", "wrong", "wrong"]
        assert [line.problems for line in lines[5:]] == [["same_line"], ["no_name"]]
    assert h.learners_of(network) == 2
    with network.database.transaction() as session:
        done = lists.start_list(session, ours, list_id, {2: "same", 5: "other"})
        assert (done.written, done.done) == (3, True)
        # Sent again, confirmed again: nothing more
        assert lists.start_list(session, ours, list_id, {}).written == 3
    assert h.learners_of(network) == 5
    assert h.states(network, session_id) == ["registered"] * 4
    with network.database.transaction() as session:
        twice = lists.stage_list(session, ours, table_of(pasted))
        lists.cancel_list(session, ours, twice)
        with pytest.raises(Stale):
            lists.start_list(session, ours, twice, {})
        with pytest.raises(Missing):
            lists.cancel_list(session, stranger, twice)
        # What was typed is gone with the lists, or stays sealed
        assert session.scalars(select(ListLine.typed_sealed).where(ListLine.list_id == twice)).all() == []


@SQLITE
def test_ten_thousand_people_are_read_written_and_followed(network: Network) -> None:
    beginnings = ("ba", "co", "di", "fé", "ga", "lu", "mo", "na", "po", "ri")
    words = [f"{one}{two}{end}" for one in beginnings for two in beginnings for end in ("bert", "cal", "din", "mar")]
    names = [f"{first} {last}".title() for last in words[:250] for first in words[360:]]
    rows = [["Nom", "Courriel"], *([name, f"p{n}@exemple.invalid"] for n, name in enumerate(names))]
    ours = h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        given = lists.material(session, ours, "patrol")
    judged = lists.judge(rows, given)
    with network.database.transaction() as session:
        list_id = lists.store_list(session, ours, judged, given)
    seen = []
    with network.database.transaction() as session:
        progress = lists.start_list(session, ours, list_id, {}, rest="other")
    while not progress.done:
        seen.append(progress.left)
        with network.database.transaction() as session:
            # As the server's job does, stopped anywhere
            assert lists.continue_running(session, ours) < progress.left
            row = session.execute(select(PeopleList.written, PeopleList.state, PeopleList.waiting)).one()
            progress = lists.Progress(row.written, row.waiting, 10_000 - row.written, row.state == "done")
    assert seen == sorted(seen, reverse=True)
    assert len(seen) > 5
    assert (progress.written, h.learners_of(network)) == (10_000, 10_000)
    with network.database.transaction() as session:
        given = lists.material(session, ours)
        again = lists.judge(rows[:500], given)
        assert {one.state for one in again} == {"known"}


@SQLITE
def test_reminders_are_sent_once_and_say_nothing(network: Network) -> None:
    session_id = h.a_session(network)
    h.register(network, session_id, h.a_person(network, "Ève Untel", "eve@exemple.invalid"))
    worker = h.desk(network, h.WORKER)
    with network.database.transaction() as session:
        mine = people.own_learner(session, worker)
        registering.register_people(session, worker, session_id, [mine])
    network.clock.advance(timedelta(days=7))
    for expected in (2, 0):
        with network.database.transaction() as session:
            assert reminders.remind(session, h.desk(network)) == expected
    with network.database.transaction(write=False) as session:
        assert sorted(session.scalars(text("SELECT template FROM outgoing_mail"))) == ["ficesl_soon", "news"]
        assert session.scalars(select(SessionReminder.days)).all() == [7]


@SQLITE
def test_what_is_held_of_a_person_is_copied_and_erased(network: Network) -> None:
    session_id = h.a_session(network)
    gone = h.a_person(network, "Ève Untel", "eve@exemple.invalid")
    worker, ours = h.desk(network, h.WORKER), h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        mine = people.own_learner(session, worker)
        registering.register_people(session, worker, session_id, [mine])
        people.person_left(session, ours, gone)
        assert people.erase_left_before(session, network.clock.now()) == 0
        assert people.erase_left_before(session, network.clock.now() + timedelta(seconds=1)) == 1
        assert people.erase_left_before(session, network.clock.now() + timedelta(days=1)) == 0
        assert about_person(session, "R-7K3M-9Q") == ()
        reference = f"user:{worker.viewer.user_id}"
        (held,) = about_person(session, reference)
        assert [one["state"] for one in held.copy["registrations"]] == ["registered"]  # type: ignore[attr-defined]
        assert held.erase(session) == 2
        assert about_person(session, reference) == ()
        row = session.execute(select(*Learner.__table__.columns).where(Learner.id == gone)).one()
        assert (row.name_sealed, row.email_mark, row.erased_at is not None) == (None, None, True)
        # The seat stays counted, of nobody
        assert session.scalar(select(func.count()).select_from(Registration)) == 1
    with network.database.transaction() as session:
        # Who gave it without an account: her name ends as long after the session
        host = network.viewer(h.TRAINER).organisation_id
        committee = h.desk(network)
        sessions.add_trainer(session, committee, session_id, user_id=None, organisation_id=host, name="Basile Essai")
        over = session.scalars(select(Block.ends_at)).one()
        assert sessions.erase_trainers_before(session, over) == 0
        assert sessions.erase_trainers_before(session, over + timedelta(seconds=1)) == 1
        assert session.scalars(select(Trainer.name_sealed)).all() == [None]
    rules = {one.key: one.erase for one in training_parts.retention(Settings())}
    assert rules["ficesl.names_trainers"] is sessions.erase_trainers_before
