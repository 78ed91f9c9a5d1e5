"""Reference codes that can be read aloud on a phone: a letter for what it names, then `7K3M-9Q`.

Thirty symbols without 0 O 1 I L U; the last one is a check character, so that one wrong or two swapped neighbouring
symbols are told at once instead of pointing at something else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
BODY = 5
#: Weights coprime with 31, all different: the sum modulo a prime sees substitutions and transpositions.
_PRIME = 31


def new_code(letter: str, choose: Callable[[str], str] = secrets.choice) -> str:
    """A fresh random code; about 24 million exist for a letter, uniqueness is the database's to check."""
    while True:
        body = "".join(choose(ALPHABET) for _ in range(BODY))
        check = _check(body)
        if check is not None:
            return _shape(letter, body + check)


def normalise(letter: str, text: str) -> str | None:
    """The canonical code for what someone typed (case, spaces, hyphens forgiven), or None when it cannot be one."""
    symbols = [symbol for symbol in text.upper() if symbol.isalnum()]
    if len(symbols) == BODY + 2 and symbols[0] == letter:
        symbols = symbols[1:]
    if len(symbols) != BODY + 1 or any(symbol not in ALPHABET for symbol in symbols):
        return None
    typed = "".join(symbols)
    return _shape(letter, typed) if _check(typed[:BODY]) == typed[BODY] else None


def _shape(letter: str, symbols: str) -> str:
    return f"{letter}-{symbols[:4]}-{symbols[4:]}"


def _check(body: str) -> str | None:
    """The check symbol, or None for the one body in 31 whose remainder has no symbol (such bodies are not drawn)."""
    total = sum((position + 2) * ALPHABET.index(symbol) for position, symbol in enumerate(body)) % _PRIME
    return ALPHABET[total] if total < len(ALPHABET) else None
