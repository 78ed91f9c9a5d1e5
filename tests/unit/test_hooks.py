"""The manager: order, permissions, closed doors; and that every hook is documented, used and tested."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined
from sqlalchemy import column, create_engine, false, literal, select
from sqlalchemy.orm import Session

from core import api
from core.access.known import PersonColumns, known_codes, known_column
from core.access.permissions import holding
from core.access.plugins import install_plugins
from core.access.registry import Registry, registry
from core.access.rules import ALLOWED, deny
from core.access.viewer import ANONYMOUS, Role
from core.kernel.errors import StartupError
from core.kernel.hooks import docs
from core.kernel.hooks.contributions import PanelPage, Part, ReportPeriod
from core.kernel.hooks.hookspecs import HOOK_NAMES, HookSpecs
from core.kernel.hooks.loader import DEFAULT_ROOT
from core.kernel.hooks.manager import Hooks
from core.kernel.hooks.parts import install_parts
from core.testing.plugins import a_viewer, enabled_plugin
from tests.support.plugin_source import PluginWorkshop

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
MEMBER = a_viewer(Role.COMMITTEE_MEMBER)
NO_SESSION = cast("Session", None)


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[PluginWorkshop]:
    made = PluginWorkshop(tmp_path)
    yield made
    made.close()


def cards(hooks: Hooks, viewer: Any = MEMBER) -> list[tuple[str, str]]:
    return [(part.plugin, part.key) for part in hooks.dashboard_cards(viewer, NO_SESSION, NOW)]


CARDS = """
@hookimpl
def dashboard_cards_for(viewer):
    return [
        Card("b", "B", "NAME/b.html", permission="NAME.read"),
        Card("a", "A", "NAME/a.html", permission="NAME.read", context={"n": 1}),
        Card("first", "F", "NAME/f.html", permission="NAME.read", order=1),
    ]

@hookimpl
def nav_items_for(viewer):
    return [NavItem("x", "NAME", "/comites/NAME/", permission="NAME.read")]
"""


def test_contributions_come_by_order_then_plugin_then_key(workshop: PluginWorkshop) -> None:
    for name in ("alpha", "zeta", "beta"):
        workshop.add(name, CARDS)
    hooks = workshop.load()
    names = ("alpha", "beta", "zeta")
    assert cards(hooks) == [(name, "first") for name in names] + [(name, key) for name in names for key in "ab"]
    assert [item.title for item in hooks.nav_items(MEMBER)] == list(names)


def test_someone_without_the_permission_gets_nothing(workshop: PluginWorkshop) -> None:
    workshop.add("alpha", CARDS)
    hooks = workshop.load()
    for viewer in (ANONYMOUS, a_viewer(Role.WORKER, Role.OPERATOR)):
        assert cards(hooks, viewer) == []
        assert hooks.nav_items(viewer) == ()


@pytest.mark.parametrize("permission", ["", "beta.read", "alpha.unknown"])
def test_a_contribution_without_a_known_permission_is_never_shown(workshop: PluginWorkshop, permission: str) -> None:
    workshop.add("beta")
    workshop.add("alpha", CARDS.replace('permission="NAME.read"', f'permission="{permission}"'))
    hooks = workshop.load()
    (part,) = hooks.dashboard_cards(MEMBER, NO_SESSION, NOW)
    assert (part.plugin, part.available) == ("alpha", False)
    assert hooks.nav_items(MEMBER) == ()


@pytest.mark.parametrize("answer", ["1 / 0", "'texte'", "[1]", "None"])
def test_a_failing_plugin_hides_neither_the_page_nor_another_plugin(workshop: PluginWorkshop, answer: str) -> None:
    workshop.add("alpha", f"@hookimpl\ndef dashboard_cards_for(viewer): return {answer}\n")
    workshop.add("beta", CARDS)
    parts = workshop.load().dashboard_cards(MEMBER, NO_SESSION, NOW)
    assert [(part.plugin, part.title) for part in parts if not part.available] == [("alpha", "Essai")]
    assert [part.plugin for part in parts if part.available] == ["beta"] * 3


def test_a_card_with_nothing_to_say_is_left_out(workshop: PluginWorkshop) -> None:
    made = "[Card(key, 'C', 'NAME/c.html', permission='NAME.read', context=lambda session, n=n: n) for key, n in SAID]"
    hook = f"@hookimpl\ndef dashboard_cards_for(viewer): return {made}\n"
    workshop.add("alpha", 'SAID = (("quiet", None), ("told", {"n": 1}))\n' + hook)
    with Session(create_engine("sqlite://")) as session:
        (part,) = workshop.load().dashboard_cards(MEMBER, session, NOW)
    assert (part.key, part.available, part.context) == ("told", True, {"n": 1})


RESTRICTION = """
@hookimpl
def register_access_restrictions():
    return [Restriction("core.open", RULE, SQL)]
