"""Fictitious notes for the demo."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from core.api import Seeder

from . import services
from .forms import NoteForm
from .models import Note

NOTES = (
    "Exemple : la prochaine rencontre se tient en ligne, l’ordre du jour suivra.",
    "Exemple : le procès-verbal de la dernière rencontre est déposé.",
)


def seed_notes(session: Session, seeder: Seeder) -> None:
    """Two invented notes, one pinned; nothing when the board has notes already."""
    if session.scalar(select(exists().select_from(Note))):
        return
    viewer = seeder.viewer("coordination-cresl")
    for days, text in enumerate(reversed(NOTES)):
        form = NoteForm(text=text, pinned=days == 0)
        services.post_note(session, viewer, form, seeder.now - timedelta(days=days))
