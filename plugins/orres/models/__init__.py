"""Tables of the trajectory: versions and what they hold in `trajectory`, a woman's path in `path`."""

from .exchange import (
    Campaign,
    CampaignReminder,
    CampaignResult,
    GivenHours,
    Lesson,
    Note,
    NotOne,
    Vignette,
)
from .path import PathRow, StepFact, StepRow
from .trajectory import AnswerRow, ConditionRow, EdgeRow, NodeRow, UndoRow, VersionRow
from .unmet import UnmetRow

__all__ = [
    "AnswerRow",
    "Campaign",
    "CampaignReminder",
    "CampaignResult",
    "ConditionRow",
    "EdgeRow",
    "GivenHours",
    "Lesson",
    "NodeRow",
    "NotOne",
    "Note",
    "PathRow",
    "StepFact",
    "StepRow",
    "UndoRow",
    "UnmetRow",
    "VersionRow",
    "Vignette",
]
