"""What every file of a plugin imports, read without importing it, and remembered beside the bytecode."""

from __future__ import annotations

import ast
import json
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import blake2b
from importlib.util import cache_from_source
from pathlib import Path
from typing import TypeAlias

#: Line and absolute module of each import of a file: `from core import api` counts as `core.api`.
Imports: TypeAlias = tuple[tuple[int, str], ...]

_IMPORTERS = ("import_module", "__import__")
_BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
#: What this file found, another version of it may not find.
_READER = blake2b(Path(__file__).read_bytes()).digest()
#: What this process knows, by digest of what was read.
_KNOWN: dict[str, Imports] = {}


def imports_of(folder: Path, package: str) -> tuple[tuple[Path, Imports], ...]:
    """Each Python file below `folder`, which is the package `package`, and what it imports. Raises `SyntaxError`.

    Parsing 350 files was most of a start (1 s of processor). Known by what they say, not by their dates: a file
    rewritten within one tick of the clock is read anew.
    """
    sources = {path: path.read_bytes() for path in sorted(folder.rglob("*.py"))}
    digests = {path: _digest(source, path.relative_to(folder), package) for path, source in sources.items()}
    kept = Path(cache_from_source(str(folder / "imports.py"))).with_suffix(".json")
    if any(digest not in _KNOWN for digest in digests.values()):
        _KNOWN.update(_remembered(kept))
    unknown = [path for path, digest in digests.items() if digest not in _KNOWN]
    for path in unknown:
        _KNOWN[digests[path]] = _read(path, sources[path].decode(), path.relative_to(folder), package)
    if unknown and not sys.dont_write_bytecode:
        _remember(kept, {digest: _KNOWN[digest] for digest in digests.values()})
    return tuple((path, _KNOWN[digest]) for path, digest in digests.items())


def _digest(source: bytes, inside: Path, package: str) -> str:
    asked = blake2b(_READER, digest_size=20)
    asked.update(f"{package}\0{inside}\0".encode())
    asked.update(source)
    return asked.hexdigest()


def _remembered(kept: Path) -> dict[str, Imports]:
    """What an earlier start found; nothing when it is not there, or not ours. As trusted as the bytecode beside it."""
    try:
        files = json.loads(kept.read_bytes()).items()
        return {digest: tuple((int(line), str(module)) for line, module in found) for digest, found in files}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(kept: Path, found: dict[str, Imports]) -> None:
    """Whole or not at all: several processes start at once. Where nothing may be written, each start reads anew."""
    half = kept.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(json.dumps(found), encoding="utf-8")
        half.replace(kept)


def _read(path: Path, source: str, inside: Path, package: str) -> Imports:
    tree = ast.parse(source, str(path))
    parents = (package.split(".") + list(inside.with_suffix("").parts))[:-1]
    # As the parser spells names: ﬁ is fi
    spelled = unicodedata.normalize("NFKC", source)
    calls = any(name in spelled for name in _IMPORTERS)
    return tuple(_imported(ast.walk(tree) if calls else _statements(tree), parents))


def _statements(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements at every depth: an import is never inside an expression, and those are nine nodes in ten."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for block in _BLOCKS:
            waiting += getattr(node, block, ())


def _imported(nodes: Iterable[ast.AST], parents: Sequence[str]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            if module in {"core", "plugins"}:
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)
            else:
                yield node.lineno, module
        elif isinstance(node, ast.Call) and _called(node) in _IMPORTERS and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                yield node.lineno, first.value


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
