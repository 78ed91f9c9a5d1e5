"""docs/security.md says what holds and what does not: every test it names exists, and no row is silent."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.source import ROOT, nodes

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`((?:tests|plugins)/[\w/]+\.py)::(\w+)`", TEXT)))
ROWS = dict(re.findall(r"^\| (S\d+) \|[^|]*\|(.*)\|$", TEXT, re.MULTILINE))


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_test_it_names_exists(path: str, name: str) -> None:
    assert name in {node.name for node in nodes(ROOT / path) if isinstance(node, ast.FunctionDef)}


def test_every_row_is_there_and_says_what_shows_it() -> None:
    assert list(ROWS) == [f"S{number}" for number in range(1, 40)]
    silent = [row for row, shown in ROWS.items() if "::" not in shown and "**Not built yet**" not in shown]
    assert silent == []
