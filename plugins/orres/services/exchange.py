"""What is done to a vignette: sent, amended, read again by another organisation, discussed, closed, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from core.api import (
    N_,
    Area,
    DomainError,
    Missing,
    SeatView,
    lock_row,
    new_code,
    new_id,
    require_second_factor,
    seats_of,
)

from ..access import edited_committee
from ..exchange_access import VignetteFacts, side_of
from ..models import Note, Vignette
from ..rules.exchange import Act, State, next_state, reads
from . import exchange_telling as telling
from .drafts import Desk
from .exchange_texts import NOTES, VIGNETTES, check, record_dismissed, sealed

LETTER = "V"
NOT_NOW = N_("La vignette n’est plus à cette étape.")
CHANGED = N_("La vignette vient de changer. Voici sa version à jour.")
WRONG_READER = N_("Choisissez une personne qui siège au comité pour un autre organisme.")
#: Notes of one discussion: beyond, a meeting is better.
MOST_NOTES = 60
TOO_MANY = N_("Cette discussion a 60 notes : poursuivez-la en rencontre.")


class NotNow(DomainError):
    """The state refuses the act, or somebody changed the vignette meanwhile."""

    status = 409
    message = NOT_NOW


class NotThisReader(DomainError):
    """The second reader sits for the author's organisation, or does not sit."""

    message = WRONG_READER


@dataclass(frozen=True)
class NewVignette:
    """What the form says. `key`: the same key sent twice makes one vignette; `not_one`: tokens said not to be one."""

    key: str
    age_band: str
    area: Area
    since: str
    needs: tuple[str, ...]
    title: str
    story: str
    question: str
    reader_id: UUID
    not_one: frozenset[str] = frozenset()


def second_readers(session: Session, desk: Desk, committee_id: UUID) -> tuple[SeatView, ...]:
    """Seats whose person may read again what the viewer wrote: of another organisation. One statement."""
    seats = seats_of(session, committee_id, desk.now, keyring=desk.keyring)
    return tuple(
        seat for seat in seats if seat.person_id is not None and seat.organisation_id != desk.viewer.organisation_id
    )


def send_vignette(session: Session, desk: Desk, new: NewVignette) -> str:
    """Put a vignette to its second reader; its code, the first one's for a key sent before.

    Raises Missing for who does not sit in the committee, NamesSomebody, NotThisReader.
    """
    require_second_factor(desk.viewer)
    committee = edited_committee(session, desk.viewer)
    if desk.viewer.user_id is None or desk.viewer.organisation_id is None:
        raise Missing
    key = f"{desk.viewer.user_id.hex}:{new.key}"[:64]
    sent = session.scalar(select(Vignette.code).where(Vignette.sent_key == key))
    if sent is not None:
        return sent
    said = check(session, _texts(new), new.not_one)
    reader = _reader(session, desk, committee.id, new.reader_id)
    vignette = Vignette(
        id=new_id(),
        code=_free_code(session),
        committee_id=committee.id,
        organisation_id=desk.viewer.organisation_id,
        author_id=desk.viewer.user_id,
        reader_organisation_id=reader.organisation_id,
        reader_id=reader.person_id,
        sent_key=key,
        state=State.WAITING.value,
        version=1,
        created_at=desk.now,
    )
    _write(desk, vignette, new)
    session.add(vignette)
    session.flush()
    record_dismissed(session, desk, vignette.id, said)
    telling.note(session, desk, vignette, "vignette_sent", not_one=[finding.kind.value for _field, finding in said])
    telling.tell(session, desk, vignette)
    telling.mail(session, desk, [vignette.reader_id])
    return vignette.code


def amend_vignette(session: Session, desk: Desk, code: str, version: int, new: NewVignette) -> None:
    """Write it otherwise, or have somebody else read it again: before it is approved. Raises like `send_vignette`,
    and NotNow."""
    vignette, after = _held(session, desk, code, Act.AMEND, version)
    said = check(session, _texts(new), new.not_one)
    reader = _reader(session, desk, vignette.committee_id, new.reader_id)
    telling.tell(session, desk, vignette)  # whoever read it until now sees it go
    vignette.reader_id, vignette.reader_organisation_id = reader.person_id, reader.organisation_id
    vignette.remark_sealed = None
    _write(desk, vignette, new)
    _moved(session, vignette, after)
    record_dismissed(session, desk, vignette.id, said)
    telling.note(session, desk, vignette, "vignette_amended", not_one=[finding.kind.value for _field, finding in said])
    telling.tell(session, desk, vignette)
    telling.mail(session, desk, [vignette.reader_id])


