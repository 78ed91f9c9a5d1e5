"""A presence corrected after its attestation was issued: revoked by rule, told, and made anew when corrected again."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from core.api import Event, new_id
from core.testing.network import Network

from ..attendance_events import TAKEN_BACK
from ..models import AttestationRow, Readiness
from ..queries.attestations import check
from ..rules.attendance import Mark
from ..rules.attestations import CORRECTED, Credit, Part, Status, still_stands
from ..services.attendance import SheetMark, mark_presences
from ..services.correcting import correct_attestations
from . import attesting as a
from . import training as h
from .test_attendance import TOLERANCE, Held

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@SQLITE
def test_minutes_taken_back_revoke_and_minutes_given_back_attest_anew(network: Network) -> None:
    version = h.a_course(network, modules=1)
    held = Held(network, people=2, version=version)
    first, second = held.learners
    course, _ = a.course_of(network, version)
    network.clock.advance(timedelta(hours=2))
    outbox, mail, journal = (
        AttestationRow.metadata.tables[name] for name in ("outbox_events", "outgoing_mail", "journal_entries")
    )

    def note(learner: object, present: bool, key: str, seen: str = "") -> None:
        """A mark, then what the dispatcher would deliver of it."""
        network.clock.advance(timedelta(minutes=1))
        now = network.clock.now()
        with network.database.transaction() as session:
            mark = SheetMark(learner, Mark(present), key, seen)  # type: ignore[arg-type]
            assert not mark_presences(session, h.desk(network), held.block(session), [mark], TOLERANCE).problems
        a.heard(network, version)
        with network.database.transaction() as session:
            wanted = (outbox.c.kind == TAKEN_BACK) & (outbox.c.created_at >= now)
            for ref in session.scalars(select(outbox.c.ref).where(wanted)).all():
                event = Event(new_id(), TAKEN_BACK, ref, (), now)
                for _ in range(2):  # an event may be delivered twice
                    correct_attestations(session, event, a.house(network))

    def count(table: object, *wanted: object) -> int:
        with network.database.transaction(write=False) as session:
            return len(session.execute(table.select().where(*wanted)).all())  # type: ignore[attr-defined]

    note(first, True, "k1")
    note(second, True, "k2")
    code, other = (a.attestations(network, learner_id=one)[0].code for one in (first, second))
    written, revoked = count(mail), journal.c.line.contains("attestation_revoked") & journal.c.line.contains(CORRECTED)
    note(first, False, "k3", "k1")
    with network.database.transaction(write=False) as session:
        now = network.clock.now()
        assert check(session, code, now) is Status.REVOKED
        assert check(session, other, now) is Status.VALID
        valid = select(Readiness.valid).where(Readiness.course_id == course, Readiness.people > 0)
        assert max(session.scalars(valid)) == 1
    gone = a.attestations(network, learner_id=first)[0]
    assert (gone.revoked_reason, gone.revoked_by) == (CORRECTED, None)
    assert count(mail) > written
    assert count(journal, revoked) == 1
    note(first, True, "k4", "k3")
    codes = {one.code: one.revoked_at for one in a.attestations(network, learner_id=first)}
    assert len(codes) == 2
    assert sorted(when is None for when in codes.values()) == [False, True]
    with network.database.transaction(write=False) as session:
        assert check(session, code, network.clock.now()) is Status.REVOKED


def test_what_is_credited_otherwise_still_stands() -> None:
    one, two = new_id(), new_id()
    parts = [Part(one, "A", 60), Part(two, "B", 60)]
    monday, friday = date(2026, 11, 16), date(2026, 11, 20)
    whole = [Credit(one, 60, monday), Credit(two, 60, friday)]
    assert still_stands(friday, parts, whole)
    assert still_stands(monday, parts, whole)  # done anew since
    assert not still_stands(friday, parts, whole[:1])
    assert not still_stands(friday, parts, [whole[0], Credit(two, 59, friday)])
    assert not still_stands(friday, parts, [whole[0], Credit(two, 60, monday)])  # the renewal was taken back
    assert not still_stands(friday, [], [])
