"""The root of these forms: what was left blank is answered by what to do, never by *Ce champ est requis* alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, TypeVar

from starlette.datastructures import FormData

from core.kernel.web.forms import MESSAGES, Form, Parsed
from core.kernel.web.forms import parse as parse_form

#: What the kernel says of any blank field, whatever it is about.
_BLANK = frozenset(MESSAGES[kind] for kind in ("missing", "too_short", "string_too_short"))


class Asking(Form):
    """`REQUIRED`: for each field that cannot be left blank, the French sentence that says what to do."""

    REQUIRED: ClassVar[Mapping[str, str]] = {}


A = TypeVar("A", bound=Asking)


def required(form_class: type[Asking]) -> dict[str, str]:
    """The sentences of a form and of those it derives from."""
    said: dict[str, str] = {}
    for one in reversed(form_class.__mro__):
        said |= vars(one).get("REQUIRED", {})
    return said


def parse(form_class: type[A], data: FormData) -> Parsed[A]:
    """Validate `data`; a blank field is told by its own sentence."""
    parsed = parse_form(form_class, data)
    said = required(form_class)
    errors = tuple(
        replace(error, message=said[error.field]) if error.message in _BLANK and error.field in said else error
        for error in parsed.errors
    )
    return Parsed(parsed.value, errors, parsed.typed)
