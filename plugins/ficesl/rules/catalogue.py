"""Courses, versions and capsules: closed words, what a draft lacks before it is published. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class CourseKind(StrEnum):
    """What kind of course it is. Capsules are given unit by unit; workshops are the prevention ones."""

    TRAINING = "training"
    CAPSULES = "capsules"
    WORKSHOP = "workshop"


class VersionState(StrEnum):
    """A version is written, then published: it never changes any more. A newer one retires it."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class ModuleForm(StrEnum):
    """Given by somebody, or followed alone from a video."""

    LIVE = "live"
    SELF_PACED = "self_paced"


class Reach(StrEnum):
    """Who opens a material."""

    NETWORK = "network"
    REGISTERED = "registered"
    TRAINERS = "trainers"


COURSE_KINDS: dict[str, str] = {
    "training": "Formation",
    "capsules": "Capsules",
    "workshop": "Atelier de prévention",
}
VERSION_STATES: dict[str, str] = {"draft": "brouillon", "published": "publiée", "retired": "remplacée"}
MODULE_FORMS: dict[str, str] = {"live": "En séance", "self_paced": "À son rythme (vidéo)"}
REACHES: dict[str, str] = {
    "network": "Tout le réseau",
    "registered": "Les personnes inscrites",
    "trainers": "Les personnes qui animent",
}
#: Who a course is for, and who somebody is.
AUDIENCES: dict[str, str] = {
    "patrol": "Patrouille policière",
    "investigation": "Enquête",
    "educator": "Éducation en centre de réadaptation",
    "worker": "Intervention communautaire ou CALACS",
    "health": "Santé",
    "justice": "Justice",
    "school": "Milieu scolaire",
    "youth": "Jeunes",
    "other": "Autre",
}
#: Code → what a draft lacks before it can be published.
PUBLISH_PROBLEMS: dict[str, str] = {
    "no_module": "Ajoutez au moins une partie ou une capsule, avec sa durée.",
    "no_summary": "Dites en une phrase ce qu’on y apprend.",
    "no_video": "Une capsule à son rythme a besoin de l’adresse de sa vidéo.",
    "not_draft": "Cette version est publiée : elle ne change plus. Faites une nouvelle version.",
    "prerequisite_itself": "Une formation ne peut pas être son propre préalable.",
}


@dataclass(frozen=True)
class ModuleFacts:
    """What publishing looks at in a module."""

    form: str
    video_url: str | None


def publish_problems(summary: str, modules: Iterable[ModuleFacts]) -> tuple[str, ...]:
    """Codes of `PUBLISH_PROBLEMS`, none when the draft may be published."""
    known = tuple(modules)
    found = []
    if not summary.strip():
        found.append("no_summary")
    if not known:
        found.append("no_module")
    if any(one.form == ModuleForm.SELF_PACED and not one.video_url for one in known):
        found.append("no_video")
    return tuple(found)


def loops(course: UUID, wanted: UUID, prerequisites: Mapping[UUID, Iterable[UUID]]) -> bool:
    """Whether asking `wanted` before `course` would make a course its own prerequisite, however far."""
    seen: set[UUID] = set()
    following = [wanted]
    while following:
        one = following.pop()
        if one == course:
            return True
        if one not in seen:
            seen.add(one)
            following.extend(prerequisites.get(one, ()))
    return False


def moved(order: tuple[UUID, ...], which: UUID, step: int) -> tuple[UUID, ...]:
    """The order with one of them a step earlier (-1) or later (+1); unchanged at the ends."""
    place = order.index(which)
    other = place + step
    if not 0 <= other < len(order):
        return order
    changed = list(order)
    changed[place], changed[other] = changed[other], changed[place]
    return tuple(changed)
