"""The panel on a reference, the page beside it, her agreement: what is shown, asked and refused."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core.testing import referrals as r
from core.testing.network import Network, visiting
from core.testing.statements import page_statements

from . import path_samples as h

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
FIRST, SECOND, SENDER = "calacs-chrysalide", "calacs-coup-de-coeur", "communautaire-ajrj"
PATHS = "/comites/orres/parcours"
ATTESTED = ["alone", "free_to_leave", "not_detained", "able", "understood", "may_refuse", "may_withdraw"]


def shown(answer: Any) -> str:
    """The page in words: tags taken away, spaces joined."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_a_step_is_noted_on_the_reference_and_shown_where_she_agrees(network: Network) -> None:
    network.app()
    h.publish(network, {**h.STEPS, "dehors": "Étape <b>7</b>"})
    code = r.a_referral(network, SENDER)
    with visiting(network, persona=SENDER) as visitor:
        # Before acceptance the sender has her in hand; the receiver has no step of hers to see.
        panel = f'data-fragment="{PATHS}/{code}?retour=reference"'
        assert panel in visitor.get(f"/references/{code}").text
        assert visitor.post(f"{PATHS}/{code}/etapes", {"step": "dehors", "said": "done"}).status_code == 303
        visitor.become(FIRST)
        assert panel not in visitor.get(f"/references/{code}").text
        r.accept_referral(network, FIRST, code)
        # What was noted before is no more told by the journal of the reference to its holder's officer
        visitor.become("confidentialite-chrysalide")
        told = visitor.get(f"/references/{code}/journal")
        assert (told.status_code, "Acceptation" in shown(told)) == (200, True)
        assert "trajectoire" not in told.text.split("<main")[1]
        assert "dehors" not in told.text
        visitor.become(FIRST)
        page = visitor.get(f"/references/{code}")
        assert panel in page.text
        assert f'<a class="btn" href="{PATHS}/{code}">' in page.text
        # Nothing of her path is in the page itself: it comes with the stream, by a page of its own.
        assert "Écouter" not in page.text
        visitor.get(f"{PATHS}/{code}")
        with page_statements() as mine:
            page = visitor.get(f"{PATHS}/{code}", headers={"X-Fragment": "1"})
        assert len(mine) <= 10, "\n".join(" ".join(one.split())[:150] for one in mine)
        assert "Étape &lt;b&gt;7&lt;/b&gt;" in page.text
        back = visitor.post(
            f"{PATHS}/{code}/etapes", {"step": "ecouter", "said": "begun", "seen": "", "back": "reference"}
        )
        assert (back.status_code, back.headers["location"]) == (303, f"/references/{code}")
        visitor.post(f"{PATHS}/{code}/etapes", {"step": "abri", "said": "not_for_her"})
        page = visitor.get(f"{PATHS}/{code}")
        assert "En cours Écouter Responsable : votre organisme" in shown(page).replace("\u00a0", " ")
        assert "Annuler Trouver un lieu sûr" in shown(page)
        # The fragment is the body alone, with the same words.
        part = visitor.get(f"{PATHS}/{code}?retour=reference", headers={"X-Fragment": "1"})
        assert "<html" not in part.text
        assert 'name="back" value="reference"' in part.text
        stale = visitor.post(f"{PATHS}/{code}/etapes", {"step": "ecouter", "said": "done", "seen": ""})
        # What is refused is answered with the page as it stands, and why
        assert (stale.status_code, "Voici sa version à jour" in shown(stale)) == (409, True)
        assert "En cours Écouter" in shown(stale)
        for wrong in ("nowhere", "moment"):
            gone = visitor.post(f"{PATHS}/{code}/etapes", {"step": wrong, "said": "done"})
            assert (gone.status_code, "En cours Écouter" in shown(gone)) == (409, True)
            undone = visitor.post(f"{PATHS}/{code}/annuler", {"step": wrong})
            assert (undone.status_code, "plus rien à annuler" in shown(undone)) == (409, True)
        visitor.post(f"{PATHS}/{code}/annuler", {"step": "abri"})
        assert "Annuler Trouver un lieu sûr" not in shown(visitor.get(f"{PATHS}/{code}"))
        for wrong in ({"step": "ecouter", "said": "nothing"}, {"said": "done"}, {"step": "x" * 99, "said": "done"}):
            assert visitor.post(f"{PATHS}/{code}/etapes", wrong).status_code == 422
        _agree(network, visitor, code)


def _agree(network: Network, visitor: Any, code: str) -> None:
    second = r.refer_onward(network, FIRST, code, "calacs-coup-de-coeur")
    r.accept_referral(network, SECOND, second)
    form = visitor.get(f"{PATHS}/{code}/accord")
    wording = re.search(r'name="wording" value="([0-9a-f]{64})"', form.text)
    assert wording is not None
    other = str(network.organisation("calacs-coup-de-coeur"))
    given = {"other": other, "wording": wording[1], "attestation": ATTESTED, "modality": "spoken"}
    missing = visitor.post(f"{PATHS}/{code}/accord", {**given, "attestation": ATTESTED[:-1]})
    assert missing.status_code == 422
    assert f'value="{other}" checked' in missing.text
    stranger = str(network.organisation("police-repentigny"))
    assert visitor.post(f"{PATHS}/{code}/accord", {**given, "other": stranger}).status_code == 422
    assert visitor.post(f"{PATHS}/{code}/accord", given).status_code == 303
    assert "CALACS Coup de cœur voit les étapes que vous notez" in visitor.get(f"{PATHS}/{code}/accord").text
    visitor.become(SECOND)
    assert "En cours Écouter Responsable : CALACS La Chrysalide" in shown(visitor.get(f"{PATHS}/{second}")).replace(
        "\u00a0", " "
    )
    # Whoever has it not in hand gets the bytes of a page that does not exist.
    for path in ("", "/accord"):
        denied, nothing = visitor.get(f"{PATHS}/{code}{path}"), visitor.get(f"{PATHS}/R-2222-22{path}")
        assert (denied.status_code, denied.content) == (404, nothing.content)
    first = str(network.organisation("calacs-la-chrysalide"))
    assert visitor.post(f"{PATHS}/{second}/accord/retrait", {"other": first}).status_code == 303
    assert "La Chrysalide" not in shown(visitor.get(f"{PATHS}/{second}"))
    assert visitor.post(f"{PATHS}/{code}/accord/retrait", {"other": first}).status_code == 404
