"""The file of the master keys: private to its owner, durable, replaced in one step."""

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from core.kernel.errors import StartupError

KEY_BYTES = 32


class MasterKeyError(StartupError):
    """The master key file is missing, exposed or malformed. The message names the file and the remedy (French)."""


def create_masters(path: Path, masters: Sequence[bytes]) -> None:
    """Write the keys in a new file of mode 0600. An existing file is never overwritten."""
    _create(path, _encode(masters))


def replace_masters(path: Path, masters: Sequence[bytes]) -> None:
    """Replace the file in one step: killed at any moment, either the old or the new file is there, complete."""
    for leftover in path.parent.glob(f".{path.name}.????????"):
        leftover.unlink()  # an earlier replacement was killed before its rename
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    _create(temporary, _encode(masters))
    temporary.replace(path)
    _sync_directory(path.parent)


def read_masters(path: Path) -> list[bytes]:
    """The keys of the file, newest first. Raises `MasterKeyError`."""
    try:
        mode, content = stat.S_IMODE(path.stat().st_mode), path.read_text("ascii")
    except OSError:
        raise MasterKeyError(f"Clé maîtresse illisible : {path}. Créez-la avec « arrimage key init ».") from None
    except UnicodeDecodeError:
        content, mode = "", 0o600
    if mode & 0o077:
        raise MasterKeyError(f"Clé maîtresse lisible par d’autres : {path}. Faites « chmod 600 {path} ».")
    masters = []
    for line in filter(None, map(str.strip, content.splitlines())):
        try:
            master = base64.b64decode(line, validate=True)
        except (binascii.Error, ValueError):
            master = b""
        if len(master) != KEY_BYTES:
            raise MasterKeyError(f"Clé maîtresse mal formée : {path}. Chaque ligne est une clé de 32 octets en base64.")
        masters.append(master)
    if not masters:
        raise MasterKeyError(f"Clé maîtresse vide : {path}. Remettez la copie de sauvegarde de ce fichier.")
    return masters


def _encode(masters: Sequence[bytes]) -> bytes:
    return b"".join(base64.b64encode(master) + b"\n" for master in masters)


def _create(path: Path, content: bytes) -> None:
    """Write a file only its owner can read, durably; an existing one is never overwritten."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        reason = "elle existe déjà" if isinstance(error, FileExistsError) else "l’écriture est refusée"
        raise MasterKeyError(f"Clé maîtresse non créée, {reason} : {path}.") from None
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(descriptor, 0o600)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    _sync_directory(path.parent)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
