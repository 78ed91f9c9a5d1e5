"""`arrimage report`: the same bytes twice, whatever the process; refusals in one sentence."""

import hashlib
import os
from pathlib import Path

from openpyxl import load_workbook
from typer.testing import CliRunner

from core.cli import app
from core.reports.exports.pdf import pdf_available
from tests.support.forking import Forking


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_demo_report_of_the_printed_year_is_the_same_in_two_processes(tmp_path, forking: Forking):
    first = CliRunner().invoke(app, ["report", "2023-2024", "--output", str(tmp_path / "a"), "--demo"])
    assert first.exit_code == 0, first.output
    assert ("Sans PDF" in first.output) is not pdf_available()
    # Another zone, and another seed of the words' hashes, as in every forked process
    second = forking.run(
        "from core.cli import main; main()",
        *("report", "2023-2024", "--output", tmp_path / "b", "--demo"),
        environment={**os.environ, "TZ": "Asia/Tokyo"},
    )
    assert second.returncode == 0, second.stderr
    made = digests(tmp_path / "a")
    assert made == digests(tmp_path / "b")
    assert {"rapport-2023-2024.zip", "rapport-2023-2024.xlsx"} <= set(made)
    assert sum(name.startswith("csv/") for name in made) == len(made) - 2 - pdf_available()
    hours = (tmp_path / "a" / "csv" / "01-hours.csv").read_text("utf-8-sig")
    assert "FICESL,170.0" in hours
    assert "Total (somme des lignes),499.5" in hours
    assert "464" in hours
    book = load_workbook(tmp_path / "a" / "rapport-2023-2024.xlsx")
    assert book.sheetnames[0] == "Démonstration"
    ages = (tmp_path / "a" / "csv" / "04-age.csv").read_text("utf-8-sig")
    assert "masqué" in ages


def test_a_period_that_is_not_over_or_not_one_is_refused_and_nothing_is_written(tmp_path):
    for wrong, words in (("2023", "non reconnue"), ("2023-2025", "non reconnue")):
        refused = CliRunner().invoke(app, ["report", wrong, "--output", str(tmp_path / "c")])
        assert refused.exit_code == 1
        assert words in refused.output
    refused = CliRunner().invoke(app, ["report", "2023-2024", "--output", str(tmp_path / "c"), "--locale", "es"])
    assert refused.exit_code == 1
    assert not (tmp_path / "c").exists()
