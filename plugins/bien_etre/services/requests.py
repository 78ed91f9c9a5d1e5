"""What the requester does: send, change the amount, take back up after a pause, withdraw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    ANONYMOUS,
    N_,
    TORONTO,
    Area,
    CaseConsent,
    ConsentInput,
    Forbidden,
    Missing,
    VoteInvalid,
    check_texts,
    closed_vote,
    committee_by_slug,
    grant_for_referral,
    lock_chains,
    new_code,
    new_id,
)

from .. import events
from ..access import STAFF
from ..models import AidRequest
from ..rules.requests import (
    AMOUNTS,
    ENDED,
    REFUSALS,
    Act,
    Category,
    Lafu,
    Payment,
    State,
    lafu_since_refusal,
    needed_by_refusal,
    why_not,
)
from ..rules.urgent import over_cap, urgent_until
from ..settings import SLUG
from . import consents, funding, rounds, telling
from .locks import hold, lock_request
from .rounds import RATIFICATION, Desk, NotNow
from .texts import REQUESTS, record_dismissed, sealed

LETTER = "F"
NOT_ACCEPTED = N_("Cette demande n’est pas acceptée : rien ne se verse.")
SAME = N_("C’est déjà le montant demandé.")
NOT_YET = N_("Cette demande ne peut pas reprendre pour l’instant.")
CHANGED = N_("La demande vient de changer. Voici sa version à jour.")
OVER_CAP = N_("Ce montant dépasse le plafond de la voie urgente : faites une demande ordinaire, ou réduisez-le.")
SAY_WHY = N_("Dites pourquoi LAFU n’a pas été demandée. En urgence, ce n’est pas nécessaire.")


@dataclass(frozen=True)
class NewRequest:
    """What the form says. `amount` in cents; `key`: the same key sent twice makes one request."""

    key: str
    age_band: str
    area: Area
    category: Category
    amount: int
    needed_by: date
    why_now: str
    tried: str
    lafu: Lafu
    lafu_since: date | None
    lafu_detail: str
    payment: Payment
    urgent: bool
    not_person: frozenset[str] = frozenset()
    referral: str = ""
    consent: ConsentInput | None = None


def send_request(session: Session, desk: Desk, new: NewRequest) -> str:
    """Send a request and put it to the committee; returns its code, the first one's for a key sent before.

    Raises Forbidden, NamesSomebody, VoteInvalid (a field), and for a referral what `grant_for_referral` raises.
    """
    viewer = desk.viewer
    if viewer.organisation_id is None or viewer.user_id is None or not viewer.roles & STAFF:
        raise Forbidden
    key = f"{viewer.user_id.hex}:{new.key}"[:64]
    sent = session.scalar(select(AidRequest.code).where(AidRequest.sent_key == key))
    if sent is not None:
        return sent
    _check(desk, new)
    said = check_texts(_texts(new), new.not_person)
    committee = committee_by_slug(session, SLUG)
    if committee is None:
        raise Missing
    given: CaseConsent | None = None
    if new.referral:
        if new.consent is None:
            raise Missing
        given = grant_for_referral(
            session, desk.keyring, viewer, new.referral, purpose=consents.PURPOSE, given=new.consent, now=desk.now
        )
    lock_chains(session, (viewer.organisation_id, None))
    request_id = new_id()

    def kept(column: str, text: str) -> bytes | None:
        return sealed(desk.keyring, REQUESTS, request_id, column, text)

    request = AidRequest(
        id=request_id,
        code=_free_code(session),
        committee_id=committee.id,
        organisation_id=viewer.organisation_id,
        organisation_type=viewer.organisation_type,
        author_id=viewer.user_id,
        sent_key=key,
        state=State.VOTING.value,
        version=1,
        urgent=new.urgent,
        urgent_until=urgent_until(desk.now, desk.settings.urgent_hours) if new.urgent else None,
        age_band=new.age_band,
        area_code=new.area.code,
        area_label=new.area.label,
        area_label_en=new.area.label_en,
        category=new.category.value,
        needed_by=new.needed_by,
        asked_cents=new.amount,
        amount_cents=new.amount,
        lafu=new.lafu.value,
        lafu_since=new.lafu_since,
        payment=new.payment.value,
        why_now_sealed=kept("why_now_sealed", new.why_now),
        tried_sealed=kept("tried_sealed", new.tried),
        lafu_detail_sealed=kept("lafu_detail_sealed", new.lafu_detail),
        consent_sealed=kept("consent_sealed", str(given.id)) if given else None,
        case_mark=given.mark if given else None,
        created_at=desk.now,
    )
    session.add(request)
    session.flush()
    record_dismissed(session, viewer, request_id, said, desk.now)
    telling.note(
        session,
        viewer,
        request,
        "request_sent",
        desk.now,
        category=request.category,
        urgent=new.urgent,
        not_person=[finding.kind.value for _field, finding in said],
    )
    rounds.open_round(session, desk, request)
    telling.tell(session, request, events.SENT, desk.now)
    return request.code


def change_amount(session: Session, desk: Desk, request_id: UUID, version: int, cents: int) -> None:
    """Ask for another amount: the vote under way is closed without decision and a new round begins, shown to all.

    Raises NotNow once it is decided or when somebody changed it meanwhile, VoteInvalid for an amount.
    """
    request = _own(session, desk, request_id, version)
    if cents > desk.settings.most_cents:
        raise VoteInvalid("amount", AMOUNTS["too_high"])
    if cents == request.amount_cents and State(request.state) is State.VOTING:
        raise VoteInvalid("amount", SAME)
    if request.why_now_sealed is None:  # its texts are erased: nobody could vote on what nobody reads
        raise NotNow(REFUSALS["ended"])
    if not consents.stands(session, desk.keyring, desk.settings, request, desk.now):
        raise NotNow(REFUSALS["paused"])
    rounds.move(request, Act.CHANGE)
    request.amount_cents = cents
    request.decided_at = request.ended_at = None
    if request.urgent and over_cap(cents, desk.settings.urgent_cap_cents):
        request.urgent, request.urgent_until = False, None
    consents.close_round(session, request, desk.now)
    rounds.open_round(session, desk, request)
    telling.note(session, desk.viewer, request, "amount_changed", desk.now, cents=cents)
    telling.tell(session, request, events.CHANGED, desk.now)


def resume_request(session: Session, desk: Desk, request_id: UUID, version: int) -> None:
    """Take a paused request up again, in a new round or where it was granted. Raises NotNow while it may not."""
    request = _own(session, desk, request_id, version)
    if State(request.state) is not State.PAUSED:
        raise NotNow(why_not(State(request.state)))
    if not consents.stands(session, desk.keyring, desk.settings, request, desk.now):
        raise NotNow(NOT_YET)
    back = State(request.resume_state or State.VOTING)
    rounds.move(request, Act.RESUME)
    request.state, request.resume_state, request.paused_at = back.value, None, None
    if back is State.VOTING:
        rounds.open_round(session, desk, request)
    elif request.ratification == "waiting":
        rounds.open_round(session, desk, request, RATIFICATION)
    session.flush()
    telling.note(session, desk.viewer, request, "resumed", desk.now)
    telling.tell(session, request, events.RESUMED, desk.now)
    if back is State.ACCEPTED:  # a vote that opens again tells its voters by itself
        payer, _name = consents.holder(session, desk.settings)
        telling.mail_holder(session, desk.keyring, payer, desk.viewer.user_id, desk.now)


def withdraw_request(session: Session, desk: Desk, request_id: UUID, version: int) -> None:
    """Withdraw, until the money is paid; what was committed is given back. Raises NotNow afterwards."""
    request = _own(session, desk, request_id, version, money=True)
    if request.paid_at is not None:
        raise NotNow(REFUSALS["paid"])
    rounds.move(request, Act.WITHDRAW)
    request.ended_at = desk.now
    request.urgent_until = None
    session.flush()
    consents.close_round(session, request, desk.now)
    funding.release_grant(session, request.id, desk.now)
    telling.note(session, desk.viewer, request, "withdrawn", desk.now)
    telling.tell(session, request, events.WITHDRAWN, desk.now)
    telling.mail_author(session, desk.keyring, request, desk.now)
    telling.mail_committee(session, desk.keyring, request, desk.now)


def check_payable(session: Session, desk: Desk, request_id: UUID) -> None:
    """Lock a request that is about to be paid, and refuse unless it may be: accepted, her consent in force now.

    Before any lock of the money (services/locks.py). Raises NotNow.
    """
    request = lock_request(session, request_id)
    state = State(request.state)
    if state is not State.ACCEPTED:
        raise NotNow(why_not(state) if state is State.PAUSED or state in ENDED else NOT_ACCEPTED)
    if not consents.stands(session, desk.keyring, desk.settings, request, desk.now):
        raise NotNow(REFUSALS["paused"])


def finish_closed(session: Session, desk: Desk, request: AidRequest) -> None:
    """Carry out a vote that core closed a moment ago, before anything else is done to its request."""
    current = rounds.current_round(session, request.id)
    if current is not None and current.closed_at is None:
        closed = closed_vote(session, current.vote_code)
        if closed is not None:
            rounds.settle(session, Desk(desk.keyring, desk.settings, ANONYMOUS, desk.now), closed)


def _own(session: Session, desk: Desk, request_id: UUID, version: int, *, money: bool = False) -> AidRequest:
    (request,) = hold(session, [request_id], desk.viewer, desk.now, money=money)
    finish_closed(session, desk, request)
    if request.version != version:
        raise NotNow(CHANGED)
    return request


def _check(desk: Desk, new: NewRequest) -> None:
    today = desk.now.astimezone(TORONTO).date()
    if new.amount > desk.settings.most_cents:
        raise VoteInvalid("amount", AMOUNTS["too_high"])
    for field, refused in (
        ("needed_by", needed_by_refusal(new.needed_by, today)),
        ("lafu_since", lafu_since_refusal(new.lafu, new.lafu_since, today)),
    ):
        if refused is not None:
            raise VoteInvalid(field, refused)
    if new.urgent and over_cap(new.amount, desk.settings.urgent_cap_cents):
        raise VoteInvalid("urgent", OVER_CAP)
    if not new.urgent and new.lafu is Lafu.NOT_ASKED and not new.lafu_detail:
        raise VoteInvalid("lafu_detail", SAY_WHY)


def _texts(new: NewRequest) -> dict[str, str]:
    return {"why_now": new.why_now, "tried": new.tried, "lafu_detail": new.lafu_detail}


def _free_code(session: Session) -> str:
    while True:
        code = new_code(LETTER)
        if session.scalar(select(AidRequest.id).where(AidRequest.code == code)) is None:
            return code
