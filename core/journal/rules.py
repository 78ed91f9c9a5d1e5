"""What may be written in the journal: closed codes, never words about a person (network rules §3.10, §3.11)."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

Fact = str | int | bool | list[str] | list[int] | list[bool]
Scalar = str | int | bool

_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CODE: Final = re.compile(r"[a-z0-9]+(?:[_.:+-][a-z0-9]+)*")
_REFERENCE: Final = re.compile(r"[A-Z]{1,4}(?:-[A-Z0-9]{1,16}){1,3}")
_IDENTIFIER: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2})?Z)?")
_TELEPHONE: Final = re.compile(r"[0-9](?:[_.:+-]?[0-9]){6}")
_LONGEST_CODE: Final = 64
_LONGEST_LIST: Final = 64
# Ten digits are a telephone number; nothing counted here (versions, cents, minutes) comes near.
_LARGEST: Final = 999_999_999


def is_code(text: str) -> bool:
    """A lowercase code, a reference such as R-7K2M, an identifier, a date in UTC, or a SHA-256 digest in hex."""
    if _IDENTIFIER.fullmatch(text) or _DIGEST.fullmatch(text) or _DATE.fullmatch(text) or _REFERENCE.fullmatch(text):
        return True
    kind, separator, rest = text.partition(":")
    if separator and _CODE.fullmatch(kind) and (_IDENTIFIER.fullmatch(rest) or _REFERENCE.fullmatch(rest)):
        return True
    return len(text) <= _LONGEST_CODE and bool(_CODE.fullmatch(text)) and not _TELEPHONE.search(text)


def checked_facts(facts: Mapping[str, object]) -> dict[str, Fact]:
    """The facts, plain and safe to write. Identifiers become text, tuples become lists.

    Raises `ValueError` naming the key (never the value) when a value is not a code, a small number or a list of those.
    """
    plain: dict[str, Fact] = {}
    for key, value in facts.items():
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ValueError("the journal's facts are named by short lowercase codes")
        if isinstance(value, list | tuple | set | frozenset):
            plain[key] = _checked_list(key, list(value))
        else:
            plain[key] = _checked(key, value)
    return plain


def checked_code(name: str, value: str) -> str:
    """The same code, or `ValueError`."""
    return str(_checked(name, value))


def _checked_list(key: str, values: list[object]) -> list[str] | list[int] | list[bool]:
    if len(values) > _LONGEST_LIST:
        raise ValueError(f"journal fact {key!r} is too long")
    checked = [_checked(key, value) for value in values]
    if len({type(value) for value in checked}) > 1:
        raise ValueError(f"journal fact {key!r} mixes kinds")
    return checked  # type: ignore[return-value]


def _checked(key: str, value: object) -> Scalar:
    match value:
        case bool():
            return value
        case int() if abs(value) <= _LARGEST:
            return int(value)
        case UUID():
            return str(value)
        case str() if is_code(value):
            return str(value)
    raise ValueError(f"journal fact {key!r} is neither a code nor a small number")