def approve_vignette(session: Session, desk: Desk, code: str, version: int) -> None:
    """The second reader finds nobody in it: the committee reads it from now on. Raises Missing, NotNow."""
    vignette, after = _held(session, desk, code, Act.APPROVE, version)
    vignette.shared_at, vignette.remark_sealed = desk.now, None
    _moved(session, vignette, after)
    telling.note(session, desk, vignette, "vignette_approved")
    telling.tell(session, desk, vignette)
    telling.mail_committee(session, desk, vignette)


def return_vignette(
    session: Session, desk: Desk, code: str, version: int, remark: str, not_one: frozenset[str]
) -> None:
    """The second reader says what could tell who she is. Raises Missing, NamesSomebody, NotNow."""
    vignette, after = _held(session, desk, code, Act.RETURN, version)
    said = check(session, {"remark": remark}, not_one)
    vignette.remark_sealed = sealed(desk, VIGNETTES, vignette.id, "remark_sealed", remark)
    _moved(session, vignette, after)
    record_dismissed(session, desk, vignette.id, said)
    telling.note(session, desk, vignette, "vignette_returned")
    telling.tell(session, desk, vignette)
    telling.mail(session, desk, [vignette.author_id])


def suspend_vignette(session: Session, desk: Desk, code: str, version: int) -> None:
    """Anybody of the committee who recognises somebody: the second reading begins again, at once. Raises Missing,
    NotNow."""
    vignette, after = _held(session, desk, code, Act.SUSPEND, version)
    was = State(vignette.state)
    vignette.shared_at = vignette.ended_at = None
    _moved(session, vignette, after)
    telling.note(session, desk, vignette, "vignette_suspended")
    telling.tell(session, desk, vignette, was=was)
    telling.mail(session, desk, [vignette.author_id, vignette.reader_id])


def close_vignette(session: Session, desk: Desk, code: str, version: int) -> None:
    """The discussion is over: its texts go after the delay of the settings. Raises Missing, NotNow."""
    vignette, after = _held(session, desk, code, Act.CLOSE, version)
    vignette.ended_at = desk.now
    _moved(session, vignette, after)
    telling.note(session, desk, vignette, "vignette_closed")
    telling.tell(session, desk, vignette)


def reopen_vignette(session: Session, desk: Desk, code: str, version: int) -> None:
    """Take the discussion up again, while its texts are kept. Raises Missing, NotNow."""
    vignette, after = _held(session, desk, code, Act.REOPEN, version)
    if vignette.story_sealed is None:
        raise NotNow
    vignette.ended_at = None
    _moved(session, vignette, after)
    telling.note(session, desk, vignette, "vignette_reopened")
    telling.tell(session, desk, vignette)


def withdraw_vignette(session: Session, desk: Desk, code: str, version: int) -> None:
    """Its author takes it away: texts and notes are erased at once; lessons stay. Raises Missing, NotNow."""
    vignette, after = _held(session, desk, code, Act.WITHDRAW, version)
    was = State(vignette.state)
    vignette.ended_at = desk.now
    erase_texts(session, [vignette.id])
    _moved(session, vignette, after)
    telling.note(session, desk, vignette, "vignette_withdrawn")
    telling.tell(session, desk, vignette, was=was)


