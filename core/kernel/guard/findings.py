"""What looks like a person in a text: how to reach her, when she was born, her name, where she lives.

Whoever reads such a text does not know who she is, so that nothing there may tell. The rule is careful rather than
clever: what it finds wrongly, the person who writes says « Ce n’en est pas un », and that is recorded.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from .disguises import SPACED, apart, foreign, glued, shown, spoken_numbers, with_digits
from .names import GIVEN, HONORIFICS, KNOWN, SURNAMES


class Kind(StrEnum):
    """What a finding looks like."""

    PHONE = "phone"
    EMAIL = "email"
    BIRTH = "birth"
    NAME = "name"
    ADDRESS = "address"
    NUMBER = "number"
    DATE = "date"
    AGE = "age"
    PLACE = "place"
    CODE = "code"


KINDS: dict[Kind, str] = {
    Kind.PHONE: "un numéro de téléphone",
    Kind.EMAIL: "une adresse électronique",
    Kind.BIRTH: "une date de naissance",
    Kind.NAME: "le nom d’une personne",
    Kind.ADDRESS: "une adresse",
    Kind.NUMBER: "un numéro personnel",
    Kind.DATE: "une date précise",
    Kind.AGE: "un âge précis",
    Kind.PLACE: "un lieu plus précis que la MRC",
    Kind.CODE: "un code de la plateforme",
}


@dataclass(frozen=True)
class Finding:
    """`text`: the words found; `start`: where in the text."""

    kind: Kind
    text: str
    start: int

    @property
    def token(self) -> str:
        """What the form sends back for « Ce n’en est pas un »: it holds for these words only, of this kind."""
        words = " ".join(folded(self.text).split())
        return hashlib.sha256(f"{self.kind}|{words}".encode()).hexdigest()[:16]


_SPACES = re.compile(r"[\u00a0\u2009\u202f\u2007\t\r\n]")
#: Separators people put in a number.
_SEP = r"[\s.\-–—/·_,*:;|~()]{0,3}"
MONTHS = (
    "janvier|février|fevrier|mars|avril|mai|juin|juillet|août|aout|septembre|octobre|novembre|décembre|decembre"
    "|january|february|march|april|may|june|july|august|september|october|november|december"
)
#: Years of birth of whoever may be helped (12 and over) and of their children: a later year is a deadline.
_YEAR = r"(?:19\d\d|20[01]\d)"
_WAYS = (
    r"rue|avenue|av\.?|boulevard|boul\.?|bd|chemin|ch\.|rang|route|montée|montee|place|impasse|croissant|terrasse|côte"
    r"|allée|carré|square|promenade|street|st\.|road|rd\.?|drive|crescent|apt\.?|appartement|app\.|logement|unité"
)

_BORN = r"\b(?:n[ée]{1,2}(?:\(e\)|e)?\s+(?:le|en)\b|born\s+(?:on|in)\b|date de naissance|ddn\b|dob\b)"
_CIVIC = r"(?<![\d.,])\d{1,5}[A-Za-z]?"

_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        Kind.EMAIL,
        re.compile(r"[\w.+\-]+\s*(?:@|\(at\)|\[at\]|\barobase\b)\s*[\w\-]+(?:\s*(?:\.|\bpoint\b)\s*\w+)+", re.I),
    ),
    (Kind.EMAIL, re.compile(r"[\w.+\-]+@[\w\-]{2,}", re.I)),
    (Kind.EMAIL, re.compile(r"(?<![\w@])@[A-Za-z][\w.]{2,}")),
    # Health insurance: four letters, eight digits. Social insurance: three times three digits.
    (Kind.NUMBER, re.compile(rf"\b[A-Z]{{4}}{_SEP}\d{{4}}{_SEP}\d{{4}}\b", re.I)),
    (Kind.NUMBER, re.compile(r"(?<![\d$.,])\d{3}[\s.\-]\d{3}[\s.\-]\d{3}(?![\d$]|\s*\$)")),
    (
        Kind.PHONE,
        re.compile(
            rf"(?<!\d)(?:\+?1{_SEP})?\(?[2-9](?:{_SEP}\d){{2}}\)?{_SEP}[2-9](?:{_SEP}\d){{2}}{_SEP}\d(?:{_SEP}\d){{3}}(?!\d)"
        ),
    ),
    (Kind.PHONE, re.compile(r"(?<![\d\-.])[2-9]\d{2}[\-.–]\d{4}(?![\d\-])")),
    (
        Kind.BIRTH,
        re.compile(
            r"\b(?:n[ée]{1,2}(?:\(e\)|e)?\s+(?:le|en)\b|born\s+(?:on|in)\b|date de naissance|ddn\b|dob\b)"
            r"[^.;,\n]{0,24}",
            re.I,
        ),
    ),
    (Kind.BIRTH, re.compile(rf"\b{_YEAR}[\-/. ](?:0?[1-9]|1[0-2])[\-/. ](?:0?[1-9]|[12]\d|3[01])\b")),
    (Kind.BIRTH, re.compile(rf"\b(?:0?[1-9]|[12]\d|3[01])[\-/. ](?:0?[1-9]|1[0-2])[\-/. ]{_YEAR}\b")),
    (Kind.BIRTH, re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])[/](?:0?[1-9]|1[0-2])[/](?:[03-9]\d|1\d)\b")),
    (Kind.BIRTH, re.compile(rf"\b(?:1er|\d{{1,2}})\s+(?:{MONTHS}),?\s+{_YEAR}\b", re.I)),
    (Kind.BIRTH, re.compile(rf"\b(?:{MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{_YEAR}\b", re.I)),
    (Kind.ADDRESS, re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[ABCEGHJ-NPRSTV-Z][\s\-]?\d[ABCEGHJ-NPRSTV-Z]\d\b", re.I)),
    (
        Kind.ADDRESS,
        re.compile(rf"{_CIVIC}(?:\s*[,\-]\s*|\s+)(?:{_WAYS})(?=\s)\s+(?!de\s+\d)[^\s,.;]+", re.I),
    ),
    (
        Kind.ADDRESS,
        re.compile(rf"{_CIVIC},?\s+(?:[A-ZÀ-Ý][\w’'\-]+\s+){{1,3}}(?:{_WAYS})(?!\w)", re.I),
    ),
    (Kind.ADDRESS, re.compile(r"\b(?:apt|app|appartement|logement|unité|suite)\.?\s*#?\s*\d+\w?\b", re.I)),
)

#: Kinds read with letters that stand for digits.
_NUMBERS = frozenset({Kind.PHONE, Kind.NUMBER, Kind.BIRTH})

_WORD = re.compile(r"[^\W\d_]+(?:[’'\-][^\W\d_]+)*\.?")
_SAID = re.compile(
    r"\b(?:s[’']appelle|se nomme|nomm[ée]+e?|pr[ée]nomm[ée]+e?|pr[ée]nom\s*:?|nom\s*:|surnomm[ée]+e?|her name is"
    r"|named|called)"
    r"\s+(?P<name>[A-ZÀ-Ýa-zà-ÿ][\w’'\-]+(?:\s+[A-ZÀ-Ý][\w’'\-]+)?)",
    re.I,
)
_OPENING = frozenset(".!?:;(-–—•\n") | {"\u00ab"}
_PARTICLES = frozenset({"de", "du", "des", "la", "le", "da", "van", "von", "el", "al", "st", "ste"})


def looks_like_a_person(text: str) -> tuple[Finding, ...]:
    """What in a text looks like a person or a way to find one, in the order of the text, nothing twice."""
    plain = readable(text)
    numbers, found = with_digits(plain), list[Finding]()
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(numbers if kind in _NUMBERS else plain):
            said = plain[match.start() : match.end()]
            add(found, Finding(kind, said.strip(), match.start() + len(said) - len(said.lstrip())))
    for start, end in spoken_numbers(numbers):
        add(found, Finding(Kind.PHONE, plain[start:end], start))
    for finding in (*_names(apart(plain)), *_disguised(plain)):
        add(found, finding)
    return tuple(sorted(found, key=lambda one: one.start))


def readable(text: str) -> str:
    """The text as an eye reads it, on one line, with plain spaces."""
    return _SPACES.sub(" ", shown(text))


def _disguised(plain: str) -> Iterator[Finding]:
    for match in (*SPACED.finditer(plain), *foreign(plain)):
        yield Finding(Kind.NAME, match.group(), match.start())
    for match, parts in glued(plain):
        if folded(parts[0]) in GIVEN or folded(parts[-1]) in SURNAMES:
            yield Finding(Kind.NAME, match.group(), match.start())


def left_over(
    findings: Collection[Finding], dismissed: Collection[str], sure: Collection[Kind] = ()
) -> tuple[Finding, ...]:
    """Findings that nobody said are not one (`dismissed`: their tokens); of the kinds `sure`, nobody may say so."""
    return tuple(one for one in findings if one.kind in sure or one.token not in dismissed)


def add(found: list[Finding], new: Finding) -> None:
    """Add what overlaps nothing found before."""
    end = new.start + len(new.text)
    if not any(one.start < end and new.start < one.start + len(one.text) for one in found):
        found.append(new)


def _names(text: str) -> Iterator[Finding]:
    for match in _SAID.finditer(text):
        said = match.group("name")
        if folded(said.split()[0]) not in KNOWN and (said[0].isupper() or folded(said) in GIVEN):
            yield Finding(Kind.NAME, said, match.start("name"))
    words = list(_WORD.finditer(text))
    for index, word in enumerate(words):
        after = words[index + 1 : index + 4]
        if _honorific(word.group(), text, word) and after and _capital(after[0].group()):
            yield Finding(Kind.NAME, text[word.start() : after[0].end()], word.start())
        yield from _full_name(text, word, after)


def _honorific(word: str, text: str, match: re.Match[str]) -> bool:
    title = folded(word).rstrip(".")
    return title in HONORIFICS and (title != "m" or word.endswith("."))


def _full_name(text: str, first: re.Match[str], after: list[re.Match[str]]) -> Iterator[Finding]:
    """A given name, known or not, then a family name; a known given name alone, with a capital."""
    if _place_before(text, first):
        return
    said, name = first.group().rstrip("."), folded(first.group()).rstrip(".")
    given = name in GIVEN or all(part in GIVEN for part in re.split(r"[\-]", name))
    following = [one for one in after if folded(one.group()).rstrip(".") not in _PARTICLES]
    last = following[0] if following and _touching(text, first, following[0]) else None
    if last is not None:
        family = folded(last.group()).rstrip(".")
        both = _capital(said) and _capital(last.group()) and name not in KNOWN and family not in KNOWN
        if (both and not _opens_sentence(text, first)) or (both and (given or family in SURNAMES)):
            yield Finding(Kind.NAME, text[first.start() : last.end()].rstrip("."), first.start())
            return
        if given and family in SURNAMES:
            yield Finding(Kind.NAME, text[first.start() : last.end()].rstrip("."), first.start())
            return
        # « Marie T. »: a given name and an initial
        if given and _capital(said) and len(last.group().rstrip(".")) == 1 and last.group()[0].isupper():
            yield Finding(Kind.NAME, text[first.start() : last.end()], first.start())
            return
        if both and _opens_sentence(text, first) and first.group().isupper() and last.group().isupper():
            yield Finding(Kind.NAME, text[first.start() : last.end()].rstrip("."), first.start())
            return
    if given and _capital(said) and name not in KNOWN:
        yield Finding(Kind.NAME, said, first.start())


def _touching(text: str, first: re.Match[str], last: re.Match[str]) -> bool:
    """Only spaces and particles between them: a comma or a full stop separates two things."""
    between = text[first.end() : last.start()]
    return not first.group().endswith(".") and all(folded(part) in _PARTICLES for part in between.split())


def _opens_sentence(text: str, word: re.Match[str]) -> bool:
    before = text[: word.start()].rstrip()
    return not before or before[-1] in _OPENING


def _place_before(text: str, word: re.Match[str]) -> bool:
    """« Sainte-Julienne », « rue Marie-Anne », « hôpital Pierre-Le Gardeur »: a place bears the name of somebody."""
    before = folded(text[: word.start()]).rstrip()
    return before.endswith(("saint", "sainte", "st-", "ste-", "hopital", "ecole", "rue", "centre", "parc"))


def _capital(word: str) -> bool:
    return word[0].isupper() and len(word.rstrip(".")) > 1


def folded(text: str) -> str:
    """Without accents, in lower case, one kind of apostrophe."""
    split = unicodedata.normalize("NFKD", text.casefold().replace("\u0027", "’"))
    return "".join(letter for letter in split if not unicodedata.combining(letter))
