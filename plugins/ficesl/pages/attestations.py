"""One's own attestations and those of the people one keeps: the page to print, the PDF, the badge; revoking."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.api import (
    Assurance,
    Compute,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    alone,
    as_document,
    filled,
    get,
    not_found,
    parse,
    pdf_available,
    post,
)

from ..access import MANAGE, PEOPLE, READ, REGISTER
from ..forms.attestations import AskForm, RevokeForm
from ..queries import attestations as queries
from ..queries.attestations import AttestationView
from ..queries.names import GONE, names_for
from ..rules.attestations import REASONS, WHY, Status, hours, missing_sentence, normal_check_code
from ..rules.badges import credential
from ..services.catalogue import committee_of
from ..services.desk import Refused, desk_of
from ..services.issuing import attest
from ..services.revoking import ALREADY, revoke
from ..services.signing import signer
from ..settings import ACCESS, ATTESTATIONS, READINESS, SESSIONS
from .attestation_words import NO_PDF, SIGNS, STATUSES, badge_of, issuer, qr, where
from .check import CHECK, TOKEN_TYPE

Answer = Page | Redirect | File | Compute | Refusal
REVOKE = f"{ATTESTATIONS}/revoquer"
OURS = f"{ATTESTATIONS}/organisme"
SIZE = 25
STYLE = Path(__file__).resolve().parents[1] / "templates" / "ficesl" / "attestation_document.css"
ISSUED = "Votre attestation est prête."
REVOKED = "L’attestation est révoquée."
NOT_STARTED = "Vous n’avez encore rien suivi de cette formation."
HAS_ONE = "Vous avez déjà cette attestation."
NO_SUCH = "Aucune attestation ne porte ce code."


def show_mine(session: Session, request: PageRequest) -> Page:
    """My attestations, and what is missing where I have begun."""
    return _mine(session, request)


def _mine(session: Session, request: PageRequest, form: Parsed[AskForm] | None = None, status: int = 200) -> Page:
    translate = partial(_say, request)
    _, courses = queries.progress_of_person(session, request.viewer.user_id, request.now)
    mine = queries.of_person(session, request.viewer.user_id, request.now)
    held = {one.version_id for one in mine if one.valid}
    begun = [(one, missing_sentence(one.done, translate)) for one in courses if one.version_id not in held]
    context = {
        "mine": mine,
        "begun": begun,
        "form": form,
        "people": request.house.holds(request.viewer, PEOPLE),
        "revokes": request.house.holds(request.viewer, MANAGE),
        "ours": OURS,
        "revoke": REVOKE,
        "access": ACCESS,
        "readiness": READINESS,
        "sessions": SESSIONS,
        **_words(),
    }
    return Page("ficesl/attestations.html", context, status)


def ask(session: Session, request: PageRequest) -> Answer:
    """Ask for the attestation of a course: issued when all is done, else the sentence of what is missing."""
    parsed = parse(AskForm, request.form)
    if parsed.value is None:
        return _mine(session, request, parsed, 422)
    learner_id, courses = queries.progress_of_person(session, request.viewer.user_id, request.now)
    begun = next((one for one in courses if one.code == parsed.value.course), None)
    if begun is None or learner_id is None:
        return _mine(session, request, parsed.with_error("", NOT_STARTED), 422)
    if begun.done.complete:
        codes = attest(session, [learner_id], [begun.course_id], request.now)
        if codes:
            return Redirect(f"{ATTESTATIONS}/{codes[0]}", notice=ISSUED)
        return _mine(session, request, parsed.with_error("", HAS_ONE), 422)
    sentence = missing_sentence(begun.done, partial(_say, request))
    return _mine(session, request, parsed.with_error("", sentence), 422)


def show_ours(session: Session, request: PageRequest) -> Page:
    """Those of the people of my organisation, the first to end at the top."""
    organisation_id = request.viewer.organisation_id
    assert organisation_id is not None  # the permission is an organisation's
    found, total = queries.of_organisation(session, organisation_id, request.now, page=request.page, size=SIZE)
    names = _names(session, request, [one.learner_id for one in found])
    context = {
        "found": found,
        "names": names,
        "gone": GONE,
        "total": total,
        "page": request.page,
        "pages": max(1, -(-total // SIZE)),
        "ours": OURS,
        **_words(),
    }
    return Page("ficesl/attestations_ours.html", context)


def show_one(session: Session, request: PageRequest) -> Answer:
    """The attestation itself, to print."""
    found = _readable(session, request)
    if found is None:
        return not_found()
    return Page("ficesl/attestation.html", {**_content(session, request, found), "pdf": pdf_available()})


def give_pdf(session: Session, request: PageRequest) -> Answer:
    """The same as a tagged PDF, in French: the language of the paper is the network's, not the reader's."""
    found = _readable(session, request)
    if found is None:
        return not_found()
    if not pdf_available():
        return Redirect(f"{ATTESTATIONS}/{found.code}", notice=NO_PDF)
    html = alone(request.house, "ficesl/attestation_document.html", _content(session, request, found), "fr")
    style = STYLE.read_text(encoding="utf-8")

    def make() -> File:
        made = as_document(html, style, f"attestation-{found.code}")
        return File(made, "application/pdf", f"attestation-{found.code}.pdf")

    def hand_over(_session: Session, made: File) -> File:
        return made

    return Compute(make, hand_over)


def give_badge(session: Session, request: PageRequest) -> Answer:
    """The same as an Open Badges 3.0 credential, signed by the network's key."""
    found = _readable(session, request)
    if found is None:
        return not_found()
    place = where(request.house)
    claims = credential(badge_of(found, request.house), place)
    token = signer(session, request.house.keyring, request.now).token(claims, place)
    return File(token.encode(), TOKEN_TYPE, f"attestation-{found.code}.jwt")


