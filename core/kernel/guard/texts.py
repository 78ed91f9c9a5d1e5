"""Texts that may name nobody, checked before they are kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from core.kernel.errors import DomainError
from core.kernel.i18n import N_

from .findings import Finding, Kind, left_over, looks_like_a_person

NAMES_SOMEBODY = N_("Ce texte semble désigner une personne. Retirez-le, ou dites que ce n’en est pas un.")
#: What finds: a text in, findings out.
Guard = Callable[[str], tuple[Finding, ...]]


class NamesSomebody(DomainError):
    """A text looks like a person and nobody said that it does not. `findings`: by field."""

    message = NAMES_SOMEBODY

    def __init__(self, findings: Mapping[str, tuple[Finding, ...]]) -> None:
        super().__init__()
        self.findings = findings


def check_texts(
    texts: Mapping[str, str],
    dismissed: Collection[str],
    guard: Guard = looks_like_a_person,
    sure: Collection[Kind] = (),
) -> tuple[tuple[str, Finding], ...]:
    """Refuse texts that look like a person. Returns the findings said not to be one, with their field, to be recorded.

    `dismissed`: tokens of findings, without effect on kinds in `sure`. Raises NamesSomebody with what is left.
    """
    left = findings_of(texts, dismissed, guard, sure)
    if left:
        raise NamesSomebody(left)
    return tuple((field, one) for field, text in texts.items() for one in guard(text))


def findings_of(
    texts: Mapping[str, str],
    dismissed: Collection[str],
    guard: Guard = looks_like_a_person,
    sure: Collection[Kind] = (),
) -> dict[str, tuple[Finding, ...]]:
    """What still looks like a person, by field; fields without any are left out."""
    found = {field: left_over(guard(text), dismissed, sure) for field, text in texts.items()}
    return {field: kept for field, kept in found.items() if kept}
