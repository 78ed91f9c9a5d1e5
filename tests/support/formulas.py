"""Texts that a spreadsheet could compute, to be written harmless by whatever makes a file."""

from __future__ import annotations

import random


def formulas() -> list[str]:
    """Five hundred of them, always the same: openings, blanks before them, known attacks."""
    chance = random.Random(31)
    bodies = (
        "cmd|' /C calc'!A0",
        'HYPERLINK("http://x.invalid","a")',
        "1+1",
        "SUM(A1:A9)",
        "WEBSERVICE(A1)",
        'DDE("cmd")',
        "IMPORTXML(A1)",
        "2+5+cmd|' /C notepad'!A0",
        "@SUM(1)",
        "A1",
    )
    openings = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20", "==", "=-")
    blanks = ("", " ", "\t", "\r", "\n", "\u00a0", "\u200b", "\ufeff", "  ", "\x00", "\x1f")
    made = {blank + opening + body for blank in blanks for opening in openings for body in bodies}
    return chance.sample(sorted(made), 500)
