"""*Rapports*: choose a year or a quarter, read it, take it away."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.journal import record
from core.kernel.i18n import N_
from core.kernel.web.routes import Answer, Compute, File, Page, PageRequest, Redirect, not_found
from core.reports.exports.archive import as_zip, files, report_name
from core.reports.exports.pdf import as_pdf, pdf_available
from core.reports.exports.tables import as_csv, as_xlsx, file_name
from core.reports.exports.words import Words
from core.reports.pages.document import document
from core.reports.pages.finding import Asked, asked, reads_network, report_of, today_of, words_of
from core.reports.pages.views import section_views
from core.reports.queries.report import choices
from core.reports.queries.size import heavy
from core.reports.queries.texts import words_of as section_words
from core.reports.rules.cells import Report
from core.reports.rules.periods import FiscalYear, standing
from core.reports.rules.suppression import EXPLANATION

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
    "zip": "application/zip",
}
NO_PDF = N_(
    "Le PDF n’est pas installé sur ce serveur. Ouvrez le rapport, puis imprimez-le : votre navigateur peut "
    "l’enregistrer en PDF."
)


def show_choices(session: Session, request: PageRequest) -> Answer:
    """The years and quarters that may be read."""
    return Page(
        "reports/index.html",
        {
            "choices": choices(session, today_of(request)),
            "network": reads_network(request),
            "own": request.house.holds(request.viewer, Permission.REPORT_OWN),
        },
    )


def show_report(session: Session, request: PageRequest) -> Answer:
    """A report; a heavy one first shows that it is being made (`complet` asks for it without waiting page)."""
    wanted = asked(request)
    whole = request.query.get("complet") == "1" or request.wants_fragment
    if not whole and heavy(session, wanted.year):
        return Page("reports/waiting.html", _frame(request, wanted))
    report = report_of(session, request, wanted)
    template = "reports/body.html" if request.wants_fragment else "reports/report.html"
    editable = request.house.holds(request.viewer, Permission.REPORT_WRITE) and not wanted.scope.organisation
    texts = section_words(session, wanted.year) if editable and isinstance(wanted.period, FiscalYear) else None
    return Page(
        template,
        {
            **_frame(request, wanted),
            "sections": section_views(report, words_of(request)),
            "texts": texts,
        },
    )


def _frame(request: PageRequest, wanted: Asked) -> dict[str, object]:
    return {
        "period": wanted.period,
        "is_year": isinstance(wanted.period, FiscalYear),
        "year": wanted.year,
        "whole": standing(wanted.year, today_of(request)) == "closed",
        "scope": wanted.scope,
        "path": wanted.path,
        "both": reads_network(request) and request.house.holds(request.viewer, Permission.REPORT_OWN),
        "rule": EXPLANATION,
        "pdf": pdf_available(),
        "code": request.path["period"],
    }


def export(session: Session, request: PageRequest) -> Answer:
    """A file of the report: `csv` (one table, `?tableau=`), `xlsx`, `pdf`, or `zip` with everything. Journaled."""
    kind = request.path["kind"]
    wanted = asked(request)
    if kind not in TYPES:
        return not_found()
    if kind == "pdf" and not pdf_available():
        return Redirect(wanted.path, notice=NO_PDF)
    report = report_of(session, request, wanted)
    table = request.query.get("tableau", "")
    if kind == "csv" and not any(one.key == table for one in report.tables()):
        return not_found()
    words = words_of(request)
    printed = document(request, report, words) if kind in {"pdf", "zip"} and pdf_available() else None

    def make() -> File:
        return _file(kind, report, words, table, printed)

    def hand_over(later: Session, made: File) -> File:
        record(
            later,
            case_id=None,
            organisation_id=request.viewer.organisation_id,
            actor=request.viewer,
            action="report.export",
            subject="report.year" if isinstance(wanted.period, FiscalYear) else "report.quarter",
            facts={
                "year": wanted.year.start,
                "quarter": 0 if isinstance(wanted.period, FiscalYear) else wanted.period.number,
                "kind": kind,
                "own": wanted.scope.organisation is not None,
            },
            now=request.now,
        )
        return made

    return Compute(make, hand_over)


def _file(kind: str, report: Report, words: Words, table: str, printed: str | None) -> File:
    name = report_name(report)
    if kind == "csv":
        one = next(each for each in report.tables() if each.key == table)
        return File(as_csv(one, words), TYPES[kind], f"{name}-{file_name(table)}.csv")
    if kind == "xlsx":
        return File(as_xlsx(report, words), TYPES[kind], f"{name}.xlsx")
    pdf = as_pdf(printed) if printed is not None else None
    if kind == "pdf":
        assert pdf is not None
        return File(pdf, TYPES[kind], f"{name}.pdf")
    return File(as_zip(files(report, words, pdf)), TYPES[kind], f"{name}.zip")