def show_revoke(session: Session, request: PageRequest) -> Answer:
    """The code to revoke, and why."""
    committee_of(session, desk_of(request.house, request.viewer, request.now))
    asked = request.query.get("code")
    form: Parsed[Any] | None = filled({"code": asked[:40], "reason": ""}) if asked else None
    return _revoke_page(form)


def look_again(session: Session, request: PageRequest) -> Answer:
    """The second look: what it is of, what happens; nothing is done yet."""
    committee_of(session, desk_of(request.house, request.viewer, request.now))
    parsed, found = _to_revoke(session, request)
    if found is None:
        return _revoke_page(parsed, 422)
    return _second_look(found, parsed.raw("reason"))


def do_revoke(session: Session, request: PageRequest) -> Answer:
    """Revoke, once it has been looked at again."""
    desk = desk_of(request.house, request.viewer, request.now)
    committee_of(session, desk)
    parsed, found = _to_revoke(session, request)
    if found is None:
        return _revoke_page(parsed, 422)
    try:
        revoke(session, desk, found.code, parsed.raw("reason"))
    except Refused as refused:
        raise refused.showing(_revoke_page(parsed.with_error(refused.field, refused.message), 422)) from refused
    return Redirect(ATTESTATIONS, notice=REVOKED)


def _to_revoke(session: Session, request: PageRequest) -> tuple[Parsed[RevokeForm], AttestationView | None]:
    parsed = parse(RevokeForm, request.form)
    if parsed.value is None:
        return parsed, None
    code = normal_check_code(parsed.value.code)
    found = queries.by_code(session, code, request.now) if code else None
    if found is None:
        return parsed.with_error("code", NO_SUCH), None
    if found.status is Status.REVOKED:
        return parsed.with_error("code", ALREADY), None
    if parsed.value.reason not in REASONS:
        return parsed.with_error("reason", "Choisissez une raison dans la liste."), None
    return parsed, found


def _revoke_page(form: Parsed[Any] | None, status: int = 200) -> Page:
    context = {"form": form, "reasons": tuple(REASONS.items()), "revoke": REVOKE}
    return Page("ficesl/revoke.html", context, status)


def _second_look(found: AttestationView, reason: str) -> Page:
    context = {"one": found, "reason": reason, "reasons": REASONS, "revoke": REVOKE, **_words()}
    return Page("ficesl/revoke_again.html", context)


def _readable(session: Session, request: PageRequest) -> AttestationView | None:
    code = normal_check_code(request.path["code"])
    found = queries.by_code(session, code, request.now) if code else None
    if found is None or not queries.readable_by(session, request.viewer, found):
        return None
    return found


def _names(session: Session, request: PageRequest, learners: list[UUID]) -> dict[UUID, str]:
    days = desk_of(request.house, request.viewer, request.now).settings.names_days
    return names_for(session, request.house.keyring, request.viewer, learners, request.now, days=days)


def _content(session: Session, request: PageRequest, found: AttestationView) -> dict[str, object]:
    names = _names(session, request, [found.learner_id])
    return {
        "one": found,
        "name": names.get(found.learner_id, GONE),
        "qr": qr(request.house, found.code),
        "address": f"{request.house.settings.public_url}{CHECK}",
        "issuer": issuer(request.house),
        "hours": hours(found.minutes),
        "home": ATTESTATIONS,
        **_words(),
    }


def _words() -> dict[str, object]:
    return {"statuses": STATUSES, "signs": SIGNS, "list": ATTESTATIONS, "check": CHECK, "why": WHY}


def _say(request: PageRequest, text: str, **values: object) -> str:
    said: str = request.house.renderer.translator.translate(request.locale, text, **values)
    return said


_CODE = f"{ATTESTATIONS}/{{code}}"
routes: tuple[Route, ...] = (
    get(ATTESTATIONS, show_mine, permission=READ, name="ficesl.attestations"),
    post(f"{ATTESTATIONS}/demander", ask, permission=REGISTER, name="ficesl.attestation_ask"),
    get(
        OURS,
        show_ours,
        permission=PEOPLE,
        mode="write",
        name="ficesl.attestations_ours",
        assurance=Assurance.SECOND_FACTOR,
    ),
    get(REVOKE, show_revoke, permission=MANAGE, name="ficesl.attestation_revoke"),
    post(REVOKE, look_again, permission=MANAGE, mode="read", name="ficesl.attestation_look"),
    post(
        f"{REVOKE}/confirmer",
        do_revoke,
        permission=MANAGE,
        name="ficesl.attestation_revoked",
        assurance=Assurance.STEP_UP,
    ),
    get(_CODE, show_one, permission=READ, mode="write", name="ficesl.attestation"),
    get(f"{_CODE}/pdf", give_pdf, permission=READ, mode="write", name="ficesl.attestation_pdf"),
    get(f"{_CODE}/titre", give_badge, permission=READ, mode="write", name="ficesl.attestation_badge"),
)
