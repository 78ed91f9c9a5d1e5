"""S17: a thousand actions by random people; every stream says a kind and a reference, nobody hears a foreign one."""

from __future__ import annotations

import asyncio
import json
import random
from collections import defaultdict
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.consent.rules import SenderMayLearn
from core.kernel.crypto import Keyring
from core.kernel.db import Database
from core.kernel.errors import DomainError
from core.kernel.events import OutboxEvent, topics_for
from core.referrals import services
from core.referrals.access import ReferralFacts, may_read
from core.referrals.models import Referral, ReferralRestriction
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import PENDING, State
from core.referrals.services import Onward, send_onward
from core.referrals.services.clockwork import finish_withdrawals, run_clocks
from core.testing.server import serving
from tests.support.live import Client, LiveApp, stream
from tests.support.referrals import CLOCK, NOW, World, build, consent, send
from tests.support.secrets import Secrets, leaks

ACTIONS = 1_000
#: Kinds that exist between both sides while the sender still holds what it wrote.
SHARED = {"referral.submitted", "referral.question", "referral.answer", "referral.amended"}


class Script:
    """People who do anything to any referral, most often one that concerns them. Refusals are part of it."""

    def __init__(self, session_of: Database, world: World, seed: int) -> None:
        self.database, self.world, self.chance = session_of, world, random.Random(seed)
        self.secrets = Secrets(seed)
        self.keyring, self.now = world.keyring, NOW
        self.words: dict[str, str] = {}
        self.done = self.refused = 0
        self.seen: set[Any] = set()
        #: reference -> people who may know of it when an event about it was told
        self.allowed: dict[str, set[str]] = defaultdict(set)
        self.told = 0
        self.people = {
            f"{name} {person}": world.viewer(name, person) for name in world.organisations for person in range(2)
        }
        self.people["coordination"] = world.viewer("hopital", 5, roles=frozenset({Role.NETWORK_COORDINATION}))

    def step(self) -> None:
        with_code = bool(self.words) and self.chance.random() > 0.07
        code = self.chance.choice(list(self.words)) if with_code else ""
        try:
            with self.database.transaction() as session:
                self.act(session, code) if code else self.submit(session)
                self.check_audience(session)
            self.done += 1
        except DomainError:
            self.refused += 1

    def submit(self, session: Session) -> None:
        recipient = self.chance.choice(["chrysalide", "coup_de_coeur"])
        learn = self.chance.choice(list(SenderMayLearn))
        shunned = [name for name in ("hopital", "maison", "coup_de_coeur") if name != recipient]
        word = self.secrets.name()
        sent = send(
            session,
            self.world,
            recipient,
            at=self.now,
            follow_word=word,
            consents=(consent(self.world, recipient, sender_may_learn=learn, obtained_at=self.now),),
            blocks={
                "identity": {"first_name": self.secrets.name()},
                "contact": {"way": "phone", "phone": self.secrets.phone()},
                "situation": {"note": self.secrets.text()},
            },
            restricted=frozenset({self.world.organisations[self.chance.choice(shunned)]}),
        )
        self.words[sent.code] = word

    def someone(self, session: Session, code: str) -> Viewer:
        row = session.execute(select(Referral.__table__).where(Referral.code == code)).one()
        names = {organisation: name for name, organisation in self.world.organisations.items()}
        sides = [names[side] for side in (row.recipient_id, row.recipient_id, row.sender_id) if side]
        if self.chance.random() < 0.15:
            return self.chance.choice(list(self.people.values()))
        return self.world.viewer(self.chance.choice(sides), self.chance.choice([0, 0, 1]))

    def act(self, session: Session, code: str) -> None:
        viewer, keyring, now, word = self.someone(session, code), self.keyring, self.now, self.words[code]
        text = self.secrets.text
        acts = [
            lambda: services.claim_referral(session, viewer, code, now),
            lambda: services.release_referral(session, viewer, code, now),
            lambda: services.ask_sender(session, keyring, viewer, code, "other", text(), now),
            lambda: services.answer_receiver(session, keyring, viewer, code, text(), now),
            lambda: services.accept_referral(session, keyring, viewer, code, now),
            lambda: services.accept_referral(session, keyring, viewer, code, now),
            lambda: services.decline_referral(session, viewer, code, "full", now),
            lambda: services.retract_referral(session, viewer, code, now),
            lambda: services.log_attempt(session, viewer, code, "missed", "phone", now),
            lambda: services.log_attempt(session, viewer, code, "reached", "phone", now),
            lambda: services.reconfirm_with_her(session, viewer, code, now),
            lambda: services.set_priority(session, viewer, code, 1, "team_decision", now),
            lambda: services.open_referral(session, keyring, viewer, code, now),
            lambda: services.copy_for_our_record(session, keyring, viewer, code, now),
            lambda: services.close_referral(session, viewer, code, "served", now),
            lambda: services.amend_preview(session, viewer, code, {"needs": ["legal"]}, "correction", now),
            lambda: services.amend_block(
                session, keyring, viewer, code, "situation", {"note": text()}, "correction", now
            ),
            lambda: services.restrict_organisation(
                session, viewer, code, self.chance.choice(list(self.world.organisations.values())), "safety", now
            ),
            lambda: self.onward(session, viewer, code),
            lambda: services.change_contact(session, keyring, code, word, {"trusted": self.secrets.name()}, now),
            lambda: services.stop_calls(session, keyring, code, word, now),
            lambda: services.withdraw_case(session, keyring, viewer, code, now),
            lambda: services.withdraw_herself(session, keyring, code, word, now),
            lambda: services.resume_herself(session, keyring, code, word, now),
            lambda: self.time_passes(session),
        ]
        self.chance.choice(acts)()

    def onward(self, session: Session, viewer: Viewer, code: str) -> None:
        recipient = self.chance.choice(["chrysalide", "coup_de_coeur"])
        kind = self.chance.choice([Kind.TRANSFER, Kind.REFERENCE])
        given = consent(self.world, recipient, kind.value, obtained_at=self.now)
        what = Onward(key=f"onward-{self.chance.randint(0, 10**9)}", kind=kind, consent=given)
        sent = send_onward(session, self.keyring, viewer, code, what, clock=CLOCK, now=self.now)
        self.words[sent.code] = self.words[code]

    def time_passes(self, session: Session) -> None:
        self.now += timedelta(hours=self.chance.choice([1, 13, 30]))
        run_clocks(session, self.keyring, CLOCK, self.now)
        finish_withdrawals(session, self.now)

    def check_audience(self, session: Session) -> None:
        """Each new event against the rule of visibility, in the very transaction that wrote it."""
        # What this transaction wrote has no place in the stream yet: the others were looked at in theirs
        for event in session.execute(select(OutboxEvent).where(OutboxEvent.stream_seq.is_(None))).scalars():
            if event.id in self.seen:
                continue
            self.seen.add(event.id)
            row = session.execute(select(Referral.__table__).where(Referral.code == event.ref)).first()
            assert row is not None, "an event names a referral that exists"
            shunned = set(
                session.execute(
                    select(ReferralRestriction.organisation_id).where(ReferralRestriction.case_id == row.case_id)
                ).scalars()
            )
            facts = ReferralFacts(
                State(row.state),
                row.origin_id,
                row.sender_id,
                row.recipient_id,
                row.sender_user_id,
                row.submitted_at is not None,
                frozenset(shunned),
            )
            for name, viewer in self.people.items():
                if not topics_for(viewer) & set(event.topics):
                    continue
                if Role.NETWORK_COORDINATION in viewer.roles:
                    # Content never: that a reference is past its clock, and nothing else (rule §3 (8))
                    assert event.kind == "referral.escalated", event.kind
                else:
                    assert may_read(viewer, facts).allowed, (name, event.kind)
                outside = viewer.organisation_id == row.sender_id
                if outside and State(row.state) not in PENDING and event.kind not in SHARED:
                    assert event.kind == "referral.status", event.kind
                self.allowed[event.ref].add(name)
                self.told += 1


