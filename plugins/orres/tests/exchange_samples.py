"""Shared by the tests of exchanges: three people of three organisations who sit in the committee."""

from __future__ import annotations

from typing import Any

from core.api import areas
from core.testing.network import Network

from ..rules.exchange import Target
from ..services import exchange, exchange_lessons
from ..services.drafts import Desk
from ..services.exchange import NewVignette
from ..settings import EXCHANGES, LESSONS, UPKEEP, Settings

#: Who writes, who reads again, who reads with the committee; who follows the committee without sitting there.
AUTHOR, READER, MEMBER, COORDINATION = "orres-comite", "bien-etre-2", "bien-etre-5", "coordination-cresl"
#: Signed in before a transaction is open: signing in writes.
PEOPLE = (
    AUTHOR,
    READER,
    MEMBER,
    COORDINATION,
    "bien-etre-1",
    "bien-etre-3",
    "calacs-chrysalide",
    "calacs-coup-de-coeur",
    "admin-chrysalide",
    "operateur",
)


def desk(network: Network, persona: str = AUTHOR, **settings: Any) -> Desk:
    """The desk of a persona, at the network's hour."""
    network.serve_plugins()
    for one in PEOPLE:
        network.viewer(one)
    return Desk(network.keyring, Settings(**settings), network.viewer(persona), network.clock.now())


def a_vignette(network: Network, session: Any, **changes: Any) -> NewVignette:
    """A complete vignette; `changes` replace its fields."""
    reader = network.viewer(READER).user_id
    given: dict[str, Any] = {
        "key": f"essai-{network.clock.now().timestamp()}",
        "age_band": "14_17",
        "area": areas(session)[0],
        "since": "months",
        "needs": ("housing",),
        "title": "Trois portes avant la bonne",
        "story": "Deux semaines plus tard, elle rappelle le premier service.",
        "question": "Qui appeler en premier le soir?",
        "reader_id": reader,
    }
    return NewVignette(**{**given, **changes})


def sent(network: Network, **changes: Any) -> str:
    """A vignette in second reading, committed; its code."""
    given = desk(network)
    with network.database.transaction() as session:
        return exchange.send_vignette(session, given, a_vignette(network, session, **changes))


def page_samples(network: Network) -> dict[str, dict[str, str]]:
    """Beginning of an address -> what its parameters may be, for whoever asks every page."""
    talked, waiting = shared(network, key="partagee"), sent(network, key="en-lecture")
    given = desk(network, READER)
    with network.database.transaction() as session:
        new = exchange_lessons.NewLesson(Target.TRAJECTORY, "Dire qui répond le soir.")
        lesson = exchange_lessons.write_lesson(session, given, talked, new)
    return {
        f"{EXCHANGES}/{{code}}/reprendre": {"code": waiting},
        f"{EXCHANGES}/{{code}}": {"code": talked},
        f"{LESSONS}/{{id}}": {"id": str(lesson)},
        f"{UPKEEP}/champs/{{field}}": {"field": "phones"},
    }


def shared(network: Network, **changes: Any) -> str:
    """A vignette that the committee discusses; its code."""
    code = sent(network, **changes)
    given = desk(network, READER)
    with network.database.transaction() as session:
        exchange.approve_vignette(session, given, code, 1)
    return code
