"""What each page of the directory keeps to itself: a shelter's town, a number for partners, who left the network."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select, update

from core.access.viewer import ANONYMOUS
from core.directory.models import (
    Contact,
    DirectoryEdit,
    Location,
    Organisation,
    Phone,
    Service,
    ServiceLocation,
)
from core.directory.queries.briefs import find_services, service_states, services_shown
from core.directory.queries.homes import homes_of
from core.directory.queries.names import service_names
from core.directory.queries.organisations import reader_for
from core.directory.queries.places import region_routing
from core.directory.queries.receiving import receiving_organisations
from core.directory.queries.sheets import directory_sheets
from core.directory.queries.views import organisation_page
from core.directory.rules.visibility import ANYONE
from core.directory.services.edits import propose_edit
from core.directory.services.fields import Target
from core.directory.services.indexing import reindex
from core.kernel.errors import Missing

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
PARTNER = "police-repentigny"


def words(answer) -> str:
    """The words inside <main>, tags and no-break spaces out."""
    assert answer.status_code == 200, answer.url
    main = answer.text.split("<main")[1].split("</main>")[0]
    plain = re.sub(r"<[^>]+>", " ", main).replace("&nbsp;", " ").replace("\u00a0", " ").replace("\u202f", " ")
    return re.sub(r"\s+", " ", plain)


def services_of(session, slug):
    of = select(Service).join(Organisation, Organisation.id == Service.organisation_id)
    return session.scalars(of.where(Organisation.slug == slug).order_by(Service.slug)).all()


def every_page(owner: str, services: list[str]) -> list[str]:
    pages = [f"/annuaire/organismes/{owner}{end}" for end in ("", "/signaler")]
    ends = ("", "/feuille", "/feuille?discrete=1", "/signaler")
    return [*pages, *(f"/annuaire/services/{slug}{end}" for slug in services for end in ends)]


def test_who_is_suspended_or_hidden_is_nowhere(visitor, network):
    """Neither page, sheet, form nor search, for whoever may not know; nor for what names services. An
    organisation's tier holds for its public services."""
    slug, missing = "cavac-lanaudiere", {None: 404, PARTNER: 404}
    with network.database.transaction(write=False) as session:
        found = services_of(session, slug)
        ids, slugs, told = {one.id for one in found}, [one.slug for one in found], found[0].name
    here, now = re.compile("|".join(f"/annuaire/services/{one}\\b" for one in slugs)), network.clock.now()
    for status, tier, codes in (
        ("suspended", "public", missing),
        ("admitted", "confidential", missing),
        ("admitted", "partners", {None: 404, PARTNER: 200}),
        ("admitted", "public", {None: 200, PARTNER: 200}),
    ):
        changed = update(Organisation).where(Organisation.slug == slug).values(status=status, visibility=tier)
        with network.database.transaction() as session:
            session.execute(changed)
        for persona, code in codes.items():
            visitor.become(persona)
            extra = [f"/annuaire/organismes/{slug}/proposer", f"/annuaire/services/{slugs[0]}/proposer"]
            for page in every_page(slug, slugs) + (extra if persona else []):
                assert visitor.get(page).status_code == code, (page, persona, status, tier)
            for query in ({"q": told}, {"besoin": "victimes"}):
                assert bool(here.search(visitor.get("/annuaire", params=query).text)) is (code == 200), query
            viewer = network.viewer(persona) if persona else ANONYMOUS
            with network.database.transaction(write=False) as session:
                shown = (service_names(session, viewer, ids), service_states(session, viewer, ids, now))
                for named in (*shown, services_shown(session, viewer, ids, now)):
                    assert set(named) == (ids if code == 200 else set())
                assert bool(ids & {card.id for card in find_services(session, viewer, told, now)}) is (code == 200)
    for tier, seen in (("confidential", {None: 0, PARTNER: 0}), ("partners", {None: 0, PARTNER: 1})):
        first = update(Service).where(Service.slug == slugs[0]).values(visibility=tier)
        with network.database.transaction() as session:
            session.execute(first)
        for persona, count in seen.items():
            viewer = network.viewer(persona) if persona else ANONYMOUS
            with network.database.transaction(write=False) as session:
                one = [found[0].id]
                assert len(service_names(session, viewer, one)) == count
                assert len(service_states(session, viewer, one, now)) == count
                assert len(services_shown(session, viewer, one, now)) == count
    gone, unseen = "calacs-coup-de-coeur", "calacs-la-chrysalide"
    with network.database.transaction() as session:
        session.execute(update(Organisation).where(Organisation.slug == gone).values(status="suspended"))
    with network.database.transaction() as session:
        assert [one.name for one in receiving_organisations(session)] == ["CALACS La Chrysalide"]
        assert not any(gone in one.organisation_slugs for one in region_routing(session).values())
        assert gone not in {one.slug for one in directory_sheets(session)}
        session.execute(update(Organisation).where(Organisation.slug == unseen).values(visibility="partners"))
        assert receiving_organisations(session) == ()


