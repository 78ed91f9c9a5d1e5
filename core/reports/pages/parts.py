"""A plugin's own part of the network's report, for a page of its committee: the very figures of the report.

Never a table of its own: what is hidden is decided for all tables together, and a second decision beside the first
would let one subtract.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.kernel.clock import TORONTO
from core.kernel.web.routes import PageRequest
from core.reports.pages.finding import words_of
from core.reports.pages.views import SectionView, section_views
from core.reports.queries.report import NETWORK, build_report, choices
from core.reports.rules.cells import Section
from core.reports.rules.suppression import EXPLANATION


@dataclass(frozen=True)
class NetworkPart:
    """`year` is the fiscal year's name; `rule` says what is hidden. French source text, the sections in words.

    `years`: those that may be asked for, latest first; `cells`: the same sections, typed, for what is drawn of them.
    """

    year: str
    sections: tuple[SectionView, ...]
    rule: str
    years: tuple[str, ...] = ()
    cells: tuple[Section, ...] = ()


def network_part(
    session: Session, request: PageRequest, plugin: str, keys: tuple[str, ...], wanted_year: str = ""
) -> NetworkPart | None:
    """The plugin's sections of these keys in the report of the last closed fiscal year, or of the closed one named
    `wanted_year`; None when no year is closed, or that one isn't.

    As slow as the report itself: ask for it in a route of mode "slow". Who may read it is the caller's to say.
    """
    today = request.now.astimezone(TORONTO).date()
    closed = [one.year for one in choices(session, today) if one.whole]
    year = next((one for one in closed if wanted_year in ("", str(one))), None)
    if year is None:
        return None
    hooks, words = request.house.hooks, words_of(request)
    report = build_report(session, hooks, request.viewer, year, NETWORK, request.now, locale=request.locale)
    wanted = {f"{plugin}-{key}" for key in keys}
    found = tuple(one for one in section_views(report, words) if one.key in wanted)
    cells = tuple(one for one in report.sections if one.key in wanted)
    return NetworkPart(str(year), found, EXPLANATION, tuple(str(one) for one in closed), cells)
