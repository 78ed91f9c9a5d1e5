"""`/comites/orres/parcours/{code}`: where she is on the trajectory, as the viewer's organisation may see it.

The panel of a reference's page is this body, fetched beside it: the reference's own page asks nothing more of the
database, and what is said of her comes only with a live stream. Whatever is not in the organisation's hands any more,
or never was, answers like a page that does not exist.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    ATTESTATION_LABELS,
    MODALITY_LABELS,
    N_,
    AgeBand,
    Assurance,
    ConsentInput,
    ConsentInvalid,
    ConsentMissing,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    Stale,
    Stopped,
    get,
    hold_alongside,
    normal_code,
    not_found,
    parse,
    partners_alongside,
    post,
    purpose_wording,
)

from ..forms.path import ShowForm, StepForm, StopForm, UndoForm
from ..rules.path import ACTS, STATUSES
from ..services import path as services
from ..services.path import PURPOSE, NoSuchStep, NotAPartner, NothingToUndo
from ..settings import PATHS

PATH = "orres.path"
AGREED = N_("C’est inscrit. L’organisme choisi voit maintenant ces étapes.")
STOPPED = N_("C’est fait. Plus aucune étape n’est montrée.")


def show_path(session: Session, request: PageRequest) -> Page | Refusal:
    """The whole page, or its body alone for a screen that follows events."""
    code = normal_code("R", request.path["code"])
    if code is None:
        return not_found()
    return _path(session, request, code)


def mark(session: Session, request: PageRequest) -> Page | Redirect | Refusal:
    """A step begins, is done, or is not for her."""
    form = parse(StepForm, request.form)
    code = normal_code("R", request.path["code"])
    if code is None:
        return not_found()
    if form.value is None:
        return _path(session, request, code, 422)
    said = form.value
    keyring = request.house.keyring
    try:
        services.mark_step(session, keyring, request.viewer, code, said.step, said.said, request.now, seen=said.seen)
    except (NoSuchStep, Stale) as refused:
        return _path(session, request, code, refused.status, refused.message)
    return Redirect(_back(code, said.back))


def undo(session: Session, request: PageRequest) -> Page | Redirect | Refusal:
    """The last thing said of a step is taken back."""
    form = parse(UndoForm, request.form)
    code = normal_code("R", request.path["code"])
    if code is None:
        return not_found()
    if form.value is None:
        return _path(session, request, code, 422)
    try:
        services.undo_step(session, request.house.keyring, request.viewer, code, form.value.step, request.now)
    except NothingToUndo as refused:
        return _path(session, request, code, refused.status, refused.message)
    return Redirect(_back(code, form.value.back))


def show_agreement(session: Session, request: PageRequest) -> Page | Refusal:
    """To whom our steps are shown, whose we see, and the form to read with her."""
    code = normal_code("R", request.path["code"])
    return not_found() if code is None else _agreement(session, request, code, None)


def agree(session: Session, request: PageRequest) -> Page | Redirect | Refusal:
    """She agrees that one organisation sees our steps."""
    code = normal_code("R", request.path["code"])
    if code is None:
        return not_found()
    form = parse(ShowForm, request.form)
    if form.value is None:
        return _agreement(session, request, code, form, 422)
    keyring, typed = request.house.keyring, form.value
    beside = hold_alongside(session, keyring, request.viewer, code, PURPOSE, request.now)
    given = ConsentInput(
        recipient_id=typed.other,
        blocks=services.BLOCKS,
        age_band=AgeBand(beside.age_band) if beside.age_band else AgeBand.ADULT,
        wording_sha256=typed.wording,
        attestation=frozenset(typed.attestation),
        modality=typed.modality,
        language=request.locale,
    )
    try:
        services.show_to(session, keyring, request.viewer, code, given, request.now)
    except (NotAPartner, ConsentInvalid, ConsentMissing, Stopped, Stale) as refused:
        field = "other" if isinstance(refused, NotAPartner) else getattr(refused, "field", "attestation")
        page = _agreement(session, request, code, form.with_error(field, refused.message), refused.status)
        raise refused.showing(page) from refused
    return Redirect(f"{PATHS}/{code}", AGREED)


def stop(session: Session, request: PageRequest) -> Page | Redirect | Refusal:
    """She takes it back, with whichever of the two organisations is with her."""
    code = normal_code("R", request.path["code"])
    form = parse(StopForm, request.form)
    if code is None:
        return not_found()
    if form.value is None:
        return _agreement(session, request, code, None, 422)
    services.stop_showing(session, request.viewer, code, form.value.other, request.now)
    return Redirect(f"{PATHS}/{code}", STOPPED)


def _path(session: Session, request: PageRequest, code: str, status: int = 200, refused: str = "") -> Page:
    """Her path, read anew; its body alone for a screen that follows events. Raises Missing. `refused`: why nothing
    was noted; the read is journaled with this answer, which writes nothing else."""
    view = services.read_path(session, request.house.keyring, request.viewer, code, request.now)
    context = {"view": view, "back": request.query.get("retour", ""), "refused": refused} | _words()
    return Page("orres/path_body.html" if request.wants_fragment else "orres/path.html", context, status)


def _agreement(
    session: Session, request: PageRequest, code: str, form: Parsed[Any] | None, status: int = 200
) -> Page | Any:
    beside = hold_alongside(session, request.house.keyring, request.viewer, code, PURPOSE, request.now)
    partners = partners_alongside(session, request.viewer, code)
    context = {
        "code": code,
        "form": form,
        "partners": partners,
        "shown_to": [one for one in partners if one.id in beside.recipients],
        "seen_of": [one for one in partners if one.id in beside.disclosers],
        "wording": purpose_wording(PURPOSE, request.locale),
        "attestations": ATTESTATION_LABELS,
        "modalities": MODALITY_LABELS,
        "address": f"{PATHS}/{code}",
    }
    return Page("orres/path_agreement.html", context, status)


def _words() -> dict[str, object]:
    """What the templates say."""
    return {"acts": ACTS, "statuses": STATUSES, "address": PATHS}


def _back(code: str, where: str) -> str:
    return f"/references/{code}" if where == "reference" else f"{PATHS}/{code}"


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(PATHS + "/{code}", show_path, permission=PATH, mode="write", name="orres.path", assurance=_SURE),
    post(PATHS + "/{code}/etapes", mark, permission=PATH, name="orres.path_mark", assurance=_SURE),
    post(PATHS + "/{code}/annuler", undo, permission=PATH, name="orres.path_undo", assurance=_SURE),
    get(
        PATHS + "/{code}/accord",
        show_agreement,
        permission=PATH,
        mode="write",
        name="orres.path_agreement",
        assurance=_SURE,
    ),
    post(PATHS + "/{code}/accord", agree, permission=PATH, name="orres.path_agree", assurance=_SURE),
    post(PATHS + "/{code}/accord/retrait", stop, permission=PATH, name="orres.path_stop", assurance=_SURE),
)
