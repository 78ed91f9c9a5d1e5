"""A list of people sent by their organisation: looked at first, written once confirmed, in batches that may be resumed.

What is typed stays sealed, and goes once the list is over. Nobody is written twice: who is there already is known by
her e-mail or her name, and who resembles somebody waits until a person says whether she is the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select, update
from sqlalchemy.orm import Session

from core.api import Forbidden, Missing, Role, Stale, Viewer, emit, lock_row, new_id, open_text, seal_text

from .. import events
from ..models import Learner, ListLine, PeopleList, Team
from ..queries.names import keeps_people
from ..rules.catalogue import AUDIENCES
from ..rules.lists import PersonLine, code_of, read_people, repeated
from ..rules.names import folded, folded_email
from .desk import Desk, Refused, note
from .likeness import TABLE, Index, Known, marks, people_of
from .registering import register_people

#: People written in one transaction: well under a second on either engine.
BATCH: Final = 1000
#: A list that nobody confirmed is forgotten after this long; the lines of one that is over, at once.
KEPT: Final = timedelta(days=7)
LINES: Final = "ficesl_list_lines"
_NO_SYNC = {"synchronize_session": False}


@dataclass(frozen=True)
class Material:
    """What a list is compared with: the organisation's people, its units by folded name."""

    known: Sequence[Known]
    teams: Mapping[str, UUID]
    audience: str


@dataclass(frozen=True)
class Judged:
    """A line and what becomes of it. `learner_id`: who she is, or resembles; `like_number`: the line she resembles."""

    line: PersonLine
    state: str
    problems: tuple[str, ...] = ()
    learner_id: UUID | None = None
    like_number: int | None = None
    like: str = ""


@dataclass(frozen=True)
class Progress:
    """Where a list stands. `left`: people still to write."""

    written: int
    waiting: int
    left: int
    done: bool


def material(session: Session, desk: Desk, audience: str = "other") -> Material:
    """Read what a list is compared with. Three statements. Raises Forbidden for who keeps no people."""
    organisation_id = desk.viewer.organisation_id
    if not keeps_people(desk.viewer) or organisation_id is None:
        raise Forbidden
    teams = session.execute(
        select(Team.name, Team.id).where(Team.organisation_id == organisation_id, Team.ended_at.is_(None))
    )
    known = people_of(session, desk.keyring, organisation_id)
    return Material(known, {folded(one.name): one.id for one in teams}, audience)


def judge(rows: Sequence[Sequence[str]], given: Material) -> tuple[Judged, ...]:
    """Look at every line; without a session, since ten thousand take seconds. Raises rules.lists.UnreadableList."""
    lines = read_people(rows)
    again = repeated(lines)
    by_id = {one.id: one for one in given.known}
    by_email = {folded_email(one.email): one for one in given.known if one.email}
    known: Index[UUID] = Index()
    for one in given.known:
        known.add(one.id, folded(one.name))
    above: Index[int] = Index()
    names = {line.number: line.name for line in lines}
    found = []
    for line in lines:
        name, mailbox = folded(line.name), folded_email(line.email)
        problems = [*line.problems, *([again[line.number]] if line.number in again else [])]
        if line.team and folded(line.team) not in given.teams:
            problems.append("no_team")
        if line.audience and code_of(line.audience, AUDIENCES) is None:
            problems.append("no_audience")
        if mailbox in by_email and mailbox and folded(by_email[mailbox].name) != name:
            like = by_email[mailbox]
            found.append(Judged(line, "alike", (), like.id, None, like.name))
        elif problems:
            found.append(Judged(line, "wrong", tuple(problems)))
        else:
            found.append(_judged(line, name, mailbox, known, above, by_id, names))
        if found[-1].state != "wrong":
            above.add(line.number, name)
    return tuple(found)


def _judged(
    line: PersonLine,
    name: str,
    mailbox: str,
    known: Index[UUID],
    above: Index[int],
    by_id: Mapping[UUID, Known],
    names: Mapping[int, str],
) -> Judged:
    same = known.same(name)
    certain = [one for one in same if not mailbox or not by_id[one].email or folded_email(by_id[one].email) == mailbox]
    if len(same) == 1 and certain:
        return Judged(line, "known", (), certain[0])
    like = same[0] if same else known.alike(name)
    if like is not None:
        return Judged(line, "alike", (), like, None, by_id[like].name)
    twins = above.same(name)
    number = twins[0] if twins else above.alike(name)
    if number is not None:
        return Judged(line, "alike", (), None, number, names[number])
    return Judged(line, "ready")


