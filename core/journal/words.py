"""A line of the journal in words: its act, what it is about and its facts, those of plugins included."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from core.journal.queries.history import JournalLine
from core.journal.queries.links import fact_words
from core.journal.rules import Fact
from core.kernel.formatting import format_money, format_number
from core.kernel.hooks.contributions import ActSpec, FactSpec
from core.kernel.i18n import N_

Say = Callable[[str], str]
YES, NO = N_("oui"), N_("non")

#: Facts of the core's lines that no feature above words by itself, by the first word of the action.
CORE_FACTS: Mapping[str, Mapping[str, FactSpec]] = {
    "committee": {
        "times": FactSpec(N_("Nombre de dépôts")),
        "scope": FactSpec(
            N_("S’abstient de voter"), {"person": N_("cette personne"), "organisation": N_("tout l’organisme")}
        ),
        "seats": FactSpec(N_("Sièges qui peuvent voter")),
    },
    "report": {
        "year": FactSpec(N_("Année financière qui commence en")),
        "quarter": FactSpec(N_("Trimestre"), {"0": N_("toute l’année")}),
        "kind": FactSpec(N_("Format")),
        "own": FactSpec(N_("Chiffres de l’organisme seulement")),
        "version": FactSpec(N_("Version")),
    },
}


def told_facts(
    session: Session, lines: Sequence[JournalLine], acts: Mapping[str, ActSpec], say: Say, locale: str
) -> list[str]:
    """The facts of each line in the reader's language. `acts`: what plugins record, by action."""
    found = fact_words(session, lines, say)
    for place, line in enumerate(lines):
        known = acts[line.action].facts if line.action in acts else CORE_FACTS.get(line.action.partition(".")[0])
        if known is not None and line.facts:
            found[place] = " · ".join(_told(known, line.facts, say, locale))
    return found


def _told(known: Mapping[str, FactSpec], facts: Mapping[str, Fact], say: Say, locale: str) -> list[str]:
    named = [(spec.title, facts[key], spec) for key, spec in known.items() if key in facts]
    others = [(key, facts[key], FactSpec(key)) for key in sorted(facts) if key not in known]
    return [say(title) + say(N_(" : ")) + _value(spec, value, say, locale) for title, value, spec in named + others]


def _value(spec: FactSpec, value: Fact, say: Say, locale: str) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_value(spec, one, say, locale) for one in value)
    if str(value) in spec.words:
        return say(spec.words[str(value)])
    if isinstance(value, bool):
        return say(YES if value else NO)
    if isinstance(value, int) and spec.cents:
        return format_money(value, locale)
    # A year is no quantity: nothing parts its thousands
    return format_number(value, locale) if isinstance(value, int) and value >= 10_000 else str(value)
