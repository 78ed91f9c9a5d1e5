"""Shared by the tests of versions: the committee, its example trajectory, and versions at every state."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from core.api import Choice, Keyring, NotYet, Result, Viewer, cast_ballot, close_vote, closed_vote
from core.testing.network import Network

from ..models import VersionRow
from ..queries.trajectory import trajectory_of
from ..queries.versions import version_line
from ..rules import editing
from ..rules.editing import NodeText
from ..rules.graph import STEP, Trajectory
from ..seed import seed_trajectory
from ..services import drafts, publishing
from ..services.drafts import Desk
from ..services.publishing import vote_of
from ..settings import VERSIONS, Settings

#: Who sits in the committee: its chair, and three organisations more.
CHAIR, SECOND, THIRD, FOURTH = "orres-comite", "bien-etre-2", "bien-etre-3", "bien-etre-5"
SEATS = (CHAIR, SECOND, THIRD, FOURTH)
#: A partner who does not sit there; who follows without sitting.
PARTNER, COORDINATION = "police-repentigny", "coordination-cresl"


@dataclass(frozen=True)
class NetworkSeeder:
    """What the demo gives to a plugin, from the network of the tests."""

    network: Network

    @property
    def now(self) -> datetime:
        """The network's hour."""
        return self.network.clock.now()

    @property
    def keyring(self) -> Keyring:
        """The network's keys."""
        return self.network.keyring

    def viewer(self, persona: str) -> Viewer:
        """The persona."""
        return self.network.viewer(persona)

    def organisation(self, key: str) -> UUID:
        """The organisation."""
        return self.network.organisation(key)


def with_example(network: Network) -> None:
    """The demo's versions: 1 replaced, 2 in force, 3 a draft."""
    network.serve_plugins()
    # Their sessions are opened now: a test that holds a transaction could not open them
    for persona in (*SEATS, PARTNER, COORDINATION):
        network.viewer(persona)
    with network.database.transaction() as session:
        seed_trajectory(session, NetworkSeeder(network))


def page_samples(network: Network) -> dict[str, dict[str, str]]:
    """Beginning of an address → what its parameters may be, for whoever asks every page: the demo's draft, a version
    being voted on, and a draft whose base is no longer in force."""
    with_example(network)
    at = desk(network)
    with network.database.transaction() as session:
        voted, late = draft(session, at), draft(session, at)
        add_step(session, at, voted, "Essai")
        propose(session, at, voted)
        session.execute(update(VersionRow).where(VersionRow.number == late).values(based_on=1))
        service = str(whole(session, 3).answers_of("emploi")[0].service_id)
    one = f"{VERSIONS}/{{number}}"
    known = {"number": "3", "key": "emploi", "service": service, "source": "ecouter", "target": "danger"}
    return {
        f"{one}/vote": {"number": str(voted)},
        f"{one}/refaire": {"number": str(late)},
        f"{one}/": known,
    }


def desk(network: Network, persona: str = CHAIR, **settings: Any) -> Desk:
    """The desk of a persona at the network's hour."""
    return Desk(network.keyring, Settings(**settings), network.viewer(persona), network.clock.now())


def draft(session: Session, at: Desk, title: str = "Essai") -> int:
    """A draft that holds what is in force."""
    return drafts.open_draft(session, at, title)


def add_step(session: Session, at: Desk, number: int, title: str, moment: str = "projet") -> str:
    """A step with the same services as `emploi`, so that nothing stops the proposal; its key."""

    def change(content: Trajectory) -> Trajectory:
        made = editing.add_node(content, STEP, moment, NodeText(title, "", "", ("work_school",), None, ()), ())
        key = made.nodes[-1].key
        for one in content.answers_of("emploi"):
            made = editing.add_answer(made, key, one.service_id, one.role, (), None, tier="public", areas=())
        return made

    return drafts.change_draft(session, at, number, "add_node", change).nodes[-1].key


def propose(session: Session, at: Desk, number: int) -> str:
    """Put a draft to the vote, knowing what the checks say; the vote's code."""
    content = version_edits(session, number)
    return publishing.propose_version(session, at, number, content, knowing=True)


def version_edits(session: Session, number: int) -> int:
    """The count of a draft's changes."""
    line = version_line(session, number)
    assert line is not None
    return line.edits


def vote(network: Network, session: Session, number: int, *choices: Choice) -> Result:
    """The committee votes, one choice a seat, then its vote closes and is carried into the version."""
    at = desk(network)
    code = ""
    for persona, choice in zip(SEATS, choices, strict=False):
        found = vote_of(session, at, number)
        assert found is not None
        code = found.code
        if found.open:
            voter = network.viewer(persona)
            cast_ballot(session, network.keyring, voter, found.id, choice=choice, amount=None, reason="", now=at.now)
            with suppress(NotYet):
                close_vote(session, network.keyring, found.id, at.now)
    closed = closed_vote(session, code)
    assert closed is not None
    publishing.settle(session, at, closed)
    return closed.result


def close(network: Network, session: Session, number: int) -> None:
    """Close the vote on a version if nothing can change it any more, and carry it into the version."""
    at = desk(network)
    found = vote_of(session, at, number)
    assert found is not None
    with suppress(NotYet):
        close_vote(session, network.keyring, found.id, at.now)
    closed = closed_vote(session, found.code)
    assert closed is not None
    publishing.settle(session, at, closed)


def whole(session: Session, number: int) -> Trajectory:
    """The version of that number."""
    found = trajectory_of(session, number)
    assert found is not None
    return found
