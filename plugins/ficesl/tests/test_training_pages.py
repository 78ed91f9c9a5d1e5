"""Pages of the catalogue, sessions, people and series: rights, forms kept, no page without its English."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from itertools import product
from uuid import UUID

import pytest
from sqlalchemy import select, update

from core.api import Keyring, ReportPeriod, Viewer, can, new_id, visible
from core.testing.network import Network, Visitor
from core.testing.plugins import untranslated

from ..access import MANAGE, READ
from ..models import (
    Block,
    Course,
    EvaluationQuestion,
    Learner,
    Module,
    QuizQuestion,
    Registration,
    Series,
    TrainingSession,
    Version,
)
from ..models.attendance import Credit
from ..queries.training import session_facts
from ..queries.training_report import tables
from ..seed import seed_training
from ..services import people, registering, sessions
from ..settings import COURSES, PEOPLE, SERIES, SESSIONS, Settings
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class DemoSeeder:
    """What the demo gives to a plugin, from the network of the tests."""

    now: datetime
    keyring: Keyring
    viewers: dict[str, Viewer]
    organisations: dict[str, UUID]

    def viewer(self, persona: str) -> Viewer:
        """The persona."""
        return self.viewers[persona]

    def organisation(self, key: str) -> UUID:
        """The organisation."""
        return self.organisations[key]


def seeded(network: Network) -> None:
    """The demo's courses, people, sessions and series; made once however often it starts."""
    network.serve_plugins()
    hosts = ("cisss-lanaudiere", h.CHRYSALIDE, "police-repentigny", "calacs-coup-de-coeur")
    seeder = DemoSeeder(
        network.clock.now(),
        network.keyring,
        {persona: network.viewer(persona) for persona in (h.TRAINER, h.WORKER)},
        {slug: network.organisation(slug) for slug in hosts},
    )
    for _ in range(2):
        with network.database.transaction() as session:
            seed_training(session, seeder, Settings())


@SQLITE
def test_every_page_of_the_demo_opens_for_those_it_is_for(network: Network, visitor: Visitor) -> None:
    seeded(network)
    with network.database.transaction(write=False) as session:
        assert session.scalars(select(Course.kind)).all().count("training") == 3
        course, series = session.scalars(select(Course.code)).all(), session.scalars(select(Series.code)).one()
        codes = session.scalars(select(TrainingSession.code).order_by(TrainingSession.created_at)).all()
    pages = [COURSES, SESSIONS, f"{SESSIONS}?passees=1", SERIES, f"{SERIES}/{series}", f"{SERIES}/{series}/export.csv"]
    pages += [f"{COURSES}/{code}" for code in course]
    keeping = [f"{COURSES}/nouvelle", f"{SESSIONS}/nouvelle", f"{SERIES}/nouveau", f"{SESSIONS}/{codes[0]}/organiser"]
    people_pages = [PEOPLE, f"{PEOPLE}/listes", f"{PEOPLE}/listes/modele.csv"]
    for persona, opened, closed in (
        (h.TRAINER, [*pages, *keeping, *(f"{SESSIONS}/{code}" for code in codes)], people_pages),
        (h.ADMIN, [*pages[:4], *people_pages], [*keeping, f"{SERIES}/{series}"]),
        ("coordination-cresl", [*pages, *(f"{SESSIONS}/{code}" for code in codes)], [*keeping, *people_pages]),
        (h.WORKER, pages[:4], [*keeping, *people_pages, f"{SERIES}/{series}"]),
        ("operateur", [], [*pages, *keeping, *people_pages]),
    ):
        visitor.become(persona)
        for page in opened:
            assert visitor.get(page).status_code == 200, (persona, page)
        for page in closed:
            assert visitor.get(page).status_code in {403, 404}, (persona, page)
    visitor.become(h.TRAINER)
    matrix = visitor.get(f"{SERIES}/{series}").text
    for said in ("Unité Les Ormes", "faite", "prévue", "manquante", "À donner ensuite", "La date visée est passée"):
        assert said in matrix, said
    # The yearly report says of the series what its own page says; a year ago it says what stood then
    with network.database.transaction(write=False) as session:
        now = network.clock.now()
        year, before = (
            {
                one.key: one.rows
                for one in tables(session, ReportPeriod("year", date(one, 4, 1), date(one + 1, 3, 31)), now)
            }
            for one in (2026, 2025)
        )
    ((_title, units, done, wanted),) = year["series"]
    assert (units, f"{done} sur {wanted} faites" in matrix) == (3, True)
    assert 0 < int(before["series"][0][2] or 0) < int(done or 0)


