"""The table `[plugins.modele]` of plugins.toml."""

from __future__ import annotations

from pydantic import Field

from core.api import PluginSettings

NAME = "modele"
#: The name in addresses.
SLUG = NAME.replace("_", "-")
BOARD = f"/comites/{SLUG}/notes"
#: Why the platform refuses to start with a board shorter than what is pinned on it.
TOO_SHORT = "plugins.toml : [plugins.modele] board_size : {} notes sont épinglées. Remède : augmentez-le."


class Settings(PluginSettings):
    """Sizes in notes, durations in days."""

    board_size: int = Field(default=50, ge=1, description="Notes shown; older ones are archived, pinned ones stay.")
    pin_days: int = Field(default=14, ge=1, description="How long a note stays pinned.")
    keep_days: int = Field(default=365, ge=1, description="How long a note is kept.")