"""


def restricted(workshop: PluginWorkshop, rule: str, sql: str = "None") -> Registry:
    workshop.add("alpha", RESTRICTION.replace("RULE", rule).replace("SQL", sql))
    registry = Registry()
    registry.register_rule("core.open", lambda viewer, facts: ALLOWED if facts != "closed" else deny("fermé"))
    if sql != "None":
        registry.register_sql("core.open", lambda viewer: column("open") == 1)
    install_plugins(registry, workshop.load())
    return registry


@pytest.mark.parametrize(
    "rule", ["lambda v, f: 1 / 0", "lambda v, f: None", "lambda v, f: True", "lambda v: ALLOWED", "lambda v, f: print"]
)
def test_a_failing_restriction_denies(workshop: PluginWorkshop, rule: str) -> None:
    registry = restricted(workshop, rule)
    decision = registry.can(MEMBER, "core.open")
    assert not decision.allowed
    assert "sécurité" in decision.reason


@pytest.mark.parametrize("sql", ["lambda v: 1 / 0", "lambda v: None", "lambda v: True", "lambda: text('1')"])
def test_a_failing_sql_restriction_lets_no_row_through(workshop: PluginWorkshop, sql: str) -> None:
    registry = restricted(workshop, "lambda v, f: ALLOWED", sql)
    assert registry.visible(MEMBER, "core.open").compare((column("open") == 1) & false())


def test_a_restriction_takes_away_and_never_grants(workshop: PluginWorkshop) -> None:
    registry = restricted(workshop, 'lambda v, f: ALLOWED if f != "gated" else deny("Formation requise.")')
    assert registry.can(MEMBER, "core.open", "open").allowed
    assert registry.can(MEMBER, "core.open", "gated").reason == "Formation requise."
    assert registry.can(MEMBER, "core.open", "closed").reason == "fermé"


def test_a_restriction_that_could_not_work_stops_the_start(workshop: PluginWorkshop) -> None:
    workshop.add("alpha", RESTRICTION.replace("RULE", "print").replace("SQL", "None"))
    hooks = workshop.load()
    with pytest.raises(StartupError, match=r"plugins\.toml.*« core\.open ».*Remède"):
        install_plugins(Registry(), hooks)
    registry = Registry()
    registry.register_rule("core.open", lambda viewer, facts: ALLOWED)
    registry.register_sql("core.open", lambda viewer: false())
    with pytest.raises(StartupError, match="forme SQL"):
        install_plugins(registry, hooks)


def test_installing_again_replaces_restrictions(workshop: PluginWorkshop) -> None:
    registry = restricted(workshop, "lambda v, f: deny('non')")
    registry.facts["gone.trained"] = lambda _person, _now: false()
    registry.plugin_roles["gone.read"] = frozenset(Role)
    install_plugins(registry, workshop.load())
    assert len(registry.restrictions["core.open"]) == 1
    assert registry.facts == {}, "what an earlier application's plugins knew of a person"
    assert set(registry.plugin_roles) == {"alpha.read"}


def test_a_permission_is_an_action(workshop: PluginWorkshop) -> None:
    workshop.add("alpha")
    registry = Registry()
    install_plugins(registry, workshop.load())
    assert registry.can(MEMBER, "alpha.read").allowed
    refused = registry.can(a_viewer(Role.WORKER), "alpha.read")
    assert (refused.allowed, refused.discoverable) == (False, False)
    assert registry.visible(a_viewer(Role.WORKER), "alpha.read").compare(false())


# -- templates of parts


def rendered(part: Part, **context: object) -> str:
    templates = {
        "alpha/good.html": "<b>{{ n }} {{ viewer }} {{ secret is defined }}</b>",
        "alpha/bad.html": "{{ missing }}",
        "plugins/unavailable.html": "<p>indisponible</p>",
        "page.html": "{{ plugin_part(part) }}!",
    }
    environment = Environment(loader=DictLoader(templates), undefined=StrictUndefined, autoescape=True)
    install_parts(environment)
    return environment.get_template("page.html").render(part=part, viewer="V", secret="nom", **context)


def test_a_part_sees_its_own_context_and_not_the_page() -> None:
    part = Part("alpha", "k", "T", 1, "alpha/good.html", {"n": "<i>"})
    assert rendered(part) == "<b>&lt;i&gt; V False</b>!"


@pytest.mark.parametrize("template", ["alpha/bad.html", "alpha/absent.html"])
def test_a_part_whose_template_fails_is_unavailable_alone(template: str) -> None:
    assert rendered(Part("alpha", "k", "T", 1, template)) == "<p>indisponible</p>!"


def test_an_unavailable_part_says_so() -> None:
    assert rendered(Part("alpha", "k", "T", 1, available=False)) == "<p>indisponible</p>!"


# -- a hook exists only with its docs, a test, and a plugin that uses it


def test_docs_are_up_to_date() -> None:
    page = docs.TARGET.read_text("utf-8")
    assert page == docs.render(), "write it with: python -m core.kernel.hooks.docs"
    for name in HOOK_NAMES:
        assert f"### `{name}`" in page
        assert len(inspect.getdoc(getattr(HookSpecs, name)) or "") > 80


def test_every_contribution_is_documented_with_its_fields() -> None:
    page = docs.render()
    for kind in ("Manifest", "Card", "Panel", "ReportSection", "Restriction", "RetentionRule", "Seeder", "PurposeSpec"):
        assert f"### `{kind}`" in page
    assert "| `permission` | `str` | required |" in page


def hooks_of(plugin: Path) -> set[str]:
    tree = ast.parse((plugin / "plugin.py").read_text("utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in HOOK_NAMES}


def test_the_model_plugin_uses_every_hook() -> None:
    assert hooks_of(DEFAULT_ROOT / "_modele") == set(HOOK_NAMES)


def test_the_model_plugins_tests_reach_every_hook(tmp_path: Path) -> None:
    """Each hook's implementation is called through `Hooks` by a method that the tests of the model use."""
    tests = (DEFAULT_ROOT / "_modele" / "tests" / "test_board.py").read_text("utf-8")
    asked_at_load = {"register_plugin", "register_routes", "register_access_restrictions"}
    by_method = {
        "register_permissions": "hooks.permissions()",
        "register_committee": "hooks.committees()",
        "register_purposes": "hooks.purposes()",
        "register_retention": "hooks.retention()",
        "nav_items_for": "hooks.nav_items(",
        "dashboard_cards_for": "hooks.dashboard_cards(",
        "panels_for": "hooks.panels(",
        "calendar_events_for": "hooks.calendar_events(",
        "register_events": "hooks.events()",
        "register_subscribers": "hooks.subscribers()",
        "report_sections_for": "hooks.report_sections(",
        "register_jobs": "hooks.jobs()",
        "register_acts": "hooks.acts()",
        "register_commands": "hooks.commands()",
        "register_viewer_facts": "hooks.viewer_facts()",
        "check_start": "hooks.check_start(",
        "personal_data_of": "hooks.personal_data(",
        "seed": "hooks.seed(",
    }
    assert set(HOOK_NAMES) == asked_at_load | set(by_method)
    assert [name for name, call in by_method.items() if call not in tests] == []
    with enabled_plugin(tmp_path, "modele", package="plugins._modele") as hooks:
        assert hooks.names() == ("modele",)
        assert {route.name for route in hooks.routes()} == {"modele.board", "modele.post", "modele.note"}
        assert [restriction.action for restriction in hooks.restrictions()] == ["modele.read", "modele.post"]


