"""What a blank form answers: for each field, what to do."""

from __future__ import annotations

import importlib
import inspect
import pkgutil

import pytest
from starlette.datastructures import FormData

import core.referrals.forms as folder
from core.kernel.web.forms import MESSAGES
from core.referrals.forms.asking import Asking, parse, required
from core.referrals.forms.situation import SituationForm

for module in pkgutil.iter_modules(folder.__path__):
    importlib.import_module(f"{folder.__name__}.{module.name}")


def forms(root: type[Asking] = Asking) -> list[type[Asking]]:
    """Every form of referrals."""
    return [one for child in root.__subclasses__() for one in (child, *forms(child))]


@pytest.mark.parametrize("form", forms(), ids=lambda form: form.__qualname__)
def test_every_field_that_cannot_be_left_blank_says_what_to_do(form: type[Asking]) -> None:
    needed = {name for name, info in form.model_fields.items() if info.is_required()}
    assert needed == set(required(form)) & set(form.model_fields)
    errors = parse(form, FormData()).errors
    assert {error.field for error in errors} == needed
    assert not {error.message for error in errors} & set(MESSAGES.values())


def test_there_are_forms_and_none_goes_around_the_sentence() -> None:
    assert len(forms()) > 15
    for module in pkgutil.iter_modules(folder.__path__):
        code = importlib.import_module(f"{folder.__name__}.{module.name}")
        if module.name != "asking":
            assert getattr(code, "parse", parse) is parse, inspect.getfile(code)


def test_another_mistake_keeps_its_own_message() -> None:
    parsed = parse(SituationForm, FormData([("municipality", "123"), ("age_band", "40"), ("needs", "support")]))
    told = {error.field: error.message for error in parsed.errors}
    assert told == {"municipality": "Entrez le nom d’une municipalité.", "age_band": MESSAGES["enum"]}
