"""What one types on the board."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from core.api import Form

Text = Annotated[str, StringConstraints(min_length=1, max_length=500)]


class NoteForm(Form):
    """A note. Ticked boxes come as `on`."""

    text: Text
    reserved: bool = False
    pinned: bool = False
