"""Writes of committees."""

from core.committees.services.closing import (
    NotYet,
    abandon_escalated,
    abandon_vote,
    close_vote,
    extend_vote,
    run_votes,
)
from core.committees.services.escalating import NotWaiting
from core.committees.services.hands import (
    HandsRefused,
    Raised,
    confirm_hands,
    floor_of,
    note_hands,
    put_on_agenda,
    take_off_agenda,
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
    "HandsRefused",
    "NotWaiting",
    "NotYet",
    "Raised",
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
    "confirm_hands",
    "end_seat",
    "extend_vote",
    "floor_of",
    "load_vote",
    "lock_votes",
    "name_alternate",
    "note_hands",
    "open_vote",
    "put_on_agenda",
    "recuse",
    "run_votes",
    "seed_demo_seats",
    "sync_committees",
    "take_off_agenda",
    "vacate_seats",
]
