"""The directory's pages as a visitor, a partner, a worker and an administrator use them, without JavaScript."""

import re
from html import unescape

import pytest
from sqlalchemy import select

from core.directory.models import DirectoryEdit, Organisation, Service
from core.directory.pages.search import Filters
from core.directory.queries.search import SearchQuery, search
from core.directory.rules.visibility import ANYONE
from core.directory.rules.words import Audience, CapacityState
from core.directory.services.seeding import SHELTER_DETAILS
from core.testing.network import Visitor

SHELTER = "Hébergement pour femmes (fictif)"
UNITS = ("la Source", "l’Arc-en-ciel", "la Halte", "l’Avenue", "Hébergement de réadaptation")
SECRETS = (SHELTER_DETAILS.address, SHELTER_DETAILS.phone, SHELTER_DETAILS.directions, "Girouette", "555-0143")


def text_of(html: str) -> str:
    """The words of a page, tags and runs of spaces out."""
    plain = re.sub(r"<[^>]+>", " ", html.replace("&nbsp;", " ").replace("\u00a0", " "))
    return re.sub(r"\s+", " ", plain.replace("&#39;", "'").replace("&amp;", "&"))


def titles(html: str) -> list[str]:
    return [text_of(found).strip() for found in re.findall(r'<h3><a href="/annuaire/services/[^>]*>(.*?)</a>', html)]


@pytest.fixture
def public(visitor: Visitor) -> Visitor:
    return visitor.become(None)


def test_story_hebergement_joliet(public: Visitor) -> None:
    answer = public.get("/annuaire", params={"q": "hebergement joliet"})
    assert answer.status_code == 200
    assert titles(answer.text)[0] == SHELTER
    words = text_of(answer.text)
    assert "Adresse confidentielle" in words
    assert "Joliette" in words
    assert "À confirmer" in words  # nobody has verified anything yet
    for hidden in (*UNITS, *SECRETS):
        assert hidden not in words


@pytest.mark.parametrize(
    ("network", "persona"),
    [
        ("sqlite", None),
        ("sqlite", "police-repentigny"),
        ("sqlite", "calacs-coup-de-coeur"),
        ("sqlite", "coordination-cresl"),
        ("sqlite", "operateur"),
        ("postgresql", None),
    ],
    indirect=["network"],
)
def test_nothing_confidential_on_any_page(visitor: Visitor, persona: str | None) -> None:
    """Every page of the directory: no sealed address, no unit, not even its existence.

    A visitor and an officer read all of it; three other kinds of people what is hidden, what stands next to it and the
    searches, and so does a visitor on PostgreSQL: what is shown to whom is decided by tier, in one place.
    """
    all_of_it = persona in (None, "police-repentigny") and visitor.network.url.startswith("sqlite")
    visitor.become(persona)
    with visitor.network.database.transaction(write=False) as session:
        hidden = list(session.scalars(select(Service.slug).where(Service.visibility == "confidential")))
        kept = select(Service.organisation_id).where(Service.visibility == "confidential")
        near = select(Service.slug).where(Service.organisation_id.in_(kept))
        slugs = list(session.scalars(select(Service.slug) if all_of_it else near))
        owners = list(session.scalars(select(Organisation.slug)))
    assert len(hidden) == 5
    assert set(hidden) <= set(slugs)
    pages = [f"/annuaire/services/{slug}{end}" for slug in slugs for end in ("", "/feuille", "/feuille?discrete=1")]
    pages += [f"/annuaire/organismes/{slug}" for slug in owners]
    pages += ["/annuaire?page=1", "/annuaire?page=2", "/annuaire?page=3", "/annuaire?page=4"]
    pages += [f"/annuaire?q={word}" for word in ("réadaptation", "unité la Source", "Girouette", "555-0143", "CRJDA")]
    for page in pages:
        answer = visitor.get(page)
        words = text_of(re.sub(r"<main.*?<h1", "<main><h1", answer.text, count=1))
        if any(f"/services/{slug}" in page for slug in hidden):
            assert answer.status_code == 404, page
        if "?q=" in page:  # the page says back what was typed, nothing more
            words = " ".join(titles(answer.text))
            assert "CRJDA" not in words
        for secret in (*SECRETS, *UNITS):
            assert secret not in words, page


def test_partners_tier_is_hidden_from_the_public(visitor: Visitor) -> None:
    for path in ("/annuaire/services/cc-apparences", "/annuaire/organismes/crjda"):
        hidden, missing = visitor.become(None).get(path), visitor.get("/annuaire/organismes/n-existe-pas")
        assert hidden.status_code == missing.status_code == 404
        assert visitor.become("police-repentigny").get(path).status_code == 200


def test_who_is_who_for_partners_only(visitor: Visitor) -> None:
    path = "/annuaire/organismes/cavac-lanaudiere"
    assert "Lien avec les services de police" not in text_of(visitor.become(None).get(path).text)
    assert "Lien avec les services de police" in text_of(visitor.become("police-repentigny").get(path).text)
    rooms = "/annuaire/organismes/maison-parents-matawinie"
    assert "Locaux prêtés" not in text_of(visitor.become(None).get(rooms).text)
    assert "Locaux prêtés" in text_of(visitor.become("police-repentigny").get(rooms).text)


