"""`Hooks`: what the core asks of its plugins, typed. Nobody else calls pluggy.

Registrations are collected and checked once, at start-up. Contributions to pages are asked each time, plugin by
plugin, so that one that fails takes nothing else with it; they come sorted by `(order, plugin, key)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import pluggy
from sqlalchemy.orm import Session

from core.kernel.errors import StartupError
from core.kernel.hooks import checks
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
    Part,
    PermissionSpec,
    PersonalData,
    PluginSettings,
    PublicPage,
    PurposeSpec,
    ReportPeriod,
    ReportSection,
    Restriction,
    RetentionRule,
    Seeder,
    Subscriber,
    ViewerFact,
)
from core.kernel.hooks.guards import guarded_fact, guarded_rule, guarded_sql, guarded_subscriber, log_failure
from core.kernel.hooks.isolation import read_isolated, write_isolated
from core.kernel.hooks.resolving import Visible, resolve, unavailable
from core.kernel.jobs import Job
from core.kernel.web.routes import Route

if TYPE_CHECKING:
    from core.access.viewer import Role, Viewer

T = TypeVar("T")
S = TypeVar("S", bound=PluginSettings)

PAGE_SECONDS = 0.5
REPORT_SECONDS = 10.0

_KEY = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class LoadedPlugin:
    """An enabled plugin, checked. `source` is its plugin.py, for messages."""

    manifest: Manifest
    settings: PluginSettings
    folder: Path
    package: str
    source: Path

    @property
    def name(self) -> str:
        """The plugin's name, prefix of all it owns."""
        return self.manifest.name


