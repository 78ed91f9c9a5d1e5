"""Words that must never be found where they do not belong: made from a seed, looked for in every usual encoding."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote

_LETTERS = "abcdefghijklmnopqrstuvwxyzéèçêïôù"
#: Length in bytes of what is indexed: a hit on it is then checked against the whole encoded secret.
_GRAM = 6
#: Only one place in so many is looked at; pieces that begin at each of as many offsets are indexed, so that one of them
#: stands there wherever a secret begins.
_STEP = 4


@dataclass
class Secrets:
    """Names, numbers and sentences nobody else writes; the same seed gives the same ones."""

    seed: int
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def _keep(self, text: str) -> str:
        self.made.append(text)
        return text

    def _word(self, least: int = 7, most: int = 11) -> str:
        return "".join(self._random.choice(_LETTERS) for _ in range(self._random.randint(least, most)))

    def name(self) -> str:
        """A first name and another, such as no list holds."""
        return self._keep(f"{self._word().capitalize()}-{self._word().capitalize()}")

    def phone(self) -> str:
        """A fictitious number; its extension makes it unique."""
        return self._keep(f"450 555-01{self._random.randint(0, 99):02} poste {self._random.randint(10_000, 999_999)}")

    def text(self) -> str:
        """A sentence with what upsets encodings: accents, quotes, a line break, no-break spaces, an emoji."""
        odd = self._random.choice(["« oui »", '"non"', "l’autre\nligne", "a&b=c%20", "\\u00e9", "🌻"])
        return self._keep(f"{self._word().capitalize()} {self._word()} {odd} {self._word()}.")

    def email(self) -> str:
        """An address of nobody."""
        plain = "".join(self._random.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(14))
        return self._keep(f"{plain}@exemple.invalid")


def encodings(secret: str) -> Iterator[tuple[str, bytes]]:
    """The secret as it would lie in a file: nine encodings; base64 at the three offsets it may begin at."""
    plain = secret.encode()
    yield "utf-8", plain
    yield "utf-16", secret.encode("utf-16-le")
    yield "hex", plain.hex().encode()
    yield "url", quote(secret, safe="").encode()
    yield "json", json.dumps(secret)[1:-1].encode()
    yield "json utf-8", json.dumps(secret, ensure_ascii=False)[1:-1].encode()
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + plain)
        # The letters at both ends also hold bits of what lies around: only those in between are the secret's own
        yield f"base64+{offset}", coded[-(-offset * 8 // 6) : -4]


class Sieve:
    """Looks for many secrets in much data at once."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._grams: dict[bytes, list[tuple[int, str, str, bytes]]] = {}
        for secret in secrets:
            for name, coded in encodings(secret):
                assert len(coded) >= _GRAM + _STEP - 1, "too short to be looked for"
                for offset in range(_STEP):
                    gram = coded[offset : offset + _GRAM]
                    self._grams.setdefault(gram, []).append((offset, secret, name, coded))

    def found_in(self, data: bytes) -> dict[str, set[str]]:
        """Secret → the encodings it was found in."""
        found: dict[str, set[str]] = {}
        grams = self._grams
        for place in range(0, len(data) - _GRAM + 1, _STEP):
            for offset, secret, name, coded in grams.get(data[place : place + _GRAM], ()):
                if place >= offset and data.startswith(coded, place - offset):
                    found.setdefault(secret, set()).add(name)
        return found


def leaks(places: dict[str, bytes], secrets: Collection[str]) -> dict[str, dict[str, set[str]]]:
    """Place → what of `secrets` lies in it; empty when nothing does."""
    sieve = Sieve(secrets)
    # What did not change between two looks is searched once
    looked_at: dict[bytes, dict[str, set[str]]] = {}
    found = {name: looked_at.setdefault(data, {}) for name, data in places.items()}
    for data, each in looked_at.items():
        each |= sieve.found_in(data)
    return {name: each for name, each in found.items() if each}
