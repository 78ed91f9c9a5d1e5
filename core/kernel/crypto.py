"""Keys, seals and encrypted blocks.

A block of personal information has its own random key, sealed to the public keys of the organisations entitled to
it. An organisation's private key is wrapped by a master key that lives in a file outside the database: a stolen dump
opens nothing. Errors never carry the data, the key, or the library's own message.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, PublicKey, SealedBox

from core.kernel.keyfile import KEY_BYTES, MasterKeyError, create_masters, read_masters, replace_masters

__all__ = [
    "Aad",
    "Commitment",
    "Keyring",
    "MasterKeyError",
    "OrganisationKeys",
    "PrivateKey",
    "Unreadable",
    "decrypt",
    "encrypt",
    "new_block_key",
    "seal",
    "unseal",
]

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
KEY_ID_BYTES: Final = 8
SALT_BYTES: Final = 16
# One leading byte says how the rest is laid out, so that another cipher can be introduced beside this one.
BLOCK_FORMAT: Final = b"\x01"
WRAP_FORMAT: Final = b"\x01"
PERSONAL_FORMAT: Final = b"\x02"


class Unreadable(Exception):
    """The content cannot be opened with this key, in this place: wrong key, altered bytes or moved row."""

    def __init__(self) -> None:
        super().__init__("content cannot be opened")


@dataclass(frozen=True, slots=True)
class Aad:
    """Where a ciphertext belongs. A block copied to another row, column or version does not open there."""

    table: str
    row: UUID | str
    column: str
    version: int
    organisation: UUID | None = None

    def to_bytes(self) -> bytes:
        """Canonical JSON (RFC 8785) list: no two places share an encoding."""
        organisation = None if self.organisation is None else str(self.organisation)
        return rfc8785.dumps(["arrimage-block", self.table, str(self.row), self.column, self.version, organisation])


@dataclass(frozen=True, slots=True)
class OrganisationKeys:
    """A new key pair of an organisation. `key_id` is a fingerprint of the public key (16 hex characters)."""

    public: bytes
    wrapped_private: bytes = field(repr=False)
    key_id: str


@dataclass(frozen=True, slots=True)
class Commitment:
    """A salted, keyed commitment: the digest may be journaled, the salt stays with the value and dies with it."""

    salt: bytes = field(repr=False)
    digest: bytes


def new_block_key() -> bytes:
    """32 random bytes, for one block of one case."""
    return secrets.token_bytes(KEY_BYTES)


def encrypt(block_key: bytes, plaintext: bytes, *, aad: Aad) -> bytes:
    """AES-256-GCM under a random 96-bit nonce: format byte, nonce, ciphertext and tag."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return BLOCK_FORMAT + nonce + AESGCM(_key(block_key)).encrypt(nonce, plaintext, BLOCK_FORMAT + aad.to_bytes())


def decrypt(block_key: bytes, ciphertext: bytes, *, aad: Aad) -> bytes:
    """The plaintext, or `Unreadable` when the key, the bytes or the place differ."""
    if len(ciphertext) < 1 + NONCE_BYTES + TAG_BYTES or ciphertext[:1] != BLOCK_FORMAT:
        raise Unreadable
    nonce, body = ciphertext[1 : 1 + NONCE_BYTES], ciphertext[1 + NONCE_BYTES :]
    try:
        return AESGCM(_key(block_key)).decrypt(nonce, body, BLOCK_FORMAT + aad.to_bytes())
    except InvalidTag:
        raise Unreadable from None


def seal(block_key: bytes, public: bytes) -> bytes:
    """Seal a block key to an organisation's public key (anonymous sender, X25519)."""
    return bytes(SealedBox(PublicKey(public)).encrypt(_key(block_key)))


def unseal(sealed: bytes, private: PrivateKey) -> bytes:
    """The block key, or `Unreadable`."""
    try:
        return _key(bytes(SealedBox(private).decrypt(sealed)))
    except (CryptoError, ValueError, TypeError):
        raise Unreadable from None