class Hooks:
    """The enabled plugins behind typed methods. Made by `load_plugins`, kept in `House.hooks`."""

    def __init__(self, manager: pluggy.PluginManager, plugins: tuple[LoadedPlugin, ...], plugins_toml: Path) -> None:
        self._manager = manager
        self.plugins = plugins
        self.plugins_toml = plugins_toml
        self._permissions = self._registered("register_permissions", PermissionSpec, lambda spec: spec.name)
        self._own = {name: frozenset(spec.name for spec in specs) for name, specs in self._permissions.items()}
        self._roles: dict[str, frozenset[Role]] = {spec.name: spec.roles for spec in _flat(self._permissions)}
        self._committees = self._registered("register_committee", CommitteeSpec)
        self._purposes = self._registered("register_purposes", PurposeSpec, lambda spec: spec.code)
        self._retention = self._registered("register_retention", RetentionRule, lambda rule: rule.key)
        self._events = self._registered("register_events", EventSpec, lambda spec: spec.kind)
        self._acts = self._registered("register_acts", ActSpec, lambda act: act.action)
        self._commands = self._registered("register_commands", Command, lambda one: one.name)
        self._subscribers = self._registered("register_subscribers", Subscriber, lambda one: one.name)
        self._jobs = self._registered("register_jobs", Job, lambda job: job.name)
        self._restrictions = self._registered("register_access_restrictions", Restriction)
        self._facts = self._registered("register_viewer_facts", ViewerFact, lambda fact: fact.code)
        self._routes = self._registered("register_routes", Route)
        self._check_places()

    # -- the plugins themselves

    def plugin(self, name: str) -> LoadedPlugin | None:
        """The enabled plugin of that name."""
        return next((plugin for plugin in self.plugins if plugin.name == name), None)

    def settings(self, name: str, model: type[S]) -> S:
        """The validated settings of an enabled plugin, as its own class."""
        plugin = self.plugin(name)
        if plugin is None or not isinstance(plugin.settings, model):
            raise LookupError(f"no enabled plugin {name} with settings {model.__name__}")
        return plugin.settings

    def names(self) -> tuple[str, ...]:
        """Names of the enabled plugins, sorted: the Alembic branches to bring up to date."""
        return tuple(plugin.name for plugin in self.plugins)

    def template_dirs(self) -> tuple[Path, ...]:
        """Each plugin's `templates/` folder, whose only entry is `<plugin>/`."""
        return tuple(self._folders("templates").values())

    def static_dirs(self) -> Mapping[str, Path]:
        """Plugin → its `static/` folder, served under `/static/<plugin>/`."""
        return self._folders("static")

    def locale_dirs(self) -> tuple[Path, ...]:
        """Each plugin's `locales/` folder."""
        return tuple(self._folders("locales").values())

    def migration_dirs(self) -> Mapping[str, Path]:
        """Enabled plugin → its `migrations/` folder. For every plugin on disk, see `loader.find_plugins`."""
        return self._folders("migrations")

    def _folders(self, kind: str) -> dict[str, Path]:
        return {plugin.name: plugin.folder / kind for plugin in self.plugins if (plugin.folder / kind).is_dir()}

    # -- registrations, collected at start-up

    def permissions(self) -> tuple[PermissionSpec, ...]:
        """Every plugin's permissions."""
        return _flat(self._permissions)

    def permission_roles(self) -> Mapping[str, frozenset[Role]]:
        """Permission → roles that hold it: the `extra` of `core.access.permissions.holds`."""
        return self._roles

    def routes(self) -> tuple[Route, ...]:
        """Every plugin's pages."""
        return _flat(self._routes)

    def public_pages(self) -> tuple[PublicPage, ...]:
        """The plugins' pages for everybody, in the order of their names."""
        return tuple(page for plugin in self.plugins for page in plugin.manifest.public)

    def committees(self) -> tuple[CommitteeSpec, ...]:
        """The committees that plugins serve."""
        return _flat(self._committees)

    def purposes(self) -> tuple[PurposeSpec, ...]:
        """Purposes added to the closed list."""
        return _flat(self._purposes)

    def retention(self) -> tuple[RetentionRule, ...]:
        """Retention rules."""
        return _flat(self._retention)

    def events(self) -> tuple[EventSpec, ...]:
        """Kinds of events that plugins emit."""
        return _flat(self._events)

    def acts(self) -> Mapping[str, ActSpec]:
        """What plugins record in the journal, in words, by action."""
        return {act.action: act for act in _flat(self._acts)}

    def commands(self) -> tuple[Command, ...]:
        """What the operator may do by hand for the plugins."""
        return _flat(self._commands)

    def jobs(self) -> tuple[Job, ...]:
        """Periodic jobs."""
        return _flat(self._jobs)

    def subscribers(self) -> tuple[Subscriber, ...]:
        """Subscribers, each wrapped in a savepoint with a statement timeout; a failure is raised to the dispatcher."""
        return tuple(
            replace(one, run=guarded_subscriber(name, one)) for name, ones in self._subscribers.items() for one in ones
        )

    def restrictions(self) -> tuple[Restriction, ...]:
        """Restrictions that fail closed: an error or an answer that is no decision denies, in both forms."""
        return tuple(
            Restriction(one.action, guarded_rule(name, one), guarded_sql(name, one) if one.sql else None)
            for name, ones in self._restrictions.items()
            for one in ones
        )

    def viewer_facts(self) -> tuple[ViewerFact, ...]:
        """What plugins know of a person when her session is read; a condition that fails is false."""
        return tuple(
            ViewerFact(one.code, guarded_fact(name, one)) for name, ones in self._facts.items() for one in ones
        )

    def check_start(self, session: Session) -> None:
        """Have each plugin compare its settings with its data. Raises the `StartupError` of the first that refuses."""
        for plugin in self.plugins:
            self._call(plugin, "check_start", {"session": session, "settings": plugin.settings})

    # -- contributions to pages, asked each time

    def nav_items(self, viewer: Viewer) -> tuple[NavItem, ...]:
        """Navigation links that this viewer may follow."""
        items: list[tuple[int, str, str, NavItem]] = []
        for plugin in self.plugins:
            try:
                found = self._call(plugin, "nav_items_for", {"viewer": viewer, "settings": plugin.settings})
                for item in self._visible(plugin, "nav_items_for", found, NavItem, viewer):
                    items.append((item.order, plugin.name, item.key, item))
            except Exception as error:
                log_failure(plugin.name, "nav_items_for", error)
        return tuple(entry[-1] for entry in sorted(items, key=lambda entry: entry[:3]))

    def dashboard_cards(self, viewer: Viewer, session: Session, now: datetime) -> tuple[Part, ...]:
        """Cards of *À faire* for this viewer; one that fails comes as not available."""
        given = {"viewer": viewer, "session": session, "now": now}
        return self._parts("dashboard_cards_for", Card, given, PAGE_SECONDS)

    def panels(self, page: PanelPage, viewer: Viewer, session: Session, now: datetime) -> tuple[Part, ...]:
        """Panels of a page for this viewer; one that fails comes as not available."""
        given = {"page": page, "viewer": viewer, "session": session, "now": now}
        return self._parts("panels_for", Panel, given, PAGE_SECONDS)

    def calendar_events(self, user_id: UUID, session: Session, now: datetime) -> tuple[CalendarEvent, ...]:
        """What plugins add to a person's calendar; one that fails adds nothing."""
        found: list[CalendarEvent] = []
        for plugin in self.plugins:
            given = {"user_id": user_id, "session": session, "now": now, "settings": plugin.settings}
            ask = partial(self._values, plugin, "calendar_events_for", CalendarEvent, given)
            outcome = read_isolated(session, plugin.name, PAGE_SECONDS, ask)
            if outcome.error is not None:
                log_failure(plugin.name, "calendar_events_for", outcome.error)
            found += outcome.value or ()
        return tuple(found)

    def report_sections(
        self, report: ReportPeriod, viewer: Viewer, session: Session, now: datetime
    ) -> tuple[Part, ...]:
        """Sections of a report for this viewer, with their tables; one that fails comes as not available."""
        given = {"report": report, "viewer": viewer, "session": session, "now": now}
        return self._parts("report_sections_for", ReportSection, given, REPORT_SECONDS)

    def personal_data(
        self, reference: str, session: Session, asking: Asking | None = None
    ) -> tuple[PersonalData | Part, ...]:
        """What plugins hold about a person, for who asks; a `Part` that is not available stands for a plugin that
        failed: a referral's code without who asks is one."""
        given = {"reference": reference, "session": session, "asking": asking}
        found: list[PersonalData | Part] = []
        for plugin in self.plugins:
            ask = partial(self._values, plugin, "personal_data_of", PersonalData, given)
            outcome = read_isolated(session, plugin.name, PAGE_SECONDS, ask)
            if outcome.error is not None:
                log_failure(plugin.name, "personal_data_of", outcome.error)
                found.append(unavailable(plugin.name, plugin.manifest.title_fr, "personal_data_of"))
            found += outcome.value or ()
        return tuple(found)

    def erase_personal_data(self, reference: str, session: Session, asking: Asking | None = None) -> int:
        """Erase it in every plugin; raises if one fails, so that the caller's transaction rolls back whole."""
        given = {"reference": reference, "session": session, "asking": asking}
        values = partial(self._values, hook="personal_data_of", kind=PersonalData, given=given)
        return sum(item.erase(session) for plugin in self.plugins for item in values(plugin))

    def apply_retention(self, session: Session, now: datetime) -> Mapping[str, int]:
        """Erase what each rule no longer keeps; rule → rows erased. One that fails is left for the next run."""
        erased: dict[str, int] = {}
        for name, rules in self._retention.items():
            for rule in rules:
                try:
                    erase = partial(rule.erase, session, now - rule.keep)
                    erased[rule.key] = write_isolated(session, name, REPORT_SECONDS, erase)
                except Exception as error:
                    log_failure(name, "register_retention", error)
        return erased

    def seed(self, session: Session, seeder: Seeder) -> None:
        """Make each plugin's demo data; a failure is raised."""
        for plugin in self.plugins:
            given = {"session": session, "seeder": seeder, "settings": plugin.settings}
            self._call(plugin, "seed", given)

    # -- inside

    def _call(self, plugin: LoadedPlugin, hook: str, given: Mapping[str, object]) -> object:
        """This plugin's answer to a hook, called with the arguments it names; an empty tuple without the hook."""
        implementation = self._implementation(plugin, hook)
        if implementation is None:
            return ()
        return implementation.function(*(given[name] for name in implementation.argnames))

    def _implementation(self, plugin: LoadedPlugin, hook: str) -> pluggy.HookImpl | None:
        caller: pluggy.HookCaller = getattr(self._manager.hook, hook)
        return next((one for one in caller.get_hookimpls() if one.plugin_name == plugin.name), None)

    def _registered(self, hook: str, kind: type[T], name: Callable[[T], str] | None = None) -> dict[str, tuple[T, ...]]:
        """What each plugin registers, its type and prefix checked."""
        registered: dict[str, tuple[T, ...]] = {}
        for plugin in self.plugins:
            try:
                answer = self._call(plugin, hook, {"settings": plugin.settings})
            except StartupError:
                raise
            except Exception as error:
                checks.refuse(
                    plugin.source, hook, f"ce hook échoue ({type(error).__name__} : {error}).", "corrigez-le."
                )
            values = checks.check_kind(plugin.source, hook, (answer,) if isinstance(answer, kind) else answer, kind)
            if name is not None:
                checks.check_prefix(plugin.name, plugin.source, hook, [name(value) for value in values])
            registered[plugin.name] = tuple(values)
        return registered

    def _check_places(self) -> None:
        for plugin in self.plugins:
            others = self._others(plugin)
            words = frozenset(one.word for one in plugin.manifest.public)
            routes = self._routes[plugin.name]
            checks.check_routes(plugin.name, plugin.source, routes, self._own[plugin.name], others, words)
            for committee in self._committees[plugin.name]:
                if committee.slug != checks.slug_of(plugin.name):
                    checks.refuse(
                        plugin.source,
                        f"register_committee, slug = « {committee.slug} »",
                        "ce n’est pas le nom du plugin.",
                        f'écrivez slug="{checks.slug_of(plugin.name)}".',
                    )

    def _others(self, plugin: LoadedPlugin) -> set[str]:
        return set(self.names()) - {plugin.name}

    def _visible(self, plugin: LoadedPlugin, hook: str, found: object, kind: type[T], viewer: Viewer) -> list[T]:
        """Contributions of the right type, with a permission that this viewer holds."""
        seen: list[T] = []
        for one in checks.check_kind(plugin.source, hook, found, kind):
            checks.check_permission(
                plugin.source, f"{hook}, « {one.key} »", one.permission, self._own[plugin.name], self._others(plugin)
            )
            if not _KEY.fullmatch(one.key):
                checks.refuse(plugin.source, f"{hook}, « {one.key} »", "clé non valide.", "lettres minuscules et _.")
            if one.permission == checks.PUBLIC or viewer.roles & self._roles.get(one.permission, frozenset()):
                seen.append(one)
        return seen

    def _parts(self, hook: str, kind: type[Visible], given: dict[str, object], seconds: float) -> tuple[Part, ...]:
        parts: list[Part] = []
        for plugin in self.plugins:
            parts += self._parts_of(plugin, hook, kind, {**given, "settings": plugin.settings}, seconds)
        return tuple(sorted(parts, key=lambda part: (part.order, part.plugin, part.key)))

    def _parts_of(
        self, plugin: LoadedPlugin, hook: str, kind: type[Visible], given: dict[str, Any], seconds: float
    ) -> list[Part]:
        session: Session = given["session"]
        implementation = self._implementation(plugin, hook)
        if implementation is None:
            return []

        def ask() -> list[Visible]:
            return self._visible(plugin, hook, self._call(plugin, hook, given), kind, given["viewer"])

        try:
            if "session" in implementation.argnames:
                outcome = read_isolated(session, plugin.name, seconds, ask)
                if outcome.error is not None:
                    raise outcome.error
                found = outcome.value or []
            else:
                found = ask()
        except Exception as error:
            log_failure(plugin.name, hook, error)
            return [unavailable(plugin.name, plugin.manifest.title_fr, hook)]
        parts = (resolve(plugin.name, hook, one, session, seconds) for one in found)
        return [part for part in parts if part is not None]

    def _values(self, plugin: LoadedPlugin, hook: str, kind: type[T], given: Mapping[str, object]) -> Sequence[T]:
        return checks.check_kind(plugin.source, hook, self._call(plugin, hook, given), kind)


def _flat(registered: Mapping[str, Iterable[T]]) -> tuple[T, ...]:
    return tuple(value for name in sorted(registered) for value in registered[name])
