"""What people show or name to say that it is really them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.kernel.web.forms import Form


class FactorForm(Form):
    """A factor, one of three ways; where to go next, and the form that waits there."""

    factor_form: Literal["1"] = "1"
    passkey: str = Field(default="", max_length=20_000)
    code: str = Field(default="", max_length=40)
    recovery: str = Field(default="", max_length=40)
    demo: Literal["1"] | None = None
    suite: str = Field(default="/", max_length=600)
    carried: str = Field(default="", max_length=4_000_000)


class PasskeySignInForm(Form):
    """A passkey as a whole sign-in."""

    passkey: str = Field(default="", max_length=20_000)
    suite: str = Field(default="/", max_length=600)


class NewPasskeyForm(Form):
    """The passkey the browser made, and the name its owner gives it."""

    passkey: str = Field(default="", max_length=20_000)
    label: str = Field(min_length=1, max_length=60)
    suite: str = Field(default="", max_length=600)


class LabelForm(Form):
    """Another name for a passkey."""

    label: str = Field(min_length=1, max_length=60)


class CodeForm(Form):
    """The first code of an application."""

    code: str = Field(min_length=1, max_length=40)
    suite: str = Field(default="", max_length=600)


class SuiteForm(Form):
    """Nothing but where to go next."""

    suite: str = Field(default="", max_length=600)