def add_note(session: Session, desk: Desk, code: str, text: str, not_one: frozenset[str]) -> None:
    """Say something in the discussion, through the same guard. Raises Missing, NamesSomebody, NotNow."""
    vignette, _after = _held(session, desk, code, Act.DISCUSS)
    said = check(session, {"note": text}, not_one)
    if len(session.scalars(select(Note.id).where(Note.vignette_id == vignette.id)).all()) >= MOST_NOTES:
        raise NotNow(TOO_MANY)
    assert desk.viewer.organisation_id is not None
    row = Note(
        id=new_id(),
        vignette_id=vignette.id,
        organisation_id=desk.viewer.organisation_id,
        author_id=desk.viewer.user_id,
        at=desk.now,
    )
    row.text_sealed = sealed(desk, NOTES, row.id, "text_sealed", text)
    session.add(row)
    record_dismissed(session, desk, vignette.id, said)
    telling.tell(session, desk, vignette)


def take_note_back(session: Session, desk: Desk, code: str, note_id: UUID) -> None:
    """Erase a note of one's own. Raises Missing for somebody else's, NotNow once the discussion is over."""
    vignette, _after = _held(session, desk, code, Act.DISCUSS)
    mine = (Note.id == note_id) & (Note.vignette_id == vignette.id) & (Note.author_id == desk.viewer.user_id)
    if session.scalar(select(Note.id).where(mine)) is None:
        raise Missing
    session.execute(delete(Note).where(mine).execution_options(synchronize_session=False))
    telling.tell(session, desk, vignette)


def facts_of(vignette: Vignette) -> VignetteFacts:
    """What the rules of access need."""
    return VignetteFacts(vignette.committee_id, State(vignette.state), vignette.author_id, vignette.reader_id)


def erase_texts(session: Session, ids: list[UUID]) -> None:
    """Erase what vignettes and their notes say; their codes stay."""
    gone = {"title_sealed": None, "story_sealed": None, "question_sealed": None, "remark_sealed": None}
    unseen = {"synchronize_session": "fetch"}
    session.execute(update(Vignette).where(Vignette.id.in_(ids)).values(**gone), execution_options=unseen)
    session.execute(delete(Note).where(Note.vignette_id.in_(ids)), execution_options=unseen)


def hold(session: Session, desk: Desk, code: str, act: Act) -> Vignette:
    """The vignette, locked, for an act that leaves its state. Raises Missing, NotNow."""
    return _held(session, desk, code, act)[0]


def _held(session: Session, desk: Desk, code: str, act: Act, version: int | None = None) -> tuple[Vignette, State]:
    """The vignette locked until commit, and where the act leads. What the viewer may not read is missing."""
    require_second_factor(desk.viewer)
    lock_row(session, select(Vignette.id).where(Vignette.code == code))
    vignette = session.scalars(
        select(Vignette).where(Vignette.code == code).execution_options(populate_existing=True)
    ).one_or_none()
    if vignette is None:
        raise Missing
    state, side = State(vignette.state), side_of(desk.viewer, facts_of(vignette))
    if not reads(state, side):
        raise Missing
    after = next_state(state, act, side)
    if after is None:
        raise NotNow
    if version is not None and vignette.version != version:
        raise NotNow(CHANGED)
    return vignette, after


def _moved(session: Session, vignette: Vignette, after: State) -> None:
    vignette.state = after.value
    vignette.version += 1
    session.flush()


def _reader(session: Session, desk: Desk, committee_id: UUID, reader_id: UUID) -> SeatView:
    found = (one for one in second_readers(session, desk, committee_id) if one.person_id == reader_id)
    reader = next(found, None)
    if reader is None:
        raise NotThisReader
    return reader


def _write(desk: Desk, vignette: Vignette, new: NewVignette) -> None:
    vignette.age_band = new.age_band
    vignette.area_code, vignette.area_label = new.area.code, new.area.label
    vignette.area_label_en = new.area.label_en
    vignette.since, vignette.needs = new.since, list(new.needs)
    for column, text in (("title_sealed", new.title), ("story_sealed", new.story), ("question_sealed", new.question)):
        setattr(vignette, column, sealed(desk, VIGNETTES, vignette.id, column, text))


def _texts(new: NewVignette) -> dict[str, str]:
    return {"title": new.title, "story": new.story, "question": new.question}


def _free_code(session: Session) -> str:
    while True:
        code = new_code(LETTER)
        if session.scalar(select(Vignette.id).where(Vignette.code == code)) is None:
            return code
