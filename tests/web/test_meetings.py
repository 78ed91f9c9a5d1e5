"""Meetings through their pages: planned, held, written down; refusals keep the form and write nothing."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar
from PIL import Image
from sqlalchemy import func, select

from core.committees.models.meetings import Decision, FollowUp, Meeting, MeetingAttendance
from core.kernel.files import MAX_FILE_BYTES, StoredFile
from core.testing.network import Network, Visitor
from core.testing.statements import page_statements

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
BASE = "/comites/orres/rencontres"
TYPED = {"title": "Rencontre ordinaire", "day": "2026-12-01", "starts": "13:30", "ends": "15:30", "place": "Salle 2"}


@pytest.fixture
def chair(visitor: Visitor) -> Visitor:
    return visitor.become("orres-comite")


def count(network: Network, model: Any) -> int:
    with network.database.transaction(write=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def planned(chair: Visitor, **changes: str) -> str:
    answer = chair.post(f"{BASE}/nouvelle", {**TYPED, **changes})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def begun(network: Network) -> None:
    network.clock.advance(timedelta(days=8))


def test_from_planning_to_adopted_minutes(network: Network, chair: Visitor) -> None:
    page = planned(chair)
    text = chair.get(page).text
    assert "mardi\u00a01er\u00a0décembre\u00a02026, de 13\u00a0h\u00a030 à 15\u00a0h\u00a030" in text
    assert "4 sièges convoqués" in text.replace("\u00a0", " ")
    assert "/presences" not in text, "nobody is marked before the hour"
    assert chair.post(f"{page}/ordre", {"agenda": "Accueil, 10 min\nTrajectoire", "version": "1"}).status_code == 303
    begun(network)
    chair.become("orres-comite")
    coup = str(network.organisation("calacs-coup-de-coeur"))
    police = str(network.organisation("police-repentigny"))
    marks = {f"presence-{coup}": "present", f"persons-{coup}": "2", "guest": police}
    assert chair.post(f"{page}/presences", marks).headers["location"] == f"{page}/presences"
    assert "1 siège représenté sur 4 (25 %) · 1 organisme invité" in chair.get(page).text.replace("\u00a0", " ")
    assert chair.post(f"{page}/heures", {"kind": "meeting"}).status_code == 303
    assert chair.post(f"{page}/proces-verbal", {"minutes": "Rien ne change.", "version": "3"}).status_code == 303
    text = chair.get(page).text
    assert "Rien ne change." in text
    assert "Adopter le procès-verbal" in text
    stale = chair.post(f"{page}/adopter", {"version": "3"})
    assert stale.status_code == 409
    assert chair.post(f"{page}/adopter", {"version": "4"}).status_code == 303
    text = chair.get(page).text
    assert "Adopter" not in text
    assert "Rédiger" not in text
    assert chair.post(f"{page}/proces-verbal", {"minutes": "Autre", "version": "5"}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"title": ""}, "Ce champ est requis."),
        ({"ends": "13:00"}, "La fin vient après le début."),
        ({"day": "2027-03-14", "starts": "02:30", "ends": "04:00"}, "Cette heure n’existe pas"),
        ({"day": "2031-03-14"}, "d’ici deux ans"),
        ({"link": "javascript:alert(1)"}, "commence par https://"),
        ({"day": "demain"}, "année-mois-jour"),
        ({"version": "x"}, "nombre entier"),
    ],
)
def test_a_refused_meeting_keeps_its_form(network: Network, chair: Visitor, changes: dict[str, str], said: str) -> None:
    answer = chair.post(f"{BASE}/nouvelle", {**TYPED, **changes})
    assert answer.status_code == 422
    assert said in answer.text.replace("\u00a0", " ")
    assert 'value="Salle 2"' in answer.text
    assert count(network, Meeting) == 0


def test_whoever_does_not_sit_there_reads_nothing_and_whoever_does_not_keep_it_writes_nothing(
    network: Network, chair: Visitor
) -> None:
    page = planned(chair)
    code = page.rsplit("/", 1)[1]
    for persona in ("bien-etre-1", "ficesl-formation"):
        chair.become(persona)
        assert chair.get(page).status_code == 403
        assert chair.get(BASE).status_code == 403
        assert chair.post(f"{page}/annuler").status_code == 403
    chair.become("police-repentigny")
    assert chair.get(page).status_code in (403, 404)
    chair.become("coordination-cresl")
    assert chair.get(page).status_code == 200
    assert chair.get(f"/comites/ficesl/rencontres/{code}").status_code == 404, "another committee’s address"
    chair.become("orres-comite")
    assert chair.post(f"{page}/annuler").status_code == 303
    assert "annulée" in chair.get(BASE).text
    assert chair.post(f"{page}/modifier", {**TYPED, "version": "2"}).status_code == 422


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 20)).save(out, "PNG")
    return out.getvalue()


def send(chair: Visitor, page: str, name: str, content: bytes) -> Any:
    token = chair.csrf()
    files = {"file": (name, content, "application/pdf")}
    return chair.http.post(f"{page}/documents", data={"_csrf": token}, files=files, follow_redirects=False)


def test_a_document_comes_back_as_a_download_and_a_fake_is_refused(network: Network, chair: Visitor) -> None:
    page = planned(chair)
    assert send(chair, page, "plan.png", picture()).status_code == 303
    text = chair.get(page).text
    place = text.split('href="' + page + "/documents/")[1].split('"')[0]
    answer = chair.get(f"{page}/documents/{place}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"] == "image/png"
    chair.become("ficesl-formation")
    assert chair.get(f"{page}/documents/{place}").status_code == 404
    chair.become("orres-comite")
    for content, status, said in (
        (b"%PDF-1.7 rien", 422, "abîmé"),
        (b"MZ", 422, "n’est pas un PDF"),
        (b"", 422, "Choisissez un fichier."),
        (b"x" * (MAX_FILE_BYTES + 500_000), 413, ""),
    ):
        refused = send(chair, page, "facture.pdf", content)
        assert refused.status_code == status
        assert said in refused.text.replace("\u00a0", " ")
    assert count(network, StoredFile) == 1
    assert chair.post(f"{page}/documents/{place}/retirer").status_code == 303
    assert count(network, StoredFile) == 0


def test_fifty_megabytes_are_refused_before_they_are_read(chair: Visitor) -> None:
    page = planned(chair)
    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(50_000_000)}
    answer = chair.http.post(f"{page}/documents", headers=headers, content=iter(()), follow_redirects=False)
    assert answer.status_code == 413


def test_forged_marks_write_nothing(network: Network, chair: Visitor) -> None:
    page = planned(chair)
    coup = str(network.organisation("calacs-coup-de-coeur"))
    assert chair.post(f"{page}/presences", {f"presence-{coup}": "present"}).status_code == 422, "not begun"
    begun(network)
    chair.become("orres-comite")
    assert chair.post(f"{page}/presences", {f"presence-{coup}": "dormait"}).status_code == 404
    assert chair.post(f"{page}/presences", {"guest": "00000000-0000-0000-0000-000000000000"}).status_code == 404
    wrong = chair.post(f"{page}/presences", {f"presence-{coup}": "present", f"persons-{coup}": "-1"})
    assert wrong.status_code == 422
    assert count(network, MeetingAttendance) == 0


def test_the_register_and_what_follows(network: Network, chair: Visitor) -> None:
    register = "/comites/orres/decisions"
    assert "Le registre est vide." in chair.get(register).text
    late = chair.post(register, {"text": "Demain", "decided_on": "2026-12-24"})
    assert late.status_code == 422
    assert chair.post(register, {"text": "Imprimer la trajectoire.", "decided_on": "2026-11-20"}).status_code == 303
    with network.database.transaction(write=False) as session:
        code = session.execute(select(Decision.code)).scalar_one()
    police = str(network.organisation("police-repentigny"))
    asked = {"organisation": police, "what": "Distribuer", "due_on": "2026-12-10"}
    assert chair.post(f"{register}/{code}/suivi", {**asked, "due_on": "2026-01-01"}).status_code == 422
    assert chair.post(f"{register}/D-0000-00/suivi", asked).status_code == 404
    assert chair.post(f"{register}/{code}/suivi", asked).status_code == 303
    text = chair.get(register).text
    assert "Distribuer" in text
    with network.database.transaction(write=False) as session:
        task = session.execute(select(FollowUp.id)).scalar_one()
    assert chair.post(f"/comites/orres/suivis/{task}", {"done": "true"}).status_code == 303
    assert "Pas encore fait" in chair.get(register).text
    chair.become("ficesl-formation")
    assert chair.post(f"/comites/orres/suivis/{task}", {"done": ""}).status_code == 403
    assert chair.post(f"/suivis/{task}", {"done": ""}).status_code in (403, 404)
    assert "Distribuer" not in chair.get("/suivis").text
    officer = chair.become("police-repentigny")
    assert officer.post(f"/suivis/{task}", {"done": ""}).status_code == 303
    assert "Suivis de comités à faire" in officer.get("/").text.replace("\u00a0", " ")
    own = officer.get("/suivis").text
    assert "Distribuer" in own
    assert "Imprimer la trajectoire" not in own, "the decision itself is the committee’s"
    assert officer.post(f"/suivis/{task}", {"done": "true"}).status_code == 303
    assert "Suivis de comités" not in officer.get("/").text


def test_a_calendar_is_read_without_signing_in_until_it_is_revoked(network: Network, chair: Visitor) -> None:
    planned(chair)
    made = chair.post("/compte/calendrier")
    assert made.status_code == 200
    secret = made.text.split("/calendrier/")[1].split('"')[0]
    assert secret not in chair.get("/compte/calendrier").text, "shown once"
    chair.become(None)
    answer = chair.get(f"/calendrier/{secret}")
    assert answer.headers["content-type"].startswith("text/calendar")
    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert event["summary"] == "Rencontre"
    assert b"Salle 2" not in answer.content
    assert b"orres" not in answer.content.lower()
    wrong, missing = chair.get(f"/calendrier/{secret[:-5]}x.ics"), chair.get("/nulle-part")
    assert wrong.status_code == missing.status_code == 404
    chair.become("orres-comite")
    assert chair.post("/compte/calendrier/fin").status_code == 303
    assert chair.become(None).get(f"/calendrier/{secret}").status_code == 404


def test_pages_cost_the_same_however_many_meetings(network: Network, chair: Visitor) -> None:
    page = planned(chair)
    with page_statements(containing="meeting") as one:
        chair.get(BASE)
    with page_statements(containing="meeting") as single:
        chair.get(page)
    for day in range(2, 12):
        planned(chair, day=f"2026-12-{day:02d}")
    with page_statements(containing="meeting") as many:
        chair.get(BASE)
    assert len(many) == len(one)
    assert len(single) <= 8