@SQLITE
def test_a_published_version_never_changes_and_a_capsule_that_was_done_stays(
    network: Network, visitor: Visitor
) -> None:
    visitor.become(h.TRAINER)
    network.serve_plugins()
    form = {"kind": "capsules", "title": "Capsules d’essai", "summary": "Repérer.", "audience": "educator"}
    refused = visitor.post(f"{COURSES}/nouvelle", {**form, "title": "", "validity": "0"})
    assert refused.status_code == 422
    assert "Repérer." in refused.text
    course = visitor.post(f"{COURSES}/nouvelle", {**form, "validity": "24"}).headers["location"]
    empty = visitor.post(f"{course}/publier", {"version": "1"})
    assert (empty.status_code, "Ajoutez au moins une partie" in empty.text) == (422, True)
    for title in ("Les signes", "Le recrutement"):
        added = visitor.post(f"{course}/parties?version=1", {"module_title": title, "minutes": "60", "form": "live"})
        assert added.status_code == 303
    script = {"module_title": "x", "minutes": "60", "form": "self_paced", "video_url": "javascript:alert(1)"}
    assert visitor.post(f"{course}/parties?version=1", script).status_code == 422
    link = {"material_title": "Guide", "url": "https://exemple.invalid/guide", "reach": "registered"}
    assert visitor.post(f"{course}/documents?version=1", link).status_code == 303
    pdf = _pdf()
    sent = visitor.http.post(
        f"{course}/documents?version=1",
        data={"_csrf": visitor.csrf(), "material_title": "Aide-mémoire", "reach": "trainers"},
        files={"file": ("aide.pdf", pdf, "application/pdf")},
        follow_redirects=False,
    )
    assert sent.status_code == 303
    with network.database.transaction(write=False) as session:
        first, second = session.scalars(select(Module.id).order_by(Module.position)).all()
        lineage = session.scalars(select(Module.lineage_id).where(Module.id == second)).one()
        version = session.scalars(select(Version.id)).one()
    alone = {
        "module_title": "Les signes",
        "minutes": "30",
        "form": "self_paced",
        "video_url": "https://exemple.invalid/v",
    }
    change = f"{course}/parties/{first}?version=1"
    asked_of = ({"quiz_pass": "73", "quiz_attempts": "4"}, {}, {"quiz_pass": "", "quiz_attempts": "6"})
    kept_as = ((73, 4), (73, 4), (None, 6))
    for typed, (passing, attempts) in zip(asked_of, kept_as, strict=True):
        assert visitor.post(change, {**alone, **typed}).status_code == 303
        with network.database.transaction(write=False) as session:
            quiz = select(Module.quiz_pass_percent, Module.quiz_attempts).where(Module.id == first)
            assert session.execute(quiz).one() == (passing, attempts)
        offered = re.findall(r'<input[^>]*name="quiz_(?:pass|attempts)"[^>]*>', visitor.get(f"{course}?version=1").text)
        assert [f'value="{one or ""}"' in field for field, one in zip(offered, (passing, attempts), strict=False)] == [
            True,
            True,
        ], offered
    moved = visitor.post(f"{course}/parties/{second}/place", {"to": "up", "version": "1"})
    assert moved.status_code == 303
    with network.database.transaction() as session:
        for module_id in (first, second):
            quiz = {"module_id": module_id, "position": 1, "text": "Vrai?", "choices": ["oui", "non"], "answer": 1}
            session.add(QuizQuestion(id=new_id(), **quiz))
        form = {"version_id": version, "position": 1, "kind": "scale", "text": "Cela me servira."}
        session.add(EvaluationQuestion(id=new_id(), **form))
    assert visitor.post(f"{course}/publier", {"version": "1"}).status_code == 303
    # Published: its parts are refused any change
    late = visitor.post(f"{course}/parties/{first}?version=1", {"module_title": "Autre", "minutes": "5"})
    assert (late.status_code, "ne change plus" in late.text) == (422, True)
    person = h.a_person(network, "Ève Untel")
    with network.database.transaction() as session:
        given = {"course_id": session.scalars(select(Course.id)).one(), "module_id": second, "lineage_id": lineage}
        at = network.clock.now()
        session.add(Credit(learner_id=person, minutes=60, on_day=at.date(), source="import", at=at, **given))
    removed = visitor.post(f"{course}/parties/{second}/retirer", {"version": "1"})
    assert removed.headers["location"].endswith("?version=2")
    assert "ce qui est fait reste fait" in visitor.get(removed.headers["location"]).text
    with network.database.transaction(write=False) as session:
        kept = session.scalars(select(Module.id).where(Module.version_id == version)).all()
        assert set(kept) == {first, second}
        assert session.scalars(select(Module.lineage_id).where(Module.version_id != version)).all() == [
            session.scalars(select(Module.lineage_id).where(Module.id == first)).one()
        ]
        draft = session.scalars(select(Version.id).where(Version.id != version)).one()
        copied = select(QuizQuestion.text, QuizQuestion.choices, QuizQuestion.answer).join(Module)
        # The quiz of the part that stays, and the form: in both; the other's went with it
        assert session.execute(copied.where(Module.version_id == draft)).all() == [("Vrai?", ["oui", "non"], 1)]
        asked = select(EvaluationQuestion.version_id).where(EvaluationQuestion.text == "Cela me servira.")
        assert set(session.scalars(asked)) == {version, draft}
    page = visitor.get(f"{course}?version=2").text
    assert "exemple.invalid/guide" in page
    copy = re.search(rf"{COURSES}/documents/([0-9a-f-]+)", page)
    assert copy is not None
    kept_pdf = visitor.get(copy.group(0)).content
    assert kept_pdf.startswith(b"%PDF")
    # Taken away from the draft, the published version keeps its own
    assert visitor.post(f"{course}/documents/{copy.group(1)}/retirer", {"version": "2"}).status_code == 303
    assert visitor.get(copy.group(0)).status_code == 404
    page = visitor.get(f"{course}?version=1").text
    file = re.search(rf"{COURSES}/documents/[0-9a-f-]+", page)
    assert file is not None
    assert visitor.get(file.group(0)).content.startswith(b"%PDF")
    # A worker of the network knows that they exist and opens neither; drafts are not hers to know
    visitor.become(h.WORKER)
    page = visitor.get(course).text
    assert ("Aide-mémoire" in page, "exemple.invalid/guide" in page) == (True, False)
    assert visitor.get(file.group(0)).status_code == 404
    assert visitor.get(f"{course}?version=2").status_code == 404
    with network.database.transaction() as session:
        desk = h.desk(network, h.WORKER)
        session_id = h.planned(network, session, version)
        learner = people.own_learner(session, desk)
        registering.register_people(session, desk, session_id, [learner])
    page = visitor.get(course).text
    assert "exemple.invalid/guide" in page
    assert visitor.get(file.group(0)).status_code == 404


