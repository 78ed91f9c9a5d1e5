"""Any order of commands: no state outside the table, no read after a withdrawal, nothing past or beyond a consent."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import func, select

from core.consent.rules import AgeBand
from core.consent.services import ConsentMissing
from core.kernel.db import dialect_name
from core.kernel.errors import DomainError, Missing
from core.referrals import services
from core.referrals.models import BlockSeal, Referral, ReferralBlock, ReferralCase, ReferralPreview
from core.referrals.rules.vocabulary import Kind
from core.referrals.rules.workflow import HELD, LIVE, PENDING, TABLE, TERMINAL, State
from core.referrals.services import Onward, send_onward
from core.referrals.services.clockwork import finish_withdrawals, run_clocks
from tests.support.referrals import BLOCKS, CLOCK, NOW, WORD, build, consent, send

KINDS = st.sampled_from([Kind.TRANSFER, Kind.REFERENCE])
#: Most of the time someone concerned, else hardly anything ever happens.
PEOPLE = st.sampled_from(["recipient", "recipient", "recipient", "sender", "sender", "maison", "coup_de_coeur"])
REACHABLE = {(state, line.next) for (state, _), line in TABLE.items() if line.next is not None}
REACHABLE |= {(State.SUSPENDED, state) for state in LIVE}
#: What one command may do to a referral it was not asked about (cascades), and two lines in one step.
SEVERAL = {(a, c) for a, b in REACHABLE for b2, c in REACHABLE if b is b2}


class Network(RuleBasedStateMachine):
    """Commands in any order by anyone. `agreed`: referral → (blocks, end of the consent in force)."""

    session = None
    keyring = None

    def __init__(self):
        super().__init__()
        self.savepoint = self.session.begin_nested()
        self.world = build(self.session, self.keyring)
        self.now = NOW
        self.codes = []
        self.agreed = {}
        self.case = {}
        self.gone = set()
        self.suspended = {}
        self.before = {}

    def teardown(self):
        self.savepoint.rollback()
        self.session.expire_all()

    def pick(self, number):
        return self.codes[number % len(self.codes)]

    def who(self, code, person):
        row = self.session.execute(select(Referral.__table__).where(Referral.code == code)).one()
        side = {"recipient": row.recipient_id, "sender": row.sender_id}.get(person)
        names = {organisation: name for name, organisation in self.world.organisations.items()}
        return self.world.viewer(names[side] if side else person)

    def attempt(self, work):
        """A refusal is a value here: what it had begun is undone, as the transaction of a request is."""
        try:
            with self.session.begin_nested():
                return work()
        except DomainError as error:
            return error

    def know(self, code, given):
        row = self.session.execute(select(Referral.__table__).where(Referral.code == code)).one()
        self.codes.append(code)
        self.case[code] = row.case_id
        self.agreed[code] = (given.blocks, self.now + timedelta(days=90))

    @precondition(lambda self: len(self.codes) < 4)
    @rule(recipient=st.sampled_from(["chrysalide", "coup_de_coeur"]), blocks=st.sets(st.sampled_from(sorted(BLOCKS))))
    def submit(self, recipient, blocks):
        given = consent(self.world, recipient, blocks=frozenset(blocks), obtained_at=self.now)
        contents = {block: BLOCKS[block] for block in blocks}
        sent = send(self.session, self.world, recipient, at=self.now, consents=(given,), blocks=contents)
        self.know(sent.code, given)

    @precondition(lambda self: self.codes)
    @rule(
        number=st.integers(0, 9),
        person=PEOPLE,
        act=st.sampled_from(
            [
                "claim",
                *["accept"] * 6,
                "decline",
                "retract",
                "close",
                "reached",
                "missed",
                "called",
                "ask",
                "answer",
                "reconfirm",
                "copy",
                "release",
            ]
        ),
    )
    def command(self, number, person, act):
        code = self.pick(number)
        viewer = self.who(code, person)
        session, keyring, now = self.session, self.keyring, self.now
        work = {
            "claim": lambda: services.claim_referral(session, viewer, code, now),
            "release": lambda: services.release_referral(session, viewer, code, now),
            "accept": lambda: services.accept_referral(session, keyring, viewer, code, now),
            "decline": lambda: services.decline_referral(session, viewer, code, "full", now),
            "retract": lambda: services.retract_referral(session, viewer, code, now),
            "close": lambda: services.close_referral(session, viewer, code, "served", now),
            "reached": lambda: services.log_attempt(session, viewer, code, "reached", "phone", now),
            "missed": lambda: services.log_attempt(session, viewer, code, "missed", "phone", now),
            "called": lambda: services.log_attempt(session, viewer, code, "she_called", "phone", now),
            "ask": lambda: services.ask_sender(session, keyring, viewer, code, "need", "Et ?", now),
            "answer": lambda: services.answer_receiver(session, keyring, viewer, code, "Voilà.", now),
            "reconfirm": lambda: services.reconfirm_with_her(session, viewer, code, now),
            "copy": lambda: services.copy_for_our_record(session, keyring, viewer, code, now),
        }[act]
        result = self.attempt(work)
        if not isinstance(result, DomainError) and act in ("accept", "copy", "reconfirm", "reached", "missed"):
            assert self.case[code] not in self.gone
            assert self.case[code] not in self.suspended
            assert self.now < self.agreed[code][1]

    @precondition(lambda self: self.codes and len(self.codes) < 6)
    @rule(number=st.integers(0, 9), blocks=st.sets(st.sampled_from(sorted(BLOCKS))), kind=KINDS)
    def transfer(self, number, blocks, kind):
        code = self.pick(number)
        row = self.session.execute(select(Referral.__table__).where(Referral.code == code)).one()
        holder = "chrysalide" if row.recipient_id == self.world.organisations["chrysalide"] else "coup_de_coeur"
        other = "coup_de_coeur" if holder == "chrysalide" else "chrysalide"
        given = consent(
            self.world,
            other,
            kind.value,
            blocks=frozenset(blocks),
            obtained_at=self.now,
            age_band=AgeBand.FROM_25_TO_34,
        )
        what = Onward(key=f"onward-{len(self.codes)}-{code}", kind=kind, consent=given)
        viewer = self.world.viewer(holder)
        result = self.attempt(
            lambda: send_onward(self.session, self.keyring, viewer, code, what, clock=CLOCK, now=self.now)
        )
        if not isinstance(result, DomainError):
            assert self.case[code] not in self.gone | self.suspended.keys()
            if result.created:
                self.know(result.code, given)

    @precondition(lambda self: self.codes)
    @rule(number=st.integers(0, 9), person=PEOPLE, really=st.sampled_from([False, False, True]))
    def withdraw(self, number, person, really):
        code = self.pick(number)
        if not really:  # rarely enough that cases live long before
            return
        services.withdraw_case(self.session, self.keyring, self.who(code, person), code, self.now)
        self.gone.add(self.case[code])
        self.suspended.pop(self.case[code], None)

    @precondition(lambda self: self.codes)
    @rule(number=st.integers(0, 9), really=st.sampled_from([False, False, True]))
    def withdraw_herself(self, number, really):
        code = self.pick(number)
        if not really:
            return
        before = services.follow(self.session, self.keyring, code, WORD, self.now)
        view = services.withdraw_herself(self.session, self.keyring, code, WORD, self.now)
        if view is not None and before.can_withdraw:
            self.suspended[self.case[code]] = self.now

    @precondition(lambda self: self.codes)
    @rule(number=st.integers(0, 9))
    def resume_herself(self, number):
        code = self.pick(number)
        case, at = self.case[code], self.suspended.get(self.case[code])
        view = services.resume_herself(self.session, self.keyring, code, WORD, self.now)
        if view is not None and at is not None and self.now < at + timedelta(hours=72):
            assert not view.can_resume
            del self.suspended[case]
        if case in self.gone:
            assert view is None or view.status == "closed"

    @rule(hours=st.sampled_from([1, 73, 24 * 91]))
    def time_passes(self, hours):
        self.now += timedelta(hours=hours)
        run_clocks(self.session, self.keyring, CLOCK, self.now)
        finish_withdrawals(self.session, self.now)
        for case, at in list(self.suspended.items()):
            if self.now >= at + timedelta(hours=72):
                self.gone.add(case)
                del self.suspended[case]

    @precondition(lambda self: self.codes)
    @rule(number=st.integers(0, 9), person=PEOPLE)
    def read(self, number, person):
        code = self.pick(number)
        viewer = self.who(code, person)
        row = self.session.execute(select(Referral.__table__).where(Referral.code == code)).one()
        state = State(row.state)
        page = self.attempt(lambda: services.open_referral(self.session, self.keyring, viewer, code, self.now))
        sides = {row.sender_id, row.recipient_id}
        if viewer.organisation_id not in sides:
            assert isinstance(page, Missing)
            return
        if viewer.organisation_id == row.recipient_id and state in (State.WITHDRAWN, State.SUSPENDED):
            assert isinstance(page, Missing), "like something that never was"
        if isinstance(page, DomainError):
            assert self.case[code] in self.gone | self.suspended.keys()
            return
        shown = {block.kind for block in page.blocks}
        blocks, end = self.agreed[code]
        assert shown <= blocks
        if self.case[code] in self.gone | self.suspended.keys() or self.now >= end:
            assert shown == set()
            assert not [entry for entry in page.entries if entry.text]
        if viewer.organisation_id == row.recipient_id and state in PENDING:
            assert shown == set()
        if viewer.organisation_id == row.sender_id and state not in PENDING:
            assert (shown, page.entries, page.preview, page.state) == (set(), (), None, None)

    @invariant()
    def states_move_along_the_table(self):
        now = {row.id: State(row.state) for row in self.session.execute(select(Referral.id, Referral.state))}
        for referral_id, state in now.items():
            old = self.before.get(referral_id)
            if old is not None and old is not state:
                assert (old, state) in REACHABLE | SEVERAL, (old, state)
                assert old not in TERMINAL
        self.before = now

    @invariant()
    def withdrawn_cases_hold_nothing(self):
        out = self.gone | self.suspended.keys()
        if not out:
            return
        seals = self.session.execute(
            select(func.count())
            .select_from(BlockSeal)
            .join(ReferralBlock, ReferralBlock.id == BlockSeal.block_id)
            .join(Referral, Referral.id == ReferralBlock.referral_id)
            .where(Referral.case_id.in_(out))
        ).scalar_one()
        assert seals == 0
        if self.gone:
            left = self.session.execute(
                select(func.count())
                .select_from(ReferralBlock)
                .join(Referral, Referral.id == ReferralBlock.referral_id)
                .where(Referral.case_id.in_(self.gone))
            ).scalar_one()
            previews = self.session.execute(
                select(func.count())
                .select_from(ReferralPreview)
                .join(Referral, Referral.id == ReferralPreview.referral_id)
                .where(Referral.case_id.in_(self.gone))
            ).scalar_one()
            assert (left, previews) == (0, 0)

    @invariant()
    def one_organisation_at_most_is_responsible(self):
        rows = self.session.execute(
            select(Referral.case_id, func.count())
            .where(Referral.responsible, Referral.state.in_(sorted(HELD)))
            .group_by(Referral.case_id)
        ).all()
        assert all(count <= 1 for _, count in rows)

    @invariant()
    def seals_belong_to_the_side_whose_turn_it_is(self):
        rows = self.session.execute(
            select(Referral.state, Referral.sender_id, Referral.recipient_id, BlockSeal.organisation_id)
            .select_from(BlockSeal)
            .join(ReferralBlock, ReferralBlock.id == BlockSeal.block_id)
            .join(Referral, Referral.id == ReferralBlock.referral_id)
            .join(ReferralCase, ReferralCase.id == Referral.case_id)
            .where(ReferralBlock.kind != "thread")
        )
        for state, sender, recipient, holder in rows:
            assert holder == (sender if State(state) in PENDING else recipient)


@pytest.mark.slow
def test_any_order_of_commands_keeps_the_promises(session, keyring):
    # The rules are the same on both engines and the sequences too: the first of them show what SQL could change
    sequences = 25 if dialect_name(session) == "sqlite" else 10
    machine = type("OnThisEngine", (Network,), {"session": session, "keyring": keyring})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_an_expired_consent_is_never_enough(session, keyring):
    """The control of the property: with the clock alone past expiry, the refusal has the right name."""
    world = build(session, keyring)
    sent = send(session, world)
    with pytest.raises(ConsentMissing):
        services.accept_referral(session, keyring, world.viewer("chrysalide"), sent.code, NOW + timedelta(days=90))
