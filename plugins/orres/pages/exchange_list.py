"""`/comites/orres/echanges`: the list of exchanges, and the form of a vignette."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    NAMES_SOMEBODY,
    NEEDS,
    AgeBand,
    Assurance,
    Finding,
    NamesSomebody,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    areas,
    filled,
    get,
    normal_code,
    not_found,
    parse,
    post,
)

from ..access import edited_committee
from ..exchange_access import EXCHANGE
from ..forms.exchange import VignetteForm
from ..queries.exchange import SIZE, VignetteView, find_vignette, list_vignettes
from ..queries.exchange_lessons import open_lessons
from ..rules.exchange import SINCE, Act
from ..services.drafts import Desk
from ..services.exchange import (
    LETTER,
    NewVignette,
    NotNow,
    NotThisReader,
    amend_vignette,
    second_readers,
    send_vignette,
)
from ..services.exchange_texts import findings_of
from ..settings import EXCHANGES, HOME, LESSONS
from .exchange_desk import desk_of
from .exchange_words import WORDS

NEW = f"{EXCHANGES}/nouvelle"
AMEND = f"{EXCHANGES}/{{code}}/reprendre"
SENT = N_("La vignette est envoyée en deuxième lecture. Personne d’autre ne la lit avant.")
AMENDED = N_("La vignette est reprise. Elle repart en deuxième lecture.")
#: Whoever is helped by this network is 12 or more.
AGES = tuple(band.value for band in AgeBand if band is not AgeBand.UNDER_12)
TEXTS = ("title", "story", "question")
CHOOSE = N_("Choisissez une des réponses proposées.")
Answer = Page | Redirect | Refusal


def show_list(session: Session, request: PageRequest) -> Answer:
    """Exchanges in progress, or those that are over; `?page=`."""
    committee = edited_committee(session, request.viewer)
    ended = request.query.get("terminees") == "1"
    page = max(1, int(request.query.get("page", "1")) if request.query.get("page", "1").isdecimal() else 1)
    lines, total = list_vignettes(session, request.house.keyring, request.viewer, ended=ended, page=page)
    context = {
        "lines": lines,
        "ended": ended,
        "page": page,
        "pages": max(1, -(-total // SIZE)),
        "total": total,
        "list": EXCHANGES,
        "new": NEW,
        "lessons": LESSONS,
        "home": HOME,
        "waiting_lessons": open_lessons(session, committee.id),
        "words": WORDS,
    }
    return Page("orres/exchange_rows.html" if request.wants_fragment else "orres/exchange_list.html", context)


def show_new(session: Session, request: PageRequest) -> Answer:
    """The blank form."""
    committee = edited_committee(session, request.viewer)
    return _page(session, desk_of(request), committee.id, EXCHANGES, None)


def send(session: Session, request: PageRequest) -> Answer:
    """Send it to its second reader. Whatever is refused keeps what was typed, and writes nothing."""
    committee, desk = edited_committee(session, request.viewer), desk_of(request)
    form, new = _read(session, request, parse(VignetteForm, request.form))
    if new is None:
        return _wrong(session, desk, committee.id, EXCHANGES, form)
    try:
        code = send_vignette(session, desk, new)
    except (NamesSomebody, NotThisReader) as refused:
        raise refused.showing(_refused(session, desk, committee.id, EXCHANGES, form, refused)) from refused
    return Redirect(f"{EXCHANGES}/{code}", SENT)


def show_amend(session: Session, request: PageRequest) -> Answer:
    """The form with what is kept."""
    found = _amended(session, request)
    if found is None:
        return not_found()
    values = {
        "title": found.title,
        "age_band": found.age_band,
        "area": found.area_code,
        "since": found.since,
        "needs": list(found.needs),
        "story": found.story,
        "question": found.question,
        "reader": str(found.reader_id or ""),
        "version": str(found.version),
    }
    committee = edited_committee(session, request.viewer)
    return _page(session, desk_of(request), committee.id, _address(found), filled(values), vignette=found)


def amend(session: Session, request: PageRequest) -> Answer:
    """Write it otherwise: it goes to its second reader again."""
    found = _amended(session, request)
    if found is None:
        return not_found()
    committee, desk = edited_committee(session, request.viewer), desk_of(request)
    form, new = _read(session, request, parse(VignetteForm, request.form))
    if new is None or form.value is None:
        return _wrong(session, desk, committee.id, _address(found), form, vignette=found)
    try:
        amend_vignette(session, desk, found.code, form.value.version, new)
    except (NamesSomebody, NotThisReader, NotNow) as refused:
        page = _refused(session, desk, committee.id, _address(found), form, refused, vignette=found)
        raise refused.showing(page) from refused
    return Redirect(f"{EXCHANGES}/{found.code}", AMENDED)


def _amended(session: Session, request: PageRequest) -> VignetteView | None:
    code = normal_code(LETTER, request.path["code"])
    found = None if code is None else find_vignette(session, desk_of(request), code)
    return found if found is not None and Act.AMEND in found.acts else None


def _address(found: VignetteView) -> str:
    return AMEND.format(code=found.code)


def _read(
    session: Session, request: PageRequest, form: Parsed[VignetteForm]
) -> tuple[Parsed[VignetteForm], NewVignette | None]:
    """The form as a vignette, or with the errors of its place and its needs."""
    area = next((one for one in areas(session) if one.code == form.raw("area")), None)
    if area is None and form.raw("area"):
        form = form.with_error("area", CHOOSE)
    if not set(form.raws("needs")) <= set(NEEDS):
        form = form.with_error("needs", CHOOSE)
    if form.raw("age_band") not in ("", *AGES):
        form = form.with_error("age_band", CHOOSE)
    value = form.value
    if value is None or area is None or form.errors:
        return form, None
    return form, NewVignette(
        key=str(request.form.get("_key", ""))[:31] or request.session_mark[:31],
        age_band=value.age_band.value,
        area=area,
        since=value.since,
        needs=tuple(dict.fromkeys(value.needs)),
        title=value.title,
        story=value.story,
        question=value.question,
        reader_id=value.reader,
        not_one=frozenset(value.not_person),
    )


def _wrong(session: Session, desk: Desk, committee_id: Any, action: str, form: Parsed[Any], **more: Any) -> Page:
    """The other errors do not hide a name: everything to correct is said at once."""
    found = findings_of(session, {name: form.raw(name) for name in TEXTS}, form.raws("not_person"))
    for field in found:
        form = form.with_error(field, NAMES_SOMEBODY)
    return _page(session, desk, committee_id, action, form, 422, found, **more)


def _refused(
    session: Session,
    desk: Desk,
    committee_id: Any,
    action: str,
    form: Parsed[Any],
    refused: NamesSomebody | NotThisReader | NotNow,
    **more: Any,
) -> Page:
    found = refused.findings if isinstance(refused, NamesSomebody) else {}
    for field in found:
        form = form.with_error(field, NAMES_SOMEBODY)
    if not found:
        form = form.with_error("reader" if isinstance(refused, NotThisReader) else "", refused.message)
    return _page(session, desk, committee_id, action, form, refused.status, found, **more)


def _page(
    session: Session,
    desk: Desk,
    committee_id: Any,
    action: str,
    form: Parsed[Any] | None,
    status: int = 200,
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
    vignette: VignetteView | None = None,
) -> Page:
    context = {
        "form": form,
        "findings": findings or {},
        "action": action,
        "back": EXCHANGES if vignette is None else f"{EXCHANGES}/{vignette.code}",
        "vignette": vignette,
        "ages": AGES,
        "areas": areas(session),
        "since": tuple(SINCE),
        "readers": second_readers(session, desk, committee_id),
        "words": WORDS,
    }
    return Page("orres/exchange_form.html", context, status)


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(EXCHANGES, show_list, permission=EXCHANGE, name="orres.exchanges", assurance=_SURE),
    get(NEW, show_new, permission=EXCHANGE, name="orres.exchange_new", assurance=_SURE),
    post(EXCHANGES, send, permission=EXCHANGE, name="orres.exchange_send", assurance=_SURE),
    get(AMEND, show_amend, permission=EXCHANGE, name="orres.exchange_amend_form", assurance=_SURE),
    post(AMEND, amend, permission=EXCHANGE, name="orres.exchange_amend", assurance=_SURE),
)
