"""Templates: one jinja environment, strict and escaping, with the globals every page may use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from core.kernel import formatting
from core.kernel.hooks.parts import install_parts
from core.kernel.i18n import Translator
from core.kernel.ids import new_id


@dataclass(frozen=True)
class Surroundings:
    """What a page is rendered with besides its own context."""

    viewer: Any
    locale: str
    csrf_token: str
    nav: tuple[Any, ...] = ()
    live_cursor: str | None = None
    session_mark: str = ""
    notice: str | None = None
    url_path: str = "/"
    now: Any = None
    #: Seconds the session has left (`core.kernel.web.house.TimeLeft`), for the script that warns before it locks.
    left: Any = None


class _Compiled(BytecodeCache):
    """Compiled templates of this process, by name, file and what the file says.

    Every environment below has the same options and filters, so what one compiled serves the others: compiling the
    frame of a page takes as long as rendering it twenty times.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give the code if the same text was compiled before."""
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Remember it."""
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _Compiled()


class Renderer:
    """Renders a template to bytes. `static_dirs` maps a URL prefix ("" for the core, a plugin's name) to its folder."""

    def __init__(
        self,
        template_dirs: Iterable[Path],
        static_dirs: Mapping[str, Path],
        translator: Translator,
        *,
        demo: bool,
        exit_url: str,
        emergency: tuple[Any, ...],
    ) -> None:
        self.static_dirs = dict(static_dirs)
        self.translator = translator
        self.environment = Environment(
            loader=FileSystemLoader([str(path) for path in template_dirs]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            bytecode_cache=_COMPILED,
        )
        install_parts(self.environment)
        self.environment.filters.update(formatting.template_filters())
        self.environment.globals.update(
            static=lru_cache(maxsize=256)(self._static), demo=demo, exit_url=exit_url, emergency=emergency
        )

    def render(self, template: str, context: Mapping[str, Any], around: Surroundings) -> bytes:
        """HTML of `template` in the reader's language, UTF-8."""
        locale = around.locale

        def translate(text: str, **values: Any) -> str:
            return self.translator.translate(locale, text, **values)

        def plural(singular: str, many: str, count: int, **values: Any) -> str:
            return self.translator.plural(locale, singular, many, count, **values)

        given: dict[str, Any] = {
            "_": translate,
            "ngettext": plural,
            "words_of": lambda pairs: [(code, translate(words)) for code, words in pairs],
            "viewer": around.viewer,
            "locale": locale,
            "nav": around.nav,
            "live_cursor": around.live_cursor,
            "session_mark": around.session_mark,
            "notice": around.notice,
            "url_path": around.url_path,
            "now": around.now,
            "left": around.left,
            "page_kind": "public" if around.viewer.is_anonymous else "partner",
            "csrf_token": around.csrf_token,
            "csrf_field": lambda: Markup('<input type="hidden" name="_csrf" value="{}">').format(around.csrf_token),
            "idempotency_field": lambda: Markup('<input type="hidden" name="_key" value="{}">').format(new_id()),
        }
        given.update(context)
        return self.environment.get_template(template).render(given).encode()

    def _static(self, path: str) -> str:
        prefix, _, rest = path.partition("/")
        folder, name = (
            (self.static_dirs[prefix], rest) if prefix in self.static_dirs and prefix else (self.static_dirs[""], path)
        )
        digest = hashlib.sha256((folder / name).read_bytes()).hexdigest()[:12]
        return f"/static/{path}?v={digest}"