@pytest.mark.slow
def test_a_thousand_actions_and_no_stream_says_more_than_a_kind_and_a_reference(
    sqlite_url: str, keyring: Keyring
) -> None:
    database = Database(sqlite_url)
    with database.transaction() as session:
        world = build(session, keyring)
    script = Script(database, world, 17)
    app = LiveApp(database)
    heard: dict[str, Client] = {}

    async def scenario(port: int) -> None:
        async with AsyncExitStack() as stack:
            for name, viewer in script.people.items():
                topics = ",".join(sorted(topics_for(viewer)))
                who = f"{topics};{viewer.session_id};{viewer.user_id};{viewer.organisation_id}"
                heard[name] = await stack.enter_async_context(stream(port, who))
            async with asyncio.timeout(60):
                while len(app.hub) < len(heard):
                    await asyncio.sleep(0.01)
            for _ in range(ACTIONS):
                await asyncio.to_thread(script.step)
            async with asyncio.timeout(60):
                while sum(len(client.frames) for client in heard.values()) < script.told:
                    await asyncio.sleep(0.02)
            await asyncio.sleep(0.3)

    with serving(app) as server:
        asyncio.run(scenario(server.port))
    assert script.done > 250, "most of the script is refused, and enough of it is not"
    assert len(script.words) > 20
    assert sum(len(client.frames) for client in heard.values()) == script.told > 200
    for name, client in heard.items():
        for frame in client.frames:
            assert set(json.loads(frame.raw.split(b"data: ")[1].split(b"\r\n")[0])) == {"kind", "ref"}
            assert name in script.allowed[frame.ref], (name, frame.kind)
    for name in ("police 1", "maison 0", "maison 1", "hopital 0"):
        assert heard[name].frames == [], f"{name} is party to nothing"
    raw = {name: b"".join(frame.raw for frame in client.frames) for name, client in heard.items()}
    assert leaks(raw, script.secrets.made) == {}
    with database.transaction(write=False) as session:
        rows = [list(row) for row in session.execute(select(OutboxEvent.__table__))]
    assert leaks({"outbox": str(rows).encode()}, script.secrets.made) == {}
    database.dispose()
