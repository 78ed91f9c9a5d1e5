"""What a plugin that follows the person of a referral beside it may know, by the referral's code only.

A plugin never learns a case's identifier. It gets `mark`, a keyed hash of the case under its own purpose, and how the
viewer's organisation stands there now: whether it has the referral in hand (the sender before acceptance, the receiver
after), under a consent in force, and whose consent to the plugin's purpose lets it see what. Somebody whose part is
over gets nothing at all, so that a closing and a withdrawal answer alike (network rules §3 (6)).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from core.access.assurance import require_second_factor
from core.access.permissions import Permission, holds
from core.access.viewer import Viewer
from core.consent.models import Consent, ConsentVersion
from core.consent.queries import facts_of_case
from core.consent.rules import ConsentFacts, ConsentStatus, SenderMayLearn, consent_reason
from core.consent.services import append_version
from core.directory.models import Organisation
from core.directory.rules.words import Status
from core.journal.services import record
from core.kernel.crypto import Keyring
from core.kernel.errors import Forbidden, Missing
from core.kernel.events import emit
from core.referrals import codes
from core.referrals.access import OWN_ONLY_TYPES, visible_referrals
from core.referrals.models import Referral, ReferralCase, ReferralPreview, ReferralRestriction
from core.referrals.rules.workflow import HELD, LIVE, PENDING, State
from core.referrals.services.loading import lock_code
from core.referrals.services.purposes import mark_of_case

_SHARED = aliased(Consent)
_GIVEN = aliased(ConsentVersion)
_OTHER = aliased(Organisation)
_SENDER = aliased(Organisation)
_HELD, _PENDING = sorted(state.value for state in HELD), sorted(state.value for state in PENDING)
_COMES_BACK = sorted(state.value for state in LIVE | {State.SUSPENDED})


@dataclass(frozen=True)
class Alongside:
    """A referral that the viewer's organisation has in hand, in codes. `since`: when it came into its hands (UTC).

    `disclosers`: organisations that she agreed may show the viewer's what the plugin keeps; `recipients`: those the
    viewer's may show it to. Consents to the plugin's purpose, in force at that moment. Codes of the preview are empty
    once it is erased.
    """

    code: str
    mark: bytes
    side: str
    since: datetime
    age_band: str | None
    area_code: str | None
    needs: tuple[str, ...]
    language: str | None
    disclosers: frozenset[UUID]
    recipients: frozenset[UUID]


@dataclass(frozen=True)
class PartnerAlongside:
    """An organisation that the viewer's own exchanged references with about this person: it knows of it already."""

    id: UUID
    name: str
    name_en: str | None


def alongside(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, purpose: str, now: datetime
) -> Alongside | None:
    """How the viewer stands to the person of that referral now; None unless it is in her organisation's hands under a
    consent in force. One statement. Whoever shows or writes something holds the case first (`hold_alongside`)."""
    known = codes.normalise(code)
    if known is None or viewer.organisation_id is None:
        return None
    require_second_factor(viewer)
    rows = session.execute(_standing(viewer, purpose).where(Referral.code == known)).all()
    if not rows or not _in_hand(rows[0], viewer.organisation_id, now):
        return None
    row, own = rows[0], viewer.organisation_id
    shared = [one for one in rows if one.shared_id is not None and _stands(one, "shared", now)]
    return Alongside(
        code=row.code,
        mark=mark_of_case(keyring, purpose, row.case_id),
        side="receiver" if row.recipient_id == own else "sender",
        since=row.accepted_at if row.recipient_id == own else row.submitted_at,
        age_band=row.age_band,
        area_code=row.area_code,
        needs=tuple(row.needs or ()),
        language=row.language,
        disclosers=frozenset(one.shared_discloser_id for one in shared if one.shared_recipient_id == own) - {own},
        recipients=frozenset(one.shared_recipient_id for one in shared if one.shared_discloser_id == own) - {own},
    )


def hold_alongside(
    session: Session, keyring: Keyring, viewer: Viewer, code: str, purpose: str, now: datetime, *, action: str = ""
) -> Alongside:
    """`alongside`, its case locked first: nothing is read or written after a withdrawal. Raises `Missing`.

    `action`: the read is journaled under that code before anything is answered (network rules §3 (10)).
    """
    case_id = lock_code(session, code)
    found = alongside(session, keyring, viewer, code, purpose, now)
    if found is None:
        raise Missing
    if action:
        _note(session, viewer, case_id, found.code, action, now, {})
    return found


