"""Writes: flush, never commit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, Delete, Update, delete, select, update
from sqlalchemy.orm import Session

from core.api import ANONYMOUS, N_, Forbidden, Keyring, Viewer, emit, new_id, record

from . import events
from .forms import NoteForm
from .models import Note

ARCHIVED = N_("Notes archivées")


def post_note(session: Session, viewer: Viewer, form: NoteForm, now: datetime) -> UUID:
    """Put a note on the board and tell those who may read it. Raises `Forbidden` without an organisation."""
    if viewer.organisation_id is None:
        raise Forbidden
    note = Note(
        id=new_id(),
        text=form.text,
        organisation_id=viewer.organisation_id,
        author_id=viewer.user_id,
        reserved=form.reserved,
        pinned=form.pinned,
        posted_at=now,
    )
    session.add(note)
    session.flush()
    topics = {f"org:{viewer.organisation_id}"} | (set() if form.reserved else {"network"})
    emit(session, events.NOTE_POSTED, str(note.id), topics=topics, now=now)
    return note.id


def archive_beyond(session: Session, board_size: int, now: datetime) -> int:
    """Archive the oldest notes beyond `board_size`, pinned ones excepted; returns how many."""
    kept = (
        select(Note.id)
        .where(Note.archived_at.is_(None))
        .order_by(Note.posted_at.desc(), Note.id.desc())
        .limit(board_size)
    )
    # In one statement: a note posted between two of them is in neither what was read nor what is kept
    statement = update(Note).where(Note.archived_at.is_(None), Note.pinned.is_(False), Note.id.not_in(kept))
    return _rows(session, statement.values(archived_at=now))


def archive_by_hand(board_size: int, session: Session, keyring: Keyring, now: datetime) -> str:
    """The same by the operator's command, with its line in the journal; the sentence to print."""
    notes = archive_beyond(session, board_size, now)
    record(
        session,
        case_id=None,
        organisation_id=None,
        actor=ANONYMOUS,
        action=events.ARCHIVED,
        subject="board",
        facts={"notes": notes},
        now=now,
    )
    return f"{ARCHIVED} : {notes}"


def unpin_before(session: Session, before: datetime) -> int:
    """Unpin notes posted before that moment (UTC); returns how many."""
    return _rows(session, update(Note).where(Note.pinned.is_(True), Note.posted_at < before).values(pinned=False))


def erase_notes_before(session: Session, before: datetime) -> int:
    """Delete notes posted before that moment (UTC); returns how many."""
    return _rows(session, delete(Note).where(Note.posted_at < before))


def forgetting(author: UUID) -> Callable[[Session], int]:
    """How to erase authorship: the note stays, nobody signed it."""

    def forget(session: Session) -> int:
        return _rows(session, update(Note).where(Note.author_id == author).values(author_id=None))

    return forget


def _rows(session: Session, statement: Update | Delete) -> int:
    result = session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[tuple[()]]", result).rowcount
