"""Telephone numbers as they are compared: E.164, whatever the way they were written."""

from __future__ import annotations

import phonenumbers


def normal_number(typed: str) -> str | None:
    """`+14505550143` for what was typed, extension aside; None when it cannot be dialled from here."""
    try:
        number = phonenumbers.parse(typed, "CA")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def numbers_in(text: str) -> frozenset[str]:
    """Every number written in a text, normalised: somebody may have slipped one in the reasons."""
    found = phonenumbers.PhoneNumberMatcher(text, "CA")
    return frozenset(phonenumbers.format_number(one.number, phonenumbers.PhoneNumberFormat.E164) for one in found)


def shown_number(normal: str) -> str:
    """`450 555-0143`, or the international form."""
    number = phonenumbers.parse(normal, "CA")
    if number.country_code != 1:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    digits = phonenumbers.national_significant_number(number)
    return f"{digits[:3]} {digits[3:6]}-{digits[6:]}"
