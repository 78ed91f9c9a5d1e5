"""What every template must hold: nothing inline, epicene plain French, an English entry for each sentence."""

from __future__ import annotations

import re
from functools import cache

import pytest

from core.kernel.i18n import Missing, Translator
from tests.support.source import ROOT, marked, place, templates

JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
INLINE = {
    "an inline style": re.compile(r"<style\b|\sstyle\s*=", re.IGNORECASE),
    "an inline script": re.compile(r"<script\b(?![^>]*\bsrc=)[^>]*>", re.IGNORECASE),
    "an event attribute": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
    "an address outside this site": re.compile(
        r"<(?:script|link|img|iframe|source)\b[^>]*\b(?:src|href)=[\"']?(?:https?:)?//"
    ),
}
#: domain.md's words: what is never said, and why the exceptions are
FORBIDDEN = {
    r"\bclient(?:e|s|es)?\b": "une personne, une femme",
    r"\bvictimes?\b": "une personne, une femme (legal names only)",
    r"\béligib": "admissibilité",
    r"\brefusée?s?\b": "non accueillie ici",
    r"\bdéclin(?:é|ée|és|ées|er|ons)\b": "non accueillie ici",
    r"\b(?:un|le|ce|les|ces|vos|nos|votre|notre|nouveaux?|chaque|du|des) cas\b(?! échéant| de\b| où\b)": "situation",
    r"\bdossiers?\b": "une référence, une demande d’aide",
    r"\bsurvivantes?\b": "only if she says so",
    r"\bcode [123]\b": "Urgent, outside the CALACS",
    r"\bbénéficiaires?\b": "une personne",
}
#: Where the priority codes are put in words, for CALACS eyes only
FOR_CALACS = ("core/referrals/pages/labels.py", "core/referrals/rules/")
#: Sentences the domain itself words so: the receiver's own records, the name of a form, of a law or of a project
ALLOWED = (
    "notre dossier",
    "votre propre dossier",
    "SurVivantes",
    "Loi sur",
    "victimes d’actes criminels",
    "IVAC",
    "LAPVIC",
    "CAVAC",
    "Consentement refusé",
    "Elle a refusé",
    "peut refuser",
)


@cache
def texts() -> tuple[Missing, ...]:
    """Every French sentence marked for display, in templates and in Python."""
    return tuple(found for found in marked() if not found.path.startswith("plugins/_"))


@pytest.mark.parametrize("what", INLINE)
def test_nothing_is_inline(what: str) -> None:
    """The content-security policy refuses it: it would silently not work."""
    wrong = [
        f"{place(path)}:{text.count(chr(10), 0, match.start()) + 1} {match.group()[:60]}"
        for path in templates()
        for text in [JINJA.sub(lambda comment: "\n" * comment.group().count("\n"), path.read_text("utf-8"))]
        for match in INLINE[what].finditer(text)
    ]
    assert wrong == []


def test_epicene_writing_has_no_middle_dot() -> None:
    """OQLF: neutral forms first, then full doublets; never `intervenant·e`."""
    dot = re.compile(r"\w[·•‧]\w|\w\((?:e|es|ne|trice)\)")
    wrong = [f"{found.path}:{found.line} {found.text}" for found in texts() if dot.search(found.text)]
    assert wrong == []


def test_the_words_are_the_networks_words() -> None:
    wrong = []
    for found in texts():
        text = found.text
        for phrase in ALLOWED:
            text = text.replace(phrase, "")
        for pattern, instead in FORBIDDEN.items():
            if "code [123]" in pattern and any(room in found.path for room in FOR_CALACS):
                continue
            if re.search(pattern, text, re.IGNORECASE):
                wrong.append(f"{found.path}:{found.line} « {found.text} » → {instead}")
    assert wrong == []


def test_every_sentence_has_its_english() -> None:
    folders = [ROOT / "locales", ROOT / "core" / "locales", *(ROOT / "plugins").glob("*/locales")]
    translator = Translator([folder for folder in folders if folder.is_dir()])
    missing = sorted(
        {f"{found.path}:{found.line} {found.text}" for found in texts() if not translator.has("en", found.text)}
    )
    assert missing == []


def test_no_sentence_stands_in_a_template_unmarked() -> None:
    """French letters between tags, outside `_()`, cannot be translated."""
    between = re.compile(r">([^<>{}]*[A-Za-zÀ-ÿ]{3,}[^<>{}]*)<")
    wrong = [
        f"{place(path)} « {' '.join(match.group(1).split())} »"
        for path in templates()
        for text in [re.sub(r"\{#.*?#\}|\{%.*?%\}", "", path.read_text("utf-8"), flags=re.DOTALL)]
        for match in between.finditer(re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL))
        if not re.fullmatch(r"[\s\W]*(?:Arrimage|CRESL|CALACS|Français|English)?[\s\W]*", match.group(1))
    ]
    assert wrong == []
