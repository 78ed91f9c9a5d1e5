"""Pages of committees; each module adds its `routes`."""

from core.committees.pages import calendar, decisions, meeting_records, meetings, overview, seats, votes
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (
    *overview.routes,
    *seats.routes,
    *votes.routes,
    *meetings.routes,
    *meeting_records.routes,
    *decisions.routes,
    *calendar.routes,
)

__all__ = ["routes"]
