"""`/comites/orres/flux`: where references go and where they stop, as the yearly report shows it, and drawn.

Everything on this page is read from the report's own section: what is hidden there is hidden here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    ChartBar,
    Missing,
    NetworkPart,
    Page,
    PageRequest,
    ReportCell,
    Route,
    bar_chart,
    get,
    network_part,
)

from ..access import FOLLOW, followed_committee
from ..queries.flows import BETWEEN, MOMENTS, STEPS, STOPPED, delays
from ..queries.trajectory import in_force_on
from ..rules.flows import stalls
from ..settings import FLOWS, HOME, NAME
from .flow_chart import Flow, flow_chart

SECTION = "flows"
DRAWN = N_("Les mêmes chiffres sont dans le tableau. Un trait pointillé est un nombre masqué.")
TAKEN = N_("Prises en charge")
STALLS = {
    "late": N_("la moitié des premières réponses y prend plus que le délai prévu"),
    "left": N_("une sur trois, ou plus, s’y arrête"),
}


@dataclass(frozen=True)
class Stall:
    """A line where references stop; `why`: French source texts."""

    title: str
    why: tuple[str, ...]


def show_flows(session: Session, request: PageRequest) -> Page:
    """The section of one closed year, the last one unless another is asked."""
    committee = followed_committee(session, request.viewer)
    wanted = request.query.get("annee", "")
    part = network_part(session, request, NAME, (SECTION,), wanted)
    if part is None and wanted:
        raise Missing
    context: dict[str, object] = {
        "committee": committee,
        "part": part,
        "address": FLOWS,
        "home": HOME,
        "charts": {},
        "stalls": (),
    }
    if part is not None and part.sections:
        context["charts"] = _charts(request, part)
        context["stalls"] = _stalls(session, part)
    return Page("orres/flows.html", context)


def _charts(request: PageRequest, part: NetworkPart) -> dict[str, object]:
    """The drawings, by the key of the table each stands beside; none where every number is hidden."""
    tables = _tables(part)
    say = request.house.renderer.translator.translate
    drawn, taken = say(request.locale, DRAWN), say(request.locale, TAKEN)
    found: dict[str, object] = {}
    if BETWEEN in tables:
        cells, view = tables[BETWEEN]
        lines = [
            Flow(words[0], (_value(row[1]), _value(row[2])), f"{words[1]} · {words[2]}")
            for row, words in zip(cells.rows, view.rows, strict=True)
        ]
        found |= _flow(cells.key, view.caption, drawn, (view.columns[1], view.columns[2]), lines)
    if MOMENTS in tables and STOPPED in tables:
        (cells, view), (ended, said) = tables[MOMENTS], tables[STOPPED]
        bars = [ChartBar(words[0], _value(row[1]), words[1]) for row, words in zip(cells.rows, view.rows, strict=True)]
        if any(one.value for one in bars):
            found[cells.key] = bar_chart(cells.key, view.caption, drawn, bars)
        lines = []
        for row, words, other, more in zip(cells.rows, view.rows, ended.rows, said.rows, strict=True):
            whole, left = _value(row[1]), _value(other[1])
            held = whole - left if whole is not None and left is not None else None
            lines.append(Flow(words[0], (held, left), f"{words[1]} · {more[1]}"))
        found |= _flow(ended.key, said.caption, drawn, (taken, said.columns[1]), lines)
    return found


def _flow(key: str, caption: str, drawn: str, places: tuple[str, str], lines: list[Flow]) -> dict[str, object]:
    if not any(value for one in lines for value in one.values):
        return {}
    return {key: flow_chart(key, caption, drawn, places, lines)}


def _stalls(session: Session, part: NetworkPart) -> tuple[Stall, ...]:
    """Where references stop, from what the tables show and from nothing else."""
    # A fiscal year ends on March 31: `2025-2026`
    trajectory = in_force_on(session, date(int(part.year.rpartition("-")[2]), 3, 31))
    expected, tables = delays(trajectory), _tables(part)
    hours = {one.title: expected.get(one.key) for one in trajectory.nodes} if trajectory is not None else {}
    found = []
    if MOMENTS in tables and STOPPED in tables:
        (cells, view), (ended, _said) = tables[MOMENTS], tables[STOPPED]
        for row, words, other in zip(cells.rows, view.rows, ended.rows, strict=True):
            limit = hours.get(str(row[0].value))
            found.append((words[0], stalls(_value(row[1]), _value(other[1]), _minutes(row[3]), limit)))
    if STEPS in tables:
        cells, view = tables[STEPS]
        for row, words in zip(cells.rows, view.rows, strict=True):
            done, left = _value(row[1]), _value(row[2])
            whole = None if done is None or left is None else done + left
            found.append((words[0], stalls(whole, left, None, None)))
    return tuple(Stall(title, tuple(STALLS[one] for one in sorted(why, reverse=True))) for title, why in found if why)


def _tables(part: NetworkPart) -> dict[str, tuple[Any, Any]]:
    """Each table of the section, typed and in words, by its key in `queries.flows`."""
    both = zip(part.cells[0].tables, part.sections[0].tables, strict=True)
    return {cells.key.removeprefix(f"{NAME}-{SECTION}-"): (cells, view) for cells, view in both}


def _value(cell: ReportCell) -> int | None:
    return cell.value if cell.kind == "count" and isinstance(cell.value, int) else None


def _minutes(cell: ReportCell) -> int | None:
    """The length that a cell tells, as `queries.flows.length` wrote it."""
    if cell.kind != "text":
        return None
    number, _space, unit = str(cell.value).partition("\u00a0")
    return int(number) * (60 if unit == "h" else 1) if number.isdigit() else None


routes: tuple[Route, ...] = (get(FLOWS, show_flows, permission=FOLLOW, mode="slow", name="orres.flows"),)
