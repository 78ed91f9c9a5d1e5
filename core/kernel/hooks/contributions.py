"""What a plugin may give to the core: frozen values, checked by the loader, placed by the manager.

Every visible contribution states the permission that lets one see it: one of the plugin's own, or `PUBLIC`.
Text is French source text; templates translate it with `_()`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from core.access.rules import Decision
    from core.access.viewer import Role, Viewer
    from core.kernel.crypto import Keyring

#: What a template receives: a mapping, or a function of the session that reads it. With the function, only this
#: contribution is lost when its query fails, and nothing is read for someone without the permission. A function that
#: gives None has nothing to show: the contribution is left out.
Context = Mapping[str, object] | Callable[[Session], Mapping[str, object] | None]


class PluginSettings(BaseModel):
    """Base of a plugin's settings, the table `[plugins.<name>]` of plugins.toml. An unknown key stops the start."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class PublicPage:
    """A page of the plugin for everybody, at `/<word>`, told on the public home page. Its routes ask for `PUBLIC`."""

    word: str
    title: str
    text: str


@dataclass(frozen=True)
class Manifest:
    """Who the plugin is. `core_version` is a range such as `>=0.1,<1`; `name` prefixes all it owns; `public`: its pages
    with a short address."""

    name: str
    title_fr: str
    title_en: str
    version: str
    core_version: str
    description: str
    settings: type[PluginSettings] = PluginSettings
    public: tuple[PublicPage, ...] = ()


@dataclass(frozen=True)
class PermissionSpec:
    """A permission `<plugin>.<verb>` and the roles that hold it. It is also an action for `can()` and `visible()`."""

    name: str
    title: str
    roles: frozenset[Role]


@dataclass(frozen=True)
class CommitteeSpec:
    """The committee a plugin serves. `slug` is the plugin's name with hyphens; pages live under `/comites/<slug>/`."""

    slug: str
    title: str
    description: str
    parent: str = "cresl"


@dataclass(frozen=True)
class PurposeSpec:
    """A purpose a woman may consent to, `<plugin>.<name>`, with the blocks of information it can ever cover."""

    code: str
    title: str
    explanation: str
    blocks: frozenset[str]


@dataclass(frozen=True)
class RetentionRule:
    """How long rows are kept. `erase(session, before)` deletes what is older (UTC) and returns how many."""

    key: str
    title: str
    keep: timedelta
    erase: Callable[[Session, datetime], int]


@dataclass(frozen=True)
class NavItem:
    """A link of the main navigation, to one of the plugin's own pages."""

    key: str
    title: str
    href: str
    permission: str
    order: int = 100


@dataclass(frozen=True)
class Card:
    """A card of the page *À faire*."""

    key: str
    title: str
    template: str
    permission: str
    context: Context = field(default_factory=dict)
    order: int = 100


@dataclass(frozen=True)
class PanelPage:
    """The page that asks for panels: its name (`referral`, `committee`), the reference it shows, closed codes."""

    name: str
    reference: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Panel:
    """A panel added to a page of the core, below its own content."""

    key: str
    title: str
    template: str
    permission: str
    context: Context = field(default_factory=dict)
    order: int = 100


@dataclass(frozen=True)
class ReportPeriod:
    """The report being made: its kind (`year`, `quarter`, `free`) and its days, both included."""

    kind: str
    first_day: date
    last_day: date


@dataclass(frozen=True)
class ReportTable:
    """Figures of a section, for page, CSV and XLSX. Columns named in `counted` count people: small cells are hidden.

    Columns named in `beside` are hidden wherever the counts of their line are: a length of time, for instance, would
    tell that there are enough to measure one.
    """

    key: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | int | None, ...], ...]
    counted: frozenset[str] = frozenset()
    beside: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ReportSection:
    """A section of the yearly report. `tables(session)` gives its figures."""

    key: str
    title: str
    template: str
    permission: str
    tables: Callable[[Session], Sequence[ReportTable]]
    context: Context = field(default_factory=dict)
    order: int = 100


@dataclass(frozen=True)
class EventSpec:
    """A kind of event, `<plugin>.<what_happened>`, that the plugin emits."""

    kind: str
    title: str


