"""Votes while they are open: putting a question, ballots, recusals, alternates. One act at a time on a vote."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from core.access.assurance import require_second_factor
from core.access.permissions import Permission, holds
from core.access.registry import can
from core.access.viewer import Viewer
from core.accounts.models import User
from core.committees.access import READ_VOTE, in_force, local_day
from core.committees.models.structure import Ballot, Committee, CommitteeRecusal, CommitteeSeat, Vote, VoteSeat
from core.committees.rules.deadlines import DEADLINE_REFUSALS, deadline_refusal
from core.committees.rules.seats import BALLOT_REFUSALS, Standing, ballot_refusal, seat_of
from core.committees.rules.terms import SeatRole
from core.committees.rules.votes import APPROVALS, Choice, Tie, VoteRule
from core.committees.services import telling
from core.committees.services.calling import refresh_calling
from core.committees.services.closing import close_if_settled
from core.committees.services.loading import CLOSED, OPEN, QUESTION, Loaded, load_vote, rule_to_json
from core.committees.services.raised import drop_pending
from core.committees.services.sealing import REASON_LENGTH, seal_choice, seal_reason
from core.committees.services.seats import check_manages, may_sit
from core.kernel import codes
from core.kernel.crypto import Keyring
from core.kernel.db import add_row, new_id
from core.kernel.errors import DomainError, Forbidden, Missing
from core.kernel.i18n import N_

LETTER = "V"


class VoteRefused(DomainError):
    """What the rule of the vote does not allow. `code` names it for tests and plugins."""

    status = 409

    def __init__(self, code: str, message: str | None = None) -> None:
        super().__init__(message if message is not None else BALLOT_REFUSALS[code])
        self.code = code


class VoteInvalid(DomainError):
    """A field of a vote's form holds what it cannot."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


def open_vote(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    committee_id: UUID,
    *,
    rule: VoteRule,
    closes_at: datetime,
    now: datetime,
    question: str = "",
    kind: str = QUESTION,
    subject: str = "",
    page: str = "",
    recused_organisations: Collection[UUID] = (),
    recused_people: Collection[tuple[UUID, UUID]] = (),
) -> UUID:
    """Put a question to a committee until `closes_at` (aware UTC); returns the vote's id.

    The rule and the seats are frozen now. `kind` is `question` (its chair or the coordination asks), or the
    committee's own plugin's, which decides itself who may ask. `recused_organisations` step aside from the start,
    and `recused_people` too: (organisation, person), who declared a conflict in an earlier round of the same subject.
    Raises Missing, Forbidden, VoteInvalid for a deadline under one hour or over three months, VoteRefused("no_seats").
    """
    committee = session.execute(
        select(Committee.slug, Committee.plugin).where(Committee.id == committee_id, Committee.status == "active")
    ).first()
    if committee is None:
        raise Missing
    if kind == QUESTION:
        check_manages(session, viewer, committee_id, now)
    elif committee.plugin is None or not kind.startswith(f"{committee.plugin}."):
        raise Forbidden
    late = deadline_refusal(closes_at, now)
    if late is not None:
        raise VoteInvalid("closes_at", DEADLINE_REFUSALS[late])
    vote_id, code = new_id(), _free_code(session)
    add_row(
        session,
        Vote,
        id=vote_id,
        code=code,
        committee_id=committee_id,
        kind=kind,
        subject=subject,
        page=page,
        question=question,
        rule=rule_to_json(rule),
        opened_by=viewer.user_id,
        opens_at=now,
        closes_at=closes_at,
    )
    if not _freeze_seats(session, vote_id, committee_id, now):
        raise VoteRefused("no_seats", N_("Ce comité n’a aucun siège votant : ajoutez des sièges d’abord."))
    for organisation_id in sorted(set(recused_organisations), key=str):
        _step_aside(session, vote_id, organisation_id, None, now)
    for organisation_id, person in sorted(set(recused_people), key=str):
        _step_aside(session, vote_id, organisation_id, person, now)
    loaded = load_vote(session, vote_id, now)
    telling.note(
        session,
        viewer,
        "committee.vote_opened",
        f"vote:{code}",
        now,
        committee=committee_id,
        seats=loaded.seating.available,
        method=rule.method.value,
    )
    telling.tell(session, loaded, telling.VOTE_OPENED, now)
    telling.mail_to(session, keyring, _voters(loaded), now)
    refresh_calling(session, keyring, loaded, now)
    return vote_id


