"""`/organisation/garde`: who is told, in an organisation, when a first contact is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.access.permissions import Permission, permissions_of
from core.access.viewer import Role
from core.accounts.models import User
from core.consent.services import Invalid
from core.journal.queries.people import people
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post
from core.referrals.forms.asking import parse
from core.referrals.forms.roster import ShiftForm
from core.referrals.pages.words import Options
from core.referrals.services.roster import Shift, add_shift, remove_shift, upcoming_shifts

PATH = "/organisation/garde"
ADDED, REMOVED = N_("La garde est ajoutée."), N_("La garde est retirée.")


@dataclass(frozen=True)
class Row:
    """A shift as shown. `now`: it has begun; `overlaps`: someone else is on call at the same time."""

    id: UUID
    name: str
    starts_at: datetime
    ends_at: datetime
    now: bool
    overlaps: bool


def show_roster(session: Session, request: PageRequest) -> Answer:
    """Shifts that have not ended, in order."""
    return _page(session, request, None)


def add(session: Session, request: PageRequest) -> Answer:
    """Put someone of the organisation on call. Several people at once is allowed, and said."""
    parsed = parse(ShiftForm, request.form)
    if parsed.value is None:
        return _page(session, request, parsed, 422)
    form = parsed.value
    try:
        add_shift(session, request.viewer, form.user, form.starts_at, form.ends_at)
    except Invalid as refused:
        raise refused.showing(_page(session, request, parsed.with_error(refused.field, refused.message))) from refused
    return Redirect(PATH, notice=ADDED)


def remove(session: Session, request: PageRequest) -> Answer:
    """Take a shift away."""
    try:
        shift_id = UUID(request.path["shift"])
    except ValueError:
        return not_found()
    remove_shift(session, request.viewer, shift_id)
    return Redirect(PATH, notice=REMOVED)


def _page(session: Session, request: PageRequest, form: Parsed[ShiftForm] | None, status: int = 200) -> Page:
    shifts = upcoming_shifts(session, request.viewer, request.now)
    manages = request.house.holds(request.viewer, Permission.ORGANISATION_MANAGE)
    names = {
        user_id: person.name
        for user_id, person in people(
            session, request.house.keyring, frozenset(shift.user_id for shift in shifts)
        ).items()
    }
    context = {
        "rows": tuple(_row(shift, shifts, names, request.now) for shift in shifts),
        "manages": manages,
        "people": _front_line(session, request) if manages else (),
        "form": form,
    }
    return Page("referrals/roster.html", context, status)


def _row(shift: Shift, shifts: tuple[Shift, ...], names: dict[UUID, str], now: datetime) -> Row:
    overlaps = any(
        other.id != shift.id and other.starts_at < shift.ends_at and shift.starts_at < other.ends_at for other in shifts
    )
    name = names.get(shift.user_id, "")
    return Row(shift.id, name, shift.starts_at, shift.ends_at, shift.starts_at <= now, overlaps)


def _front_line(session: Session, request: PageRequest) -> Options:
    """People of the organisation who may take a request: only they can act on a late first contact."""
    rows = session.execute(
        select(User.id, User.roles).where(
            User.organisation_id == request.viewer.organisation_id, User.status == "active"
        )
    ).all()
    able = [row.id for row in rows if Permission.REFERRAL_RECEIVE in permissions_of(Role(role) for role in row.roles)]
    found = people(session, request.house.keyring, frozenset(able))
    return tuple(sorted(((str(user_id), person.name) for user_id, person in found.items()), key=lambda pair: pair[1]))


routes: tuple[Route, ...] = (
    get(PATH, show_roster, permission=Permission.ROSTER_READ, name="roster"),
    post(PATH, add, permission=Permission.ORGANISATION_MANAGE, name="roster.add"),
    post(PATH + "/{shift}/retirer", remove, permission=Permission.ORGANISATION_MANAGE, name="roster.remove"),
)
