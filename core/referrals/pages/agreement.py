"""Her agreement on a page: the fields and words that renewing a consent and passing on share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from core.consent.rules import AgeBand, GivenBy, who_may_consent
from core.consent.services import ConsentInput
from core.consent.wordings import current_wording
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import PageRequest
from core.referrals.forms.contact import SHARED_BLOCKS
from core.referrals.forms.onward import RenewForm
from core.referrals.pages import words
from core.referrals.pages.words import options

OTHER_WORDING = N_("Le texte à lire a changé. Relisez-le avec elle.")

#: Terms that have a usual answer: left alone, they stay folded.
DEFAULTS = {
    "may_learn": "stages",
    "given_by": "herself",
    "modality": "spoken",
    "interpreter": "none",
    "consent_language": "fr",
    "validity_days": "90",
}


def givers_for(age_band: str) -> tuple[str, ...]:
    """Who may consent at that age (network rules §4); the first one is proposed."""
    order = (GivenBy.HERSELF, GivenBy.TUTOR, GivenBy.PARENTAL_AUTHORITY)
    band = AgeBand(age_band)
    return tuple(one.value for one in order if who_may_consent(band, one).allowed)


def agreement_context(
    request: PageRequest, purpose: str, age_band: str, blocks: Iterable[str], form: Parsed[Any] | None
) -> dict[str, object]:
    """What `referrals/agreement.html` needs: the text in force, and each closed list in the reader's language."""
    held = set(blocks)
    givers = givers_for(age_band)
    return {
        "wording": current_wording(purpose, "fr"),
        "wording_en": current_wording(purpose, "en"),
        "blocks": options(request, words.BLOCK_LABELS, [one for one in SHARED_BLOCKS if one in held]),
        "attestations": options(request, words.ATTESTATION_LABELS),
        "may_learn": options(request, words.MAY_LEARN_LABELS),
        "givers": options(request, words.GIVER_LABELS, givers),
        "giver": givers[0] if givers else "",
        "modalities": options(request, words.MODALITY_LABELS),
        "interpreters": options(request, words.INTERPRETER_LABELS),
        "validities": options(request, words.VALIDITY_LABELS),
        "terms_open": form is not None
        and any(form.error(name) or form.raw(name) not in ("", usual) for name, usual in DEFAULTS.items()),
    }


def checked_wording(parsed: Parsed[Any], purpose: str) -> Parsed[Any]:
    """Refuse a page that showed another text than the one in force for this purpose."""
    if parsed.raw("wording") in {current_wording(purpose, locale).sha256 for locale in ("fr", "en")}:
        return parsed
    return parsed.with_error("wording", OTHER_WORDING)


def consent_of(request: PageRequest, form: RenewForm, purpose: str, recipient_id: UUID, age_band: str) -> ConsentInput:
    """Her consent as the form says it, given now."""
    return ConsentInput(
        recipient_id=recipient_id,
        blocks=frozenset(form.blocks),
        age_band=AgeBand(age_band),
        wording_sha256=current_wording(purpose, form.consent_language).sha256,
        attestation=frozenset(form.attestation),
        given_by=GivenBy(form.given_by),
        sender_may_learn=form.may_learn,
        modality=form.modality,
        language=form.consent_language,
        interpreter=form.interpreter,
        obtained_at=request.now,
        valid_until=request.now + timedelta(days=int(form.validity_days)),
    )
