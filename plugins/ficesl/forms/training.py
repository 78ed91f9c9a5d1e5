"""What is typed about courses, sessions, people and series."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from core.api import N_, Form

from ..rules.catalogue import CourseKind, ModuleForm, Reach

Title = Annotated[str, StringConstraints(min_length=1, max_length=160)]
MaybeTitle = Annotated[str, StringConstraints(max_length=160)]
Audience = Literal["patrol", "investigation", "educator", "worker", "health", "justice", "school", "youth", "other"]
WEB_ADDRESS = N_("Écrivez une adresse complète, qui commence par https://.")


def web_address(typed: str) -> str:
    """A link that somebody will follow is a web address, never a script. Raises ValueError."""
    if typed and (not typed.startswith("https://") or any(sign.isspace() for sign in typed)):
        raise ValueError(WEB_ADDRESS)
    return typed


class CourseForm(Form):
    """A version's words. `validity` in months, blank: it never ends."""

    kind: CourseKind = CourseKind.TRAINING
    title: Title
    title_en: MaybeTitle = ""
    summary: Annotated[str, StringConstraints(max_length=600)] = ""
    audience: Audience
    validity: Annotated[int, Field(ge=1, le=240)] | None = None
    prerequisites: list[UUID] = Field(default_factory=list)


class PartForm(Form):
    """A part or a capsule. `minutes`: its duration."""

    module_title: Title
    module_title_en: MaybeTitle = ""
    minutes: Annotated[int, Field(ge=5, le=720)]
    form: ModuleForm = ModuleForm.LIVE
    video_url: Annotated[str, StringConstraints(max_length=300)] = ""
    quiz_pass: Annotated[int, Field(ge=1, le=100)] | None = None
    quiz_attempts: Annotated[int, Field(ge=1, le=20)] | None = None

    _web = field_validator("video_url")(web_address)


class MaterialForm(Form):
    """A link, or a file beside the form."""

    material_title: Title
    url: Annotated[str, StringConstraints(max_length=300)] = ""
    reach: Reach

    _web = field_validator("url")(web_address)


class SessionForm(Form):
    """A session of a version, hosted by an organisation, for everybody or for one unit."""

    course: Annotated[str, StringConstraints(max_length=12)]
    host: UUID
    team: UUID | None = None
    capacity: Annotated[int, Field(ge=1, le=500)]
    language: Literal["fr", "en"] = "fr"


class BlockForm(Form):
    """A block on the network's clock."""

    module: UUID
    day: Annotated[date, Field(ge=date(2000, 1, 1), le=date(2199, 12, 31))]
    starts: time
    ends: time
    place: Annotated[str, StringConstraints(max_length=160)] = ""
    link: Annotated[str, StringConstraints(max_length=300)] = ""

    _web = field_validator("link")(web_address)


class SeatsForm(Form):
    """Seats in all, and those kept for one more organisation (`seats` 0: none any more)."""

    capacity: Annotated[int, Field(ge=1, le=500)]
    organisation: UUID | None = None
    seats: Annotated[int, Field(ge=0, le=500)] | None = None


class TrainerForm(Form):
    """Somebody of the committee, or a name and an organisation."""

    trainer: UUID | None = None
    name: Annotated[str, StringConstraints(max_length=120)] = ""
    organisation: UUID | None = None


class PersonForm(Form):
    """Somebody of one's organisation. `another`: she is nobody of the list, however alike."""

    name: Annotated[str, StringConstraints(max_length=120)] = ""
    email: Annotated[str, StringConstraints(max_length=200)] = ""
    audience: Audience = "other"
    team: UUID | None = None
    another: bool = False


class TeamForm(Form):
    """A unit."""

    team_name: Annotated[str, StringConstraints(min_length=1, max_length=120)]


class ListForm(Form):
    """A pasted list; a file stands beside the form."""

    people: Annotated[str, StringConstraints(max_length=900_000)] = ""
    audience: Audience = "other"


class LearnersForm(Form):
    """Whom to register. `find`: look for people first, by name or unit; who is ticked stays ticked."""

    learner: list[UUID] = Field(default_factory=list, max_length=500)
    looked_for: Annotated[str, StringConstraints(max_length=120)] = ""
    unit: UUID | None = None
    find: bool = False


class FindForm(Form):
    """People to show: words of their names, never in an address."""

    looked_for: Annotated[str, StringConstraints(max_length=120)] = ""
    unit: UUID | None = None
    left: bool = False


class SeriesForm(Form):
    """A series of a course's capsules, from a day on."""

    course: Annotated[str, StringConstraints(max_length=12)]
    starts_on: date
    target_on: date | None = None
    teams: list[UUID] = Field(default_factory=list)
