"""The table `[plugins.orres]` of plugins.toml: delays are data of the committee."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from core.api import PluginSettings

NAME = "orres"
#: The name in addresses, and of the committee.
SLUG = "orres"
HOME = f"/comites/{SLUG}"
VERSIONS = f"{HOME}/versions"
#: The published version, for every partner.
TRAJECTORY = f"{HOME}/trajectoire"
#: A woman's path, by the code of the reference that one has in hand.
PATHS = f"{HOME}/parcours"
#: Figures of the network on the trajectory.
FLOWS = f"{HOME}/flux"
#: Clinical exchanges, lessons, upkeep of the tool.
EXCHANGES = f"{HOME}/echanges"
LESSONS = f"{HOME}/lecons"
UPKEEP = f"{HOME}/entretien"
#: A day of every year: no 29 February.
DAY_OF_YEAR = r"^(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$"


class Settings(PluginSettings):
    """Each part has its own block; durations say their unit."""

    # Trajectory
    vote_days: int = Field(default=14, ge=1, le=90, description="Days that a vote on a proposed version stays open.")
    vote_quorum: int = Field(default=51, ge=1, le=100, description="Percent of the seats that must vote.")
    # Take away
    # Guide
    unmet_days: int = Field(default=1826, ge=730, description="Days that counts of unmet needs are kept.")
    # A woman's path
    path_days: int = Field(default=90, ge=1, le=90, description="Days after its last change that a path is kept.")
    path_facts_days: int = Field(default=1095, ge=365, description="Days that coded figures of steps are kept.")
    # Exchanges and upkeep
    exchange_days: int = Field(
        default=180,
        ge=1,
        le=730,
        description="Days after the end of a discussion that the texts of a vignette are kept.",
    )
    exchange_facts_days: int = Field(
        default=1095, ge=365, description="Days that codes of vignettes, and lessons done or set aside, are kept."
    )
    upkeep_starts: tuple[Annotated[str, StringConstraints(pattern=DAY_OF_YEAR)], ...] = Field(
        default=("03-15", "09-15"),
        min_length=1,
        description="Days (month-day) on which a campaign begins, unless the committee moves it.",
    )
    upkeep_days: int = Field(default=42, ge=7, le=180, description="Days that a campaign lasts, both ends included.")
    upkeep_remind_days: tuple[int, ...] = Field(
        default=(14, 28, 38),
        description="Days after its opening at which partners that have not finished are reminded.",
    )