def _pdf() -> bytes:
    """One blank page."""
    import pikepdf

    out = BytesIO()
    with pikepdf.new() as made:
        made.add_blank_page()
        made.save(out)
    return out.getvalue()


@SQLITE
def test_a_name_like_a_formula_is_neutral_and_people_are_their_organisations(
    network: Network, visitor: Visitor
) -> None:
    session_id = h.a_session(network, capacity=1)
    visitor.become(h.ADMIN)
    person = {"email": "", "audience": "worker"}
    assert visitor.post(PEOPLE, {**person, "name": "=cmd()|calc", "another": "true"}).status_code == 303
    assert visitor.post(PEOPLE, {**person, "name": "Catherine Lavoie"}).status_code == 303
    warned = visitor.post(PEOPLE, {**person, "name": "Katherine Lavoie"})
    assert warned.status_code == 422
    assert "C’est une autre personne" in warned.text
    assert "Katherine Lavoie" in warned.text
    assert visitor.post(PEOPLE, {**person, "name": "Katherine Lavoie", "another": "true"}).status_code == 303
    assert visitor.get(f"{PEOPLE}/export.csv").status_code == 303
    with network.database.transaction() as session:
        held = Learner.metadata.tables["login_sessions"]
        session.execute(update(held).values(stepped_up_at=network.clock.now()))
    exported = visitor.get(f"{PEOPLE}/export.csv")
    assert exported.status_code == 200
    assert "'=cmd()|calc" in exported.text
    assert "\n=cmd" not in exported.text
    unit = visitor.post(f"{PEOPLE}/unites", {"team_name": "Unité A"})
    assert unit.status_code == 303
    assert visitor.post(f"{PEOPLE}/unites", {"team_name": "unite a"}).status_code == 422
    with network.database.transaction(write=False) as session:
        one = session.scalars(select(Learner.id).order_by(Learner.created_at, Learner.id)).first()
        code = session.scalars(select(TrainingSession.code).where(TrainingSession.id == session_id)).one()
    copy = visitor.get(f"{PEOPLE}/{one}/copie.csv")
    assert "'=cmd()|calc" in copy.text
    pasted = visitor.post(
        f"{SESSIONS}/{code}/liste", {"people": "Rose Untel;r@exemple.invalid\n;x", "audience": "worker"}
    )
    assert pasted.status_code == 303
    looked = visitor.get(pasted.headers["location"])
    assert "Rien n’est encore écrit" in looked.text
    assert "Il manque le nom" in looked.text
    assert "Il manque le nom" in visitor.get(pasted.headers["location"] + "/erreurs.csv").text
    assert visitor.post(pasted.headers["location"]).status_code == 303
    assert "Tout le monde a une place" in visitor.get(pasted.headers["location"]).text
    assert "Rose Untel" in visitor.get(f"{SESSIONS}/{code}").text
    # Called off between the look and the writing: people are added, and the page says that they are not registered
    late = visitor.post(f"{SESSIONS}/{code}/liste", {"people": "Jade Fictive\nIris Inventée", "audience": "worker"})
    with network.database.transaction() as session:
        sessions.cancel_session(session, h.desk(network), session_id)
    assert visitor.post(late.headers["location"]).status_code == 303
    said = visitor.get(late.headers["location"]).text
    assert "2 personnes ajoutées" in said
    assert "2 personnes de la liste ne sont pas inscrites" in said
    assert "Tout le monde a une place" not in said
    for stranger in (h.WORKER, "coordination-cresl", h.TRAINER):
        visitor.become(stranger)
        assert "Rose Untel" not in visitor.get(f"{SESSIONS}/{code}").text
        assert visitor.get(f"{PEOPLE}/{one}").status_code in {403, 404}
        assert visitor.get(pasted.headers["location"]).status_code in {403, 404}


