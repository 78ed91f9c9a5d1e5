"""Everything in one ZIP, with a table of contents. Entries bear a fixed moment: the same report, the same bytes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

from core.reports.exports.tables import EPOCH, as_csv, as_xlsx, file_name
from core.reports.exports.words import Words
from core.reports.rules.cells import Report


def report_name(report: Report) -> str:
    """The name of the report's files, without their ending: `rapport-2023-2024`, with the organisation's name."""
    own = f"-{file_name(report.scope)}" if report.scope else ""
    return f"rapport-{file_name(report.period)}{own}"


def files(report: Report, words: Words, pdf: bytes | None) -> Mapping[str, bytes]:
    """Name → content: one CSV per table, the workbook, the PDF when it could be made."""
    name = report_name(report)
    made = {
        f"csv/{number:02d}-{file_name(table.key)}.csv": as_csv(table, words)
        for number, table in enumerate(report.tables(), 1)
    }
    made[f"{name}.xlsx"] = as_xlsx(report, words)
    if pdf is not None:
        made[f"{name}.pdf"] = pdf
    return made


def as_zip(made: Mapping[str, bytes]) -> bytes:
    """The files in the order of their names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(made):
            entry = zipfile.ZipInfo(name, EPOCH.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, made[name])
    return buffer.getvalue()
