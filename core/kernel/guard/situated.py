"""When and where, said too exactly: a day, an age, a place smaller than a MRC, a code of this platform.

Beside an age band and a MRC, one of these can be enough to know who she is. What happened is told in relative time
(« deux semaines plus tard »), and a place as its MRC.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from .findings import MONTHS, Finding, Kind, add, folded, looks_like_a_person, readable

_UNITS = (
    "premier|première|un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    "|vingt|trente|quarante|cinquante|soixante"
    "|first|second|third|one|two|three|four|five|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty"
)
_SAID = rf"(?:{_UNITS})(?:[\s-](?:et[\s-])?(?:{_UNITS})){{0,2}}"
_CAPITAL = r"[A-ZÀ-ÝŒ][\w’'\-]+"
_PARTICLES = r"(?:(?:de|du|des|la|le|les|of|the|chez)\s+|[ld][’'])*"
_WAYS = "rue|avenue|av\\.|boulevard|boul\\.|chemin|rang|montée|croissant|street|road"
_SPOTS = (
    "école|polyvalente|cégep|collège|motel|hôtel|auberge|bar|camping|parc|église|aréna|hôpital|garderie|résidence"
    "|dépanneur|restaurant|resto|usine|school|hospital|hotel|church|park"
)

_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.CODE, re.compile(r"\b[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{2}\b", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:1er|\d{{1,2}}|{_SAID})\s+(?:{MONTHS})\b(?:,?\s+\d{{4}})?", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:{MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:{MONTHS})\s+(?:19|20)\d\d\b", re.I)),
    (Kind.DATE, re.compile(r"\b(?:19|20)\d\d[\-/. ](?:0?[1-9]|1[0-2])[\-/. ](?:0?[1-9]|[12]\d|3[01])\b")),
    (Kind.DATE, re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])[\-/.](?:0?[1-9]|1[0-2])[\-/.](?:(?:19|20)?\d\d)\b")),
    (Kind.DATE, re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])\b")),
    (Kind.DATE, re.compile(r"\b(?:en|depuis|année|in|since|year)\s+(?:19|20)\d\d\b", re.I)),
    (
        Kind.AGE,
        re.compile(rf"\b(?:âgée?s?\s+d(?:e\s+|[’'])|aged\s+)(?:\d{{1,2}}|{_SAID})(?:\s+(?:ans|years))?\b", re.I),
    ),
    (Kind.AGE, re.compile(rf"(?<!\by )\b(?:a|avait|aura|is|was)\s+(?:\d{{1,2}}|{_SAID})\s+(?:ans|years)\b", re.I)),
    (
        Kind.AGE,
        re.compile(
            rf"\b(?:femme|fille|adolescente|jeune|personne|woman|girl)\s+(?:de|of)\s+(?:\d{{1,2}}|{_SAID})(?:\s+ans)?\b",
            re.I,
        ),
    ),
    (Kind.AGE, re.compile(r"\b\d{1,2}[\s-]*years?[\s-]*old\b", re.I)),
    (Kind.PLACE, re.compile(rf"\b(?i:{_WAYS})\s+{_PARTICLES}{_CAPITAL}")),
    (Kind.PLACE, re.compile(rf"\b(?i:{_SPOTS})\s+{_PARTICLES}{_CAPITAL}")),
)
#: « MRC de Joliette » is as wide as it may be.
_MRC = re.compile(r"\bmrc\s*(?:d[eu’']\s*|des\s+|les\s+|l[’']\s*)*$")


def singles_out(text: str, places: Collection[str] = ()) -> tuple[Finding, ...]:
    """`looks_like_a_person`, and when and where said too exactly, in the order of the text, nothing twice.

    `places`: names of municipalities and the like, each smaller than a MRC.
    """
    plain = readable(text)
    found = list(looks_like_a_person(text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(plain):
            add(found, Finding(kind, match.group().strip(), match.start()))
    for finding in _places(plain, places):
        add(found, finding)
    return tuple(sorted(found, key=lambda one: one.start))


def _places(plain: str, places: Collection[str]) -> Iterator[Finding]:
    """Names of places, whatever their capitals, accents and hyphens; a MRC that bears the same name stays."""
    text = _flat(plain)
    for place in sorted(places, key=lambda one: (-len(one), one)):
        for match in re.finditer(rf"(?<!\w){re.escape(_flat(place))}(?!\w)", text):
            if not _MRC.search(text, 0, match.start()):
                yield Finding(Kind.PLACE, plain[match.start() : match.end()], match.start())


def _flat(text: str) -> str:
    """Folded letter by letter, so that positions stay those of the text; hyphens as spaces."""
    return "".join((folded(one)[:1] or one) if len(one) == 1 else one for one in text).replace("-", " ")
