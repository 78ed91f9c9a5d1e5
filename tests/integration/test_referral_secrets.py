"""What a thief of the database reads: codes and dates. Every table on both engines and SQLite's files are searched."""

import base64
import json
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.kernel.crypto import Unreadable
from core.kernel.db import Base
from core.referrals import services
from core.referrals.models import BlockSeal, ReferralBlock, ReferralDraft, ReferralEntry
from tests.support.referrals import CLOCK, NOW, build, send, submission

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


@pytest.mark.parametrize("session", ["sqlite"], indirect=True)
def test_what_is_moved_or_put_back_opens_nowhere(session, keyring):
    """Somebody who writes in the database, keys and seals moved along: each text opens in its row and version alone."""
    world = build(session, keyring)
    police, worker = world.viewer("police"), world.viewer("chrysalide")
    code = send(session, world).code
    for text in ("Est-elle seule?", "Et le soir?"):
        services.ask_sender(session, keyring, worker, code, "other", text, NOW)
        services.answer_receiver(session, keyring, police, code, "Oui.", NOW)
    services.accept_referral(session, keyring, worker, code, NOW)
    for text in ("un", "deux"):
        services.save_draft(session, keyring, police, f"form-secrets-{text}", {"note": text}, NOW)
    blocks, seals, entries, drafts = (
        table.__table__ for table in (ReferralBlock, BlockSeal, ReferralEntry, ReferralDraft)
    )

    def rows(table, *condition):
        return session.execute(select(table).where(*condition).order_by(*table.primary_key)).all()

    def put(table, row, **values):
        same = [column == row._mapping[column.name] for column in table.primary_key]
        assert session.execute(update(table).where(*same).values(**values)).rowcount == 1

    def read():
        services.open_referral(session, keyring, worker, code, NOW)
        for text in ("un", "deux"):
            services.open_draft(session, keyring, police, f"form-secrets-{text}", NOW)

    def swap_blocks():
        one, other = rows(blocks, blocks.c.kind.in_(["identity", "situation"]))
        (key,), (other_key,) = (rows(seals, seals.c.block_id == block.id) for block in (one, other))
        for block, seal, taken, with_key in ((one, key, other, other_key), (other, other_key, one, key)):
            put(blocks, block, ciphertext=taken.ciphertext)
            put(seals, seal, sealed_key=with_key.sealed_key)

    def put_back_a_block():
        (before,) = rows(blocks, blocks.c.kind == "contact")
        services.amend_block(session, keyring, worker, code, "contact", {"phone": SECRETS[1]}, "safer", NOW)
        read()
        put(blocks, before, ciphertext=before.ciphertext)

    def swap_entries():
        one, other = rows(entries, entries.c.kind == "question")
        put(entries, one, ciphertext=other.ciphertext)
        put(entries, other, ciphertext=one.ciphertext)

    def swap_drafts():
        one, other = rows(drafts)
        for draft, taken in ((one, other), (other, one)):
            put(drafts, draft, ciphertext=taken.ciphertext, sealed_key=taken.sealed_key)

    def put_back_a_draft():
        before = rows(drafts)[0]
        services.save_draft(session, keyring, police, "form-secrets-un", {"note": "plus tard"}, NOW)
        read()
        put(drafts, before, ciphertext=before.ciphertext, sealed_key=before.sealed_key)

    for move in (swap_blocks, put_back_a_block, swap_entries, swap_drafts, put_back_a_draft):
        read()
        with session.begin_nested() as nested:
            move()
            with pytest.raises(Unreadable):
                read()
            nested.rollback()
