"""Which report an address names, and who may read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.kernel.clock import TORONTO
from core.kernel.errors import Forbidden, Missing
from core.kernel.web.routes import PageRequest
from core.reports.exports.words import Words
from core.reports.queries.report import NETWORK, Scope, build_report
from core.reports.rules.cells import Report
from core.reports.rules.periods import FiscalYear, Quarter, closed_quarters, parse_quarter, parse_year, standing

OWN = "organisme"


@dataclass(frozen=True)
class Asked:
    """A period that may be published, and whose figures the viewer may read there."""

    period: FiscalYear | Quarter
    scope: Scope

    @property
    def year(self) -> FiscalYear:
        """The fiscal year of the period."""
        return self.period if isinstance(self.period, FiscalYear) else self.period.year

    @property
    def path(self) -> str:
        """The address of the report."""
        code = str(self.period) if isinstance(self.period, FiscalYear) else self.period.code
        return f"/rapports/{code}" + (f"?portee={OWN}" if self.scope.organisation else "")


def today_of(request: PageRequest) -> date:
    """The day in the users' zone."""
    return request.now.astimezone(TORONTO).date()


def reads_network(request: PageRequest) -> bool:
    """Whether the viewer reads the network's report."""
    return request.house.holds(request.viewer, Permission.REPORT_NETWORK)


def asked(request: PageRequest) -> Asked:
    """The report of the address. Raises Missing for a period that is not closed, Forbidden for figures of others."""
    written = request.path["period"]
    period = parse_year(written) or parse_quarter(written)
    today = today_of(request)
    if period is None or period.first_day.year < 2000:
        raise Missing
    year = period if isinstance(period, FiscalYear) else period.year
    known = closed_quarters(year, today) if isinstance(period, FiscalYear) else standing(period, today) == "closed"
    if not known:
        raise Missing
    return Asked(period, scope_of(request))


def scope_of(request: PageRequest) -> Scope:
    """The network's figures, or the viewer's own organisation's when she asks for them or may read no others."""
    own = Scope(request.viewer.organisation_id, request.viewer.organisation_name)
    may_own = request.house.holds(request.viewer, Permission.REPORT_OWN)
    if request.query.get("portee") == OWN or not reads_network(request):
        if not may_own:
            raise Forbidden
        return own
    return NETWORK


def words_of(request: PageRequest) -> Words:
    """Words in the reader's language."""
    translator = request.house.renderer.translator
    locale = request.locale

    def translate(text: str, **values: object) -> str:
        return translator.translate(locale, text, **values)

    return Words(locale, translate)


def report_of(session: Session, request: PageRequest, wanted: Asked) -> Report:
    """The report itself."""
    return build_report(
        session,
        request.house.hooks,
        request.viewer,
        wanted.period,
        wanted.scope,
        request.now,
        locale=request.locale,
    )
