"""Does the journal still say what was recorded? Chains, heads, roots and signatures, all recomputed.

Each table is read in one statement, so that what is committed meanwhile never looks like tampering: what is under a
root was there before the root, and roots are read first.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, literal, select, true
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.journal.models import JournalEntry, JournalHead, JournalRoot, JournalSealed
from core.journal.models.lines import GENESIS, SealedHead, next_hash, signed_bytes
from core.kernel.db import dialect_name, table_of

#: Read in slices; the cursor is closed by `with`, whatever is found on the way.
_STREAMED = {"yield_per": 500}
#: The tables themselves, without the mapping: reading an entry costs half.
_ENTRY, _HEAD, _ROOT, _SEAL = map(table_of, (JournalEntry, JournalHead, JournalRoot, JournalSealed))
# The number of roots travels with the marks: a root signed between two statements is not a fault. Never empty.
_MARKS = (
    select(_SEAL.c.chain, _SEAL.c.position, select(func.count()).select_from(_ROOT).scalar_subquery().label("roots"))
    .select_from(select(literal(1)).subquery())
    .outerjoin(_SEAL, true())
)
_ROOTS = select(*_ROOT.c).order_by(_ROOT.c.position)
# The head travels with its entries: one statement, one snapshot.
_ENTRIES = (
    select(*_ENTRY.c, _HEAD.c.position.label("head_position"), _HEAD.c.hash.label("head_hash"))
    .select_from(_ENTRY.outerjoin(_HEAD, _HEAD.c.chain == _ENTRY.c.chain))
    .order_by(_ENTRY.c.chain, _ENTRY.c.position)
)
_BARE_HEADS = select(_HEAD.c.chain, _HEAD.c.position, _HEAD.c.hash).where(
    ~select(_ENTRY.c.chain).where(_ENTRY.c.chain == _HEAD.c.chain).exists()
)
_STORAGE = " UNION ALL ".join(
    f"SELECT '{table.name}', integrity_check FROM pragma_integrity_check('{table.name}') WHERE integrity_check <> 'ok'"
    for table in (_ROOT, _SEAL, _HEAD, _ENTRY)
)


@dataclass(frozen=True, slots=True)
class Fault:
    """The first thing found wrong: where, and why, in words (French)."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}\u00a0: {self.why}"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A root held outside the database by a partner: its position and its hash."""

    position: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.hash.hex()}"


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was read. `unsealed` entries came after the last root: changing those shows only at the next one."""

    ok: bool
    chains: int
    entries: int
    roots: int
    unsealed: int
    first_fault: Fault | None


@dataclass(slots=True)
class _Reading:
    """Counts, and where we are: an unreadable row is reported just after the last one that was read."""

    where: str = "début du journal"
    chains: int = 0
    entries: int = 0
    roots: int = 0
    unsealed: int = 0
    seals: dict[str, SealedHead] = field(default_factory=dict)


class _Found(Exception):
    def __init__(self, where: str, why: str) -> None:
        super().__init__(why)
        self.fault = Fault(where, why)


def verify(
    session: Session, public_keys: Mapping[str, bytes], checkpoint: Checkpoint | None = None
) -> VerificationReport:
    """Check every entry, head, root and signature.

    `public_keys` is `Keyring.journal_public_keys()`, or what a partner kept. `checkpoint` is a root kept by a partner:
    only it shows that somebody who owns the database cut the last roots with the entries under them.
    """
    reading, fault = _Reading(), None
    session.connection()  # a database that cannot be reached is the caller's error, not tampering
    try:
        _check_storage(session)
        reading.where = "début des racines"
        _check_roots(session, public_keys, checkpoint, reading)
        reading.where = "début des lignes"
        _check_entries(session, reading)
        reading.where = "têtes de chaîne"
        _check_bare_heads(session)
    except _Found as found:
        fault = found.fault
    except (SQLAlchemyError, ValueError, TypeError, LookupError, RecursionError):
        fault = Fault(reading.where, "contenu illisible")
    return VerificationReport(fault is None, reading.chains, reading.entries, reading.roots, reading.unsealed, fault)


def last_root(session: Session) -> Checkpoint | None:
    """The latest root: what to hand to partners."""
    row = session.execute(
        select(JournalRoot.position, JournalRoot.hash).order_by(JournalRoot.position.desc()).limit(1)
    ).first()
    return None if row is None else Checkpoint(row.position, row.hash)


def _check_storage(session: Session) -> None:
    """SQLite only: a damaged page or an index that disagrees with its table would hide rows from reads."""
    if dialect_name(session) != "sqlite":
        return
    damaged = session.connection().exec_driver_sql(_STORAGE).first()
    if damaged is not None:
        raise _Found(f"table {damaged[0]}", "fichier endommagé")


