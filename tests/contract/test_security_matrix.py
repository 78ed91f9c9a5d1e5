"""docs/security.md says what holds and what does not: every test it names exists, and no row is silent."""

from __future__ import annotations

import ast
import re

from tests.support.source import ROOT, nodes

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|plugins)/[\w/]+\.py)::(\w+)`", TEXT)))
ROWS = dict(re.findall(r"^\| (S\d+) \|[^|]*\|(.*)\|$", TEXT, re.MULTILINE))


def test_every_test_it_names_exists() -> None:
    assert len(NAMED) > 100
    there = {
        (path, node.name)
        for path in {path for path, _ in NAMED}
        for node in nodes(ROOT / path)
        if isinstance(node, ast.FunctionDef)
    }
    assert [named for named in NAMED if named not in there] == []


def test_every_row_is_there_and_says_what_shows_it() -> None:
    assert list(ROWS) == [f"S{number}" for number in range(1, 40)]
    silent = [row for row, shown in ROWS.items() if "::" not in shown and "**Not built yet**" not in shown]
    assert silent == []
