"""What a step of the fund tells, mails and notes: for the table of every step, and for what time does."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from core.testing.network import Network

from .. import models
from ..queries.money_access import Standing, standing_of
from . import voting as h
from .test_money_pages import colleague

PARTNER, PAYER = "police-repentigny", "calacs-chrysalide"
TABLES = models.AidRequest.metadata.tables
#: What an event may carry besides its kind: a code of request or of vote, an identifier, the committee's name, nothing.
REFERENCE = re.compile(r"^(|[FV]-[0-9A-Z]{4}-[0-9A-Z]{2}|[0-9a-f-]{36}|bien-etre)$")


class Steps:
    """Each step in a transaction of its own; what it told, mailed and noted is compared with its row of the table."""

    def __init__(self, network: Network) -> None:
        self.network, self.second = network, colleague(network)
        self.seen: dict[str, set[Any]] = {}
        self.watch("", lambda session: None)
        with network.database.transaction(write=False) as session:
            seats = TABLES["committee_seats"]
            self.chair = network.viewer(h.CHAIR)
            self.standing = standing_of(session, network.viewer(PAYER), "calacs-la-chrysalide", network.clock.now())
            assert self.standing.pays
            assert session.scalar(select(seats.c.id).where(seats.c.user_id == self.chair.user_id)) is not None
        self.chairing = Standing(self.standing.committee_id, self.standing.holder_id, chairs=True)

    def desk(self, persona: str) -> Any:
        return h.desk(self.network, persona)

    def watch(self, step: str, act: Callable[[Any], Any]) -> tuple[Any, set[str], int, set[str]]:
        """(what it gave, kinds of its events, how many messages, actions of its lines)."""
        with self.network.database.transaction() as session:
            given = act(session)
        new: dict[str, list[Any]] = {}
        with self.network.database.transaction(write=False) as session:
            for name, columns in (
                ("outbox_events", ("kind", "ref")),
                ("outgoing_mail", ()),
                ("journal_entries", ("line",)),
            ):
                table = TABLES[name]
                rows = session.execute(select(table)).all()
                key = [one.name for one in table.primary_key.columns]
                known = self.seen.setdefault(name, set())
                found = [one for one in rows if tuple(str(one._mapping[part]) for part in key) not in known]
                known |= {tuple(str(one._mapping[part]) for part in key) for one in rows}
                new[name] = [tuple(one._mapping[column] for column in columns) for one in found]
        for _kind, ref in new["outbox_events"] if step else ():
            assert REFERENCE.match(ref), (step, ref)
        lines = [json.loads(line)["action"] for (line,) in new["journal_entries"]]
        return given, {kind for kind, _ref in new["outbox_events"]}, len(new["outgoing_mail"]), set(lines)

    def check(self, step: str, act: Callable[[Any], Any], event: str, line: str, *, mailed: bool = True) -> Any:
        given, kinds, mails, lines = self.watch(step, act)
        assert event in kinds, (step, kinds)
        assert line in lines, (step, lines)
        assert (mails > 0) == mailed, (step, mails)
        return given