@SQLITE
def test_sessions_join_the_secret_calendar_and_say_only_when(network: Network, visitor: Visitor) -> None:
    version = h.a_course(network)
    session_id = h.a_session(network, version)
    visitor.become(h.WORKER)
    page = visitor.post("/compte/calendrier")
    address = re.search(r"/calendrier/[\w-]+\.ics", page.text)
    assert address is not None
    assert "VEVENT" not in visitor.get(address.group(0)).text
    with network.database.transaction() as session:
        desk = h.desk(network, h.WORKER)
        learner = people.own_learner(session, desk)
        registering.register_people(session, desk, session_id, [learner])
        block = session.scalars(select(Block.id)).one()
        registration = session.scalars(select(Registration.id)).one()
    feed = visitor.get(address.group(0)).text
    assert f"UID:{block}@arrimage" in feed
    assert "DTSTART;TZID=America/Toronto:20261208T090000" in feed
    assert "STATUS:CONFIRMED" in feed
    for told in ("Capsule", "essai", "Salle", "Formation"):
        assert told not in feed, told
    before = int(re.search(r"SEQUENCE:(\d+)", feed).group(1))  # type: ignore[union-attr]
    committee, mine = h.desk(network), h.desk(network, h.WORKER)
    for act in (
        lambda session: sessions.cancel_session(session, committee, session_id),
        lambda session: sessions.restore_session(session, committee, session_id),
        lambda session: registering.cancel_registration(session, mine, registration),
    ):
        with network.database.transaction() as session:
            act(session)
        after = visitor.get(address.group(0)).text
        sequence = int(re.search(r"SEQUENCE:(\d+)", after).group(1))  # type: ignore[union-attr]
        assert sequence > before
        before = sequence
    assert "STATUS:CANCELLED" in after


@SQLITE
def test_lists_show_exactly_what_the_rules_allow(network: Network) -> None:
    version = h.a_course(network)
    with network.database.transaction() as session:
        unit = people.add_team(session, h.desk(network, h.ADMIN), "Unité d’essai")
    made = [
        h.a_session(network, version),
        h.a_session(network, version, open_it=False),
        h.a_session(network, version, team=unit),
    ]
    network.app()
    people_of = (h.TRAINER, h.ADMIN, h.WORKER, h.OFFICER, "coordination-cresl", "operateur", "bien-etre-1")
    viewers = {one: network.viewer(one) for one in people_of}
    with network.database.transaction(write=False) as session:
        facts = {one: session_facts(session, one) for one in made}
        for (persona, viewer), action in product(viewers.items(), (READ, MANAGE)):
            listed = set(session.scalars(select(TrainingSession.id).where(visible(viewer, action))))
            allowed = {one for one in made if can(viewer, action, facts[one]).allowed}
            assert listed == allowed, (persona, action)
        assert can(viewers[h.OFFICER], READ, facts[made[2]]).allowed is False
        assert can(viewers[h.ADMIN], READ, facts[made[2]]).allowed is True
        assert can(viewers[h.ADMIN], READ, facts[made[1]]).allowed is False


@SQLITE
def test_every_sentence_has_its_english(network: Network) -> None:
    hooks = network.app().state.house.hooks
    folder = hooks.plugin("ficesl").folder
    sources = [folder / "templates", *(path for path in folder.rglob("*.py") if "tests" not in path.parts)]
    assert untranslated(hooks, sources) == []