def test_state_is_in_the_address(public: Visitor) -> None:
    address = "/annuaire?q=suivi&besoin=exploitation&lieu=Joliette&pour=women&age=30&langue=fr&places=1"
    html = public.get(address).text
    for expected in (
        'value="suivi"',
        'value="exploitation" selected',
        'value="Joliette"',
        'value="women" selected',
        'value="30"',
    ):
        assert expected in html
    assert 'value="fr" selected' in html
    assert re.search(r'name="places" value="1" checked', html)
    whole = Filters("suivi", "exploitation", "Joliette", "women", "30", "fr", True, True).address()
    assert whole == address.replace("&places=1", "&ouvert=1&places=1"), "what turning a page, or sharing it, keeps"


def test_each_filter_of_the_address_is_the_one_that_is_asked(public: Visitor) -> None:
    """Each alone: the page names what the search finds with it, which is not what it finds without; and keeps it when
    pages turn."""
    with public.network.database.transaction() as session:
        one = session.scalars(select(Service).where(Service.slug == "cc-exploitation")).one()
        one.capacity_state = CapacityState.OPEN.value
    joliette = "mrc-610"
    asked = {
        "besoin=ecoute": {"need": "ecoute"},
        "lieu=MRC+Joliette": {"place": joliette},
        "lieu=repentini": {"place": "60013"},
        "lieu=Gasp%C3%A9": {"place": "ailleurs"},
        "pour=men": {"audience": Audience.MEN},
        "age=9": {"age": 9},
        "ouvert=1": {"open_now": True},
        "langue=en": {"language": "en"},
        "places=1": {"with_room": True},
        "q=suivi": {"text": "suivi"},
        "page=2": {"page": 2},
    }
    now = public.network.clock.now()
    with public.network.database.transaction(write=False) as session:
        found = {address: search(session, ANYONE, SearchQuery(**filters), now) for address, filters in asked.items()}
        whole = search(session, ANYONE, SearchQuery(), now)
    everybody = [card.name for card in whole.cards]
    for address, result in found.items():
        html = public.get(f"/annuaire?{address}").text
        names = [card.name for card in (*result.cards, *result.others)]
        assert [unescape(title) for title in titles(html)] == [text_of(name) for name in names], address
        assert names != everybody, address
        assert (f"{result.total} services" in text_of(html)) is (result.total > 1), address
        if result.pages > 1 and address != "page=2":
            assert f"{address.replace('+', '%20') if 'MRC' in address else address}&amp;page=2" in html.replace(
                "+", "%20"
            )


def test_what_was_read_of_the_text_is_told(public: Visitor) -> None:
    for query, told in (
        ("q=hebergemnt", "Lu « hebergement » au lieu de « hebergemnt »"),
        ("q=xyzzyx", "Mots que l’annuaire ne connaît pas : xyzzyx"),
        ("q=trousse+restorative", "Aucun service ne réunit tous ces mots"),
        ("lieu=Gasp%C3%A9", "Ce lieu n’est pas dans la région"),
        ("q=suivi+exploitation&lieu=Sainte-Julienne", "une partie de ce territoire : à confirmer"),
    ):
        assert told in text_of(public.get(f"/annuaire?{query}").text), query


@pytest.mark.parametrize(
    "query",
    [
        {"q": "hébergement", "pour": "boys"},
        {"q": "suivi", "pour": "men"},
        {"q": "suivi individuel", "pour": "trans_women", "lieu": "Joliette"},
        {"q": "suivi", "age": "9"},
        {"q": "suivi", "lieu": "Gaspé"},
        {"q": "suivi", "lieu": "ailleurs"},
        {"q": "xyzzyx"},
        {"besoin": "suivi-individuel", "pour": "boys", "lieu": "Manawan"},
    ],
)
def test_never_a_dead_end(public: Visitor, query: dict[str, str]) -> None:
    html = public.get("/annuaire", params=query).text
    assert titles(html), "somebody who can help is named"
    assert "Qui peut" in html


@pytest.mark.parametrize("address", ["?age=abc&pour=rien&besoin=x&page=zz&langue=qq", "?age=²&page=-3", "?page=999999"])
def test_strange_addresses_still_answer(public: Visitor, address: str) -> None:
    assert public.get(f"/annuaire{address}").status_code == 200


def test_broken_text_is_told_not_searched(public: Visitor) -> None:
    answer = public.get("/annuaire?q=%FF%FE")
    assert answer.status_code == 422
    assert "n’ont pas pu être lus" in text_of(answer.text)


