"""Words in two languages: French is the source text, English comes from TOML tables.

A table is a file `en.toml` or `en.<feature>.toml` in a `locales/` folder. Its keys are the French texts, in any number
of named sections (the sections only group, they do not scope). The first folder that translates a text wins, so a
plugin cannot change the words of the core.

French output always gets its no-break spaces, whatever the author typed: a translator's plain space before a colon must
not break a line on a phone.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from jinja2 import Environment
from jinja2.ext import extract_from_ast
from markupsafe import Markup, escape

NBSP: Final = "\u00a0"
SOURCE_LOCALE: Final = "fr"
LOCALES: Final = ("fr", "en")

_PLACE = re.compile(r"%\((\w+)\)s")
_SPACES = re.compile(r"[ \u00a0\u202f]")
# Québec's rules (Office québécois de la langue française): a no-break space before : ; % $ », after «, and inside
# hours. No space is ever added, only made unbreakable: "https://…" and "12:30" stay what they are.
_BEFORE = re.compile(r"(?:(?<=\S)|\A)[ \u202f](?=[:;%$»?!](?:\s|[.,)»…]|$))")
_AFTER_OPEN = re.compile(r"«[ \u202f]")
_HOUR = re.compile(r"(?<=\d) h(?: (?=\d\d\b)|\b)")
_THOUSANDS = re.compile(r"(?<=\d)[ \u202f](?=\d{3}\b)(?![\d ]*-)")

# The functions whose first argument is a French source text, in templates and in Python alike.
_MARKERS: Final = ("_", "N_", "ngettext", "translate", "plural")
#: What the text of a Python file has when `_texts_of` finds something in it.
_MARKING: Final = re.compile(rf"\b(?:{'|'.join(_MARKERS)})\s*\(|\bmessage\b|MESSAGE")


class LocaleError(ValueError):
    """A table that cannot be used; the message names the file and the key."""


@dataclass(frozen=True, order=True)
class Missing:
    """A French text that has no translation, and where it is written."""

    path: str
    line: int
    text: str


def N_(text: str) -> str:
    """Mark a French text written in Python for translation later, where the reader's language is known."""
    return text


@lru_cache(maxsize=4096)
def typeset(text: str) -> str:
    """Give a French text its no-break spaces: before : ; % $ and », after «, in « 14 h 30 » and « 12 500 »."""
    text = _BEFORE.sub(NBSP, text)
    text = _AFTER_OPEN.sub("«" + NBSP, text)
    text = _HOUR.sub(lambda hour: hour.group().replace(" ", NBSP), text)
    return _THOUSANDS.sub(NBSP, text)


def language(locale: str) -> str:
    """`fr-CA` → `fr`; a language without a table falls back on French."""
    short = locale[:2].lower()
    return short if short in LOCALES else SOURCE_LOCALE


class Translator:
    """The tables of every `locales/` folder, read once at start.

    Raises LocaleError when a table is not valid TOML, or a value is not a text, or a translation names a value that
    the French text does not have.
    """

    def __init__(self, locales_dirs: Iterable[Path]) -> None:
        folders = tuple(locales_dirs)
        self._tables: dict[str, Mapping[str, str]] = {
            locale: _merged(
                tuple(_read(path) for folder in folders for path in sorted(Path(folder).glob(f"{locale}*.toml")))
            )
            for locale in LOCALES
            if locale != SOURCE_LOCALE
        }

    def has(self, locale: str, text: str) -> bool:
        """Whether the text can be shown in that language."""
        short = language(locale)
        return short == SOURCE_LOCALE or _key(text) in self._tables[short]

    def translate(self, locale: str, text: str, **values: object) -> str:
        """The text in the reader's language, its `%(name)s` places filled.

        A text without a translation stays French: better a French sentence than a blank. Values are put in as they
        are, except that one Markup value makes the whole Markup and escapes the others.
        """
        short = language(locale)
        if short == SOURCE_LOCALE:
            found = typeset(text)
        else:
            found = self._tables[short].get(_key(text)) or typeset(text)
        return _fill(found, values) if values else found

    def plural(self, locale: str, singular: str, plural: str, count: int, **values: object) -> str:
        """Choose by count, then translate. French counts 0 and 1 as singular, English 1 alone. `%(n)s` is the count."""
        one = abs(count) < 2 if language(locale) == SOURCE_LOCALE else abs(count) == 1
        return self.translate(locale, singular if one else plural, **{"n": count, **values})

    def missing(self, locale: str, sources: Iterable[Path]) -> list[Missing]:
        """Every French text marked in these files or folders (*.html, *.py) that this language lacks, in file order."""
        return sorted({found for found in marked_texts(sources) if not self.has(locale, found.text)})


