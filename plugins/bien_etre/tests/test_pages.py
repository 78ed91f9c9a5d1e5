"""Pages of requests: the form, rights, the live closing in a browser; and what oversight reads and erases."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from core.api import Choice, ReportPeriod, can, visible
from core.testing.network import Network, Visitor
from core.testing.plugins import untranslated

from ..access import READ
from ..models import AidRequest, Dismissed, Question, Signature
from ..queries import oversight
from ..queries.requests import facts_of
from ..services import committee, keeping
from ..settings import REQUESTS
from . import voting as h
from .test_requests import act, funded

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
FORM = {
    "_key": "0190-essai-de-page",
    "age_band": "18_24",
    "area": "mrc-610",
    "category": "safety",
    "amount": "420",
    "needed_by": "2026-11-27",
    "why_now": "Serrure à changer.",
    "lafu": "silent",
    "lafu_since": "2026-11-20",
    "payment": "supplier",
}


@SQLITE
def test_a_request_is_typed_refused_corrected_and_sent(network: Network, visitor: Visitor) -> None:
    network.serve_plugins()
    visitor.become(h.ASKER)
    page = visitor.get(f"{REQUESTS}/nouvelle")
    assert page.status_code == 200
    area = re.search(r'<option value="(mrc-\w+)"', page.text)
    assert area is not None
    form = {**FORM, "area": area.group(1)}
    for change, said in (
        ({"amount": "420,123456789012"}, "Deux décimales au plus"),
        ({"amount": "-5"}, "négatif"),
        ({"amount": "0"}, "dépasser zéro"),
        ({"amount": "6000"}, "dépasse le plus haut"),
        ({"lafu_since": ""}, "depuis quand"),
        ({"needed_by": "2026-11-01"}, "passée"),
        ({"area": "mrc-999"}, "réponses proposées"),
        ({"why_now": "Rose attend.", "amount": "x"}, "ce n’en est pas un"),
    ):
        refused = visitor.post(REQUESTS, {**form, **change})
        assert refused.status_code == 422, change
        assert said in refused.text, change
        assert "Rose attend." in refused.text or "Serrure à changer." in refused.text
    named = visitor.post(REQUESTS, {**form, "why_now": "Chez Rose, un café."})
    token = re.search(r'name="not_person" value="([0-9a-f]{16})"', named.text)
    assert named.status_code == 422
    assert token is not None
    sent = visitor.post(REQUESTS, {**form, "why_now": "Chez Rose, un café.", "not_person": token.group(1)})
    assert sent.status_code == 303
    assert "Chez Rose" in visitor.get(sent.headers["location"]).text
    with network.database.transaction(write=False) as session:
        assert [(one.field, one.kind) for one in session.scalars(select(Dismissed))] == [("why_now", "name")]
    # Whoever may not know of it meets the answer of what does not exist.
    missing = f"{REQUESTS}/F-2222-22"
    for stranger in ("calacs-coup-de-coeur", "police-repentigny", "ficesl-formation"):
        visitor.become(stranger)
        assert visitor.get(sent.headers["location"]).status_code == visitor.get(missing).status_code == 404
    visitor.become("bien-etre-1")
    assert "Chez Rose" in visitor.get(sent.headers["location"]).text
    refused = visitor.post(sent.headers["location"] + "/bulletin", {"choice": "yes", "reason": "Je connais Julie."})
    assert refused.status_code == 422
    assert "Je connais Julie." in refused.text
    assert visitor.post(sent.headers["location"] + "/retrait", {"version": "1"}).status_code == 404
    visitor.become("coordination-cresl")
    assert "Chez Rose" not in visitor.get(sent.headers["location"]).text


@SQLITE
def test_the_list_shows_exactly_what_the_rule_allows(network: Network) -> None:
    for number, persona in enumerate((h.ASKER, h.SEATED_ASKER, "police-repentigny")):
        h.sent(network, persona, amount=1_000 + number)
    network.app()
    people = (*h.MEMBERS, h.CHAIR, h.ASKER, h.SEATED_ASKER, "police-repentigny", "ficesl-formation", "operateur",
              "coordination-cresl", "calacs-coup-de-coeur", "admin-chrysalide")  # fmt: skip
    with network.database.transaction(write=False) as session:
        every = session.scalars(select(AidRequest)).all()
        for persona, request in product(people, every):
            viewer = network.viewer(persona)
            listed = set(session.scalars(select(AidRequest.id).where(visible(viewer, READ))))
            assert (request.id in listed) == can(viewer, READ, facts_of(request)).allowed, persona


@SQLITE
def test_figures_are_counted_and_texts_go_in_their_time(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    funded(monkeypatch)
    request_id = h.sent(network, amount=15_000)
    for persona in ("bien-etre-1", "bien-etre-2", "bien-etre-4"):
        h.vote(network, request_id, persona, Choice.NO)
    act(network, "bien-etre-5", committee.ask, request_id, "Combien de nuits?")
    h.later(network, hours=25)
    h.close(network, request_id)
    year = ReportPeriod("year", date(2026, 4, 1), date(2027, 3, 31))
    with network.database.transaction() as session:
        figures = {table.key: table for table in oversight.tables(session, year)}
        assert figures["by_category"].rows == (("Sécurité", 1),)
        assert figures["by_outcome"].rows == (("Non acceptée", 1),)
        assert all(table.counted for table in figures.values())
        ended = network.clock.now()
        assert keeping.erase_texts_before(session, ended) == 0
        assert keeping.erase_texts_before(session, ended + timedelta(seconds=1)) == 1
        assert keeping.erase_texts_before(session, ended + timedelta(seconds=1)) == 0
        stored = session.scalars(select(AidRequest)).one()
        session.refresh(stored)
        assert (stored.why_now_sealed, stored.consent_sealed) == (None, None)
        assert session.scalars(select(Question.question_sealed)).all() == [None]
        asker = network.viewer(h.ASKER)
        (data,) = oversight.about_person(session, f"user:{asker.user_id}")
        assert [one["act"] for one in data.copy["acts"]] == ["request"]  # type: ignore[attr-defined]
        assert data.erase(session) == 1
        assert oversight.about_person(session, f"user:{asker.user_id}") == ()
        assert oversight.about_person(session, "R-7K3M-9Q") == ()
        assert keeping.erase_requests_before(session, datetime(2030, 1, 1, tzinfo=UTC)) == 1
        assert session.scalars(select(Question.id)).all() == session.scalars(select(Signature.id)).all() == []


@SQLITE
def test_every_sentence_has_its_english(network: Network) -> None:
    hooks = network.app().state.house.hooks
    folder = hooks.plugin("bien_etre").folder
    sources = [folder / "templates", *(path for path in folder.rglob("*.py") if "tests" not in path.parts)]
    assert untranslated(hooks, sources) == []
