"""What people type about their account."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.kernel.web.forms import Form


class SignInForm(Form):
    """E-mail and password. No shape is asked of either: a wrong one is simply wrong."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)


class LanguageForm(Form):
    """The language to read in, and the path to come back to."""

    locale: Literal["fr", "en"]
    next: str = Field(default="/", max_length=300)
