"""For a plugin's own tests: which acts its source records in the journal, to compare with `register_acts`."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from pathlib import Path

__all__ = ["recorded_acts"]

_CODE = re.compile(r"[a-z][a-z0-9_]*")
#: Keywords of helpers that are no facts.
_OTHERS = frozenset(
    {"action", "actor", "also", "case_id", "holder", "now", "organisation_id", "subject", "tell_people"}
)


def recorded_acts(name: str, folder: Path, helpers: Collection[str]) -> dict[str, set[str]]:
    """Act → its facts, for every act that the plugin `name` records: by `record`, `record_each`, or `helpers`.

    `helpers`: functions of the plugin that take the act without the plugin's name, as a text or as `action=`; what
    they are given by keyword beside it are facts.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for path in sorted(folder.rglob("*.py")):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(call, ast.Call):
                continue
            called = getattr(call.func, "id", getattr(call.func, "attr", ""))
            acts = [text for one in call.keywords if one.arg == "action" for text in _texts(one.value)]
            if called in helpers:
                acts += next(filter(None, map(list, map(_texts, call.args))), [])
            elif called not in {"record", "record_each"}:
                continue
            for act in acts:
                if _CODE.fullmatch(act.removeprefix(f"{name}.")):
                    found[f"{name}.{act.removeprefix(f'{name}.')}"] |= _facts(call, helper=called in helpers)
    return dict(found)


def _facts(call: ast.Call, *, helper: bool) -> set[str]:
    facts = {one.arg for one in call.keywords if one.arg and helper and one.arg not in _OTHERS}
    for one in call.keywords:
        if one.arg == "facts" and isinstance(one.value, ast.Dict):
            facts |= {
                key.value for key in one.value.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)
            }
    return facts - {"facts"}


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
