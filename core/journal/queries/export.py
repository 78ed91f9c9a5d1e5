"""The journal as JSON lines, for a partner's own check with docs/verify_journal.py (no project code needed)."""

import json
from collections.abc import Mapping
from typing import TextIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.journal.models import JournalEntry, JournalRoot

FORMAT = "arrimage-journal-1"


def export(session: Session, public_keys: Mapping[str, bytes], out: TextIO) -> int:
    """Write keys, roots, then entries, one JSON object a line. Returns the number of entries.

    Roots first: an entry committed while exporting is then merely not under a root yet.
    """

    def write(kind: str, **values: object) -> None:
        out.write(json.dumps({"kind": kind, **values}, ensure_ascii=False, sort_keys=True) + "\n")

    write("format", name=FORMAT)
    for key_id, public in public_keys.items():
        write("key", id=key_id, public=public.hex())
    roots = entries = 0
    columns = (JournalRoot.line, JournalRoot.hash, JournalRoot.signature)
    sealed = select(*columns).order_by(JournalRoot.position)
    with session.execute(sealed, execution_options={"yield_per": 500}) as rows:
        for root in rows:
            write("root", root=json.loads(root.line), hash=root.hash.hex(), signature=root.signature.hex())
            roots += 1
    statement = select(JournalEntry.line, JournalEntry.hash).order_by(JournalEntry.chain, JournalEntry.position)
    with session.execute(statement, execution_options={"yield_per": 500}) as lines:
        for entry in lines:
            write("entry", entry=json.loads(entry.line), hash=entry.hash.hex())
            entries += 1
    write("end", roots=roots, entries=entries)
    return entries
