"""Tables of the trajectory: versions and what they hold in `trajectory`, a woman's path in `path`."""

from .path import PathRow, StepFact, StepRow
from .trajectory import AnswerRow, ConditionRow, EdgeRow, NodeRow, UndoRow, VersionRow

__all__ = [
    "AnswerRow",
    "ConditionRow",
    "EdgeRow",
    "NodeRow",
    "PathRow",
    "StepFact",
    "StepRow",
    "UndoRow",
    "VersionRow",
]
