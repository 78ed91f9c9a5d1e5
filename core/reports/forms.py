"""Forms of the reports."""

from __future__ import annotations

from pydantic import Field

from core.kernel.web.forms import Form
from core.reports.services.texts import LONGEST


class TextForm(Form):
    """The words of one section, over the version that was read."""

    text: str = Field(max_length=LONGEST)
    version: int = Field(ge=0)


class AdoptForm(Form):
    """Adopt the version that was read."""

    version: int = Field(ge=1)
