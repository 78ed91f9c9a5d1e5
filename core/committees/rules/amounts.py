"""Dollars as people type them, to whole cents: `420`, `420,50 $`, `1 234.56`."""

from __future__ import annotations

import re

_TYPED = re.compile(r"(\d{1,3}(?: \d{3})+|\d{1,9})(?:[.,](\d{1,2}))?")

AMOUNT_REFUSAL = "Entrez un montant en dollars, avec deux décimales au plus : 420 ou 420,50."


def parse_cents(typed: str) -> int | None:
    """Cents, or None for what is no amount above zero: a sign, letters, three decimals, nothing."""
    text = re.sub(r"[\u00a0\u202f\s]+", " ", typed).strip().removeprefix("$").removesuffix("$").strip()
    found = _TYPED.fullmatch(text)
    if found is None:
        return None
    cents = int(found.group(1).replace(" ", "")) * 100 + int((found.group(2) or "0").ljust(2, "0"))
    return cents or None
