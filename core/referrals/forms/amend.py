"""Corrections: one form for each part of a referral, all with their reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from starlette.datastructures import FormData

from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.referrals.forms.asking import Asking, parse
from core.referrals.forms.contact import NUMBER_MISSING, NUMBER_WRONG, TRUSTED_MISSING, read_phone
from core.referrals.forms.situation import WHO_AND_WHAT, codes_of
from core.referrals.rules.contact import MESSAGES_LEFT, PARENTS, SAFE_TIMES, Way
from core.referrals.rules.vocabulary import AMEND_REASONS, CONSTRAINTS, EXPLOITATION, FACTS, LANGUAGES, NEEDS

Content = dict[str, str | list[str]]


class AmendForm(Asking):
    """Why it is corrected; the old and the new are kept by the service."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"reason": N_("Dites pourquoi vous corrigez.")}

    reason: Annotated[str, codes_of(AMEND_REASONS)]

    def content(self) -> Content:
        """The answers of the part, as a block holds them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.model_dump(exclude={"reason"}).items()
        }


class PreviewForm(AmendForm):
    """What is read before acceptance: closed answers only."""

    REQUIRED: ClassVar[Mapping[str, str]] = {
        "needs": WHO_AND_WHAT["needs"],
        "exploitation": N_("Dites si c’est en lien avec l’exploitation sexuelle."),
        "language": N_("Choisissez la langue où elle est à l’aise."),
    }

    needs: Annotated[tuple[str, ...], codes_of(NEEDS), Field(min_length=1)]
    facts: Annotated[tuple[str, ...], codes_of(FACTS)] = ()
    exploitation: Annotated[str, codes_of(EXPLOITATION)]
    language: Annotated[str, codes_of(LANGUAGES)]
    constraints: Annotated[tuple[str, ...], codes_of(CONSTRAINTS)] = ()


class ContactForm(AmendForm):
    """How to reach her."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"way": N_("Dites comment la joindre.")}

    way: Literal["phone", "will_call", "will_come", "trusted_person"]
    phone: str = Field(default="", max_length=40)
    trusted: str = Field(default="", max_length=200)

    def content(self) -> Content:
        """Only what the chosen way needs."""
        by_phone, by_other = self.way == Way.PHONE.value, self.way == Way.TRUSTED_PERSON.value
        number, _, extension = (read_phone(self.phone) or "").partition(" poste ") if by_phone else ("", "", "")
        return {
            "way": self.way,
            "phone": number,
            "extension": extension,
            "trusted": self.trusted if by_other else "",
        }


class SafetyForm(AmendForm):
    """When, and with which words. `parents` and `at_school` are asked for adolescents only."""

    times: Annotated[tuple[str, ...], codes_of(SAFE_TIMES)] = ()
    message: Annotated[str, codes_of(MESSAGES_LEFT)] = "none"
    if_someone_else: str = Field(default="", max_length=300)
    parents: Annotated[str, codes_of([*PARENTS, ""])] = ""
    at_school: Literal["yes", ""] = ""


class IdentityForm(AmendForm):
    """The first name she chose."""

    first_name: str = Field(default="", max_length=40)


class SituationForm(AmendForm):
    """What was said in words; the closed answers are corrected with the preview."""

    note: str = Field(default="", max_length=1000)


class JudicialForm(AmendForm):
    """Steps under way."""

    note: str = Field(default="", max_length=500)


#: Part → its form. "apercu" is the preview; the others are blocks, by the end of their address.
PARTS: dict[str, tuple[str, type[AmendForm]]] = {
    "apercu": ("preview", PreviewForm),
    "contact": ("contact", ContactForm),
    "securite": ("safety", SafetyForm),
    "prenom": ("identity", IdentityForm),
    "situation": ("situation", SituationForm),
    "demarches": ("judicial", JudicialForm),
}


def read_amendment(form: type[AmendForm], data: FormData) -> Parsed[AmendForm]:
    """Parse, and ask for what the chosen way to reach her needs."""
    parsed: Parsed[AmendForm] = parse(form, data)
    if form is ContactForm:
        way, number = parsed.raw("way"), parsed.raw("phone").strip()
        if way == Way.PHONE.value and read_phone(number) is None:
            parsed = parsed.with_error("phone", NUMBER_WRONG if number else NUMBER_MISSING)
        if way == Way.TRUSTED_PERSON.value and not parsed.raw("trusted").strip():
            parsed = parsed.with_error("trusted", TRUSTED_MISSING)
    return parsed
