"""The desk of a page of exchanges or upkeep."""

from __future__ import annotations

from core.api import PageRequest

from ..services.drafts import Desk
from ..settings import NAME, Settings


def desk_of(request: PageRequest) -> Desk:
    """What acts need, from a request."""
    settings = request.house.hooks.settings(NAME, Settings)
    return Desk(request.house.keyring, settings, request.viewer, request.now)
