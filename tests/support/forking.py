"""A process with the platform already imported, that forks the processes which tests kill.

Each starts where `python -c` would, without the second and a half of processor that importing the platform takes. It
has no thread and no connection of its own: what it forks is alone, and dies alone. One JSON line in, one out:
`{"code", "arguments"}` → `{"returncode", "stderr"}` (a signal is a negative return code, as for `subprocess`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Ended(NamedTuple):
    """How a forked process ended."""

    returncode: int
    stderr: str


class Forking:
    """`run(code, *arguments)`: that code in a process of its own, `sys.argv[1:]` being the arguments."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._turn = threading.Lock()

    def run(self, code: str, *arguments: object) -> Ended:
        """Run it to its end, whatever that is; warnings are errors there."""
        asked = {"code": code, "arguments": [str(argument) for argument in arguments]}
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._turn:
            self._process.stdin.write(json.dumps(asked) + "\n")
            self._process.stdin.flush()
            return Ended(**json.loads(self._process.stdout.readline()))


@contextmanager
def forking_process() -> Iterator[Forking]:
    """Start it; it ends with its input."""
    command = [sys.executable, "-W", "error", "-m", "tests.support.forking"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Forking(process)


def _forked(code: str, arguments: list[str]) -> Ended:
    with tempfile.TemporaryFile() as errors:
        pid = os.fork()
        if pid == 0:
            os.dup2(errors.fileno(), 2)
            os.dup2(2, 1)
            os._exit(_obey(code, arguments))
        _, status = os.waitpid(pid, 0)
        errors.seek(0)
        return Ended(os.waitstatus_to_exitcode(status), errors.read().decode(errors="replace"))


def _obey(code: str, arguments: list[str]) -> int:
    sys.argv = ["-c", *arguments]
    try:
        exec(compile(code, "<forked>", "exec"), {"__name__": "__main__"})
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _serve() -> None:
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_forked(**json.loads(line))._asdict()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    import core.app
    import core.cli
    import core.rotation  # noqa: F401

    _serve()
