"""Every situation of the closed vocabulary at once, as bits of one integer: which ones a set of conditions holds for.

A situation here is one age band, one answer on danger, one area, one need and one language. The set has some twenty
thousand, so that a condition over a path of a large trajectory is a few machine operations, with no case forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Final

from core.api import AGE_BANDS, LANGUAGES, NEEDS

from .conditions import (
    ADULT,
    ADULT_BANDS,
    AGE_BAND,
    DANGER,
    LANGUAGE,
    MINOR,
    MINOR_BANDS,
    MRC,
    NEED,
    YES,
    YES_NO,
    Condition,
)

#: Age bands of somebody whose age is known, and their ages in whole years, both ends included.
BAND_AGES: Final[Mapping[str, tuple[int, int]]] = {
    "under_12": (0, 11),
    "12_13": (12, 13),
    "14_17": (14, 17),
    "18_24": (18, 24),
    "25_34": (25, 34),
    "35_49": (35, 49),
    "50_64": (50, 64),
    "65_plus": (65, 130),
}
BANDS: Final = tuple(band for band in AGE_BANDS if band in BAND_AGES)
#: Subjects of which one may have several: a path may ask one, then another.
SEVERAL: Final = frozenset({NEED, LANGUAGE})
#: Another need, another language, than any that is named.
OTHER: Final = ""


@dataclass(frozen=True)
class Space:
    """All situations of a region whose areas have these codes."""

    areas: tuple[str, ...]

    @cached_property
    def dimensions(self) -> Mapping[str, Sequence[str]]:
        """Subject → its values, in the order of the bits."""
        return {
            AGE_BAND: BANDS,
            DANGER: tuple(YES_NO),
            MRC: self.areas,
            NEED: (*NEEDS, OTHER),
            LANGUAGE: (*LANGUAGES, OTHER),
        }

    @cached_property
    def all(self) -> int:
        """Every situation."""
        return (1 << prod(len(values) for values in self.dimensions.values())) - 1

    def of(self, subject: str, value: str) -> int:
        """Where that one value holds; nothing for a value that is in no list."""
        if subject == MINOR:
            bands = MINOR_BANDS if value == YES else ADULT_BANDS if value in YES_NO else frozenset()
            return self.any_of(AGE_BAND, sorted(bands - {ADULT}))
        if subject == AGE_BAND and value == ADULT:
            return self.any_of(AGE_BAND, sorted(ADULT_BANDS - {ADULT}))
        return self._masks.get((subject, value), 0)

    def any_of(self, subject: str, values: Iterable[str]) -> int:
        """Where one of the values holds."""
        found = 0
        for value in values:
            found |= self.of(subject, value)
        return found

    def held(self, conditions: Iterable[Condition], *, lenient: bool = False) -> int:
        """Where all subjects hold. `lenient`: subjects one may have several of hold everywhere."""
        asked: dict[str, list[str]] = {}
        for one in conditions:
            asked.setdefault(one.subject, []).append(one.value)
        found = self.all
        for subject, values in asked.items():
            if not (lenient and subject in SEVERAL):
                found &= self.any_of(subject, values)
        return found

    def values_in(self, situations: int, subject: str) -> tuple[str, ...]:
        """The values of the subject that appear somewhere in a set of situations, in order."""
        return tuple(one for one in self.dimensions[subject] if situations & self._masks[subject, one])

    def example(self, situations: int, subjects: Iterable[str]) -> tuple[Condition, ...]:
        """One situation of the set, told by these subjects alone."""
        lowest = situations & -situations
        told = {AGE_BAND if subject == MINOR else subject for subject in subjects}
        return tuple(
            Condition(subject, value)
            for subject in self.dimensions
            if subject in told
            for value in self.values_in(lowest, subject)
        )

    @cached_property
    def _masks(self) -> Mapping[tuple[str, str], int]:
        """A value of a dimension of `size` values, each over `stride` bits, repeats with a period of both."""
        found: dict[tuple[str, str], int] = {}
        stride = self.all.bit_length()
        for subject, values in self.dimensions.items():
            period, stride = stride, stride // len(values)
            repeated = self.all // ((1 << period) - 1)
            for place, value in enumerate(values):
                found[subject, value] = (((1 << stride) - 1) << (place * stride)) * repeated
        return found