def partners_alongside(session: Session, viewer: Viewer, code: str) -> tuple[PartnerAlongside, ...]:
    """Who the viewer's organisation sent references to, or got them from, about this person. One statement.

    Whatever became of these references since: what is listed must not tell that one was accepted, or ended. Somebody
    who must never learn of her is not listed: nothing more is agreed to with it.
    """
    own = viewer.organisation_id
    case = select(Referral.case_id).where(Referral.code == codes.normalise(code)).scalar_subquery()
    other = or_(
        and_(Referral.recipient_id == own, Organisation.id == Referral.sender_id),
        and_(Referral.sender_id == own, Organisation.id == Referral.recipient_id),
    )
    rows = session.execute(
        select(Organisation.id, Organisation.name, Organisation.name_en, Organisation.sort_key)
        .select_from(Organisation)
        .join(Referral, other)
        .where(
            Referral.case_id == case,
            Referral.submitted_at.is_not(None),
            visible_referrals(viewer),
            Organisation.status == Status.ADMITTED.value,
            Organisation.id != own,
            _not_set_aside(Organisation.id),
        )
        .distinct()
        .order_by(Organisation.sort_key)
    )
    return tuple(PartnerAlongside(row.id, row.name, row.name_en) for row in rows)


def tell_alongside(session: Session, code: str, kind: str, organisations: Collection[UUID], now: datetime) -> None:
    """Emit `kind` to those of `organisations` that have this person in hand, each with the code of its own reference:
    nobody gets another's. In the police, only who sent it."""
    case = select(Referral.case_id).where(Referral.code == codes.normalise(code)).scalar_subquery()
    chosen = sorted(organisations, key=str)
    held = and_(Referral.recipient_id.in_(chosen), Referral.state.in_(_HELD), _not_set_aside(Referral.recipient_id))
    pending = and_(Referral.sender_id.in_(chosen), Referral.state.in_(_PENDING), _not_set_aside(Referral.sender_id))
    rows = session.execute(
        select(
            Referral.code,
            Referral.state,
            Referral.sender_id,
            Referral.sender_user_id,
            Referral.recipient_id,
            _SENDER.type.label("sender_type"),
        )
        .select_from(Referral)
        .outerjoin(_SENDER, _SENDER.id == Referral.sender_id)
        .where(Referral.case_id == case, or_(held, pending))
        .order_by(Referral.code)
    )
    for row in rows:
        if row.state in _HELD:
            topic = f"org:{row.recipient_id}"
        elif row.sender_type in OWN_ONLY_TYPES:
            topic = f"user:{row.sender_user_id}"
        else:
            topic = f"org:{row.sender_id}"
        emit(session, kind, row.code, topics=[topic], now=now)


def note_alongside(session: Session, viewer: Viewer, code: str, action: str, now: datetime, **facts: object) -> None:
    """Journal in the case's chain what a plugin read or changed beside a referral; codes only."""
    known = codes.normalise(code)
    assert known is not None
    case_id = session.execute(select(Referral.case_id).where(Referral.code == known)).scalar_one()
    _note(session, viewer, case_id, known, action, now, facts)


def end_purpose(
    session: Session, viewer: Viewer, code: str, *, purpose: str, other: UUID, now: datetime
) -> frozenset[UUID]:
    """She takes back her consent to a plugin's purpose between the viewer's organisation and `other`, in either
    direction, with whichever of the two is with her. Returns the organisations concerned; empty: nothing stood.

    Raises `Missing` when the viewer may not know of the referral, `Forbidden` without a front-line role. No reason is
    asked and no field is checked (network rules §3 (7)).
    """
    own = viewer.organisation_id
    if own is None or not holds(viewer, Permission.CONSENT_WITHDRAW):
        raise Forbidden
    case_id = lock_code(session, code)
    known = codes.normalise(code)
    if session.execute(select(Referral.id).where(Referral.code == known, visible_referrals(viewer))).first() is None:
        raise Missing
    require_second_factor(viewer)
    pair = {own, other}
    ended = [
        one
        for one in facts_of_case(session, case_id)
        if one.purpose == purpose and {one.discloser, one.recipient} == pair and one.status is ConsentStatus.ACTIVE
    ]
    for one in ended:
        append_version(session, one.id, now, status=ConsentStatus.WITHDRAWN.value)
    if not ended:
        return frozenset()
    note_alongside(session, viewer, code, "consent.purpose_ended", now, purpose=purpose)
    return frozenset(pair)


def case_is_over(session: Session, code: str) -> bool:
    """Whether nothing of this person's is under way any more, nor may come back: she withdrew for good, or every
    reference of hers ended. True for an unknown code. One statement."""
    case = select(Referral.case_id).where(Referral.code == codes.normalise(code)).scalar_subquery()
    live = exists().where(
        Referral.case_id == ReferralCase.id, Referral.state.in_(_COMES_BACK), ReferralCase.withdrawn_at.is_(None)
    )
    return session.execute(select(ReferralCase.id).where(ReferralCase.id == case, live)).first() is None


