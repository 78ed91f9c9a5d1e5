"""`/organisation/personnes`: an organisation's administration looks after its own people."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts.forms.staff import InviteForm, RolesForm
from core.accounts.queries import staff
from core.accounts.rules.invitations import INVITABLE, INVITING_WINDOWS
from core.accounts.services import invitations, leaving
from core.accounts.services.people import RolesConflict
from core.accounts.services.throttles import too_many
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import (
    Answer,
    Assurance,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    not_found,
    post,
)

PATH = "/organisation/personnes"
TOO_MANY = N_("Trop d’invitations aujourd’hui. Recommencez demain, ou écrivez à la coordination du réseau.")
#: What a departure takes back, by code: singular and plural (French source text).
LEAVING: dict[str, tuple[str, str]] = {
    "claims": (
        "%(n)s demande prise en main revient dans les demandes reçues",
        "%(n)s demandes prises en main reviennent dans les demandes reçues",
    ),
    "drafts": (
        "%(n)s brouillon jamais envoyé est effacé : personne d’autre ne peut l’ouvrir",
        "%(n)s brouillons jamais envoyés sont effacés : personne d’autre ne peut les ouvrir",
    ),
    "shifts": ("%(n)s garde est retirée", "%(n)s gardes sont retirées"),
    "seats": ("%(n)s siège de comité est libéré", "%(n)s sièges de comité sont libérés"),
    "invitations": ("%(n)s invitation en attente est annulée", "%(n)s invitations en attente sont annulées"),
}


def show_people(session: Session, request: PageRequest) -> Answer:
    """Everybody of the organisation, by name, then the invitations that wait."""
    return _list(session, request, None)


def invite(session: Session, request: PageRequest) -> Answer:
    """Invite a named person; the code is shown on the answer, once."""
    parsed = parse(InviteForm, request.form)
    if parsed.value is None:
        return _list(session, request, parsed, 422)
    subjects = {"organisation": str(request.viewer.organisation_id)}
    if too_many(session, request.house.keyring, "inviting", subjects, INVITING_WINDOWS, request.now):
        return _list(session, request, parsed.with_error("email", TOO_MANY), 429)
    given = parsed.value
    try:
        invited = invitations.invite_person(
            session,
            request.house.keyring,
            request.viewer,
            email=given.email,
            name=given.name,
            roles=given.roles,
            now=request.now,
        )
    except (RolesConflict, invitations.RolesNeeded) as refused:
        raise _kept(session, request, parsed, "roles", refused) from refused
    except invitations.AlreadyHere as refused:
        raise _kept(session, request, parsed, "email", refused) from refused
    return _code(invited, reset=False)


def renew(session: Session, request: PageRequest) -> Answer:
    """A new code for an invitation that waits or whose time is over."""
    invitation_id = _uuid(request.path["invitation"])
    if invitation_id is None:
        return not_found()
    subjects = {"organisation": str(request.viewer.organisation_id)}
    if too_many(session, request.house.keyring, "inviting", subjects, INVITING_WINDOWS, request.now):
        return Refusal(429, TOO_MANY)
    return _code(
        invitations.renew_invitation(session, request.house.keyring, request.viewer, invitation_id, request.now),
        reset=False,
    )


def revoke(session: Session, request: PageRequest) -> Answer:
    """Take an invitation back."""
    invitation_id = _uuid(request.path["invitation"])
    if invitation_id is None:
        return not_found()
    invitations.revoke_invitation(session, request.viewer, invitation_id, request.now)
    return Redirect(PATH, notice=N_("L’invitation est annulée : son code ne vaut plus rien."))


def show_person(session: Session, request: PageRequest) -> Answer:
    """One person: roles, access, departure."""
    return _person(session, request, None)


def change_roles(session: Session, request: PageRequest) -> Answer:
    """Replace the roles that the organisation gives."""
    user_id = _uuid(request.path["id"])
    if user_id is None or _member(session, request, user_id) is None:
        return not_found()
    parsed = parse(RolesForm, request.form)
    if parsed.value is None:
        return _person(session, request, parsed, 422)
    try:
        leaving.change_roles(session, request.viewer, user_id, parsed.value.roles, request.now)
    except (RolesConflict, invitations.RolesNeeded) as refused:
        raise refused.showing(_person(session, request, parsed.with_error("roles", refused.message), 422)) from refused
    return Redirect(f"{PATH}/{user_id}", notice=N_("Les rôles sont changés."))


def suspend(session: Session, request: PageRequest) -> Answer:
    """Take access away for a while."""
    user_id = _uuid(request.path["id"])
    if user_id is None:
        return not_found()
    leaving.suspend_person(session, request.viewer, user_id, request.now)
    return Redirect(f"{PATH}/{user_id}", notice=N_("L’accès est suspendu ; ses sessions ont pris fin."))


def restore(session: Session, request: PageRequest) -> Answer:
    """Give access back."""
    user_id = _uuid(request.path["id"])
    if user_id is None:
        return not_found()
    leaving.restore_person(session, request.viewer, user_id, request.now)
    return Redirect(f"{PATH}/{user_id}", notice=N_("L’accès est rendu."))


def reset_password(session: Session, request: PageRequest) -> Answer:
    """Forget the password and show a code to choose another."""
    user_id = _uuid(request.path["id"])
    if user_id is None:
        return not_found()
    return _code(
        invitations.reset_password(session, request.house.keyring, request.viewer, user_id, request.now), reset=True
    )


def forget_factors(session: Session, request: PageRequest) -> Answer:
    """Take away the factors of somebody who lost them."""
    user_id = _uuid(request.path["id"])
    if user_id is None:
        return not_found()
    leaving.forget_lost_factors(session, request.house.keyring, request.viewer, user_id, request.now)
    return Redirect(f"{PATH}/{user_id}", notice=FACTORS_GONE)


FACTORS_GONE = N_(
    "Ses moyens de connexion sont retirés et ses sessions ont pris fin. Après son mot de passe, on lui en fera ajouter "
    "un."
)


def show_departure(session: Session, request: PageRequest) -> Answer:
    """What a departure does, said before it is done."""
    user_id = _uuid(request.path["id"])
    person = _member(session, request, user_id) if user_id is not None else None
    if user_id is None or person is None:
        return not_found()
    counts = leaving.leaving_counts(session, user_id)
    consequences = tuple((LEAVING[code], count) for code, count in sorted(counts.items()) if count and code in LEAVING)
    own = user_id == request.viewer.user_id
    return Page("accounts/leave.html", {"person": person, "consequences": consequences, "own": own})


def depart(session: Session, request: PageRequest) -> Answer:
    """Close the account and everything it held, in one act."""
    user_id = _uuid(request.path["id"])
    if user_id is None:
        return not_found()
    done = leaving.offboard_person(session, request.house.keyring, request.viewer, user_id, request.now)
    notice = DEPARTED if done.keys_replaced else DEPARTED_KEYS_LATER
    return Redirect(PATH, notice=notice)


DEPARTED = N_("Le compte est fermé, ses demandes reviennent à l’équipe et les clés de l’organisme sont remplacées.")
DEPARTED_KEYS_LATER = N_(
    "Le compte est fermé et ses demandes reviennent à l’équipe. Le remplacement des clés de l’organisme se poursuit."
)


def _list(session: Session, request: PageRequest, form: Parsed[InviteForm] | None, status: int = 200) -> Page:
    keyring, organisation_id = request.house.keyring, request.viewer.organisation_id
    typed = request.query.get("q", "")[:80]
    people = staff.people_of(session, keyring, organisation_id, typed=typed, page=request.page)
    context = {
        "people": people,
        "typed": typed,
        "address": PATH + (f"?q={quote(typed)}" if typed else ""),
        "invitations": staff.invitations_of(session, keyring, organisation_id, request.now),
        "invitable": INVITABLE,
        "form": form,
    }
    return Page("accounts/people.html", context, status)


def _kept(session: Session, request: PageRequest, form: Parsed[InviteForm], field: str, refused: DomainError) -> Any:
    return refused.showing(_list(session, request, form.with_error(field, refused.message), 422))


def _person(session: Session, request: PageRequest, form: Parsed[RolesForm] | None, status: int = 200) -> Answer:
    user_id = _uuid(request.path["id"])
    person = _member(session, request, user_id) if user_id is not None else None
    if person is None:
        return not_found()
    context = {
        "person": person,
        "own": person.id == request.viewer.user_id,
        "invitable": INVITABLE,
        "kept": tuple(role for role in person.roles if role not in INVITABLE),
        "form": form,
    }
    return Page("accounts/person.html", context, status)


def _member(session: Session, request: PageRequest, user_id: UUID) -> staff.Member | None:
    return staff.member(session, request.house.keyring, request.viewer.organisation_id, user_id)


def _code(invited: invitations.Invited, *, reset: bool) -> Page:
    return Page("accounts/code.html", {"invited": invited, "reset": reset, "back": PATH})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_MANAGE = Permission.ORGANISATION_MANAGE
_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(PATH, show_people, permission=_MANAGE, name="staff", assurance=_SURE),
    post(PATH + "/inviter", invite, permission=_MANAGE, name="staff.invite", assurance=_SURE),
    post(
        PATH + "/invitations/{invitation}/code",
        renew,
        permission=_MANAGE,
        name="staff.invitation.renew",
        assurance=_SURE,
    ),
    post(
        PATH + "/invitations/{invitation}/annuler",
        revoke,
        permission=_MANAGE,
        name="staff.invitation.revoke",
        assurance=_SURE,
    ),
    get(PATH + "/{id}", show_person, permission=_MANAGE, name="staff.person", assurance=_SURE),
    post(PATH + "/{id}/roles", change_roles, permission=_MANAGE, name="staff.roles", assurance=_SURE),
    post(PATH + "/{id}/suspendre", suspend, permission=_MANAGE, name="staff.suspend", assurance=_SURE),
    post(PATH + "/{id}/reprendre", restore, permission=_MANAGE, name="staff.restore", assurance=_SURE),
    post(PATH + "/{id}/mot-de-passe", reset_password, permission=_MANAGE, name="staff.password", assurance=_SURE),
    post(
        PATH + "/{id}/facteurs",
        forget_factors,
        permission=_MANAGE,
        name="staff.factors",
        assurance=Assurance.STEP_UP,
    ),
    # Both ask for a fresh factor: it is shown before the page that says what will be done, not after the button
    get(PATH + "/{id}/depart", show_departure, permission=_MANAGE, name="staff.leave", assurance=Assurance.STEP_UP),
    post(
        PATH + "/{id}/depart",
        depart,
        permission=_MANAGE,
        mode="slow",
        name="staff.leave.post",
        assurance=Assurance.STEP_UP,
    ),
)
