"""Committees, seats, votes, hours, and the words their pages say."""

from __future__ import annotations

from core.committees.forms.votes import BallotForm, ExtendForm, RecusalForm
from core.committees.pages.words import WORDS as VOTE_WORDS
from core.committees.queries.structure import (
    CommitteeView,
    SeatView,
    admitted_organisations,
    committee_by_slug,
    is_member,
    seats_of,
)
from core.committees.queries.votes import (
    ClosedVote,
    OwnBallot,
    VoteLine,
    VoteView,
    closed_vote,
    open_votes,
    vote_by_code,
    vote_code,
    vote_view,
)
from core.committees.rules.amounts import parse_cents
from core.committees.rules.deadlines import DEADLINE_REFUSALS, deadline_refusal
from core.committees.rules.durations import format_duration
from core.committees.rules.hours import Kind as HoursKind
from core.committees.rules.terms import SeatRole
from core.committees.rules.votes import Choice, Method, Outcome, Result, Tie, VoteRule
from core.committees.services import (
    NotYet,
    VoteInvalid,
    VoteRefused,
    abandon_escalated,
    abandon_vote,
    cast_ballot,
    close_vote,
    extend_vote,
    lock_votes,
    open_vote,
    recuse,
)
from core.committees.services.hours import HoursGiven, HoursInvalid, enter_hours
from core.committees.services.telling import VOTE_CLOSED, VOTE_ESCALATED, people_with
from core.committees.services.telling import mail_to as mail_people

__all__ = [
    "DEADLINE_REFUSALS",
    "VOTE_CLOSED",
    "VOTE_ESCALATED",
    "VOTE_WORDS",
    "BallotForm",
    "Choice",
    "ClosedVote",
    "CommitteeView",
    "ExtendForm",
    "HoursGiven",
    "HoursInvalid",
    "HoursKind",
    "Method",
    "NotYet",
    "Outcome",
    "OwnBallot",
    "RecusalForm",
    "Result",
    "SeatRole",
    "SeatView",
    "Tie",
    "VoteInvalid",
    "VoteLine",
    "VoteRefused",
    "VoteRule",
    "VoteView",
    "abandon_escalated",
    "abandon_vote",
    "admitted_organisations",
    "cast_ballot",
    "close_vote",
    "closed_vote",
    "committee_by_slug",
    "deadline_refusal",
    "enter_hours",
    "extend_vote",
    "format_duration",
    "is_member",
    "lock_votes",
    "mail_people",
    "open_vote",
    "open_votes",
    "parse_cents",
    "people_with",
    "recuse",
    "seats_of",
    "vote_by_code",
    "vote_code",
    "vote_view",
]
