"""`/comites/{slug}/rencontres/{code}/votes`: a vote put on a meeting's agenda, hands noted there, then confirmed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.committees import services
from core.committees.forms.votes import AgendaVoteForm, ConfirmForm
from core.committees.pages.meetings import PATH, Desk, address, desk_of, found_meeting, meeting_page
from core.committees.pages.overview import HOME
from core.committees.pages.words import WORDS
from core.committees.queries.hands import HandsView, hands_view, votes_at
from core.committees.rules.amounts import AMOUNT_REFUSAL, parse_cents
from core.committees.rules.hands import Hand
from core.committees.rules.votes import Choice
from core.committees.services.hands import Raised
from core.committees.services.voting import VoteInvalid, VoteRefused, supported
from core.kernel.codes import normalise
from core.kernel.errors import Forbidden, Missing
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled, parse
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

ONE = PATH + "/{code}/votes/{vote}"
PUT, TAKEN = N_("Le vote est à l’ordre du jour."), N_("Le vote n’est plus à l’ordre du jour. Il continue.")
NOTED = N_("Les mains sont notées. Une personne présente, d’un autre organisme, les confirme maintenant.")
CONFIRMED = N_("La main levée est confirmée. Le vote reste ouvert aux sièges absents jusqu’à l’échéance.")
DECIDED = N_("La main levée est confirmée : le vote est décidé.")
CHOOSE, WRONG = N_("Choisissez un vote."), N_("Choisissez une réponse de la liste.")


def put(session: Session, request: PageRequest) -> Answer:
    """Put an open vote of the committee on this meeting's agenda."""
    desk = _managed(session, request)
    parsed = parse(AgendaVoteForm, request.form)
    if parsed.value is None:
        return meeting_page(session, request, desk, form=parsed.with_error("vote", CHOOSE), status=422)
    met = found_meeting(session, request, desk)
    offered = votes_at(session, request.viewer, met, request.now, offer=True)
    wanted = next((one for one in offered if one.code == parsed.value.vote), None)
    if wanted is None:
        return not_found()
    try:
        services.put_on_agenda(session, request.viewer, met.line.code, wanted.id, request.now)
    except VoteRefused as refused:
        again = parsed.with_error("vote", refused.message)
        raise refused.showing(meeting_page(session, request, desk, form=again, status=refused.status)) from refused
    return Redirect(address(desk, met.line.code), PUT)


def take_off(session: Session, request: PageRequest) -> Answer:
    """Take it off again."""
    desk = _managed(session, request)
    found = _found(session, request, desk)
    services.take_off_agenda(session, request.viewer, found.meeting.code, found.id, request.now)
    return Redirect(address(desk, found.meeting.code), TAKEN)


def show(session: Session, request: PageRequest) -> Answer:
    """The hands: noted by who chaired, confirmed by somebody else; anybody else reads where it stands."""
    desk = desk_of(session, request)
    found = _found(session, request, desk)
    typed: dict[str, object] = {}
    for line in found.lines:
        typed[f"choice-{line.seat_id}"] = line.chosen.value if line.chosen is not None else None
        if line.chosen is Choice.OTHER and line.amount is not None:
            typed[f"amount-{line.seat_id}"] = f"{line.amount // 100},{line.amount % 100:02d}"
    return _page(desk, found, filled(typed))


def note(session: Session, request: PageRequest) -> Answer:
    """Note the hands; a seat left blank raised none."""
    desk = desk_of(session, request)
    found = _found(session, request, desk)
    if not found.notes:
        return not_found()
    typed = {name: (str(value),) for name, value in request.form.multi_items() if not name.startswith("_")}
    parsed: Parsed[Any] = Parsed(None, (), typed)
    hands: dict[UUID, Raised] = {}
    for line in found.lines:
        choice, amount = parsed.raw(f"choice-{line.seat_id}"), parsed.raw(f"amount-{line.seat_id}").strip()
        if not choice:
            continue
        if choice not in set(Choice):
            parsed = parsed.with_error(f"choice-{line.seat_id}", WRONG)
            continue
        cents = parse_cents(amount) if amount else None
        try:
            if amount and cents is None:
                raise VoteInvalid("amount", AMOUNT_REFUSAL)
            supported(found.rule, Choice(choice), cents)
        except VoteInvalid as invalid:
            parsed = parsed.with_error(f"{invalid.field}-{line.seat_id}", invalid.message)
            continue
        hands[line.seat_id] = Raised(Choice(choice), cents)
    if parsed.errors:
        return _page(desk, found, parsed, 422)
    try:
        services.note_hands(session, request.house.keyring, request.viewer, found.id, hands, request.now)
    except VoteRefused as refused:
        raise refused.showing(_page(desk, found, parsed.with_error("", refused.message), refused.status)) from refused
    return Redirect(f"{address(desk, found.meeting.code)}/votes/{found.code}", NOTED)


def confirm(session: Session, request: PageRequest) -> Answer:
    """Say that these hands were raised: they count from now on."""
    desk = desk_of(session, request)
    found = _found(session, request, desk)
    parsed = parse(ConfirmForm, request.form)
    if parsed.value is None:
        return not_found()
    try:
        outcome = services.confirm_hands(
            session, request.house.keyring, request.viewer, found.id, parsed.value.shown, request.now
        )
    except VoteRefused as refused:
        shown: Parsed[Any] = filled({})
        again = _page(desk, found, shown.with_error("", refused.message), refused.status)
        raise refused.showing(again) from refused
    return Redirect(address(desk, found.meeting.code), CONFIRMED if outcome is None else DECIDED)


def _managed(session: Session, request: PageRequest) -> Desk:
    desk = desk_of(session, request)
    if not desk.place.manages:
        raise Forbidden(N_("Seules la présidence du comité et la coordination peuvent faire cela."))
    return desk


def _found(session: Session, request: PageRequest, desk: Desk) -> HandsView:
    """The vote of the address, on the agenda of its meeting, in its committee. Raises Missing."""
    code = normalise(services.LETTER, request.path["vote"])
    found = (
        None
        if code is None
        else hands_view(session, request.house.keyring, request.viewer, request.path["code"], code, request.now)
    )
    if found is None or found.committee_id != desk.place.committee.id:
        raise Missing
    return found


def _page(desk: Desk, found: HandsView, form: Parsed[Any], status: int = 200) -> Page:
    committee = desk.place.committee
    context = {
        "committee": committee,
        "vote": found,
        "page": found.page or f"{HOME}/{committee.slug}/votes/{found.code}",
        "asked": tuple(line for line in found.lines if line.hand is Hand.ASKED),
        "others": tuple(line for line in found.lines if line.hand is not Hand.ASKED),
        "form": form,
        "words": WORDS,
        "here": f"{address(desk, found.meeting.code)}/votes/{found.code}",
        "back": address(desk, found.meeting.code),
    }
    return Page("committees/meetings/hands.html", context, status)


_READ, _VOTE, _SURE = Permission.COMMITTEE_READ, Permission.COMMITTEE_VOTE, Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    post(PATH + "/{code}/votes", put, permission=_READ, name="meeting.vote.put", assurance=_SURE),
    get(ONE, show, permission=_READ, name="meeting.vote", assurance=_SURE),
    post(ONE, note, permission=_READ, name="meeting.vote.note", assurance=_SURE),
    post(ONE + "/confirmer", confirm, permission=_VOTE, name="meeting.vote.confirm", assurance=_SURE),
    post(ONE + "/retirer", take_off, permission=_READ, name="meeting.vote.remove", assurance=_SURE),
)
