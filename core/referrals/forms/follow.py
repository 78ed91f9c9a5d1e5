"""What she types on the public page *Suivre ma demande*."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field
from starlette.datastructures import FormData

from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.referrals.forms.asking import Asking, parse
from core.referrals.forms.contact import NUMBER_MISSING, NUMBER_WRONG, TRUSTED_MISSING, read_phone
from core.referrals.rules.contact import Way


class FollowForm(Asking):
    """Her code and her word. No shape is asked of either: a wrong one is simply wrong."""

    REQUIRED: ClassVar[Mapping[str, str]] = {
        "code": N_("Entrez le code de votre papier."),
        "word": N_("Entrez le mot que vous avez choisi."),
    }

    code: str = Field(max_length=40)
    word: str = Field(max_length=80)


class FollowContactForm(FollowForm):
    """A new safe way to join her; a number is needed for the telephone."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"way": N_("Dites comment vous joindre sans danger.")}

    way: Literal["phone", "will_call", "will_come", "trusted_person"]
    phone: str = Field(default="", max_length=40)
    trusted: str = Field(default="", max_length=200)


def read_follow_contact(data: FormData) -> Parsed[FollowContactForm]:
    """Parse, then ask for what the chosen way needs."""
    parsed = parse(FollowContactForm, data)
    way = parsed.raw("way")
    if way == Way.PHONE.value and read_phone(parsed.raw("phone")) is None:
        parsed = parsed.with_error("phone", NUMBER_WRONG if parsed.raw("phone").strip() else NUMBER_MISSING)
    if way == Way.TRUSTED_PERSON.value and not parsed.raw("trusted").strip():
        parsed = parsed.with_error("trusted", TRUSTED_MISSING)
    return parsed


def contact_content(form: FollowContactForm) -> dict[str, str]:
    """The answers of the contact block."""
    number, _, extension = (
        (read_phone(form.phone) or "").partition(" poste ") if form.way == Way.PHONE.value else ("",) * 3
    )
    trusted = form.trusted if form.way == Way.TRUSTED_PERSON.value else ""
    content = {"way": form.way, "phone": number, "extension": extension, "trusted": trusted}
    return {name: value for name, value in content.items() if value}
