"""The table `[plugins.orres]` of plugins.toml: delays are data of the committee."""

from __future__ import annotations

from pydantic import Field

from core.api import PluginSettings

NAME = "orres"
#: The name in addresses, and of the committee.
SLUG = "orres"
HOME = f"/comites/{SLUG}"
VERSIONS = f"{HOME}/versions"
#: The published version, for every partner.
TRAJECTORY = f"{HOME}/trajectoire"


class Settings(PluginSettings):
    """Each part has its own block; durations say their unit."""

    # Trajectory
    vote_days: int = Field(default=14, ge=1, le=90, description="Days that a vote on a proposed version stays open.")
    vote_quorum: int = Field(default=51, ge=1, le=100, description="Percent of the seats that must vote.")
    # Take away
    # Guide
    # A woman's path
    # Exchanges and upkeep
