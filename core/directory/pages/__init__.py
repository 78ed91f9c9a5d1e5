"""Routes of the directory."""

from core.directory.pages import organisation, proposals, search
from core.kernel.web.routes import Route

routes: tuple[Route, ...] = (*search.routes, *proposals.routes, *organisation.routes)
