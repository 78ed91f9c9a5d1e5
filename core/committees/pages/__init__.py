"""Pages of committees; each module adds its `routes`."""

from core.committees.pages import overview, seats, votes
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (*overview.routes, *seats.routes, *votes.routes)

__all__ = ["routes"]
