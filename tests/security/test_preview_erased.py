"""When an offer ends without being received, what was read before acceptance goes everywhere: corrections included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.kernel.crypto import Keyring
from core.kernel.db import Base
from core.referrals import services
from core.referrals.models import ReferralEntry
from core.reports.models import ReportFact
from tests.support.referrals import NOW, World, build, send

ENDS: dict[str, Callable[[Session, World, str], Any]] = {
    "declined": lambda session, world, code: services.decline_referral(
        session, world.viewer("chrysalide"), code, "full", NOW
    ),
    "retracted": lambda session, world, code: services.retract_referral(session, world.viewer("police"), code, NOW),
    "withdrawn": lambda session, world, code: services.withdraw_case(
        session, world.keyring, world.viewer("maison"), code, NOW
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_no_row_remembers_what_was_observed(session: Session, keyring: Keyring, end: str) -> None:
    world = build(session, keyring)
    code = send(session, world, facts=frozenset({"suicidal_thoughts"})).code
    police = world.viewer("police")
    services.amend_preview(session, police, code, {"facts": ["violence_ongoing"]}, "correction", NOW)
    services.amend_preview(session, police, code, {"facts": ["in_cycle"]}, "correction", NOW)
    ENDS[end](session, world, code)
    rows = [
        (table.name, str(row))
        for table in Base.metadata.sorted_tables
        if table.name != ReportFact.__tablename__
        for row in session.execute(select(table))
    ]
    for observed in ("suicidal_thoughts", "violence_ongoing", "in_cycle"):
        assert [name for name, row in rows if observed in row] == []
    corrected = select(ReferralEntry.codes).where(ReferralEntry.kind == "amended")
    assert all(codes == {"field": "facts", "reason": "correction"} for codes in session.execute(corrected).scalars())
