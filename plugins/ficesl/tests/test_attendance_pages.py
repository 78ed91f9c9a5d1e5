"""Pages of attendance without a browser: the plain sheet, who may not see it, opinions by code, exports, imports."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from core.api import TORONTO
from core.testing.network import Network, visiting
from core.testing.plugins import plugins_file
from core.testing.statements import page_statements

from .. import models
from ..models import Block, EvaluationAnswers, EvaluationSent, Module, Presence, TrainingSession
from ..seed_attendance import seed_past_session, seed_today
from ..services.evaluations import evaluation_code
from . import training
from .test_attendance import SQLITE, Held
from .test_published import shipped
from .training import TRAINER, WORKER

HOME = "/comites/ficesl"


def rows_of(network: Network, statement: Any) -> list[Any]:
    with network.database.transaction(write=False) as session:
        return list(session.execute(statement).all())


def tried(visitor: Any, code: str, email: str) -> tuple[tuple[int, str], int]:
    """What somebody without an account is answered, what she typed left out; and how many statements it took."""
    with page_statements() as sent:
        page = visitor.post(f"{HOME}/presence", {"code": code, "email": email})
    assert email in page.text
    assert code in page.text
    return (page.status_code, page.text.replace(code, "…").replace(email, "…")), len(sent)


@SQLITE
def test_a_sheet_a_screen_a_presence_and_an_opinion(network: Network, visitor: Any) -> None:
    held = Held(network, people=6)
    sheet = f"{HOME}/seances/{held.code}/presences/{held.block_id}"
    for persona in (WORKER, "bien-etre-1", training.ADMIN, "coordination-cresl"):
        for path in (sheet, f"{sheet}/ecran", f"{sheet}/feuille.csv", f"{HOME}/seances/{held.code}/presences"):
            assert visitor.become(persona).get(path).status_code == 404, (persona, path)
    visitor.become(TRAINER)
    assert "Rien de noté" in visitor.get(f"{HOME}/seances/{held.code}/presences").text
    page = visitor.get(sheet).text
    assert "Personne Fictive0" in page
    first, second, *others = held.learners
    typed = {f"s.{first}": "present", f"s.{second}": "present", f"l.{second}": "70", "s.oups": "present"}
    refused = visitor.post(sheet, typed)
    assert refused.status_code == 422
    assert "Les minutes vont de 0" in refused.text
    assert visitor.post(sheet, {f"s.{second}": "absent", "all": "present"}).status_code == 303
    noted = {row.learner_id: row.minutes for row in rows_of(network, select(Presence.learner_id, Presence.minutes))}
    assert noted == {first: 60, second: 0, **dict.fromkeys(others, 60)}
    told = visitor.post(sheet, {"_intent": "json", f"s.{first}": "present", f"l.{first}": "15", f"k.{first}": "k9"})
    assert told.json()["problems"][str(first)]["there"] == {"p": True, "l": 0, "e": 0}
    assert "Fictive" not in told.text

    screen = visitor.get(f"{sheet}/ecran")
    code = re.search(r"data-code[^>]*>(\d{3})\xa0(\d{3})<", screen.text)
    assert code is not None
    typed_code = "".join(code.groups())
    assert typed_code not in screen.text.replace(code.group(), "")
    assert "<html" not in visitor.get(f"{sheet}/ecran", headers={"X-Fragment": "1"}).text
    anonymous = visitor.become(None)
    wrong_code = "000000" if typed_code != "000000" else "000001"
    wrong, asked = tried(anonymous, wrong_code, "personne-1@exemple.invalid")
    assert wrong[0] == 422
    assert "Le code change toutes les 30 secondes" in wrong[1]
    # The right code with an e-mail that nobody registered: the same page, the same number of statements
    assert tried(anonymous, typed_code, "personne-9@exemple.invalid") == (wrong, asked)
    good = {"code": typed_code, "email": "personne-0@exemple.invalid"}
    assert "Votre présence est notée" in anonymous.post(f"{HOME}/presence", good).text
    for _ in range(12):
        last = anonymous.post(f"{HOME}/presence", {"code": "111111", "email": "personne-2@exemple.invalid"})
    assert last.status_code == 429

    # Opinions: by the code of the evaluation and a work e-mail, once each; read at the closing only.
    opinion = evaluation_code(network.keyring, held.session_id, network.clock.now())
    for number in (0, 2, 3, 4, 5):
        who = {"code": opinion, "email": f"personne-{number}@exemple.invalid"}
        form = anonymous.post(f"{HOME}/avis", who)
        assert form.status_code == 200
        questions = re.findall(r'name="a\.([0-9a-f-]{36})" value="0"', form.text)
        assert len(questions) == 4
        sent = anonymous.post(f"{HOME}/avis/reponses", {**who, **{f"a.{one}": "3" for one in questions}})
        assert "sans votre nom" in sent.text
    twice = anonymous.post(f"{HOME}/avis/reponses", {**who, f"a.{questions[0]}": "0"})
    assert twice.status_code == 422
    assert "Vous avez déjà répondu" in twice.text
    away = anonymous.post(f"{HOME}/avis", {"code": opinion, "email": "personne-1@exemple.invalid"})
    assert away.status_code == 422  # she was away: nothing to say of it
    assert len(rows_of(network, select(EvaluationSent.id))) == 5
    results = f"{HOME}/seances/{held.code}/evaluation"
    assert visitor.become(WORKER).get(results).status_code == 404
    assert visitor.post(f"{results}/fermer").status_code == 404
    visitor.become(TRAINER)
    before = visitor.get(results).text
    assert "5 personnes ont répondu, sur 5 venues" in before
    assert "<table" not in before
    assert visitor.post(f"{results}/fermer").status_code == 303
    after = visitor.get(results).text
    assert "Résultats de l’évaluation" in after
    assert "<svg" in after
    assert "Fictive" not in after
    assert visitor.post(f"{results}/formulaire", {"scale": "Autre"}).status_code == 422
    assert len(rows_of(network, select(EvaluationAnswers.id))) == 5
    assert visitor.get(f"{HOME}/avis/{held.code}").status_code == 404  # the trainer did not follow it

    network.clock.advance(timedelta(minutes=90))
    visitor.become(TRAINER)
    hours = visitor.get(f"{HOME}/mes-heures").text
    assert f"{HOME}/mes-heures/{held.block_id}" in hours
    assert "Présences et heures" in visitor.get("/").text
    assert visitor.post(f"{HOME}/mes-heures/{held.block_id}", {"travel": "2"}).status_code == 303
    assert visitor.post(f"{HOME}/mes-heures/{held.block_id}", {"travel": "2"}).status_code == 404
    assert "Présences et heures" not in visitor.get("/").text  # nothing waits any more


@SQLITE
def test_the_demo_has_a_session_that_goes_on_whatever_the_hour_it_starts(network: Network, visitor: Any) -> None:
    settings = training.desk(network).settings
    network.viewer(training.ADMIN)
    host = network.organisation(training.CHRYSALIDE)

    def start(now: datetime) -> list[Any]:
        seeder = SimpleNamespace(
            now=now, keyring=network.keyring, viewer=network.viewer, organisation=lambda _key: host
        )
        with network.database.transaction() as session:
            seed_past_session(session, seeder, settings)
            seed_today(session, seeder, settings)
        return rows_of(
            network,
            select(TrainingSession.code, Block.id, Block.starts_at, Block.ends_at)
            .join(Block, Block.session_id == TrainingSession.id)
            .order_by(Block.starts_at.desc()),
        )

    now = network.clock.now()
    (code, block, starts, ends), past = start(now)
    assert (starts <= now < ends, past.ends_at < now, len(start(now + timedelta(hours=1)))) == (True, True, 2)
    visitor.become(TRAINER)
    sheet = f"{HOME}/seances/{code}/presences/{block}"
    page = visitor.get(sheet).text
    # On paper the form is gone: its names stand in a table with room to sign
    assert "Aude Lavertu" in page.split('<div class="print-only paper-sheet">')[0]
    assert "Aude Lavertu" in page.split('<div class="print-only paper-sheet">')[1]
    assert "data-code" in visitor.get(f"{sheet}/ecran").text
    # At night, and on the day the clocks change
    for late in (datetime(2026, 11, 26, 4, 30, tzinfo=UTC), datetime(2027, 3, 14, 6, 30, tzinfo=UTC)):
        assert start(late)[0].starts_at.astimezone(TORONTO).date() == late.astimezone(TORONTO).date()


@SQLITE
def test_the_days_around_a_session_are_a_setting(network: Network, tmp_path: Path) -> None:
    held = Held(network, people=1)
    network.clock.advance(timedelta(days=14))
    sheet = f"{HOME}/seances/{held.code}/presences/{held.block_id}"
    for days, named in ((20, True), (13, False)):
        with visiting(network, plugins_file=plugins_file(tmp_path, "ficesl", names_days=days)) as visitor:
            shown = visitor.become(TRAINER).get(sheet)
            assert (shown.status_code, "Personne Fictive0" in shown.text) == (200, named)
    network.app()


@SQLITE
def test_files_hold_no_formula_and_imports_tell_each_line(network: Network, visitor: Any) -> None:
    held = Held(network, people=0)
    formula = training.a_person(network, "=cmd()|Fictive", "formule@exemple.invalid")
    network.clock.advance(timedelta(days=-5))
    training.register(network, held.session_id, formula)
    network.clock.advance(timedelta(days=5))
    sheet = f"{HOME}/seances/{held.code}/presences/{held.block_id}"
    text = visitor.become(TRAINER).get(f"{sheet}/feuille.csv").content.decode("utf-8-sig")
    assert re.search(r"^\"?'=cmd\(\)\|Fictive", text, re.M)
    published = f"{HOME}/publie"
    lines = (
        "mois;formation;public;organisation;seances;duree;personnes\n2024-05;=cmd();a;b;1;2h00;5\n2024-13;x;;;1;1h00;\n"
    )
    file = {"file": ("formations.csv", lines.encode(), "text/csv")}
    for persona in ("bien-etre-1", WORKER):
        assert visitor.become(persona).post(published, {"year": ""}, files=file).status_code in (403, 404)
    visitor.become(TRAINER)
    done = visitor.post(published, {"year": ""}, files=file)
    assert "1 ligne écrite" in done.text
    assert "Ligne 3" in done.text
    again = visitor.post(published, {"year": ""}, files=file)
    assert "0 ligne écrite" in again.text
    assert "1 y était déjà" in again.text
    export = visitor.get(f"{published}/training.csv").content.decode("utf-8-sig")
    assert "'=cmd()" in export
    for bad in (b"MZ\x00\x01", b"a;b\n1;2\n", b""):
        answer = visitor.post(published, {"year": ""}, files={"file": ("x.csv", bad, "text/csv")})
        assert answer.status_code == 422
    for name in ("workshops", "evaluations"):
        assert visitor.post(f"{published}/reprendre/{name}").status_code == 200
    page = visitor.get(published).text
    assert page.count("Déjà publié.") == 6
    assert re.search(r"116\xa0h\xa0?30", page)
    assert page.count("<svg") == 6
    for row in shipped("evaluations")[1:]:
        assert row[3].replace("'", "&#39;") in page
    assert "49,5" in page
    assert visitor.get(f"{published}/nulle.csv").status_code == 404


@SQLITE
def test_a_capsule_from_its_questions_to_its_credit(network: Network, visitor: Any) -> None:
    version = training.a_course(network, modules=1)
    with network.database.transaction() as session:
        values = {
            "form": "self_paced",
            "quiz_pass_percent": 100,
            "quiz_attempts": 1,
            "video_url": "https://exemple.invalid/v",
        }
        session.execute(update(Module).where(Module.version_id == version).values(values))
        module: UUID = session.scalars(select(Module.id).where(Module.version_id == version)).one()
    one = f"{HOME}/capsules/{module}"
    for persona in (WORKER, "bien-etre-1"):
        assert visitor.become(persona).get(f"{one}/questions").status_code in (403, 404)
    visitor.become(TRAINER)
    wrong = visitor.post(f"{one}/questions", {"text": "Laquelle?", "choices": "a\nb"})
    assert wrong.status_code == 422
    assert "Laquelle?" in wrong.text
    assert visitor.post(f"{one}/questions", {"text": "Laquelle?", "choices": "a\n*b"}).status_code == 303
    visitor.become(WORKER)
    assert "À faire" in visitor.get(f"{HOME}/capsules").text
    page = visitor.get(one).text
    assert "Ouvrir la vidéo" in page
    assert "*b" not in page
    assert visitor.post(f"{one}/vue").status_code == 422
    missing = visitor.post(f"{one}/questionnaire", {})
    assert missing.status_code == 422
    assert "Répondez à toutes" in missing.text
    failed = visitor.post(f"{one}/questionnaire", {"q0": "0"}).text
    assert "0\xa0% de bonnes réponses" in failed
    over = visitor.post(f"{one}/questionnaire", {"q0": "1"})
    assert over.status_code == 422
    assert "essais sont utilisés" in over.text
    network.clock.advance(timedelta(days=7))
    visitor.become(WORKER)
    assert "La capsule est créditée" in visitor.post(f"{one}/questionnaire", {"q0": "1"}).text
    assert (
        rows_of(network, select(func.count()).select_from(models.Credit).where(models.Credit.module_id == module))[0][0]
        == 1
    )
