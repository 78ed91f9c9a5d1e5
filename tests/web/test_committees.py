"""Committees' pages without a browser: seats, votes, and the wrong things people (or forged forms) try."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from core import features
from core.accounts.models import User
from core.committees.models.meetings import Meeting
from core.committees.models.structure import Ballot, CommitteeSeat, Vote, VoteSeat
from core.committees.rules.votes import Choice, Method, VoteRule
from core.testing.network import Network, Visitor, visiting
from core.testing.statements import page_statements, told
from tests.support.committees import CHAIR, MEMBERS, cast, closed, code_of, keep_records, opened, recuse

HOME = "/comites/bien-etre"
ONE, TWO, THREE, FOUR, FIVE = MEMBERS
#: What the pages say is the same on both engines; the statements are tried on both in tests/integration.
pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def read(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.text.replace("\u00a0", " ").replace("&#39;", "’"))


def scalar(network: Network, statement: Any) -> Any:
    with network.database.transaction(write=False) as session:
        return session.scalar(statement)


def ballots(network: Network) -> int:
    return int(scalar(network, select(func.count()).select_from(Ballot)))


def path_of(network: Network, vote_id: Any) -> str:
    return f"{HOME}/votes/{code_of(network, vote_id)}"


def seat_of(network: Network, persona: str) -> Any:
    person = network.viewer(persona).user_id
    return scalar(network, select(CommitteeSeat.id).where(CommitteeSeat.user_id == person))


def test_the_tree_says_where_i_sit_and_what_waits(network: Network, visitor: Visitor) -> None:
    vote_id = opened(network)
    page = read(visitor.become(ONE).get("/comites"))
    assert [name for name in ("TIVSL", "CRESL", "ORRES", "FICESL", "Bien-être", "Prévention") if name not in page] == []
    assert "Votre bulletin est attendu" in page
    home = read(visitor.get("/"))
    assert "Votes qui vous attendent" in home
    cast(network, vote_id, ONE)
    assert "Votes qui vous attendent" not in read(visitor.get("/"))
    assert "Bulletin déposé" in read(visitor.get("/comites"))
    # Who sits elsewhere sees the mandate and which organisations sit: no name, no vote.
    outside = read(visitor.become("ficesl-formation").get(HOME))
    assert "CAVAC de Lanaudière" in outside
    assert "Répondre aux urgences" in outside
    assert "Haddad" not in outside
    assert "Adopter la proposition" not in outside + read(visitor.get("/comites"))
    assert "Haddad" in read(visitor.become(ONE).get(HOME))
    assert "/comites" in visitor.get("/").text
    assert 'href="/comites"' not in visitor.become("police-repentigny").get("/").text


def test_a_question_from_opening_to_decision(network: Network, visitor: Visitor) -> None:
    visitor.become(CHAIR)
    typed = {
        "question": "Adopter le calendrier?",
        "method": "n_of_m",
        "quorum": "51",
        "tie": "refused",
        "named": "true",
    }
    kept = visitor.post(f"{HOME}/votes", {**typed, "closes_at": "2026-11-26T09:00"})
    assert kept.status_code == 422
    assert "Dites combien d’approbations" in read(kept)
    assert "Adopter le calendrier?" in read(kept)
    answer = visitor.post(f"{HOME}/votes", {**typed, "asked": "2", "closes_at": "2026-11-26T09:00"})
    assert answer.status_code == 303
    path = answer.headers["location"]
    page = read(visitor.get(path))
    assert "Décision avant le 26 novembre 2026 à 9 h" in page
    assert "Votre siège n’a pas droit de vote." in page
    for persona, choice in ((ONE, "yes"), (TWO, "yes"), (THREE, "no")):
        assert visitor.become(persona).post(path + "/bulletin", {"choice": choice}).status_code == 303
    page = read(visitor.get(path))
    assert "3 bulletins reçus" in page
    assert "Votre bulletin" in page
    # Nothing of the others' ballots before closing, whoever reads, in the page and in both fragments.
    for reader in (CHAIR, FOUR, "coordination-cresl"):
        visitor.become(reader)
        for address in (path, path + "?partie=bulletin"):
            shown = read(visitor.get(address, headers={"X-Fragment": "1"}))
            assert "Pour :" not in shown
            assert "CALACS Coup de cœur</span><span>" not in shown
    network.clock.advance(timedelta(hours=43))
    visitor.become(FOUR)
    late = visitor.post(path + "/bulletin", {"choice": "no"})
    assert (late.status_code, "L’échéance est passée" in read(late)) == (409, True)
    assert visitor.become(CHAIR).post(path + "/fermeture").status_code == 303
    page = read(visitor.become(FOUR).get(path))
    assert "Adoptée" in page
    assert "Pour : 2. Contre : 1. Abstentions : 0." in page
    assert "<span>CISSS" not in page
    assert "CALACS Coup de cœur</span><span>Oui" in page  # the rule said named
    assert "Le calcul" in read(visitor.get(HOME))
    assert visitor.post(path + "/bulletin", {"choice": "no"}).status_code == 409
    assert ballots(network) == 3


def test_names_stay_hidden_unless_the_rule_says_otherwise(network: Network, visitor: Visitor) -> None:
    vote_id = opened(network, VoteRule(Method.N_OF_M, 2, amount=42_000))
    for persona in (ONE, TWO, THREE):
        cast(network, vote_id, persona)
    network.clock.advance(timedelta(hours=24))
    closed(network, vote_id)
    page = read(visitor.become(FOUR).get(path_of(network, vote_id)))
    assert "420,00 $" in page
    assert "Choix de chaque organisme" not in page


def test_ballots_that_are_not_received(network: Network, visitor: Visitor) -> None:
    """Recused, without a seat, forged fields, wrong amounts, another committee's address, no second factor."""
    vote_id = opened(network, VoteRule(Method.N_OF_M, 2, amount=42_000))
    path = path_of(network, vote_id)
    recuse(network, vote_id, ONE)
    refused = visitor.become(ONE).post(path + "/bulletin", {"choice": "yes"})
    assert (refused.status_code, "Votre organisme est récusé" in read(refused)) == (409, True)
    visitor.become(TWO)
    for form in (
        {},
        {"choice": "maybe"},
        {"choice": "yes", "seat": str(seat_of(network, THREE))},
        {"choice": "yes", "organisation": str(uuid4())},
        {"choice": "other"},
        {"choice": "other", "amount": "0"},
        {"choice": "other", "amount": "-20"},
        {"choice": "other", "amount": "1,123456789012"},
        {"choice": "other", "amount": "420,01"},
        {"choice": "no", "amount": "20"},
        {"choice": "yes", "reason": "a" * 401},
    ):
        assert visitor.post(path + "/bulletin", form).status_code == 422, form
    kept = visitor.post(path + "/bulletin", {"choice": "other", "amount": "9999", "reason": "trop peu"})
    assert "trop peu" in kept.text
    assert "9999" in kept.text
    assert visitor.become("ficesl-formation").post(path + "/bulletin", {"choice": "yes"}).status_code == 404
    assert visitor.become("police-repentigny").post(path + "/bulletin", {"choice": "yes"}).status_code == 403
    elsewhere = path.replace("bien-etre", "orres")
    assert visitor.become(TWO).post(elsewhere + "/bulletin", {"choice": "yes"}).status_code == 404
    assert ballots(network) == 0
    assert visitor.post(path + "/bulletin", {"choice": "other", "amount": "300,50 $"}).status_code == 303
    assert "300,50 $" in read(visitor.get(path))
    assert ballots(network) == 1


