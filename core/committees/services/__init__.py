"""Writes of committees."""

from core.committees.services.closing import (
    NotWaiting,
    NotYet,
    abandon_escalated,
    abandon_vote,
    close_vote,
    extend_vote,
    run_votes,
)
from core.committees.services.leaving import vacate_seats
from core.committees.services.loading import load_vote, lock_votes
from core.committees.services.seats import (
    SeatInput,
    SeatRefused,
    add_seat,
    change_mandate,
    change_seat,
    end_seat,
)
from core.committees.services.syncing import seed_demo_seats, sync_committees
from core.committees.services.voting import (
    LETTER,
    VoteInvalid,
    VoteRefused,
    cast_ballot,
    name_alternate,
    open_vote,
    recuse,
)

__all__ = [
    "LETTER",
    "NotWaiting",
    "NotYet",
    "SeatInput",
    "SeatRefused",
    "VoteInvalid",
    "VoteRefused",
    "abandon_escalated",
    "abandon_vote",
    "add_seat",
    "cast_ballot",
    "change_mandate",
    "change_seat",
    "close_vote",
    "end_seat",
    "extend_vote",
    "load_vote",
    "lock_votes",
    "name_alternate",
    "open_vote",
    "recuse",
    "run_votes",
    "seed_demo_seats",
    "sync_committees",
    "vacate_seats",
]