def store_list(
    session: Session, desk: Desk, judged: Sequence[Judged], given: Material, *, session_id: UUID | None = None
) -> UUID:
    """Keep a list that was looked at; nobody is written yet. Its identifier."""
    list_id = new_id()
    counts = {state: sum(one.state == state for one in judged) for state in ("wrong", "known", "alike")}
    session.execute(
        insert(PeopleList).values(
            id=list_id,
            organisation_id=desk.viewer.organisation_id,
            user_id=desk.viewer.user_id,
            session_id=session_id,
            state="staged",
            lines=len(judged),
            written=0,
            waiting=0,
            unregistered=0,
            created_at=desk.now,
            **counts,
        )
    )
    rows = []
    for one in judged:
        line_id, line = new_id(), one.line
        team = given.teams.get(folded(line.team)) if line.team else None
        typed = {
            "name": line.name,
            "email": line.email,
            "team": line.team,
            "audience": line.audience,
            "team_id": str(team) if team else None,
            "code": (code_of(line.audience, AUDIENCES) if line.audience else None) or given.audience,
            "like": one.like,
        }
        rows.append(
            {
                "id": line_id,
                "list_id": list_id,
                "number": line.number,
                "state": one.state,
                "typed_sealed": seal_text(desk.keyring, LINES, line_id, "typed_sealed", json.dumps(typed)),
                "problems": list(one.problems),
                "learner_id": one.learner_id,
                "like_number": one.like_number,
            }
        )
    session.execute(insert(ListLine), rows)
    return list_id


def stage_list(
    session: Session,
    desk: Desk,
    rows: Sequence[Sequence[str]],
    *,
    session_id: UUID | None = None,
    audience: str = "other",
) -> UUID:
    """Look at a list and keep it, at once. Raises Forbidden, rules.lists.UnreadableList."""
    given = material(session, desk, audience)
    return store_list(session, desk, judge(rows, given), given, session_id=session_id)


def start_list(session: Session, desk: Desk, list_id: UUID, answers: Mapping[int, str], *, rest: str = "") -> Progress:
    """Write it, the first batch at once. `answers`: line → "same" or "other"; `rest`: for the alike lines without one.

    Lines that nobody answered for are left out. Raises Missing, Stale for a list that was given up.
    """
    row = _locked(session, desk, list_id)
    if row.state == "cancelled":
        raise Stale
    if row.state == "staged":
        alike = session.execute(
            select(ListLine.id, ListLine.number, ListLine.learner_id).where(
                ListLine.list_id == list_id, ListLine.state == "alike"
            )
        ).all()
        decided: dict[str, list[UUID]] = {"known": [], "ready": [], "wrong": []}
        for one in alike:
            answer = answers.get(one.number, rest)
            if answer == "other":
                decided["ready"].append(one.id)
            elif answer == "same":
                decided["known" if one.learner_id is not None else "wrong"].append(one.id)
        for state, ids in decided.items():
            for start in range(0, len(ids), BATCH):
                values: dict[str, Any] = {"state": state} | ({"learner_id": None} if state == "ready" else {})
                some = update(ListLine).where(ListLine.id.in_(ids[start : start + BATCH]))
                session.execute(some.values(**values), execution_options=_NO_SYNC)
        _set(session, list_id, state="running")
        note(session, desk, "people_listed", f"list:{list_id}", row.organisation_id, people=row.lines)
    return continue_list(session, desk, list_id)


def continue_list(session: Session, desk: Desk, list_id: UUID, *, most: int = BATCH) -> Progress:
    """Write the next batch. Stopped anywhere, it goes on where it was; nobody is written twice."""
    row = lock_row(session, select(PeopleList.__table__).where(PeopleList.id == list_id))
    if row is None:
        raise Missing
    if row.state != "running":
        return Progress(row.written, row.waiting, 0, done=row.state == "done")
    to_do = ["ready"] if row.session_id is None else ["ready", "known"]
    ready = and_(ListLine.list_id == list_id, ListLine.state.in_(to_do))
    batch = session.execute(
        select(ListLine.id, ListLine.number, ListLine.state, ListLine.typed_sealed, ListLine.learner_id)
        .where(ready)
        .order_by(ListLine.number)
        .limit(most)
    ).all()
    new, learners = _people(desk, row.organisation_id, batch)
    if new:
        session.execute(insert(Learner), new)
    waiting = unregistered = 0
    if row.session_id is not None and learners:
        try:
            outcome = register_people(session, _for(desk, row), row.session_id, learners)
            waiting = sum(state == "waiting" for state in outcome.states.values())
        except Refused:
            unregistered = len(learners)  # it closed meanwhile: the people are there, their registration is not
    if batch:
        written = and_(ready, ListLine.number >= batch[0].number, ListLine.number <= batch[-1].number)
        session.execute(
            update(ListLine).where(written).values(state="written", typed_sealed=None), execution_options=_NO_SYNC
        )
    left = session.scalar(select(func.count()).select_from(ListLine).where(ready)) or 0
    values: dict[str, Any] = {"written": row.written + len(new), "waiting": row.waiting + waiting}
    values["unregistered"] = row.unregistered + unregistered
    if not left:
        values |= {"state": "done", "finished_at": desk.now}
    _set(session, list_id, **values)
    if not left:
        session.execute(
            delete(ListLine).where(ListLine.list_id == list_id, ListLine.state.in_(["known", "written"])),
            execution_options=_NO_SYNC,
        )
    topics = {f"user:{row.user_id}"} if row.user_id is not None else {f"org:{row.organisation_id}"}
    emit(session, events.PEOPLE_LIST, str(list_id), topics=topics, now=desk.now)
    return Progress(values["written"], values["waiting"], left, done=not left)