@dataclass(frozen=True)
class FactSpec:
    """A fact of a journal's line in words: what it is, and what its codes mean. `cents`: it is an amount of money."""

    title: str
    words: Mapping[str, str] = field(default_factory=dict)
    cents: bool = False


@dataclass(frozen=True)
class ActSpec:
    """An act that the plugin records in the journal, `<plugin>.<what_was_done>`, as privacy officers read it.

    `about`: words before the reference, or instead of one that is no reference. `facts`: the line's facts, in the
    order they are told; one that is not named here is shown as it was recorded, so that nothing is hidden.
    """

    action: str
    title: str
    about: str = ""
    facts: Mapping[str, FactSpec] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """Something the operator does by hand, `<plugin>.<what_it_does>`: `arrimage plugin run <plugin>.<what_it_does>`.

    `run(session, keyring, now)` acts in one transaction and gives the sentence to print; `now` is aware UTC.
    """

    name: str
    title: str
    run: Callable[[Session, Keyring, datetime], str]


@dataclass(frozen=True)
class Subscriber:
    """`run(session, event, house)`, in its own transaction, once per event. `name` is `<plugin>.<what_it_does>`."""

    kind: str
    name: str
    run: Callable[[Session, Any, Any], None]


@dataclass(frozen=True)
class Restriction:
    """A further condition on an action: a pure rule and its SQL twin, proved equal by a test. It never grants.

    `rule(viewer, facts)` returns a `Decision`; `sql(viewer)` a condition on rows, for lists. Whatever fails denies.
    """

    action: str
    rule: Callable[[Viewer, Any], Decision]
    sql: Callable[[Viewer], ColumnElement[bool]] | None = None


@dataclass(frozen=True)
class ViewerFact:
    """Something true of a person today, `<plugin>.<code>`: in `Viewer.known` when `sql(person, now)` holds for her.

    `person` has the columns `id`, `organisation_id` and `created_at` of her account; `now` is aware UTC. Read with her
    session, in the same statement: one indexed look-up at most.
    """

    code: str
    sql: Callable[[Any, datetime], ColumnElement[bool]]


@dataclass(frozen=True)
class Asking:
    """For whom personal data is copied or erased. `organisation_id`: the organisation that answers for it, which gets
    what it holds and nothing of the others'; None for the platform itself. `now` is aware UTC."""

    keyring: Keyring
    now: datetime
    organisation_id: UUID | None = None


@dataclass(frozen=True)
class PersonalData:
    """What the plugin holds about one person: a readable copy (law: right of access) and how to erase it.

    `erase(session)` returns the number of rows touched.
    """

    key: str
    title: str
    copy: Mapping[str, object]
    erase: Callable[[Session], int]


@dataclass(frozen=True)
class CalendarEvent:
    """A stretch of time in a person's calendar feed: when, and nothing else; no title ever leaves the platform.

    `id` never changes; instants are aware UTC; `sequence` grows with each change that a calendar must learn.
    """

    id: UUID
    starts_at: datetime
    ends_at: datetime
    sequence: int
    cancelled: bool
    changed_at: datetime


class Seeder(Protocol):
    """What a plugin gets to make its fictitious demo data: the demo's time, people and organisations by stable key."""

    @property
    def now(self) -> datetime:
        """Moment of the demo, aware UTC."""
        ...

    @property
    def keyring(self) -> Keyring:
        """The demo's keys, for what a plugin seals."""
        ...

    def viewer(self, persona: str) -> Viewer:
        """The persona of that key (`orres-comite`, `calacs-chrysalide`, …)."""
        ...

    def organisation(self, key: str) -> UUID:
        """Identifier of the organisation of that key."""
        ...


@dataclass(frozen=True)
class Part:
    """A card, panel or report section, ready to show. Not `available`: the page says so instead of the content."""

    plugin: str
    key: str
    title: str
    order: int
    template: str = ""
    context: Mapping[str, object] = field(default_factory=dict)
    tables: tuple[ReportTable, ...] = ()
    available: bool = True