class Keyring:
    """The master keys, newest first. The newest wraps; every one unwraps.

    Look-up pseudonyms and commitments come from the oldest (the origin): they are written in rows and must find them
    after a rotation. The journal is signed by the newest; roots name the key, and older ones still verify.
    """

    def __init__(self, masters: Sequence[bytes]) -> None:
        if not masters:
            raise ValueError("a keyring needs at least one master key")
        self._masters: dict[bytes, bytes] = {_master_id(_key(master)): bytes(master) for master in masters}
        self._active_id, self._active = next(iter(self._masters.items()))
        self._origin = list(self._masters.values())[-1]
        self._pseudonym_key = _derive(self._origin, "pseudonym")
        self._commitment_key = _derive(self._origin, "commitment")
        self._cookie_key = _derive(self._active, "cookies")
        # Every page reads its reader's name: to derive the key takes three times as long as to open it.
        self._personal = {key_id: AESGCM(_derive(master, "personal")) for key_id, master in self._masters.items()}

    def __repr__(self) -> str:
        return f"<Keyring active={self.active_id} keys={len(self._masters)}>"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a keyring is never serialised")

    # Making one

    @classmethod
    def from_bytes(cls, *masters: bytes) -> Self:
        """A keyring of 32-byte master keys, newest first."""
        return cls(masters)

    @classmethod
    def from_file(cls, path: Path | str) -> Self:
        """Read a master key file: one base64 key of 32 bytes a line, newest first, mode 0600.

        Raises `MasterKeyError`, naming the file and the remedy.
        """
        return cls(read_masters(Path(path)))

    @classmethod
    def generate(cls, path: Path | str | None = None) -> Self:
        """A new random master key, written to `path` (mode 0600, never over an existing file) when one is given."""
        master = secrets.token_bytes(KEY_BYTES)
        if path is not None:
            create_masters(Path(path), [master])
        return cls([master])

    @classmethod
    def rotate_file(cls, path: Path | str) -> Self:
        """Put a new master key first in the file, keeping the older ones.

        The file is replaced in one step: killed at any moment, either the old or the new file is there, complete.
        """
        target = Path(path)
        masters = [secrets.token_bytes(KEY_BYTES), *read_masters(target)]
        replace_masters(target, masters)
        return cls(masters)

    @property
    def active_id(self) -> str:
        """The id of the master key that wraps now (16 hex characters)."""
        return self._active_id.hex()

    # Organisations' keys

    def new_organisation_keypair(self, organisation_id: UUID) -> OrganisationKeys:
        """A new X25519 key pair; the private half is wrapped for this organisation and no other."""
        private = PrivateKey.generate()
        public = bytes(private.public_key)
        return OrganisationKeys(public, self._wrap(bytes(private), public, organisation_id), _fingerprint(public).hex())

    def open_private(self, wrapped_private: bytes, organisation_id: UUID) -> PrivateKey:
        """The organisation's private key, or `Unreadable` (other organisation, altered wrap, unknown master key)."""
        header = 1 + 2 * KEY_ID_BYTES
        if len(wrapped_private) != header + NONCE_BYTES + KEY_BYTES + TAG_BYTES or wrapped_private[:1] != WRAP_FORMAT:
            raise Unreadable
        master_id, key_id = wrapped_private[1 : 1 + KEY_ID_BYTES], wrapped_private[1 + KEY_ID_BYTES : header]
        master = self._masters.get(master_id)
        if master is None:
            raise Unreadable
        nonce, body = wrapped_private[header : header + NONCE_BYTES], wrapped_private[header + NONCE_BYTES :]
        try:
            secret = AESGCM(_derive(master, "wrap")).decrypt(nonce, body, _wrap_aad(organisation_id, master_id, key_id))
        except InvalidTag:
            raise Unreadable from None
        return PrivateKey(secret)

    def rewrap(self, wrapped: bytes, organisation_id: UUID) -> bytes:
        """The same private key wrapped by the newest master key; unchanged when it already is.

        Safe to repeat: an interrupted rotation is resumed by running it again over every row.
        """
        private = self.open_private(wrapped, organisation_id)
        if self.wrapped_by(wrapped) == self.active_id:
            return wrapped
        return self._wrap(bytes(private), bytes(private.public_key), organisation_id)

    @staticmethod
    def wrapped_by(wrapped: bytes) -> str:
        """The id of the master key that wrapped these bytes."""
        return wrapped[1 : 1 + KEY_ID_BYTES].hex()

    def _wrap(self, private: bytes, public: bytes, organisation_id: UUID) -> bytes:
        key_id, nonce = _fingerprint(public), secrets.token_bytes(NONCE_BYTES)
        aad = _wrap_aad(organisation_id, self._active_id, key_id)
        body = AESGCM(_derive(self._active, "wrap")).encrypt(nonce, private, aad)
        return WRAP_FORMAT + self._active_id + key_id + nonce + body

    # What the platform itself must read: people's names and e-mail, mail waiting to leave

    def protect(self, plaintext: bytes, *, aad: Aad) -> bytes:
        """Encrypt a personal column that belongs to no case, under the newest master key, which the result names."""
        nonce, header = secrets.token_bytes(NONCE_BYTES), PERSONAL_FORMAT + self._active_id
        return header + nonce + self._personal[self._active_id].encrypt(nonce, plaintext, header + aad.to_bytes())

    def reveal(self, ciphertext: bytes, *, aad: Aad) -> bytes:
        """What `protect` hid, under any master key of the file, or `Unreadable`."""
        header, rest = ciphertext[: 1 + KEY_ID_BYTES], ciphertext[1 + KEY_ID_BYTES :]
        cipher = self._personal.get(header[1:])
        if header[:1] != PERSONAL_FORMAT or cipher is None or len(rest) < NONCE_BYTES + TAG_BYTES:
            raise Unreadable
        nonce, body = rest[:NONCE_BYTES], rest[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, body, header + aad.to_bytes())
        except InvalidTag:
            raise Unreadable from None

    def reprotect(self, ciphertext: bytes, *, aad: Aad) -> bytes:
        """The same content under the newest master key; unchanged when it already is."""
        plaintext = self.reveal(ciphertext, aad=aad)
        return ciphertext if self.wrapped_by(ciphertext) == self.active_id else self.protect(plaintext, aad=aad)

    # Keyed hashes

    def pseudonym(self, purpose: str, value: str | bytes) -> bytes:
        """A keyed hash for look-up (32 bytes). Two purposes never share a pseudonym for the same value."""
        return _keyed(self._pseudonym_key, purpose, value)

    def commit(self, purpose: str, value: str | bytes) -> Commitment:
        """Commit to a value under a fresh salt. Forgetting the salt makes the digest mean nothing."""
        salt = secrets.token_bytes(SALT_BYTES)
        return Commitment(salt, self._committed(purpose, value, salt))

    def opens(self, purpose: str, value: str | bytes, commitment: Commitment) -> bool:
        """Whether the commitment is to this value (constant time)."""
        return hmac.compare_digest(self._committed(purpose, value, commitment.salt), commitment.digest)

    def _committed(self, purpose: str, value: str | bytes, salt: bytes) -> bytes:
        return _keyed(self._commitment_key + salt, purpose, value)

    def cookie_key(self, purpose: str) -> bytes:
        """A 32-byte key for what may be forgotten at any time (CSRF, cursors): it changes with the master key."""
        return _keyed(self._cookie_key, purpose, b"")

    # The journal's signature

    def journal_signing_key(self) -> Ed25519PrivateKey:
        """The Ed25519 key that signs the journal's roots; derived, so it is never stored."""
        return _signing_key(self._active)

    def journal_public_keys(self) -> dict[str, bytes]:
        """Every public key whose roots this keyring vouches for: {master key id: 32 raw bytes}, newest first."""
        return {
            master_id.hex(): _signing_key(master).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
            for master_id, master in self._masters.items()
        }


def _key(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise ValueError("a key is 32 bytes")
    return key


def _derive(master: bytes, use: str) -> bytes:
    """One sub-key a use (HKDF-SHA256), so that no key serves two purposes."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"arrimage/v1/{use}".encode()).derive(master)


def _signing_key(master: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(_derive(master, "journal-signature"))


def _master_id(master: bytes) -> bytes:
    return _derive(master, "key-id")[:KEY_ID_BYTES]


def _fingerprint(public: bytes) -> bytes:
    return hashlib.sha256(b"arrimage/organisation-key" + public).digest()[:KEY_ID_BYTES]


def _wrap_aad(organisation_id: UUID, master_id: bytes, key_id: bytes) -> bytes:
    return rfc8785.dumps(["arrimage-wrap", str(organisation_id), master_id.hex(), key_id.hex()])


def _keyed(key: bytes, purpose: str, value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    label = purpose.encode()
    return hmac.digest(key, len(label).to_bytes(4, "big") + label + data, "sha256")
