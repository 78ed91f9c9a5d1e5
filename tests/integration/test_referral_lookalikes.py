"""*Peut-être la même personne* (network rules §3 (12)): by what she is recognised, and by whom she never is."""

import pytest
from sqlalchemy import func, select

from core.consent.rules import AgeBand
from core.referrals import services
from core.referrals.models import DuplicateKey
from tests.support.referrals import NOW, build, consent, send


@pytest.fixture
def world(session, keyring):
    return build(session, keyring)


def test_her_number_however_written_or_her_name_with_her_age_and_nothing_between_two_centres(session, world):
    def held(name, phone, band=AgeBand.FROM_25_TO_34, by="chrysalide"):
        blocks = {"identity": {"first_name": name}, "contact": {"phone": phone}}
        given = consent(world, by, age_band=band)
        sent = send(session, world, by, blocks=blocks, age_band=band.value, consents=(given,))
        services.accept_referral(session, world.keyring, world.viewer(by), sent.code, NOW)
        return sent.code

    def alike(code, by="chrysalide"):
        return [
            one for one, _ in services.open_referral(session, world.keyring, world.viewer(by), code, NOW).duplicates
        ]

    first = held("Maïka-Rose", "450 555-0142")
    unaccented, written = held("MAIKA ROSE", ""), held("Zoé", "+1 (450) 555.0142")
    younger = held("Maïka-Rose", "", AgeBand.FROM_18_TO_24)
    short = [held(name, "0142") for name in ("Léa", "Ève")]
    nameless = [held("", "") for _ in range(2)]
    assert alike(first) == sorted([unaccented, written])
    assert (alike(unaccented), alike(written)) == ([first], [first])
    assert [alike(code) for code in (younger, *short, *nameless)] == [[]] * 5
    # In the other centre's rows nothing equals what stands in the first one's: the database alone answers nothing.
    elsewhere = held("Maïka-Rose", "450 555-0142", by="coup_de_coeur")
    assert alike(elsewhere, "coup_de_coeur") == []
    centres = func.count(DuplicateKey.organisation_id.distinct())
    assert set(session.execute(select(centres).group_by(DuplicateKey.digest)).scalars()) == {1}
