"""Pages of committees; each module adds its `routes`."""

from core.committees.pages import calendar, decisions, meeting_records, meeting_votes, meetings, overview, seats, votes
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (
    *overview.routes,
    *seats.routes,
    *votes.routes,
    *meetings.routes,
    *meeting_records.routes,
    *meeting_votes.routes,
    *decisions.routes,
    *calendar.routes,
)

__all__ = ["routes"]
