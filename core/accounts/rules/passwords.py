"""What a password must be."""

from __future__ import annotations

import unicodedata

#: A password typed by hand, without a second factor yet: length is what protects it.
SHORTEST_PASSWORD = 12

#: Words guessed first once the figures and signs around them are gone, as people lengthen them to reach the length.
_COMMON = frozenset(
    (
        *("abcabcabcabc", "abcd", "abcdefgh", "abcdefghijkl", "administrateur", "administration", "administrator"),
        *("admin", "arrimage", "asdfghjkl", "azerty", "azertyuiop", "azertyuiopqs", "azertyuiopqsdf", "bienvenue"),
        *("bonjour", "calacs", "canadiens", "changeme", "changemenow", "changezmoi", "chocolat", "iloveyou", "jetaime"),
        *("joliette", "lanaudiere", "letmein", "monmotdepasse", "montreal", "motdepasse", "motdepassemotdepasse"),
        *("nouveaumotdepasse", "organisation", "organisme", "password", "passwordpassword", "princesse", "qazwsxedc"),
        *("quebec", "qwerty", "qwertyuiop", "qwertyuiopas", "repentigny", "secret", "soleil", "terrebonne", "welcome"),
        *("zxcvbnm", ""),
    )
)


def is_common(password: str, *, about: tuple[str, ...] = ()) -> bool:
    """Whether a password is guessed first: figures only, a common word lengthened, hardly more than `about`.

    `about`: the person's e-mail before the @, the organisation's name.
    """
    plain = _plain(password)
    if len(set(plain)) <= 2 or plain.strip("0123456789") in _COMMON:
        return True
    words = [word for word in map(_plain, about) if len(word) >= 4]
    return any(word in plain and len(plain) - len(word) < 6 for word in words)


def _plain(text: str) -> str:
    """Letters and figures, without case nor accent."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text.casefold()) if sign.isalnum())
