"""What she types on the public page *Suivre ma demande*."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from core.kernel.web.forms import Form


class FollowForm(Form):
    """Her code and her word. No shape is asked of either: a wrong one is simply wrong."""

    code: str = Field(max_length=40)
    word: str = Field(max_length=80)


class FollowContactForm(FollowForm):
    """A new safe way to join her."""

    channel: Literal["phone", "text", "email", "through_partner"]
    value: str = Field(max_length=120)
    when: str = Field(default="", max_length=200)
