"""Tables of training: what is taught in `catalogue`, who in `people`, when in `sessions`, what was done in
`attendance`, what was thought of it in `evaluations`, what printed reports said in `published`."""

from .attendance import Credit, Presence, QuizAttempt, QuizQuestion, SettledBlock, TrainerHours
from .attestations import AttestationRow, GateWarning, Readiness, RenewalReminder, SigningKey
from .catalogue import Course, Material, Module, Prerequisite, Version
from .evaluations import EvaluationAnswers, EvaluationClosing, EvaluationQuestion, EvaluationSent
from .people import Learner, ListLine, PeopleList, Team
from .published import PublishedEvaluation, PublishedLine
from .sessions import (
    Block,
    Registration,
    SeatShare,
    Series,
    SeriesTeam,
    SessionReminder,
    Trainer,
    TrainingSession,
)

__all__ = [
    "AttestationRow",
    "Block",
    "Course",
    "Credit",
    "EvaluationAnswers",
    "EvaluationClosing",
    "EvaluationQuestion",
    "EvaluationSent",
    "GateWarning",
    "Learner",
    "ListLine",
    "Material",
    "Module",
    "PeopleList",
    "Prerequisite",
    "Presence",
    "PublishedEvaluation",
    "PublishedLine",
    "QuizAttempt",
    "QuizQuestion",
    "Readiness",
    "Registration",
    "RenewalReminder",
    "SeatShare",
    "Series",
    "SeriesTeam",
    "SessionReminder",
    "SettledBlock",
    "SigningKey",
    "Team",
    "Trainer",
    "TrainerHours",
    "TrainingSession",
    "Version",
]
