"""The drawing as SVG: a title, a description, a link for each box. The lists of the same page say all of it.

Presentation attributes are its look on paper and in a PDF, black on white; on a screen the classes take the page's
colours, light or dark. No style attribute: the content-security policy refuses them.
"""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from core.api import N_

from ..rules.layout_shapes import (
    ARROW,
    MARGIN,
    MOMENT,
    MOMENT_LINE,
    PAD,
    SMALL,
    SMALL_LINE,
    TITLE,
    TITLE_LINE,
    Band,
    Box,
    Drawing,
    Lead,
    Line,
)

Say = Callable[..., str]
#: A list item has this identifier: the node's key is a slug of letters, digits and hyphens.
ANCHOR = "noeud-"


def as_svg(drawing: Drawing, identifier: str, title: str, description: str, say: Say) -> Markup:
    """The drawing. `identifier` begins its own identifiers; `say` translates a French text (texts and values)."""
    parts = [
        *(_band(band, drawing.width) for band in drawing.bands),
        *(_line(line) for line in drawing.lines),
        *(_margin(band, say) for band in drawing.bands),
        *(_box(box, say) for box in drawing.boxes),
        *(_words(line) for line in drawing.lines if line.words),
    ]
    return Markup(
        '<svg class="trajectory" role="group" aria-labelledby="{id}-title" aria-describedby="{id}-desc" '
        'viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="{font}" font-size="{size}">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>{parts}</svg>'
    ).format(
        id=identifier,
        width=_n(drawing.width),
        height=_n(drawing.height),
        font="system-ui, DejaVu Sans, sans-serif",
        size=_n(SMALL),
        title=title,
        description=description,
        parts=Markup("\n").join(parts),
    )


def _band(band: Band, width: float) -> Markup:
    return Markup(
        '<rect class="t-band" x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="#f4f4f4"/>'
    ).format(x=_n(band.x), y=_n(band.y), width=_n(width - band.x - 1), height=_n(band.height))


def _margin(band: Band, say: Say) -> Markup:
    """The moment's number and name, a link to its place in the list."""
    x, y = band.x + PAD, band.y + PAD
    lines = [
        Markup('<circle class="t-number" cx="{x}" cy="{y}" r="13" fill="#000"/>').format(x=_n(x + 13), y=_n(y + 13)),
        _text(x + 13, y + 18, band.number, "t-number-text", size=14, bold=True, fill="#fff", middle=True),
    ]
    y += 30
    for words in band.title:
        y += MOMENT_LINE
        lines.append(_text(x, y - 4, words, "t-moment", size=MOMENT, bold=True))
    for words in band.small:
        y += SMALL_LINE
        lines.append(_text(x, y - 3, words, "t-small"))
    name = Markup("").join(lines)
    if band.key:
        area = Markup(
            '<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" pointer-events="all"/>'
        ).format(x=_n(x - 6), y=_n(band.y + 6), width=MARGIN - 2 * PAD + 8, height=_n(y - band.y))
        name = Markup('<a class="t-link" href="#{anchor}{key}">{area}{name}</a>').format(
            anchor=ANCHOR, key=band.key, area=area, name=name
        )
    return name + _leads(x, y + 8, MARGIN - 2 * PAD, band.leads, band.more, say)


def _box(box: Box, say: Say) -> Markup:
    """A step: its number and title, who answers, then the passages that no line shows."""
    y = box.y + 8
    lines = [
        Markup(
            '<rect class="t-box" x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="#fff" stroke="#000"/>'
        ).format(x=_n(box.x), y=_n(box.y), width=_n(box.width), height=_n(box.height))
    ]
    for words in box.title:
        y += TITLE_LINE
        lines.append(_text(box.x + 12, y - 4, words, "t-title", size=TITLE, bold=True))
    y += 4 if box.small else 0
    for words in box.small:
        y += SMALL_LINE
        lines.append(_text(box.x + 12, y - 4, words, "t-small"))
    link = Markup('<a class="t-link" href="#{anchor}{key}">{lines}</a>').format(
        anchor=ANCHOR, key=box.key, lines=Markup("").join(lines)
    )
    return link + _leads(box.x + 12, y + 6, box.width - 24, box.leads, box.more, say)


def _leads(x: float, y: float, width: float, leads: tuple[Lead, ...], more: int, say: Say) -> Markup:
    found = Markup("")
    for lead in leads:
        arrow, phrase = ("↩", N_("Retour à %(number)s")) if lead.back else ("→", N_("Ensuite, %(number)s"))
        name = say(phrase, number=lead.full)
        area = Markup(
            '<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" pointer-events="all"/>'
        ).format(x=_n(x - 6), y=_n(y), width=_n(width + 12), height=_n(lead.height))
        words = _text(x, y + 16, arrow, "t-lead")
        for index, line in enumerate(lead.words):
            words += _text(x + 16, y + 16 + index * SMALL_LINE, line, "t-lead")
        found += Markup('<a class="t-link" href="#{anchor}{key}"><title>{name}</title>{area}{words}</a>').format(
            anchor=ANCHOR, key=lead.target, name=name, area=area, words=words
        )
        y += lead.height
    if more:
        found += _text(x, y + 12, say(N_("et %(n)s autres : voir la liste"), n=more), "t-small")
    return found


def _line(line: Line) -> Markup:
    dashed = Markup(' stroke-dasharray="5 4"') if line.conditional else Markup("")
    x, y, back = line.x, line.y, ARROW - 1
    corners = ((x - back, y - 5), (x - back, y + 5)) if line.sideways else ((x - 5, y - back), (x + 5, y - back))
    head = "L".join(f"{_n(at)} {_n(to)}" for at, to in (*corners, (x, y)))
    return Markup(
        '<g class="t-line" aria-hidden="true"><path d="{path}" fill="none" stroke="#000" stroke-width="1.5"{dashed}/>'
        '<path class="t-head" d="M{head}Z" fill="#000"/></g>'
    ).format(path=line.path, dashed=dashed, head=head)


def _words(line: Line) -> Markup:
    """The condition of a passage, where its line stops for it."""
    return Markup("").join(
        _text(line.x, line.words_y + index * SMALL_LINE + 12, words, "t-words", middle=True)
        for index, words in enumerate(line.words)
    )


def _text(
    x: float,
    y: float,
    words: str,
    name: str,
    *,
    size: float = SMALL,
    bold: bool = False,
    fill: str = "#000",
    middle: bool = False,
) -> Markup:
    looks = Markup(' font-weight="600"') if bold else Markup("")
    looks += Markup(' text-anchor="middle"') if middle else Markup("")
    return Markup('<text class="{name}" x="{x}" y="{y}" font-size="{size}" fill="{fill}"{looks}>{words}</text>').format(
        name=name, x=_n(x), y=_n(y), size=_n(size), fill=fill, looks=looks, words=words
    )


def _n(value: float) -> str:
    """At most one decimal, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