def test_a_denied_vote_answers_like_a_missing_one(network: Network, visitor: Visitor) -> None:
    path = path_of(network, opened(network))
    visitor.become("ficesl-formation")
    denied, missing = visitor.get(path), visitor.get(f"{HOME}/votes/V-2222-22")
    assert (denied.status_code, missing.status_code) == (404, 404)
    assert denied.content == missing.content


def test_recusing_takes_the_ballot_away_and_says_so(network: Network, visitor: Visitor) -> None:
    vote_id = opened(network)
    path = path_of(network, vote_id)
    cast(network, vote_id, ONE)
    visitor.become(ONE)
    assert visitor.post(path + "/recusation", {"scope": "everybody"}).status_code == 422
    assert visitor.post(path + "/recusation", {"scope": "person"}).status_code == 303
    page = read(visitor.get(path))
    assert "Vous vous êtes récusée ou récusé" in page
    assert "Aucun bulletin reçu" in page
    assert ballots(network) == 0
    assert visitor.become("orres-comite").post(path + "/recusation", {"scope": "organisation"}).status_code == 404


def test_deadlines_on_the_days_the_clocks_change(network: Network, visitor: Visitor) -> None:
    network.clock.advance(timedelta(days=90))
    visitor.become(CHAIR)
    typed = {"question": "Reporter la rencontre?", "method": "majority", "quorum": "51", "tie": "refused"}
    skipped = visitor.post(f"{HOME}/votes", {**typed, "closes_at": "2027-03-14T02:30"})
    assert (skipped.status_code, "Cette heure n’existe pas" in read(skipped)) == (422, True)
    for wrong, words in (
        ("2027-02-22T14:30", "au moins une heure"),
        ("2027-12-01T09:00", "trois prochains mois"),
        ("demain", "Entrez une date et une heure"),
        ("2027-03-14T04:00+00:00", "Entrez une date et une heure"),
    ):
        answer = visitor.post(f"{HOME}/votes", {**typed, "closes_at": wrong})
        assert (answer.status_code, words in read(answer)) == (422, True), wrong
    answer = visitor.post(f"{HOME}/votes", {**typed, "closes_at": "2027-03-14T03:00"})
    assert "14 mars 2027 à 3 h" in read(visitor.get(answer.headers["location"]))
    closes = scalar(network, select(Vote.closes_at))
    assert closes.isoformat() == "2027-03-14T07:00:00+00:00"