def continue_running(session: Session, desk: Desk) -> int:
    """The next batch of the oldest running list, for the job; how many people are left in it."""
    running = select(PeopleList.id).where(PeopleList.state == "running").order_by(PeopleList.id).limit(1)
    list_id = session.scalar(running)
    return continue_list(session, desk, list_id).left if list_id is not None else 0


def cancel_list(session: Session, desk: Desk, list_id: UUID) -> None:
    """Give up a list that is not written yet; its lines go. Raises Missing, Stale once it is running."""
    row = _locked(session, desk, list_id)
    if row.state not in {"staged", "cancelled"}:
        raise Stale
    _set(session, list_id, state="cancelled", finished_at=desk.now)
    session.execute(delete(ListLine).where(ListLine.list_id == list_id), execution_options=_NO_SYNC)


def forget_lists(session: Session, now: datetime) -> int:
    """Lines of lists that nobody confirmed in seven days, and what remains of those that are over; how many."""
    old = select(PeopleList.id).where(PeopleList.created_at < now - KEPT, PeopleList.state != "running")
    done = session.execute(delete(ListLine).where(ListLine.list_id.in_(old)), execution_options=_NO_SYNC)
    stale = and_(PeopleList.state == "staged", PeopleList.created_at < now - KEPT)
    session.execute(
        update(PeopleList).where(stale).values(state="cancelled", finished_at=now), execution_options=_NO_SYNC
    )
    return int(getattr(done, "rowcount", 0))


def typed_of(desk: Desk, line_id: UUID, sealed: bytes | None) -> dict[str, Any]:
    """What a line says, {} once it is over."""
    text = open_text(desk.keyring, LINES, line_id, "typed_sealed", sealed)
    found: dict[str, Any] = json.loads(text) if text else {}
    return found


def _people(desk: Desk, organisation_id: UUID, batch: Sequence[Any]) -> tuple[list[dict[str, Any]], list[UUID]]:
    """Rows of who is new, and everybody of the batch in the order of its lines."""
    new: list[dict[str, Any]] = []
    everybody: list[UUID] = []
    for line in batch:
        if line.state == "known":
            everybody.append(line.learner_id)
            continue
        typed, learner_id = typed_of(desk, line.id, line.typed_sealed), new_id()
        name_mark, email_mark = marks(desk.keyring, typed["name"], typed["email"])
        everybody.append(learner_id)
        new.append(
            {
                "id": learner_id,
                "organisation_id": organisation_id,
                "user_id": None,
                "team_id": UUID(typed["team_id"]) if typed["team_id"] else None,
                "audience": typed["code"],
                "name_sealed": seal_text(desk.keyring, TABLE, learner_id, "name_sealed", typed["name"]),
                "email_sealed": seal_text(desk.keyring, TABLE, learner_id, "email_sealed", typed["email"]),
                "name_mark": name_mark,
                "email_mark": email_mark,
                "created_at": desk.now,
            }
        )
    return new, everybody


def _for(desk: Desk, row: Any) -> Desk:
    """The desk of who sent the list: her right was checked when she did."""
    roles = frozenset({Role.ORGANISATION_ADMIN})
    viewer = Viewer(row.user_id, row.organisation_id, "", "", roles, "")
    return Desk(desk.keyring, desk.settings, viewer, desk.now)


def _locked(session: Session, desk: Desk, list_id: UUID) -> Any:
    mine = and_(PeopleList.id == list_id, PeopleList.organisation_id == desk.viewer.organisation_id)
    row = lock_row(session, select(PeopleList.__table__).where(mine)) if keeps_people(desk.viewer) else None
    if row is None:
        raise Missing
    return row


def _set(session: Session, list_id: UUID, **values: Any) -> None:
    session.execute(update(PeopleList).where(PeopleList.id == list_id).values(**values), execution_options=_NO_SYNC)