def cast_ballot(
    session: Session,
    keyring: Keyring,
    viewer: Viewer,
    vote_id: UUID,
    *,
    choice: Choice,
    amount: int | None = None,
    reason: str = "",
    now: datetime,
) -> None:
    """Put in, or replace, the ballot of the viewer's organisation; sealed at once. `amount` in cents, for `OTHER`.

    Raises Missing (not her committee), SecondFactorMissing, VoteRefused (recused, lapsed, late, closed: a code of
    `BALLOT_REFUSALS`) and VoteInvalid for an amount the rule does not allow.
    """
    loaded = _open_to(session, viewer, vote_id, now)
    require_second_factor(viewer)
    check_time(loaded, now)
    assert viewer.user_id is not None
    refused = ballot_refusal(
        loaded.seats,
        loaded.recusals,
        viewer.user_id,
        casting=loaded.rule.tie is Tie.CASTING,
        balloted=loaded.balloted,
    )
    if refused is not None:
        raise VoteRefused(refused)
    cents = supported(loaded.rule, choice, amount)
    if len(reason) > REASON_LENGTH:
        raise VoteInvalid("reason", N_("Texte trop long : 400 caractères au plus."))
    seat = seat_of(loaded.seats, viewer.user_id)
    assert seat is not None
    before = next((one for one in loaded.ballots if one.organisation_id == seat.organisation_id), None)
    if before is not None and before.meeting_id is not None:
        raise VoteRefused("raised")
    ballot_id = before.id if before is not None else new_id()
    values = {
        "vote_seat_id": seat.id,
        "user_id": viewer.user_id,
        "choice_sealed": seal_choice(keyring, ballot_id, choice, cents),
        "reason_sealed": seal_reason(keyring, ballot_id, reason),
        "times": 1 if before is None else before.times + 1,
        "cast_at": now,
    }
    if before is None:
        key = {"id": ballot_id, "vote_id": vote_id, "organisation_id": seat.organisation_id}
        add_row(session, Ballot, **key, **values)
    else:
        session.execute(update(Ballot).where(Ballot.id == ballot_id).values(**values), execution_options=_NO_SYNC)
    subject = f"vote:{loaded.row.code}"
    telling.note(
        session, viewer, "committee.ballot_cast", subject, now, holder=seat.organisation_id, times=values["times"]
    )
    telling.tell(session, loaded, telling.BALLOT_CAST, now)
    if loaded.rule.early:
        close_if_settled(session, keyring, vote_id, now)


def recuse(
    session: Session, keyring: Keyring, viewer: Viewer, vote_id: UUID, *, whole_organisation: bool, now: datetime
) -> None:
    """Step aside from a vote: the viewer alone, or her whole organisation. For good; a ballot already in is destroyed.

    Raises Missing, VoteRefused("no_seat") or ("closed"). Said twice, it changes nothing.
    """
    loaded = _open_to(session, viewer, vote_id, now)
    if loaded.row.status == CLOSED:
        raise VoteRefused("closed")
    seat = seat_of(loaded.seats, viewer.user_id) if viewer.user_id is not None else None
    if seat is None:
        raise VoteRefused("no_seat")
    person = None if whole_organisation else viewer.user_id
    if person in loaded.recusals.people or (person is None and seat.organisation_id in loaded.recusals.organisations):
        return
    _step_aside(session, vote_id, seat.organisation_id, person, now)
    after = load_vote(session, vote_id, now)
    _destroy_ballots(session, after)
    scope = "organisation" if whole_organisation else "person"
    telling.note(
        session,
        viewer,
        "committee.recused",
        f"vote:{loaded.row.code}",
        now,
        holder=seat.organisation_id,
        scope=scope,
        seats=after.seating.available,
    )
    telling.tell(session, after, telling.RECUSED, now)
    refresh_calling(session, keyring, load_vote(session, vote_id, now), now, before=loaded)


def name_alternate(
    session: Session, keyring: Keyring, viewer: Viewer, vote_id: UUID, user_id: UUID, now: datetime
) -> None:
    """The other CALACS names one of its people for this vote alone, when fewer than two seats can vote.

    Raises Missing unless this vote asks the viewer's organisation for somebody, VoteInvalid for a person who can't.
    """
    loaded = load_vote(session, vote_id, now, lock=True)
    if not may_name_alternate(viewer, loaded):
        raise Missing
    assert viewer.organisation_id is not None
    row = session.execute(select(User.organisation_id, User.status, User.roles).where(User.id == user_id)).first()
    fits = row is not None and row.organisation_id == viewer.organisation_id and row.status == "active"
    if row is None or not fits or not may_sit(row.roles) or user_id in loaded.recusals.people:
        raise VoteInvalid("person", N_("Choisissez une personne de votre organisme qui a le rôle de membre de comité."))
    add_row(
        session,
        VoteSeat,
        id=new_id(),
        vote_id=vote_id,
        organisation_id=viewer.organisation_id,
        seat_id=None,
        role=SeatRole.MEMBER.value,
        voting=True,
        user_id=user_id,
    )
    after = load_vote(session, vote_id, now)
    subject = f"vote:{loaded.row.code}"
    telling.note(session, viewer, "committee.alternate_named", subject, now, holder=viewer.organisation_id)
    telling.tell(session, after, telling.NAMED, now, also=(f"org:{viewer.organisation_id}",))
    telling.mail_to(session, keyring, [user_id], now)
    refresh_calling(session, keyring, after, now)


