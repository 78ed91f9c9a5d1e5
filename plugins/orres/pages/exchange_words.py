"""Words that templates of exchanges and upkeep look codes up in."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import AGE_BANDS, DIRECTORY_WORDS, FINDING_KINDS, N_, NEEDS

from ..rules import upkeep
from ..rules.exchange import LESSON_STATES, OUTCOMES, SIGNS, SINCE, STATES, SURE, TARGETS

#: Fields of free text, for the list of what looks like a person.
FIELDS: Mapping[str, str] = {
    "title": N_("En une phrase"),
    "story": N_("La situation"),
    "question": N_("Ce que vous demandez au comité"),
    "remark": N_("Ce qui pourrait dire qui elle est"),
    "note": N_("Votre note"),
    "lesson": N_("La leçon"),
    "value": N_("Ce qui devrait être écrit"),
}
LESSON_SIGNS: Mapping[str, str] = {"open": "wait", "attached": "", "done": "done", "aside": "closed"}
WORDS: Mapping[str, object] = {
    "ages": AGE_BANDS,
    "directory": DIRECTORY_WORDS,
    "fields": FIELDS,
    "kinds": FINDING_KINDS,
    "lesson_signs": LESSON_SIGNS,
    "lesson_states": LESSON_STATES,
    "needs": NEEDS,
    "outcomes": OUTCOMES,
    "progress": upkeep.PROGRESS,
    "progress_signs": upkeep.SIGNS,
    "signs": SIGNS,
    "since": SINCE,
    "states": STATES,
    "sure": SURE,
    "targets": TARGETS,
}
