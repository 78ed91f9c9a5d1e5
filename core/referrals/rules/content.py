"""What each block of a referral holds: the answers' names, their French words, and how a form becomes blocks.

Every page that opens a block reads these tables, so that what a sender typed is called the same on the receiver's side.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from core.referrals.rules.contact import MESSAGES_LEFT, PARENTS, SAFE_TIMES, WAYS
from core.referrals.rules.vocabulary import AGE_BANDS, CONSTRAINTS, EXPLOITATION, FACTS, LANGUAGES, NEEDS

Content = Mapping[str, str | list[str]]

#: What a block is called in a title.
BLOCK_TITLES: Mapping[str, str] = {
    "identity": "Prénom choisi",
    "contact": "Comment la joindre",
    "safety": "Sans danger pour elle",
    "needs": "Ce qui l’aiderait",
    "situation": "Sa situation",
    "judicial": "Démarches judiciaires",
    "follow_up": "Suite",
    "thread": "Échanges",
}

#: block → answer → words. The order is the order of reading.
ANSWERS: Mapping[str, Mapping[str, str]] = {
    "identity": {"first_name": "Prénom choisi"},
    "contact": {
        "way": "Façon de la joindre",
        "phone": "Numéro",
        "extension": "Poste",
        "trusted": "Personne de confiance",
    },
    "safety": {
        "times": "Quand l’appeler",
        "message": "Message",
        "if_someone_else": "Si quelqu’un d’autre répond",
        "parents": "Parents",
        "at_school": "À l’école",
    },
    "needs": {"needs": "Ce qui l’aiderait", "constraints": "À prévoir", "language": "Langue"},
    "situation": {
        "municipality": "Municipalité",
        "age_band": "Âge",
        "facts": "Faits observés",
        "exploitation": "Exploitation sexuelle",
        "note": "Précisions",
    },
    "judicial": {"note": "Démarches en cours"},
    "follow_up": {"partner": "Reçu de"},
}

#: Answers that are codes, and their closed lists; any other answer is the person's own words.
CODED: Mapping[str, Mapping[str, str]] = {
    "way": WAYS,
    "times": SAFE_TIMES,
    "message": MESSAGES_LEFT,
    "parents": PARENTS,
    "at_school": {"yes": "Une rencontre à l’école est possible"},
    "needs": NEEDS,
    "constraints": CONSTRAINTS,
    "language": LANGUAGES,
    "age_band": AGE_BANDS,
    "facts": FACTS,
    "exploitation": EXPLOITATION,
}


@dataclass(frozen=True)
class Answer:
    """One line of a block: French source texts when `coded`, else what was typed."""

    name: str
    label: str
    values: tuple[str, ...]
    coded: bool


def answers(block: str, content: Content) -> tuple[Answer, ...]:
    """The lines of a block in reading order; empty ones are left out, unknown ones come last."""
    labels = ANSWERS.get(block, {})
    names = [*(name for name in labels if name in content), *(name for name in content if name not in labels)]
    found = []
    for name in names:
        value = content[name]
        values = [value] if isinstance(value, str) else value
        closed = CODED.get(name)
        words = tuple(closed.get(one, one) if closed else one for one in values if one)
        if words:
            found.append(Answer(name, labels.get(name, name), words, closed is not None))
    return tuple(found)


def filled_blocks(contents: Mapping[str, Content], agreed: Collection[str]) -> dict[str, dict[str, str | list[str]]]:
    """The blocks that hold something and that she agreed to share, without empty answers. Nothing else leaves."""
    kept: dict[str, dict[str, str | list[str]]] = {}
    for block, content in contents.items():
        answered = {name: value for name, value in content.items() if value}
        if answered and block in agreed:
            kept[block] = answered
    return kept


def kept_back(contents: Mapping[str, Content], agreed: Iterable[str]) -> tuple[str, ...]:
    """Blocks that were filled in and that she did not agree to share."""
    given = set(agreed)
    return tuple(block for block, content in contents.items() if any(content.values()) and block not in given)
