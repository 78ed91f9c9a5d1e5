"""Every hook of Arrimage. The docstrings are the reference: docs/hooks.md is generated from this file.

A plugin implements those it needs in its `plugin.py`, as plain functions marked `@hookimpl`, and names only the
arguments it uses. `settings` is always the plugin's own. Hooks are synchronous and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol
from uuid import UUID

import pluggy
from sqlalchemy.orm import Session

from core.kernel.hooks.contributions import (
    ActSpec,
    Asking,
    CalendarEvent,
    Card,
    Command,
    CommitteeSpec,
    EventSpec,
    Manifest,
    NavItem,
    Panel,
    PanelPage,
    PermissionSpec,
    PersonalData,
    PluginSettings,
    PurposeSpec,
    ReportPeriod,
    ReportSection,
    Restriction,
    RetentionRule,
    Seeder,
    Subscriber,
    ViewerFact,
)

if TYPE_CHECKING:
    from core.access.viewer import Viewer
    from core.kernel.jobs import Job
    from core.kernel.web.routes import Route

PROJECT = "arrimage"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class HookSpecs(Protocol):
    """The specifications, in the order of the documentation."""

    @hookspec
    def register_plugin(self) -> Manifest:
        """Say who the plugin is. The only hook every plugin must implement.

        Called once, before anything else. The core's version is checked against `core_version`, and the
        plugin's table in plugins.toml against the `settings` class.
        """

    @hookspec
    def register_permissions(self) -> Sequence[PermissionSpec]:
        """Name the plugin's permissions and the roles that hold them.

        Called once at start-up. Names begin with `<plugin>.`. Each permission is also an action: `can(viewer,
        name, facts)` decides it for one thing and `visible(viewer, name)` for a list, restrictions included.
        """

    @hookspec
    def register_routes(self) -> Sequence[Route]:
        """Give the plugin's pages.

        Called once at start-up. Paths are below `/comites/<slug>/`, names begin with `<plugin>.`, and the
        permission is one of the plugin's, one of the core's, or `PUBLIC`. The core enforces permission, CSRF
        and transaction for them as for its own.
        """

    @hookspec
    def register_committee(self) -> CommitteeSpec:
        """Describe the committee that the plugin serves.

        Called once at start-up. The slug is the plugin's name with hyphens for underscores.
        """

    @hookspec
    def register_purposes(self) -> Sequence[PurposeSpec]:
        """Add purposes to the closed list that a consent may name.

        Called once at start-up. Codes begin with `<plugin>.`. A purpose never covers a block that it does not list.
        """

    @hookspec
    def register_retention(self, settings: PluginSettings) -> Sequence[RetentionRule]:
        """Say how long the plugin keeps its rows, and how they are erased.

        Called once at start-up; the core's retention job runs the rules. Keys begin with `<plugin>.`. A rule
        that fails is retried at the next run and does not stop the others.
        """

    @hookspec
    def nav_items_for(self, viewer: Viewer, settings: PluginSettings) -> Sequence[NavItem]:
        """Add links to the main navigation.

        Called for each page of a signed-in viewer, without a session: no query here. Items whose permission the
        viewer lacks are left out by the core. A failure leaves the plugin's links out.
        """

    @hookspec
    def dashboard_cards_for(
        self, viewer: Viewer, session: Session, now: datetime, settings: PluginSettings
    ) -> Sequence[Card]:
        """Add cards to *À faire*.

        Called for each display of the home page. Give `context` as a function of the session when it reads: it
        then runs in its own savepoint, read-only, under a statement timeout, and only for someone with the
        permission. At most two statements per card. A function that gives None leaves the card out: who opens the page
        has work to find there, not a list of what does not wait.
        """

    @hookspec
    def panels_for(
        self, page: PanelPage, viewer: Viewer, session: Session, now: datetime, settings: PluginSettings
    ) -> Sequence[Panel]:
        """Add panels to a page of the core, chosen by `page.name`.

        Called for each display of a page that takes panels: `referral` (its code as reference; `facts`:
        `side`, `urgent`, `pending`, `held`), `committee` (its slug), `vote` (its code; `facts` name the committee, the
        kind and the subject). Same isolation and budget as a card. `page` holds a name, a
        reference and closed codes: never anything personal.
        """

    @hookspec
    def calendar_events_for(
        self, user_id: UUID, session: Session, now: datetime, settings: PluginSettings
    ) -> Sequence[CalendarEvent]:
        """Add events to a person's calendar feed.

        Called when a calendar program reads her secret address, beside the core's meetings: what comes, and at most a
        year back; cancelled events too, so that calendars learn it. Titles are the core's and say nothing. Same
        isolation as a card, two statements at most; a failure leaves the plugin's events out.
        """

    @hookspec
    def register_events(self) -> Sequence[EventSpec]:
        """Name the kinds of events that the plugin emits.

        Called once at start-up. Kinds begin with `<plugin>.`. An event carries its kind and a reference,
        nothing else.
        """

    @hookspec
    def register_acts(self) -> Sequence[ActSpec]:
        """Say in words what the plugin records in the journal.

        Called once at start-up. Actions begin with `<plugin>.`. Privacy officers read the journal of what their
        organisation holds: an act without words is shown by its code, which they should never have to learn.
        """

    @hookspec
    def register_commands(self, settings: PluginSettings) -> Sequence[Command]:
        """Add what the operator does by hand, at the command line.

        Called once at start-up. Names begin with `<plugin>.`. `arrimage plugin run` lists them, `arrimage plugin run
        <name>` does one of them in a transaction of its own; a command that raises changes nothing.
        """

    @hookspec
    def register_subscribers(self) -> Sequence[Subscriber]:
        """React to events, after they are committed.

        Called once at start-up. Each subscriber runs in its own transaction, in a savepoint with a statement
        timeout, once per event; when it fails it is tried again and nothing else is held back. Names begin with
        `<plugin>.`.
        """

    @hookspec
    def report_sections_for(
        self, report: ReportPeriod, viewer: Viewer, session: Session, now: datetime, settings: PluginSettings
    ) -> Sequence[ReportSection]:
        """Add sections to the yearly report.

        Called when a report is made. `tables(session)` and `context` run in a savepoint, read-only, under a
        longer statement timeout. Columns that count people are named in `counted`, so that the core hides small
        cells.
        """

    @hookspec
    def register_jobs(self, settings: PluginSettings) -> Sequence[Job]:
        """Add periodic work: `Job(name, every, run)` with `run(session, house, now)`.

        Called once at start-up. Names begin with `<plugin>.`. Each run holds a lease, so that one process does it.
        """

    @hookspec
    def register_access_restrictions(self, settings: PluginSettings) -> Sequence[Restriction]:
        """Restrict an action further, in a pure form and, for lists, in an equal SQL form.

        Called once at start-up. A restriction only takes away. One that raises, or answers anything but a
        decision, denies.
        """

    @hookspec
    def register_viewer_facts(self, settings: PluginSettings) -> Sequence[ViewerFact]:
        """Say what the plugin knows of a person when her session is read, for its pure restrictions.

        Called once at start-up. Codes begin with `<plugin>.`; those true of her are in `viewer.known`, so that a
        restriction's rule and its SQL form decide alike without reading anything. A condition that fails is false.
        """

    @hookspec
    def check_start(self, session: Session, settings: PluginSettings) -> None:
        """Compare the plugin's settings with its data; raise `StartupError` with the file, the key and the remedy.

        Called once when the server starts, after the migrations, with a session that reads: what plugins.toml names
        (a course, an organisation) must be there before anybody relies on it.
        """

    @hookspec
    def personal_data_of(self, reference: str, session: Session, asking: Asking | None) -> Sequence[PersonalData]:
        """Give what the plugin holds about a person, to copy or to erase.

        `reference` is a referral's code (`R-…`) or `user:<uuid>` for a person with an account. `asking` says for which
        organisation, and holds the keyring that `mark_of_referral` needs. An export says which plugins could not
        answer; an erasure that fails is rolled back whole.
        """

    @hookspec
    def seed(self, session: Session, seeder: Seeder, settings: PluginSettings) -> None:
        """Make the plugin's fictitious data for the demo.

        Called each time the demo starts, after the core's own data: add what is missing, nothing twice.
        Everything is plainly invented.
        """


HOOK_NAMES: tuple[str, ...] = tuple(
    name for name, value in vars(HookSpecs).items() if hasattr(value, f"{PROJECT}_spec")
)