def test_without_quorum_the_chair_takes_it_up(network: Network, visitor: Visitor) -> None:
    vote_id = opened(network)
    path = path_of(network, vote_id)
    network.clock.advance(timedelta(hours=24))
    closed(network, vote_id)
    assert "Votes sans quorum à reprendre" not in read(visitor.become(ONE).get("/"))
    assert visitor.post(path + "/echeance", {"closes_at": "2026-11-27T09:00"}).status_code == 404
    assert visitor.post(path + "/abandon").status_code == 404
    assert "Votes sans quorum à reprendre" in read(visitor.become(CHAIR).get("/"))
    assert "La suite vous revient" in read(visitor.get(path))
    assert visitor.post(path + "/echeance", {"closes_at": "2026-11-25T14:30"}).status_code == 422
    assert visitor.post(path + "/echeance", {"closes_at": "2026-11-27T09:00"}).status_code == 303
    assert visitor.post(path + "/echeance", {"closes_at": "2026-11-28T09:00"}).status_code == 409
    assert "Décision avant le 27 novembre 2026 à 9 h" in read(visitor.get(path))
    assert visitor.post(path + "/abandon").status_code == 303
    assert "Fermée sans décision" in read(visitor.get(path))


def test_the_other_calacs_is_asked_for_an_alternate_without_the_question(network: Network, visitor: Visitor) -> None:
    vote_id = opened(network)
    path = path_of(network, vote_id)
    visitor.become("ficesl-formation")
    assert visitor.get(path + "/suppleance").status_code == 404
    for persona in (ONE, TWO, THREE, FOUR):
        recuse(network, vote_id, persona)
    assert "Suppléances à nommer pour un vote" in read(visitor.get("/"))
    assert visitor.get(path).headers["location"] == path + "/suppleance"
    asked = read(visitor.get(path + "/suppleance"))
    assert "Alexis Charron" in asked
    assert "Adopter la proposition" not in asked + read(visitor.get("/comites"))
    assert visitor.post(path + "/bulletin", {"choice": "yes"}).status_code == 404
    stranger = str(network.viewer(FIVE).user_id)
    assert visitor.post(path + "/suppleance", {"person": stranger}).status_code == 422
    person = str(network.viewer("ficesl-formation").user_id)
    assert visitor.post(path + "/suppleance", {"person": person}).status_code == 303
    assert "Adopter la proposition" in read(visitor.get(path))
    assert visitor.post(path + "/bulletin", {"choice": "yes"}).status_code == 303
    assert visitor.post(path + "/suppleance", {"person": person}).status_code == 404


