"""The table `[plugins.bien_etre]` of plugins.toml: bands, quorum and delays are data of the committee."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.api import PluginSettings

NAME = "bien_etre"
#: The name in addresses, and of the committee.
SLUG = "bien-etre"
HOME = f"/comites/{SLUG}"
REQUESTS = f"{HOME}/demandes"


class Band(BaseModel):
    """What an amount asks for. `up_to` in cents, None: whatever is above; `hours` real hours from the opening."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    up_to: int | None = Field(default=None, ge=1)
    approvals: int = Field(ge=2, le=40)
    hours: int = Field(ge=1, le=24 * 90)


BANDS = (
    Band(up_to=20_000, approvals=2, hours=24),
    Band(up_to=100_000, approvals=3, hours=72),
    Band(up_to=None, approvals=5, hours=168),
)


class Settings(PluginSettings):
    """Amounts in cents, delays in real hours, durations in days, quorum in percent of the seats that can vote."""

    fund_holder: str = Field(
        default="calacs-la-chrysalide", description="Organisation (its short name) that holds the fund, and pays."
    )
    bands: tuple[Band, ...] = Field(default=BANDS, description="Approvals and hours by amount, the smallest first.")
    quorum: int = Field(default=51, ge=1, le=100, description="Percent of the seats that can vote.")
    early: bool = Field(default=True, description="A vote closes as soon as no ballot could change its outcome.")
    most_cents: int = Field(default=500_000, ge=1, description="The highest amount that a request may ask, in cents.")
    urgent_cap_cents: int = Field(default=50_000, ge=0, description="The highest amount of the urgent track, in cents.")
    urgent_hours: int = Field(default=4, ge=1, le=72, description="Hours during which two signatures may be given.")
    ratify_hours: int = Field(default=72, ge=1, description="Hours to ratify what two signatures granted.")
    pause_days: int = Field(
        default=7, ge=4, description="Days of a pause after which a request closes: more than the 72 h she has to undo."
    )
    unpaid_remind_days: int = Field(
        default=14, ge=1, description="Days without a movement of its money after which a grant is told late."
    )
    unpaid_days: int = Field(
        default=60,
        ge=2,
        description="Days without a movement of its money after which what is left of a grant is released.",
    )
    text_days: int = Field(default=30, ge=1, description="Days after the end during which texts are kept.")
    keep_days: int = Field(default=1095, ge=30, description="Days during which codes, amounts and decisions are kept.")

    @model_validator(mode="after")
    def _bands_in_order(self) -> Settings:
        if self.unpaid_days <= self.unpaid_remind_days:
            raise ValueError("unpaid_days: plus long que unpaid_remind_days")
        limits = [band.up_to for band in self.bands]
        if not limits or limits[-1] is not None or None in limits[:-1]:
            raise ValueError("bands: la dernière tranche, et elle seule, n’a pas de limite (up_to)")
        known = [limit for limit in limits if limit is not None]
        if known != sorted(set(known)):
            raise ValueError("bands: les tranches vont de la plus petite à la plus grande")
        return self
