"""Finding a referral under its case's lock, and the checks every command goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from core.access.assurance import require_second_factor
from core.access.permissions import Permission, holds
from core.access.registry import can
from core.access.rules import Decision
from core.access.viewer import Viewer
from core.consent.models import Consent, ConsentVersion
from core.consent.rules import ConsentFacts, ConsentStatus, SenderMayLearn
from core.directory.models import Organisation
from core.journal.services import lock_case, record
from core.kernel.db import prepared, table_of
from core.kernel.errors import DomainError, Forbidden, Missing, Stale
from core.kernel.i18n import N_
from core.referrals import codes
from core.referrals.access import ReferralFacts
from core.referrals.models import Referral, ReferralCase, ReferralPreview, ReferralRestriction
from core.referrals.rules.visibility import sender_view
from core.referrals.rules.workflow import (
    LIVE,
    TABLE,
    Command,
    Rule,
    Standing,
    State,
    allowed_commands,
    fits,
    refusal,
    rule_for,
)


@dataclass(frozen=True)
class AcceptFacts:
    """What a restriction on `Permission.REFERRAL_RECEIVE` reads of the referral to accept."""

    urgent: bool


#: Said to an outside sender whatever happened since: accepted, reached, closed and withdrawn answer alike.
OUT_OF_HANDS = N_("Vous ne pouvez plus agir sur cette référence.")


class NotNow(DomainError):
    """The state table has no such line: the command is refused with the state's explanation."""

    status = 409


@dataclass(frozen=True)
class Party:
    """An organisation of the offer. Keys are None until the organisation has some."""

    id: UUID
    name: str
    type: str
    public_key: bytes | None = field(repr=False)
    wrapped_private_key: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Offer:
    """One referral as the services see it: current row, consent, organisations. Never leaves the services."""

    row: Any = field(repr=False)
    state: State
    consent: ConsentFacts | None
    age_band: str
    sender: Party | None
    recipient: Party | None
    origin: Party
    restricted: frozenset[UUID]

    @property
    def id(self) -> UUID:
        return self.row.id  # type: ignore[no-any-return]

    @property
    def code(self) -> str:
        return self.row.code  # type: ignore[no-any-return]

    @property
    def case_id(self) -> UUID:
        return self.row.case_id  # type: ignore[no-any-return]

    @property
    def version(self) -> int:
        return self.row.version  # type: ignore[no-any-return]

    @property
    def entered_for_sender(self) -> bool:
        """Typed by the receiving side for a partner without an account: until acceptance its keys wait in escrow."""
        return bool(self.row.origin_id != self.row.sender_id)

    @property
    def grant(self) -> SenderMayLearn:
        """What the sender may learn; the least when there is no consent."""
        return self.consent.sender_may_learn if self.consent else SenderMayLearn.RECEIVED_ONLY

    @property
    def facts(self) -> ReferralFacts:
        """What access rules need."""
        return facts_of(self.row, self.restricted)


_ORIGIN = Organisation.__table__.alias("origin")
_SENDER = Organisation.__table__.alias("sender")
_RECIPIENT = Organisation.__table__.alias("recipient")


def _party_columns(table: Any, name: str) -> list[Any]:
    return [
        table.c[column].label(f"{name}_{column}") for column in ("name", "type", "public_key", "wrapped_private_key")
    ]


def _restricted(organisation: Any) -> Any:
    return exists().where(
        ReferralRestriction.case_id == Referral.case_id, ReferralRestriction.organisation_id == organisation
    )


#: Columns of the preview, carried with the offer so that a page needs no statement more.
PREVIEW = ("area_code", "area_label", "area_label_en", "needs", "facts", "exploitation", "language", "constraints")


