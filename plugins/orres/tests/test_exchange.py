"""Clinical exchanges: nobody is singled out, nobody reads before the second reading, every wrong thing is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text, update

from core.api import (
    EDIT_DECIDED,
    Event,
    Forbidden,
    Missing,
    NamesSomebody,
    Role,
    can,
    new_id,
    services_shown,
    visible,
)
from core.testing.network import Network, Visitor
from core.testing.statements import counted_statements

from .. import exchange_parts
from ..exchange_access import EXCHANGE
from ..models import GivenHours, Lesson, Note, NotOne, VersionRow, Vignette
from ..queries.exchange import about_person, find_vignette, list_vignettes, to_read_again
from ..queries.exchange_lessons import lessons_of_version, list_lessons
from ..queries.trajectory import published
from ..rules.exchange import LessonState, State, Target
from ..services import drafts, exchange, exchange_hours, exchange_keeping, exchange_lessons
from ..services.exchange import NotNow, NotThisReader
from . import drafting
from . import exchange_samples as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
#: What nobody may say is not one, whatever hides it.
HIDDEN = (
    "Appelez quatre cinq zéro, cinq cinq cinq, zéro un zéro un.",
    "Appelez le 450, cinq cinq cinq, zéro un zéro un.",
    "Appelez le 4\u200b50 5\u200b55 01\u200b01.",
    "Appelez le ４５０ ５５５ ０１０１.",
    "Appelez le 45O 555-O1O1.",
    "Née le 3 mai 2010.",
    "Vue le 28 novembre.",
    "Elle a 15 ans.",
    "Voir la référence R-7K3M-9Q.",
)


def state_of(network: Network, code: str) -> State:
    with network.database.transaction(write=False) as session:
        return State(session.scalars(select(Vignette.state).where(Vignette.code == code)).one())


@SQLITE
@pytest.mark.parametrize("field", ["title", "story", "question"])
def test_a_hidden_number_a_date_an_age_or_a_code_is_refused_even_said_not_to_be_one(
    network: Network, field: str
) -> None:
    given = h.desk(network)
    for said in HIDDEN:
        with network.database.transaction() as session:
            with pytest.raises(NamesSomebody) as refused:
                exchange.send_vignette(session, given, h.a_vignette(network, session, **{field: said}))
            assert set(refused.value.findings) == {field}
            tokens = frozenset(one.token for one in refused.value.findings[field])
            new = h.a_vignette(network, session, **{field: said}, not_one=tokens)
            with pytest.raises(NamesSomebody):
                exchange.send_vignette(session, given, new)
            assert session.scalar(select(Vignette.id).where(Vignette.sent_key.contains("essai"))) is None


@SQLITE
def test_a_name_or_a_place_may_be_said_not_to_be_one_and_the_second_reader_sees_it(network: Network) -> None:
    story = "Chez Rose, un café ; puis à Joliette. La MRC de Matawinie est loin."
    given = h.desk(network)
    with network.database.transaction() as session:
        with pytest.raises(NamesSomebody) as refused:
            exchange.send_vignette(session, given, h.a_vignette(network, session, story=story))
        found = refused.value.findings["story"]
        assert [(one.kind.value, one.text) for one in found] == [("name", "Rose"), ("place", "Joliette")]
        tokens = frozenset(one.token for one in found)
        code = exchange.send_vignette(session, given, h.a_vignette(network, session, story=story, not_one=tokens))
        kept = session.scalars(select(NotOne).order_by(NotOne.kind)).all()
        assert [(one.field, one.kind, one.user_id) for one in kept] == [
            ("story", "name", given.viewer.user_id),
            ("story", "place", given.viewer.user_id),
        ]
        stored = (
            session.execute(text("SELECT * FROM orres_vignettes")).all()
            + session.execute(text("SELECT * FROM orres_not_one")).all()
        )
        assert "Rose" not in str(stored)
        read = find_vignette(session, h.desk(network, h.READER), code)
        assert read is not None
        assert [(field, one.text) for field, one in read.said] == [("story", "Rose"), ("story", "Joliette")]
        own = find_vignette(session, given, code)
        assert own is not None
        assert own.said == ()


def test_nobody_else_reads_it_before_the_second_reading_of_another_organisation(network: Network) -> None:
    code = h.sent(network)
    people = (h.AUTHOR, h.READER, h.MEMBER, "bien-etre-3", h.COORDINATION, "bien-etre-1", "calacs-coup-de-coeur",
              "admin-chrysalide", "operateur")  # fmt: skip

    def readers() -> set[str]:
        found = set()
        with network.database.transaction(write=False) as session:
            row = session.scalars(select(Vignette).where(Vignette.code == code)).one()
            for persona in people:
                viewer = network.viewer(persona)
                listed = session.scalar(select(Vignette.id).where(visible(viewer, EXCHANGE), Vignette.code == code))
                shown = find_vignette(session, h.desk(network, persona), code) is not None
                allowed = can(viewer, EXCHANGE, exchange.facts_of(row)).allowed
                assert (listed is not None) == shown == allowed, persona
                if shown:
                    found.add(persona)
        return found

    assert readers() == {h.AUTHOR, h.READER}
    with network.database.transaction() as session:
        # Neither who wrote it nor anybody of the committee may approve in the reader's place
        with pytest.raises(NotNow):
            exchange.approve_vignette(session, h.desk(network), code, 1)
        for persona in (h.MEMBER, h.COORDINATION):
            with pytest.raises(Missing):
                exchange.approve_vignette(session, h.desk(network, persona), code, 1)
        # Amended meanwhile: what was approved is not what was read
        exchange.amend_vignette(session, h.desk(network), code, 1, h.a_vignette(network, session, title="Autre titre"))
        with pytest.raises(NotNow):
            exchange.approve_vignette(session, h.desk(network, h.READER), code, 1)
        exchange.return_vignette(session, h.desk(network, h.READER), code, 2, "Le service la désigne.", frozenset())
        exchange.amend_vignette(session, h.desk(network), code, 3, h.a_vignette(network, session))
        # Whoever wrote it stays its author, were she named its reader too, or did she hold every role
        author = h.desk(network)
        every = replace(author, viewer=replace(author.viewer, roles=frozenset(Role)))
        reader = network.viewer(h.READER).user_id
        for named in (author.viewer.user_id, reader):
            session.execute(update(Vignette).where(Vignette.code == code).values(reader_id=named))
            with pytest.raises(NotNow):
                exchange.approve_vignette(session, every, code, 4)
        exchange.approve_vignette(session, h.desk(network, h.READER), code, 4)
    members = {h.AUTHOR, h.READER, h.MEMBER, "bien-etre-3"}
    assert readers() == members
    # Somebody is recognised: it is gone from the committee at once
    with network.database.transaction() as session:
        exchange.add_note(session, h.desk(network, h.MEMBER), code, "Elle est connue ici.", frozenset())
        exchange.suspend_vignette(session, h.desk(network, h.MEMBER), code, 5)
    assert readers() == {h.AUTHOR, h.READER}
    with network.database.transaction() as session:
        exchange.withdraw_vignette(session, h.desk(network), code, 6)
        stored = session.scalars(select(Vignette).where(Vignette.code == code)).one()
        session.refresh(stored)
        assert (stored.title_sealed, stored.story_sealed, stored.question_sealed) == (None, None, None)
        # Nothing is said any more of what is gone, by anybody, and nothing brings it back
        with pytest.raises(NotNow):
            exchange.add_note(session, h.desk(network), code, "Une note de plus.", frozenset())
        for persona in (h.READER, h.MEMBER):
            with pytest.raises(Missing):
                exchange.add_note(session, h.desk(network, persona), code, "Une note de plus.", frozenset())
        with pytest.raises(NotNow):
            exchange.reopen_vignette(session, h.desk(network), code, 7)
        assert session.scalars(select(Note.id).where(Note.vignette_id == stored.id)).all() == []
    assert readers() == {h.AUTHOR}


@SQLITE
def test_the_second_reader_sits_for_another_organisation(network: Network) -> None:
    given = h.desk(network)
    with network.database.transaction() as session:
        own, worker = network.viewer(h.AUTHOR).user_id, network.viewer("calacs-chrysalide").user_id
        for reader in (own, worker, uuid4()):
            with pytest.raises(NotThisReader):
                exchange.send_vignette(session, given, h.a_vignette(network, session, reader_id=reader))
        for persona in (h.COORDINATION, "bien-etre-1", "admin-chrysalide"):
            with pytest.raises((Missing, Forbidden)):
                exchange.send_vignette(session, h.desk(network, persona), h.a_vignette(network, session))
    code = h.sent(network, key="deux-fois")
    assert h.sent(network, key="deux-fois") == code


@SQLITE
def test_a_discussion_its_notes_and_its_hours(network: Network) -> None:
    code = h.shared(network)
    with network.database.transaction() as session:
        with pytest.raises(NamesSomebody):
            exchange.add_note(session, h.desk(network, h.MEMBER), code, "C’est Julie Gagnon.", frozenset())
        exchange.add_note(session, h.desk(network, h.MEMBER), code, "Le soir, une ligne de texte répond.", frozenset())
        note = session.scalars(select(Note.id)).all()[-1]
        with pytest.raises(Missing):
            exchange.take_note_back(session, h.desk(network, h.READER), code, note)
        # Whoever only reads did not take part
        with pytest.raises(NotNow):
            exchange_hours.count_hours(session, h.desk(network, "bien-etre-3"), code, 4)
        for wrong in (0, 17):
            with pytest.raises(NotNow):
                exchange_hours.count_hours(session, h.desk(network, h.MEMBER), code, wrong)
        exchange_hours.count_hours(session, h.desk(network, h.MEMBER), code, 3)
        with pytest.raises(NotNow):
            exchange_hours.count_hours(session, h.desk(network, h.MEMBER), code, 3)
        entry = session.execute(
            text("SELECT state, quarter_hours, committee, activity FROM hours_entries WHERE activity LIKE 'Échange%'")
        ).one()
        assert tuple(entry) == ("submitted", 3, "orres", f"Échange clinique {code}")
        view = find_vignette(session, h.desk(network, h.MEMBER), code)
        assert view is not None
        assert (view.hours, view.notes[-1].organisation, view.notes[-1].mine) == (3, "CISSS de Lanaudière", True)
        exchange.close_vignette(session, h.desk(network), code, 2)
        with pytest.raises(NotNow):
            exchange.add_note(session, h.desk(network, h.MEMBER), code, "Trop tard.", frozenset())
        exchange.reopen_vignette(session, h.desk(network, h.READER), code, 3)
        exchange.take_note_back(session, h.desk(network, h.MEMBER), code, note)
        assert session.scalar(select(Note.id).where(Note.id == note)) is None


@SQLITE
def test_a_lesson_joins_a_draft_or_goes_to_the_sheet_s_organisation_which_decides(network: Network) -> None:
    drafting.with_example(network)
    code = h.shared(network)
    member = h.desk(network, h.MEMBER)
    with network.database.transaction() as session:
        version = published(session)
        assert version is not None
        ids = [one.service_id for one in version.answers]
        shown = services_shown(session, member.viewer, ids, member.now).values()
        sheet = next(one for one in shown if one.organisation_id != member.viewer.organisation_id)
        new = exchange_lessons.NewLesson(
            Target.DIRECTORY, "La fiche ne dit pas le soir.", sheet.id, "limits", "Le soir, par texto."
        )
        for wrong in (
            {"value": "Demander Julie Gagnon."},
            {"text": "Voir le 450 555-0101."},
        ):
            lesson = replace(new, **wrong)
            with pytest.raises(NamesSomebody):
                exchange_lessons.write_lesson(session, member, code, lesson)
        for missing in ({"service_id": uuid4()}, {"field": "phones_of_others"}, {"service_id": None}):
            lesson = replace(new, **missing)
            with pytest.raises(Missing):
                exchange_lessons.write_lesson(session, member, code, lesson)
        lesson_id = exchange_lessons.write_lesson(session, member, code, new)
        edit = session.execute(
            text("SELECT state, field, new_value FROM directory_edits WHERE new_value = 'Le soir, par texto.'")
        ).one()
        assert tuple(edit) == ("proposed", "limits", "Le soir, par texto.")
        with pytest.raises(NotNow):  # only one about the trajectory joins a draft
            exchange_lessons.move_lesson(
                session, member, lesson_id, LessonState.ATTACHED, seen=LessonState.OPEN, number=3
            )
        own = exchange_lessons.write_lesson(
            session, member, code, exchange_lessons.NewLesson(Target.TRAJECTORY, "Dire qui répond le soir.")
        )
        draft = session.scalars(select(VersionRow.number).where(VersionRow.state == "draft")).first()
        assert draft is not None
        with pytest.raises(NotNow):  # the version in force is no draft
            exchange_lessons.move_lesson(
                session, member, own, LessonState.ATTACHED, seen=LessonState.OPEN, number=version.number
            )
        exchange_lessons.move_lesson(session, member, own, LessonState.ATTACHED, seen=LessonState.OPEN, number=draft)
        assert exchange_keeping.erase_lessons_before(session, network.clock.now() + timedelta(days=9)) == 0, "it waits"
        with pytest.raises(NotNow):  # two people at once: the second is told
            exchange_lessons.move_lesson(session, member, own, LessonState.DONE, seen=LessonState.OPEN)
        joined = lessons_of_version(session, network.keyring, member.viewer, draft)
        assert "Dire qui répond le soir." in [one.text for one in joined]
        # The draft is deleted: the lesson waits again, and joins no other draft that takes its number
        drafts.delete_draft(session, member, draft)
        assert session.execute(select(Lesson.state, Lesson.version_number).where(Lesson.id == own)).one() == (
            "open",
            None,
        )
        again = drafts.open_draft(session, member, "Un autre brouillon", "")
        assert lessons_of_version(session, network.keyring, member.viewer, again) == ()
        exchange_lessons.move_lesson(session, member, own, LessonState.ATTACHED, seen=LessonState.OPEN, number=again)
        with pytest.raises(Missing):
            exchange_lessons.move_lesson(
                session, h.desk(network, "bien-etre-1"), own, LessonState.DONE, seen=LessonState.ATTACHED
            )
        # A lesson outlives its vignette, and does not lead back to one that nobody reads any more
        exchange.withdraw_vignette(session, h.desk(network), code, 2)
        lessons, _total = list_lessons(
            session, network.keyring, member.viewer, session.scalars(select(Lesson.committee_id)).first()
        )
        assert {one.vignette for one in lessons if one.id in (own, lesson_id)} == {""}
        assert [one.outcome for one in lessons if one.id in (own, lesson_id)] == ["proposed", ""]


@SQLITE
@pytest.mark.parametrize("accept", [True, False])
def test_a_lesson_about_a_sheet_follows_what_its_organisation_decides(visitor: Visitor, accept: bool) -> None:
    network = visitor.network
    code, member = h.shared(network), h.desk(network, h.MEMBER)
    with network.database.transaction() as session:
        sheet = session.scalar(text("SELECT id FROM services WHERE slug = 'lc-survivantes'"))
        new = exchange_lessons.NewLesson(Target.DIRECTORY, "Dire le soir.", UUID(str(sheet)), "limits", "Le soir.")
        lesson_id = exchange_lessons.write_lesson(session, member, code, new)
        edit_id = session.scalars(select(Lesson.edit_id).where(Lesson.id == lesson_id)).one()
        assert edit_id is not None
    visitor.become("admin-chrysalide")
    answer = visitor.post(f"/organisation/propositions/{edit_id}", {"decision": "accept" if accept else "decline"})
    assert answer.status_code == 303
    with network.database.transaction(write=False) as session:
        told = str(session.scalar(text("SELECT topics FROM outbox_events WHERE kind = 'directory.edit_decided'")))
        assert told.count("org:") == 2, "to who was asked and who proposed"
    (heard,) = (one for one in exchange_parts.SUBSCRIBERS if one.kind == EDIT_DECIDED)
    event = Event(new_id(), EDIT_DECIDED, str(edit_id), (), network.clock.now())
    house = network.app().state.house
    for _ in range(2):  # told twice, done once
        with network.database.transaction() as session:
            heard.run(session, event, house)
    with network.database.transaction(write=False) as session:
        lessons, _total = list_lessons(
            session, network.keyring, member.viewer, session.scalars(select(Lesson.committee_id)).first()
        )
        one = next(one for one in lessons if one.id == lesson_id)
        assert (one.state, one.outcome) == (
            (LessonState.DONE, "accepted") if accept else (LessonState.OPEN, "declined")
        )
        lines = session.execute(text("SELECT line FROM journal_entries")).scalars()
        assert sum("orres.lesson_moved" in str(line) for line in lines) == int(accept)


@SQLITE
def test_texts_go_in_their_time_and_authorship_on_request(network: Network) -> None:
    code, waiting = h.shared(network, key="un"), h.sent(network, key="deux")
    with network.database.transaction() as session:
        exchange.add_note(session, h.desk(network, h.MEMBER), code, "Une ligne de texte répond.", frozenset())
        exchange_lessons.write_lesson(
            session, h.desk(network), code, exchange_lessons.NewLesson(Target.PRACTICE, "Rappeler le soir même.")
        )
        exchange_hours.count_hours(session, h.desk(network), code, 1)
        exchange.close_vignette(session, h.desk(network), code, 2)
        ids = dict(session.execute(select(Vignette.code, Vignette.id).where(Vignette.code.in_([code, waiting]))).all())
        now = network.clock.now()
        exchange_keeping.erase_texts_before(session, now - timedelta(seconds=1))
        assert session.scalar(select(Vignette.story_sealed).where(Vignette.id == ids[code])) is not None
        assert exchange_keeping.erase_texts_before(session, now + timedelta(seconds=1)) >= 2
        for one in ids.values():
            assert session.scalar(select(Vignette.story_sealed).where(Vignette.id == one)) is None
        assert session.scalars(select(Note.id).where(Note.vignette_id == ids[code])).all() == []
    # Never shared: nobody may share it once its texts are gone
    assert state_of(network, waiting) is State.WITHDRAWN
    with network.database.transaction() as session:
        with pytest.raises(NotNow):
            exchange.reopen_vignette(session, h.desk(network), code, 3)
        author = network.viewer(h.AUTHOR).user_id
        assert author is not None
        said = {one["act"] for one in about_person(session, author)}
        assert said >= {"vignette", "lesson", "hours"}
        exchange_keeping.forgetting(author)(session)
        assert about_person(session, author) == []
        assert session.scalars(select(GivenHours.id).where(GivenHours.user_id == author)).all() == []
        assert exchange_keeping.erase_vignettes_before(session, network.clock.now() + timedelta(days=1)) >= 2
        assert session.scalars(select(Vignette.id).where(Vignette.id.in_(ids.values()))).all() == []
        lesson = session.scalars(select(Lesson).where(Lesson.target == "practice")).one()
        assert (lesson.vignette_id, lesson.text_sealed is not None) == (None, True)


@SQLITE
def test_reading_takes_few_statements_whatever_there_is(network: Network) -> None:
    codes = [h.shared(network, key=f"n{number}") for number in range(3)]
    desk = h.desk(network, h.MEMBER)
    with network.database.transaction() as session:
        for number in range(8):
            exchange.add_note(session, desk, codes[0], f"Une note de plus, la {number}e.", frozenset())
    with network.database.transaction(write=False) as session:
        for limit, act in (
            (2, lambda: list_vignettes(session, network.keyring, desk.viewer, ended=False)),
            (1, lambda: to_read_again(session, desk.viewer)),
            (6, lambda: find_vignette(session, desk, codes[0])),
        ):
            with counted_statements() as sent:
                act()
            assert len(sent) <= limit, sent


@SQLITE
def test_every_pair_of_state_and_act_that_the_table_does_not_list_is_refused(network: Network) -> None:
    acts: tuple[Callable[..., None], ...] = (
        exchange.approve_vignette,
        exchange.suspend_vignette,
        exchange.close_vignette,
        exchange.reopen_vignette,
    )
    allowed = {("waiting", 0), ("shared", 1), ("shared", 2), ("closed", 1), ("closed", 3)}
    code = h.shared(network)
    for state, (number, act) in product(("waiting", "returned", "shared", "closed"), enumerate(acts)):
        with network.database.transaction() as session:
            session.execute(update(Vignette).where(Vignette.code == code).values(state=state, version=1))
            if (state, number) in allowed:
                act(session, h.desk(network, h.READER), code, 1)
            else:
                with pytest.raises(NotNow):
                    act(session, h.desk(network, h.READER), code, 1)
