"""*Réseau*: the coordination sees partners and what is late, by codes and dates; no content, ever."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.held import NAME, NOTE, PHONE, hold, send
from tests.support.pages import words

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def test_what_is_late_is_told_by_code_and_nothing_else(visitor, network):
    code, held = send(network), hold(network)
    page = visitor.become("coordination-cresl").get("/reseau")
    assert code not in page.text, "what is in time is not the coordination's business"
    network.clock.advance(timedelta(days=5, minutes=1))
    page = visitor.become("coordination-cresl").get("/reseau")
    said = words(page.text)
    assert held not in said, "an organisation answered that one: its team is reminded, not the network"
    for told in (code, "CALACS La Chrysalide", "Service de police de la Ville de Repentigny", "Maison"):
        assert told in said, told
    for hidden in (PHONE, NAME, NOTE, "Repentigny 25", "25 à 34 ans", "Détresse élevée", "Soutien émotionnel"):
        assert hidden not in said, hidden
    assert f'href="/references/{code}"' not in page.text
    assert visitor.get(f"/references/{code}").status_code == 403
    assert "Délais dépassés dans le réseau" in visitor.get("/").text
