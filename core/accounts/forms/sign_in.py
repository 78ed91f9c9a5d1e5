"""What people type about their account."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.kernel.web.forms import Form


class SignInForm(Form):
    """E-mail and password. No shape is asked of either: a wrong one is simply wrong."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=1000)
    #: Where to go on, once in.
    suite: str = Field(default="/", max_length=2000)


class UnlockForm(Form):
    """What proves that the holder of a locked session is back: her password, or one of her factors."""

    password: str = Field(default="", max_length=1000)
    passkey: str = Field(default="", max_length=10_000)
    code: str = Field(default="", max_length=40)
    recovery: str = Field(default="", max_length=40)
    suite: str = Field(default="/", max_length=2000)
    unlock_form: str = "1"
    #: Another page's form, sealed: see `pages/lock.py`.
    carried: str = ""


class LanguageForm(Form):
    """The language to read in, and the path to come back to."""

    locale: Literal["fr", "en"]
    next: str = Field(default="/", max_length=300)
