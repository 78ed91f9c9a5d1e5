"""Keys, seals and blocks: what they open, and above all what they refuse."""

import base64
import dataclasses
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.public import PrivateKey

from core.kernel.crypto import (
    Aad,
    Keyring,
    MasterKeyError,
    Unreadable,
    decrypt,
    encrypt,
    new_block_key,
    seal,
    unseal,
)

ORGANISATION = UUID(int=1)
KEY = bytes(range(32))
PLACE = Aad("blocks", UUID(int=7), "content", 1)
names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)
places = st.builds(Aad, names, st.uuids(), names, st.integers(1, 10_000), st.none() | st.uuids())


# Blocks


@given(plaintext=st.binary(max_size=400), place=places)
def test_a_block_opens_in_its_own_place(plaintext: bytes, place: Aad) -> None:
    key = new_block_key()
    assert decrypt(key, encrypt(key, plaintext, aad=place), aad=place) == plaintext


@given(place=places, other=places)
def test_a_block_moved_elsewhere_does_not_open(place: Aad, other: Aad) -> None:
    sealed = encrypt(KEY, b"contenu", aad=place)
    if place != other:
        with pytest.raises(Unreadable):
            decrypt(KEY, sealed, aad=other)


@pytest.mark.parametrize(
    "change",
    [{"table": "other"}, {"row": UUID(int=8)}, {"column": "other"}, {"version": 2}, {"organisation": ORGANISATION}],
)
def test_every_part_of_the_place_counts(change: dict[str, object]) -> None:
    sealed = encrypt(KEY, b"contenu", aad=PLACE)
    with pytest.raises(Unreadable):
        decrypt(KEY, sealed, aad=dataclasses.replace(PLACE, **change))  # type: ignore[arg-type]


@given(places, places)
def test_two_places_never_share_their_bytes(one: Aad, other: Aad) -> None:
    assert (one == other) == (one.to_bytes() == other.to_bytes())


@given(plaintext=st.binary(max_size=100), data=st.data())
def test_a_flipped_bit_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    sealed = bytearray(encrypt(KEY, plaintext, aad=PLACE))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unreadable):
        decrypt(KEY, bytes(sealed), aad=PLACE)


@given(plaintext=st.binary(max_size=100), data=st.data())
def test_a_cut_block_is_refused(plaintext: bytes, data: st.DataObject) -> None:
    sealed = encrypt(KEY, plaintext, aad=PLACE)
    with pytest.raises(Unreadable):
        decrypt(KEY, sealed[: data.draw(st.integers(0, len(sealed) - 1))], aad=PLACE)


@given(st.binary(min_size=32, max_size=32))
def test_another_key_is_refused(other: bytes) -> None:
    if other != KEY:
        with pytest.raises(Unreadable):
            decrypt(other, encrypt(KEY, b"contenu", aad=PLACE), aad=PLACE)


def test_a_refusal_says_nothing_of_the_content() -> None:
    secret = b"rue Saint-Viateur"
    with pytest.raises(Unreadable) as caught:
        decrypt(new_block_key(), encrypt(KEY, secret, aad=PLACE), aad=PLACE)
    error = caught.value
    assert (str(error), error.__cause__, error.__suppress_context__) == ("content cannot be opened", None, True)


def test_the_same_text_never_gives_the_same_bytes() -> None:
    assert len({encrypt(KEY, b"contenu", aad=PLACE) for _ in range(200)}) == 200


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError):
        encrypt(b"short", b"contenu", aad=PLACE)
    with pytest.raises(ValueError):
        Keyring.from_bytes(b"short")
    with pytest.raises(ValueError):
        Keyring.from_bytes()


# Seals and organisations' keys


def test_a_seal_opens_for_the_organisation_it_names_only() -> None:
    keyring, other = Keyring.generate(), uuid4()
    keys, others = keyring.new_organisation_keypair(ORGANISATION), keyring.new_organisation_keypair(other)
    block_key = new_block_key()
    sealed = seal(block_key, keys.public)
    assert unseal(sealed, keyring.open_private(keys.wrapped_private, ORGANISATION)) == block_key
    with pytest.raises(Unreadable):
        unseal(sealed, keyring.open_private(others.wrapped_private, other))
    with pytest.raises(Unreadable):
        unseal(sealed[:-1], keyring.open_private(keys.wrapped_private, ORGANISATION))