def test_a_confidential_address_is_said_and_its_town_is_not(visitor, network):
    slug = "maison-escale-fictive"
    silent = {"description": None, "description_en": None, "city": "Crabtree"}
    with network.database.transaction() as session:
        owner = session.scalars(select(Organisation).where(Organisation.slug == slug)).one()
        for name, value in silent.items():
            setattr(owner, name, value)
        mine = services_of(session, slug)
        for one in mine:
            one.summary = one.summary_en = None
        known = {"organisation_id": owner.id, "state": "applied", "proposed_at": network.clock.now()}
        session.add(DirectoryEdit(field="city", old_value="Crabtree", new_value="Crabtree", **known))
        session.add(DirectoryEdit(field="territory", old_value="Nord", new_value="Partout", **known))
        reindex(session)
        owner_id, service = owner.id, mine[0].slug
    for persona in (None, PARTNER, "operateur", "coordination-cresl"):
        visitor.become(persona)
        assert re.search("À savoir.{0,3}Adresse confidentielle", words(visitor.get(f"/annuaire/organismes/{slug}")))
        assert "Où Adresse confidentielle Heures" in words(visitor.get(f"/annuaire/services/{service}"))
        assert "Où : Adresse confidentielle ·" in words(visitor.get("/annuaire?besoin=hebergement-femmes"))
        pages = [*every_page(slug, [service]), "/annuaire?besoin=hebergement-femmes"]
        if persona == PARTNER:
            pages += [f"/annuaire/organismes/{slug}/proposer{end}" for end in ("", "?champ=city")]
        for page in pages:
            assert "Crabtree" not in words(visitor.get(page)), page
    visitor.become(PARTNER)
    assert "Partout" in words(visitor.get(f"/annuaire/organismes/{slug}"))
    assert 'value="city"' not in visitor.get(f"/annuaire/organismes/{slug}/proposer").text
    assert (
        visitor.post(f"/annuaire/organismes/{slug}/proposer", {"field": "city", "value": "Rawdon"}).status_code == 422
    )
    with network.database.transaction(write=False) as session:
        with pytest.raises(Missing):
            propose_edit(session, network.viewer(PARTNER), Target(owner_id), "city", "Rawdon", now=network.clock.now())
        assert homes_of(session, [owner_id])[owner_id].mrc == ""
        assert homes_of(session)[network.organisation("calacs-coup-de-coeur")].mrc == "Joliette"
        assert organisation_page(session, ANYONE, slug, network.clock.now()).city is None