def may_name_alternate(viewer: Viewer, loaded: Loaded) -> bool:
    """Whether this vote asks the viewer's organisation for an alternate: a CALACS with neither a tie nor a seat in it.

    `queries.waiting.asks_alternate` is the same in SQL.
    """
    if viewer.organisation_type != "calacs" or not holds(viewer, Permission.COMMITTEE_VOTE):
        return False
    if loaded.row.status == CLOSED or loaded.row.calling != "alternate":
        return False
    inside = {seat.organisation_id for seat in loaded.seats} | loaded.recusals.organisations
    return viewer.organisation_id not in inside


def _open_to(session: Session, viewer: Viewer, vote_id: UUID, now: datetime) -> Loaded:
    """The vote, locked, if this viewer may know of it. A vote with a seat of hers that has lapsed is still known."""
    loaded = load_vote(session, vote_id, now, lock=True)
    held = viewer.user_id is not None and seat_of(loaded.seats, viewer.user_id) is not None
    if not holds(viewer, Permission.COMMITTEE_VOTE) or not (held or can(viewer, READ_VOTE, loaded.facts).allowed):
        raise Missing
    return loaded


def check_time(loaded: Loaded, now: datetime) -> None:
    """Raises VoteRefused unless ballots are received now."""
    if loaded.row.status == CLOSED:
        raise VoteRefused("closed")
    if loaded.row.status != OPEN or now >= loaded.row.closes_at:
        raise VoteRefused("late")
    if now < loaded.row.opens_at:
        raise VoteRefused("early")


def supported(rule: VoteRule, choice: Choice, amount: int | None) -> int | None:
    """Cents this ballot supports; raises VoteInvalid."""
    if choice is Choice.OTHER and rule.amount is None:
        raise VoteInvalid("choice", N_("Ce vote ne porte pas sur un montant."))
    if choice is not Choice.OTHER and amount is not None:
        raise VoteInvalid("amount", N_("Un montant ne va qu’avec « Oui, pour un autre montant »."))
    if choice is not Choice.OTHER:
        return rule.amount if choice in APPROVALS else None
    assert rule.highest is not None
    if amount is None or not 0 < amount <= rule.highest:
        raise VoteInvalid("amount", N_("Entrez un montant au-dessus de zéro, sans dépasser le plus haut permis."))
    return amount


def _freeze_seats(session: Session, vote_id: UUID, committee_id: UUID, now: datetime) -> int:
    """Copy the seats in force; returns how many have a vote."""
    rows = session.execute(
        select(CommitteeSeat.id, CommitteeSeat.organisation_id, CommitteeSeat.role, CommitteeSeat.voting)
        .where(CommitteeSeat.committee_id == committee_id, in_force(local_day(now)))
        .order_by(CommitteeSeat.id)
    ).all()
    if rows:
        session.execute(
            insert(VoteSeat),
            [
                {
                    "id": new_id(),
                    "vote_id": vote_id,
                    "organisation_id": row.organisation_id,
                    "seat_id": row.id,
                    "role": row.role,
                    "voting": row.voting,
                    "user_id": None,
                }
                for row in rows
            ],
        )
    return sum(row.voting for row in rows)


def _step_aside(session: Session, vote_id: UUID, organisation_id: UUID, user_id: UUID | None, now: datetime) -> None:
    values = {"id": new_id(), "vote_id": vote_id, "organisation_id": organisation_id, "user_id": user_id, "at": now}
    add_row(session, CommitteeRecusal, **values)


def _destroy_ballots(session: Session, loaded: Loaded) -> None:
    """Ballots of whoever stepped aside are gone, not kept unread."""
    standing = loaded.seating.standing
    gone = [
        one.id
        for one in loaded.ballots
        if standing[one.vote_seat_id] is Standing.RECUSED
        or one.user_id in loaded.recusals.people
        or one.organisation_id in loaded.recusals.organisations
    ]
    aside = {seat.organisation_id for seat in loaded.seats if standing[seat.id] is Standing.RECUSED}
    drop_pending(session, loaded.row.id, aside | loaded.recusals.organisations)
    if gone:
        session.execute(delete(Ballot).where(Ballot.id.in_(gone)), execution_options=_NO_SYNC)


def _voters(loaded: Loaded) -> list[UUID]:
    """Everyone who may put a ballot in, substitutes included."""
    standing = loaded.seating.standing
    found: list[UUID] = []
    for seat in loaded.seats:
        if standing[seat.id] is Standing.COUNTED:
            found += [one for one in (seat.person, seat.substitute) if one is not None]
        elif standing[seat.id] is Standing.CALLED and seat.substitute is not None:
            found.append(seat.substitute)
    return [one for one in found if one not in loaded.recusals.people]


def _free_code(session: Session) -> str:
    while True:
        code = codes.new_code(LETTER)
        if session.scalar(select(Vote.id).where(Vote.code == code)) is None:
            return code


_NO_SYNC = {"synchronize_session": False}
