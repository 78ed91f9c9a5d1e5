"""The table `[plugins.ficesl]` of plugins.toml: delays are data of the committee."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.api import PluginSettings

from .rules.gate import Gate

NAME = "ficesl"
#: The name in addresses, and of the committee.
SLUG = "ficesl"
HOME = f"/comites/{SLUG}"
COURSES = f"{HOME}/formations"
SESSIONS = f"{HOME}/seances"
PEOPLE = f"{HOME}/personnes"
SERIES = f"{HOME}/parcours"
ATTESTATIONS = f"{HOME}/attestations"
READINESS = f"{HOME}/portrait"
ACCESS = f"{HOME}/acces"


#: Permissions that no gate may take, and why: a woman's rights, or the way out of the gate itself, go through them.
NEVER: Mapping[str, str] = {
    "account_self": "chacun garde son propre compte",
    "consent_withdraw": "retirer un consentement n’est jamais empêché",
    "referral_read": "une référence urgente doit pouvoir être lue pour être acceptée : écrivez « referral_receive »",
    "organisation_manage": "l’organisme ne pourrait plus gérer ses comptes",
    "network_oversee": "la coordination ne pourrait plus voir ce qui attend",
    "operate": "la plateforme ne pourrait plus être exploitée",
}
#: Why the platform refuses to start with a gate whose course does not exist.
UNKNOWN_COURSE = (
    "plugins.toml : [plugins.ficesl] gates, course = « {} » : aucune formation ne porte ce code. Remède : copiez le "
    "code de la page de la formation, ou retirez cette exigence."
)


class GateSetting(BaseModel):
    """A permission that needs a valid training. `from`: the first day, `grace_days`: more days for each person."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    permission: str = Field(min_length=1, max_length=80)
    course: str = Field(pattern=r"^K-[0-9A-Z]{4}-[0-9A-Z]{2}$")
    starts_on: date = Field(alias="from")
    grace_days: int = Field(default=0, ge=0, le=730)

    @property
    def gate(self) -> Gate:
        """The same for the rules."""
        return Gate(self.permission, self.course, self.starts_on, self.grace_days)


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
    issuer: str = Field(
        default="CRESL – Lanaudière", min_length=1, max_length=120, description="Who attestations and badges come from."
    )
    gates: tuple[GateSetting, ...] = Field(
        default=(),
        max_length=20,
        description="Permissions that need a valid training: permission, course, from, grace.",
    )

    @model_validator(mode="after")
    def _gates_leave_a_way_out(self) -> Settings:
        seen = set()
        for one in self.gates:
            if one.permission in NEVER:
                raise ValueError(
                    f"gates : « {one.permission} » ne peut pas dépendre d’une formation : {NEVER[one.permission]}"
                )
            if one.permission.startswith(f"{NAME}."):
                raise ValueError(
                    f"gates : « {one.permission} » : on ne pourrait plus s’inscrire à la formation demandée"
                )
            if (one.permission, one.course) in seen:
                raise ValueError(f"gates : « {one.permission} » et « {one.course} » sont ensemble deux fois")
            seen.add((one.permission, one.course))
        return self

    tolerance_minutes: int = Field(
        default=10, ge=0, le=60, description="Minutes late and early together that take nothing away from a block."
    )
    texts_days: int = Field(
        default=365, ge=30, description="Days during which the open texts of evaluations are kept after the last block."
    )
