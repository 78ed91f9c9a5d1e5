"""The words of a version’s page and of what is taken away: conditions, ages, territories, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from core.api import AGE_BANDS, DIRECTORY_WORDS, LANGUAGES, N_, NEEDS, Area, PageRequest

from ..rules.conditions import AGE_BAND, DANGER, LANGUAGE, MINOR, MRC, NEED, Condition
from ..rules.graph import ADOPTED, DRAFT, PROPOSED, PUBLISHED, RETIRED, ROLES, STATES, Node
from ..rules.takeaway import values_by_subject

Say = Callable[..., str]
#: How each state looks: the sign of `parts.html`.
KINDS: Mapping[str, str] = {DRAFT: "wait", PROPOSED: "wait", ADOPTED: "", PUBLISHED: "done", RETIRED: "closed"}
NO_VERSION = N_("Aucune version de la trajectoire n’est encore en vigueur.")
NO_PDF = N_(
    "Le PDF n’est pas installé sur ce serveur. Imprimez la page, ou enregistrez-la en PDF depuis votre navigateur."
)
#: A condition on yes or no, said as it is on a paper.
_YES_NO: Mapping[tuple[str, str], str] = {
    (DANGER, "yes"): N_("danger immédiat"),
    (DANGER, "no"): N_("sans danger immédiat"),
    (MINOR, "yes"): N_("moins de 18 ans"),
    (MINOR, "no"): N_("18 ans et plus"),
}

#: Subjects that must be named for their values to be understood.
_NAMED: Mapping[str, str] = {
    NEED: N_("besoin : %(words)s"),
    MRC: N_("territoire : %(words)s"),
    LANGUAGE: N_("langue : %(words)s"),
}


def saying(request: PageRequest) -> Say:
    """Translates a French text for this reader."""

    def say(text: str, **values: object) -> str:
        said: str = request.house.renderer.translator.translate(request.locale, text, **values)
        return said

    return say


def titled(node: Node, locale: str) -> str:
    """The node's title in the reader's language; French when the committee wrote no English."""
    return node.title_en if locale == "en" and node.title_en else node.title


def area_names(areas: Iterable[Area], locale: str) -> dict[str, str]:
    """Names of territories by their code."""
    return {one.code: one.label_en if locale == "en" else one.label for one in areas}


def conditions_said(conditions: Iterable[Condition], say: Say, names: Mapping[str, str]) -> str:
    """« si danger immédiat, 14 à 17 ans ou 18 à 24 ans »; empty without a condition."""
    closed: Mapping[str, Mapping[str, str]] = {AGE_BAND: AGE_BANDS, NEED: NEEDS, LANGUAGE: LANGUAGES}
    said = []
    for subject, values in values_by_subject(conditions):
        if subject == MRC:
            words = [names.get(value, value) for value in values]
        elif subject in closed:
            words = [_lowered(say(text)) for code, text in closed[subject].items() if code in values]
        else:
            words = [say(_YES_NO[subject, value]) for value in values]
        joined = say(N_(" ou ")).join(words)
        said.append(say(_NAMED[subject], words=joined) if subject in _NAMED else joined)
    return say(N_("si %(words)s"), words=", ".join(said)) if said else ""


def lasting(hours: int, say: Say) -> str:
    """A delay in few letters: whole days from three days on, else hours."""
    if hours < 72 or hours % 24:
        return say(N_("%(n)s h"), n=hours)
    return say(N_("%(n)s jours"), n=hours // 24)


def _lowered(words: str) -> str:
    """In the middle of a sentence. A name keeps its capital: « Centre désigné » is no single word."""
    return words[:1].lower() + words[1:]


def shared(request: PageRequest, areas: Iterable[Area]) -> dict[str, object]:
    """What every template of a version needs."""
    names = area_names(areas, request.locale)
    say = saying(request)
    return {
        "words": DIRECTORY_WORDS,
        "needs": NEEDS,
        "bands": AGE_BANDS,
        "languages": LANGUAGES,
        "roles": ROLES,
        "states": STATES,
        "kinds": KINDS,
        "area_names": names,
        "conditions_said": lambda conditions: conditions_said(conditions, say, names),
        "titled": lambda node: titled(node, request.locale),
    }
