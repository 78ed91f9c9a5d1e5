"""Documents of a meeting: cleaned, encrypted, given to those who sit there, shredded when taken away."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.committees.models.meetings import MeetingDocument
from core.committees.rules.meetings import Command
from core.committees.services.meetings import CHANGED, kept_meeting
from core.committees.services.telling import note
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import DomainError, Missing
from core.kernel.events import emit
from core.kernel.files import CleanFile, shred_file, store_file

MOST_DOCUMENTS = 20


class TooManyDocuments(DomainError):
    """A meeting is not an archive."""

    message = "Une rencontre garde au plus 20 documents. Retirez-en un d’abord."


def add_document(session: Session, keyring: Keyring, viewer: Viewer, code: str, file: CleanFile, now: datetime) -> UUID:
    """Attach a clean file to a meeting; returns the document's id. Raises Missing, Forbidden, MeetingRefused."""
    meeting = kept_meeting(session, viewer, code, Command.ATTACH, now)
    count = session.scalar(
        select(func.count()).select_from(MeetingDocument).where(MeetingDocument.meeting_id == meeting.id)
    )
    if (count or 0) >= MOST_DOCUMENTS:
        raise TooManyDocuments
    document_id = new_id()
    add_row(
        session,
        MeetingDocument,
        id=document_id,
        meeting_id=meeting.id,
        file_id=store_file(session, keyring, file, now),
        added_by=viewer.user_id,
        added_at=now,
    )
    note(session, viewer, "committee.document_added", f"meeting:{code}", now, document=document_id)
    emit(session, CHANGED, code, topics=(f"committee:{meeting.committee_id}", "network"), now=now)
    return document_id


def remove_document(session: Session, viewer: Viewer, code: str, document_id: UUID, now: datetime) -> None:
    """Take a document away and destroy its key. Raises Missing, Forbidden."""
    meeting = kept_meeting(session, viewer, code, Command.ATTACH, now)
    found = session.execute(
        select(MeetingDocument).where(MeetingDocument.id == document_id, MeetingDocument.meeting_id == meeting.id)
    ).scalar()
    if found is None:
        raise Missing
    file_id = found.file_id
    session.delete(found)
    session.flush()
    shred_file(session, file_id)
    note(session, viewer, "committee.document_removed", f"meeting:{code}", now, document=document_id)
    emit(session, CHANGED, code, topics=(f"committee:{meeting.committee_id}", "network"), now=now)
