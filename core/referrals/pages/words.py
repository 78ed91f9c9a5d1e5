"""Words of the pages of a new referral: closed codes in the reader's language, and how hours are said on a card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby

from core.directory.rules.hours import OpeningHours, week
from core.kernel.i18n import N_
from core.kernel.web.routes import PageRequest

Options = tuple[tuple[str, str], ...]

#: What each block is called when she is asked about it.
BLOCK_LABELS: Mapping[str, str] = {
    "contact": N_("La façon de la joindre"),
    "safety": N_("Les heures et les mots sans danger"),
    "identity": N_("Le prénom qu’elle a choisi"),
    "needs": N_("Ce qui l’aiderait et ce qu’il faut prévoir"),
    "situation": N_("Sa municipalité, sa situation et ce qui est observé"),
    "judicial": N_("Ses démarches judiciaires"),
}

ATTESTATION_LABELS: Mapping[str, str] = {
    "alone": N_("nous avons parlé en privé, sans personne pour l’influencer"),
    "free_to_leave": N_("elle est libre de partir"),
    "not_detained": N_("elle n’est ni arrêtée ni détenue"),
    "able": N_("son état lui permet de décider"),
    "understood": N_("elle a compris qui reçoit quoi, et pourquoi"),
    "may_refuse": N_("elle sait qu’elle peut dire non sans perdre aucun service"),
    "may_withdraw": N_("elle sait qu’elle peut changer d’avis en tout temps"),
}

#: The same points, as they read on a document received.
PAPER_LABELS: Mapping[str, str] = {
    "alone": N_("elle a parlé en privé, sans personne pour l’influencer"),
    "free_to_leave": N_("elle était libre de partir"),
    "not_detained": N_("elle n’était ni arrêtée ni détenue"),
    "able": N_("son état lui permettait de décider"),
    "understood": N_("elle a compris qui reçoit quoi, et pourquoi"),
    "may_refuse": N_("elle sait qu’elle peut dire non sans perdre aucun service"),
    "may_withdraw": N_("elle sait qu’elle peut changer d’avis en tout temps"),
}

MAY_LEARN_LABELS: Mapping[str, str] = {
    "received_only": N_("Que la demande est reçue, rien de plus"),
    "stages": N_("Reçue, prise en charge, fermée"),
    "reached": N_("Ces étapes, et si elle a été rejointe : oui ou non"),
}

GIVER_LABELS: Mapping[str, str] = {
    "herself": N_("Elle-même"),
    "tutor": N_("Sa tutrice ou son tuteur"),
    "parental_authority": N_("Un de ses parents"),
}

MODALITY_LABELS: Mapping[str, str] = {
    "spoken": N_("De vive voix"),
    "written": N_("Par écrit"),
    "phone": N_("Au téléphone"),
}

INTERPRETER_LABELS: Mapping[str, str] = {
    "none": N_("Aucun"),
    "professional": N_("Interprète de métier"),
    "colleague": N_("Collègue"),
}

VALIDITY_LABELS: Mapping[str, str] = {
    "90": N_("90 jours"),
    "30": N_("30 jours"),
    "7": N_("7 jours"),
    "1": N_("1 jour"),
}

WEEKDAYS = (N_("lundi"), N_("mardi"), N_("mercredi"), N_("jeudi"), N_("vendredi"), N_("samedi"), N_("dimanche"))


def say(request: PageRequest, text: str, **values: object) -> str:
    """A French source text in the reader's language."""
    return request.house.renderer.translator.translate(request.locale, text, **values)


def options(request: PageRequest, closed: Mapping[str, str], only: Iterable[str] | None = None) -> Options:
    """(code, words) pairs for a field; `only` keeps some codes, in that order."""
    codes = closed if only is None else only
    return tuple((str(code), say(request, closed[code])) for code in codes)


def listed(request: PageRequest, closed: Mapping[str, str], codes: Iterable[str]) -> str:
    """Several codes in one line of words, in the order of the closed list."""
    chosen = set(codes)
    return enumerated(request, (say(request, label) for code, label in closed.items() if code in chosen))


def enumerated(request: PageRequest, labels: Iterable[str]) -> str:
    """« Suivi individuel ; hébergement, logement »: only the first keeps its capital, and labels may hold commas."""
    every = list(labels)
    return say(request, N_(" ; ")).join(every[:1] + [label[:1].lower() + label[1:] for label in every[1:]])


def joined(request: PageRequest, names: Iterable[str]) -> str:
    """« A », « A et B », « A, B et C »."""
    every = list(names)
    if len(every) < 2:
        return "".join(every)
    return say(request, N_("%(first)s et %(last)s"), first=", ".join(every[:-1]), last=every[-1])


def hours_lines(request: PageRequest, hours: OpeningHours) -> tuple[str, ...]:
    """« lundi au vendredi : 9 h à 17 h », one line for each run of like days; nothing when nobody said the hours."""
    days = [day for day in week(hours) if day.intervals]
    lines = []
    for _, run in groupby(enumerate(days), key=lambda pair: (pair[1].weekday - pair[0], pair[1].intervals)):
        same = [day for _, day in run]
        first, last = (say(request, WEEKDAYS[day.weekday]) for day in (same[0], same[-1]))
        span = first if len(same) == 1 else say(request, N_("%(first)s au %(last)s"), first=first, last=last)
        times = ", ".join(_interval(request, opens, closes) for opens, closes in same[0].intervals)
        lines.append(say(request, N_("%(days)s : %(times)s"), days=span, times=times))
    return tuple(lines)


def _interval(request: PageRequest, opens: int, closes: int) -> str:
    if (opens, closes) == (0, 1440):
        return say(request, N_("jour et nuit"))
    return say(request, N_("%(opens)s à %(closes)s"), opens=_hour(request, opens), closes=_hour(request, closes))


def _hour(request: PageRequest, minutes: int) -> str:
    hour, rest = divmod(minutes, 60)
    if request.locale == "en":
        shown = f"{hour % 12 or 12}" + (f":{rest:02d}" if rest else "")
        return f"{shown}\u00a0{'a.m.' if hour % 24 < 12 else 'p.m.'}"
    return f"{hour}\u00a0h" + (f"\u00a0{rest:02d}" if rest else "")
