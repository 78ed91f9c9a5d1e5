"""Public pages: is this attestation valid, and what a verifier of badges asks for. No sign-in, no name, ever.

A code that exists and one that doesn't take the same statements and the same page. Attempts are counted by network
address, so that codes cannot be tried one after the other.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from core.api import (
    PUBLIC,
    Data,
    File,
    Page,
    PageRequest,
    Parsed,
    Refusal,
    Route,
    Window,
    address_prefix,
    filled,
    get,
    not_found,
    parse,
    post,
    too_many,
)

from ..forms.attestations import CheckForm
from ..queries import attestations as queries
from ..queries.training import course_by_code, version_of_course
from ..rules.badges import CONTEXTS, profile, status_credential
from ..services import signing
from ..settings import ATTESTATIONS
from .attestation_words import CHECKED, SIGNS, STATUSES, THROTTLED, issuer, where

CHECK = f"{ATTESTATIONS}/verifier"
TOKEN_TYPE = "application/vc+jwt"
#: People check a few papers at once; nobody checks hundreds.
WINDOWS = {"address": Window(30, timedelta(minutes=15)), "everyone": Window(900, timedelta(minutes=5))}


def show_check(session: Session, request: PageRequest) -> Page:
    """The box, or with `?code=` (what the QR holds) the answer."""
    asked = request.query.get("code")
    if asked is None:
        return _page(None, None)
    return _answer(session, request, filled({"code": asked[:40]}), asked)


def post_check(session: Session, request: PageRequest) -> Page:
    """The answer for a code typed by hand."""
    parsed = parse(CheckForm, request.form)
    if parsed.value is None:
        return _page(parsed, None, 422)
    return _answer(session, request, parsed, parsed.value.code)


def _answer(session: Session, request: PageRequest, form: Parsed[CheckForm], code: str) -> Page:
    subjects = {"address": address_prefix(request.client_address), "everyone": ""}
    if too_many(session, request.house.keyring, "ficesl.check", subjects, WINDOWS, request.now):
        return _page(form.with_error("code", THROTTLED), None, 429)
    return _page(form, queries.check(session, code, request.now).value)


def _page(form: Parsed[CheckForm] | None, found: str | None, status: int = 200) -> Page:
    words = {"statuses": STATUSES, "signs": SIGNS, "checked": CHECKED}
    return Page("ficesl/check.html", {"form": form, "found": found, "check": CHECK, "words": words}, status)


def show_keys(session: Session, request: PageRequest) -> Data:
    """Every public key, as a JWKS."""
    return Data({"keys": list(signing.public_keys(session))})


def show_key(session: Session, request: PageRequest) -> Data | Refusal:
    """One public key: what a badge's `kid` names."""
    found = signing.public_key(session, request.path["kid"])
    return not_found() if found is None else Data(found)


def show_issuer(session: Session, request: PageRequest) -> Data:
    """The profile of the issuer."""
    return Data({"@context": list(CONTEXTS), **profile(issuer(request.house), where(request.house))})


def show_achievement(session: Session, request: PageRequest) -> Data | Refusal:
    """What was achieved: a course in force, by its code; of older versions only that they are replaced."""
    course_id = course_by_code(session, request.path["course"])
    found = version_of_course(session, course_id) if course_id else None
    if found is None or request.path["number"] != str(found.number):
        return not_found()
    place = where(request.house)
    return Data(
        {
            "@context": list(CONTEXTS),
            "id": place.course(found.code, found.number),
            "type": ["Achievement"],
            "achievementType": "Course",
            "name": found.title,
            "description": found.summary or found.title,
            "creator": profile(issuer(request.house), place),
        }
    )


def show_status_list(session: Session, request: PageRequest) -> File | Refusal:
    """The list of revocations, signed: a verifier finds there the bit of a badge."""
    typed = request.path["number"]
    if not (typed.isascii() and typed.isdigit() and len(typed) < 4) or int(typed) > queries.last_list(session):
        return not_found()
    revoked = queries.revoked_indices(session, int(typed))
    place = where(request.house)
    claims = status_credential(int(typed), revoked, place, request.now)
    token = signing.signer(session, request.house.keyring, request.now).token(claims, place)
    return File(token.encode(), TOKEN_TYPE, f"statuts-{typed}.jwt")


routes: tuple[Route, ...] = (
    get(CHECK, show_check, permission=PUBLIC, mode="write", name="ficesl.check"),
    post(CHECK, post_check, permission=PUBLIC, name="ficesl.check_typed"),
    get(f"{ATTESTATIONS}/cles", show_keys, permission=PUBLIC, name="ficesl.keys"),
    get(f"{ATTESTATIONS}/cles/{{kid}}", show_key, permission=PUBLIC, name="ficesl.key"),
    get(f"{ATTESTATIONS}/emetteur", show_issuer, permission=PUBLIC, name="ficesl.issuer"),
    get(
        f"{ATTESTATIONS}/reussites/{{course}}/{{number}}",
        show_achievement,
        permission=PUBLIC,
        name="ficesl.achievement",
    ),
    get(
        f"{ATTESTATIONS}/statuts/{{number}}", show_status_list, permission=PUBLIC, mode="write", name="ficesl.statuses"
    ),
)
