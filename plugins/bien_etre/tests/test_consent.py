"""A request made from a referral: her consent, the one-way link, and the pause that says no reason."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from core.api import (
    REFERRAL_WITHDRAWN,
    AgeBand,
    Attestation,
    ConsentInput,
    ConsentMissing,
    Event,
    Missing,
    Stopped,
    VoteRefused,
    new_id,
    organisation_by_slug,
    purpose_wording,
)
from core.testing.network import Network
from core.testing.referrals import a_referral, withdraw_referral

from ..models import AidRequest
from ..queries.requests import find_request
from ..services import consents, requests
from ..services.rounds import NotNow
from . import voting as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def consent(network: Network, **changes: Any) -> ConsentInput:
    network.serve_plugins()
    with network.database.transaction(write=False) as session:
        holder = organisation_by_slug(session, "calacs-la-chrysalide")
        assert holder is not None
    given: dict[str, Any] = {
        "recipient_id": holder.id,
        "blocks": frozenset({"needs"}),
        "age_band": AgeBand.FROM_18_TO_24,
        "wording_sha256": purpose_wording(consents.PURPOSE, "fr").sha256,
        "attestation": frozenset(one.value for one in Attestation),
    }
    return ConsentInput(**{**given, **changes})


def told(network: Network, code: str) -> None:
    """What the subscriber of a withdrawal does; twice, as the outbox may."""
    network.serve_plugins()
    house = SimpleNamespace(
        keyring=network.keyring, clock=network.clock, hooks=SimpleNamespace(settings=lambda name, kind: kind())
    )
    event = Event(new_id(), REFERRAL_WITHDRAWN, code, (), network.clock.now())
    for _ in range(2):
        with network.database.transaction() as session:
            consents.pause_withdrawn(session, event, house)  # type: ignore[arg-type]


@SQLITE
def test_a_withdrawn_consent_pauses_without_a_reason_and_stops_every_step(network: Network) -> None:
    code = a_referral(network, "police-repentigny")
    request_id = h.sent(network, "police-repentigny", referral=code, consent=consent(network))
    other = h.sent(network, amount=1_000)
    stored = h.row(network, request_id)
    # The link is a keyed hash: neither the code nor the case is anywhere in the row.
    with network.database.transaction(write=False) as session:
        values = session.execute(select(AidRequest.__table__).where(AidRequest.id == request_id)).one()
        assert code not in repr(tuple(values))
        member = find_request(session, network.keyring, network.viewer("bien-etre-1"), stored.code)
        assert member is not None
        assert not member.from_case
    withdraw_referral(network, "police-repentigny", code)
    # Before anybody is told, a ballot already meets the withdrawal.
    with pytest.raises(NotNow):
        h.vote(network, request_id, "bien-etre-1")
    told(network, code)
    stored = h.row(network, request_id)
    assert (stored.state, h.row(network, other).state) == ("paused", "voting")
    assert h.rounds_of(network, request_id)[-1].result == "abandoned"
    with pytest.raises((NotNow, VoteRefused)):
        h.vote(network, request_id, "bien-etre-1")
    with pytest.raises(NotNow, match="reprendre"), network.database.transaction() as session:
        requests.resume_request(session, h.desk(network, "police-repentigny"), request_id, stored.version)


@SQLITE
def test_a_consent_is_given_by_whom_it_can_and_about_a_referral_one_may_read(network: Network) -> None:
    code = a_referral(network, "police-repentigny")
    given = consent(network)
    with pytest.raises(Missing):
        h.sent(network, h.SEATED_ASKER, referral=code, consent=given)
    with pytest.raises(Missing):
        h.sent(network, "police-repentigny", referral="R-2222-22", consent=given)
    with pytest.raises(Stopped):
        h.sent(network, "police-repentigny", referral=code, consent=consent(network, age_band=AgeBand.FROM_12_TO_13))
    withdraw_referral(network, "police-repentigny", code)
    with pytest.raises(ConsentMissing):
        h.sent(network, "police-repentigny", referral=code, consent=given)
    with network.database.transaction(write=False) as session:
        assert session.scalars(select(AidRequest.id)).all() == []