def seat_form(network: Network, **changes: Any) -> dict[str, Any]:
    organisation = changes.pop("organisation", None) or network.viewer("ficesl-formation").organisation_id
    return {"organisation": str(organisation), "role": "member", "voting": "true", "starts_on": "2026-11-24", **changes}


def test_seats_are_given_changed_and_ended(network: Network, visitor: Visitor) -> None:
    visitor.become(CHAIR)
    path, alexis = f"{HOME}/sieges", network.viewer("ficesl-formation")
    for changes, words in (
        ({"role": "chair"}, "déjà une présidence"),
        ({"role": "vice_chair"}, "déjà une vice-présidence"),
        ({"organisation": network.viewer(TWO).organisation_id}, "déjà un siège"),
        ({"ends_on": "2026-11-01"}, "le jour de son début ou après"),
        ({"person": str(network.viewer(TWO).user_id)}, "une personne de cet organisme"),
        ({"person": str(alexis.user_id), "substitute": str(alexis.user_id)}, "une autre personne"),
        ({"substitute": str(alexis.user_id)}, "Nommez d’abord"),
        ({"organisation": uuid4()}, "organisme admis"),
        ({"starts_on": "hier"}, "Entrez une date"),
    ):
        answer = visitor.post(path, seat_form(network, **changes))
        assert (answer.status_code, words in read(answer)) == (422, True), changes
    count = select(func.count()).select_from(CommitteeSeat)
    before = scalar(network, count)
    assert visitor.post(path, seat_form(network, person=str(alexis.user_id))).status_code == 303
    assert scalar(network, count) == before + 1
    assert "Alexis Charron" in read(visitor.get(path))
    # Two chairs one after the other are fine: the first term ends before the second begins.
    chair = seat_of(network, CHAIR)
    own = network.viewer(CHAIR)
    first = seat_form(
        network, organisation=own.organisation_id, role="chair", person=str(own.user_id), starts_on="2026-04-01"
    )
    assert visitor.post(f"{path}/{chair}", {**first, "ends_on": "2026-12-31"}).status_code == 303
    held = scalar(
        network,
        select(CommitteeSeat.id).where(
            CommitteeSeat.organisation_id == alexis.organisation_id, CommitteeSeat.starts_on == date(2026, 11, 24)
        ),
    )
    assert visitor.post(f"{path}/{held}/fin").status_code == 303
    assert visitor.post(f"{path}/{held}/fin").status_code == 404
    later = seat_form(network, role="chair", starts_on="2027-01-01", person=str(alexis.user_id))
    assert visitor.post(path, later).status_code == 303
    assert "à venir" in read(visitor.get(path))
    # A seat of another committee, and members who manage nothing.
    assert visitor.get(f"{path}/{seat_of(network, 'orres-comite')}").status_code == 404
    visitor.become(ONE)
    for address in (path, f"{path}/{chair}", f"{HOME}/mandat", f"{HOME}/votes/nouveau"):
        assert visitor.get(address).status_code == 403, address
    for address in (path, f"{path}/{chair}", f"{path}/{chair}/fin", f"{HOME}/mandat", f"{HOME}/votes"):
        assert visitor.post(address, seat_form(network)).status_code == 403, address
    assert visitor.become("coordination-cresl").get(path).status_code == 200


def test_the_mandate_has_dates(network: Network, visitor: Visitor) -> None:
    visitor.become("coordination-cresl")
    backwards = {"mandate": "Décider ensemble.", "mandate_from": "2026-04-01", "mandate_until": "2026-03-31"}
    answer = visitor.post(f"{HOME}/mandat", backwards)
    assert (answer.status_code, "Décider ensemble." in read(answer)) == (422, True)
    assert visitor.post(f"{HOME}/mandat", {**backwards, "mandate_until": "2027-03-31"}).status_code == 303
    assert "Du 1er avril 2026 au 31 mars 2027" in read(visitor.get(HOME))


