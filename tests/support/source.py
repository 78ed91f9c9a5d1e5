"""The project's own files, for the tests that read them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from core.kernel.i18n import Missing, marked_texts

ROOT = Path(__file__).resolve().parents[2]


def python_files(*folders: str) -> Iterator[Path]:
    """Every Python file under these folders of the project, sorted."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """Every node of the file, as `ast.walk` gives them but for load and store; parsed and walked once for all who look
    for some, for there are a million in the project."""
    found: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"), filename=str(path))]
    for node in found:
        for name in node._fields:
            if name == "ctx":
                continue
            value = getattr(node, name)
            if isinstance(value, list):
                found.extend(one for one in value if isinstance(one, ast.AST))
            elif isinstance(value, ast.AST):
                found.append(value)
    return tuple(found)


def tree(path: Path) -> ast.Module:
    """The file, parsed once."""
    module = nodes(path)[0]
    assert isinstance(module, ast.Module)
    return module


@cache
def marked() -> tuple[Missing, ...]:
    """Every French text marked for display, in the templates and the Python of core and of every plugin; its path is
    relative to the project."""
    folders = [ROOT / "templates", ROOT / "core", ROOT / "plugins"]
    files = sorted(path for folder in folders for path in folder.rglob("*") if path.suffix in {".html", ".py"})
    shown = [path for path in files if "tests" not in path.relative_to(ROOT).parts]
    return tuple(Missing(place(Path(found.path)), found.line, found.text) for found in marked_texts(shown))


@cache
def imports(path: Path) -> tuple[tuple[int, str], ...]:
    """(line, dotted module) of every import of the file, wherever it stands; `from a import b` gives `a.b`."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, name.name
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                package = path.relative_to(ROOT).parent.parts
                kept = package[: len(package) - node.level + 1]
                base = ".".join([*kept, base] if base else kept)
            for name in node.names:
                yield node.lineno, f"{base}.{name.name}"


def place(path: Path, line: int | None = None) -> str:
    """How a failure names a file: relative, with its line."""
    relative = path.relative_to(ROOT)
    return str(relative) if line is None else f"{relative}:{line}"


def committed_files() -> list[Path]:
    """Every file Git knows or would add (what a newcomer receives)."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def templates() -> list[Path]:
    """Every HTML template of core and of the plugins."""
    return sorted([*(ROOT / "templates").rglob("*.html"), *(ROOT / "plugins").glob("*/templates/**/*.html")])
