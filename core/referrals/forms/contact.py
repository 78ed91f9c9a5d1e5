"""Second step of a new referral: how to reach her safely, and what she agrees to."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar

import phonenumbers
from pydantic import Field
from starlette.datastructures import FormData

from core.consent.rules import Attestation, GivenBy, Interpreter, Modality, SenderMayLearn, attestation_missing
from core.kernel.web.forms import Parsed
from core.referrals.forms.asking import Asking, parse
from core.referrals.forms.situation import codes_of
from core.referrals.rules.contact import MESSAGES_LEFT, PARENTS, SAFE_TIMES, Parents, Way

#: Blocks this form fills; each is agreed to by itself. The thread is never asked about (it follows the offer).
SHARED_BLOCKS: tuple[str, ...] = ("contact", "safety", "identity", "needs", "situation", "judicial")

NUMBER_MISSING = "Entrez le numéro où la joindre sans danger, ou choisissez plus bas une autre façon."
NUMBER_WRONG = "Ce numéro n’est pas reconnu. Entrez dix chiffres, par exemple 450 555-0123."
TIMES_MISSING = "Dites à quels moments on peut l’appeler sans danger."
TRUSTED_MISSING = "Dites comment joindre la personne de confiance."
WORD_SHORT = "Choisissez un mot d’au moins quatre lettres."
ATTEST = "Chaque point de l’attestation doit être coché avec elle."
CONTACT_NEEDED = "Sans la façon de la joindre, personne ne pourra la rappeler : donnez-lui plutôt la carte."

_EXTENSION = re.compile(r"(?:poste|ext\.?|x|#)\s*(\d{1,6})\s*$", re.IGNORECASE)


def read_phone(typed: str) -> str | None:
    """The number as people here write it (`450 555-0123`, `… poste 12`), or None when it cannot be dialled."""
    extension = _EXTENSION.search(typed)
    main = typed[: extension.start()] if extension else typed
    try:
        number = phonenumbers.parse(main, "CA")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    if number.country_code != 1:
        shown = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    else:
        digits = phonenumbers.national_significant_number(number)
        shown = f"{digits[:3]} {digits[3:6]}-{digits[6:]}"
    return f"{shown} poste {extension.group(1)}" if extension else shown


class AgreementFields(Asking):
    """What she agrees to, and who attests it. The intake of a paper consent asks the same."""

    blocks: Annotated[tuple[str, ...], codes_of(SHARED_BLOCKS)] = ()
    may_learn: SenderMayLearn = SenderMayLearn.STAGES
    given_by: Literal[GivenBy.HERSELF, GivenBy.TUTOR, GivenBy.PARENTAL_AUTHORITY] = GivenBy.HERSELF
    modality: Modality = Modality.SPOKEN
    interpreter: Literal[Interpreter.NONE, Interpreter.PROFESSIONAL, Interpreter.COLLEAGUE] = Interpreter.NONE
    consent_language: Literal["fr", "en"] = "fr"
    validity_days: Literal["1", "7", "30", "90"] = "90"
    attestation: Annotated[tuple[str, ...], codes_of(Attestation)] = ()
    word: str = Field(default="", max_length=40)


AnyAgreement = TypeVar("AnyAgreement", bound=AgreementFields)


class ContactForm(AgreementFields):
    """A number alone means *par téléphone*: one thing less to touch.

    `restricted`: an organisation that must never learn of it. `shown` and `wording`: the recipients and the text that
    were on the page when she agreed; if either has changed since, she is asked again.
    """

    first_name: str = Field(default="", max_length=40)
    way: Literal["phone", "will_call", "will_come", "trusted_person"] | None = None
    phone: str = Field(default="", max_length=40)
    trusted: str = Field(default="", max_length=200)
    times: Annotated[tuple[str, ...], codes_of(SAFE_TIMES)] = ()
    message: Annotated[str, codes_of(MESSAGES_LEFT)] = "none"
    if_someone_else: str = Field(default="", max_length=300)
    parents: Annotated[str, codes_of(PARENTS)] = Parents.DO_NOT_NOTIFY.value
    at_school: bool = False
    recipient: str = Field(default="", max_length=36)
    restricted: str = Field(default="", max_length=36)
    shown: str = Field(default="", max_length=400)
    wording: str = Field(default="", max_length=64)

    @property
    def chosen_way(self) -> Way:
        """The channel: what was chosen, else the phone (a number alone means it)."""
        return Way(self.way) if self.way is not None else Way.PHONE


def read_contact(data: FormData) -> Parsed[ContactForm]:
    """Parse, then add what depends on several fields, so that everything to correct is said at once."""
    parsed = parse(ContactForm, data)
    way = parsed.raw("way") or Way.PHONE.value
    if way == Way.PHONE.value:
        number = parsed.raw("phone").strip()
        if read_phone(number) is None:
            parsed = parsed.with_error("phone", NUMBER_WRONG if number else NUMBER_MISSING)
        if not parsed.raws("times"):
            parsed = parsed.with_error("times", TIMES_MISSING)
    if way == Way.TRUSTED_PERSON.value and not parsed.raw("trusted").strip():
        parsed = parsed.with_error("trusted", TRUSTED_MISSING)
    if way in (Way.PHONE.value, Way.TRUSTED_PERSON.value) and "contact" not in parsed.raws("blocks"):
        parsed = parsed.with_error("blocks", CONTACT_NEEDED)
    return with_agreement_errors(parsed)


def with_agreement_errors(parsed: Parsed[AnyAgreement]) -> Parsed[AnyAgreement]:
    """What she agreed to must be whole: every point attested, and a word she can remember."""
    if attestation_missing(parsed.raws("attestation")):
        parsed = parsed.with_error("attestation", ATTEST)
    if sum(sign.isalpha() for sign in parsed.raw("word")) < 4:
        parsed = parsed.with_error("word", WORD_SHORT)
    return parsed