def test_hands_raised_in_a_meeting_from_agenda_to_register(network: Network, visitor: Visitor) -> None:
    """Put on the agenda, noted, confirmed, decided; what is wrong keeps the form and writes nothing."""
    vote_id = opened(network, VoteRule(Method.N_OF_M, 2, amount=42_000))
    code = code_of(network, vote_id)
    visitor.become(CHAIR)
    typed = {"title": "Rencontre", "day": "2026-11-24", "starts": "15:00", "ends": "17:00"}
    meeting = visitor.post(f"{HOME}/rencontres/nouvelle", typed).headers["location"]
    page = read(visitor.get(meeting))
    assert "Mettre un vote à l’ordre du jour" in page
    assert visitor.post(f"{meeting}/votes", {"vote": ""}).status_code == 422
    assert visitor.post(f"{meeting}/votes", {"vote": "V-2222-22"}).status_code == 404
    assert visitor.post(f"{meeting}/votes", {"vote": code}).status_code == 303
    page = read(visitor.get(meeting))
    assert "Mis aux voix" in page
    assert "À l’ordre du jour de la rencontre du 24 novembre 2026" in read(visitor.get(path_of(network, vote_id)))
    here = f"{meeting}/votes/{code}"
    assert visitor.become("ficesl-formation").get(here).status_code == 403
    assert visitor.become(ONE).post(f"{meeting}/votes", {"vote": code}).status_code == 403
    visitor.become(CHAIR)
    assert visitor.get(here.replace("bien-etre", "orres")).status_code in (403, 404)
    network.clock.advance(timedelta(hours=1))
    visitor.become(CHAIR)
    marks = {f"presence-{network.viewer(one).organisation_id}": "present" for one in (CHAIR, ONE, TWO, THREE)}
    assert visitor.post(f"{meeting}/presences", marks).status_code == 303
    assert "Noter la main levée" in read(visitor.get(meeting))
    choice = {one: f"choice-{seat_in(network, vote_id, one)}" for one in (ONE, TWO, THREE, FOUR)}
    amount = choice[TWO].replace("choice", "amount")
    form = read(visitor.get(here))
    assert "absence : le bulletin se dépose en ligne" in form
    assert choice[FOUR] not in form
    assert f'id="f-{choice[ONE]}"' in visitor.get(here).text, "where the summary of errors leads"
    for wrong, said in (
        ({choice[ONE]: "peut-être"}, "Choisissez une réponse"),
        ({choice[TWO]: "other", amount: "abc"}, "Entrez un montant"),
        ({choice[TWO]: "other", amount: "9999"}, "sans dépasser le plus haut permis"),
    ):
        answer = visitor.post(here, {choice[THREE]: "no", **wrong})
        assert (answer.status_code, said in read(answer)) == (422, True), wrong
        assert 'value="no" checked' in answer.text, "what was typed is kept"
    nobody = visitor.post(here, {choice[ONE]: ""})
    assert (nobody.status_code, "Notez au moins une main." in read(nobody)) == (409, True)
    noted = {choice[ONE]: "yes", choice[TWO]: "other", amount: "300,50", choice[THREE]: "no"}
    assert visitor.post(here, noted).status_code == 303
    assert "attendent leur confirmation" in read(visitor.get(here))
    assert 'value="300,50"' in visitor.get(here).text, "noted again from what was noted"
    # Nobody else reads the hands; whoever was there confirms what she saw.
    waiting = read(visitor.become(FOUR).get(here))
    assert "Seule une personne présente" in waiting
    assert "300,50" not in waiting + read(visitor.get(meeting)) + read(visitor.get(path_of(network, vote_id)))
    assert visitor.post(here, noted).status_code == 404
    # What waits for whoever may confirm, and for her alone, stands in her list with the page where it is done.
    for persona, waits in ((ONE, True), (TWO, True), (CHAIR, False), (FOUR, False)):
        visitor.become(persona)
        assert ("Mains levées à confirmer" in read(visitor.get("/"))) is waits, persona
        assert (f'href="{here}"' in visitor.get("/comites").text) is waits, persona
    visitor.become(ONE)
    assert "Confirmer la main levée" in read(visitor.get(meeting))
    page = visitor.get(here).text
    assert "300,50" in page
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    assert shown is not None
    stale = visitor.post(f"{here}/confirmer", {"shown": str(uuid4())})
    assert (stale.status_code, "notée de nouveau" in read(stale)) == (409, True)
    assert visitor.post(f"{here}/confirmer", {"shown": "x"}).status_code == 404
    assert visitor.become(FOUR).post(f"{here}/confirmer", {"shown": shown[1]}).status_code == 409
    assert ballots(network) == 0
    assert visitor.become(ONE).post(f"{here}/confirmer", {"shown": shown[1]}).status_code == 303
    assert ballots(network) == 3
    assert "Mains levées à confirmer" not in read(visitor.get("/"))
    result = read(visitor.get(path_of(network, vote_id)))
    assert "3 mains levées à la rencontre du 24 novembre 2026 comptent comme bulletins." in result
    assert "ce bulletin ne change plus" in result
    for persona in (FOUR, FIVE):
        cast(network, vote_id, persona, Choice.NO)
    network.clock.advance(timedelta(hours=23))
    closed(network, vote_id)
    result = read(visitor.become(ONE).get(path_of(network, vote_id)))
    assert "Voté à la rencontre du 24 novembre 2026." in result
    assert "300,50" in result
    register = read(visitor.get(f"{HOME}/decisions"))
    assert "Adopter la proposition?" in register
    assert f"vote {code}" in register
    assert visitor.become(CHAIR).post(f"{here}/retirer").status_code == 409


