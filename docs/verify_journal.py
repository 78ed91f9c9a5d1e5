#!/usr/bin/env python3
"""Check an exported Arrimage journal, without any of Arrimage's code. Needs Python 3.11 and `cryptography`.

    python verify_journal.py journal.jsonl --key ID=HEX --witness POSITION:HEX

Give the public key (`--key`) and the signed root (`--witness`) that you received when you became a keeper of the
journal: an export vouches for itself otherwise, and whoever rewrote it could have signed it with a key of their own.
Several --key and --witness may be given. Exit status: 0 intact, 1 altered (says where), 2 unusable file.

The rules, so that you can check this checker:
- an entry's hash is SHA-256(previous hash in its chain || the entry as canonical JSON, RFC 8785); first previous = 0;
- a root lists [chain, position, hash] of the chains that moved, names the previous root's hash, and its own hash is
  SHA-256(previous root's hash || the root as canonical JSON), signed with Ed25519 after a fixed prefix;
- every head in a root must be an entry of the export, at that place with that hash.
"""

import argparse
import hashlib
import json
import sys
from typing import Any, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

GENESIS = bytes(32)
PREFIX = b"arrimage journal root 1\n"
ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


class Altered(Exception):
    """Where the journal no longer holds, and why."""


def canonical(value: Any) -> str:
    """RFC 8785 for the values a journal holds: no fractions, whole numbers within 2**53."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    if isinstance(value, str):
        return '"' + "".join(ESCAPES.get(c) or (f"\\u{ord(c):04x}" if c < " " else c) for c in value) + '"'
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return "{" + ",".join(f"{canonical(name)}:{canonical(value[name])}" for name in names) + "}"
    raise Altered(f"a value of a kind the journal never holds ({type(value).__name__})")


def hashed(previous: bytes, value: Any) -> bytes:
    return hashlib.sha256(previous + canonical(value).encode("utf-8", "surrogatepass")).digest()


class Journal:
    """What was read so far."""

    def __init__(self, keys: dict[str, str], witnesses: dict[int, str]) -> None:
        self.trusted = bool(keys)
        self.keys = {name: Ed25519PublicKey.from_public_bytes(bytes.fromhex(raw)) for name, raw in keys.items()}
        self.witnesses = dict(witnesses)
        self.roots, self.root_hash = 0, GENESIS
        self.seals: dict[str, dict[int, str]] = {}
        self.chain, self.position, self.hash = "", 0, GENESIS
        self.done: set[str] = set()
        self.entries = 0
        self.ended = False

    def read(self, record: dict[str, Any]) -> None:
        if self.ended:
            raise Altered("something follows the end of the export")
        match record.get("kind"):
            case "format":
                if record.get("name") != "arrimage-journal-1":
                    raise Altered("another format than arrimage-journal-1")
            case "key":
                if not self.trusted:
                    self.keys[record["id"]] = Ed25519PublicKey.from_public_bytes(bytes.fromhex(record["public"]))
            case "root":
                self.read_root(record)
            case "entry":
                self.read_entry(record)
            case "end":
                self.ended = True
                if (record["roots"], record["entries"]) != (self.roots, self.entries):
                    raise Altered("lines are missing: the end announces other counts")
            case _:
                raise Altered("a line of unknown kind")

    def read_root(self, record: dict[str, Any]) -> None:
        root, self.roots = record["root"], self.roots + 1
        where = f"root {self.roots}"
        if self.entries:
            raise Altered(f"{where}: it comes after the entries")
        if root["position"] != self.roots or root["previous"] != self.root_hash.hex():
            raise Altered(f"{where}: it is missing or out of place")
        self.root_hash = hashed(self.root_hash, root)
        if self.root_hash.hex() != record["hash"]:
            raise Altered(f"{where}: its hash does not match its content")
        if root["key"] not in self.keys:
            raise Altered(f"{where}: signed by a key you do not hold ({root['key']})")
        try:
            self.keys[root["key"]].verify(bytes.fromhex(record["signature"]), PREFIX + self.root_hash)
        except InvalidSignature:
            raise Altered(f"{where}: its signature is false") from None
        if self.witnesses.pop(self.roots, record["hash"]) != record["hash"]:
            raise Altered(f"{where}: it differs from the root you hold")
        for chain, position, head in root["heads"]:
            seals = self.seals.setdefault(chain, {})
            if seals and max(seals) >= position:
                raise Altered(f"{where}: the head of {chain} goes back")
            seals[position] = head

    def read_entry(self, record: dict[str, Any]) -> None:
        entry = record["entry"]
        if entry["chain"] != self.chain:
            self.close_chain()
            self.chain, self.position, self.hash = entry["chain"], 0, GENESIS
            if self.chain in self.done:
                raise Altered(f"chain {self.chain}: it comes in two pieces")
        self.position, self.entries = self.position + 1, self.entries + 1
        where = f"chain {self.chain}, entry {self.position}"
        if entry["position"] != self.position:
            raise Altered(f"{where}: it is missing or out of place")
        self.hash = hashed(self.hash, entry)
        if self.hash.hex() != record["hash"]:
            raise Altered(f"{where}: its hash does not match its content")
        if self.seals.get(self.chain, {}).pop(self.position, record["hash"]) != record["hash"]:
            raise Altered(f"{where}: it differs from what a signed root says")

    def close_chain(self) -> None:
        self.done.add(self.chain)
        for position in self.seals.pop(self.chain, {}):
            raise Altered(f"chain {self.chain}, entry {position}: it is missing, a signed root says it was there")

    def finish(self) -> None:
        self.close_chain()
        if not self.ended:
            raise Altered("the export is cut before its end")
        for chain in self.seals:
            raise Altered(f"chain {chain}: it is missing, a signed root says it was there")
        for position in self.witnesses:
            raise Altered(f"root {position}: it is missing, and you hold it")


def stop(status: int, message: str) -> NoReturn:
    (sys.stderr if status else sys.stdout).write(message + "\n")
    raise SystemExit(status)


def main() -> None:
    parser = argparse.ArgumentParser(description="Check an exported Arrimage journal.")
    parser.add_argument("path", help="file written by: arrimage journal export")
    parser.add_argument("--key", action="append", default=[], metavar="ID=HEX", help="public key you hold")
    parser.add_argument("--witness", action="append", default=[], metavar="POSITION:HEX", help="root you hold")
    options = parser.parse_args()
    number = 0
    try:
        keys = dict(pair.split("=", 1) for pair in options.key)
        witnesses = {int(place): digest for place, digest in (pair.split(":", 1) for pair in options.witness)}
        journal = Journal(keys, witnesses)
        with open(options.path, encoding="utf-8", newline="\n") as lines:
            for line in lines:
                number += 1
                journal.read(json.loads(line))
        journal.finish()
    except Altered as found:
        stop(1, f"ALTERED, line {number}. {found}")
    except OSError as error:
        stop(2, f"Cannot read {options.path}: {error.strerror}")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        stop(1 if number else 2, f"ALTERED, line {number}. Not a line of a journal." if number else "Malformed option.")
    if not journal.trusted:
        sys.stderr.write("Warning: no --key given: the export vouches for itself, a rewritten one would too.\n")
    stop(0, f"Intact: {journal.entries} entries, {len(journal.done - {''})} chains, {journal.roots} signed roots.")


if __name__ == "__main__":
    main()