def test_the_api_lists_all_that_it_gives_and_says_what_it_is() -> None:
    given = {name for name, thing in vars(api).items() if not name.startswith("__") and not inspect.ismodule(thing)}
    assert given - {"annotations"} == set(api.__all__)
    assert len(set(api.__all__)) == len(api.__all__)
    undocumented = [name for name in api.__all__ if callable(getattr(api, name)) and not getattr(api, name).__doc__]
    assert undocumented == []


def test_values_given_to_hooks_are_frozen() -> None:
    for value in (PanelPage("x"), ReportPeriod("year", date(2026, 4, 1), date(2027, 3, 31)), MEMBER):
        with pytest.raises(AttributeError):
            value.name = "autre"  # type: ignore[union-attr]


FACTS = """
from core.api import Restriction, ViewerFact, deny, ALLOWED

@hookimpl
def register_viewer_facts():
    there = ViewerFact("NAME.true", lambda person, now: person.id.is_not(None))
    return (there, ViewerFact("NAME.broken", lambda *_: 1 / 0))

@hookimpl
def register_access_restrictions():
    def rule(viewer, facts):
        return ALLOWED if "NAME.true" in viewer.known else deny("Pas encore.", remedy="/comites/NAME/x")
    return (Restriction("hours_enter", rule),)
"""


def test_a_permission_may_depend_on_what_a_plugin_knows_of_a_person(workshop: PluginWorkshop) -> None:
    """Both forms of a fact that fails are false; without the fact the permission is taken, with the page that helps."""
    worker = a_viewer(Role.WORKER)
    kept = dict(registry.restrictions)
    workshop.add("savoir", FACTS)
    hooks = workshop.load()
    try:
        install_plugins(registry, hooks)
        column = known_column(PersonColumns(literal(1), literal(1), literal(NOW)), NOW)
        with create_engine("sqlite://").connect() as connection:
            known = known_codes(connection.scalar(select(column)))
        assert known == {"savoir.true"}
        denied = holding(worker, "hours_enter")
        assert (denied.allowed, denied.reason, denied.remedy) == (False, "Pas encore.", "/comites/savoir/x")
        assert holding(replace(worker, known=known), "hours_enter").allowed
        assert not holding(replace(a_viewer(Role.OPERATOR), known=known), "hours_enter").allowed
        assert holding(worker, "account_self").allowed
    finally:
        registry.forget_restrictions()
        registry.restrictions.update(kept)
