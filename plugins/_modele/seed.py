"""Fictitious notes for the demo."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from core.api import Seeder

from . import services
from .forms import NoteForm

NOTES = (
    "Exemple : la prochaine rencontre se tient en ligne, l’ordre du jour suivra.",
    "Exemple : le procès-verbal de la dernière rencontre est déposé.",
)


def seed_notes(session: Session, seeder: Seeder) -> None:
    """Two invented notes, the second pinned."""
    viewer = seeder.viewer("coordination-cresl")
    for days, text in enumerate(reversed(NOTES)):
        form = NoteForm(text=text, pinned=days == 0)
        services.post_note(session, viewer, form, seeder.now - timedelta(days=days))
