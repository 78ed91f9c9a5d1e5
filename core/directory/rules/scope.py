"""Filters as tokens of the search document: one engine call answers words and filters together.

Each token is one lower-case alphanumeric word that no text can contain, since every text is stemmed and none begins
with `zz`.
"""

import re

from core.directory.rules.words import AreaKind

_PLAIN = re.compile(r"[^a-z0-9]+")


def _token(kind: str, value: str) -> str:
    return f"zz{kind}{_PLAIN.sub('', value.lower())}"


def tier_token(tier: str) -> str:
    return _token("tier", tier)


def need_token(code: str) -> str:
    return _token("need", code)


def area_token(kind: AreaKind | None, code: str) -> str:
    """Without a kind: the territory is not known, which fits everywhere rather than nowhere."""
    return "zzareaunknown" if kind is None else _token("area" + kind.value, code)


def audience_token(audience: str) -> str:
    """`unknown` when the service says nothing of whom it receives."""
    return _token("for", audience)


def language_token(code: str) -> str:
    """`unknown` when the service says nothing of its languages."""
    return _token("lang", code)