def test_visitor_reports_with_a_code_and_it_is_counted(public: Visitor) -> None:
    path = "/annuaire/services/cc-ecoute/signaler"
    assert public.get(path).status_code == 200
    assert public.post(path).status_code == 422
    assert public.post(path, {"problem": "phone", "note": "Marie habite ici"}).status_code == 422
    for _ in range(3):
        answer = public.post(path, {"problem": "phone"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/annuaire/services/cc-ecoute")
    with public.network.database.transaction(write=False) as session:
        found = session.scalars(select(DirectoryEdit).where(DirectoryEdit.problem == "phone")).all()
        assert [(edit.times, edit.new_value, edit.proposed_by) for edit in found] == [(3, None, None)]


def test_proposal_is_decided_by_the_organisation(visitor: Visitor) -> None:
    path = "/annuaire/organismes/calacs-la-chrysalide/proposer"
    visitor.become("police-repentigny")
    assert "Par exemple" in visitor.get(f"{path}?champ=hours").text
    assert visitor.post(path, {"field": "hours", "value": "9h à 5h"}).status_code == 422
    assert visitor.post(path, {"field": "contacts", "value": "Une voisine"}).status_code == 422
    assert visitor.post(path, {"field": "status", "value": "suspended"}).status_code == 422
    assert visitor.post(path, {"field": "hours", "value": "lu-ve 8:30-16:30"}).status_code == 303
    assert "8 h 30" not in text_of(visitor.get("/annuaire/organismes/calacs-la-chrysalide").text)
    own = visitor.become("admin-chrysalide").get("/organisation").text
    assert "1 proposition à décider" in text_of(own)
    decide = re.search(r'action="(/organisation/propositions/[^"]+)"', own)
    assert decide is not None
    assert visitor.become("calacs-coup-de-coeur").post(decide[1], {"decision": "accept"}).status_code == 403
    visitor.become("admin-chrysalide")
    assert visitor.post(decide[1], {"decision": "peut-être"}).status_code == 422
    assert visitor.post(decide[1], {"decision": "accept"}).status_code == 303
    assert visitor.post(decide[1], {"decision": "accept"}).status_code == 409
    seen = text_of(visitor.get("/annuaire/organismes/calacs-la-chrysalide").text)
    assert "8 h 30 à 16 h 30" in seen
    assert "Service de police de la Ville de Repentigny" in seen  # the history names who proposed
    assert "police de la Ville de Repentigny" not in text_of(
        visitor.become(None).get("/annuaire/organismes/calacs-la-chrysalide").text
    )


def test_capacity_in_one_tap(visitor: Visitor) -> None:
    visitor.become("calacs-chrysalide")
    own = visitor.get("/organisation").text
    tap = re.search(r'action="(/organisation/services/[^"]+/places)"', own)
    assert tap is not None
    assert visitor.post(tap[1], {"state": "waitlist", "weeks": "6"}).status_code == 303
    assert "environ 6 semaines" in text_of(visitor.get("/organisation").text)
    for wrong in ({"state": "waitlist", "weeks": "900"}, {"state": "plein"}, {}):
        assert visitor.post(tap[1], wrong).status_code == 422
    assert visitor.become("calacs-coup-de-coeur").post(tap[1], {"state": "full"}).status_code == 404
    assert visitor.become("coordination-cresl").post(tap[1], {"state": "full"}).status_code == 403


def test_worker_does_not_manage(visitor: Visitor) -> None:
    visitor.become("calacs-chrysalide")
    assert "Modifier la fiche" not in visitor.get("/organisation").text
    assert visitor.get("/organisation/champs/hours").status_code == 403
    assert visitor.post("/organisation/champs/hours", {"field": "hours", "value": "lu 9:00-10:00"}).status_code == 403


def test_administration_writes_and_confirms(visitor: Visitor) -> None:
    visitor.become("admin-chrysalide")
    assert (
        visitor.post(
            "/organisation/champs/contacts", {"field": "contacts", "value": "Accueil | premier appel"}
        ).status_code
        == 303
    )
    assert visitor.post("/organisation/champs/hours", {"field": "hours", "value": "toujours"}).status_code == 422
    assert visitor.get("/organisation/champs/public_key").status_code == 404
    with visitor.network.database.transaction(write=False) as session:
        others = session.scalars(select(Service.id).where(Service.slug.in_(("cc-ecoute", "crjda-la-source")))).all()
    for other in others:
        assert visitor.get(f"/organisation/champs/name?service={other}").status_code == 404
    assert visitor.post("/organisation/confirmer", {"service": ""}).status_code == 303
    seen = text_of(visitor.become("police-repentigny").get("/annuaire/organismes/calacs-la-chrysalide").text)
    assert "premier appel" in seen
    assert "Vérifié le 24 novembre 2026" in seen


def test_discreet_sheet_names_nothing(public: Visitor) -> None:
    full = text_of(public.get("/annuaire/services/cc-exploitation/feuille").text)
    main = re.search(
        r"<main.*?</main>", public.get("/annuaire/services/cc-exploitation/feuille?discrete=1").text, re.DOTALL
    )
    assert main is not None
    discreet = text_of(main[0])
    assert "CALACS" in full
    assert "450 756-4999" in discreet
    for word in ("CALACS", "exploitation", "agression", "Coup de"):
        assert word not in discreet


def test_english_reader(public: Visitor) -> None:
    public.post("/langue", {"locale": "en", "next": "/annuaire"})
    words = text_of(public.get("/annuaire", params={"q": "shelter joliette"}).text)
    assert "Women’s shelter (fictitious)" in words
    assert "Confidential address" in words