def offer_select(viewer_organisation: Any) -> Select[Any]:
    """One statement with everything a decision needs; add the condition. `viewer_organisation`: an id, a parameter."""
    return (
        select(
            *Referral.__table__.columns,
            ReferralPreview.age_band,
            *(getattr(ReferralPreview, name).label(f"preview_{name}") for name in PREVIEW),
            ReferralCase.suspended_at,
            ReferralCase.withdrawn_at,
            ReferralCase.no_calls,
            ReferralCase.escrow_public,
            ReferralCase.escrow_wrapped,
            Consent.discloser_id,
            Consent.purpose,
            Consent.current_version,
            ConsentVersion.blocks,
            ConsentVersion.status.label("consent_status"),
            ConsentVersion.granted_at,
            ConsentVersion.expires_at,
            ConsentVersion.reconfirmed_at,
            ConsentVersion.sender_may_learn,
            *_party_columns(_ORIGIN, "origin"),
            *_party_columns(_SENDER, "sender"),
            *_party_columns(_RECIPIENT, "recipient"),
            _restricted(Referral.sender_id).label("sender_restricted"),
            _restricted(Referral.recipient_id).label("recipient_restricted"),
            _restricted(viewer_organisation).label("viewer_restricted"),
        )
        .join(ReferralCase, ReferralCase.id == Referral.case_id)
        .join(_ORIGIN, _ORIGIN.c.id == Referral.origin_id)
        .outerjoin(ReferralPreview, ReferralPreview.referral_id == Referral.id)
        .outerjoin(_SENDER, _SENDER.c.id == Referral.sender_id)
        .outerjoin(_RECIPIENT, _RECIPIENT.c.id == Referral.recipient_id)
        .outerjoin(Consent, Consent.id == Referral.consent_id)
        .outerjoin(
            ConsentVersion,
            and_(ConsentVersion.consent_id == Consent.id, ConsentVersion.version == Consent.current_version),
        )
    )


def offer_of(row: Any, viewer_organisation: UUID | None) -> Offer:
    """The row of `offer_select` as an offer."""
    consent = None
    if row.consent_id is not None:
        consent = ConsentFacts(
            row.consent_id,
            row.purpose,
            row.discloser_id,
            row.recipient_id,
            frozenset(row.blocks),
            ConsentStatus(row.consent_status),
            row.granted_at,
            row.expires_at,
            SenderMayLearn(row.sender_may_learn),
            row.current_version,
        )
    restricted = {
        organisation
        for organisation, flag in (
            (row.sender_id, row.sender_restricted),
            (row.recipient_id, row.recipient_restricted),
            (viewer_organisation, row.viewer_restricted),
        )
        if flag and organisation is not None
    }
    return Offer(
        row,
        State(row.state),
        consent,
        row.age_band or "adult",
        _party(row, row.sender_id, "sender"),
        _party(row, row.recipient_id, "recipient"),
        Party(row.origin_id, row.origin_name, row.origin_type, row.origin_public_key, row.origin_wrapped_private_key),
        frozenset(restricted),
    )


def _party(row: Any, organisation_id: UUID | None, name: str) -> Party | None:
    if organisation_id is None:
        return None
    values = row._mapping
    return Party(
        organisation_id,
        values[f"{name}_name"],
        values[f"{name}_type"],
        values[f"{name}_public_key"],
        values[f"{name}_wrapped_private_key"],
    )


def facts_of(row: Any, restricted: frozenset[UUID]) -> ReferralFacts:
    """The facts of a row for `can(viewer, "referral.read", facts)`."""
    return ReferralFacts(
        State(row.state),
        row.origin_id,
        row.sender_id,
        row.recipient_id,
        row.sender_user_id,
        row.submitted_at is not None,
        restricted,
    )


def lock_code(session: Session, code: str) -> UUID:
    """Lock the case of a code and return the case's id. Raises `Missing` for a code that does not exist."""
    known = codes.normalise(code)
    case_id: UUID | None = session.execute(*_case_of(known)).scalar() if known else None
    if case_id is None:
        raise Missing
    lock_case(session, case_id)
    return case_id


@prepared
def _case_of(code: str) -> Select[UUID]:
    return select(Referral.case_id).where(Referral.code == code)


@lru_cache(maxsize=32)
def _offer_by_code(*also: ColumnElement[Any]) -> Select[Any]:
    """The statement of `load`, one for each set of columns."""
    return offer_select(bindparam("viewer")).add_columns(*also).where(Referral.code == bindparam("code"))


@prepared
def offer_by_id(viewer_organisation: Any, referral_id: UUID) -> Select[Any]:
    """`offer_select` of one referral: `offer_of(session.execute(*offer_by_id(organisation, id)).one(), …)`."""
    return offer_select(viewer_organisation).where(Referral.id == referral_id)


@prepared
def offers_in_case(viewer_organisation: Any, case_id: UUID) -> Select[Any]:
    """`offer_select` of a whole case, in the order they were made."""
    return offer_select(viewer_organisation).where(Referral.case_id == case_id).order_by(Referral.id)


