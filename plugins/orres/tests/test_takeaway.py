"""The version’s page, papers and the single file: who reads what, and what never leaves (seeded secrets)."""

from __future__ import annotations

import base64
import hashlib
import importlib
import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pikepdf
import pytest
from sqlalchemy import insert, select, update

from core.api import new_id, pdf_available
from core.testing.network import Network, Visitor
from core.testing.statements import counted_statements

from ..models import AnswerRow, NodeRow, VersionRow
from ..queries.takeaway import read_leaflet, read_version
from ..queries.trajectory import published, services_of
from ..rules.conditions import Condition
from ..rules.graph import Trajectory
from ..rules.layout_text import folded
from ..rules.takeaway import PARTNERS, PUBLIC, bands_of, by_service, may_leave, stops_of, to_talk_to
from . import drafting

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
HERE = "/comites/orres/trajectoire"
POSTER, POCKET, CARRY = f"{HERE}/affiche", f"{HERE}/poche", f"{HERE}/emporter"
OWNER, PARTNER = "calacs-chrysalide", "police-repentigny"
#: Confidential; for partners; and what stays sealed.
SECRET, RESERVED = "Maison du Tilleul-Secret", "Ligne réservée aux partenaires"
PARTNER_PHONE = "450 555-0198"
SEALED = ("Girouette", "450 555-0143", "mot du jour")


@pytest.fixture
def shown(network: Network) -> None:
    """The example in force, a service that became confidential, one for partners, a number for partners."""
    drafting.with_example(network)
    tables = VersionRow.metadata.tables
    services, phones = tables["services"], tables["phones"]
    with network.database.transaction() as session:
        for slug, name, tier in (("lc-cafes", SECRET, "confidential"), ("cc-ecoute", RESERVED, "partners")):
            values = {"name": name, "name_en": None, "visibility": tier}
            session.execute(update(services).where(services.c.slug == slug).values(**values))
        owner = session.scalar(select(services.c.organisation_id).where(services.c.slug == "lc-accueil"))
        row = {"id": new_id(), "organisation_id": owner, "number": PARTNER_PHONE, "visibility": "partners"}
        session.execute(insert(phones).values(**row, kind="voice", position=9))


@pytest.mark.usefixtures("shown")
def test_what_is_taken_away_holds_no_secret_even_for_its_owner(visitor: Visitor) -> None:
    visitor.become(OWNER)
    screen = visitor.get(HERE).text
    # On her screen, what is her organisation's; this proves that the secrets are there to be found
    assert SECRET in screen
    assert PARTNER_PHONE.replace(" ", "\u00a0") in screen
    papers = {path: visitor.get(path) for path in (POSTER, POCKET, CARRY, f"{CARRY}/partenaires", f"{CARRY}/public")}
    visitor.become(None)
    anonymous = visitor.get(f"{CARRY}/public")
    assert anonymous.content == papers[f"{CARRY}/public"].content
    for path, answer in papers.items():
        assert answer.status_code == 200, path
        said = answer.text.replace("\u00a0", " ")
        for secret in (SECRET, folded(SECRET), *SEALED):
            assert secret not in said, (path, secret)
        assert "tel:+1450" in said.replace("-", "") or path in (POSTER, CARRY)
    partners = papers[f"{CARRY}/partenaires"].text.replace("\u00a0", " ")
    assert RESERVED in partners
    assert PARTNER_PHONE in partners
    public = anonymous.text.replace("\u00a0", " ")
    assert "Accueil des femmes et des adolescentes" in public
    for reserved in (RESERVED, PARTNER_PHONE, "Responsable", "Délai attendu", "orres"):
        assert reserved not in public, reserved
    assert "<title>Renseignements</title>" in public


