"""Searching as people type, on both engines: what is found, what never is, and that somebody can always help."""

import random
import string
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.directory.models import Organisation, Schedule, ScheduleException, SearchDocument, SearchWord, Service
from core.directory.queries import (
    find_municipality,
    municipality_choices,
    opening_state,
    organisation_by_slug,
    region_routing,
)
from core.directory.queries.search import SearchQuery, SearchResult, search
from core.directory.queries.vocabulary import vocabulary
from core.directory.rules.visibility import ANYONE, Reader
from core.directory.rules.words import Audience, CapacityState, Tier
from core.directory.services.indexing import reindex

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)  # a Tuesday, 14 h
PARTNER = Reader(Tier.PARTNERS)


def ask(
    session: Session, text: str = "", reader: Reader = ANYONE, at: datetime = NOW, **filters: object
) -> SearchResult:
    return search(session, reader, SearchQuery(text, **filters), at)  # type: ignore[arg-type]


def slugs(result: SearchResult) -> list[str]:
    return [card.slug for card in result.cards]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("hebergement joliet", "escale-hebergement"),
        ("HÉBERGEMENTS à Joliette", "escale-hebergement"),
        ("ebergement", "escale-hebergement"),
        ("hebergemnt femme", "escale-hebergement"),
        ("shelter", "escale-hebergement"),
        ("refuge", "escale-hebergement"),
        ("trousse medico legale", "cd-trousse"),
        ("indemnisation ivac", "ivac-indemnisation"),
        ("maison des jeunes crabtree", "mdj-crabtree-milieu"),
        ("justice reparatrise", "equijustice-mediation"),
        ("médiation", "equijustice-mediation"),
        ("travail de rue lavaltrie", "lavaltrie-rue"),
        ("survivantes terrebonne", "lc-survivantes"),
        ("dpj", "cisss-dpj"),
        ("emploi pour femmes", "clef-emploi"),
    ],
)
def test_first_answer(region: Session, text: str, first: str) -> None:
    assert slugs(ask(region, text))[0] == first


def test_whatever_a_woman_in_joliette_can_use(region: Session) -> None:
    found = ask(region, "hebergement joliet", audience=Audience.WOMEN)
    assert found.place is not None
    assert found.place.name == "Joliette"
    everything = [*found.cards, *found.others]
    assert len(everything) >= 5
    assert {"calacs-coup-de-coeur", "cavac-lanaudiere"} <= {card.organisation_slug for card in everything}
    assert "calacs-la-chrysalide" not in {card.organisation_slug for card in everything}


@pytest.mark.parametrize("reader", [ANYONE, PARTNER])
def test_rehabilitation_units_cannot_be_found(region: Session, reader: Reader) -> None:
    """Not by name, not by need, not by browsing, not by correction, not even in the index's own vocabulary."""
    hidden = set(region.scalars(select(Service.slug).where(Service.visibility == "confidential")))
    assert len(hidden) == 5
    texts = ("réadaptation", "unité", "la source", "arc en ciel", "la halte", "l'avenue", "crjda", "hébergement jeunes")
    for text in texts:
        found = ask(region, text, reader)
        assert not hidden & {card.slug for card in (*found.cards, *found.others)}
        assert not {"readaptation", "arc"} & {read for _, read in found.interpretation.corrections}
    page, seen = 1, set()
    while True:
        found = ask(region, reader=reader, page=page)
        seen |= set(slugs(found))
        page += 1
        if page > found.pages:
            break
    assert seen
    assert not hidden & seen
    assert not set(region.scalars(select(SearchWord.word).where(SearchWord.word.in_(["readaptation", "source"]))))


def test_the_index_of_each_tier_holds_no_more_than_it_may(region: Session) -> None:
    """Of a confidential organisation or service nothing, of a partners' one the partners' documents and words alone."""

    def named(slug: str) -> Organisation:
        return region.scalars(select(Organisation).where(Organisation.slug == slug)).one()

    partners, hidden = named("cavac-lanaudiere"), named("ivac")
    partners.visibility, partners.description = Tier.PARTNERS.value, "Zibeline."
    hidden.visibility, hidden.description = Tier.CONFIDENTIAL.value, "Margousier."
    reindex(region)
    both = select(Service, Organisation.visibility).join(Organisation, Organisation.id == Service.organisation_id)
    documents = set(region.execute(select(SearchDocument.service_id, SearchDocument.tier)))
    for service, owner in region.execute(both):
        tiers = {service.visibility, owner}
        may = set() if "confidential" in tiers else {"partners"} if "partners" in tiers else {"partners", "public"}
        assert {tier for found, tier in documents if found == service.id} == may, service.slug
    words = {(row.word, row.tier) for row in region.execute(select(SearchWord.word, SearchWord.tier))}
    assert {tier for word, tier in words if word == "zibeline"} == {"partners"}
    assert not {word for word, _ in words if word == "margousier"}
    assert {card.organisation_slug for card in ask(region, "zibeline", PARTNER).cards} == {"cavac-lanaudiere"}
    assert ask(region, "zibeline").interpretation.unknown == ("zibeline",)
    assert not {"cavac-lanaudiere", "ivac"} & {card.organisation_slug for card in ask(region, "victimes").cards}


