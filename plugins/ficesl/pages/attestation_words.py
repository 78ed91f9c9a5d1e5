"""Words and addresses that the pages of attestations share."""

from __future__ import annotations

from typing import Final

import segno
from markupsafe import Markup

from core.api import N_, House

from ..queries.attestations import AttestationView
from ..rules.attestations import Status
from ..rules.badges import Addresses, Badge
from ..settings import ATTESTATIONS, NAME, Settings

STATUSES: Final[dict[str, str]] = {
    "valid": N_("Valide"),
    "expired": N_("Expirée"),
    "revoked": N_("Révoquée"),
    "unknown": N_("Inconnue"),
}
SIGNS: Final[dict[str, str]] = {"valid": "done", "expired": "wait", "revoked": "urgent", "unknown": "closed"}
#: What the public page adds: the same length of answer for each, and nothing of anybody.
CHECKED: Final[dict[str, str]] = {
    "valid": N_("L’attestation qui porte ce code est valide aujourd’hui."),
    "expired": N_("L’attestation qui porte ce code n’est plus valide."),
    "revoked": N_("L’attestation qui porte ce code a été révoquée."),
    "unknown": N_("Aucune attestation ne porte ce code. Vérifiez-le."),
}
NO_PDF: Final = N_(
    "Cette installation ne fait pas de PDF (extra « pdf » absent) : imprimez la page de l’attestation, c’est la même."
)
THROTTLED: Final = N_("Trop d’essais. Attendez quelques minutes, puis recommencez.")


def where(house: House) -> Addresses:
    """Public addresses of this network's attestations."""
    return Addresses(f"{house.settings.public_url}{ATTESTATIONS}")


def issuer(house: House) -> str:
    """Who attestations come from."""
    return house.hooks.settings(NAME, Settings).issuer


def qr(house: House, code: str) -> Markup:
    """The address of the check page, drawn in the page itself."""
    drawn = segno.make(where(house).check(code), error="m", micro=False)
    return Markup(drawn.svg_inline(scale=4, border=4, dark="#000", light="#fff"))


def badge_of(found: AttestationView, house: House) -> Badge:
    """What the credential of an attestation says."""
    return Badge(
        code=found.code,
        course=found.course,
        revision=found.revision,
        title=found.title,
        summary=found.summary,
        minutes=found.minutes,
        issued_on=found.issued_on,
        expires_on=found.expires_on,
        status_index=found.status_index,
        issuer=issuer(house),
    )


def sign(status: Status) -> str:
    """The kind of a state for `p.state`."""
    return SIGNS[status.value]