def codes_in_hand(session: Session, viewer: Viewer, limit: int) -> tuple[str, ...]:
    """Codes of references that the viewer's organisation accepted and follows, oldest first: for a plugin's demo."""
    rows = session.execute(
        select(Referral.code)
        .where(Referral.recipient_id == viewer.organisation_id, Referral.state.in_(_HELD), visible_referrals(viewer))
        .order_by(Referral.accepted_at, Referral.code)
        .limit(limit)
    )
    return tuple(rows.scalars())


def _note(
    session: Session, viewer: Viewer, case_id: UUID, code: str, action: str, now: datetime, facts: Mapping[str, object]
) -> None:
    record(
        session,
        case_id=case_id,
        organisation_id=viewer.organisation_id,
        actor=viewer,
        action=action,
        subject=f"referral:{code}",
        facts=facts,
        now=now,
    )


def _standing(viewer: Viewer, purpose: str) -> Select[Any]:
    """The referral with its own consent, and one row for each consent to the plugin's purpose that names the viewer's
    organisation on either side; the organisation on the other side must still belong to the network."""
    own = viewer.organisation_id
    columns: tuple[Any, ...] = (
        Referral.code,
        Referral.case_id,
        Referral.state,
        Referral.kind,
        Referral.origin_id,
        Referral.sender_id,
        Referral.recipient_id,
        Referral.accepted_at,
        Referral.submitted_at,
        ReferralPreview.age_band,
        ReferralPreview.area_code,
        ReferralPreview.needs,
        ReferralPreview.language,
        Consent.id.label("own_id"),
        Consent.purpose.label("own_purpose"),
        Consent.discloser_id.label("own_discloser_id"),
        Consent.recipient_id.label("own_recipient_id"),
        ConsentVersion.status.label("own_status"),
        ConsentVersion.granted_at.label("own_granted_at"),
        ConsentVersion.expires_at.label("own_expires_at"),
        _OTHER.id.label("shared_id"),
        _SHARED.purpose.label("shared_purpose"),
        _SHARED.discloser_id.label("shared_discloser_id"),
        _SHARED.recipient_id.label("shared_recipient_id"),
        _GIVEN.status.label("shared_status"),
        _GIVEN.granted_at.label("shared_granted_at"),
        _GIVEN.expires_at.label("shared_expires_at"),
    )
    return (
        select(*columns)
        .select_from(Referral)
        .outerjoin(ReferralPreview, ReferralPreview.referral_id == Referral.id)
        .join(Consent, Consent.id == Referral.consent_id)
        .join(
            ConsentVersion,
            and_(ConsentVersion.consent_id == Consent.id, ConsentVersion.version == Consent.current_version),
        )
        .outerjoin(
            _SHARED,
            and_(
                _SHARED.case_id == Referral.case_id,
                _SHARED.purpose == purpose,
                or_(_SHARED.recipient_id == own, _SHARED.discloser_id == own),
            ),
        )
        .outerjoin(_GIVEN, and_(_GIVEN.consent_id == _SHARED.id, _GIVEN.version == _SHARED.current_version))
        .outerjoin(
            _OTHER,
            and_(
                or_(
                    and_(_SHARED.recipient_id == own, _OTHER.id == _SHARED.discloser_id),
                    and_(_SHARED.discloser_id == own, _OTHER.id == _SHARED.recipient_id),
                ),
                _OTHER.status == Status.ADMITTED.value,
            ),
        )
        .where(visible_referrals(viewer))
    )


def _in_hand(row: Any, own: UUID, now: datetime) -> bool:
    """The receiver once it accepted; the sender before, unless it was typed for one without an account."""
    if row.recipient_id == own:
        mine = row.state in _HELD
    else:
        mine = row.sender_id == own and row.origin_id == own and row.state in _PENDING
    return (
        mine and row.own_purpose == row.kind and row.own_recipient_id == row.recipient_id and _stands(row, "own", now)
    )


def _stands(row: Any, prefix: str, now: datetime) -> bool:
    """Whether the consent whose columns bear this prefix is in force."""
    value = row._mapping
    facts = ConsentFacts(
        value[f"{prefix}_id"],
        value[f"{prefix}_purpose"],
        value[f"{prefix}_discloser_id"],
        value[f"{prefix}_recipient_id"],
        frozenset(),
        ConsentStatus(value[f"{prefix}_status"]),
        value[f"{prefix}_granted_at"],
        value[f"{prefix}_expires_at"],
        SenderMayLearn.RECEIVED_ONLY,
    )
    return consent_reason(facts, now) == "ok"


def _not_set_aside(organisation: Any) -> Any:
    return ~exists().where(
        ReferralRestriction.case_id == Referral.case_id, ReferralRestriction.organisation_id == organisation
    )
