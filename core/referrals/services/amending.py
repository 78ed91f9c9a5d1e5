"""Corrections with old, new and reason; a consent renewed with her; an organisation that must never learn of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.consent.services import ConsentInput, ConsentMissing, Invalid
from core.consent.services import renew_consent as renew
from core.directory.models import Organisation
from core.kernel.crypto import Keyring, encrypt
from core.kernel.db import add_row, new_id
from core.referrals.models import ReferralPreview, ReferralRestriction
from core.referrals.rules import vocabulary
from core.referrals.rules.workflow import HELD, LIVE, PENDING, Command
from core.referrals.services import duplicates
from core.referrals.services.checking import check_codes, check_content
from core.referrals.services.handling import Done, add_entry, done, require_consent, tell
from core.referrals.services.loading import authorise, load, move, note, offer_of, offers_in_case
from core.referrals.services.sealing import Content, entry_aad, open_blocks, rewrite_block


def amend_block(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    code: str,
    block: str,
    content: Content,
    reason: str,
    now: datetime,
) -> Done:
    """Replace a block's content: by the sender before acceptance, by the receiver after. The old content stays in the
    history, under the same key, and goes when the key goes.
    """
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.AMEND)
    check_content(block, content)
    _check_reason(reason)
    if block not in require_consent(offer, frozenset({block}), now):
        raise ConsentMissing("block")
    party = offer.sender if offer.state in PENDING else offer.recipient
    assert party is not None
    opened = open_blocks(session, keyring, offer.id, party, [block]).get(block)
    if opened is None:
        raise Invalid(block, "Ce renseignement n’a pas été transmis.")
    entry_id = new_id()
    old = json.dumps(opened.content, ensure_ascii=False)
    version = rewrite_block(session, opened, content)
    add_entry(
        session,
        viewer,
        offer,
        "amended",
        now,
        {"block": block, "reason": reason, "version": str(version)},
        entry_id=entry_id,
        block_id=opened.id,
        ciphertext=encrypt(opened.key, old.encode(), aad=entry_aad(entry_id)),
    )
    if offer.state in HELD:
        duplicates.remember(session, keyring, offer)
    move(session, offer, None)
    note(session, viewer, offer, "amend", now, block=block, reason=reason, version=version)
    tell(session, offer, "referral.amended", now)
    return done(offer)


#: Fields of the preview a sender may correct, and whether each is a list of codes.
_AMENDABLE = {"needs": True, "facts": True, "constraints": True, "language": False, "exploitation": False}


def amend_preview(
    session: Session, viewer: Viewer, code: str, changes: Mapping[str, str | list[str]], reason: str, now: datetime
) -> Done:
    """Correct what the receiver reads before acceptance (needs, facts, language, exploitation, constraints)."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.AMEND)
    require_consent(offer, frozenset(), now)
    _check_reason(reason)
    for name, value in changes.items():
        if name not in _AMENDABLE or isinstance(value, str) is _AMENDABLE[name]:
            raise Invalid(name, "Ce renseignement ne se corrige pas ici.")
        check_codes({name: [value] if isinstance(value, str) else value})
    if "needs" in changes and not changes["needs"]:
        raise Invalid("needs", "Choisissez au moins un besoin.")
    before = session.execute(select(ReferralPreview.__table__).where(ReferralPreview.referral_id == offer.id)).one()
    new = {name: value if isinstance(value, str) else sorted(set(value)) for name, value in changes.items()}
    if not new:
        raise Invalid("changes", "Rien n’a changé.")
    session.execute(update(ReferralPreview).where(ReferralPreview.referral_id == offer.id).values(**new))
    for name, value in new.items():
        add_entry(
            session,
            viewer,
            offer,
            "amended",
            now,
            {"field": name, "old": before._mapping[name], "new": value, "reason": reason},
        )
    move(session, offer, None)
    note(session, viewer, offer, "amend", now, fields=sorted(new), reason=reason)
    tell(session, offer, "referral.amended", now)
    return done(offer)


def _check_reason(reason: str) -> None:
    if reason not in vocabulary.AMEND_REASONS:
        raise Invalid("reason", "Dites pourquoi vous corrigez.")


def renew_with_her(session: Session, viewer: Viewer, code: str, given: ConsentInput, now: datetime) -> Done:
    """A new version of the consent, decided with her: same recipient, other dates or blocks. Fewer close at once."""
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.RENEW_CONSENT)
    if offer.consent is None:
        raise ConsentMissing("no_consent")
    renew(session, viewer, offer.consent.id, given, now)
    move(session, offer, None)
    add_entry(session, viewer, offer, "renewed", now)
    note(session, viewer, offer, "renew", now, blocks=sorted(given.blocks))
    tell(session, offer, "referral.consent", now)
    return done(offer)


def restrict_organisation(
    session: Session, viewer: Viewer, code: str, organisation_id: UUID, reason: str, now: datetime
) -> Done:
    """*Restreindre*: this organisation must never learn of the case, from now on. It is not told, nor is anyone.

    Refused for the two sides of an offer still open: end or retract that offer first.
    """
    offer = load(session, viewer, code)
    authorise(viewer, offer, Command.RESTRICT)
    if reason not in vocabulary.RESTRICT_REASONS:
        raise Invalid("reason", "Choisissez une raison dans la liste.")
    if session.execute(select(Organisation.id).where(Organisation.id == organisation_id)).first() is None:
        raise Invalid("organisation", "Cet organisme n’est pas dans le répertoire.")
    rows = session.execute(*offers_in_case(viewer.organisation_id, offer.case_id)).all()
    for other in (offer_of(row, viewer.organisation_id) for row in rows):
        if other.state in LIVE and organisation_id in (other.row.recipient_id, viewer.organisation_id):
            raise Invalid("organisation", "Cet organisme reçoit déjà cette référence : terminez-la d’abord.")
    known = session.execute(
        select(ReferralRestriction.organisation_id).where(
            ReferralRestriction.case_id == offer.case_id, ReferralRestriction.organisation_id == organisation_id
        )
    ).first()
    if known is None:
        add_row(
            session,
            ReferralRestriction,
            case_id=offer.case_id,
            organisation_id=organisation_id,
            reason=reason,
            added_by=viewer.user_id,
            added_at=now,
        )
    move(session, offer, None)
    add_entry(session, viewer, offer, "restricted", now, {"reason": reason})
    note(session, viewer, offer, "restrict", now, organisation=str(organisation_id), reason=reason)
    return done(offer)
