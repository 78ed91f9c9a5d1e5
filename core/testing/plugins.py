"""For a plugin's own tests: enable it alone, make viewers and requests, render its pages with the real templates.

```python
def test_…(session, tmp_path):
    with enabled_plugin(tmp_path, "modele", package="plugins._modele", board_size=3) as hooks:
        …
```
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, QueryParams
from typer.testing import CliRunner

from core.access.plugins import install_plugins
from core.access.registry import registry
from core.access.viewer import Role, Viewer
from core.kernel.clock import FixedClock
from core.kernel.hooks.isolation import RUNNING
from core.kernel.hooks.loader import load_plugins
from core.kernel.hooks.manager import Hooks
from core.kernel.hooks.parts import install_parts
from core.kernel.i18n import Translator
from core.kernel.ids import new_id
from core.kernel.web.house import House
from core.kernel.web.render import Renderer, Surroundings
from core.kernel.web.routes import Page, PageRequest, Route
from core.settings import ROOT

__all__ = [
    "a_viewer",
    "by_operator",
    "contribution_statements",
    "enabled_plugin",
    "page_request",
    "plugins_file",
    "render_page",
    "untranslated",
]


def plugins_file(folder: Path, name: str, *, package: str | None = None, **settings: Any) -> Path:
    """A plugins.toml in `folder` that enables one plugin with these settings."""
    lines = [f"[plugins.{name}]", "enabled = true", *([f'package = "{package}"'] if package else [])]
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    path = folder / f"plugins-{name}.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextmanager
def enabled_plugin(folder: Path, name: str, *, package: str | None = None, **settings: Any) -> Iterator[Hooks]:
    """The plugin alone, its permissions and restrictions in force; the registry is put back afterwards."""
    before = {key: copy.copy(value) for key, value in vars(registry).items()}
    hooks = load_plugins(plugins_file(folder, name, package=package, **settings))
    install_plugins(registry, hooks)
    try:
        yield hooks
    finally:
        vars(registry).update(before)


def a_viewer(*roles: Role, organisation_id: UUID | None = None, organisation_type: str = "communautaire") -> Viewer:
    """Someone fictitious with these roles, in an organisation of her or his own unless one is given."""
    return Viewer(
        user_id=new_id(),
        organisation_id=organisation_id or new_id(),
        organisation_name="Organisme fictif",
        organisation_type=organisation_type,
        roles=frozenset(roles),
        display_name="Personne fictive",
        second_factor=True,
    )


def page_request(
    hooks: Hooks,
    route_name: str,
    viewer: Viewer,
    now: datetime,
    *,
    path: Mapping[str, str] | None = None,
    query: str = "",
    form: Mapping[str, str] | None = None,
    wants_fragment: bool = False,
) -> PageRequest:
    """A request for the plugin's route of that name; its handler is `request.route.handler`."""
    route: Route = next(route for route in hooks.routes() if route.name == route_name)
    house = cast("House", SimpleNamespace(hooks=hooks, clock=FixedClock(now)))
    return PageRequest(
        viewer=viewer,
        path=path or {},
        query=QueryParams(query),
        form=FormData(form or {}),
        now=now,
        locale="fr",
        house=house,
        route=route,
        wants_fragment=wants_fragment,
        url_path=route.path,
    )


def render_page(hooks: Hooks, page: Page, viewer: Viewer, now: datetime, *, locale: str = "fr") -> str:
    """HTML of a page with the project's own frame, templates and words."""
    renderer = Renderer(
        [ROOT / "templates", *hooks.template_dirs()],
        {"": ROOT / "core" / "static", **hooks.static_dirs()},
        Translator([ROOT / "core" / "locales", *hooks.locale_dirs()]),
        demo=False,
        exit_url="https://www.meteomedia.com/ca",
        emergency=(),
    )
    install_parts(renderer.environment)
    around = Surroundings(viewer=viewer, locale=locale, csrf_token="jeton", url_path="/", now=now)
    return renderer.render(page.template, page.context, around).decode()


def untranslated(hooks: Hooks, sources: Iterable[Path]) -> list[str]:
    """French texts marked in these files or folders that neither the core nor the plugin says in English."""
    translator = Translator([ROOT / "core" / "locales", *hooks.locale_dirs()])
    return [f"{found.path}:{found.line} {found.text}" for found in translator.missing("en", sources)]


@contextmanager
def contribution_statements(session: Session) -> Iterator[dict[str, list[str]]]:
    """Statements that each plugin's contributions send, savepoints and limits not counted (budget: two each)."""
    sent: dict[str, list[str]] = {}
    overhead = ("SAVEPOINT", "RELEASE", "ROLLBACK", "SELECT set_config", "SELECT current_setting")

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        plugin = session.info.get(RUNNING)
        if plugin is not None and not statement.startswith(overhead):
            sent.setdefault(plugin, []).append(statement)

    bind = session.connection()
    event.listen(bind, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(bind, "before_cursor_execute", note)


def by_operator(*arguments: str) -> tuple[int, str]:
    """`arrimage plugin …` as the operator types it, on the settings of the environment: status, what it says."""
    from core.plugin_cli import app

    said = CliRunner().invoke(app, arguments)
    return said.exit_code, said.output