@pytest.mark.usefixtures("shown")
def test_the_single_file_asks_nothing_and_says_which_version_it_is(network: Network, visitor: Visitor) -> None:
    visitor.become(PARTNER)
    answer = visitor.get(f"{CARRY}/partenaires")
    assert "trajectoire-v2-2026-11-24.html" in answer.headers["content-disposition"]
    assert answer.headers["content-disposition"].startswith("attachment")
    page = answer.text
    assert page.count("Version 2, publiée le") == 2
    assert "Fait le 24 novembre 2026." in page.replace("\u00a0", " ")
    # Nothing to fetch: no address but numbers to call and places of the page itself
    assert set(re.findall(r"(?:src|href|action|srcset)=\"(#|tel:|[a-z]+:|/|\w)", page)) == {"#", "tel:"}
    assert re.search(r"url\(|@import|https?://(?!www\.w3\.org)", page) is None
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    for tag in ("style", "script"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        assert inside is not None
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{tag}-src &#39;sha256-{digest}&#39;" in policy[1]
    # Choices that lead nowhere are not offered; a service says what the guide asks of it
    assert 'value="housing"' in page
    assert 'data-needs="housing"' in page
    assert "under_12" not in re.findall(r'data-needs="housing" [^>]*data-bands="([^"]*)"', page)[0]
    # The invented shelter has no number outside the platform
    assert "450 555-0142" not in page.replace("\u00a0", " ")
    visitor.post("/langue", {"locale": "en", "next": HERE})
    assert "Which" not in visitor.get(f"{CARRY}/partenaires").text
    assert "What does she need now?" in visitor.get(f"{CARRY}/partenaires").text
    with network.database.transaction() as session:
        session.execute(update(VersionRow).values(state="retired"))
    assert visitor.get(f"{CARRY}/partenaires").headers["location"] == HERE
    assert "No version of the trajectory is in force yet." in visitor.get(HERE).text
    visitor.become(None)
    assert visitor.get(f"{CARRY}/public").headers["location"] == "/annuaire"


@pytest.mark.usefixtures("shown")
def test_titles_and_names_are_never_markup(network: Network, visitor: Visitor) -> None:
    forged = '</script></title><img src=x onerror=alert(1)>"><svg onload=alert(2)>'
    services, organisations = (VersionRow.metadata.tables[name] for name in ("services", "organisations"))
    with network.database.transaction() as session:
        version = session.scalars(select(VersionRow).where(VersionRow.state == "published")).one()
        version.title = f"Titre {forged}"
        for node in session.scalars(select(NodeRow).where(NodeRow.version_id == version.id)):
            node.title, node.title_en, node.summary = (f"{one} {forged}" for one in (node.key, "English", "Résumé"))
        session.execute(update(services).where(services.c.slug == "lc-accueil").values(name=forged, how_to=forged))
        session.execute(update(organisations).where(organisations.c.slug == "la-clef").values(name=forged))
    visitor.become(drafting.CHAIR)
    pages = (HERE, POSTER, POCKET, CARRY, f"{CARRY}/partenaires", f"{CARRY}/public", "/comites/orres/versions")
    for locale in ("fr", "en"):
        visitor.post("/langue", {"locale": locale, "next": HERE})
        for path in pages:
            page = visitor.get(path).text
            assert not re.search(r"<img src=x|<svg onload|</title><img", page), path
            assert ("onerror=alert(1)&gt;" in page) is (path != CARRY), path
            # A quote ends no attribute: what is searched in the file has neither quote nor bracket
            assert not re.search(r'data-search="[^"]*[<>&]', page)
    english = visitor.get(f"{CARRY}/partenaires").text
    # The committee writes its summaries in French
    assert english.count("Résumé") == english.count('lang="fr-CA">Résumé') > 3
    assert re.search(r"<dt>Expected delay</dt><dd>(?:24 hours|3 days|5 days)</dd>", english)


@pytest.mark.usefixtures("shown")
def test_partners_read_what_is_or_was_in_force_and_the_committee_its_drafts(visitor: Visitor) -> None:
    for persona, statuses in ((drafting.CHAIR, (200, 200, 200)), (PARTNER, (200, 200, 404)), (None, (303, 303, 303))):
        visitor.become(persona)
        assert tuple(visitor.get(f"/comites/orres/versions/{n}").status_code for n in (1, 2, 3)) == statuses
    visitor.become(PARTNER)
    missing = visitor.get("/comites/orres/versions/99")
    assert missing.status_code == 404
    for odd in ("3", "0", "x", "٣", "9" * 30, "-1"):
        assert visitor.get(f"/comites/orres/versions/{odd}").text.count("<h1>") == missing.text.count("<h1>")
        assert visitor.get(f"/comites/orres/versions/{odd}").status_code == 404
    page = visitor.get(HERE).text
    assert visitor.get("/comites/orres/versions/2").text.count("noeud-") == page.count("noeud-")
    assert "En vigueur" in page
    assert "Travail du comité" not in page
    assert SECRET not in page
    # The drawing and the lists say the same steps, and each box leads to its place in the list
    links = set(re.findall(r'<a class="t-link" href="#(noeud-[a-z0-9-]+)"', page))
    assert links
    assert links <= set(re.findall(r' id="(noeud-[a-z0-9-]+)"', page))
    assert "Si danger immédiat" in page
    assert "délai attendu : 120 h" not in page.replace("\u00a0", " ").lower()
    assert "Délai attendu : 5 jours" in page.replace("\u00a0", " ")
    assert "1.2\u00a0Agir devant un danger immédiat" in page
    older = visitor.get("/comites/orres/versions/1").text
    assert "Remplacée" in older
    assert "Guide de poche" not in older


@pytest.mark.usefixtures("shown")
def test_as_many_statements_whatever_the_version_holds(network: Network) -> None:
    viewer, now = network.viewer(PARTNER), network.clock.now()

    def asked() -> list[int]:
        counts = []
        for tier in (PUBLIC, PARTNERS):
            with network.database.transaction(write=False) as session, counted_statements() as sent:
                leaflet = read_leaflet(session, viewer, tier, now)
                assert leaflet is not None
                read_version(session, viewer, leaflet.version, now)
            counts.append(len(sent))
        return counts

    small = asked()
    with network.database.transaction() as session:
        version = session.scalar(select(VersionRow.id).where(VersionRow.state == "published"))
        services = list(session.scalars(select(VersionRow.metadata.tables["services"].c.id)))
        for number in range(60):
            step: dict[str, Any] = {"kind": "step", "moment_key": "suivi", "position": number + 9}
            key = f"plus-{number}"
            session.add(NodeRow(version_id=version, key=key, title=f"Étape {number}", summary="", **step))
            for service in services[:12]:
                session.add(AnswerRow(version_id=version, node_key=key, service_id=service, role="support"))
    # Four for the version; then twice eight for its services and one for the areas
    assert small == asked() == [22, 22]


@pytest.mark.usefixtures("shown", "pango")
def test_the_papers_as_pdf(visitor: Visitor) -> None:
    visitor.become(PARTNER)
    sizes = {POSTER: (11 * 72, 17 * 72), POCKET: (4.25 * 72, 5.5 * 72)}
    for path, (width, height) in sizes.items():
        made = visitor.get(f"{path}/pdf")
        assert (made.status_code, made.headers["content-type"]) == (200, "application/pdf")
        with pikepdf.open(io.BytesIO(made.content)) as document:
            assert bool(document.Root.MarkInfo.Marked)
            assert str(document.docinfo["/Title"]) == "Trajectoire, version 2"
            assert (len(document.pages) == 1) is (path == POSTER)
            box = [float(side) for side in document.pages[0].MediaBox]
            assert box[2:] == pytest.approx([width, height], abs=1)


@pytest.mark.usefixtures("shown")
def test_without_pango_the_pages_say_so_and_print(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, package)

    monkeypatch.setattr("importlib.import_module", missing)
    pdf_available.cache_clear()
    visitor.become(PARTNER)
    for path in (POSTER, POCKET):
        page = visitor.get(path).text
        assert "Le PDF n’est pas installé sur ce serveur" in page
        assert f"{path}/pdf" not in page
        assert visitor.get(f"{path}/pdf").headers["location"] == path
    pdf_available.cache_clear()


@pytest.mark.usefixtures("shown")
def test_a_version_too_long_for_one_sheet_is_a_list_on_its_poster(network: Network, visitor: Visitor) -> None:
    visitor.become(PARTNER)
    assert "poster-drawing" in visitor.get(POSTER).text
    with network.database.transaction() as session:
        version = session.scalar(select(VersionRow.id).where(VersionRow.state == "published"))
        for number in range(120):
            step: dict[str, Any] = {"kind": "step", "moment_key": "suivi", "position": number + 9}
            session.add(NodeRow(version_id=version, key=f"plus-{number}", title=f"Étape {number}", summary="", **step))
    page = visitor.get(POSTER).text
    assert "poster-drawing" not in page
    assert "Cette version est trop longue" in page
    assert "Étape 119" in page


@pytest.mark.usefixtures("shown")
def test_the_rules_of_what_is_read(network: Network) -> None:
    now = datetime(2026, 11, 24, 19, tzinfo=UTC)
    with network.database.transaction(write=False) as session:
        version = published(session)
        assert version is not None
        services = services_of(session, network.viewer(OWNER), {one.service_id for one in version.answers}, now)
    tiers = {name: set(may_leave(services, name)) for name in (PUBLIC, PARTNERS)}
    assert tiers[PUBLIC] < tiers[PARTNERS] < set(services)
    stops = stops_of(version, services)
    assert [one.number for one in stops[0].every] == ["1", "1.1", "1.2", "1.3"]
    steps = {one.node.key: one for moment in stops for one in moment.steps}
    assert [one.role for one in steps["ecouter"].helps] == ["lead", "lead", "support", "support"]
    assert steps["abri"].helps[0].bands[0] == "18_24"
    assert steps["abri-jeune"].helps[0].bands[-1] == "14_17"
    assert steps["ecouter"].helps[0].delay_hours == 24
    # Whom to call when nothing fits: those responsible where one begins; else whoever has a number; else nobody
    doors = to_talk_to(version, stops)
    assert {one.organisation for one in doors} == {"CALACS Coup de cœur", "CALACS La Chrysalide"}
    silent = {key: replace(one, phones=()) for key, one in services.items()}
    assert to_talk_to(version, stops_of(version, silent)) == ()
    assert to_talk_to(_empty(version), ()) == ()
    gone = stops_of(version, {})
    assert sum(one.unseen for moment in gone for one in moment.every) == len(version.answers)
    index = by_service(stops)
    assert [row[0].organisation for row in index] == sorted(row[0].organisation for row in index)
    assert len(index) == len(services)
    assert bands_of((Condition("minor", "yes"),), ()) == ("under_12", "12_13", "14_17")
    assert bands_of((), ((12, 17),)) == ("12_13", "14_17")
    assert bands_of((Condition("age_band", "14_17"),), ((18, None),)) == ()
    assert folded("Écœurée d’être L’Épiphanie") == "ecoeuree d etre l epiphanie"


def _empty(version: Trajectory) -> Trajectory:
    return replace(version, nodes=(), edges=(), answers=())
