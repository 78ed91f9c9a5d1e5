"""An agenda as people type it: one point a line, its length at the end if they say it (`Tour de table, 20 min`)."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: Lines and letters of one agenda: a day's meeting has about fifteen points.
MOST_POINTS = 40
TITLE_LENGTH = 200

_LENGTH = re.compile(
    r"^(?P<title>.+?)[\s\u00a0]*[,;(–—-][\s\u00a0]*"
    r"(?:(?P<hours>\d{1,2})[\s\u00a0]*h(?:[\s\u00a0]*(?P<rest>\d{1,2}))?|(?P<minutes>\d{1,3})[\s\u00a0]*min\w*\.?)\)?$"
)


@dataclass(frozen=True)
class Point:
    """One point; `minutes` planned, None when the line says none."""

    title: str
    minutes: int | None


def parse_agenda(text: str) -> tuple[Point, ...] | None:
    """Points in order; None when there are more than forty lines or one is longer than 200 letters."""
    points = tuple(_point(line.strip()) for line in text.splitlines() if line.strip())
    if len(points) > MOST_POINTS or any(len(point.title) > TITLE_LENGTH for point in points):
        return None
    return points


def agenda_text(points: tuple[Point, ...]) -> str:
    """The same, to be typed again: `parse_agenda` reads it back."""
    return "\n".join(
        point.title if point.minutes is None else f"{point.title}, {point.minutes} min" for point in points
    )


def _point(line: str) -> Point:
    found = _LENGTH.match(line)
    if found is None:
        return Point(line, None)
    minutes = int(found["minutes"]) if found["minutes"] else int(found["hours"]) * 60 + int(found["rest"] or 0)
    return Point(found["title"], minutes)
