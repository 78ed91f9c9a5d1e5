"""The words of every answer of the guide, by question and code."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import AGE_BANDS, LANGUAGES, NEEDS

from ..queries.guide import Guide
from ..rules.conditions import DANGER, YES_NO
from ..rules.guide_questions import AGE, LANGUAGE, MOMENT, NEEDS_NOW, PLACE


def labels_of(guide: Guide, locale: str) -> Mapping[str, Mapping[str, str]]:
    """Question → code → French source text, or the data's own words in the reader's language. All that may be said."""
    english = locale == "en"
    return {
        DANGER: YES_NO,
        NEEDS_NOW: NEEDS,
        AGE: AGE_BANDS,
        PLACE: {area.code: area.label_en if english else area.label for area in guide.places},
        MOMENT: {one.key: one.title_en if english and one.title_en else one.title for one in guide.trajectory.moments},
        LANGUAGE: LANGUAGES,
    }
