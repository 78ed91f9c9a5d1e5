"""Versions in the database: from a draft to the one in force, two at once, services that leave, sizes and rights."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from core.api import (
    VOTE_CLOSED,
    Choice,
    Event,
    Forbidden,
    Missing,
    Result,
    Stale,
    can,
    closed_vote,
    committee_by_slug,
    new_id,
    services_shown,
)
from core.testing.network import Network
from core.testing.plugins import a_viewer
from core.testing.statements import counted_statements

from ..access import EDIT, FOLLOW, edited_committee, followed_committee
from ..models import AnswerRow, UndoRow, VersionRow
from ..queries.trajectory import labels_in, published, trajectory_of
from ..queries.versions import at_work, flags, in_force, version_line, versions
from ..rules import editing
from ..rules.content import mark_of
from ..rules.differences import differences
from ..rules.editing import EditRefused, NodeText
from ..rules.graph import ADOPTED, DRAFT, PROPOSED, PUBLISHED, RETIRED
from ..seed import example
from ..services import drafts, publishing
from ..services.content import write_content
from ..services.drafts import NotInThisState
from ..services.publishing import NotReady
from ..trajectory_parts import ACTS
from . import drafting as h
from .test_version_rules import large

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
YES, NO = Choice.YES, Choice.NO


def states(session: Session) -> dict[int, str]:
    return {row.number: row.state for row in session.execute(select(VersionRow.number, VersionRow.state))}


def told(session: Session) -> list[tuple[str, str]]:
    """(kind, reference) of the events of the trajectory."""
    rows = session.execute(text("SELECT kind, ref FROM outbox_events WHERE kind LIKE 'orres.version%' ORDER BY id"))
    return [(row.kind, row.ref) for row in rows]


@SQLITE
def test_from_a_draft_to_the_version_in_force(network: Network) -> None:
    """Opened, changed, undone, proposed, voted, published with its day; the one before stays readable."""
    h.with_example(network)
    at, other = h.desk(network), h.desk(network, h.SECOND)
    with network.database.transaction() as session:
        before = h.whole(session, 2)
        number = h.draft(session, at)
        assert (number, h.whole(session, number).nodes) == (4, before.nodes)
        assert differences(before, h.whole(session, number)) == ()
        with pytest.raises(NotReady, match="ne change rien"):
            h.propose(session, at, number)
        key = h.add_step(session, at, number, "Garder son logement")
        h.add_step(session, other, number, "De trop")
        drafts.undo_change(session, at, number, h.version_edits(session, number))
        changed = h.whole(session, number)
        assert {one.part.key for one in differences(before, changed) if one.what == "step"} == {key}
        with pytest.raises(Stale):
            drafts.undo_change(session, at, number, 0)
        with pytest.raises(Stale):
            publishing.propose_version(session, at, number, 0, knowing=True)
        with pytest.raises(NotReady, match="en connaissant"):
            publishing.propose_version(session, at, number, h.version_edits(session, number), knowing=False)
        code = h.propose(session, at, number)
        assert session.scalar(select(func.count()).select_from(UndoRow)) == 0
        with pytest.raises(NotInThisState, match="ne change plus"):
            h.add_step(session, at, number, "Trop tard")
        with pytest.raises(NotInThisState):
            publishing.publish_version(session, at, number)
        assert h.vote(network, session, number, YES, YES, YES, YES) is Result.ADOPTED
        assert states(session)[number] == ADOPTED
        twice = closed_vote(session, code)
        assert twice is not None
        publishing.settle(session, at, twice)
        publishing.publish_version(session, at, number)
        assert states(session) == {1: RETIRED, 2: RETIRED, 3: DRAFT, 4: PUBLISHED}
        current, line = published(session), in_force(session)
        assert current is not None
        assert line is not None
        assert current.published_on == line.published_on == at.now.date()
        assert h.whole(session, 2).nodes == before.nodes
        assert {one.moved for one in at_work(session)} == {True}, "the demo's draft was based on version 2"
        kinds = told(session)
        assert ("orres.version_published", str(number)) in kinds
        assert {ref for _kind, ref in kinds} <= {"4"}
        lines = session.scalars(text("SELECT line FROM journal_entries WHERE line LIKE '%orres:4%'")).all()
        acts = {f"orres.version_{act}" for act in ("opened", "proposed", "adopted", "published")}
        assert {json.loads(line)["action"] for line in lines} == acts <= {one.action for one in ACTS}


@SQLITE
def test_refused_and_withdrawn_proposals_are_drafts_again(network: Network) -> None:
    """A vote that says no, or a proposal taken back; what blocks is mended before, what is forged never gets in."""
    h.with_example(network)
    at = h.desk(network)
    with network.database.transaction() as session:
        with pytest.raises(NotReady, match="empêchent"):
            h.propose(session, at, 3)
        number = h.draft(session, at)
        h.add_step(session, at, number, "Essai")
        h.propose(session, at, number)
        assert h.vote(network, session, number, NO, NO, NO, NO) is Result.REJECTED
        assert states(session)[number] == DRAFT
        first = version_line(session, number)
        h.propose(session, at, number)
        publishing.withdraw_proposal(session, at, number)
        again = version_line(session, number)
        assert first is not None
        assert again is not None
        assert (again.state, again.vote_code != first.vote_code) == (DRAFT, True)
        with pytest.raises(EditRefused):
            h.add_step(session, at, number, "Essai", moment="nulle-part")
        row_id = session.scalar(select(VersionRow.id).where(VersionRow.number == number))
        drafts.delete_draft(session, at, number)
        assert number not in states(session)
        left = select(func.count()).select_from(AnswerRow).where(AnswerRow.version_id == row_id)
        assert session.scalar(left) == 0
        with pytest.raises(NotInThisState):
            drafts.delete_draft(session, at, 2)


@SQLITE
def test_who_works_on_versions(network: Network) -> None:
    """Whoever sits in ORRES; the coordination follows; to anybody else, another committee included, nothing."""
    h.with_example(network)
    strangers = [h.desk(network, one) for one in (h.PARTNER, "bien-etre-1", "admin-chrysalide", "operateur")]
    with network.database.transaction() as session:
        for stranger in strangers:
            for act in (
                lambda at: drafts.open_draft(session, at, "Non"),
                lambda at: h.add_step(session, at, 3, "Non"),
                lambda at: drafts.undo_change(session, at, 3, 0),
                lambda at: drafts.rename_draft(session, at, 3, "Non", ""),
                lambda at: drafts.delete_draft(session, at, 3),
                lambda at: publishing.propose_version(session, at, 3, 0, knowing=True),
                lambda at: publishing.publish_version(session, at, 3),
                lambda at: publishing.redo_version(session, at, 3),
                lambda at: publishing.withdraw_proposal(session, at, 3),
            ):
                with pytest.raises((Missing, Forbidden)):
                    act(stranger)
            with pytest.raises(Missing):
                followed_committee(session, stranger.viewer)
        coordination = network.viewer(h.COORDINATION)
        assert followed_committee(session, coordination).slug == "orres"
        with pytest.raises(Missing):
            edited_committee(session, coordination)
        committee = committee_by_slug(session, "orres")
        assert committee is not None
        assert can(network.viewer(h.SECOND), EDIT, committee.id).allowed
        assert not can(a_viewer(), FOLLOW, committee.id).allowed
        assert states(session) == {1: RETIRED, 2: PUBLISHED, 3: DRAFT}


@SQLITE
def test_two_proposals_voted_at_once(network: Network) -> None:
    """Both adopted over the same version: the second is said to be over another one, is made again, and voted again."""
    h.with_example(network)
    at = h.desk(network)
    with network.database.transaction() as session:
        one, two = h.draft(session, at, "Une"), h.draft(session, at, "Deux")
        own, theirs = h.add_step(session, at, one, "Du premier"), h.add_step(session, at, two, "Du second")
        for number, title in ((one, "Le premier le dit"), (two, "Le second le dit")):
            node = h.whole(session, number).node("emploi")
            assert node is not None
            words = NodeText(title, node.title_en, node.summary, node.needs, node.delay_hours, node.conditions)
            mark = mark_of(node)
            drafts.change_draft(
                session, at, number, "t", lambda now, w=words, m=mark: editing.change_node(now, "emploi", w, m, ())
            )
        h.propose(session, at, one)
        h.propose(session, at, two)
        for number in (one, two):
            assert h.vote(network, session, number, YES, YES, YES, YES) is Result.ADOPTED
        publishing.publish_version(session, at, one)
        with pytest.raises(NotReady, match="à refaire par-dessus"):
            publishing.publish_version(session, at, two)
        assert states(session)[two] == ADOPTED
        clashes = publishing.redo_version(session, at, two)
        assert [clash.part.key for clash in clashes] == ["emploi"]
        assert states(session)[two] == DRAFT
        made = h.whole(session, two)
        assert {own, theirs} <= {node.key for node in made.nodes}
        said = made.node("emploi")
        assert said is not None
        assert said.title == "Le premier le dit"
        with pytest.raises(NotInThisState):
            publishing.publish_version(session, at, two)
        h.propose(session, at, two)
        assert h.vote(network, session, two, YES, YES, YES, YES) is Result.ADOPTED
        publishing.publish_version(session, at, two)
        assert states(session)[two] == PUBLISHED
        # A draft whose base moved is refused at the proposal too
        with pytest.raises(NotReady, match="à refaire par-dessus"):
            h.propose(session, at, 3)


def test_publishing_over_a_version_changed_meanwhile(network: Network) -> None:
    """Two people publish two adopted versions at the same moment, on both engines: one wins, the other is told."""
    h.with_example(network)
    at = h.desk(network)
    with network.database.transaction() as session:
        numbers = [h.draft(session, at, "Une"), h.draft(session, at, "Deux")]
        for number in numbers:
            h.add_step(session, at, number, f"Étape {number}")
            h.propose(session, at, number)
        for number in numbers:
            h.vote(network, session, number, YES, YES, YES, YES)
    gate = threading.Barrier(2)

    def publish(number: int) -> str:
        gate.wait()
        try:
            with network.database.transaction() as own:
                publishing.publish_version(own, at, number)
        except NotReady as refused:
            return refused.code
        return "published"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(publish, numbers)) == ["adopted_base", "published"]
    with network.database.transaction() as session:
        assert sorted(states(session).values()) == [ADOPTED, DRAFT, PUBLISHED, RETIRED, RETIRED]


@SQLITE
def test_a_service_of_the_version_in_force_leaves(network: Network) -> None:
    """Deleted, hidden with its organisation, not confirmed for a year: flagged, still named, blocking a draft."""
    h.with_example(network)
    at, partner = h.desk(network), network.viewer(h.PARTNER)
    with network.database.transaction() as session:
        assert flags(session, at.viewer, at.now) == ()
        ids = {row.slug: row.id for row in session.execute(text("SELECT slug, id FROM services"))}
        session.execute(text("DELETE FROM services WHERE slug = 'sidepe-depistage'"))
        session.execute(text("UPDATE organisations SET status = 'suspended' WHERE slug = 'la-clef'"))
        old = (at.now - timedelta(days=400)).date().isoformat()
        session.execute(text("UPDATE services SET verified_on = :day WHERE slug = 'cd-trousse'"), {"day": old})
    with network.database.transaction() as session:
        assert ids["sidepe-depistage"] is not None
        found = flags(session, at.viewer, at.now)
        assert [(one.why, one.label.split(" – ")[0]) for one in found] == [
            ("gone", "Dépistage et prévention"),
            ("gone", "Employabilité des femmes"),
            ("stale", "Trousse médico-légale et examen médical"),
        ]
        current = published(session)
        assert current is not None
        assert {one.service_id for one in found} <= {one.service_id for one in current.answers}
        assert {one.service_id for one in found} <= set(labels_in(session, 2))
        gone = {one.service_id for one in found if one.why == "gone"}
        shown = services_shown(session, partner, {one.service_id for one in current.answers}, at.now)
        assert not gone & shown.keys()
        number = h.draft(session, at)
        h.add_step(session, at, number, "Essai")
        with pytest.raises(NotReady, match="empêchent"):
            h.propose(session, at, number)
        blocking = [one for one in publishing.findings_of(session, at, h.whole(session, number)) if one.blocking]
        assert {one.service for one in blocking} == gone
        for one in blocking:
            drafts.change_draft(
                session, at, number, "r", lambda now, o=one: editing.remove_answer(now, o.nodes[0], o.service)
            )
        h.propose(session, at, number)
        assert states(session)[number] == PROPOSED


@SQLITE
def test_five_hundred_nodes_are_read_in_four_statements(network: Network) -> None:
    """Reading, listing and flagging send the same statements whatever the size; one change writes its own rows."""
    h.with_example(network)
    at = h.desk(network)
    with network.database.transaction() as session:
        whole = large(499)
        ids = sorted({one.service_id for one in h.whole(session, 2).answers}, key=str)
        answers = tuple(replace(one, service_id=ids[place % len(ids)]) for place, one in enumerate(whole.answers))
        number = h.draft(session, at)
        row = session.scalars(select(VersionRow).where(VersionRow.number == number)).one()
        write_content(session, row.id, h.whole(session, number), replace(whole, answers=answers), {})
        row.state = PUBLISHED
        session.execute(text("UPDATE orres_versions SET state = 'retired' WHERE number = 2"))
    with network.database.transaction() as session:
        for sent, most, read in (
            (counted_statements(), 4, lambda: published(session)),
            (counted_statements(), 4, lambda: trajectory_of(session, number)),
            (counted_statements(), 2, lambda: flags(session, at.viewer, at.now)),
            (counted_statements(), 1, lambda: at_work(session)),
            (counted_statements(), 2, lambda: versions(session, all_states=False)),
        ):
            with sent as statements:
                read()
            assert len(statements) <= most
        found = trajectory_of(session, number)
        assert found is not None
        assert (len(found.nodes), len(found.edges), len(found.answers)) == (499, len(whole.edges), len(answers))
        assert found.nodes == tuple(sorted(whole.nodes, key=lambda one: (one.position, one.key)))
        copied = h.draft(session, at)
        with counted_statements(containing="orres_") as statements:
            h.add_step(session, at, copied, "Une de plus", moment="m1")
        assert len([one for one in statements if one.startswith(("INSERT", "UPDATE", "DELETE"))]) <= 6
        assert len(h.whole(session, copied).nodes) == 500


@SQLITE
def test_a_closed_vote_of_another_plugin_changes_nothing(network: Network) -> None:
    """The subscriber hears every vote that closes; a code that is not of a version is nobody's."""
    h.with_example(network)
    app: Any = network.app()
    with network.database.transaction() as session:
        before = states(session)
        event = Event(new_id(), VOTE_CLOSED, "V-AAAA-AA", (), network.clock.now())
        publishing.settle_vote(session, event, app.state.house)
        assert states(session) == before
        assert example({}).answers == ()
