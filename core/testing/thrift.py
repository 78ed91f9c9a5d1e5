"""What a run of thousands of tests in one process would otherwise pay again and again; loaded with the fixtures."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import FileSystemBytecodeCache
from jinja2.bccache import Bucket
from sqlalchemy import Engine, util
from sqlalchemy.engine.default import DefaultDialect
from starlette import routing

from core.kernel.hooks.loader import DEFAULT_ROOT
from core.kernel.hooks.manager import Hooks
from core.kernel.web import render
from core.settings import Settings

#: Distinct statements of the whole platform, on three drivers.
_STATEMENTS = 6000


def compile_once() -> None:
    """Have every engine of this process find the statements another one of the same driver compiled.

    SQLAlchemy keeps compiled statements by engine and by dialect object; each test opens engines of its own, so that
    each statement was compiled again for each test: a tenth of the suite. What is compiled depends on the dialect's
    class alone (no engine here is made with options of its own).
    """
    shared: util.LRUCache[Any, Any] = util.LRUCache(_STATEMENTS)
    make = Engine.__init__

    def remembering(self: Engine, *arguments: Any, **options: Any) -> None:
        make(self, *arguments, **options)
        self._compiled_cache = shared

    engines: Any = Engine
    dialects: Any = DefaultDialect
    engines.__init__ = remembering
    dialects.__eq__ = lambda self, other: type(self) is type(other)
    dialects.__hash__ = lambda self: hash(type(self))


def collect_rarely() -> None:
    """Look for cycles no more among what was loaded before the first test.

    The collector walks every imported module each time (rarely: `core/__init__.py`). Objects lost with a file or a
    connection open are still seen.
    """
    gc.collect()
    gc.freeze()


def compile_paths_once() -> None:
    """Have the 230 routes of each application find the pattern that another application made of their path: 5 ms."""
    routing.compile_path = cache(routing.compile_path)


def compile_templates_once(folder: Callable[[], Path]) -> None:
    """Have the processes of a run find the templates that another one compiled: 3 s of processor for all of them.

    `folder`: that of the run, asked when the first template is.
    """
    compiled: Any = render._Compiled
    load, dump = compiled.load_bytecode, compiled.dump_bytecode

    @cache
    def kept() -> FileSystemBytecodeCache:
        place = folder() / "templates"
        place.mkdir(exist_ok=True)
        return FileSystemBytecodeCache(str(place))

    def found(self: Any, bucket: Bucket) -> None:
        load(self, bucket)
        if bucket.code is None:
            kept().load_bytecode(bucket)
            dump(self, bucket)

    def left(self: Any, bucket: Bucket) -> None:
        dump(self, bucket)
        kept().dump_bytecode(bucket)

    compiled.load_bytecode, compiled.dump_bytecode = found, left


def loading_once(load: Callable[[Settings], Hooks]) -> Callable[[Settings], Hooks]:
    """`load_hooks` that remembers, by the text of plugins.toml, the plugins of this checkout.

    Reading their 366 files and walking the modules for tables was 60 ms of the 75 of each application, and seven
    hundred are made. Those files do not change while the tests run; a plugin that a test writes is read each time.
    """
    known: dict[tuple[Path, str], Hooks] = {}

    def loaded(settings: Settings) -> Hooks:
        listed = settings.plugins_file
        key = (listed, listed.read_text("utf-8") if listed.is_file() else "")
        if key in known:
            return known[key]
        hooks = load(settings)
        if all(plugin.folder.parent == DEFAULT_ROOT for plugin in hooks.plugins):
            known[key] = hooks
        return hooks

    return loaded
