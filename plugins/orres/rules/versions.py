"""What may become of a version, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from .graph import ADOPTED, DRAFT, PROPOSED, PUBLISHED, RETIRED


class Act(StrEnum):
    """What somebody, a vote or another version's publication does to a version."""

    CHANGE = "change"
    PROPOSE = "propose"
    ADOPT = "adopt"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    RETIRE = "retire"
    REDO = "redo"
    DELETE = "delete"


#: (state, act) → next state; "" when the version goes. A pair that is not here is refused.
TABLE: Final[Mapping[tuple[str, Act], str]] = {
    (DRAFT, Act.CHANGE): DRAFT,
    (DRAFT, Act.PROPOSE): PROPOSED,
    (DRAFT, Act.REDO): DRAFT,
    (DRAFT, Act.DELETE): "",
    (PROPOSED, Act.ADOPT): ADOPTED,
    (PROPOSED, Act.SEND_BACK): DRAFT,
    (ADOPTED, Act.PUBLISH): PUBLISHED,
    # Adopted over a version that is no longer in force: it goes back to work, and to a vote
    (ADOPTED, Act.REDO): DRAFT,
    (PUBLISHED, Act.RETIRE): RETIRED,
}
#: Why nothing but a draft changes.
WHY_NOT: Final[Mapping[str, str]] = {
    DRAFT: "Cette version est encore un brouillon.",
    PROPOSED: "Cette version est proposée au vote : elle ne change plus.",
    ADOPTED: "Cette version est adoptée : elle ne change plus.",
    PUBLISHED: "Cette version est en vigueur : ouvrez un nouveau brouillon pour la changer.",
    RETIRED: "Cette version a été remplacée : elle se lit, elle ne change plus.",
}


def next_state(state: str, act: Act) -> str | None:
    """The state after the act; None when it is refused."""
    return TABLE.get((state, act))


def base_moved(based_on: int | None, in_force: int | None) -> bool:
    """Whether another version came into force since this one was copied: what it says may undo what was decided."""
    return based_on != in_force
