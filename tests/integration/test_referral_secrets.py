"""What a thief of the database reads: codes and dates. Every table on both engines and SQLite's files are searched."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import select

from core.kernel.db import Base
from core.referrals import services
from tests.support.referrals import CLOCK, NOW, build, submission

SECRETS = (
    "Zéphirine",
    "450 555-0163",
    "4505550163",
    "derrière la pharmacie",
    "elle préfère le mardi",
    "coquelicot",
    "rue fictive",
)
CONTENT = {
    "identity": {"first_name": SECRETS[0]},
    "contact": {"way": "phone", "phone": SECRETS[1]},
    "safety": {"if_someone_else": SECRETS[3]},
    "situation": {"note": "habite rue fictive"},
}


def encodings(text):
    """The ways a secret could lie there without being seen at first."""
    raw = text.encode()
    yield from (raw, text.encode("utf-16-le"), raw.hex().encode(), json.dumps(text)[1:-1].encode(), raw[::-1])
    for shift in range(3):
        yield base64.b64encode(b"x" * shift + raw)[4:-4]


def found_in(haystack, secrets=SECRETS):
    lowered = haystack.lower()
    return {secret for secret in secrets for form in encodings(secret) if len(form) > 5 and form.lower() in lowered}


def everything(database):
    """All rows of all tables, as bytes."""
    parts = []
    with database.transaction(write=False) as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(select(table)):
                for value in row:
                    parts.append(value if isinstance(value, bytes) else str(value).encode())
    return b"\n".join(parts)


def on_disk(database):
    if database.dialect != "sqlite":
        return b""
    path = Path(str(database.url.database))
    return b"".join(one.read_bytes() for one in path.parent.glob(path.name + "*"))


def live(database, world, step):
    with database.transaction() as session:
        return step(session)


@pytest.fixture
def world(database, keyring):
    with database.transaction() as session:
        return build(session, keyring)


def test_no_secret_lies_anywhere_at_any_moment(database, world):
    police, worker = world.viewer("police"), world.viewer("chrysalide")
    keyring = world.keyring
    filled = submission(world, blocks=CONTENT, follow_word=SECRETS[5], key="form-secrets-1")
    steps = [
        lambda session: services.save_draft(session, keyring, police, "form-secrets-1", {"all": list(SECRETS)}, NOW),
        lambda session: services.submit_referral(session, keyring, police, filled, clock=CLOCK, now=NOW).code,
    ]
    for step in steps:
        code = live(database, world, step)
        assert found_in(everything(database) + on_disk(database)) == set()
    for step in (
        lambda session: services.ask_sender(session, keyring, worker, code, "other", SECRETS[4], NOW),
        lambda session: services.answer_receiver(session, keyring, police, code, SECRETS[4], NOW),
        lambda session: services.accept_referral(session, keyring, worker, code, NOW),
        lambda session: services.open_referral(session, keyring, worker, code, NOW),
        lambda session: services.amend_block(
            session, keyring, worker, code, "contact", {"phone": SECRETS[1]}, "safer", NOW
        ),
        lambda session: services.change_contact(session, keyring, code, SECRETS[5], {"trusted": SECRETS[3]}, NOW),
        lambda session: services.copy_for_our_record(session, keyring, worker, code, NOW),
        lambda session: services.withdraw_herself(session, keyring, code, SECRETS[5], NOW),
        lambda session: services.resume_herself(session, keyring, code, SECRETS[5], NOW),
        lambda session: services.withdraw_case(session, keyring, police, code, NOW),
    ):
        assert live(database, world, step) is not False
        assert found_in(everything(database) + on_disk(database)) == set()


def test_the_search_itself_would_find_them(database, world):
    """Positive control: something written in clear is found, in the rows and in the files."""
    assert found_in(everything(database), ["Coup De Coeur"]) == {"Coup De Coeur"}
    if database.dialect == "sqlite":
        assert found_in(on_disk(database), ["Coup De Coeur"]) == {"Coup De Coeur"}
    for secret in SECRETS:
        assert all(found_in(b"..." + form + b"...", [secret]) for form in encodings(secret) if len(form) > 5)