@settings(max_examples=60)
@given(position=st.integers(0, 79), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_seal_is_refused(position: int, bit: int) -> None:
    private = PrivateKey(KEY)
    sealed = bytearray(seal(new_block_key(), bytes(private.public_key)))
    assert len(sealed) == 80
    sealed[position] ^= 1 << bit
    with pytest.raises(Unreadable):
        unseal(bytes(sealed), private)


@given(st.data())
def test_a_wrapped_key_altered_anywhere_is_refused(data: st.DataObject) -> None:
    keyring = Keyring.from_bytes(KEY)
    wrapped = bytearray(keyring.new_organisation_keypair(ORGANISATION).wrapped_private)
    wrapped[data.draw(st.integers(0, len(wrapped) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(Unreadable):
        keyring.open_private(bytes(wrapped), ORGANISATION)


def test_a_wrapped_key_belongs_to_one_organisation_and_one_keyring() -> None:
    keyring = Keyring.from_bytes(KEY)
    wrapped = keyring.new_organisation_keypair(ORGANISATION).wrapped_private
    with pytest.raises(Unreadable):
        keyring.open_private(wrapped, uuid4())
    with pytest.raises(Unreadable):
        Keyring.generate().open_private(wrapped, ORGANISATION)
    with pytest.raises(Unreadable):
        keyring.open_private(wrapped[:-1], ORGANISATION)


def test_the_private_key_is_nowhere_in_its_wrap() -> None:
    keyring = Keyring.generate()
    keys = keyring.new_organisation_keypair(ORGANISATION)
    assert bytes(keyring.open_private(keys.wrapped_private, ORGANISATION)) not in keys.wrapped_private
    assert "wrapped_private" not in repr(keys)


# Rotation


def test_rotation_rewraps_and_keeps_every_key_open() -> None:
    old = Keyring.from_bytes(KEY)
    keys = old.new_organisation_keypair(ORGANISATION)
    private = bytes(old.open_private(keys.wrapped_private, ORGANISATION))
    new_master = bytes(reversed(KEY))
    both = Keyring.from_bytes(new_master, KEY)
    assert bytes(both.open_private(keys.wrapped_private, ORGANISATION)) == private

    rewrapped = both.rewrap(keys.wrapped_private, ORGANISATION)
    assert Keyring.wrapped_by(keys.wrapped_private) == old.active_id != both.active_id
    assert Keyring.wrapped_by(rewrapped) == both.active_id
    assert both.rewrap(rewrapped, ORGANISATION) == rewrapped
    # Once rewrapped, the old master key opens nothing and is no longer needed to open it.
    assert bytes(Keyring.from_bytes(new_master).open_private(rewrapped, ORGANISATION)) == private
    with pytest.raises(Unreadable):
        old.open_private(rewrapped, ORGANISATION)
    with pytest.raises(Unreadable):
        both.rewrap(keys.wrapped_private, uuid4())


def test_look_ups_survive_a_rotation_and_cookies_do_not() -> None:
    old, both = Keyring.from_bytes(KEY), Keyring.from_bytes(new_block_key(), KEY)
    assert both.pseudonym("receipt", "abc") == old.pseudonym("receipt", "abc")
    assert both.opens("band", "18-24", old.commit("band", "18-24"))
    assert both.cookie_key("csrf") != old.cookie_key("csrf")


def test_the_journal_key_changes_and_the_old_one_still_vouches() -> None:
    old, both = Keyring.from_bytes(KEY), Keyring.from_bytes(new_block_key(), KEY)
    assert next(iter(both.journal_public_keys())) == both.active_id
    assert both.journal_public_keys()[old.active_id] == old.journal_public_keys()[old.active_id]
    signature = both.journal_signing_key().sign(b"root")
    both.journal_signing_key().public_key().verify(signature, b"root")
    assert both.journal_signing_key().public_key() != old.journal_signing_key().public_key()


# What the platform itself reads


@given(plaintext=st.binary(max_size=100), place=places, other=places, data=st.data())
def test_protected_columns_open_in_place_and_unaltered_only(
    plaintext: bytes, place: Aad, other: Aad, data: st.DataObject
) -> None:
    keyring = Keyring.from_bytes(KEY)
    protected = keyring.protect(plaintext, aad=place)
    assert keyring.reveal(protected, aad=place) == plaintext
    altered = bytearray(protected)
    altered[data.draw(st.integers(0, len(altered) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    refused = [bytes(altered), protected[: data.draw(st.integers(0, len(protected) - 1))]]
    for wrong in refused:
        with pytest.raises(Unreadable):
            keyring.reveal(wrong, aad=place)
    if place != other:
        with pytest.raises(Unreadable):
            keyring.reveal(protected, aad=other)


def test_protected_columns_survive_a_rotation() -> None:
    old, both = Keyring.from_bytes(KEY), Keyring.from_bytes(new_block_key(), KEY)
    protected = old.protect(b"nom", aad=PLACE)
    assert both.reveal(protected, aad=PLACE) == b"nom"
    renewed = both.reprotect(protected, aad=PLACE)
    assert both.reprotect(renewed, aad=PLACE) == renewed != protected
    assert both.reveal(renewed, aad=PLACE) == b"nom"
    with pytest.raises(Unreadable):
        old.reveal(renewed, aad=PLACE)


# Keyed hashes


def test_pseudonyms_depend_on_purpose_value_and_key() -> None:
    keyring = Keyring.from_bytes(KEY)
    seen = {
        keyring.pseudonym("code", "a"),
        keyring.pseudonym("codea", ""),
        keyring.pseudonym("word", "a"),
        keyring.pseudonym("code", "b"),
        Keyring.generate().pseudonym("code", "a"),
        keyring.cookie_key("code"),
    }
    assert len(seen) == 6
    assert keyring.pseudonym("code", "é") == keyring.pseudonym("code", "é".encode())


def test_a_commitment_binds_and_hides() -> None:
    keyring = Keyring.generate()
    one, two = keyring.commit("age", "18-24"), keyring.commit("age", "18-24")
    assert one.digest != two.digest
    assert keyring.opens("age", "18-24", one)
    assert not keyring.opens("age", "25-34", one)
    assert not keyring.opens("band", "18-24", one)
    assert not keyring.opens("age", "18-24", dataclasses.replace(one, salt=two.salt))


# The master key file


def test_the_file_is_private_and_gives_the_same_keys_back(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    made = Keyring.generate(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(base64.b64decode(path.read_text())) == 32
    assert Keyring.from_file(path).active_id == made.active_id
    with pytest.raises(MasterKeyError, match="existe déjà"):
        Keyring.generate(path)


def test_rotating_the_file_keeps_the_old_keys(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    old = Keyring.generate(path)
    wrapped = old.new_organisation_keypair(ORGANISATION).wrapped_private
    Keyring.rotate_file(path)
    both = Keyring.from_file(path)
    assert both.active_id != old.active_id
    assert path.stat().st_mode & 0o777 == 0o600
    both.open_private(both.rewrap(wrapped, ORGANISATION), ORGANISATION)


def test_rotation_killed_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    first = Keyring.generate(path)
    wrapped = first.new_organisation_keypair(ORGANISATION).wrapped_private
    rotate = (
        f"from core.kernel.crypto import Keyring\nprint(flush=True)\nwhile True: Keyring.rotate_file({str(path)!r})"
    )
    for round_ in range(5):
        child = subprocess.Popen([sys.executable, "-c", rotate, str(path)], stdout=subprocess.PIPE, cwd=Path.cwd())
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.003 * (round_ + 1))
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        Keyring.from_file(path).open_private(wrapped, ORGANISATION)
    Keyring.rotate_file(path)
    assert os.listdir(tmp_path) == ["master.key"]


@pytest.mark.parametrize("content", [b"", b"not base64!\n", base64.b64encode(b"short"), b"\xff\xfe"])
def test_a_malformed_file_is_named_with_its_remedy(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "master.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(MasterKeyError, match=r"master\.key"):
        Keyring.from_file(path)


def test_an_exposed_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    with pytest.raises(MasterKeyError, match=r"arrimage key"):
        Keyring.from_file(path)
    Keyring.generate(path)
    path.chmod(0o640)
    with pytest.raises(MasterKeyError, match=r"chmod 600"):
        Keyring.from_file(path)


def test_a_keyring_never_shows_nor_leaves_its_keys() -> None:
    keyring = Keyring.from_bytes(KEY)
    shown = repr(keyring) + str(keyring)
    assert KEY.hex() not in shown
    assert repr(KEY)[2:-1] not in shown
    with pytest.raises(TypeError):
        pickle.dumps(keyring)