def marked_texts(sources: Iterable[Path]) -> Iterator[Missing]:
    """Every French text marked with `_("…")`, `ngettext` or `N_("…")` in templates and Python files."""
    environment = Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
    for source in sources:
        files = [source] if source.is_file() else sorted(source.rglob("*"))
        for path in files:
            if path.suffix == ".html":
                yield from _in_template(environment, path)
            elif path.suffix == ".py":
                yield from _in_python(path)


def _in_template(environment: Environment, path: Path) -> Iterator[Missing]:
    tree = environment.parse(path.read_text("utf-8"))
    for line, _function, message in extract_from_ast(tree, gettext_functions=_MARKERS, babel_style=False):
        for text in message if isinstance(message, tuple) else (message,):
            if text is not None:
                yield Missing(str(path), line, text)


def _in_python(path: Path) -> Iterator[Missing]:
    source = path.read_text("utf-8")
    # Two files in three have no word that marks a text: parsing them was half of the search
    if _MARKING.search(source) is None:
        return
    for node in ast.walk(ast.parse(source)):
        for constant in _texts_of(node):
            # `translate(locale, "…")` and `plural(locale, "…", "…", n)` carry codes too; a language code is no text.
            if (
                isinstance(constant, ast.Constant)
                and isinstance(constant.value, str)
                and constant.value not in ("", *LOCALES)
            ):
                yield Missing(str(path), node.lineno, constant.value)  # type: ignore[attr-defined]


def _texts_of(node: ast.AST) -> list[ast.expr]:
    """Where a French text may stand: a marking call, an error class's `message = "…"`, a constant named …MESSAGE(S)."""
    if isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        return node.args if name in _MARKERS else []
    if isinstance(node, ast.ClassDef):
        return [line.value for line in node.body if isinstance(line, ast.Assign) and _names(line) == ["message"]]
    if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
        return []
    if not any(name.endswith(("MESSAGE", "MESSAGES")) for name in _names(node)):
        return []
    values = node.value.values if isinstance(node.value, ast.Dict) else [node.value]
    # A sentence begins with a capital; a database trigger's English words do not.
    return [value for value in values if isinstance(value, ast.Constant) and str(value.value)[:1].isupper()]


def _names(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [getattr(target, "id", "") for target in targets]


def _read(path: Path) -> _Table:
    try:
        return _table(path, path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocaleError(f'{path}: {error}. Fix the table, one `"French" = "English"` a line.') from error


class _Table:
    """One file's words in English by key, the first of two equal keys. Equal to itself alone: what is made of the same
    tables is made once."""

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        self.words: dict[str, str] = {}
        for french, translated in words:
            self.words.setdefault(_key(french), translated)


@lru_cache(maxsize=256)
def _table(path: Path, content: str) -> _Table:
    """Remembered by what the file says: a start reads it twice."""
    return _Table(_flatten(path, tomllib.loads(content)))


@lru_cache(maxsize=16)
def _merged(tables: tuple[_Table, ...]) -> Mapping[str, str]:
    """The words of every table, those of the first where two have the same text."""
    merged: dict[str, str] = {}
    for table in reversed(tables):
        merged.update(table.words)
    return MappingProxyType(merged)


def _flatten(path: Path, tables: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for key, value in tables.items():
        if isinstance(value, Mapping):
            yield from _flatten(path, value)
        elif not isinstance(value, str):
            raise LocaleError(f"{path}: “{key}” must be a text. Put it between quotes.")
        elif not set(_PLACE.findall(value)) <= set(_PLACE.findall(key)):
            raise LocaleError(f"{path}: “{key}”: the translation names a value that the French text does not have.")
        else:
            yield key, value


def _key(text: str) -> str:
    """One key whatever kind of space the author or the translator typed."""
    return _SPACES.sub(" ", text)


def _fill(text: str, values: Mapping[str, object]) -> str:
    if any(isinstance(value, Markup) for value in values.values()):
        return Markup(_PLACE.sub(lambda place: str(escape(values[place.group(1)])), str(escape(text))))
    return _PLACE.sub(lambda place: str(values[place.group(1)]), text)
