"""Charts, figures suppressed, and the yearly report's own words."""

from __future__ import annotations

from core.reports.charts import Bar as ChartBar
from core.reports.charts import Stack, shares
from core.reports.charts import bars as bar_chart
from core.reports.exports.pdf import alone, as_document, pdf_available
from core.reports.pages.parts import NetworkPart, network_part
from core.reports.queries.published import printed_rows
from core.reports.queries.referral_flows import FlowFact, areas_told, referral_flows, report_quarters, told_lengths
from core.reports.rules.cells import Cell as ReportCell
from core.reports.rules.dimensions import ORIGINS as REPORT_ORIGINS
from core.reports.rules.suppression import few as is_few
from core.reports.services.facts import coarse_between as coarse_minutes
from core.reports.services.facts import quarter_at as fiscal_quarter

__all__ = [
    "REPORT_ORIGINS",
    "ChartBar",
    "FlowFact",
    "NetworkPart",
    "ReportCell",
    "Stack",
    "alone",
    "areas_told",
    "as_document",
    "bar_chart",
    "coarse_minutes",
    "fiscal_quarter",
    "is_few",
    "network_part",
    "pdf_available",
    "printed_rows",
    "referral_flows",
    "report_quarters",
    "shares",
    "told_lengths",
]
