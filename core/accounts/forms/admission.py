"""What an organisation that asks to come in types, and what the network records about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from core.accounts.forms.staff import Address
from core.accounts.rules.admission import CALL_SOURCES, REFUSALS, SUSPENSIONS
from core.accounts.services.telephone import normal_number
from core.directory.rules.words import OrganisationType, Regime
from core.kernel.clock import TORONTO
from core.kernel.i18n import N_
from core.kernel.web.forms import MESSAGES, Form

NOT_A_NUMBER = N_("Entrez un numéro de téléphone avec son indicatif, par exemple 450 555-0123.")
NOT_A_MOMENT = N_("Entrez une date et une heure, par exemple 2026-11-27 17:00.")


def _number(typed: str) -> str:
    found = normal_number(typed)
    if found is None:
        raise ValueError(NOT_A_NUMBER)
    return found


def _dialled(typed: str) -> str:
    _number(typed)
    return typed


def _one_of(table: Mapping[str, str]) -> Callable[[str], str]:
    def listed(typed: str) -> str:
        if typed not in table:
            raise ValueError(MESSAGES["enum"])
        return typed

    return listed


def _moment(typed: object) -> datetime:
    """What a date-and-time box sends, in the users' zone, as an aware UTC datetime."""
    try:
        naive = datetime.fromisoformat(str(typed).strip().replace(" h ", ":"))
    except ValueError as wrong:
        raise ValueError(NOT_A_MOMENT) from wrong
    if naive.tzinfo is not None or not 2000 < naive.year < 2200:
        raise ValueError(NOT_A_MOMENT)
    return naive.replace(tzinfo=TORONTO).astimezone(UTC)


class ApplicationForm(Form):
    """The public request. The network itself is not a type anybody asks for."""

    name: str = Field(max_length=200)
    type: Literal[
        OrganisationType.CALACS,
        OrganisationType.POLICE,
        OrganisationType.SANTE,
        OrganisationType.JUSTICE,
        OrganisationType.COMMUNAUTAIRE,
        OrganisationType.PROVINCIAL,
    ]
    regime: Regime | Literal["unknown"]
    why: str = Field(max_length=2000)
    function: str = Field(max_length=120)
    email: Address
    phone: Annotated[str, Field(max_length=40), AfterValidator(_dialled)]


class CallBackForm(Form):
    """A call the network made. `number` comes out normalised."""

    number: Annotated[str, Field(max_length=40), AfterValidator(_number)]
    source: Annotated[str, AfterValidator(_one_of(CALL_SOURCES))]
    at: Annotated[datetime, BeforeValidator(_moment)]


class AgreementSignedForm(Form):
    """When the agreement was signed, by which function, under which reference."""

    on: date
    signatory: str = Field(max_length=120)
    reference: str = Field(max_length=60)


class OfficerForm(Form):
    """Who answers for personal information there."""

    officer_name: str = Field(max_length=120)
    officer_email: Address


class FirstAdminForm(Form):
    """Who is invited first."""

    admin_name: str = Field(max_length=120)
    admin_email: Address


class RegimeForm(Form):
    """The Act that applies."""

    regime: Regime


class RefusalForm(Form):
    """Why an organisation does not come in."""

    reason: Annotated[str, AfterValidator(_one_of(REFUSALS))]


class SuspensionForm(Form):
    """Why an organisation is shut out."""

    reason: Annotated[str, AfterValidator(_one_of(SUSPENSIONS))]
