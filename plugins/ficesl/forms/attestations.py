"""What is typed about attestations."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from core.api import Form


class CheckForm(Form):
    """A code to check, as typed."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class AskForm(Form):
    """The course whose attestation is asked for."""

    course: Annotated[str, StringConstraints(min_length=1, max_length=12)]


class RevokeForm(Form):
    """The attestation to revoke, and why. `sure`: after the second look."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=16)]
