"""Drafts begun by a guide: what it knows of the situation, and one recipient each. Her agreement is never prefilled.

One recipient makes an ordinary draft. Several make *twin references*: as many drafts, each with its own case, its own
recipient, its own agreement and its own code, so that nothing tells one recipient of another. They share a key, from
which those of the drafts are derived: no row says that they belong together.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.consent.rules import AgeBand
from core.consent.services import Invalid
from core.kernel.crypto import Keyring
from core.kernel.errors import Forbidden
from core.kernel.i18n import N_
from core.referrals.rules.vocabulary import AGE_BANDS
from core.referrals.rules.words import FOLLOW_WORDS
from core.referrals.services.checking import check_codes, recipients_of
from core.referrals.services.drafts import discard_draft, open_draft, own_form, save_draft, sending

#: More at once than this is no careful choice with her any more.
MOST_TWINS = 6
#: Bands whose form asks who consents before anything is kept (network rules §4).
_ASKED_FIRST = frozenset({AgeBand.UNDER_12.value, AgeBand.FROM_12_TO_13.value})
TOO_MANY = N_("Choisissez un à six organismes à la fois.")


@dataclass(frozen=True)
class Prefill:
    """What is known for one recipient: closed codes (`core.referrals.rules.vocabulary`), never who she is.

    `needs`: only those that this recipient answers.
    """

    recipient: UUID
    needs: tuple[str, ...]
    age_band: str = ""
    language: str = "fr"


def twin_keys(group: str) -> tuple[str, ...]:
    """The keys of the drafts that a set of twins may have."""
    return tuple(str(uuid5(UUID(group), str(position))) for position in range(MOST_TWINS))


def twins_url(group: str) -> str:
    """The page of a set of twins."""
    return f"/references/jumelees/{group}"


def open_prefilled(
    session: Session, keyring: Keyring, viewer: Viewer, group: UUID, prefills: Sequence[Prefill], now: datetime
) -> str:
    """Begin the drafts; returns the address where to go on with her. The same `group` sent twice begins nothing again.

    Raises `Forbidden`, and `Invalid` for a code that no list holds, an organisation that receives nothing here, the
    sender's own, one named twice.
    """
    organisation_id, _ = sending(viewer)
    if not holds(viewer, Permission.REFERRAL_SEND):
        raise Forbidden
    if not 1 <= len(prefills) <= MOST_TWINS:
        raise Invalid("recipient", TOO_MANY)
    recipients = [one.recipient for one in prefills]
    if organisation_id in recipients:
        raise Invalid("recipient", "Une référence ne s’adresse pas à l’organisme qui l’envoie.")
    recipients_of(session, recipients, frozenset())
    word = secrets.choice(FOLLOW_WORDS)
    twins = len(prefills) > 1
    keys = twin_keys(str(group)) if twins else (str(group),)
    for key, prefill in zip(keys, prefills, strict=False):
        if own_form(session, viewer, key) is None:
            content = {
                "situation": _situation(prefill),
                "contact": {"recipient": [str(prefill.recipient)], "word": [word]},
                "agreement": None,
                "group": str(group) if twins else "",
            }
            save_draft(session, keyring, viewer, key, content, now)
    return twins_url(str(group)) if twins else f"/references/brouillons/{keys[0]}/situation"


def forget_answers(
    session: Session, keyring: Keyring, viewer: Viewer, key: str, now: datetime, *, stopped: bool
) -> None:
    """What was typed may not be kept (danger, age): throw the draft away, and its twins.

    Where the form goes on (`stopped` False: nobody has said yet who consents for a child), twins keep what a guide put
    there, their needs and recipients, and lose every answer given with her.
    """
    draft = open_draft(session, keyring, viewer, key, now)
    group = str(draft.content.get("group", "")) if draft is not None else ""
    if stopped or not group:
        for one in dict.fromkeys((key, *(twin_keys(group) if group else ()))):
            discard_draft(session, viewer, one, now)
        return
    for one in twin_keys(group):
        twin = open_draft(session, keyring, viewer, one, now)
        if twin is not None:
            situation, contact = twin.content.get("situation", {}), twin.content.get("contact", {})
            content = {
                "situation": {name: situation[name] for name in ("needs",) if name in situation},
                "contact": {name: contact[name] for name in ("recipient",) if name in contact},
                "agreement": None,
                "group": group,
            }
            save_draft(session, keyring, viewer, one, content, now)


def _situation(prefill: Prefill) -> Mapping[str, list[str]]:
    """The first step as if it had been typed. A child's age is left to the form, which asks who consents first."""
    check_codes({"needs": prefill.needs, "language": {prefill.language}})
    if prefill.age_band and prefill.age_band not in AGE_BANDS:
        raise Invalid("age_band", "Choisissez un groupe d’âge.")
    typed = {
        "needs": list(prefill.needs),
        "language": [prefill.language],
        "exploitation": ["prefers_not_to_say"],
        "age_band": [] if prefill.age_band in _ASKED_FIRST else [prefill.age_band],
    }
    return {name: [one for one in values if one] for name, values in typed.items() if any(values)}
