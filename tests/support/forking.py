"""A process with the platform already imported, that forks those which tests kill, race, or only want to be alone.

Each starts where `python -c` would, without the two seconds of processor that importing the platform takes. It has no
thread and no connection of its own: what it forks is alone, and dies alone. What it is asked comes on a socket with
the standard streams of the process to be; that process' number, then its end, go back on a socket of its own. Words
are hashed by a seed that no other process of the tests has.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).resolve().parents[2]
_LONGEST_MESSAGE = 100_000


class Ended(NamedTuple):
    """How a forked process ended (a signal is a negative code, as for `subprocess`), and all that it said."""

    returncode: int
    stderr: str


class Forked:
    """A process that runs; as for `Popen`, `stdin` and `stdout` are text, and leaving its context kills it."""

    def __init__(self, pid: int, told: IO[str], stdin: IO[str], stdout: IO[str]) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._told = told
        self._returncode: int | None = None

    def send_signal(self, number: int) -> None:
        """Unless it was waited for; one that died by itself is no error."""
        if self._returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def wait(self) -> int:
        """Its return code, once it has ended."""
        if self._returncode is None:
            self._returncode = int(self._told.readline())
        return self._returncode

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        self.send_signal(signal.SIGKILL)
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        self._told.close()


class Forking:
    """What asks for processes."""

    def __init__(self, asking: socket.socket) -> None:
        self._asking = asking

    def run(self, code: str, *arguments: object, **place: Any) -> Ended:
        """Run that code to its end, whatever that is, `sys.argv[1:]` being the arguments; warnings are errors there.

        `place` is a `folder` to be in, an `environment`.
        """
        with tempfile.TemporaryFile() as said, open(os.devnull, "rb") as nothing:
            _, told = self._ask(code, arguments, [nothing.fileno(), said.fileno(), said.fileno()], **place)
            with told:
                returncode = int(told.readline())
            said.seek(0)
            return Ended(returncode, said.read().decode(errors="replace"))

    def start(self, code: str, *arguments: object, **place: Any) -> Forked:
        """Begin it, and speak with it."""
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        pid, told = self._ask(code, arguments, [theirs_in, theirs_out, 2], **place)
        os.close(theirs_in)
        os.close(theirs_out)
        return Forked(pid, told, open(ours_in, "w", encoding="utf-8"), open(ours_out, encoding="utf-8"))

    def _ask(
        self,
        code: str,
        arguments: tuple[object, ...],
        streams: list[int],
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> tuple[int, IO[str]]:
        words = [str(argument) for argument in arguments]
        asked = json.dumps(
            {
                "code": code,
                "arguments": words,
                "folder": str(folder or ROOT),
                "environment": dict(environment) if environment is not None else None,
            }
        )
        ours, theirs = socket.socketpair()
        with ours, theirs:
            socket.send_fds(self._asking, [asked.encode()], [theirs.fileno(), *streams])
            told = ours.makefile("r", encoding="utf-8")
        return int(told.readline()), told


@contextmanager
def forking_process(folder: Path = ROOT, environment: Mapping[str, str] | None = None) -> Iterator[Forking]:
    """Start it, with the platform that is in `folder`; it ends when nobody can ask any more."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = {**(os.environ if environment is None else environment), "PYTHONHASHSEED": "7"}
    # -P: the folder of this file is no place to import from
    command = [sys.executable, "-P", "-W", "error", __file__, str(theirs.fileno())]
    with (
        subprocess.Popen(
            command,
            cwd=folder,
            env=environment | {"PYTHONPATH": str(folder)},
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        ),
        ours,
    ):
        theirs.close()
        yield Forking(ours)


def _serve(asked: socket.socket) -> None:
    while True:
        message, fds, _, _ = socket.recv_fds(asked, _LONGEST_MESSAGE, 4)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        if not message:
            return
        if os.fork() == 0:
            os._exit(_watch(*fds, **json.loads(message)))
        for fd in fds:
            os.close(fd)


def _watch(told: int, stdin: int, stdout: int, stderr: int, **asked: Any) -> int:
    """The parent of one process: says its number, then how it ended."""
    pid = os.fork()
    if pid == 0:
        os.close(told)
        for place, stream in enumerate((stdin, stdout, stderr)):
            os.dup2(stream, place)
        os._exit(_obey(**asked))
    for stream in (stdin, stdout, stderr):
        os.close(stream)
    with suppress(BrokenPipeError):
        os.write(told, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    return 0


def _obey(code: str, arguments: list[str], folder: str, environment: dict[str, str] | None) -> int:
    sys.argv = ["-c", *arguments]
    os.chdir(folder)
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
    try:
        exec(compile(code, "<forked>", "exec"), {"__name__": "__main__"})
    except SystemExit as ended:
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def _import_everything() -> None:
    """What the forked will not wait for; and nothing of it is looked at, page by page, by their collectors."""
    import core.app
    import core.cli
    import core.rotation  # noqa: F401
    from core.kernel.hooks.loader import load_plugins
    from core.kernel.migrations import plugin_labels
    from core.kernel.schema import import_models
    from core.settings import ROOT  # of the copy that this process serves

    load_plugins(ROOT / "plugins.toml")
    import_models(plugin_labels())
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    _import_everything()
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        _serve(asked)
