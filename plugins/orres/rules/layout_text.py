"""How wide a text is and where it is cut into lines, by a table of widths; and a text as it is searched. Pure."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

#: Widths in thousandths of an em, those of DejaVu Sans: wider than the fonts of screens, so that what is drawn fits.
_WIDTHS = {
    **dict.fromkeys("ijlI'’|", 300),
    **dict.fromkeys(" \u00a0\u202f.,:;!", 335),
    **dict.fromkeys("ft()[]/-‑r", 405),
    **dict.fromkeys("csvxyzJkaoeLgnhudbpqTFE", 600),
    **dict.fromkeys("0123456789éèêëàâôùûçñ", 640),
    **dict.fromkeys("ABCDGHKNOPQRSUVXYZÉÈÀÂÊÎÔ→↩–", 770),
    **dict.fromkeys("mwMWœŒæ…", 960),
}
_OTHER = 660
#: A bold letter is wider.
_BOLD = 1.1


@lru_cache(maxsize=8192)
def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """Width of `text` in pixels, letters of `size` pixels."""
    return sum(_WIDTHS.get(letter, _OTHER) for letter in text) * size / 1000 * (_BOLD if bold else 1)


def wrap(text: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
    """`text` in lines no wider than `room` pixels, cut at ordinary spaces; a word too long is cut where it must be."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        if not word:
            continue
        for part in _parts(word, size, room, bold):
            longer = f"{line} {part}" if line else part
            if line and (width_of(longer, size, bold=bold) > room or part is not word):
                lines.append(line)
                line = part
            else:
                line = longer
    return (*lines, line) if line else tuple(lines)


def shorten(text: str, size: float, room: float) -> str:
    """`text` on one line no wider than `room` pixels, ended by « … » where it is cut."""
    if width_of(text, size) <= room:
        return text
    left, kept = room - width_of("…", size), 0
    for letter in text:
        left -= width_of(letter, size)
        if left < 0:
            break
        kept += 1
    return f"{text[:kept].rstrip()}…"


def folded(text: str) -> str:
    """Lower case, letters and digits alone, without accents: as the single file's script folds what is typed."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    bare = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())


def _parts(word: str, size: float, room: float, bold: bool) -> list[str]:
    """The word, or its pieces when it is wider than a line: after a hyphen first, else with one added."""
    if width_of(word, size, bold=bold) <= room:
        return [word]
    pieces: list[str] = []
    while width_of(word, size, bold=bold) > room and len(word) > 2:
        fits = next(n for n in range(len(word), 0, -1) if n == 1 or width_of(word[:n] + "-", size, bold=bold) <= room)
        hyphen = word.rfind("-", 1, fits)
        cut = hyphen + 1 if hyphen > 0 else fits
        pieces.append(word[:cut] if hyphen > 0 else f"{word[:cut]}-")
        word = word[cut:]
    return [*pieces, word] if word else pieces
