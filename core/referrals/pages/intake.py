"""What arrives by fax, phone or message is entered here: same list, same clock, and a word back without a name."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.consent.rules import REFERENCE, Modality
from core.consent.services import ConsentInput, ConsentMissing, Stopped
from core.consent.wordings import current_wording
from core.directory.queries.organisations import organisation, organisations
from core.directory.queries.phones import public_phones
from core.directory.queries.places import MunicipalityView, municipality_choices
from core.kernel.clock import TORONTO
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.ids import new_id
from core.kernel.web.forms import Parsed
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Refusal, Route, get, post
from core.referrals.forms.contact import SHARED_BLOCKS, read_phone
from core.referrals.forms.intake import HERSELF, OTHER_PARTNER, IntakeForm, read_intake
from core.referrals.forms.situation import STOPS, UNKNOWN_PLACE
from core.referrals.pages import words
from core.referrals.pages.new import NOT_A_PLACE, place_of
from core.referrals.pages.words import options, say
from core.referrals.rules import vocabulary
from core.referrals.rules.contact import MESSAGES_LEFT, SAFE_TIMES, WAYS, Way, contact_constraints
from core.referrals.rules.content import filled_blocks
from core.referrals.services.checking import Submission
from core.referrals.services.receipt import open_acknowledgement
from core.referrals.services.submission import clock_settings, enter_received

NO_QUEUE = N_("Votre organisme ne reçoit pas de demandes ici. L’annuaire dit lesquels en reçoivent.")
UNKNOWN_SENDER = "Choisissez qui a envoyé la demande."
#: Fields the service names otherwise than the form.
_FIELDS = {"recipient": "", "key": "", "obtained_at": "consent_on"}
_OTHERS = ((HERSELF, N_("Elle-même")), (OTHER_PARTNER, N_("Un partenaire qui n’est pas dans la liste")))


def show_intake(session: Session, request: PageRequest) -> Answer:
    """A blank form for someone whose organisation receives requests."""
    if not _receives(session, request):
        return Refusal(403, NO_QUEUE)
    return _page(session, request, None, str(new_id()))


def save_intake(session: Session, request: PageRequest) -> Answer:
    """Enter it once; what came before the form is never asked again."""
    if not _receives(session, request):
        return Refusal(403, NO_QUEUE)
    key = str(request.form.get("_key", ""))
    parsed = read_intake(request.form, request.now.astimezone(TORONTO).date())
    place = place_of(session, parsed.raw("municipality"))
    if parsed.raw("municipality").strip() and place is None:
        parsed = parsed.with_error("municipality", NOT_A_PLACE)
    sender_id = _sender(session, request, parsed.raw("sender"))
    if parsed.raw("sender") and sender_id is None and parsed.raw("sender") not in (HERSELF, OTHER_PARTNER):
        parsed = parsed.with_error("sender", UNKNOWN_SENDER)
    form = parsed.value
    if form is None or place is None:
        return _page(session, request, parsed, key, 422)
    house = request.house
    try:
        sent = enter_received(
            session,
            house.keyring,
            request.viewer,
            _submission(request, key, form, place),
            channel=form.channel,
            sender_id=sender_id,
            clock=clock_settings(house.settings),
            now=request.now,
            received_at=_arrival(form, request.now),
        )
    except Stopped:
        under_12 = form.age_band.value == "under_12"
        return Redirect(f"/references/nouvelle/arret/{STOPS['under_12' if under_12 else 'under_14']}")
    except DomainError as failure:
        field = getattr(failure, "field", "consent_on" if isinstance(failure, ConsentMissing) else "")
        shown = parsed.with_error(_FIELDS.get(field, field), failure.message)
        # A key that is refused would be refused again: what was typed is kept under a new one.
        raise failure.showing(_page(session, request, shown, str(new_id()) if field == "key" else key)) from failure
    return Redirect(f"/demandes/{sent.code}/accuse")


def show_acknowledgement(session: Session, request: PageRequest) -> Answer:
    """A page to send back by fax: the code, the date, who received it. Nothing about her."""
    found = open_acknowledgement(session, request.viewer, request.path["code"])
    phones = public_phones(session, [found.recipient_id])[found.recipient_id]
    return Page("referrals/intake_acknowledgement.html", {"found": found, "phones": phones})


def _receives(session: Session, request: PageRequest) -> bool:
    own = organisation(session, request.viewer.organisation_id) if request.viewer.organisation_id else None
    return own is not None and own.receives_referrals and own.admitted


def _sender(session: Session, request: PageRequest, typed: str) -> UUID | None:
    known = {str(one.id): one.id for one in organisations(session) if one.id != request.viewer.organisation_id}
    return known.get(typed)


def _arrival(form: IntakeForm, now: datetime) -> datetime:
    """When it came. Without an hour: now for today, the start of the day before that, so that no hour is gained."""
    local = now.astimezone(TORONTO)
    if form.received_at is None and form.received_on == local.date():
        return now
    return datetime.combine(form.received_on, form.received_at or time(0), TORONTO).astimezone(UTC)


def _submission(request: PageRequest, key: str, form: IntakeForm, place: MunicipalityView) -> Submission:
    way = form.chosen_way
    by_phone = way is Way.PHONE
    number, _, extension = (read_phone(form.phone) or "").partition(" poste ") if by_phone else ("", "", "")
    times = form.times if by_phone else ()
    constraints = tuple(dict.fromkeys((*form.constraints, *contact_constraints(way, times))))
    contents: dict[str, dict[str, str | list[str]]] = {
        "contact": {
            "way": way.value,
            "phone": number,
            "extension": extension,
            "trusted": form.trusted if way is Way.TRUSTED_PERSON else "",
        },
        "safety": {
            "times": list(times),
            "message": form.message if by_phone else "",
            "if_someone_else": form.if_someone_else,
        },
        "identity": {"first_name": form.first_name},
        "needs": {"needs": list(form.needs), "constraints": list(constraints), "language": form.language},
        "situation": {
            "municipality": place.name,
            "age_band": form.age_band.value,
            "facts": list(form.facts),
            "note": form.note,
        },
        # Which partner it came from is not about her: kept whatever she agreed to.
        "follow_up": {"partner": form.partner if form.sender == OTHER_PARTNER else ""},
    }
    shared = filled_blocks(contents, {*form.blocks, "follow_up"})
    given = ConsentInput(
        recipient_id=request.viewer.organisation_id,
        blocks=frozenset(shared),
        age_band=form.age_band,
        wording_sha256=current_wording(REFERENCE, "fr").sha256,
        attestation=frozenset(form.attestation),
        given_by=form.given_by,
        sender_may_learn=form.may_learn,
        modality=Modality.WRITTEN,
        language="fr",
        on_paper=True,
        obtained_at=min(request.now, datetime.combine(form.consent_on, time(12), TORONTO)),
        valid_until=datetime.combine(form.consent_on, time(12), TORONTO) + timedelta(days=90),
    )
    return Submission(
        key=key,
        municipality_code=place.code,
        age_band=form.age_band.value,
        needs=frozenset(form.needs),
        consents=(given,),
        blocks=shared,
        facts=frozenset(form.facts),
        urgent=form.urgent,
        language=form.language,
        constraints=frozenset(constraints),
    )


def _page(session: Session, request: PageRequest, form: Parsed[Any] | None, key: str, status: int = 200) -> Page:
    senders = [
        *((code, say(request, label)) for code, label in _OTHERS),
        *((str(one.id), one.name) for one in organisations(session) if one.id != request.viewer.organisation_id),
    ]
    channels = ("fax", "phone", "message", "in_person")
    labels = {"fax": N_("Fax"), "phone": N_("Téléphone"), "message": N_("Message"), "in_person": N_("En personne")}
    context = {
        "form": form,
        "key": key,
        "today": request.now.astimezone(TORONTO).date().isoformat(),
        "channels": options(request, labels, channels),
        "senders": senders,
        "municipalities": [say(request, UNKNOWN_PLACE), *(place.name for place in municipality_choices(session))],
        "ages": options(request, vocabulary.AGE_BANDS),
        "givers": options(request, words.GIVER_LABELS),
        "needs": options(request, vocabulary.NEEDS),
        "facts": options(request, vocabulary.FACTS),
        "languages": options(request, vocabulary.LANGUAGES),
        "constraints": options(request, vocabulary.CONSTRAINTS),
        "ways": options(request, WAYS),
        "times": options(request, SAFE_TIMES),
        "messages": options(request, MESSAGES_LEFT),
        "blocks": options(request, words.BLOCK_LABELS, [code for code in SHARED_BLOCKS if code != "judicial"]),
        "attestations": options(request, words.PAPER_LABELS),
        "may_learn": options(request, words.MAY_LEARN_LABELS),
        "hours": request.house.settings.first_contact_designated_centre_hours,
    }
    return Page("referrals/intake.html", context, status)


routes: tuple[Route, ...] = (
    get("/demandes/saisir", show_intake, permission=Permission.REFERRAL_RECEIVE, name="referrals.intake"),
    post("/demandes/saisir", save_intake, permission=Permission.REFERRAL_RECEIVE, name="referrals.intake.post"),
    # Mode write: the case is locked while it is read.
    get(
        "/demandes/{code}/accuse",
        show_acknowledgement,
        permission=Permission.REFERRAL_RECEIVE,
        mode="write",
        name="referrals.intake.acknowledgement",
    ),
)
