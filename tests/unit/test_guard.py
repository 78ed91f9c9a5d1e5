"""The name guard: what looks like a person is seen, what does not is left in peace."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.kernel.guard import Kind, left_over, looks_like_a_person, singles_out

TRAPS = {
    Kind.PHONE: (
        "Appelez le 450 555-0101",
        "450.555.0101",
        "(450) 555 0101",
        "4505550101",
        "4 5 0 5 5 5 0 1 0 1",
        "+1 450-555-0101",
        "555-0101",
        "450\u00a0555\u00a00101",
        "450\u200b5550101",
        "４５０ 555 0101",
        "450\u200d555\ufeff0101",
        "45O 555-O1O1",
        "\u0664\u0665\u0660 \u0665\u0665\u0665 \u0660\u0661\u0660\u0661",
        "quatre cinq zéro, cinq cinq cinq, zéro un zéro un",
        "four five zero five five five zero one zero one",
        "quatre cent cinquante, cinq cent cinquante-cinq, zéro cent un",
        "450, cinq cinq cinq, zéro un zéro un",
        "quatre cinq zéro 555 0101",
        "450 puis 555 puis 0101",
        "450 tiret 555 tiret 0101",
        "4\ufe0f\u20e35\ufe0f\u20e30\ufe0f\u20e3 555 0101",
        "④⑤⓪ 555 0101",
        "450*555*0101",
        "450, 555, 0101",
        "qu\u0430tre cinq z\u00e9ro cinq cinq cinq z\u00e9ro un z\u00e9ro un",
        "q\u200buatre cinq zé\u00adro cinq cinq cinq zéro un zéro un",
    ),
    Kind.EMAIL: ("jean@exemple.test", "jean arobase exemple point test", "jean (at) exemple.test", "@jolie_fille"),
    Kind.BIRTH: (
        "née le 3 mai 2001",
        "née en 1999",
        "2001-05-03",
        "03/05/2001",
        "3 mai 2001",
        "03/05/99",
        "DDN : 1999",
        "May 3, 2001",
    ),
    Kind.NAME: (
        "Marie Tremblay a besoin d’aide",
        "elle, marie tremblay, doit partir",
        "MARIE TREMBLAY",
        "Mme Tremblay",
        "M. Roy la menace",
        "Elle s’appelle Kimberlyn",
        "elle se nomme Léa",
        "prénom : Zouzou",
        "avec Marie T.",
        "son amie Julie attend",
        "Contacter Jean-Guy Lachance",
        "la voisine, Oksana Petrenko, aide",
        "Sarah doit partir ce soir",
        "pour Marie-Ève Gagnon",
        "Anne de la Sablonnière",
        "M\u200car\u2060ie Trem\u00adblay",
        "M\u0430rie Tr\u0435mblay",
        "\u041c\u0430\u0440\u0438\u043d\u0430 attend",
        "M a r i e attend",
        "voir marie.tremblay ce soir",
        "voir marie_tremblay ce soir",
        "pour MarieTremblay",
    ),
    Kind.ADDRESS: (
        "123 rue Principale",
        "12, boulevard Manseau",
        "45 avenue du Parc",
        "J6E 3Z1",
        "j6e3z1",
        "123 Main Street",
        "apt 4",
    ),
    Kind.NUMBER: ("TREM 9905 0312", "123 456 789"),
}
HARMLESS = (
    "Elle doit quitter le logement avant vendredi.",
    "Serrure à changer et deux nuits d’hébergement.",
    "420,00 $ pour deux nuits",
    "12\u00a0500,00\u00a0$ reçus",
    "Le 2026-11-28 à 14 h 30",
    "avant le 28 novembre 2026",
    "LAFU a refusé le 12 novembre 2026",
    "Le CALACS La Chrysalide avance les frais",
    "Coup de cœur a fait la démarche",
    "Sûreté du Québec a été avisée",
    "Aucune place à Joliette ni à Terrebonne",
    "route 125 fermée",
    "Elle a 3 enfants de 2, 4 et 6 ans",
    "La MRC de Matawinie",
    "Centre d’hébergement complet à Saint-Jacques",
    "Hôpital Pierre-Le Gardeur",
    "Épicerie IGA, 60 $ par semaine",
    "LAFU sans réponse depuis 2 jours",
    "Facture Hydro-Québec de 180,50 $",
    "Le Centre désigné l’a orientée",
    "3 nuits à 95 $",
    "Besoin de 1 200 $ pour le dépôt",
    "Il la menace ; elle dort dans une auto",
    "Aide sociale le 1er décembre",
    "Demande au 211 faite lundi, appel au 911 hier",
    "IVAC et Centraide ont dit non",
    "Nous avons essayé Moisson Lanaudière",
    "TAL, audience le 4 décembre 2026",
    "deux cent quarante-cinq dollars et cinquante cents",
    "mille deux cent quatre-vingt-dix-neuf",
    "C.L.S.C. et C.A.L.A.C.S. joints",
    "un, deux ou trois appels par jour, puis 2 lettres",
    "Reçu 12 500,00 $ en deux fois",
)
PLACES = ("Joliette", "L’Assomption", "Sainte-Julienne", "Saint-Jacques", "L’Épiphanie")
SITUATED = {
    Kind.DATE: (
        "vue le 3 mai",
        "le 28 novembre 2026",
        "le trois mai",
        "le premier juin, elle part",
        "vingt-huit novembre",
        "on May 3",
        "en mai 2024",
        "2026-11-28",
        "28/11/2026",
        "le 28/11",
        "depuis 2019",
        "l’été 2024",
        "en deux mille vingt-quatre",
        "lundi le 12",
        "le mardi douze",
        "le quinze du mois dernier",
        "on March twelfth",
        "the 12th of March",
        "the twenty-first of March",
        "le XII mars",
        "la veille de Noël",
        "à la Saint-Valentin",
    ),
    Kind.AGE: (
        "âgée de 17 ans",
        "elle a 17 ans",
        "elle avait dix-sept ans",
        "une femme de 34 ans",
        "a 17-year-old",
        "une étudiante, 17 ans, enceinte",
        "une étudiante (dix-sept ans)",
        "à ses 17 ans",
        "16 ans et demi",
    ),
    Kind.PLACE: (
        "elle vit à Joliette",
        "vue a sainte julienne",
        "à SAINTE-JULIENNE",
        "près de l'Épiphanie",
        "sur la rue Principale",
        "à la polyvalente Thérèse-Martin",
        "au motel Le Soleil",
        "à Ste-Julienne",
        "près de Ste. Julienne",
        "à l’école secondaire Thérèse-Martin",
        "au motel 137",
        "au cent vingt-trois rue principale",
    ),
    Kind.CODE: ("la référence R-7K3M-9Q", "voir f-2222-22"),
    Kind.PHONE: ("quatre cinq zéro, cinq cinq cinq, zéro un zéro un", "le 555 0101"),
    Kind.EMAIL: ("insta : jolie_fille", "facebook.com/jolie.fille"),
    Kind.NAME: (
        "Marie Tremblay",
        "son amie Kimberlyn",
        "elle s’appelle xiomara",
        "marie-ève attend",
        "\u1d0d\u1d00\u0280\u026a\u1d07 attend",
    ),
}
TOLD = (
    "Deux semaines plus tard, elle rappelle.",
    "Depuis trois ans, elle y est encore.",
    "Il y a 3 ans, premier contact",
    "Elle a trois enfants, le premier aux études",
    "La MRC de Joliette, la MRC de L’Assomption",
    "Une adolescente de la MRC de Matawinie",
    "Elle dort dans la rue, puis chez une amie",
    "L’école l’a orientée vers l’hôpital",
    "En marche vers un logement, mai ou pas",
    "Elle peut, may be, revenir",
    "Le Centre désigné, puis le CALACS, en 48 h",
    "Le service reçoit les 18 ans et plus, et de 14 à 17 ans le mardi, deux fois par mois",
    "Après trois semaines, 2 ans, puis plus rien",
    "Un panier de Noël, puis le chèque du premier du mois, deux mille dollars en tout",
    "Son intervenante, La Chrysalide, le CALACS et son amie LAFU",
    "Chaque lundi 2 heures, le mercredi à 14 h, I may call",
)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in TRAPS.items() for text in texts])
def test_a_trap_is_seen_for_what_it_is(kind: Kind, text: str) -> None:
    assert kind in {one.kind for one in looks_like_a_person(text)}


@pytest.mark.parametrize("text", HARMLESS)
def test_an_ordinary_text_is_left_in_peace(text: str) -> None:
    assert looks_like_a_person(text) == ()


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in SITUATED.items() for text in texts])
def test_when_and_where_too_exactly_is_seen(kind: Kind, text: str) -> None:
    found = singles_out(f"Alors, {text}.", PLACES)
    assert kind in {one.kind for one in found}
    for one in found:
        assert one.text in f"Alors, {text}.".replace("\u200b", "") or kind is Kind.PHONE


@pytest.mark.parametrize("text", TOLD)
def test_relative_time_and_a_mrc_are_left_in_peace(text: str) -> None:
    assert singles_out(text, PLACES) == ()


SEPARATORS = st.sampled_from(["", " ", "-", ".", "\u00a0", " - "])


@given(
    st.from_regex(r"[2-9][0-9]{2}", fullmatch=True),
    st.from_regex(r"[2-9][0-9]{2}", fullmatch=True),
    st.from_regex(r"[0-9]{4}", fullmatch=True),
    SEPARATORS,
    SEPARATORS,
    st.sampled_from(HARMLESS),
)
def test_a_number_is_seen_however_it_is_cut_and_wherever_it_hides(
    area: str, exchange: str, line: str, one: str, two: str, around: str
) -> None:
    found = looks_like_a_person(f"{around} Voir {area}{one}{exchange}{two}{line} demain. {around}")
    assert Kind.PHONE in {each.kind for each in found}


@given(st.text(max_size=300))
def test_any_text_is_read_without_failing_and_findings_never_overlap(text: str) -> None:
    found = looks_like_a_person(text)
    ends = [0]
    for one in found:
        assert one.text
        assert one.start >= ends[-1]
        ends.append(one.start + len(one.text))


def test_saying_that_it_is_not_one_holds_for_these_words_only() -> None:
    (rose,) = looks_like_a_person("Chez Rose, un café.")
    assert left_over([rose], {rose.token}) == ()
    (julie,) = looks_like_a_person("Chez Julie, un café.")
    assert left_over([julie], {rose.token}) == (julie,)
