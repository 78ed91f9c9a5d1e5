"""What is typed when a consent is renewed with her, or when she agrees that another organisation take over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, TypeVar
from uuid import UUID

from pydantic import Field
from starlette.datastructures import FormData

from core.consent.rules import attestation_missing
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.referrals.forms.asking import Asking, parse
from core.referrals.forms.contact import ATTEST, AgreementFields

NOTHING_CHOSEN = N_("Cochez avec elle au moins un renseignement qu’elle accepte de transmettre.")
CONTACT_NEEDED = N_("Sans la façon de la joindre, personne ne pourra la rappeler.")

OnwardKind = Literal["transfer", "reference", "hand_back"]


WHAT_AND_WHO: Mapping[str, str] = {
    "kind": N_("Choisissez ce que vous voulez faire."),
    "recipient": N_("Choisissez un organisme de la liste."),
}


class RenewForm(AgreementFields):
    """Her agreement to the text that was read; `wording` is the digest the page showed."""

    wording: str = Field(default="", max_length=64)


class ChoiceForm(Asking):
    """First step: what is done, and with whom. Handing back says by itself to whom."""

    REQUIRED: ClassVar[Mapping[str, str]] = {"kind": WHAT_AND_WHO["kind"]}

    kind: OnwardKind
    recipient: UUID | None = None


class OnwardForm(RenewForm):
    """Second step: her agreement to this act and this organisation."""

    REQUIRED: ClassVar[Mapping[str, str]] = WHAT_AND_WHO

    kind: OnwardKind
    recipient: UUID
    urgent: bool = False


class RefusedForm(Asking):
    """She said no: what was proposed, and the text that was read."""

    REQUIRED: ClassVar[Mapping[str, str]] = WHAT_AND_WHO

    kind: OnwardKind
    recipient: UUID


Agreed = TypeVar("Agreed", bound=RenewForm)


def read_renewal(data: FormData) -> Parsed[RenewForm]:
    """Parse, then ask for every point of the attestation and at least one block."""
    return _whole(parse(RenewForm, data))


def read_onward(data: FormData, *, contact_needed: bool) -> Parsed[OnwardForm]:
    """The same; `contact_needed`: she is called back, so the next organisation must learn how."""
    parsed = _whole(parse(OnwardForm, data))
    if contact_needed and parsed.raws("blocks") and "contact" not in parsed.raws("blocks"):
        parsed = parsed.with_error("blocks", CONTACT_NEEDED)
    return parsed


def _whole(parsed: Parsed[Agreed]) -> Parsed[Agreed]:
    if not parsed.raws("blocks"):
        parsed = parsed.with_error("blocks", NOTHING_CHOSEN)
    if attestation_missing(parsed.raws("attestation")):
        parsed = parsed.with_error("attestation", ATTEST)
    return parsed
