"""A referral goes on: transferred, handed back or sub-referred, with a consent that names the next organisation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.access.viewer import Viewer
from core.consent.rules import CONSENT_BLOCKS, may_share
from core.consent.services import ConsentInput, ConsentMissing, Invalid, grant_consent
from core.directory.rules.visibility import Area
from core.kernel.crypto import Keyring
from core.referrals.access import OWN_ONLY_TYPES
from core.referrals.models import Referral, ReferralPreview, ReferralRestriction
from core.referrals.rules.clocks import ClockSettings, plan_clock
from core.referrals.rules.vocabulary import Channel, Kind
from core.referrals.rules.workflow import PENDING, Command
from core.referrals.services.checking import Submission, check_content, recipients_of
from core.referrals.services.drafts import NOT_THIS_FORM, checked_key, own_form, sending, start_row
from core.referrals.services.handling import add_entry, require_consent, tell
from core.referrals.services.loading import NotNow, Offer, Party, authorise, load, note
from core.referrals.services.sealing import Content, NoKey, open_blocks, write_blocks
from core.referrals.services.submission import SentOffer, Submitted, fill_offer, report_sent, write_preview

_COMMANDS = {Kind.TRANSFER: Command.TRANSFER, Kind.HAND_BACK: Command.HAND_BACK, Kind.REFERENCE: Command.SUB_REFER}


@dataclass(frozen=True)
class Onward:
    """What goes on. `kind`: transfer (responsibility moves), hand_back (to whoever sent it), reference (sub-referral).

    The blocks she agrees to pass are copied from what the receiver holds; `blocks` replaces or adds some of them.
    `consent.age_band` must be the preview's.
    """

    key: str
    kind: Kind
    consent: ConsentInput
    urgent: bool = False
    blocks: Mapping[str, Content] = field(default_factory=dict, repr=False)


def send_onward(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    code: str,
    onward: Onward,
    *,
    clock: ClockSettings,
    now: datetime,
) -> Submitted:
    """A new offer in the same case, from the organisation that holds it. Same key, same answer.

    Until the next organisation accepts nothing moves: the holder stays responsible and keeps its view. A key that has
    made anything else, such as somebody's draft, is refused (`Invalid`).
    """
    parent = load(session, viewer, code)
    origin_id, _ = sending(viewer)
    found = own_form(session, viewer, checked_key(onward.key))
    if found is not None:
        if found.parent_id != parent.id:
            raise Invalid("key", NOT_THIS_FORM)
        return Submitted(found.code, (found.code,), created=False)
    command = _COMMANDS.get(onward.kind)
    if command is None:
        raise Invalid("kind", "Choisissez ce que vous voulez faire.")
    authorise(viewer, parent, command)
    given = onward.consent
    permitted = require_consent(parent, frozenset(block.value for block in CONSENT_BLOCKS), now)
    recipient = _next(session, parent, onward)
    if command is not Command.SUB_REFER and _pending_child(session, parent):
        raise NotNow("Une offre attend déjà une réponse : retirez-la avant d’en faire une autre.")
    preview = session.execute(select(ReferralPreview.__table__).where(ReferralPreview.referral_id == parent.id)).one()
    if given.age_band != preview.age_band:
        raise Invalid("age_band", "Le consentement porte un autre groupe d’âge.")
    assert parent.recipient is not None
    opened = open_blocks(session, keyring, parent.id, parent.recipient, permitted & given.blocks)
    contents: dict[str, Content] = {kind: block.content for kind, block in opened.items()}
    for block, content in onward.blocks.items():
        check_content(block, content)
        contents[block] = content
    consent = grant_consent(
        session,
        keyring,
        viewer,
        case_id=parent.case_id,
        purpose=onward.kind.value,
        discloser_id=origin_id,
        given=given,
        now=now,
    )
    decision = may_share([consent], onward.kind.value, recipient.id, contents, now)
    if not decision.allowed:
        raise ConsentMissing(decision.reason)
    referral_id = start_row(session, viewer, onward.key, now, case_id=parent.case_id)
    filled = Submission(
        key=onward.key,
        municipality_code="",
        age_band=preview.age_band,
        needs=frozenset(preview.needs),
        consents=(given,),
        blocks=contents,
        facts=frozenset(preview.facts),
        exploitation=preview.exploitation,
        urgent=onward.urgent,
        language=preview.language,
        constraints=frozenset(preview.constraints),
    )
    plan = plan_clock(clock, now, urgent=onward.urgent, from_designated_centre=False)
    fill_offer(
        session,
        referral_id,
        onward.kind,
        Channel.PLATFORM,
        origin_id,
        consent,
        plan,
        filled,
        None,
        now,
        parent_id=parent.id,
    )
    write_preview(session, referral_id, filled, Area(preview.area_code, preview.area_label, preview.area_label_en))
    write_blocks(session, referral_id, contents, holders=[parent.recipient])
    write_blocks(session, referral_id, {"thread": {}}, holders=[parent.recipient, recipient])
    sent_code = session.execute(select(Referral.code).where(Referral.id == referral_id)).scalar_one()
    report_sent(
        session,
        viewer,
        SentOffer(
            parent.case_id,
            sent_code,
            onward.kind,
            Channel.PLATFORM,
            origin_id,
            consent,
            onward.urgent,
            own_only=viewer.organisation_type in OWN_ONLY_TYPES,
        ),
        now,
    )
    add_entry(session, viewer, parent, "onward", now, {"kind": onward.kind.value, "code": sent_code})
    note(session, viewer, parent, "onward", now, kind=onward.kind.value, code=sent_code)
    tell(session, parent, "referral.transfer", now)
    return Submitted(sent_code, (sent_code,))


def _next(session: Session, parent: Offer, onward: Onward) -> Party:
    """The next organisation. Handing back goes to whoever sent it, which need not receive referrals otherwise."""
    wanted = onward.consent.recipient_id
    restricted = frozenset(
        session.execute(
            select(ReferralRestriction.organisation_id).where(ReferralRestriction.case_id == parent.case_id)
        ).scalars()
    )
    if onward.kind is Kind.HAND_BACK:
        if parent.sender is None or parent.sender.id != wanted:
            raise Invalid("recipient", "Une remise revient à l’organisme qui a envoyé la référence.")
        if wanted in restricted:
            raise Invalid("recipient", "Cet organisme est exclu de cette référence.")
        if parent.sender.public_key is None:
            raise NoKey
        return parent.sender
    if wanted == parent.row.recipient_id:
        raise Invalid("recipient", "Une référence ne s’adresse pas à l’organisme qui l’envoie.")
    return recipients_of(session, [wanted], restricted)[wanted]


def _pending_child(session: Session, parent: Offer) -> bool:
    """Whether a transfer or a hand-back of this referral still waits for its answer."""
    count = session.execute(
        select(func.count())
        .select_from(Referral)
        .where(
            Referral.parent_id == parent.id,
            Referral.kind.in_([Kind.TRANSFER.value, Kind.HAND_BACK.value]),
            Referral.state.in_(sorted(PENDING)),
        )
    ).scalar_one()
    return bool(count)


def onward_choices(parent_sender: UUID | None) -> tuple[Kind, ...]:
    """What may be chosen: handing back only exists when a partner sent it."""
    return (Kind.TRANSFER, Kind.REFERENCE) if parent_sender is None else (Kind.TRANSFER, Kind.REFERENCE, Kind.HAND_BACK)
