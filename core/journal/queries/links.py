"""Where a journal line leads, and its facts in words. The journal sits below every feature: each one lends it both."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.journal.queries.history import JournalLine

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


FactWords = Callable[[Session, Sequence[JournalLine], Callable[[str], str]], Sequence[str]]
_words: dict[str, FactWords] = {}


def word_facts_with(kind: str, reader: FactWords) -> None:
    """Register `reader(session, lines, say)`: each line's facts in words, in order; `say` translates a French text."""
    _words[kind] = reader


def fact_words(session: Session, lines: Sequence[JournalLine], say: Callable[[str], str]) -> list[str]:
    """The facts of each line in the reader's language; as they were recorded where no feature words them."""
    found = [_as_recorded(line) for line in lines]
    for kind, reader in _words.items():
        own = [place for place, line in enumerate(lines) if line.subject.partition(":")[0] == kind]
        if own:
            for place, text in zip(own, reader(session, [lines[one] for one in own], say), strict=True):
                found[place] = text
    return found


def _as_recorded(line: JournalLine) -> str:
    def text(value: object) -> str:
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower()

    return " · ".join(f"{key}={text(value)}" for key, value in sorted(line.facts.items()))