def _check_roots(
    session: Session, public_keys: Mapping[str, bytes], checkpoint: Checkpoint | None, reading: _Reading
) -> None:
    seen = session.execute(_MARKS).all()
    expected_roots = seen[0].roots
    marks = {row.chain: row.position for row in seen if row.chain is not None}
    sealed: dict[str, int] = {}
    previous = GENESIS
    with session.execute(_ROOTS, execution_options=_STREAMED) as rows:
        for row in rows:
            where = f"racine {reading.roots + 1}"
            previous = _check_root(row, where, reading.roots + 1, previous, public_keys)
            reading.roots += 1
            reading.where = f"après la {where}"
            for chain, position, head_hash in json.loads(row.line)["heads"]:
                if chain in reading.seals and reading.seals[chain][1] >= position:
                    raise _Found(where, "une tête recule")
                reading.seals[chain] = (chain, position, head_hash)
                if reading.roots <= expected_roots:
                    sealed[chain] = position
            if checkpoint is not None and checkpoint.position == reading.roots and checkpoint.hash != row.hash:
                raise _Found(where, "elle diffère du témoin conservé par un partenaire")
    if checkpoint is not None and not 1 <= checkpoint.position <= reading.roots:
        raise _Found(f"racine {checkpoint.position}", "elle manque, un partenaire en conserve le témoin")
    if reading.roots < expected_roots or marks != sealed:
        raise _Found("racines", "les repères de scellement ne correspondent pas aux racines")


def _signed(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _check_root(row: Any, where: str, position: int, previous: bytes, keys: Mapping[str, bytes]) -> bytes:
    if type(row.position) is not int or row.position != position:
        raise _Found(where, "elle manque ou n’est pas à sa place")
    if row.hash != next_hash(previous, row.line):
        raise _Found(where, "son empreinte ne correspond pas à son contenu")
    root = json.loads(row.line)
    if (root["position"], root["previous"]) != (position, previous.hex()):
        raise _Found(where, "son contenu ne correspond pas à sa place")
    key = keys.get(root["key"])
    if key is None:
        raise _Found(where, "elle est signée par une clé inconnue")
    if not _signed(key, row.signature, signed_bytes(row.hash)):
        raise _Found(where, "sa signature est fausse")
    return bytes(row.hash)


def _check_entries(session: Session, reading: _Reading) -> None:
    last: Any = None
    with session.execute(_ENTRIES, execution_options=_STREAMED) as rows:
        for row in rows:
            if last is None or row.chain != last.chain:
                _close_chain(last, reading)
                last = None
                reading.chains += 1
            _check_entry(row, last, reading)
            reading.entries += 1
            reading.where = f"chaîne {row.chain}, après la ligne {row.position}"
            last = row
    _close_chain(last, reading)
    for chain, position, _hash in reading.seals.values():
        raise _Found(f"chaîne {chain}, ligne {position}", "elle manque alors qu’une racine signée l’atteste")


def _check_entry(row: Any, last: Any, reading: _Reading) -> None:
    position, previous = (1, GENESIS) if last is None else (last.position + 1, last.hash)
    where = f"chaîne {row.chain}, ligne {position}"
    if type(row.position) is not int or row.position != position:
        raise _Found(where, "elle manque ou n’est pas à sa place")
    if row.hash != next_hash(previous, row.line):
        raise _Found(where, "son empreinte ne correspond pas à son contenu")
    entry = json.loads(row.line)
    repeated = (entry["chain"], entry["position"], entry["organisation"], entry["at"])
    if repeated != (row.chain, row.position, row.organisation, row.at):
        raise _Found(where, "ses colonnes ne correspondent pas à son contenu")
    seal = reading.seals.get(row.chain)
    if seal is not None and seal[1] == position and seal[2] != row.hash.hex():
        raise _Found(where, "elle diffère de ce qu’une racine signée atteste")


def _close_chain(last: Any, reading: _Reading) -> None:
    if last is None:
        return
    where = f"chaîne {last.chain}, ligne {last.position}"
    if (last.head_position, last.head_hash) != (last.position, last.hash):
        raise _Found(where, "la tête de la chaîne ne désigne pas sa dernière ligne")
    _chain, sealed, _hash = reading.seals.pop(last.chain, (last.chain, 0, ""))
    if sealed > last.position:
        raise _Found(f"chaîne {last.chain}, ligne {sealed}", "elle manque alors qu’une racine signée l’atteste")
    reading.unsealed += last.position - sealed


def _check_bare_heads(session: Session) -> None:
    """A head whose entries are gone. At position 0, a case was locked and nothing recorded yet."""
    for row in session.execute(_BARE_HEADS):
        if (row.position, row.hash) != (0, GENESIS):
            raise _Found(f"chaîne {row.chain}", "ses lignes manquent")
