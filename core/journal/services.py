"""Writing the journal: one entry at the end of a locked chain, and the signed roots."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, event, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, SessionTransaction

from core.access.viewer import Viewer
from core.journal.models import JournalEntry, JournalHead, JournalRoot, JournalSealed
from core.journal.models.lines import GENESIS, chain_of, entry_line, moment, next_hash, root_line, signed_bytes
from core.kernel.crypto import Keyring
from core.kernel.db import Base, add_row, dialect_name, prepared, table_of

#: Key of `Session.info`: chain -> (position, hash) of the heads this transaction holds.
_LOCKED = "arrimage_journal_heads"


def lock_case(session: Session, case_id: UUID) -> None:
    """Lock the case's chain until commit: taken first by every transition, journaled read and withdrawal."""
    _lock(session, chain_of(case_id, None))


def lock_chains(session: Session, organisations: Iterable[UUID | None]) -> None:
    """Lock the chains of several organisations (None: the network's) until commit, always in the same order.

    For an act that writes in more than one: two such acts that met in another order would wait for each other. The
    network's comes last, after every row that the act changes and after `lock_case`.
    """
    network = chain_of(None, None)
    chains = {chain_of(None, one) for one in organisations}
    _lock_all(session, chains - {network})
    if network in chains:
        _lock(session, network)


def record(
    session: Session,
    *,
    case_id: UUID | None,
    organisation_id: UUID | None,
    actor: Viewer,
    action: str,
    subject: str,
    facts: Mapping[str, object],
    now: datetime,
) -> None:
    """Append one entry to the chain of the case (else of the organisation, else of the network), in this transaction.

    `organisation_id` is the organisation that holds what was read or changed: its privacy officer sees the entry.
    `action` and `subject` are codes ("referral.read", "referral:R-7K2M"); `facts` hold codes, small numbers or lists
    of those. Raises `ValueError` for anything else: a journal row carries nothing about a person in words.
    """
    chain = chain_of(case_id, organisation_id)
    entry = _entry(chain, _lock(session, chain), organisation_id, actor, action, subject, facts, now)
    add_row(session, JournalEntry, **entry)
    head = (entry["position"], entry["hash"])
    session.execute(_MOVED, {"of": chain, "position": head[0], "hash": head[1]})
    session.info[_LOCKED][chain] = head


def record_each(
    session: Session,
    facts: Mapping[UUID, Mapping[str, object]],
    *,
    actor: Viewer,
    action: str,
    subject: str,
    now: datetime,
) -> None:
    """Append one entry to the chain of each organisation (its own `facts`): the same act, seen by several holders.

    Three statements however many they are, two more for those whose chain begins. Raises `ValueError` as `record`.
    """
    if not facts:
        return
    lock_chains(session, facts)
    heads = session.info[_LOCKED]
    entries = [
        _entry(chain, heads[chain], organisation_id, actor, action, subject, facts[organisation_id], now)
        for organisation_id in sorted(facts, key=str)
        for chain in (chain_of(None, organisation_id),)
    ]
    moved = [{"of": one["chain"], "position": one["position"], "hash": one["hash"]} for one in entries]
    session.execute(insert(JournalEntry), entries)
    session.connection().execute(_MOVED, moved)
    for one in moved:
        heads[one["of"]] = (one["position"], one["hash"])


def _entry(
    chain: str,
    head: tuple[int, bytes],
    organisation_id: UUID | None,
    actor: Viewer,
    action: str,
    subject: str,
    facts: Mapping[str, object],
    now: datetime,
) -> dict[str, Any]:
    """The row that follows a locked head."""
    position = head[0] + 1
    line = entry_line(
        chain=chain,
        position=position,
        organisation_id=organisation_id,
        actor=actor,
        action=action,
        subject=subject,
        facts=facts,
        now=now,
    )
    return {
        "chain": chain,
        "position": position,
        "organisation": "" if organisation_id is None else str(organisation_id),
        "at": moment(now),
        "line": line,
        "hash": next_hash(head[1], line),
    }


