"""A person's name as it is compared: the same person is often written two ways. Pure; spelling only, never meaning."""

from __future__ import annotations

import re
import unicodedata

_APART = re.compile(r"[^a-z0-9]+")
_SPACES = re.compile(r"\s+")
_SOFT = frozenset("aeiouyh")
_LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ł": "l"}
#: From this likeness on (percent of letters in common), somebody is asked whether it is the same person.
ALIKE_PERCENT = 86
#: What a mailbox may be in a list: nothing that could forge a header.
_MAILBOX = re.compile(r"[^\s@<>,;\"']{1,64}@[^\s@<>,;\"']+\.[^\s@<>,;\"']{2,}")


def tidy(name: str) -> str:
    """The name as it is shown: no line, no control sign, single spaces."""
    return _SPACES.sub(" ", "".join(" " if unicodedata.category(one)[0] == "C" else one for one in name)).strip()


def reading_order(name: str) -> str:
    """The name as it is put in order in a list: without case nor accents, its words as they are read."""
    return " ".join(_words(name))


def folded(name: str) -> str:
    """The name as it is compared: without case, accents, hyphens nor the order of its words. "" when it has no letter.

    `Marie-Ève TREMBLAY`, `Tremblay, Marie Eve` and `marie eve  tremblay` are one.
    """
    return " ".join(sorted(_words(name)))


def _words(name: str) -> list[str]:
    lower = "".join(_LIGATURES.get(one, one) for one in name.casefold())
    plain = "".join(one for one in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(one))
    return [word for word in _APART.split(plain) if word]


def folded_email(email: str) -> str:
    """The address as it is compared."""
    return email.strip().casefold()


def is_mailbox(email: str) -> bool:
    """Whether this may be one e-mail address."""
    return len(email) <= 200 and email.isprintable() and _MAILBOX.fullmatch(email) is not None


def block_keys(name: str) -> frozenset[str]:
    """Of a folded name, what two spellings of it nearly always share: its words, and how they begin, together.

    Ten thousand names are then not all compared with ten thousand.
    """
    words = name.split()
    return frozenset({*(word for word in words if len(word) > 2), " ".join(sorted(map(_beginning, words))) + "*"})


def _beginning(word: str) -> str:
    """Its first letter and the consonant that follows: `ct` for catherine and cathrine."""
    return word[:1] + next((one for one in word[1:] if one not in _SOFT), "")