def load(session: Session, viewer: Viewer, code: str, *also: ColumnElement[Any]) -> Offer:
    """The offer, its case locked first, for someone who may know it exists. Raises `Missing` otherwise.

    `also`: labelled columns beside `Referral` that a page reads in the same statement, always the same objects; they
    come with `row`.
    Everything that reads, accepts or moves an offer begins here, so that none does it on a password alone
    (`SecondFactorMissing`, security S8), whatever the page forgot.
    """
    lock_code(session, code)
    organisation = viewer.organisation_id
    row = session.execute(_offer_by_code(*also), {"viewer": organisation, "code": codes.normalise(code)}).one()
    offer = offer_of(row, organisation)
    if not can(viewer, "referral.read", offer.facts).allowed:
        raise Missing
    require_second_factor(viewer)
    return offer


def standing(viewer: Viewer, offer: Offer) -> Standing:
    """How the viewer stands to the offer."""
    row = offer.row
    own = viewer.organisation_id
    return Standing(
        sender=own is not None and own == (row.origin_id if offer.state is State.DRAFT else row.sender_id),
        receiver=own is not None and own == row.recipient_id,
        may_send=holds(viewer, Permission.REFERRAL_SEND),
        may_receive=holds(viewer, Permission.REFERRAL_RECEIVE),
        may_withdraw=holds(viewer, Permission.CONSENT_WITHDRAW),
        claimed_by_actor=viewer.user_id is not None and viewer.user_id == row.claimed_by,
    )


def authorise(viewer: Viewer, offer: Offer, command: Command, version: int | None = None) -> Rule:
    """The line of the table for this command. Raises `NotNow` (409), `Forbidden` (403) or `Stale` (409).

    A sender whose part is over gets one refusal for every state and command: a button that is gone, pressed all the
    same, must not tell a withdrawal from a closing (network rules §3 (6)).
    """
    if viewer.organisation_id != offer.row.recipient_id and not sender_view(offer.state, offer.grant).content:
        raise NotNow(OUT_OF_HANDS)
    rule = rule_for(offer.state, command)
    if rule is None:
        raise NotNow(refusal(offer.state, command))
    if not fits(rule, offer.state, standing(viewer, offer)):
        raise Forbidden
    if command is Command.ACCEPT:
        decision = may_accept(viewer, offer)
        if not decision.allowed:
            raise Forbidden(decision.reason, remedy=decision.remedy)
    if version is not None and version != offer.version:
        raise Stale
    return rule


def may_accept(viewer: Viewer, offer: Offer) -> Decision:
    """Whether a plugin's restriction leaves accepting this one to the viewer; the table decides the rest."""
    return can(viewer, Permission.REFERRAL_RECEIVE, AcceptFacts(offer.row.urgent))


def commands_for(viewer: Viewer, offer: Offer) -> frozenset[Command]:
    """The commands whose button is drawn: those of the table, but accepting where a restriction takes it away."""
    drawn = allowed_commands(offer.state, standing(viewer, offer))
    return drawn if may_accept(viewer, offer).allowed else drawn - {Command.ACCEPT}


#: Every state the table can lead to, itself included when a command keeps it.
_REACHABLE: dict[State, frozenset[State]] = {
    state: frozenset(rule.next for (of, _), rule in TABLE.items() if of is state and rule.next is not None)
    | (LIVE if state is State.SUSPENDED else frozenset())
    for state in State
}


_REFERRALS = table_of(Referral)
_MOVED = update(_REFERRALS).where(_REFERRALS.c.id == bindparam("of"), _REFERRALS.c.version == bindparam("seen"))


def move(session: Session, offer: Offer, to: State | None, **changes: object) -> None:
    """Compare-and-swap: write the next state and `changes` on the version that was read, or raise `Stale`."""
    if to is not None:
        if to not in _REACHABLE[offer.state]:
            raise AssertionError(f"the state table has no way from {offer.state} to {to}")
        changes["state"] = to.value
    seen = {"of": offer.id, "seen": offer.version, "version": offer.version + 1}
    result = session.execute(_MOVED, seen | changes)
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise Stale


def note(
    session: Session,
    viewer: Viewer,
    offer: Offer,
    action: str,
    now: datetime,
    *,
    holder: UUID | None = None,
    **facts: object,
) -> None:
    """Journal what was done to an offer; `holder` is whose privacy officer sees it (default: the viewer's own)."""
    record(
        session,
        case_id=offer.case_id,
        organisation_id=holder or viewer.organisation_id or offer.row.recipient_id,
        actor=viewer,
        action=f"referral.{action}",
        subject=f"referral:{offer.code}",
        facts=facts,
        now=now,
    )