def test_what_is_for_partners_is_on_no_page_of_a_visitor(visitor, network):
    """Numbers, addresses, functions, rooms and history: partners read them, a visitor never; a function's own number,
    what waits, what was declined and what a confidential service changed are on nobody's page."""
    slug = "cavac-lanaudiere"
    with network.database.transaction() as session:
        owner = session.scalars(select(Organisation.id).where(Organisation.slug == slug)).one()
        first, *_ = services_of(session, slug)
        hidden = Service(
            organisation_id=owner, slug="cachee", name="Cachée", sort_key="cachee", visibility="confidential"
        )
        place = Location(organisation_id=owner, key="reservee", address="77, rue Réservée", visibility="partners")
        session.add_all([hidden, place])
        session.flush()
        contact = session.scalars(select(Contact.id).where(Contact.organisation_id == owner)).first()
        for number, tier, more in (
            ("450 555-0161", "partners", {}),
            ("450 555-0162", "public", {"contact_id": contact}),
            ("450 555-0163", "partners", {"service_id": first.id}),
        ):
            session.add(Phone(organisation_id=owner, number=number, visibility=tier, position=90, **more))
        session.add(ServiceLocation(service_id=first.id, location_id=place.id))
        for state, more in (
            ("proposed", {}),
            ("declined", {}),
            ("imported", {}),
            ("applied", {}),
            ("accepted", {}),
            ("accepted", {"problem": "phone", "field": "problem"}),
            ("applied", {"service_id": hidden.id, "new_value": "dit-cachee"}),
        ):
            said = {"field": "territory", "new_value": f"dit-{state}", "proposed_at": network.clock.now(), **more}
            session.add(DirectoryEdit(organisation_id=owner, state=state, **said))
        service, name = first.slug, first.name
    pages = [*every_page(slug, [service]), f"/annuaire?q={name}"]
    partners = {
        "555-0163",
        "77, rue Réservée",
        "dit-imported",
        "dit-applied",
        "dit-accepted",
        "Modifications",
        "Qui est qui",
    }
    nobody = {"555-0162", "dit-proposed", "dit-declined", "dit-cachee", "Signalement"}
    seen = {}
    for persona in (None, PARTNER):
        visitor.become(persona)
        seen[persona] = " ".join(words(visitor.get(page)) for page in pages)
        seen[persona] += words(visitor.get("/annuaire/organismes/maison-parents-matawinie"))
        assert not {one for one in nobody if one in seen[persona]}
    assert not {one for one in {*partners, "555-0161", "Locaux prêtés"} if one in seen[None]}
    assert not {one for one in partners if one not in seen[PARTNER]}
    assert "fichier de la région" in seen[PARTNER]
    assert "555-0161" not in words(visitor.get(f"/annuaire/organismes/{slug}/proposer?champ=phones"))
    with network.database.transaction(write=False) as session:
        now = network.clock.now()
        for one in (slug, "maison-parents-matawinie"):
            page = organisation_page(session, ANYONE, one, now)
            assert (page.contacts, page.rooms, page.history) == ((), (), ())
        reader = reader_for(network.viewer(PARTNER))
        assert organisation_page(session, reader, slug, now).contacts
        assert organisation_page(session, reader, "maison-parents-matawinie", now).rooms


def test_a_sheet_to_hand_over_follows_the_tier_and_the_discreet_one_names_nothing(visitor, network):
    for end in ("", "/feuille", "/feuille?discrete=1"):
        assert visitor.become(None).get(f"/annuaire/services/cc-apparences{end}").status_code == 404
        assert visitor.become(PARTNER).get(f"/annuaire/services/cc-apparences{end}").status_code == 200
    assert "Visible des partenaires seulement." in words(visitor.get("/annuaire/services/cc-apparences"))
    visitor.become(None)
    full = words(visitor.get("/annuaire/services/cc-exploitation/feuille"))
    assert "lundi au vendredi 9 h à 17 h" in full
    for persona in (None, PARTNER):  # a browser prints the title of the page above it
        answer = visitor.become(persona).get("/annuaire/services/cc-exploitation/feuille?discrete=1")
        assert "lundi au vendredi 9 h à 17 h" in words(answer)
        title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
        assert title is not None
        for tell in ("CALACS", "exploitation", "agression", "Coup de"):
            assert tell not in title[1]
            assert tell not in words(answer)
