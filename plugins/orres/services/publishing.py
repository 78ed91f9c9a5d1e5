"""From a draft to the version in force: checked, proposed, voted, published; and made again when another came first.

Every act that depends on which version is in force locks all versions first: two proposals adopted at once are then
published one after the other, and the second learns that what it was based on is gone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    ClosedVote,
    DomainError,
    Event,
    House,
    Method,
    Missing,
    Result,
    Stale,
    Viewer,
    VoteRule,
    VoteView,
    abandon_vote,
    areas,
    closed_vote,
    committee_by_slug,
    emit,
    open_vote,
    require_second_factor,
    services_shown,
    vote_by_code,
    vote_code,
)

from .. import events
from ..access import edited_committee
from ..models import UndoRow, VersionRow
from ..queries.trajectory import labels_in, published, trajectory_of
from ..rules.checks import Check, check
from ..rules.differences import Difference, differences, made_again
from ..rules.graph import PUBLISHED, RETIRED, Trajectory
from ..rules.versions import Act, base_moved, next_state
from ..settings import NAME, SLUG, VERSIONS, Settings
from .content import write_content
from .drafts import Desk, NotInThisState, held, told, whole

#: The kind of the votes on a version.
VOTE = f"{NAME}.version"
REGION = "region"
REFUSALS = {
    "base": "Une autre version est entrée en vigueur depuis : ce brouillon est à refaire par-dessus, puis à revoir.",
    "checks": "Des points empêchent de proposer cette version : corrigez-les d’abord.",
    "same": "Cette version ne change rien à celle qui est en vigueur.",
    "known": "Confirmez que le comité propose cette version en connaissant ces points.",
    "adopted_base": "Une autre version est entrée en vigueur depuis le vote : celle-ci est à refaire par-dessus, puis "
    "à remettre au vote.",
    "nothing": "Cette version est déjà faite par-dessus celle qui est en vigueur.",
}


class NotReady(DomainError):
    """The version cannot go on as it stands. `code`: one of `REFUSALS`."""

    status = 409

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(REFUSALS[code])


def desk_of(house: House, viewer: Viewer, now: datetime) -> Desk:
    """The desk of a request of the web, or of a subscriber."""
    return Desk(house.keyring, house.hooks.settings(NAME, Settings), viewer, now)


def findings_of(session: Session, desk: Desk, content: Trajectory) -> tuple[Check, ...]:
    """The checks of a version, over the directory as partners see it now."""
    services = services_shown(session, desk.viewer, {one.service_id for one in content.answers}, desk.now)
    return check(content, services, places(session))


def places(session: Session) -> tuple[str, ...]:
    """The codes of the region's areas that are places. One statement."""
    return tuple(one.code for one in areas(session) if one.code != REGION)


def propose_version(session: Session, desk: Desk, number: int, edits: int, *, knowing: bool) -> str:
    """Put a draft to the committee's vote; the vote's code.

    `edits`: the count the page of differences showed; raises Stale when the draft changed since. `knowing`: who
    proposes has read the findings that do not block. Raises Missing, NotInThisState, NotReady.
    """
    require_second_factor(desk.viewer)
    committee = edited_committee(session, desk.viewer)
    _lock_all(session)
    row = held(session, number, Act.PROPOSE)
    if row.edits != edits:
        raise Stale
    content, base = whole(session, number), published(session)
    if base_moved(row.based_on, None if base is None else base.number):
        raise NotReady("base")
    if not differences(base, content):
        raise NotReady("same")
    findings = findings_of(session, desk, content)
    if any(one.blocking for one in findings):
        raise NotReady("checks")
    if findings and not knowing:
        raise NotReady("known")
    vote_id = open_vote(
        session,
        desk.keyring,
        desk.viewer,
        committee.id,
        rule=VoteRule(Method.MAJORITY, quorum=desk.settings.vote_quorum, early=True),
        kind=VOTE,
        subject=str(number),
        page=f"{VERSIONS}/{number}/vote",
        closes_at=desk.now + timedelta(days=desk.settings.vote_days),
        now=desk.now,
    )
    _move(row, Act.PROPOSE)
    row.vote_code, row.proposed_at = vote_code(session, vote_id), desk.now
    session.execute(delete(UndoRow).where(UndoRow.version_id == row.id))
    session.flush()
    told(session, desk, committee.id, row, "proposed", findings=len(findings))
    return row.vote_code


