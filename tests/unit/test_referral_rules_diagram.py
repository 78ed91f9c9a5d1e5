"""docs/workflow.md is the table, drawn: a change of one without the other is red."""

from pathlib import Path

from core.referrals.rules.document import document

PAGE = Path(__file__).resolve().parents[2] / "docs" / "workflow.md"


def test_the_document_is_the_table():
    assert PAGE.read_text("utf-8") == document(), "run: python -m core.referrals.rules.document > docs/workflow.md"
