"""What a page made of the address it was asked at: whether its handler was reached, and looked at the question."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, cast

from sqlalchemy.orm import Session
from starlette.datastructures import QueryParams

from core.kernel.web.adapter import Endpoint
from core.kernel.web.routes import Answer, PageRequest
from core.kernel.web.table import RouteTable


def endpoints(app: Any) -> list[Endpoint]:
    """What answers each route of the application."""
    table = next(one for one in app.routes if isinstance(one, RouteTable))
    return [cast(Endpoint, route.endpoint) for route in table.routes]


class Question(QueryParams):
    """What stands after the question mark, and whether the page looked at it."""

    looked = False

    def __getattribute__(self, name: str) -> Any:
        if name in {"_dict", "_list"}:
            object.__setattr__(self, "looked", True)
        return super().__getattribute__(name)


@dataclass
class Heard:
    """The paths of the routes whose handler was `reached`, and of those that ever `looked` at the question."""

    reached: set[str] = field(default_factory=set)
    looked: set[str] = field(default_factory=set)


def listening(app: Any) -> Heard:
    """Have the pages' handlers say what they made of each request."""
    heard = Heard()
    for endpoint in endpoints(app):
        if endpoint.route.method == "GET":

            def handler(session: Session, request: PageRequest, own: Any = endpoint.route.handler) -> Answer:
                path = request.route.path
                heard.reached.add(path)
                question = Question(request.query)
                question.looked = False
                try:
                    answer: Answer = own(session, replace(request, query=question))
                    return answer
                finally:
                    if question.looked:
                        heard.looked.add(path)

            endpoint.route = replace(endpoint.route, handler=handler)
    return heard
