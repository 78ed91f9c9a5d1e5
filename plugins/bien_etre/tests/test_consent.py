"""A request made from a referral: her consent, the one-way link, and the pause that says no reason."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from core.api import (
    REFERRAL_WITHDRAWN,
    AgeBand,
    Asking,
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

from ..models import AidRequest, Question
from ..queries.persons import about_case
from ..queries.requests import find_request, list_requests
from ..rules.pauses import PAUSES
from ..services import committee, consents, ending, keeping, requests
from ..services.rounds import NotNow
from ..settings import REQUESTS
from . import voting as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


def consent(network: Network, **changes: Any) -> ConsentInput:
    network.serve_plugins()
    network.app()  # the purpose's wording is known once the application starts
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


def house_of(network: Network) -> Any:
    """What a subscriber and a job need of the application."""
    network.serve_plugins()
    return SimpleNamespace(
        keyring=network.keyring, clock=network.clock, hooks=SimpleNamespace(settings=lambda name, kind: kind())
    )


def told(network: Network, code: str) -> None:
    """What the subscriber of a withdrawal does; twice, as the outbox may."""
    house = house_of(network)
    event = Event(new_id(), REFERRAL_WITHDRAWN, code, (), network.clock.now())
    for _ in range(2):
        with network.database.transaction() as session:
            consents.pause_withdrawn(session, event, house)


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


@SQLITE
def test_a_pause_ends_by_itself_and_nobody_is_told_why(network: Network, visitor: Any) -> None:
    """The facts are no longer read, the delay is shown, then it is closed like any other and its texts age."""
    code = a_referral(network, "police-repentigny")
    request_id = h.sent(network, "police-repentigny", referral=code, consent=consent(network))
    page = f"{REQUESTS}/{h.row(network, request_id).code}"
    withdraw_referral(network, "police-repentigny", code)
    told(network, code)
    visitor.become("bien-etre-1")
    seen = visitor.get(page).text
    assert "Serrure" not in seen
    assert "Les faits ne sont plus montrés" in seen
    assert PAUSES["waits"].split("%")[0] in seen
    assert visitor.become("police-repentigny").get(page).text.count("Reprendre la demande") == 1

    def run() -> str:
        with network.database.transaction() as session:
            ending.close_paused(session, house_of(network), network.clock.now())
        return h.row(network, request_id).state

    h.later(network, hours=7 * 24 - 1)
    assert run() == "paused"
    h.later(network, hours=1)
    assert (run(), run()) == ("closed", "closed")
    stored = h.row(network, request_id)
    assert (stored.ended_at, stored.paused_at) == (network.clock.now(), None)
    with pytest.raises(NotNow), network.database.transaction() as session:
        requests.resume_request(session, h.desk(network, "police-repentigny"), request_id, stored.version)
    for persona in ("bien-etre-1", "police-repentigny", "coordination-cresl"):
        seen = visitor.become(persona).get(page).text
        assert "Fermée" in seen, persona
        assert not any(word in seen for word in ("consentement", "retiré son accord", "suspendu")), persona
    with network.database.transaction() as session:
        lines, _total = list_requests(session, network.viewer("bien-etre-1"), network.clock.now(), ended=True)
        assert [(one.state.value, one.age_band) for one in lines] == [("closed", "")]
        assert keeping.erase_texts_before(session, network.clock.now() + timedelta(days=30)) == 1
    assert h.row(network, request_id).why_now_sealed is None


@SQLITE
def test_a_referrals_code_copies_and_erases_for_the_organisation_that_made_the_request_alone(network: Network) -> None:
    code = a_referral(network, "police-repentigny")
    request_id = h.sent(network, "police-repentigny", referral=code, consent=consent(network))
    with network.database.transaction() as session:
        committee.ask(session, h.desk(network, "bien-etre-1"), request_id, "Combien de nuits?")
    h.vote(network, request_id, "bien-etre-1")
    hooks = network.app().state.house.hooks
    stored = h.row(network, request_id)

    def asking(slug: str | None) -> Asking:
        who = None if slug is None else network.organisation(slug)
        return Asking(network.keyring, network.clock.now(), who)

    with network.database.transaction() as session:
        # Whoever received the referral, an organisation of the committee, another code: nothing
        member = Asking(network.keyring, network.clock.now(), network.viewer("bien-etre-1").organisation_id)
        for whose, asked in (
            (asking("calacs-la-chrysalide"), code),
            (member, code),
            (asking("police-repentigny"), "R-2222-22"),
            (asking("police-repentigny"), stored.code),
        ):
            assert hooks.personal_data(asked, session, whose) == (), asked
        with pytest.raises(ValueError, match="who asks"):
            about_case(session, code, None)
        (data,) = hooks.personal_data(code, session, asking("police-repentigny"))
        (copied,) = data.copy["requests"]
        assert (copied["request"], copied["why_now"]) == (stored.code, "Serrure à changer avant ce soir.")
        assert copied["questions"] == [{"question": "Combien de nuits?", "answer": ""}]
        assert len(hooks.personal_data(code, session, asking(None))) == 1
    with network.database.transaction() as session:
        assert hooks.erase_personal_data(code, session, asking("police-repentigny")) == 1
    erased = h.row(network, request_id)
    # What was under way is closed, what said something of her is gone, and so is the link; the amount stays
    assert (erased.state, erased.amount_cents, erased.category) == ("closed", 42_000, "safety")
    assert (erased.why_now_sealed, erased.consent_sealed, erased.case_mark) == (None, None, None)
    assert (erased.age_band, erased.area_label) == ("", "")
    assert h.rounds_of(network, request_id)[-1].result == "abandoned"
    with network.database.transaction() as session:
        assert session.scalars(select(Question.question_sealed)).all() == [None]
        assert hooks.personal_data(code, session, asking("police-repentigny")) == ()
