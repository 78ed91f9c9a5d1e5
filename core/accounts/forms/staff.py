"""What an organisation's administration types about its people, and what an invited person types."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from core.access.viewer import Role
from core.accounts.rules import SHORTEST_PASSWORD
from core.kernel.i18n import N_
from core.kernel.web.forms import Form

NOT_AN_ADDRESS = N_("Entrez une adresse courriel, par exemple prenom@organisme.ca.")
TOO_SHORT = N_("Choisissez un mot de passe d’au moins 12 caractères\u00a0: quelques mots qui ne vont pas ensemble.")


def _address(typed: str) -> str:
    name, at, domain = typed.rpartition("@")
    if not (name and at and "." in domain.strip(".")) or not typed.isprintable() or set(typed) & set(" ,;<>()\"'"):
        raise ValueError(NOT_AN_ADDRESS)
    return typed


def _long_enough(typed: str) -> str:
    if len(typed) < SHORTEST_PASSWORD:
        raise ValueError(TOO_SHORT)
    return typed


Address = Annotated[str, Field(max_length=254), AfterValidator(_address)]


class InviteForm(Form):
    """A named person, her work address and her roles."""

    name: str = Field(max_length=120)
    email: Address
    roles: list[Role] = Field(min_length=1)


class RolesForm(Form):
    """The roles that an organisation gives."""

    roles: list[Role] = Field(default=[])


class AcceptForm(Form):
    """The address invited, the code that was read out, and a password of one's own. No shape is asked of the code."""

    email: str = Field(max_length=254)
    code: str = Field(max_length=60)
    password: Annotated[str, Field(max_length=1000), AfterValidator(_long_enough)]
