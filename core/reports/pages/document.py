"""The report as one self-contained page: what the PDF is made from."""

from __future__ import annotations

from core.access.viewer import ANONYMOUS
from core.kernel.web.render import Renderer, Surroundings
from core.kernel.web.routes import PageRequest
from core.reports.exports.words import Words
from core.reports.pages.views import section_views
from core.reports.rules.cells import Report
from core.reports.rules.suppression import EXPLANATION


def document(request: PageRequest, report: Report, words: Words) -> str:
    """HTML of the whole report, without navigation, scripts or links to files."""
    return render_document(request.house.renderer, report, words)


def render_document(renderer: Renderer, report: Report, words: Words) -> str:
    """The same for callers without a request: the command line."""
    context = {"report": report, "sections": section_views(report, words), "rule": EXPLANATION}
    return renderer.render("reports/document.html", context, Surroundings(ANONYMOUS, words.locale, "")).decode()
