"""docs/plugin-tutorial.md, executed from its first line to its last in a copy of the checkout."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.forking import forking_process

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "plugin-tutorial.md"
COPIED = ("core", "plugins", "migrations", "templates", "pyproject.toml")

OTHERS = tuple(
    found.parent.name for found in (ROOT / "plugins").glob("*/plugin.py") if not found.parent.name.startswith("_")
)

_BLOCK = re.compile(r'^```(\w+)(?: (\w+)="([^"]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, what to do with a file, and its text."""

    language: str
    act: str | None
    path: str | None
    text: str


def blocks() -> Iterator[Block]:
    for found in _BLOCK.finditer(TUTORIAL.read_text("utf-8")):
        yield Block(*found.groups())


#: What the reader's commands run, each in a process of its own: forked from one that has imported the copy's core.
COMMANDS = {
    "arrimage": "from core.cli import main; main()",
    "python -m": (
        "import runpy, sys; sys.argv = sys.argv[1:]; runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)"
    ),
}


class Checkout(ExitStack):
    """A copy of the project in which commands run as the tutorial's reader would run them."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder / "checkout"
        self.folder.mkdir()
        for name in COPIED:
            if (ROOT / name).is_dir():
                # With the bytecode: compiling the whole core again would be half of what the page's commands cost
                shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns(*OTHERS))
            else:
                shutil.copyfile(ROOT / name, self.folder / name)
        # The model without the committees' own plugins: each command would load, migrate and seed them too
        listed = re.split(r"^(?=\[plugins\.)", (ROOT / "plugins.toml").read_text("utf-8"), flags=re.MULTILINE)
        kept_lists = [part for part in listed if not part.startswith(tuple(f"[plugins.{name}]" for name in OTHERS))]
        (self.folder / "plugins.toml").write_text("".join(kept_lists), encoding="utf-8")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ARRIMAGE_", "PYTEST_"))}
        self.environment = kept | {"COLUMNS": "200"}
        # The model's own tests run on both engines; its renamed copy differs by names only
        alike = "-k 'not postgresql' -p no:cacheprovider"
        self.environment["PYTEST_ADDOPTS"] = f"{alike} -W 'ignore:Module already imported so cannot be rewritten'"
        self.forking = self.enter_context(forking_process(self.folder, self.environment))

    def run(self, command: str) -> str:
        """What the command says; `export` is remembered."""
        if command.startswith("export "):
            self.environment |= dict(pair.split("=", 1) for pair in command.split()[1:])
            return ""
        (name,) = [name for name in COMMANDS if command.startswith(f"{name} ")]
        arguments = shlex.split(command.removeprefix(name))
        done = self.forking.run(COMMANDS[name], *arguments, folder=self.folder, environment=self.environment)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        return done.stderr

    def console(self, text: str) -> None:
        """Run each `$ command` and find the lines below it in what it says; `…` stands for anything."""
        for piece in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            command, *expected = piece.rstrip("\n").split("\n")
            said = self.run(command)
            for line in expected:
                pattern = ".*".join(re.escape(part) for part in line.split("…"))
                assert re.search(pattern, said), f"{command}\nexpected: {line}\nsaid: {said}"

    def edit(self, path: str, diff: str) -> None:
        """Apply a difference: its lines without + are found once, and replaced by its lines without -."""
        lines = [line for line in diff.split("\n") if line]
        before = "\n".join(line[1:] for line in lines if line[0] in " -")
        after = "\n".join(line[1:] for line in lines if line[0] in " +")
        text = (self.folder / path).read_text("utf-8")
        assert text.count(before) == 1, f"{path}: {before}"
        (self.folder / path).write_text(text.replace(before, after), encoding="utf-8")

    def do(self, block: Block) -> None:
        """Carry out one block of the page."""
        if block.language == "console":
            self.console(block.text)
        elif block.act is None:
            assert block.language in {"sh", "toml"}, block
        else:
            assert block.path is not None
            target = self.folder / block.path
            if block.act == "edit":
                self.edit(block.path, block.text)
            elif block.act == "append":
                target.write_text(target.read_text("utf-8") + block.text, encoding="utf-8")
            else:
                assert block.act == "new"
                assert not target.exists()
                target.write_text(block.text, encoding="utf-8")


@pytest.mark.slow
def test_the_tutorial_works_as_written(tmp_path: Path) -> None:
    done = list(blocks())
    assert {block.language for block in done} >= {"console", "diff", "python", "toml"}
    with Checkout(tmp_path) as checkout:
        for block in done:
            checkout.do(block)
    copy = checkout.folder / "plugins" / "table_ronde"
    names = [path.relative_to(copy) for path in copy.rglob("*") if "__pycache__" not in path.parts]
    left = [str(path) for path in names if "modele" in str(path)]
    left += [str(path) for path in names if (copy / path).is_file() and "modele" in (copy / path).read_text("utf-8")]
    assert left == [], "every identifier of the model is renamed"
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", str(copy)]
    assert subprocess.run(ruff, cwd=checkout.folder, capture_output=True, timeout=300).returncode == 0