def seal_roots(session: Session, keyring: Keyring, now: datetime) -> int:
    """Sign where the chains that moved since the last root are now. Returns how many; 0 writes no root.

    Heads are read without locking them: a root only says what was committed when it was taken.
    """
    unsealed = session.execute(
        select(JournalHead.chain, JournalHead.position, JournalHead.hash)
        .outerjoin(JournalSealed, JournalSealed.chain == JournalHead.chain)
        .where(
            or_(
                and_(JournalSealed.chain.is_(None), JournalHead.position > 0),
                JournalSealed.position < JournalHead.position,
            )
        )
    ).all()
    if not unsealed:
        return 0
    # Sorted here: the two engines sort text differently, and the line must not depend on it.
    heads = sorted((row.chain, row.position, row.hash.hex()) for row in unsealed)
    last = session.execute(
        select(JournalRoot.position, JournalRoot.hash).order_by(JournalRoot.position.desc()).limit(1)
    ).first()
    position, previous = (1, GENESIS) if last is None else (last.position + 1, last.hash)
    line = root_line(position=position, previous=previous, heads=heads, key_id=keyring.active_id, now=now)
    root_hash = next_hash(previous, line)
    signature = keyring.journal_signing_key().sign(signed_bytes(root_hash))
    # Two sealers at once: the second meets the first's primary key, and its transaction rolls back.
    add_row(session, JournalRoot, position=position, line=line, hash=root_hash, signature=signature)
    upsert = _upsert(dialect_name(session), JournalSealed)
    session.execute(
        upsert.on_conflict_do_update(index_elements=["chain"], set_={"position": upsert.excluded.position}),
        [{"chain": chain, "position": sealed} for chain, sealed, _hash in heads],
    )
    return len(heads)


def _lock(session: Session, chain: str) -> tuple[int, bytes]:
    """The chain's last position and hash, its head locked. A new chain gets its head first, race or not.

    A head this transaction has locked already cannot move under it, so it is not read twice.
    """
    known: dict[str, tuple[int, bytes]] = session.info.setdefault(_LOCKED, {})
    if chain in known:
        return known[chain]
    head = session.execute(*_head_of(chain)).first()
    if head is None:
        session.execute(_begun(dialect_name(session)), {"chain": chain, "position": 0, "hash": GENESIS})
        head = session.execute(*_head_of(chain)).first()
    if head is None:
        raise RuntimeError("the journal's head cannot be read back")
    known[chain] = (head.position, head.hash)
    return known[chain]


def _lock_all(session: Session, chains: Iterable[str]) -> None:
    """`_lock` for several chains at once, in the order of their names: one statement, three when some are new."""
    known: dict[str, tuple[int, bytes]] = session.info.setdefault(_LOCKED, {})
    wanted = sorted(set(chains) - known.keys())
    if not wanted:
        return
    if len(wanted) == 1:
        _lock(session, wanted[0])
        return
    heads = _locked_heads(session, wanted)
    if len(heads) < len(wanted):
        first = [{"chain": chain, "position": 0, "hash": GENESIS} for chain in wanted if chain not in heads]
        session.execute(_begun(dialect_name(session)), first)
        heads = _locked_heads(session, wanted)
    known.update({chain: heads[chain] for chain in wanted})


def _locked_heads(session: Session, chains: list[str]) -> dict[str, tuple[int, bytes]]:
    return {row.chain: (row.position, row.hash) for row in session.execute(*_heads_of(chains))}


@prepared
def _head_of(chain: str) -> Select[int, bytes]:
    return select(JournalHead.position, JournalHead.hash).where(JournalHead.chain == chain).with_for_update()


@prepared
def _heads_of(chains: list[str]) -> Select[str, int, bytes]:
    statement = select(JournalHead.chain, JournalHead.position, JournalHead.hash).where(JournalHead.chain.in_(chains))
    return statement.order_by(JournalHead.chain).with_for_update()


_HEADS = table_of(JournalHead)
_MOVED = update(_HEADS).where(_HEADS.c.chain == bindparam("of"))


@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    """The locks are gone with the transaction."""
    session.info.pop(_LOCKED, None)


@event.listens_for(Session, "after_soft_rollback")
def _forget_savepoint(session: Session, _previous: SessionTransaction) -> None:
    """A savepoint was undone: what was appended inside it never was."""
    session.info.pop(_LOCKED, None)


@cache
def _begun(dialect: str) -> postgresql.Insert | sqlite.Insert:
    """A chain's first head, unless another transaction wrote it."""
    return _upsert(dialect, JournalHead).on_conflict_do_nothing()


def _upsert(dialect: str, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    table = table_of(model)
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
