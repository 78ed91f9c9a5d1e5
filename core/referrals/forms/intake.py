"""*Saisir une demande reçue*: what came by fax, phone, message or in person, with agreement on paper (rule §3 (13))."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from starlette.datastructures import FormData

from core.consent.rules import AgeBand, Attestation, GivenBy, SenderMayLearn, attestation_missing
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.referrals.forms.asking import Asking, parse
from core.referrals.forms.contact import NUMBER_MISSING, NUMBER_WRONG, SHARED_BLOCKS, read_phone
from core.referrals.forms.onward import CONTACT_NEEDED
from core.referrals.forms.situation import WHO_AND_WHAT, codes_of
from core.referrals.rules.contact import MESSAGES_LEFT, SAFE_TIMES, Way
from core.referrals.rules.vocabulary import CONSTRAINTS, FACTS, LANGUAGES, NEEDS

#: Who sent it when it is not an organisation of the directory.
OTHER_PARTNER = "other"
HERSELF = "herself"

PARTNER_MISSING = "Écrivez le service ou le code de ce partenaire, sans nom de personne."
PAPER_ATTEST = "Chaque point doit se lire sur le document reçu, ou avoir été confirmé par qui l’a envoyé."
FUTURE_ARRIVAL = "La date d’arrivée est à venir."
FUTURE_DATE = "La date de l’accord est à venir."


class IntakeForm(Asking):
    """The answers of a paper form. Her name is never asked; `consent_on` is the day she agreed; `received_on` and
    `received_at` are when the paper or the call came (users' zone): the first-contact clock starts there.
    """

    REQUIRED: ClassVar[Mapping[str, str]] = {
        **WHO_AND_WHAT,
        "channel": N_("Dites par où la demande est arrivée."),
        "received_on": N_("Dites quel jour la demande est arrivée."),
        "sender": N_("Dites qui a envoyé la demande."),
        "consent_on": N_("Dites quel jour elle a donné son accord."),
    }

    channel: Literal["fax", "phone", "message", "in_person"]
    received_on: date
    received_at: time | None = None
    sender: str = Field(max_length=36)
    partner: str = Field(default="", max_length=120)
    urgent: bool = False
    municipality: str = Field(max_length=80)
    age_band: AgeBand
    given_by: GivenBy = GivenBy.HERSELF
    needs: Annotated[tuple[str, ...], codes_of(NEEDS), Field(min_length=1)]
    facts: Annotated[tuple[str, ...], codes_of(FACTS)] = ()
    language: Annotated[str, codes_of(LANGUAGES)] = "fr"
    constraints: Annotated[tuple[str, ...], codes_of(CONSTRAINTS)] = ()
    first_name: str = Field(default="", max_length=40)
    way: Literal["phone", "will_call", "will_come", "trusted_person"] | None = None
    phone: str = Field(default="", max_length=40)
    trusted: str = Field(default="", max_length=200)
    times: Annotated[tuple[str, ...], codes_of(SAFE_TIMES)] = ()
    message: Annotated[str, codes_of(MESSAGES_LEFT)] = "none"
    if_someone_else: str = Field(default="", max_length=300)
    note: str = Field(default="", max_length=1000)
    consent_on: date
    blocks: Annotated[tuple[str, ...], codes_of(SHARED_BLOCKS)] = ()
    attestation: Annotated[tuple[str, ...], codes_of(Attestation)] = ()
    may_learn: SenderMayLearn = SenderMayLearn.RECEIVED_ONLY

    @property
    def chosen_way(self) -> Way:
        """The channel written on the paper, else the phone."""
        return Way(self.way) if self.way is not None else Way.PHONE


def read_intake(data: FormData, today: date) -> Parsed[IntakeForm]:
    """Parse, then add what depends on several fields. `today` is the users' day."""
    parsed = parse(IntakeForm, data)
    if parsed.raw("sender") == OTHER_PARTNER and not parsed.raw("partner").strip():
        parsed = parsed.with_error("partner", PARTNER_MISSING)
    way = parsed.raw("way") or Way.PHONE.value
    if way == Way.PHONE.value:
        number = parsed.raw("phone").strip()
        if read_phone(number) is None:
            parsed = parsed.with_error("phone", NUMBER_WRONG if number else NUMBER_MISSING)
    if way in (Way.PHONE.value, Way.TRUSTED_PERSON.value) and "contact" not in parsed.raws("blocks"):
        parsed = parsed.with_error("blocks", CONTACT_NEEDED)
    if attestation_missing(parsed.raws("attestation")):
        parsed = parsed.with_error("attestation", PAPER_ATTEST)
    form = parsed.value
    if form is not None and form.consent_on > today:
        parsed = parsed.with_error("consent_on", FUTURE_DATE)
    if form is not None and form.received_on > today:
        parsed = parsed.with_error("received_on", FUTURE_ARRIVAL)
    return parsed
