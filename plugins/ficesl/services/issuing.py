"""Attestations are issued by rule: when a credit completes a training, and when somebody asks.

Many credits may come at once (an import): they are looked at by batches, each in its own transaction.
"""

from __future__ import annotations

import secrets
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, Event, House, emit, lock_chains, new_id, record_each

from ..attendance_events import UNHEARD
from ..models import AttestationRow, Course, Credit, Learner, Prerequisite, Version
from ..queries.attestations import best_version, credits_of, earlier_of, local_day, parts_of_courses
from ..rules.attestations import last_day, new_check_code, to_issue
from ..rules.badges import LIST_BITS
from .readiness import refresh

#: Goes on with the next batch; the reference is `<course>:<since>:<last learner>`.
NEXT = "ficesl.attest_next"
#: The reference is the course's code.
ISSUED = "ficesl.attested"
BATCH = 300
#: A credit may be written a little before its event.
SLACK = timedelta(minutes=10)
#: Lists are filled to this share, so that a free bit is found at once.
_FILLED = LIST_BITS * 3 // 4


def attest_credited(session: Session, event: Event, _house: House) -> None:
    """Subscriber of `ficesl.credited` and of `NEXT`: issue what these credits complete."""
    code, _, rest = event.ref.partition(":")
    since, after = event.at - SLACK, UUID(int=0)
    if rest:
        seconds, _, last = rest.partition(":")
        since, after = datetime.fromtimestamp(int(seconds), UTC), UUID(last)
    course_id = session.scalar(select(Course.id).where(Course.code == code))
    if course_id is None:
        return
    recent = (
        select(Credit.learner_id)
        .where(Credit.course_id == course_id, Credit.at >= since, Credit.learner_id > after)
        .distinct()
        .order_by(Credit.learner_id)
        .limit(BATCH)
    )
    learners = list(session.scalars(recent))
    attest(session, learners, [course_id], event.at)
    if len(learners) == BATCH:
        ref = f"{code}:{int(since.timestamp())}:{learners[-1]}"
        emit(session, NEXT, ref, topics=[UNHEARD], now=event.at)


def attest(
    session: Session, learner_ids: Sequence[UUID], course_ids: Collection[UUID], now: datetime
) -> tuple[str, ...]:
    """Issue what is due to these learners in these courses, then in the courses that ask for those; the new codes.

    A number of statements that depends on neither learners nor courses, but on how far prerequisites lead.
    """
    if not learner_ids:
        return ()
    issued: list[dict[str, Any]] = []
    wanted, learners = set(course_ids), list(learner_ids)
    looked: set[UUID] = set()
    while wanted:
        looked |= wanted
        new = _due(session, learners, wanted, now)
        if not new:
            break
        _write(session, new, now)
        issued += new
        completed = {row["course_id"] for row in new}
        following = (
            select(Version.course_id)
            .join(Prerequisite, Prerequisite.version_id == Version.id)
            .where(Prerequisite.course_id.in_(completed), Version.state != "draft")
        )
        wanted = set(session.scalars(following)) - looked
        learners = [one for one in learners if any(row["learner_id"] == one for row in new)]
    if issued:
        courses = {row["course_id"] for row in issued}
        refresh(session, now, courses=courses, organisations={row["organisation_id"] for row in issued})
    return tuple(str(row["code"]) for row in issued)


def _due(session: Session, learners: Sequence[UUID], courses: Collection[UUID], now: datetime) -> list[dict[str, Any]]:
    today = local_day(now)
    versions = parts_of_courses(session, courses)
    credits = credits_of(session, learners, courses)
    earlier = earlier_of(session, learners, today)
    people = session.execute(
        select(Learner.id, Learner.organisation_id).where(Learner.id.in_(learners), Learner.erased_at.is_(None))
    )
    new: list[dict[str, Any]] = []
    for person in people:
        for course_id, ones in versions.items():
            best = best_version(ones, credits.get((person.id, course_id), ()), person.id, earlier)
            if best is None:
                continue
            version, done = best
            before = earlier.get((person.id, course_id))
            if not to_issue(done, version.id, before.issued if before else ()) or done.on_day is None:
                continue
            new.append(
                {
                    "id": new_id(),
                    "learner_id": person.id,
                    "organisation_id": person.organisation_id,
                    "course_id": course_id,
                    "version_id": version.id,
                    "minutes": done.minutes,
                    "issued_on": done.on_day,
                    "expires_on": last_day(done.on_day, version.validity_months),
                    "at": now,
                }
            )
    return new


def _write(session: Session, new: list[dict[str, Any]], now: datetime) -> None:
    codes = _free_codes(session, len(new))
    bits = _free_bits(session, len(new))
    for row, code, bit in zip(new, codes, bits, strict=True):
        row["code"], row["status_index"] = code, bit
    session.execute(insert(AttestationRow), new)
    by_course: dict[Any, Counter[UUID]] = defaultdict(Counter)
    for row in new:
        by_course[row["course_id"]][row["organisation_id"]] += 1
    courses = session.execute(select(Course.id, Course.code).where(Course.id.in_(list(by_course))))
    names = {row.id: row.code for row in courses}
    holders = {holder for counts in by_course.values() for holder in counts}
    if len(holders) > 1:
        lock_chains(session, holders)
    for course_id in sorted(by_course, key=str):
        counts = by_course[course_id]
        record_each(
            session,
            {holder: {"people": count} for holder, count in counts.items()},
            actor=ANONYMOUS,
            action="ficesl.attested",
            subject=f"course:{names[course_id]}",
            now=now,
        )
        topics = {f"org:{holder}" for holder in counts} | {"network"}
        emit(session, ISSUED, names[course_id], topics=sorted(topics), now=now)


def _free_codes(session: Session, count: int) -> list[str]:
    found: set[str] = set()
    while len(found) < count:
        drawn = {new_check_code() for _ in range(count - len(found))}
        taken = session.scalars(select(AttestationRow.code).where(AttestationRow.code.in_(drawn)))
        found |= drawn - set(taken)
    return sorted(found, key=lambda _: secrets.randbits(32))


def _free_bits(session: Session, count: int) -> list[int]:
    """Bits nobody has, at random in the list being filled: an index must not tell the order of attestations."""
    total = session.scalar(select(func.count()).select_from(AttestationRow)) or 0
    first = (total // _FILLED) * LIST_BITS
    found: set[int] = set()
    while len(found) < count:
        drawn = {first + secrets.randbelow(LIST_BITS) for _ in range(count - len(found))}
        taken = session.scalars(select(AttestationRow.status_index).where(AttestationRow.status_index.in_(drawn)))
        found |= drawn - set(taken)
    return list(found)
