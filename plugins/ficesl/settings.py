"""The table `[plugins.ficesl]` of plugins.toml: delays are data of the committee."""

from __future__ import annotations

from pydantic import Field

from core.api import PluginSettings

NAME = "ficesl"
#: The name in addresses, and of the committee.
SLUG = "ficesl"
HOME = f"/comites/{SLUG}"
COURSES = f"{HOME}/formations"
SESSIONS = f"{HOME}/seances"
PEOPLE = f"{HOME}/personnes"
SERIES = f"{HOME}/parcours"


class Settings(PluginSettings):
    """Durations in days, capacity in seats."""

    capacity: int = Field(default=20, ge=1, le=500, description="Seats of a session, unless somebody says otherwise.")
    remind_days: tuple[int, ...] = Field(default=(7, 1), description="Days before a session at which people are told.")
    names_days: int = Field(
        default=7, ge=0, le=60, description="Days around a session during which its trainers read who is registered."
    )
    left_days: int = Field(
        default=365, ge=30, description="Days during which the name of a person who left her organisation is kept."
    )
