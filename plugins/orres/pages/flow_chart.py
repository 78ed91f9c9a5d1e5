"""A flow as plain SVG: from the lines on the left to two places on the right, as wide as what is shown of them.

It repeats the table beside it. A hidden number is a dashed line of one width: its width tells nothing. No style and no
script: shades are attributes, the ink is the page's own (`currentColor`), so it follows light, dark and print.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap

from markupsafe import Markup

WIDTH, HEIGHT_OF_ALL = 440, 170
_LEFT, _RIGHT, _BAR, _GAP, _LINE = 0, 300, 10, 16, 18
_LEAST = 3.0
_SHADES = ("0.62", "0.3")


@dataclass(frozen=True)
class Flow:
    """One line. `values`: what goes to each of the two places, None where it is hidden; `shown`: the same in words."""

    label: str
    values: tuple[int | None, int | None]
    shown: str


def flow_chart(identifier: str, title: str, description: str, places: tuple[str, str], flows: Sequence[Flow]) -> Markup:
    """The drawing; nothing is drawn of a line without any number."""
    scale = HEIGHT_OF_ALL / max(1, sum(value or 0 for flow in flows for value in flow.values))
    top = 0.0
    parts: list[Markup] = []
    ribbons: tuple[list[tuple[float, float, bool]], list[tuple[float, float, bool]]] = ([], [])
    for flow in flows:
        for line in wrap(f"{flow.label} : {flow.shown}", 44):
            parts.append(_text(_LEFT, top + 13, line))
            top += _LINE
        start = top
        for side, value in enumerate(flow.values):
            if value == 0:
                continue
            thick = _LEAST if value is None else max(_LEAST, value * scale)
            ribbons[side].append((top, thick, value is None))
            top += thick + 1
        if top > start:
            parts.append(_bar(_LEFT, start, top - start - 1))
        top += _GAP
    height = max(top, 150.0)
    parts += _places(places, ribbons, height)
    return Markup(
        '<svg class="chart" role="img" aria-labelledby="{id}-title {id}-desc" viewBox="0 0 {width} {height}" '
        'width="{width}" height="{height}" font-family="sans-serif" font-size="14" fill="currentColor">'
        '<title id="{id}-title">{title}</title><desc id="{id}-desc">{description}</desc>{parts}</svg>'
    ).format(
        id=identifier,
        width=WIDTH,
        height=_number(height),
        title=title,
        description=description,
        parts=Markup("").join(parts),
    )


def _places(
    places: tuple[str, str], ribbons: Sequence[Sequence[tuple[float, float, bool]]], height: float
) -> list[Markup]:
    """Both places on the right, and what leads to each."""
    parts: list[Markup] = []
    sizes = [sum(thick + 1 for _top, thick, _hidden in side) for side in ribbons]
    free = max(0.0, height - sum(sizes)) / 3
    at = free
    for side, (name, size) in enumerate(zip(places, sizes, strict=True)):
        begin = at
        for top, thick, hidden in ribbons[side]:
            parts.append(_ribbon(top, at, thick, _SHADES[side], hidden=hidden))
            at += thick + 1
        parts.append(_bar(_RIGHT, begin, max(size, 2.0)))
        lines = wrap(name, 16)
        middle = begin + max(size, 2.0) / 2 - len(lines) * _LINE / 2
        parts += [_text(_RIGHT + _BAR + 6, middle + 13 + number * _LINE, line) for number, line in enumerate(lines)]
        at = begin + size + free
    return parts


def _ribbon(left: float, right: float, thick: float, shade: str, *, hidden: bool) -> Markup:
    start, end, bend = _LEFT + _BAR, _RIGHT, (_LEFT + _BAR + _RIGHT) / 2
    path = (
        f"M{_number(start)} {_number(left + thick / 2)}C{_number(bend)} {_number(left + thick / 2)} "
        f"{_number(bend)} {_number(right + thick / 2)} {_number(end)} {_number(right + thick / 2)}"
    )
    dashes = Markup(' stroke-dasharray="6 5"') if hidden else Markup("")
    return Markup('<path d="{}" fill="none" stroke="currentColor" stroke-opacity="{}" stroke-width="{}"{}/>').format(
        path, shade, _number(thick), dashes
    )


def _bar(x: float, y: float, height: float) -> Markup:
    return Markup('<rect x="{}" y="{}" width="{}" height="{}" fill="currentColor"/>').format(
        _number(x), _number(y), _BAR, _number(height)
    )


def _text(x: float, y: float, words: str) -> Markup:
    return Markup('<text x="{}" y="{}">{}</text>').format(_number(x), _number(y), words)


def _number(value: float) -> str:
    """At most one decimal, the same on every machine."""
    return f"{value:.1f}".removesuffix(".0")
