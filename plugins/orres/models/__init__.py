"""Tables of the trajectory: versions and what they hold in `trajectory`."""

from .trajectory import AnswerRow, ConditionRow, EdgeRow, NodeRow, UndoRow, VersionRow

__all__ = ["AnswerRow", "ConditionRow", "EdgeRow", "NodeRow", "UndoRow", "VersionRow"]
