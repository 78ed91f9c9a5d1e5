"""Times to a first answer and to a first contact: median and ninth tenth, and when they would tell of few. Pure.

A length of time is not a count, but it orders one: nine out of ten within 30 h says that one in ten waited longer. So a
length is shown when at least `LEAST` may lie on each side of it, for whoever reads it and for whoever subtracts her own
lengths. One of the first contact also asks that how many were reached within its band of « Femmes rejointes », and
before it, follow from what that table shows for the year: then the length narrows no hidden line.

How many references each type of organisation received is not shown: beside the CALACS few receive any, so that every
line would be hidden with theirs.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence

from core.reports.rules import dimensions
from core.reports.rules.cells import HIDDEN, NONE, Cell, Row, Table, count, said
from core.reports.rules.facts import contact_band, merged, percentile
from core.reports.rules.flows import LEAST, YEAR
from core.reports.rules.network import Published
from core.reports.rules.tally import Histogram, Tally

WORDS: Mapping[str, str] = {
    "caption": "Délais, selon le type d’organisme qui recevait",
    "what": "Ligne",
    "references": "Références",
    "answer_median": "Première réponse, médiane",
    "answer_ninety": "Première réponse, 9 fois sur 10",
    "contact_median": "Premier contact, médiane",
    "contact_ninety": "Premier contact, 9 fois sur 10",
    "own": "Références reçues par l’organisme",
    "note": "Un délai est montré quand au moins 5 références peuvent se trouver de chaque côté, même pour un organisme "
    "qui en retire les siennes, et quand il n’apprend rien sur un nombre masqué.",
    "few": "Trop peu de références, ou d’organismes qui en reçoivent, pour publier ce tableau.",
}
_LENGTHS = ("answer_median", "answer_ninety", "contact_median", "contact_ninety")
_SHARES = (0.5, 0.9)


def delay_table(published: Published, tally: Tally) -> Table:
    """The network's, per type of recipient, for a year that is closed."""
    heads = ("what", *_LENGTHS)
    if not published.shown.shows_total(YEAR):
        return _table(heads, (), said(WORDS["few"]))
    followed = bands_that_follow([published.count("contact", row, YEAR) is not None for row in range(4)])
    rows: list[Row] = []
    for line, words in dimensions.RECIPIENTS.items():
        held = [*tally.held.values()]
        cells = [
            *lengths(tally.answers.get(line, {}), [own.answers.get(line, {}) for own in held]),
            *lengths(tally.contacts.get(line, {}), [own.contacts.get(line, {}) for own in held], followed),
        ]
        rows.append((said(words), *cells))
    return _table(heads, rows, said(WORDS["note"]))


def own_delay_table(tally: Tally) -> Table:
    """An organisation's own, exact; nothing where nothing was measured."""
    cells: list[Cell] = []
    for measured in (merged([*tally.answers.values()]), merged([*tally.contacts.values()])):
        cells += [Cell("minutes", percentile(measured, share)) if measured else NONE for share in _SHARES]
    row = (said(WORDS["own"]), count(sum(tally.totals)), *cells)
    return _table(("what", "references", *_LENGTHS), [row])


def bands_that_follow(shown: Sequence[bool]) -> frozenset[str]:
    """Bands of first contact whose number, and that of those reached before them, follow from the lines shown.
    `shown`: the lines of « Femmes rejointes », in the order of `dimensions.CONTACTS`, beside a total that is shown."""
    within_24, within_48, later, never = shown
    known_24 = within_24
    known_48 = (within_24 and within_48) or (later and never)
    reached = never or (within_24 and within_48 and later)
    follows = {
        "within_24": reached and known_24,
        "within_48": reached and known_24 and known_48,
        "later": reached and known_48,
    }
    return frozenset(band for band, known in follows.items() if known)


def lengths(measured: Histogram, held: Iterable[Histogram], bands: Container[str] | None = None) -> list[Cell]:
    """Median and ninth tenth in minutes, each hidden where it would tell of few, or lies in none of `bands`."""
    each = [own for own in held if own]
    cells = []
    for share in _SHARES:
        if not measured or any(tells_few(measured, share, own) for own in ({}, *each)):
            cells.append(HIDDEN)
            continue
        minutes = percentile(measured, share)
        told = bands is None or contact_band(minutes) in bands
        cells.append(Cell("minutes", minutes) if told else HIDDEN)
    return cells


def tells_few(measured: Histogram, share: float, own: Histogram) -> bool:
    """Whether this percentile, read by somebody who knows the lengths `own` among them, says that fewer than `LEAST` of
    the others were longer, or shorter. Nothing is told of others when there are none."""
    limit = percentile(measured, share)
    number = sum(measured.values())
    rank = math.ceil(share * number - 1e-9)
    others = number - sum(own.values())
    if not others and own:
        return False  # all of them are hers: it says nothing of anybody else
    # The percentile says: at least `rank` are no longer than the limit, and fewer than `rank` are shorter.
    at_most = sum(count for minutes, count in own.items() if minutes <= limit)
    under = sum(count for minutes, count in own.items() if minutes < limit)
    longer = others - max(0, rank - at_most)
    shorter = min(others, rank - 1 - under)
    return longer < LEAST or shorter < LEAST


def _table(heads: Sequence[str], rows: Sequence[Row], *notes: Cell) -> Table:
    return Table("delay", said(WORDS["caption"]), tuple(said(WORDS[head]) for head in heads), tuple(rows), notes=notes)