def seat_in(network: Network, vote_id: Any, persona: str) -> Any:
    own = network.viewer(persona).organisation_id
    return scalar(network, select(VoteSeat.id).where(VoteSeat.vote_id == vote_id, VoteSeat.organisation_id == own))


def test_a_vote_that_can_no_longer_reach_its_quorum_says_so(network: Network, visitor: Visitor) -> None:
    """Four organisations aside, nobody at the other CALACS: the page says it at once, hours before the deadline."""
    with network.database.transaction() as session:
        other = network.organisation("calacs-la-chrysalide")
        session.execute(update(User).where(User.organisation_id == other).values(status="disabled"))
    vote_id = opened(network)
    for persona in (ONE, THREE, FOUR):
        recuse(network, vote_id, persona)
    assert "ne peut plus atteindre" not in read(visitor.become(TWO).get(path_of(network, vote_id)))
    recuse(network, vote_id, FIVE)
    page = read(visitor.get(path_of(network, vote_id)))
    assert "Ce vote ne peut plus atteindre son quorum." in page
    assert "L’échéance est passée" not in page
    assert "Votes sans quorum à reprendre" in read(visitor.become(CHAIR).get("/"))
    later = visitor.post(path_of(network, vote_id) + "/echeance", {"closes_at": "2026-11-27T09:00"})
    assert (later.status_code, "pourvoyez d’abord un siège libre" in read(later)) == (422, True)


def test_pages_keep_their_budget_whatever_the_number_of_rows(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine statements with the session's own and the stream's, for a member and for the chair; ten on the page that
    reads ballots."""
    monkeypatch.setattr(features, "jobs", lambda _hooks: ())
    found = []
    for copies in (1, 6):
        votes = [opened(network) for _ in range(copies)]
        cast(network, votes[0], ONE, Choice.NO)
        with network.database.transaction() as session:
            for _ in range(copies):
                kept = keep_records(session, network)
        with network.database.transaction() as session:
            session.execute(update(Vote).where(Vote.id.in_(votes)).values(meeting_id=select_meeting(kept["meeting"])))
        meeting = f"{HOME}/rencontres/{kept['meeting']}"
        vote, hands = path_of(network, votes[0]), f"{meeting}/votes/{code_of(network, votes[0])}"
        lists = ("/comites", HOME, f"{HOME}/rencontres", f"{HOME}/decisions", f"{HOME}/sieges", "/suivis", "/heures")
        sizes = {}
        for persona in (TWO, CHAIR):
            with visiting(network, persona=persona) as visitor:
                visitor.get("/comites")
                told(network)
                for path in (*lists, "/heures/nouvelle", meeting, f"{meeting}/presences", vote, hands):
                    if persona == TWO and path in (f"{HOME}/sieges", f"{meeting}/presences"):
                        continue
                    with page_statements() as mine:
                        assert visitor.get(path).status_code == 200
                    name = path.replace(kept["meeting"], "M").replace(code_of(network, votes[0]), "V")
                    sizes[persona, name] = len(mine)
                    assert len(mine) <= (10 if path == hands else 9), "\n".join([persona, path, *mine])
        found.append(sizes)
    assert found[0] == found[1]


def select_meeting(code: str) -> Any:
    return select(Meeting.id).where(Meeting.code == code).scalar_subquery()
