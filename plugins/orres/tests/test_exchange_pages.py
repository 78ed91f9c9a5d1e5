"""Pages of exchanges and upkeep without JavaScript: what was typed stays, what hides is refused, one tap a sheet."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.testing.network import Network, Visitor
from core.testing.statements import page_statements, told

from ..models import Campaign, NotOne, Vignette
from ..settings import EXCHANGES, LESSONS, UPKEEP
from . import drafting
from . import exchange_samples as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
NEW = f"{EXCHANGES}/nouvelle"
FORM = {
    "_key": "0190-essai-de-vignette",
    "title": "Trois portes avant la bonne",
    "age_band": "14_17",
    "since": "months",
    "needs": "housing",
    "story": "Deux semaines plus tard, elle rappelle.",
    "question": "Qui appeler en premier le soir?",
}


def text_of(answer: object) -> str:
    return html.unescape(answer.text).replace("\u00a0", " ")  # type: ignore[attr-defined]


@SQLITE
def test_a_vignette_is_typed_refused_corrected_read_again_and_discussed(network: Network, visitor: Visitor) -> None:
    drafting.with_example(network)
    h.desk(network)
    visitor.become(h.AUTHOR)
    page = visitor.get(NEW)
    assert page.status_code == 200
    area = re.search(r'<option value="(mrc-\w+)"', page.text)
    reader = network.viewer(h.READER).user_id
    assert area is not None
    assert f'value="{reader}"' in page.text
    assert str(network.viewer(h.AUTHOR).user_id) not in page.text, "nobody reads again what she wrote"
    form = {**FORM, "area": area.group(1), "reader": str(reader)}
    for change, said in (
        ({"story": "Joindre au quatre cinq zéro, cinq cinq cinq, zéro un zéro un."}, "un numéro de téléphone"),
        ({"story": "Elle a 15 ans.", "title": ""}, "un âge précis"),
        ({"question": "Le 3 mai, qui appeler?"}, "une date précise"),
        ({"needs": "nimporte"}, "réponses proposées"),
        ({"age_band": "under_12"}, "réponses proposées"),
        ({"area": "mun-62060"}, "réponses proposées"),
        ({"reader": str(network.viewer("bien-etre-1").user_id)}, "pour un autre organisme"),
        ({"story": "Chez Rose, un café."}, "ce n’en est pas un"),
    ):
        refused = visitor.post(EXCHANGES, {**form, **change})
        assert refused.status_code == 422, change
        assert said in text_of(refused), change
        kept = change.get("story", FORM["story"])
        assert kept in text_of(refused), "what was typed stays"
    with network.database.transaction(write=False) as session:
        assert session.scalars(select(Vignette.id)).all() == []
    named = visitor.post(EXCHANGES, {**form, "story": "Chez Rose, un café."})
    token = re.search(r'name="not_person" value="([0-9a-f]{16})"', named.text)
    assert token is not None
    sent = visitor.post(EXCHANGES, {**form, "story": "Chez Rose, un café.", "not_person": token.group(1)})
    assert sent.status_code == 303
    here = sent.headers["location"]
    with network.database.transaction(write=False) as session:
        assert [(one.field, one.kind) for one in session.scalars(select(NotOne))] == [("story", "name")]
    # Who wrote it cannot share it; who sits there, follows, or works elsewhere meets a page that does not exist
    assert visitor.post(f"{here}/partager", {"version": "1"}).status_code == 409
    missing = f"{EXCHANGES}/V-2222-22"
    for persona in (h.MEMBER, "bien-etre-3", h.COORDINATION, "calacs-chrysalide", "admin-chrysalide"):
        visitor.become(persona)
        there, nowhere = visitor.get(here).status_code, visitor.get(missing).status_code
        assert there == nowhere in (403, 404), persona
        assert "Trois portes" not in visitor.get(EXCHANGES).text
    visitor.become(h.READER)
    assert "Relire" in visitor.get("/").text
    way = visitor.get("/comites/orres").text
    assert f'href="{EXCHANGES}"' in way
    assert f'href="{LESSONS}"' in way
    assert EXCHANGES not in visitor.become(h.COORDINATION).get("/comites/orres").text
    visitor.become(h.READER)
    read = visitor.get(here)
    assert "Qui l’a écrite a dit que ceci ne désigne personne" in text_of(read)
    remark = visitor.post(f"{here}/retourner", {"version": "1", "remark": "Julie Gagnon se reconnaîtrait."})
    assert remark.status_code == 422
    assert "Julie Gagnon se reconnaîtrait." in remark.text
    said = "Le nom du café la désigne."
    assert visitor.post(f"{here}/retourner", {"version": "1", "remark": said}).status_code == 303
    visitor.become(h.AUTHOR)
    again = visitor.get(f"{here}/reprendre")
    assert said in text_of(again)
    assert "Chez Rose, un café." in text_of(again)
    amended = visitor.post(f"{here}/reprendre", {**form, "_key": "autre", "version": "2"})
    assert amended.status_code == 303
    assert visitor.post(f"{here}/reprendre", {**form, "_key": "autre2", "version": "2"}).status_code == 409
    visitor.become(h.READER)
    assert visitor.post(f"{here}/partager", {"version": "3"}).status_code == 303
    visitor.become(h.MEMBER)
    assert "Deux semaines plus tard" in visitor.get(here).text
    noted = visitor.post(f"{here}/notes", {"note": "Appeler Julie Gagnon."})
    assert noted.status_code == 422
    assert "Appeler Julie Gagnon." in noted.text
    assert visitor.post(f"{here}/notes", {"note": "Une ligne de texte répond."}).status_code == 303
    assert visitor.post(f"{here}/lecons", {"target": "directory", "lesson": "Dire le soir."}).status_code == 422
    sheet = re.search(r'<select id="f-service".*?<option value="([0-9a-f-]{36})"', visitor.get(here).text, re.S)
    assert sheet is not None
    lesson = {"target": "directory", "lesson": "Dire le soir.", "service": sheet.group(1), "field": "limits"}
    assert visitor.post(f"{here}/lecons", {**lesson, "value": "Le soir, par texto."}).status_code == 303
    own = {"target": "trajectory", "lesson": "Dire qui répond le soir."}
    assert visitor.post(f"{here}/lecons", own).status_code == 303
    assert visitor.post(f"{here}/heures", {"quarter_hours": "99"}).status_code == 422
    assert visitor.post(f"{here}/heures", {"quarter_hours": "2"}).status_code == 303
    assert "Vous avez inscrit" in visitor.get(here).text
    assert "Échange clinique" in visitor.get("/heures").text
    lessons = visitor.get(LESSONS)
    join = re.search(rf'action="{LESSONS}/([0-9a-f-]{{36}})" class="actions"', lessons.text)
    assert join is not None
    one = f"{LESSONS}/{join.group(1)}"
    assert visitor.post(one, {"state": "attached", "seen": "open"}).status_code == 422
    assert visitor.post(one, {"state": "attached", "seen": "open", "version": "3"}).status_code == 303
    # Where the draft is worked on and where it is proposed, for who takes part; not for who only follows
    for path in ("/comites/orres/versions/3/modifier", "/comites/orres/versions/3/differences"):
        assert "Dire qui répond le soir." in text_of(visitor.get(path)), path
    visitor.become(h.COORDINATION)
    follows = visitor.get("/comites/orres/versions/3/modifier")
    assert follows.status_code == 200
    assert "Dire qui répond" not in follows.text
    visitor.become(h.MEMBER)
    assert "n’a pas encore répondu" in text_of(visitor.get(LESSONS))
    assert visitor.post(one, {"state": "done", "seen": "open"}).status_code == 409
    assert visitor.post(one, {"state": "done", "seen": "attached"}).status_code == 303
    assert visitor.post(f"{here}/suspendre", {"version": "4"}).headers["location"] == EXCHANGES
    assert visitor.get(here).status_code == 404
    told(network)
    for path, limit in ((EXCHANGES, 7), (LESSONS, 9), (NEW, 6)):
        with page_statements() as statements:
            assert visitor.get(path).status_code == 200
        assert len(statements) <= limit, (path, len(statements))


@SQLITE
def test_a_partner_confirms_or_corrects_each_sheet_and_the_committee_follows(
    network: Network, visitor: Visitor
) -> None:
    h.desk(network)
    now = network.clock.now()
    with network.database.transaction() as session:
        today = now.date()
        session.add(Campaign(number=1, opens_on=today, closes_on=today + timedelta(days=30), opened_at=now, edits=0))
    visitor.become("admin-chrysalide")
    assert "à confirmer" in text_of(visitor.get("/"))
    assert f'href="{UPKEEP}"' in visitor.get("/annuaire").text, "a way there from any page"
    page = visitor.get(UPKEEP)
    services = [one for one in re.findall(r'/entretien/confirmer".*?name="service" value="([^"]*)"', page.text) if one]
    assert services
    first = services[0]
    said = visitor.post(f"{UPKEEP}/confirmer", {"service": first})
    assert said.status_code == 303
    assert said.headers["location"].startswith(f"{UPKEEP}#")
    assert "Annuler" in visitor.get(UPKEEP).text
    assert visitor.post(f"{UPKEEP}/annuler", {"service": first}).status_code == 303
    assert visitor.post(f"{UPKEEP}/annuler", {"service": first}).status_code == 409
    field = f"{UPKEEP}/champs/limits?fiche={first}"
    assert visitor.get(field).status_code == 200
    wrong = visitor.post(field, {"field": "limits", "value": "x" * 241})
    assert wrong.status_code == 422
    assert "x" * 241 in wrong.text
    assert visitor.post(field, {}).status_code == 422, "a form that lost its field erases nothing"
    assert visitor.post(field, {"field": "limits", "value": "Sur rendez-vous.", "exact": "true"}).status_code == 303
    assert "Sur rendez-vous." in visitor.get(field).text
    assert visitor.post(field, {"field": "limits", "value": ""}).status_code == 303
    assert "Sur rendez-vous." not in visitor.get(field).text
    # A field that is not offered, a sheet of somebody else's, nonsense: missing alike
    for address in (f"{UPKEEP}/champs/rooms?fiche={first}", f"{UPKEEP}/champs/limits?fiche=x", f"{UPKEEP}/champs/nom"):
        assert visitor.get(address).status_code == 404
    visitor.become(h.AUTHOR)
    assert f'href="{UPKEEP}"' not in visitor.get("/annuaire").text
    followed = visitor.get(f"{UPKEEP}/suivi")
    assert "CALACS La Chrysalide" in followed.text
    assert "Commencé" in followed.text
    assert visitor.get(UPKEEP).status_code in (403, 404)
    dates = {"number": "1", "edits": "0", "opens_on": today.isoformat(), "closes_on": "2027-01-15"}
    assert visitor.post(f"{UPKEEP}/suivi/dates", {**dates, "closes_on": "2026-01-15"}).status_code == 422
    assert visitor.post(f"{UPKEEP}/suivi/dates", dates).status_code == 303
    assert visitor.post(f"{UPKEEP}/suivi/dates", dates).status_code == 409
    visitor.become(h.COORDINATION)
    assert visitor.get(f"{UPKEEP}/suivi").status_code == 200
    assert visitor.post(f"{UPKEEP}/suivi/dates", {**dates, "edits": "1"}).status_code in (403, 404)
    told(network)
    for persona, path, limit in ((h.COORDINATION, f"{UPKEEP}/suivi", 10), ("admin-chrysalide", UPKEEP, 8)):
        visitor.become(persona)
        with page_statements() as statements:
            assert visitor.get(path).status_code == 200
        assert len(statements) <= limit, (path, len(statements))
    visitor.become("bien-etre-1")
    assert visitor.get(f"{UPKEEP}/suivi").status_code == 404