def withdraw_proposal(session: Session, desk: Desk, number: int) -> None:
    """Take a proposal back before its vote closes: the vote ends without decision, the version is a draft again."""
    require_second_factor(desk.viewer)
    committee = edited_committee(session, desk.viewer)
    vote = vote_of(session, desk, number)
    if vote is None:
        raise Missing
    abandon_vote(session, desk.viewer, vote.id, desk.now)
    row = held(session, number, Act.SEND_BACK)
    _move(row, Act.SEND_BACK)
    session.flush()
    told(session, desk, committee.id, row, "withdrawn")


def settle_vote(session: Session, event: Event, house: House) -> None:
    """A vote closed: the version it was about is adopted, or a draft again. Run again, it changes nothing."""
    closed = closed_vote(session, event.ref)
    if closed is not None and closed.kind == VOTE:
        settle(session, desk_of(house, ANONYMOUS, house.clock.now()), closed)


def settle(session: Session, desk: Desk, closed: ClosedVote) -> None:
    """What `settle_vote` does."""
    number = session.scalar(select(VersionRow.number).where(VersionRow.vote_code == closed.code))
    committee = committee_by_slug(session, SLUG)
    if number is None or committee is None:
        return
    act = Act.ADOPT if closed.result is Result.ADOPTED else Act.SEND_BACK
    try:
        row = held(session, number, act)
    except NotInThisState:
        return
    _move(row, act)
    if act is Act.ADOPT:
        row.adopted_at = desk.now
    session.flush()
    told(session, desk, committee.id, row, "adopted" if act is Act.ADOPT else "sent_back", result=closed.result.value)


def publish_version(session: Session, desk: Desk, number: int) -> None:
    """Put an adopted version in force from this day; the one before stays readable.

    Raises NotReady when another version came into force since it was proposed: what the committee voted was a change of
    that other text. Raises Missing, NotInThisState.
    """
    require_second_factor(desk.viewer)
    committee = edited_committee(session, desk.viewer)
    _lock_all(session)
    row = held(session, number, Act.PUBLISH)
    before = _in_force(session)
    if base_moved(row.based_on, None if before is None else before.number):
        raise NotReady("adopted_base")
    if before is not None:
        before.state, before.retired_at = RETIRED, desk.now
        session.flush()
    _move(row, Act.PUBLISH)
    row.published_at = desk.now
    session.flush()
    told(session, desk, committee.id, row, "published", replaced=0 if before is None else before.number)
    emit(session, events.VERSION_PUBLISHED, str(number), topics=(f"committee:{committee.id}", "network"), now=desk.now)


def redo_version(session: Session, desk: Desk, number: int) -> tuple[Difference, ...]:
    """Make a draft, or an adopted version that came second, again over the version in force; what clashed.

    It is a draft afterwards: what it says changed, so the committee votes again. Raises NotReady("nothing").
    """
    committee = edited_committee(session, desk.viewer)
    _lock_all(session)
    row = held(session, number, Act.REDO)
    base, ours = published(session), whole(session, number)
    if base is None or not base_moved(row.based_on, base.number):
        raise NotReady("nothing")
    was = None if row.based_on is None else trajectory_of(session, row.based_on)
    redone = made_again(was, base, ours)
    write_content(session, row.id, ours, redone.content, labels_in(session, base.number))
    row.based_on, row.adopted_at = base.number, None
    row.edits += 1
    _move(row, Act.REDO)
    session.execute(delete(UndoRow).where(UndoRow.version_id == row.id))
    session.flush()
    told(session, desk, committee.id, row, "redone", clashes=len(redone.clashes))
    return redone.clashes


def vote_of(session: Session, desk: Desk, number: int) -> VoteView | None:
    """The last vote on a version as the viewer may see it; None when it was never proposed."""
    code = session.scalar(select(VersionRow.vote_code).where(VersionRow.number == number))
    return None if code is None else vote_by_code(session, desk.keyring, desk.viewer, code, desk.now)


def _lock_all(session: Session) -> None:
    """No other act on any version until this one is over."""
    session.execute(select(VersionRow.id).order_by(VersionRow.number).with_for_update()).all()


def _in_force(session: Session) -> VersionRow | None:
    return session.scalars(
        select(VersionRow).where(VersionRow.state == PUBLISHED).execution_options(populate_existing=True)
    ).first()


def _move(row: VersionRow, act: Act) -> None:
    after = next_state(row.state, act)
    if after is None:
        raise NotInThisState
    row.state = after
