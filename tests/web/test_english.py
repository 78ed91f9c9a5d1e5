"""Every page, form error and refusal in English, for each kind of person: no French is left but names and data."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String, inspect, select

from core.accounts.models import User
from core.committees.models import hours, meetings, structure
from core.directory import models as directory
from core.kernel.clock import FixedClock
from core.kernel.db import Base
from core.testing.network import Network, Visitor, visiting
from tests.support import held, referrals
from tests.support.held import POLICE, RECEIVER, hold, send
from tests.support.samples import filled_network
from tests.support.walks import ATTRIBUTES, walk
from tests.web.test_new_referral import SITUATION, agree, url

#: What stays French by itself: the language switch, the wording read in French, the list of municipalities.
FRENCH_PARTS = re.compile(
    r"<(?P<tag>\w+)[^>]*\blang=\"fr-CA\"[^>]*>.*?</(?P=tag)>|<datalist.*?</datalist>|<(?:script|style)\b.*?</(?:script|style)>",
    re.DOTALL,
)
#: A drawing breaks a name into lines of their own.
BETWEEN_LINES = re.compile(r"</text>\s*<text\b[^>]*>")
#: Little words and letters that English does not have.
FRENCH = re.compile(
    r"\b(?:les?|la|des|une|du|et|ou|avec|sans|vous|votre|elle|est|dans|qui|que|aucune?|cette|être|pour|sur)\b"
    r"|[àâçèêëîïôùûœ«]|\w*é\w*",
)
#: Proper names: of the region, the network's tools, and of Québec's law.
NAMES = (
    "Québec",
    "Lanaudière",
    "Français",
    "Centre désigné",
    "Sûreté",
    "L’Assomption",
    "Ailleurs au Québec",
    "Formulaire|Form",
    "municipality",
)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Network, tuple[str, ...]]]:
    """One seeded network for the whole module, and its data: names, places, services nobody has put in English."""
    from core.testing import NOW

    folder: Path = tmp_path_factory.mktemp("english")
    # What people write in committees and requests is theirs, in their language
    with filled_network("sqlite", folder, FixedClock(NOW)) as (network, _addresses):
        yield network, data_of(network)


#: What people of the samples wrote themselves, sealed, and a name: they stay as they are.
WRITTEN = (
    "direction générale",
    "Registraire des entreprises",  # its own name, in both languages
    "Hébergement et milieu de vie pour des femmes de Lanaudière. Organisme inventé pour la démonstration.",
    "Serrure à changer avant ce soir.",
    "Fabienne Inventée",
    "Paule Inventée",
    "Odile Inventée",
    "fabienne@exemple.invalid",
    # The network's own evaluation form, which a committee rewrites as it wants
    "L’information était facile à comprendre",
    "Le thème est utile dans mon travail",
    "J’ai appris de nouvelles choses",
    "Je recommanderais cette formation",
    "Ce que vous voulez ajouter, sans nommer personne",
)


def data_of(network: Network) -> tuple[str, ...]:
    """Every text of the directory, of committees and of plugins, and every name of an account, longest first."""
    found: set[str] = set()
    rooms = (directory, meetings, structure, hours)
    models = [
        model
        for room in rooms
        for model in vars(room).values()
        if isinstance(model, type) and hasattr(model, "__table__")
    ]
    # What committees write in their plugins: titles of courses, names of units, shops of gift cards
    models += [one.class_ for one in Base.registry.mappers if one.class_.__module__.startswith("plugins.")]
    with network.database.transaction(write=False) as session:
        for model in models:
            columns = [column for column in inspect(model).columns if isinstance(column.type, String)]
            for row in session.execute(select(*columns)) if columns else ():
                found.update(piece for value in row if value for piece in str(value).splitlines())
        people = session.execute(select(User.demo_key)).scalars().all()
    found.update(network.viewer(key).display_name for key in people if key)
    found.update(
        (
            *NAMES,
            *WRITTEN,
            *(str(one) for block in (held.BLOCKS, referrals.BLOCKS) for one in said_by(block)),
        )
    )
    return tuple(sorted((text for text in found if len(text) > 2 and FRENCH.search(text)), key=len, reverse=True))


def said_by(blocks: Mapping[str, Mapping[str, object]]) -> Iterator[object]:
    """What people wrote themselves in a referral: it stays as it was written."""
    for content in blocks.values():
        yield from content.values()


def french_in(page: str, data: Iterable[str]) -> list[str]:
    """The French words left in a page once names and data are out, each with what surrounds it."""
    page = BETWEEN_LINES.sub(" ", FRENCH_PARTS.sub(" ", page))
    said = " | ".join(ATTRIBUTES.findall(page)) + " | " + re.sub(r"<[^>]+>", " | ", page)
    said = re.sub(r"[ \n]+", " ", html.unescape(said).replace("\u00a0", " "))
    for name in data:
        said = said.replace(name, "·")
    return [said[max(0, found.start() - 40) : found.end() + 40] for found in FRENCH.finditer(said)]


@pytest.mark.slow
def test_every_route_speaks_english_to_everyone(known: tuple[Network, tuple[str, ...]]) -> None:
    """GET and POST, pages and refusals, as eight kinds of people: the walk of the route matrix, in English.

    Of a route and a status, whoever was told words in French that the others were not.
    """
    _network, data = known
    wrong: dict[str, list[str]] = {}
    pages = 0
    for (method, path, label), row in walk("en").items():
        for person, answer in row.items():
            if not answer.html:
                continue
            pages += 1
            assert 'lang="en-CA"' in answer.text or "<html" not in answer.text
            left = french_in(answer.text, data)
            if left:
                wrong[f"{method} {path} {label} {person}"] = left[:5]
    assert pages > 200
    assert wrong == {}


@contextmanager
def english(network: Network, persona: str | None) -> Iterator[Visitor]:
    """A browser that chose English."""
    with visiting(network, persona=persona) as browser:
        browser.http.cookies.set("arrimage_langue", "en")
        yield browser


def test_a_new_referral_in_english_from_the_choice_to_the_receipt(known: tuple[Network, tuple[str, ...]]) -> None:
    network, data = known
    seen: dict[str, Any] = {}
    with english(network, POLICE) as officer:
        choice = seen["choice"] = officer.get("/references/nouvelle")
        key = re.findall(r"/references/brouillons/([^/\"]+)/situation", choice.text)[0]
        seen["card"] = officer.get("/references/nouvelle/carte", params={"municipalite": "60013", "nom": "1"})
        seen["stop"] = officer.get("/references/nouvelle/arret/danger")
        seen["situation"] = officer.get(url(key, "situation"))
        seen["situation refused"] = officer.post(url(key, "situation"), {"municipality": "Nulle-Part"})
        assert officer.post(url(key, "situation"), SITUATION).status_code == 303
        seen["contact"] = officer.get(url(key, "contact"))
        seen["contact refused"] = officer.post(url(key, "contact"), {"phone": "12"})
        assert agree(officer, key).status_code == 303
        verify = seen["verify"] = officer.get(url(key, "verifier"))
        version = re.findall(r'name="seen" value="(\d+)"', verify.text)[0]
        sent = officer.post(url(key, "envoyer"), {"seen": version})
        seen["receipt"] = officer.get(sent.headers["location"])
    assert "Her agreement" in seen["contact"].text
    assert "Check with her, then send" in seen["verify"].text
    assert {name: french_in(page.text, data)[:5] for name, page in seen.items() if french_in(page.text, data)} == {}


def test_what_the_receiver_reads_in_english(known: tuple[Network, tuple[str, ...]]) -> None:
    """The list, a request without identity, one that is held, and what can be done with it."""
    network, data = known
    pending, accepted = send(network), hold(network)
    with english(network, RECEIVER) as worker:
        seen = {
            path: worker.get(path)
            for path in (
                "/demandes",
                f"/references/{pending}",
                f"/references/{accepted}",
                f"/references/{accepted}/transferer",
                f"/references/{accepted}/modifier",
                f"/references/{accepted}/restreindre",
                f"/references/{accepted}/consentement",
            )
        }
        seen["question refused"] = worker.post(f"/references/{pending}/question", {})
        seen["closing refused"] = worker.post(f"/references/{accepted}/fermer", {"version": "0", "outcome": "served"})
        seen["intake refused"] = worker.post("/demandes/saisir", {})
    assert {page.status_code for page in seen.values()} <= {200, 409, 422}
    assert "Someone else has just changed this page" in seen["closing refused"].text
    left = {name: french_in(page.text, data)[:5] for name, page in seen.items()}
    assert {name: words for name, words in left.items() if words} == {}
