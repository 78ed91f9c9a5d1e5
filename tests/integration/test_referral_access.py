"""The rule of visibility and its SQL twin agree; the database itself refuses an offer without its consent."""

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from core.access.registry import Registry
from core.access.rules import ALLOWED, deny
from core.access.viewer import ANONYMOUS, Role
from core.kernel.db import new_id
from core.kernel.errors import Stale
from core.referrals import services
from core.referrals.access import ReferralFacts, may_read, visible_referrals
from core.referrals.models import Referral, ReferralCase, ReferralRestriction
from core.referrals.rules.workflow import State
from core.referrals.services.loading import load, move
from tests.support.referrals import NOW, build, send


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


NAMES = ("police", "hopital", "maison", "chrysalide", "coup_de_coeur")
offers = st.lists(
    st.tuples(
        st.sampled_from(State),
        st.sampled_from(NAMES),
        st.sampled_from([*NAMES, None]),
        st.sampled_from(NAMES),
        st.integers(0, 1),
        st.sampled_from([(), ("police",), ("chrysalide",), ("maison", "coup_de_coeur")]),
    ),
    min_size=1,
    max_size=8,
)
ROLES = [frozenset({role}) for role in Role] + [frozenset(), frozenset({Role.WORKER, Role.COMMITTEE_MEMBER})]


def populate(session, world, drawn):
    """Really sent offers, each in its own case, then put in the drawn state and hands; drafts have no consent."""
    facts = {}
    for state, origin, sender, recipient, person, restricted in drawn:
        receiver = recipient if recipient in ("chrysalide", "coup_de_coeur") else "chrysalide"
        if sender == receiver:
            continue
        sent = send(session, world, receiver)
        values = {
            "state": state.value,
            "origin_id": world.organisations[origin],
            "sender_id": world.organisations[sender] if sender else None,
            "sender_user_id": world.viewer(sender or origin, person).user_id,
        }
        if state is State.DRAFT or (state is State.EXPIRED and person):
            values |= {"consent_id": None, "submitted_at": None}
        session.execute(update(Referral).where(Referral.code == sent.code).values(values))
        row = session.execute(select(Referral.__table__).where(Referral.code == sent.code)).one()
        for name in restricted:
            session.execute(
                insert(ReferralRestriction).values(
                    case_id=row.case_id,
                    organisation_id=world.organisations[name],
                    reason="safety",
                    added_by=new_id(),
                    added_at=NOW,
                )
            )
        facts[row.id] = row._mapping, frozenset(world.organisations[name] for name in restricted)
    return facts


def agree(session, rows, viewer):
    """The codes that SQL shows this viewer are those that the rule allows; how many."""
    found = set(session.execute(select(Referral.id).where(visible_referrals(viewer))).scalars())
    expected = {
        referral_id
        for referral_id, (row, restricted) in rows.items()
        if may_read(
            viewer,
            ReferralFacts(
                State(row["state"]),
                row["origin_id"],
                row["sender_id"],
                row["recipient_id"],
                row["sender_user_id"],
                row["submitted_at"] is not None,
                restricted,
            ),
        ).allowed
    }
    assert found & rows.keys() == expected
    return len(expected)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(offers, st.sampled_from(NAMES), st.sampled_from(ROLES), st.integers(0, 1))
def test_sql_and_rule_agree(session, world, drawn, name, roles, person):
    with session.begin_nested() as savepoint:
        rows = populate(session, world, drawn)
        for viewer in (world.viewer(name, person, roles=roles), ANONYMOUS):
            agree(session, rows, viewer)
        savepoint.rollback()


def test_sql_and_rule_agree_on_every_kind_of_offer(session, world):
    """What twenty draws may miss: each state that counts, each sender and person, set aside or not, for each worker."""
    states = (State.DRAFT, State.SUBMITTED, State.ACCEPTED, State.EXPIRED)
    senders = (("police", "police"), ("hopital", "hopital"), ("police", None))
    asides = ((), ("police",), ("chrysalide",))
    every = [
        (state, origin, sender, "chrysalide", person, aside)
        for state, (origin, sender), person, aside in product(states, senders, (0, 1), asides)
    ]
    rows = populate(session, world, every)
    worker = frozenset({Role.WORKER})
    read = {
        name: [agree(session, rows, world.viewer(name, person, roles=worker)) for person in (0, 1)] for name in NAMES
    }
    assert min(read["police"] + read["hopital"] + read["chrysalide"]) > 5
    assert read["maison"] == [0, 0]


def test_a_plugin_restriction_applies_to_lists_and_pages_alike(session, world):
    sent = send(session, world)
    worker = world.viewer("chrysalide")
    registry = Registry()
    registry.register_rule("referral.read", may_read)
    registry.register_sql("referral.read", visible_referrals)
    registry.restrict(
        "referral.read",
        lambda viewer, facts: ALLOWED if facts.recipient_id != worker.organisation_id else deny("Non."),
        lambda viewer: Referral.recipient_id != worker.organisation_id,
    )
    row = session.execute(select(Referral).where(Referral.code == sent.code)).scalar_one()
    facts = ReferralFacts(State(row.state), row.origin_id, row.sender_id, row.recipient_id, row.sender_user_id, True)
    assert not registry.can(worker, "referral.read", facts).allowed
    assert session.execute(select(Referral.id).where(registry.visible(worker, "referral.read"))).all() == []


@pytest.mark.parametrize("column", ["consent_id", "recipient_id", "kind", "case_id", "submitted_at"])
def test_no_submitted_referral_without_its_own_consent(session, world, column):
    sent = send(session, world)
    other_case = new_id()
    session.execute(insert(ReferralCase).values(id=other_case, created_at=NOW, no_calls=False))
    wrong = {
        "consent_id": None,
        "recipient_id": world.organisations["coup_de_coeur"],
        "kind": "transfer",
        "case_id": other_case,
        "submitted_at": None,
    }[column]
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Referral).where(Referral.code == sent.code).values({column: wrong}))


def test_an_organisation_cannot_send_to_itself(session, world):
    sent = send(session, world)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(
            update(Referral).where(Referral.code == sent.code).values(sender_id=world.organisations["chrysalide"])
        )


def test_a_state_outside_the_table_is_refused_by_the_database(session, world):
    sent = send(session, world)
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(update(Referral).where(Referral.code == sent.code).values(state="forgotten"))


def test_what_moved_since_it_was_read_is_not_moved_again(session, world):
    sent = send(session, world)
    seen = load(session, world.viewer("chrysalide"), sent.code)
    move(session, seen, None, claimed_by=None)
    with pytest.raises(Stale):
        move(session, seen, None, claimed_by=None)


def test_an_administrator_reads_no_referral(session, world):
    sent = send(session, world)
    for role in set(Role) - {Role.WORKER, Role.INTAKE}:
        viewer = world.viewer("chrysalide", 5, roles=frozenset({role}))
        with pytest.raises(Exception, match="introuvable"):
            services.open_referral(session, world.keyring, viewer, sent.code, NOW + timedelta(minutes=1))
