"""`/comites/bien-etre/demandes/nouvelle`: a request in under three minutes, on a phone too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    NAMES_SOMEBODY,
    TORONTO,
    AgeBand,
    ConsentInput,
    ConsentInvalid,
    ConsentMissing,
    DomainError,
    Finding,
    Missing,
    NamesSomebody,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    Stale,
    Stopped,
    VoteInvalid,
    areas,
    findings_of,
    get,
    normal_code,
    not_found,
    parse,
    post,
    purpose_wording,
)

from ..access import REQUEST
from ..forms.requests import RequestForm
from ..rules.requests import AMOUNTS, read_amount
from ..services import consents
from ..services.requests import NewRequest, send_request
from ..services.rounds import Desk, desk_of
from ..settings import NAME, REQUESTS, Settings
from .words import WORDS

NEW = f"{REQUESTS}/nouvelle"
SENT = N_("La demande est envoyée. Le comité est avisé.")
#: Whoever is helped by this network is 12 or more; the youngest band has no form.
AGES = tuple(band.value for band in AgeBand if band is not AgeBand.UNDER_12)
TEXTS = ("why_now", "tried", "lafu_detail")
NOT_AN_AREA = N_("Choisissez une des réponses proposées.")


def show_new(session: Session, request: PageRequest) -> Page | Refusal:
    """The blank form; from a referral, with her consent to read with her."""
    return _page(session, request, None, request.query.get("reference", ""))


def send(session: Session, request: PageRequest) -> Page | Redirect | Refusal:
    """Send it. Whatever is refused keeps what was typed, and writes nothing."""
    desk = desk_of(request.house, request.viewer, request.now)
    form, new = read(session, desk, request, parse(RequestForm, request.form))
    reference = form.raw("reference")
    if new is None:
        # The other errors do not hide a name: everything to correct is said at once.
        named_fields = findings_of({name: form.raw(name) for name in TEXTS}, form.raws("not_person"))
        for field in named_fields:
            form = form.with_error(field, NAMES_SOMEBODY)
        return _page(session, request, form, reference, 422, named_fields)
    try:
        code = send_request(session, desk, new)
    except NamesSomebody as named:
        for field in named.findings:
            form = form.with_error(field, NAMES_SOMEBODY)
        page = _page(session, request, form, reference, 422, named.findings)
        raise named.showing(page) from named
    except Missing:
        return not_found()
    except (VoteInvalid, ConsentInvalid, ConsentMissing, Stopped, Stale) as refused:
        field = getattr(refused, "field", "age_band" if isinstance(refused, Stopped) else "attestation")
        page = _page(session, request, form.with_error(field, refused.message), reference, refused.status)
        raise refused.showing(page) from refused
    return Redirect(f"{REQUESTS}/{code}", SENT)


def read(
    session: Session, desk: Desk, request: PageRequest, form: Parsed[RequestForm]
) -> tuple[Parsed[RequestForm], NewRequest | None]:
    """The form as a request, or with the errors of its amount and its place."""
    amount, wrong = read_amount(form.raw("amount"), desk.settings.most_cents)
    if wrong is not None and form.raw("amount").strip():
        form = form.with_error("amount", AMOUNTS[wrong])
    area = next((one for one in areas(session) if one.code == form.raw("area")), None)
    if area is None and form.raw("area"):
        form = form.with_error("area", NOT_AN_AREA)
    value = form.value
    if value is None or amount is None or area is None:
        return form, None
    return form, NewRequest(
        key=str(request.form.get("_key", ""))[:31] or request.session_mark[:31],
        age_band=value.age_band.value,
        area=area,
        category=value.category,
        amount=amount,
        needed_by=value.needed_by,
        why_now=value.why_now,
        tried=value.tried,
        lafu=value.lafu,
        lafu_since=value.lafu_since,
        lafu_detail=value.lafu_detail,
        payment=value.payment,
        urgent=value.urgent,
        not_person=frozenset(value.not_person),
        referral=value.reference,
        consent=_consent(session, desk, request, value) if value.reference else None,
    )


def _consent(session: Session, desk: Desk, request: PageRequest, value: RequestForm) -> ConsentInput:
    return ConsentInput(
        recipient_id=consents.holder(session, desk.settings)[0],
        blocks=frozenset({"needs"}),
        age_band=value.age_band,
        wording_sha256=value.wording,
        attestation=frozenset(value.attestation),
        modality=value.modality,
        language=request.locale,
    )


def _page(
    session: Session,
    request: PageRequest,
    form: Parsed[Any] | None,
    reference: str,
    status: int = 200,
    findings: Mapping[str, tuple[Finding, ...]] | None = None,
) -> Page | Any:
    settings = request.house.hooks.settings(NAME, Settings)
    code = normal_code("R", reference) if reference else None
    context: dict[str, object] = {
        "form": form,
        "findings": findings or {},
        "words": WORDS,
        "action": REQUESTS,
        "back": REQUESTS,
        "ages": AGES,
        "areas": areas(session),
        "today": request.now.astimezone(TORONTO).date().isoformat(),
        "cap": settings.urgent_cap_cents,
        "bands": settings.bands,
        "reference": code,
        "wording": None,
        "holder": "",
    }
    if code is not None:
        try:
            context["holder"] = consents.holder(session, settings)[1]
        except DomainError as missing:
            return Refusal(missing.status, missing.message)
        context["wording"] = purpose_wording(consents.PURPOSE, request.locale)
    return Page("bien_etre/new.html", context, status)


routes: tuple[Route, ...] = (
    get(NEW, show_new, permission=REQUEST, name="bien_etre.new"),
    post(REQUESTS, send, permission=REQUEST, name="bien_etre.send"),
)
