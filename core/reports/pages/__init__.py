"""Pages of the reports."""

from __future__ import annotations

from core.access.permissions import Permission
from core.kernel.web.routes import Assurance, Route, get, post
from core.reports.pages import reading, texts

_TEXT = "/rapports/{period}/textes/{section}"

routes: tuple[Route, ...] = (
    get("/rapports", reading.show_choices, permission=Permission.REPORT_READ, name="reports.index"),
    get(
        "/rapports/{period}", reading.show_report, permission=Permission.REPORT_READ, mode="slow", name="reports.report"
    ),
    get(
        "/rapports/{period}/fichiers/{kind}",
        reading.export,
        permission=Permission.REPORT_READ,
        mode="slow",
        name="reports.export",
        assurance=Assurance.STEP_UP,
    ),
    get(_TEXT, texts.show_text, permission=Permission.REPORT_WRITE, name="reports.text"),
    post(_TEXT, texts.save, permission=Permission.REPORT_WRITE, name="reports.text_save"),
    post(f"{_TEXT}/adopter", texts.adopt, permission=Permission.REPORT_WRITE, name="reports.text_adopt"),
)
