"""The highest band of the fund, decided in a meeting: from the request to the envelope, through the pages alone."""

from __future__ import annotations

import re
from datetime import timedelta

from sqlalchemy import select

from core.testing.network import Network, visiting

from .. import models
from ..settings import HOME, REQUESTS
from . import voting as h
from .test_whole_story import FUNDS, Story

#: Coup de cœur, whose seat is bien-etre-1's.
ASKER = "calacs-coup-de-coeur"


def test_a_request_of_the_highest_band_goes_from_a_meeting_to_its_envelope(network: Network) -> None:
    """1 500 $ asked by an organisation that sits: five approvals asked, four seats left. Two hands, one ballot before
    and one after the meeting; the amount is the highest that the four support, and the money follows by itself."""
    network.serve_plugins()
    with visiting(network) as browser:
        story = Story(network, browser)

        def read(persona: str, path: str) -> str:
            return browser.become(persona).get(path).text.replace("\u00a0", " ")

        envelope = {"funder": "Fondation fictive", "year": "2026", "amount": "2000"}
        story.post("calacs-chrysalide", f"{FUNDS}/enveloppes", 303, envelope)
        form = {**story.form, "amount": "1500", "_key": "haut"}
        page = story.post(ASKER, REQUESTS, 303, form).headers["location"]
        asked = story.one(select(models.AidRequest.id).where(models.AidRequest.code == page.rsplit("/", 1)[1]))
        (opened,) = h.rounds_of(network, asked)
        assert opened.closes_at - opened.opened_at == timedelta(hours=168)
        assert "Approbations requises : 4." in read("bien-etre-2", page)
        story.vote(asked, ("bien-etre-4", "other", "1400"))

        typed = {"title": "Rencontre", "day": "2026-11-24", "starts": "15:00", "ends": "17:00"}
        meeting = story.post(h.CHAIR, f"{HOME}/rencontres/nouvelle", 303, typed).headers["location"]
        story.post(h.CHAIR, f"{meeting}/votes", 303, {"vote": opened.vote_code})
        assert "À l’ordre du jour de la rencontre du 24 novembre 2026." in read("bien-etre-1", page)
        h.later(network, hours=1)
        there = (h.CHAIR, "bien-etre-1", "bien-etre-2", "bien-etre-3", "bien-etre-4")
        marks = {f"presence-{network.viewer(one).organisation_id}": "present" for one in there}
        story.post(h.CHAIR, f"{meeting}/presences", 303, marks)

        # Neither whoever asks nor the ballot that is in is asked for a hand; nor is who stayed away.
        here = f"{meeting}/votes/{opened.vote_code}"
        fields = dict(re.findall(r'<legend>([^<]+?)<.*?name="choice-([^"]+)"', read(h.CHAIR, here), re.DOTALL))
        seats = {name.strip(): seat for name, seat in fields.items()}
        one, two = (seats.pop(network.viewer(persona).organisation_name) for persona in ("bien-etre-2", "bien-etre-3"))
        assert seats == {}
        hands = {f"choice-{one}": "yes", f"choice-{two}": "other", f"amount-{two}": "1200"}
        story.post(h.CHAIR, here, 303, hands)
        assert "Mains levées à confirmer" in read("bien-etre-2", "/")
        shown = re.search(r'name="shown" value="([^"]+)"', read("bien-etre-2", here))
        assert shown is not None
        confirmed = {"shown": shown[1]}
        story.post("bien-etre-1", f"{here}/confirmer", 409, confirmed)
        assert "200,00" not in read("bien-etre-1", here)
        story.post("bien-etre-2", f"{here}/confirmer", 303, confirmed)

        # Three approvals of four: it waits for who was away, and says nothing of what was chosen.
        for persona in ("bien-etre-5", ASKER, h.CHAIR):
            seen = read(persona, page)
            assert "1 200,00" not in seen, persona
            assert "1 400,00" not in seen, persona
        assert h.row(network, asked).state == "voting"
        assert story.balance() == (200_000, 0, 0)
        story.vote(asked, ("bien-etre-5", "yes", ""))
        assert story.state(asked, "accepted").granted_cents == 120_000
        assert story.balance() == (200_000, 120_000, 0)
        assert "Voté à la rencontre du 24 novembre 2026." in read("bien-etre-5", page)
        register = read("bien-etre-5", f"{HOME}/decisions")
        assert h.row(network, asked).code in register
        assert f'href="{page}"' in register
        assert "1 200,00" in read(ASKER, page)
        story.pay(asked, "1200")
        assert story.balance() == (200_000, 0, 120_000)
