"""When and where, said too exactly: a day, an age, a place smaller than a MRC, a code of this platform.

Beside an age band and a MRC, one of these can be enough to know who she is. What happened is told in relative time
(« deux semaines plus tard »), and a place as its MRC.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from .findings import MONTHS, Finding, Kind, add, folded, looks_like_a_person, readable
from .names import GIVEN

_UNITS = (
    "premier|première|un|une|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize"
    "|vingt|trente|quarante|cinquante|soixante"
    "|first|second|third|one|two|three|four|five|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    "|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty"
)
_SAID = rf"(?:{_UNITS})(?:[\s-](?:et[\s-])?(?:{_UNITS})){{0,2}}"
#: Ages that a woman or a girl helped here may have, in words.
_TEENS = (
    r"(?:douze|treize|quatorze|quinze|seize|dix[\s-](?:sept|huit|neuf)|(?:vingt|trente|quarante|cinquante|soixante)[\w\s-]{0,12}"
    r"|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen|(?:twenty|thirty|forty|fifty)[\w\s-]{0,8})"
)
_CAPITAL = r"[A-ZÀ-ÝŒ][\w’'\-]+"
_PARTICLES = r"(?:(?:de|du|des|la|le|les|of|the|chez)\s+|[ld][’'])*"
_WAYS = "rue|avenue|av\\.|boulevard|boul\\.|chemin|rang|montée|croissant|street|road"
_SPOTS = (
    "école|polyvalente|cégep|collège|motel|hôtel|auberge|bar|camping|parc|église|aréna|hôpital|garderie|résidence"
    "|dépanneur|restaurant|resto|usine|school|hospital|hotel|church|park"
)
_SORTS = r"(?:(?:secondaire|primaire|élémentaire|municipale?|publi(?:c|que)|régionale?|high|elementary)\s+)?"
_DAYS = "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_ORDINALS = (
    "(?:(?:twenty|thirty)[ -])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth)|tenth|eleventh|twelfth"
    "|thirteenth|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth"
)
#: Days that have a name, told as a moment: a basket « de Noël » is none.
_FEASTS = (
    "no[ëe]l|p[âa]ques|saint-valentin|saint-jean(?:-baptiste)?|halloween|jour de l[’']an|action de gr[âa]ces?"
    "|f[êe]te du travail|f[êe]te des m[èe]res|f[êe]te des p[èe]res|christmas|easter|thanksgiving|new year|valentine"
)
_MOMENT = (
    "à|dès|avant|après|depuis|pendant|veille de|lendemain de|soir de|jour de|nuit de|matin de"
    "|at|on|before|after|since|by|until"
)
_SEASONS = "printemps|été|automne|hiver|spring|summer|autumn|fall|winter"
#: Whom somebody may be to her: a word with a capital after it is a name.
_KIN = (
    "amie?|sœur|soeur|frère|fille|fils|mère|père|chum|copine|copain|conjointe?|cousine?|tante|oncle|voisine?|collègue"
    "|intervenante?|proxénète|souteneur|patronne?|enquêteur|enquêteuse|policier|policière|pimp|sister|brother|friend"
    "|boyfriend|girlfriend|mother|father|cousin|daughter|neighbou?r"
)

_PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.CODE, re.compile(r"\b[A-Z]-[0-9A-Z]{4}-[0-9A-Z]{2}\b", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:1er|\d{{1,2}}|{_SAID})\s+(?:{MONTHS})\b(?:,?\s+\d{{4}})?", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:{MONTHS})\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:{MONTHS})\s+(?:19|20)\d\d\b", re.I)),
    (Kind.DATE, re.compile(r"\b(?:19|20)\d\d[\-/. ](?:0?[1-9]|1[0-2])[\-/. ](?:0?[1-9]|[12]\d|3[01])\b")),
    (Kind.DATE, re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])[\-/.](?:0?[1-9]|1[0-2])[\-/.](?:(?:19|20)?\d\d)\b")),
    (Kind.DATE, re.compile(r"\b(?:0?[1-9]|[12]\d|3[01])/(?:0[1-9]|1[0-2])\b")),
    (Kind.DATE, re.compile(rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)|(?:{_ORDINALS}))\s+(?:of\s+)?(?:{MONTHS})\b", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:{MONTHS})\s+(?:the\s+)?(?:{_ORDINALS})\b", re.I)),
    (Kind.DATE, re.compile(rf"\b[IVX]{{2,6}}\s+(?i:{MONTHS})\b")),
    (
        Kind.DATE,
        re.compile(
            rf"\b(?:{_DAYS})\s+(?:le\s+|the\s+)?(?:1er|\d{{1,2}}(?:st|nd|rd|th)?|{_SAID})"
            r"(?=\s*(?:[.,;:!?)]|$)|\s+(?:du|de ce)\b)",
            re.I,
        ),
    ),
    (
        Kind.DATE,
        re.compile(
            rf"\ble\s+(?:1er|\d{{1,2}}|{_SAID})\s+(?:de ce mois|du mois (?:dernier|passé|courant|prochain))\b", re.I
        ),
    ),
    (Kind.DATE, re.compile(rf"\b(?:{_MOMENT})\s+(?:la\s+|le\s+|l[’']|the\s+)?(?:{_FEASTS})\b", re.I)),
    (Kind.DATE, re.compile(rf"\b(?:{_SEASONS})\s+(?:de\s+|of\s+)?(?:19|20)\d\d\b", re.I)),
    (
        Kind.DATE,
        re.compile(rf"\b(?:en|depuis|année|in|since|year)\s+(?:deux\s+mille|two\s+thousand)\s+{_SAID}\b", re.I),
    ),
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
    (Kind.AGE, re.compile(rf"\b(?:ses|âge de)\s+(?:\d{{1,2}}|{_SAID})\s+ans\b", re.I)),
    # « Une étudiante, 17 ans, »: an age said beside her
    (Kind.AGE, re.compile(rf"(?:^|(?<=,)|(?<=\())\s*(?:[1-9]\d|{_TEENS})\s+(?:ans|years)(?=\s*(?:[,.;)]|$))", re.I)),
    (Kind.AGE, re.compile(rf"\b(?:\d{{1,2}}|{_SAID})\s+ans\s+et\s+demi\b(?!\s+plus)", re.I)),
    (Kind.AGE, re.compile(r"\b\d{1,2}[\s-]*years?[\s-]*old\b", re.I)),
    (Kind.PLACE, re.compile(rf"\b(?i:{_WAYS})\s+{_PARTICLES}{_CAPITAL}")),
    (Kind.PLACE, re.compile(rf"\b(?i:{_SPOTS})\s+(?i:{_SORTS}){_PARTICLES}{_CAPITAL}")),
    (
        Kind.PLACE,
        re.compile(r"\b(?:motel|hôtel|hotel|bar|chambre|route|autoroute|sortie|highway|sur la)\s+\d{2,4}\b", re.I),
    ),
    (Kind.PLACE, re.compile(rf"\bcents?(?:[\s-]+(?:{_SAID}))?,?\s+(?:{_WAYS})\s+\w+", re.I)),
    # A local number cut by a space: beside other texts it may be an amount, here nothing is
    (Kind.PHONE, re.compile(r"(?<![\d\-.])[2-9]\d{2}[ _*·/]{1,3}\d{4}(?![\d\-])")),
    (
        Kind.EMAIL,
        re.compile(
            r"\b(?:insta(?:gram)?|snap(?:chat)?|facebook|fb|tiktok|messenger)\s*(?:[:=]|\.com/)\s*@?[\w.]{3,}", re.I
        ),
    ),
    (Kind.NAME, re.compile(rf"\b(?i:{_KIN})\s+(?!L[ae]s?\b|L[’']|[A-Z]{{3,}}\b){_CAPITAL}")),
    (Kind.NAME, re.compile(r"\b(?:elle|il|iel)\s+s[’']appelle\s+[^\W\d_]{3,}", re.I)),
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
    for finding in (*_places(plain, places), *_joined(plain)):
        add(found, finding)
    return tuple(sorted(found, key=lambda one: one.start))


def _places(plain: str, places: Collection[str]) -> Iterator[Finding]:
    """Names of places, whatever their capitals, accents and hyphens; a MRC that bears the same name stays."""
    text = _flat(plain)
    for place in sorted(places, key=lambda one: (-len(one), one)):
        for match in re.finditer(rf"(?<!\w){_written(place)}(?!\w)", text):
            if not _MRC.search(text, 0, match.start()):
                yield Finding(Kind.PLACE, plain[match.start() : match.end()], match.start())


def _written(place: str) -> str:
    """A pattern of the name as people write it: « Ste-Julienne », « St. Donat »."""
    return re.sub(r"\bsaint(e?)(?=\\? )", r"(?:saint\1|st\1\\.?)", re.escape(_flat(place)))


def _joined(plain: str) -> Iterator[Finding]:
    """« marie-ève »: two given names joined are one, without a capital too."""
    for match in re.finditer(r"(?<![\w-])([^\W\d_]{2,})-([^\W\d_]{2,})(?![\w-])", plain):
        if folded(match[1]) in GIVEN and folded(match[2]) in GIVEN:
            yield Finding(Kind.NAME, match.group(), match.start())


def _flat(text: str) -> str:
    """Folded letter by letter, so that positions stay those of the text; hyphens as spaces."""
    return "".join((folded(one)[:1] or one) if len(one) == 1 else one for one in text).replace("-", " ")
