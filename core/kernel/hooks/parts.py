"""Show a plugin's card, panel or section in a page: a template that fails is replaced by « indisponible », alone."""

from __future__ import annotations

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from core.kernel.hooks.contributions import Part
from core.kernel.log import get_logger

#: What a plugin's template gets of the page around it: who looks, and the helpers; never the page's own content.
SHARED = (
    "_",
    "ngettext",
    "viewer",
    "locale",
    "now",
    "csrf_token",
    "csrf_field",
    "idempotency_field",
    "page_kind",
    "url_path",
)
UNAVAILABLE = "plugins/unavailable.html"


def install_parts(environment: Environment) -> None:
    """Add the global `plugin_part(part)`: the HTML of a `Part`, for the core's templates."""

    @pass_context
    def plugin_part(context: Context, part: Part) -> Markup:
        around = {name: context[name] for name in SHARED if name in context}
        if part.available:
            try:
                template = environment.get_template(part.template)
                return Markup(template.render({**around, **part.context, "part": part}))
            except Exception as error:
                get_logger("core.kernel.hooks").error(
                    "plugin_failed", plugin=part.plugin, hook=part.key, error=type(error).__name__
                )
        return Markup(environment.get_template(UNAVAILABLE).render({**around, "part": part}))

    environment.globals["plugin_part"] = plugin_part
