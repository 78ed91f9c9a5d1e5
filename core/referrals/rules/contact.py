"""How she may be reached safely: closed codes and their French words, and what of it the preview may say.

Source: network rules §2 (only the channel, hours and wording she declared safe) and §3 (4) (a contact may be *passera*
or *rappellera avec son code*).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum


class Way(StrEnum):
    """The one channel she declared safe."""

    PHONE = "phone"
    WILL_COME = "will_come"
    WILL_CALL = "will_call"
    TRUSTED_PERSON = "trusted_person"


WAYS: Mapping[str, str] = {
    Way.PHONE: "Par téléphone, à ce numéro",
    Way.WILL_CALL: "Elle rappellera avec son code",
    Way.WILL_COME: "Elle passera sur place",
    Way.TRUSTED_PERSON: "Par une personne de confiance",
}

SAFE_TIMES: Mapping[str, str] = {
    "any": "N’importe quand",
    "morning": "Le matin",
    "afternoon": "L’après-midi",
    "evening": "Le soir",
    "weekend": "La fin de semaine",
}

MESSAGES_LEFT: Mapping[str, str] = {
    "none": "Ne laisser aucun message",
    "neutral": "Message neutre : un prénom et un numéro, rien d’autre",
    "text": "Message texte neutre seulement",
}


class Parents(StrEnum):
    """From 12 to 17: what a parent may learn. Silence means *ne pas aviser*."""

    DO_NOT_NOTIFY = "do_not_notify"
    AWARE = "aware"
    MAY_BE_CONTACTED = "may_be_contacted"


PARENTS: Mapping[str, str] = {
    Parents.DO_NOT_NOTIFY: "Ne pas aviser ses parents",
    Parents.AWARE: "Ses parents sont au courant, mais ne pas leur parler",
    Parents.MAY_BE_CONTACTED: "Ses parents sont au courant, on peut leur parler",
}

_DAYTIME = frozenset({"morning", "afternoon"})
_EVENING = frozenset({"evening"})


def contact_constraints(
    way: str, times: Collection[str], *, parents: str | None = None, at_school: bool = False
) -> tuple[str, ...]:
    """The constraint codes of the preview that follow from how she may be reached; a number or a name never does."""
    found = []
    if way == Way.WILL_CALL:
        found.append("will_call")
    if way == Way.WILL_COME:
        found.append("will_come")
    if times and set(times) <= _DAYTIME:
        found.append("daytime_only")
    if times and set(times) <= _EVENING:
        found.append("evening_only")
    if parents == Parents.DO_NOT_NOTIFY:
        found.append("do_not_notify_parents")
    if at_school:
        found.append("meet_at_school")
    return tuple(found)
