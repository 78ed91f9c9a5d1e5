"""French is the source text; English is complete; spaces before : ; % $ never break a line."""

import os
import re
from pathlib import Path

import pytest
from markupsafe import Markup

from core.kernel.i18n import LocaleError, Missing, Translator, marked_texts, typeset

ROOT = Path(__file__).parents[2]
NB = "\u00a0"


def tables(folder: Path, text: str, name: str = "en.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Accord : actif", f"Accord{NB}: actif"),
        (" : ", f"{NB}: "),
        ("Réessayez ; puis", f"Réessayez{NB}; puis"),
        ("50 % de 12 500,00 $", f"50{NB}% de 12{NB}500,00{NB}$"),
        ("« Sortie rapide »", f"«{NB}Sortie rapide{NB}»"),
        ("à 14 h 30", f"à 14{NB}h{NB}30"),
        ("de 24 à 48 h", f"de 24 à 48{NB}h"),
        ("https://exemple.org:8000 à 12:30", "https://exemple.org:8000 à 12:30"),
        ("450 555-0143", "450 555-0143"),
    ],
)
def test_french_gets_its_no_break_spaces(typed: str, shown: str) -> None:
    assert typeset(typed) == shown
    assert Translator([]).translate("fr-CA", typed) == shown


def test_a_table_serves_whatever_space_was_typed(tmp_path: Path) -> None:
    translator = Translator([tables(tmp_path, f'"Accord{NB}: %(state)s" = "Consent: %(state)s"')])
    assert translator.translate("en", "Accord : %(state)s", state="active") == "Consent: active"
    assert translator.translate("en-CA", f"Accord{NB}: %(state)s", state="active") == "Consent: active"


def test_a_text_without_translation_stays_french(tmp_path: Path) -> None:
    translator = Translator([tables(tmp_path, "")])
    assert translator.translate("en", "Demandes reçues") == "Demandes reçues"
    assert not translator.has("en", "Demandes reçues")
    assert translator.has("fr", "Demandes reçues")


def test_sections_group_and_features_have_their_own_file(tmp_path: Path) -> None:
    tables(tmp_path, '[a.b]\n"Oui" = "Yes"')
    tables(tmp_path, '"Non" = "No"', "en.referrals.toml")
    translator = Translator([tmp_path])
    assert [translator.translate("en", text) for text in ("Oui", "Non")] == ["Yes", "No"]


def test_a_table_written_again_is_read_again_even_within_one_tick_of_the_clock(tmp_path: Path) -> None:
    for word in ("Yes", "Yep", "Yes"):
        folder = tables(tmp_path, f'"Oui" = "{word}"')
        os.utime(folder / "en.toml", ns=(1, 1))
        assert Translator([folder]).translate("en", "Oui") == word
    for _ in range(2):
        with pytest.raises(LocaleError):
            Translator([tables(tmp_path, '"Oui" = 3')])


def test_a_plugin_cannot_change_the_words_of_the_core(tmp_path: Path) -> None:
    core = tables(tmp_path / "core", '"Retirer" = "Withdraw"')
    plugin = tables(tmp_path / "plugin", '"Retirer" = "Keep"\n"Voter" = "Vote"')
    translator = Translator([core, plugin])
    assert translator.translate("en", "Retirer") == "Withdraw"
    assert translator.translate("en", "Voter") == "Vote"


def test_counts_follow_each_language(tmp_path: Path) -> None:
    translator = Translator([tables(tmp_path, '"%(n)s vote" = "%(n)s vote"\n"%(n)s votes" = "%(n)s votes"')])
    french = [translator.plural("fr", "%(n)s vote", "%(n)s votes", count) for count in (0, 1, 2)]
    english = [translator.plural("en", "%(n)s vote", "%(n)s votes", count) for count in (0, 1, 2)]
    assert french == ["0 vote", "1 vote", "2 votes"]
    assert english == ["0 votes", "1 vote", "2 votes"]


def test_markup_values_stay_markup_and_the_rest_is_escaped() -> None:
    shown = Translator([]).translate("fr", "Voir %(link)s <%(name)s>", link=Markup("<a>ici</a>"), name="<b>")
    assert shown == Markup("Voir <a>ici</a> &lt;&lt;b&gt;&gt;")
    assert isinstance(shown, Markup)
    assert not isinstance(Translator([]).translate("fr", "Voir %(name)s", name="<b>"), Markup)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('"Oui" = 3', "Oui"),
        ('"Bonjour %(name)s" = "Hello %(nom)s"', "Bonjour"),
        ("pas du toml", "en.toml"),
    ],
)
def test_a_wrong_table_says_where(tmp_path: Path, table: str, words: str) -> None:
    with pytest.raises(LocaleError, match=words):
        Translator([tables(tmp_path, table)])


def test_missing_lists_the_texts_of_templates_and_of_python(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text('{{ _("Traduit") }}\n{{ _("Oublié : %(n)s", n=1) }}{{ ngettext("un", "des", 2) }}', "utf-8")
    code = tmp_path / "code.py"
    code.write_text(
        'class E(Exception):\n    message = "Refusé."\nLABEL = N_("Libellé")\nmessage = "interne"\n', "utf-8"
    )
    translator = Translator([tables(tmp_path / "locales", '"Traduit" = "Translated"')])
    assert translator.missing("en", [page, code]) == [
        Missing(str(code), 1, "Refusé."),
        Missing(str(code), 3, "Libellé"),
        Missing(str(page), 2, "Oublié : %(n)s"),
        Missing(str(page), 2, "des"),
        Missing(str(page), 2, "un"),
    ]


def test_every_script_word_is_given_by_the_frame() -> None:
    """A script asks for words by name; the frame of every page gives them, translated."""
    scripts = "".join(path.read_text("utf-8") for path in (ROOT / "core/static/js").glob("*.js"))
    asked = set(re.findall(r'word\(\s*"(\w+)"', scripts))
    asked |= {name for pair in re.findall(r'word\([^()]*\? "(\w+)" : "(\w+)"\)', scripts) for name in pair}
    frame = (ROOT / "templates/base.html").read_text("utf-8")
    given = {re.sub(r"-(\w)", lambda letter: letter[1].upper(), name) for name in re.findall(r"data-([\w-]+)=", frame)}
    assert asked, "no word found: the pattern no longer fits the scripts"
    assert asked <= given


def test_texts_are_found_in_the_frame() -> None:
    assert any(found.text == "Sortie rapide" for found in marked_texts([ROOT / "templates/base.html"]))
