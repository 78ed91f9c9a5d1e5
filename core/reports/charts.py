"""Charts as plain SVG: a title, a description, patterns besides shades, the figures written on them.

They repeat a table that stands beside them; nothing is only in the drawing. No style, no script: shades are attributes,
and the ink is the page's own (`currentColor`), so they follow light, dark and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from markupsafe import Markup, escape

#: Narrow enough that its words stay readable on a phone.
WIDTH = 440
#: Characters of a label's line at that width.
_WRAP = 58
_LINE, _BAR, _GAP = 18, 14, 12
#: Shade and pattern of each step of a scale: told apart without colour, and in black and white.
_STEPS = (("0.10", "none"), ("0.55", "dots"), ("0.75", "lines"), ("1", "solid"))


@dataclass(frozen=True)
class Bar:
    """One bar. `value` None: the count is hidden, drawn as a hatched stub. `shown`: the figure in words."""

    label: str
    value: float | None
    shown: str


@dataclass(frozen=True)
class Stack:
    """One line of shares; they are drawn in proportion to their sum."""

    label: str
    values: tuple[float, ...]


def bars(identifier: str, title: str, description: str, items: Sequence[Bar]) -> Markup:
    """Horizontal bars from a common zero; the longest one fills the width left by its figure."""
    longest = max((item.value for item in items if item.value is not None), default=0.0)
    top = 0.0
    lines: list[Markup] = []
    for item in items:
        top = _label(lines, top, item.label)
        if item.value is None:
            length = 24.0
            lines.append(_rect(0, top, length, f"url(#{identifier}-hidden)", outline=True))
        else:
            length = item.value / longest * (WIDTH - 130) if longest else 0.0
            lines.append(_rect(0, top, max(length, 1.0), "currentColor"))
        lines.append(_text(length + 8, top + _BAR - 3, item.shown, strong=True))
        top += _BAR + _GAP
    return _svg(identifier, title, description, lines, top, _hatched(identifier))


def shares(identifier: str, title: str, description: str, scale: Sequence[str], rows: Sequence[Stack]) -> Markup:
    """Each line cut in shares of its sum, from the lowest step to the highest; a key says which is which."""
    lines: list[Markup] = []
    for number, words in enumerate(scale):
        at, under = number % 2 * WIDTH / 2, number // 2 * _LINE
        lines.append(_rect(at, under, 22, _fill(identifier, number), outline=True, opacity=_opacity(number)))
        lines.append(_text(at + 28, under + 12, words))
    top = float((len(scale) + 1) // 2 * _LINE + _GAP)
    for row in rows:
        top = _label(lines, top, row.label)
        total, left = sum(row.values), 0.0
        for index, value in enumerate(row.values):
            length = value / total * WIDTH if total else 0.0
            if length:
                fill = _fill(identifier, index)
                lines.append(_rect(left, top, length, fill, outline=True, opacity=_opacity(index)))
            left += length
        top += _BAR + _GAP
    return _svg(identifier, title, description, lines, top, _patterns(identifier))


def _label(lines: list[Markup], top: float, words: str) -> float:
    """Write a label on as many lines as it takes; returns where its bar begins."""
    for line in wrap(words, _WRAP) or [""]:
        lines.append(_text(0, top + _LINE - 5, line))
        top += _LINE
    return top


def _svg(
    identifier: str, title: str, description: str, lines: Sequence[Markup], height: float, patterns: Markup
) -> Markup:
    # Presentation attributes only: the content-security policy refuses style attributes.
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{id}-title {id}-desc" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}" font-family="sans-serif" font-size="14" fill="currentColor">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>{patterns}{lines}</svg>'
    ).format(
        id=identifier,
        width=WIDTH,
        height=_number(height),
        title=title,
        description=description,
        patterns=patterns,
        lines=Markup("").join(lines),
    )


def _rect(x: float, y: float, width: float, fill: str, *, outline: bool = False, opacity: str = "1") -> Markup:
    edge = Markup(' stroke="currentColor" stroke-width="1"') if outline else Markup("")
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="{}" fill-opacity="{}"{}/>').format(
        _number(x), _number(y), _number(width), _BAR, fill, opacity, edge
    )


def _text(x: float, y: float, words: str, *, strong: bool = False) -> Markup:
    weight = Markup(' font-weight="600"') if strong else Markup("")
    return Markup('<text x="{}" y="{}"{}>{}</text>').format(_number(x), _number(y), weight, escape(words))


def _fill(identifier: str, step: int) -> str:
    pattern = _STEPS[step % len(_STEPS)][1]
    return f"url(#{identifier}-{pattern})" if pattern in {"dots", "lines"} else "currentColor"


def _opacity(step: int) -> str:
    return _STEPS[step % len(_STEPS)][0]


def _hatched(identifier: str) -> Markup:
    return Markup(
        '<defs><pattern id="{}-hidden" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<path d="M0 6L6 0" stroke="currentColor" stroke-width="1"/></pattern></defs>'
    ).format(identifier)


def _patterns(identifier: str) -> Markup:
    return Markup(
        '<defs><pattern id="{id}-dots" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<circle cx="3" cy="3" r="1.6" fill="currentColor"/></pattern>'
        '<pattern id="{id}-lines" width="6" height="6" patternUnits="userSpaceOnUse">'
        '<path d="M0 6L6 0" stroke="currentColor" stroke-width="2.4"/></pattern></defs>'
    ).format(id=identifier)


def _number(value: float) -> str:
    """At most one decimal, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
