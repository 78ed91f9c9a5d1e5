"""Where a journal line leads. The journal sits below every feature: each one lends it the addresses of its subjects."""

from collections.abc import Callable, Iterable, Mapping

from sqlalchemy.orm import Session

from core.access.viewer import Viewer

Links = Callable[[Session, Viewer, frozenset[str]], Mapping[str, str]]
_readers: dict[str, Links] = {}


def link_subjects_with(kind: str, reader: Links) -> None:
    """Register `reader(session, viewer, subjects) -> {subject: address}` for subjects that begin with `kind:`."""
    _readers[kind] = reader


def links(session: Session, viewer: Viewer, subjects: Iterable[str]) -> dict[str, str]:
    """The addresses this viewer may open, by subject; the others are left out."""
    asked: dict[str, set[str]] = {}
    for subject in subjects:
        asked.setdefault(subject.partition(":")[0], set()).add(subject)
    found: dict[str, str] = {}
    for kind, those in asked.items():
        if kind in _readers:
            found |= _readers[kind](session, viewer, frozenset(those))
    return found
