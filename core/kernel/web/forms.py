"""Forms: a pydantic model read from form data, with French messages and what was typed kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as value
from typing import Any, Generic, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.datastructures import FormData

F = TypeVar("F", bound="Form")

#: pydantic error type -> French source text. `%(name)s` values come from the error's context.
MESSAGES: Mapping[str, str] = {
    "missing": "Ce champ est requis.",
    "string_too_short": "Ce champ est requis.",
    "string_too_long": "Texte trop long : %(max_length)s caractères au plus.",
    "enum": "Choisissez une des réponses proposées.",
    "literal_error": "Choisissez une des réponses proposées.",
    "bool_parsing": "Choisissez une des réponses proposées.",
    "int_parsing": "Entrez un nombre entier.",
    "int_type": "Entrez un nombre entier.",
    "greater_than_equal": "Entrez un nombre d’au moins %(ge)s.",
    "less_than_equal": "Entrez un nombre d’au plus %(le)s.",
    "date_from_datetime_parsing": "Entrez une date : année-mois-jour.",
    "date_parsing": "Entrez une date : année-mois-jour.",
    "time_parsing": "Entrez une heure : 14:30.",
    "too_short": "Choisissez au moins une réponse.",
    "uuid_parsing": "Choisissez une des réponses proposées.",
    "string_pattern_mismatch": "Ce format n’est pas reconnu.",
    "extra_forbidden": "Ce champ n’existe pas dans ce formulaire.",
}
DEFAULT_MESSAGE = "Cette réponse n’est pas reconnue."

#: Fields that belong to the envelope of a form, never to its content.
ENVELOPE = frozenset({"_csrf", "_key", "_intent"})


class Form(BaseModel):
    """Root of every form. Unknown fields are refused: a forged hidden field is an error, not a surprise."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)


@dataclass(frozen=True)
class FieldError:
    """`message` is French source text; `values` fill its %(name)s."""

    field: str
    message: str
    values: Mapping[str, Any] = value(default_factory=dict)


@dataclass(frozen=True)
class Parsed(Generic[F]):
    """Either a `value`, or `errors` with everything typed kept for the page."""

    value: F | None
    errors: tuple[FieldError, ...]
    typed: Mapping[str, tuple[str, ...]]

    def raw(self, name: str) -> str:
        """What was typed in a field, or nothing."""
        return next(iter(self.typed.get(name, ())), "")

    def raws(self, name: str) -> tuple[str, ...]:
        """Every value ticked in a group."""
        return self.typed.get(name, ())

    def error(self, name: str) -> str | None:
        """The message to show at a field."""
        return next(
            (e.message % dict(e.values) if e.values else e.message for e in self.errors if e.field == name), None
        )

    def with_error(self, name: str, message: str) -> Parsed[F]:
        """The same form refused for one more reason, found by a rule rather than by the shape."""
        return Parsed(None, (*self.errors, FieldError(name, message)), self.typed)


def filled(values: Mapping[str, Any]) -> Parsed[Any]:
    """A form shown again with known values and no error: a kept draft, a prefilled page."""
    typed = {
        name: tuple(str(item) for item in value) if isinstance(value, (list, tuple, set, frozenset)) else (str(value),)
        for name, value in values.items()
        if value is not None
    }
    return Parsed(None, (), typed)


def parse(form_class: type[F], data: FormData) -> Parsed[F]:
    """Validate `data` against `form_class`. Blank answers count as absent. Never raises for what a person typed."""
    typed: dict[str, tuple[str, ...]] = {}
    for name in data:
        if name not in ENVELOPE:
            typed[name] = tuple(str(value) for value in data.getlist(name))
    raw: dict[str, Any] = {}
    for name, values in typed.items():
        present = [value for value in values if value.strip()]
        if name in form_class.model_fields and _is_many(form_class.model_fields[name].annotation):
            raw[name] = present
        elif present:
            raw[name] = present[-1]
        elif name not in form_class.model_fields:
            raw[name] = ""
    for name, info in form_class.model_fields.items():
        if _is_many(info.annotation) and name not in raw and info.is_required():
            raw[name] = []
    try:
        return Parsed(form_class.model_validate(raw), (), typed)
    except ValidationError as failure:
        return Parsed(
            None, tuple(_message(error) for error in failure.errors(include_url=False, include_input=False)), typed
        )


def _message(error: Any) -> FieldError:
    name = str(error["loc"][0]) if error["loc"] else ""
    context = error.get("ctx") or {}
    if error["type"] == "value_error":
        return FieldError(name, str(context.get("error", DEFAULT_MESSAGE)))
    text = MESSAGES.get(error["type"], DEFAULT_MESSAGE)
    return FieldError(name, text, {key: value for key, value in context.items() if f"%({key})s" in text})


def _is_many(annotation: Any) -> bool:
    origin = get_origin(annotation)
    if origin in (list, tuple, set, frozenset):
        return True
    return any(_is_many(argument) for argument in get_args(annotation)) if origin is not None else False
