"""What hides a name or a number from whoever searches words: signs that do not show, letters of another alphabet,
digits in words. Undone before the guard reads; nothing here changes what is kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Signs without a width that are no « format » sign for Unicode.
_UNSEEN = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u20e3\u3164\uffa0") | {chr(code) for code in range(0xFE00, 0xFE10)}
#: Letters drawn like Latin ones: Cyrillic, Greek, and a few others.
_ALIKE = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u043a\u043c\u0442\u0432\u043d\u0410"
    "\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0425\u0423\u0406\u0408\u0405\u03b1\u03bf\u03c1\u03bd"
    "\u03b9\u03ba\u03c4\u03c5\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0131",
    "aeopcxyijshdkmtbhABEKMHOPCTXYIJSaopviktuABEZHIKMNOPTYXi",
)
_DIGITS = (
    "z[ée]ro|une?|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingts?|trente"
    "|quarante|cinquante|soixante|cents?|one|two|three|four|five|seven|eight|nine|oh|ten|twenty|thirty|forty|fifty"
)
#: What people put between the parts of a number they say.
_BETWEEN = re.compile(r"(?:[\s,.\-\u2013\u2014/():*]|\b(?:et|puis|ensuite|tiret|point|and|then|dash|dot)\b)*", re.I)
_PART = re.compile(rf"\b(?:(?P<word>{_DIGITS})|\d{{1,11}})\b", re.I)
#: Digits of a telephone number here: local, with the area code, with the country's.
_LENGTHS = frozenset({7, 10, 11})
#: « M a r i e »: four letters or more, each alone.
SPACED = re.compile(r"(?<!\w)[^\W\d_](?:[ *_\-]{1,2}[^\W\d_](?!\w)){3,}")
_WORD = re.compile(r"[^\W\d_]{2,}")
_JOINED = re.compile(r"(?<=[^\W\d_])[._](?=[^\W\d_])")
_CAMEL = re.compile(r"[A-ZÀ-Ý][a-zà-ÿ]+(?:[A-ZÀ-Ý][a-zà-ÿ]+)+")


def shown(text: str) -> str:
    """The text as an eye reads it: one alphabet, digits as digits, nothing that does not show."""
    wide = unicodedata.normalize("NFKC", text)
    seen = (one for one in wide if one == "\n" or (one not in _UNSEEN and unicodedata.category(one) != "Cf"))
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in seen)
    return plain.translate(_ALIKE)


def with_digits(text: str) -> str:
    """Letters that stand for a digit beside one (« 45O 555-O1O1 »), as digits; the same length."""
    zeros = re.sub(r"(?<=\d)[oO]|[oO](?=\d)", "0", text)
    return re.sub(r"(?<=\d)[lI|]|[lI|](?=\d)", "1", zeros)


def spoken_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Where a number is said in words, or half in words (« 450, cinq cinq cinq, 0101 »): start and end.

    Seven words or more in a row (nobody writes an amount so), or as many digits as a telephone number has.
    """
    run: list[re.Match[str]] = []
    for part in _PART.finditer(text):
        if run and not _BETWEEN.fullmatch(text, run[-1].end(), part.start()):
            yield from _told(run)
            run = []
        run.append(part)
    yield from _told(run)


def _told(run: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
    words = sum(1 for part in run if part["word"])
    digits = sum(1 if part["word"] else len(part.group()) for part in run)
    many = words >= 7
    mixed = words > 0 and digits in _LENGTHS
    cut = len(run) > 1 and words == 0 and digits in _LENGTHS - {7}
    if many or mixed or cut:
        yield run[0].start(), run[-1].end()


def apart(text: str) -> str:
    """« marie.tremblay », « marie_tremblay »: as two words; the same length."""
    return _JOINED.sub(" ", text)


def glued(text: str) -> Iterator[tuple[re.Match[str], list[str]]]:
    """« MarieTremblay »: the match and its parts."""
    for match in _CAMEL.finditer(text):
        yield match, re.findall(r"[A-ZÀ-Ý][a-zà-ÿ]+", match.group())


def foreign(text: str) -> Iterator[re.Match[str]]:
    """Words of another alphabet, or of two: here, they can only be a name."""
    for match in _WORD.finditer(text):
        # Latin letters of no language of this country (small capitals, phonetics) are a disguise too
        if any(ord(one) > 0x24F and not 0x1E00 <= ord(one) <= 0x1EFF for one in match.group()):
            yield match