def test_partners_words_never_answer_a_visitor(region: Session) -> None:
    assert "cc-apparences" in slugs(ask(region, "apparences", PARTNER))
    public = ask(region, "apparences")
    assert "cc-apparences" not in slugs(public)
    assert public.interpretation.unknown == ("apparences",)


@pytest.mark.parametrize(
    "filters",
    [
        {"text": "hébergement", "audience": Audience.BOYS},
        {"text": "suivi individuel", "audience": Audience.MEN},
        {"text": "suivi individuel", "audience": Audience.TRANS_WOMEN, "place": "61025"},
        {"text": "exploitation", "age": 9},
        {"age": 40},
        {"text": "suivi", "place": "ailleurs"},
        {"text": "qsdfgh"},
        {"need": "suivi-individuel", "audience": Audience.BOYS, "place": "62802", "language": "es", "open_now": True},
    ],
)
def test_never_a_dead_end(region: Session, filters: dict[str, object]) -> None:
    found = ask(region, **filters)  # type: ignore[arg-type]
    assert len(found.cards) + len(found.others) >= 2
    described = "audience" in filters or "age" in filters
    for card in (*found.cards, *found.others):
        assert card.match.fits if card.match else not described, "who cannot receive her is no way out"


def test_under_twelve_is_never_sent_to_a_calacs(region: Session) -> None:
    found = ask(region, "agression", age=9)
    assert found.cards or found.others
    assert "calacs" not in {card.organisation_type for card in (*found.cards, *found.others)}


def test_whom_the_words_name_is_asked_for(region: Session) -> None:
    """*Homme* or *garçon* typed in the text say as much as the filter."""
    for text, audience in (("suivi homme", Audience.MEN), ("agression garçon", Audience.BOYS)):
        found, told = ask(region, text), ask(region, text, audience=audience)
        assert (found.interpretation.audience, found.cards, found.others) == (audience, told.cards, told.others)
        assert all(card.match and card.match.fits for card in found.cards)
        assert set(slugs(found)) != set(slugs(ask(region, text.split()[0])))


def test_filters(region: Session) -> None:
    assert set(slugs(ask(region, need="maison-jeunes", place="mrc-610"))) == {
        "mdj-crabtree-milieu",
        "mdj-joliette-milieu",
    }
    assert slugs(ask(region, language="en")) == ["escale-hebergement"]
    assert ask(region, need="hebergement").total >= ask(region, need="hebergement-femmes").total == 1
    assert ask(region, with_room=True).total == 0
    region.scalars(select(Service).where(Service.slug == "lc-accueil")).one().capacity_state = CapacityState.OPEN
    assert slugs(ask(region, with_room=True)) == ["lc-accueil"]
    for slug, state in (("cc-ecoute", CapacityState.ASSESSMENT), ("cc-suivi", CapacityState.WAITLIST)):
        region.scalars(select(Service).where(Service.slug == slug)).one().capacity_state = state
    assert set(slugs(ask(region, with_room=True))) == {"lc-accueil", "cc-ecoute"}


def test_open_now_follows_the_clock(region: Session) -> None:
    night = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)  # 3 h
    holiday = datetime(2026, 12, 25, 19, 0, tzinfo=UTC)
    assert "cc-exploitation" in slugs(ask(region, "exploitation", open_now=True))
    assert ask(region, open_now=True, at=night).total == 1  # the shelter
    closed = ask(region, open_now=True, at=holiday)
    assert "cc-exploitation" not in slugs(closed)
    assert "escale-hebergement" in slugs(closed)


def test_hours_are_those_of_the_day_and_of_the_service(region: Session) -> None:
    """Québec's holidays, this year's and the next one's; a day that differs; a service's own hours."""
    cc = organisation_by_slug(region, "calacs-coup-de-coeur")
    assert cc is not None
    mine = region.scalars(select(Service).where(Service.slug == "cc-exploitation")).one()

    def at(*moment: int, service: bool = False) -> tuple[bool, str | None, datetime | None]:
        state = opening_state(region, cc.id, datetime(*moment, tzinfo=UTC), mine.id if service else None)
        return state.open, state.holiday, state.opens_at

    opened, holiday, opens = at(2027, 6, 24, 15)  # a Thursday
    assert (opened, holiday) == (False, "Fête nationale du Québec")
    assert opens == datetime(2027, 6, 25, 13, tzinfo=UTC)
    assert at(2026, 12, 31, 23)[2] == datetime(2027, 1, 4, 14, tzinfo=UTC)  # New Year's Day is a Friday
    region.add(ScheduleException(organisation_id=cc.id, day=date(2026, 11, 24)))
    region.add(ScheduleException(organisation_id=cc.id, day=date(2026, 11, 28), opens=600, closes=720))
    region.add(Schedule(organisation_id=cc.id, service_id=mine.id, weekday=6, opens=600, closes=720))
    region.flush()
    assert not at(2026, 11, 24, 19)[0]
    assert at(2026, 11, 28, 16)[0]
    assert not at(2026, 11, 29, 16)[0]
    assert at(2026, 11, 29, 16, service=True)[0]
    assert not at(2026, 11, 25, 16, service=True)[0]
    assert "cc-exploitation" not in slugs(ask(region, "exploitation", open_now=True))


