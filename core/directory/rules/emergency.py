"""Emergency lines: settings of the network, empty except 911 until it sets them (network rules §6)."""

from dataclasses import dataclass
from typing import Protocol


class EmergencySettings(Protocol):
    @property
    def emergency_general(self) -> str: ...
    @property
    def emergency_youth_protection(self) -> str: ...
    @property
    def emergency_sexual_violence(self) -> str: ...
    @property
    def emergency_suicide(self) -> str: ...


@dataclass(frozen=True)
class EmergencyLine:
    """`label` is French source text; `number` is empty while the network has not set it."""

    key: str
    label: str
    number: str


def emergency_lines(settings: EmergencySettings) -> tuple[EmergencyLine, ...]:
    """Every line in a fixed order; pages show the set ones and say which are not."""
    return (
        EmergencyLine("general", "Danger immédiat", settings.emergency_general),
        EmergencyLine("youth_protection", "Protection de la jeunesse (DPJ)", settings.emergency_youth_protection),
        EmergencyLine(
            "sexual_violence", "Violence sexuelle : écoute et références", settings.emergency_sexual_violence
        ),
        EmergencyLine("suicide", "Prévention du suicide", settings.emergency_suicide),
    )