def test_reason_is_given_where_it_is_not_sure(region: Session) -> None:
    sainte_julienne = ask(region, "suivi exploitation", place="63060")
    reasons = {reason.sentence for card in sainte_julienne.cards if card.match for reason in card.match.reasons}
    assert any("partie de ce territoire" in sentence for sentence in reasons)


def test_words_are_broadened_rather_than_nothing(region: Session) -> None:
    found = ask(region, "trousse restorative")
    assert found.broadened
    assert {"cd-trousse", "equijustice-mediation"} <= set(slugs(found))


def mistyped(word: str, chance: random.Random) -> str:
    """One typing error inside the word: a letter swapped, missing, doubled or wrong."""
    at = chance.randrange(1, len(word) - 1)
    kind = chance.choice(("swap", "miss", "double", "wrong"))
    if kind == "swap":
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == "miss":
        return word[:at] + word[at + 1 :]
    if kind == "double":
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(string.ascii_lowercase) + word[at + 1 :]


def test_precision_with_a_typing_error(region: Session) -> None:
    """What the ten first answers of a mistyped word share with those of the right one: at least 0.9 (the target)."""
    chance = random.Random(2026)
    known = [word for word in vocabulary(region, "public").known if len(word) >= 7 and word.isalpha()]
    shares = []
    for word in sorted(chance.sample(known, 60)):
        right = slugs(ask(region, word))[:10]
        wrong = slugs(ask(region, mistyped(word, chance)))[:10]
        shares.append(len(set(right) & set(wrong)) / max(1, min(10, len(right))))
    assert sum(shares) / len(shares) >= 0.9


def test_reindexing_one_service_replaces_its_words(region: Session) -> None:
    service = region.scalars(select(Service).where(Service.slug == "sidepe-depistage")).one()
    service.summary = "Camionnette bleue au marché."
    reindex(region, frozenset({service.id}))
    assert slugs(ask(region, "camionnette")) == ["sidepe-depistage"]
    assert slugs(ask(region, "conseils")) != ["sidepe-depistage"]


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "'; DROP TABLE services;--",
        "a AND (b",
        "NEAR(",
        "*",
        "hebergement*",
        "{scope}:x",
        "zztierpartners",
        "é" * 300,
    ],
)
def test_operators_are_only_words(region: Session, text: str) -> None:
    assert "crjda-hebergement" not in slugs(ask(region, text))


class TestPlaces:
    @pytest.mark.parametrize(
        ("typed", "code"),
        [
            ("Joliette", "61025"),
            ("joliete", "61025"),
            ("L'Assomption", "60028"),
            ("l assomption", "60028"),
            ("ste-julienne", "63060"),
            ("Saint Gabriel", "52080"),
            ("Saint-Gabriel-de-Brandon", "52085"),
            ("repentini", "60013"),
            ("terrebone", "64008"),
            ("MANAWAN", "62802"),
            ("saint-lin-laurentides", "63048"),
            ("l'ile dupas", None),
            ("Montréal", None),
            ("Saint", None),
            ("", None),
            ("x" * 500, None),
        ],
    )
    def test_typed_name(self, region: Session, typed: str, code: str | None) -> None:
        found = find_municipality(region, typed)
        assert (found.code if found else None) == code

    def test_choices_are_places_where_people_live(self, region: Session) -> None:
        names = [town.name for town in municipality_choices(region)]
        assert "Lac-Minaki" not in names
        assert names.index("L’Épiphanie") < names.index("Lanoraie")

    def test_routing_is_the_mandate(self, region: Session) -> None:
        routes = region_routing(region)
        assert len(routes) == 70
        assert routes["61025"].organisation_slugs == ("calacs-coup-de-coeur",)
        assert routes["60013"].organisation_slugs == ("calacs-la-chrysalide",)
        both = {code for code, route in routes.items() if route.ask_both}
        assert "62802" in both
        assert {code for code in both if code != "62802"} == {code for code in routes if code.startswith("63")}

    def test_preview_never_means_one_community(self, region: Session) -> None:
        towns = municipality_choices(region)
        people: dict[str, int] = {}
        for town in towns:
            people[town.preview.code] = people.get(town.preview.code, 0) + town.population
        manawan = next(town for town in towns if town.name == "Manawan")
        assert manawan.preview.label == "Nord de Lanaudière"
        assert min(people.values()) >= 5000
