"""*Mes moyens de connexion*: passkeys, an application's codes, printed recovery codes."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

import pyotp
import segno
from markupsafe import Markup
from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts import queries, services
from core.accounts.forms import CodeForm, LabelForm, NewPasskeyForm, SuiteForm
from core.accounts.pages.proving import ENROL_PATH, browser_key, proof_first, suite_of, with_suite
from core.accounts.rules import address_prefix, device_label, local_path
from core.accounts.rules.factors import CODE_WINDOWS, PASSKEY_WINDOWS
from core.accounts.services.factors import THROTTLED_FACTOR
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import (
    Answer,
    Assurance,
    Data,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    not_found,
    post,
)

APPLICATION_PATH = ENROL_PATH + "/application"
NEW_KEY_PATH = ENROL_PATH + "/cles/nouvelle"
NOT_MADE = (
    "La clé n’a pas été créée. Recommencez\u00a0: "
    "votre appareil vous demandera votre doigt, votre visage ou votre code."
)
WRONG_CODE = "Ce code n’est pas celui de l’application. Vérifiez l’heure de l’appareil, puis entrez le code suivant."
ADDED = N_("C’est fait. Vos autres sessions ont pris fin.")
REMOVED = N_("Ce moyen de connexion est retiré. Vos autres sessions ont pris fin.")
RENAMED = N_("Le nom est changé.")


def show_factors(session: Session, request: PageRequest) -> Answer:
    """One's own factors; for someone who has none yet, how to make the first."""
    viewer = request.viewer
    summary = queries.factors_of(session, viewer.user_id)
    if summary.any and not viewer.second_factor:
        return proof_first(session, request) or not_found()
    if not summary.any:
        first = proof_first(session, request)
        return first or Page("accounts/first_factor.html", _new_key(request, None, suite_of(request)))
    keys = queries.passkeys_of(session, request.house.keyring, viewer.user_id)
    return Page("accounts/factors.html", {"factors": summary, "passkeys": keys, "passkeys_here": _here(request)})


def show_new_key(session: Session, request: PageRequest) -> Answer:
    """One more passkey."""
    if not _here(request):
        return not_found()
    first = proof_first(session, request)
    return first or Page("accounts/new_passkey.html", _new_key(request, None, suite_of(request)))


def ask_new_key(session: Session, request: PageRequest) -> Answer:
    """What this device must sign to make a passkey, for our script."""
    party = services.relying_party(request.house.settings.public_url)
    if party is None:
        return not_found()
    if proof_first(session, request) is not None:
        return Refusal(403)
    subjects = {"address": address_prefix(request.client_address), "everyone": ""}
    if services.too_many(session, request.house.keyring, "passkey_asked", subjects, PASSKEY_WINDOWS, request.now):
        return Refusal(429, THROTTLED_FACTOR)
    viewer = request.viewer
    options = services.ask_enrolment(
        session, party, viewer.user_id, viewer.display_name, browser_key(request), request.now
    )
    return Data(options)


def add_key(session: Session, request: PageRequest) -> Answer:
    """Keep the passkey this device made."""
    party = services.relying_party(request.house.settings.public_url)
    if party is None:
        return not_found()
    first = proof_first(session, request)
    if first is not None:
        return first
    parsed = parse(NewPasskeyForm, request.form)
    suite = local_path(parsed.raw("suite") or "/")
    if parsed.value is None:
        return Page("accounts/new_passkey.html", _new_key(request, parsed, suite), 422)
    added = services.add_passkey(
        session,
        request.house.keyring,
        party,
        request.viewer.user_id,
        parsed.value.passkey,
        parsed.value.label,
        browser_key(request),
        request.now,
    )
    if added is None:
        return Page("accounts/new_passkey.html", _new_key(request, parsed.with_error("", NOT_MADE), suite), 422)
    return _added(session, request, "passkey", suite)


def rename_key(session: Session, request: PageRequest) -> Answer:
    """Another name for one's own passkey."""
    passkey_id = _uuid(request.path["id"])
    parsed = parse(LabelForm, request.form)
    known = {key.id for key in queries.passkeys_of(session, request.house.keyring, request.viewer.user_id)}
    if passkey_id is None or passkey_id not in known:
        return not_found()
    if parsed.value is not None:
        services.rename_passkey(session, request.house.keyring, request.viewer.user_id, passkey_id, parsed.value.label)
        return Redirect(ENROL_PATH, notice=RENAMED)
    return Page("accounts/rename_passkey.html", {"form": parsed, "id": passkey_id}, 422)


def show_application(session: Session, request: PageRequest) -> Answer:
    """The secret to give to an application, as an image and in letters."""
    first = proof_first(session, request)
    return first or _application(session, request, None, suite_of(request))


def start_application(session: Session, request: PageRequest) -> Answer:
    """Prepare a secret."""
    first = proof_first(session, request)
    if first is not None:
        return first
    services.start_totp(session, request.house.keyring, request.viewer.user_id, request.now)
    parsed = parse(SuiteForm, request.form)
    return Redirect(with_suite(APPLICATION_PATH, local_path(parsed.raw("suite") or "/")))


def confirm_application(session: Session, request: PageRequest) -> Answer:
    """The first code proves that the application holds the secret."""
    first = proof_first(session, request)
    if first is not None:
        return first
    keyring, user_id = request.house.keyring, request.viewer.user_id
    parsed = parse(CodeForm, request.form)
    suite = local_path(parsed.raw("suite") or "/")
    if parsed.value is None:
        return _application(session, request, parsed, suite, 422)
    subjects = {
        "address": address_prefix(request.client_address),
        "account": str(user_id),
        "account_by_day": str(user_id),
        "everyone": "",
    }
    if services.too_many(session, keyring, "factor", subjects, CODE_WINDOWS, request.now):
        return _application(session, request, parsed.with_error("code", THROTTLED_FACTOR), suite, 429)
    if not services.confirm_totp(session, keyring, user_id, parsed.value.code, request.now):
        return _application(session, request, parsed.with_error("code", WRONG_CODE), suite, 422)
    services.forget_attempts(session, keyring, "factor", "account", str(user_id))
    services.give_back(session, keyring, "factor", subjects)
    return _added(session, request, "totp", suite)


def remove_key(session: Session, request: PageRequest) -> Answer:
    """Take a passkey away: a lost telephone."""
    return _removed(session, request, "passkey")


def remove_application(session: Session, request: PageRequest) -> Answer:
    """Take the application's codes away."""
    return _removed(session, request, "totp")


def print_codes(session: Session, request: PageRequest) -> Answer:
    """Ten new printed codes, shown this once."""
    viewer = request.viewer
    if not queries.factors_of(session, viewer.user_id).any:
        return Redirect(ENROL_PATH)
    codes = services.print_codes(session, request.house.keyring, viewer.user_id, request.now)
    services.announce_change(session, request.house.keyring, viewer, "codes_printed", "recovery", request.now)
    return Page("accounts/recovery_codes.html", {"codes": codes, "suite": ENROL_PATH, "first": False})


def _added(session: Session, request: PageRequest, kind: Literal["passkey", "totp"], suite: str) -> Answer:
    viewer, keyring = request.viewer, request.house.keyring
    services.announce_change(session, keyring, viewer, "factor_added", kind, request.now)
    token = services.prove_factor(session, viewer.user_id, viewer.session_id, kind, request.now)
    if queries.factors_of(session, viewer.user_id).recovery_left:
        return Redirect(suite if suite != "/" else ENROL_PATH, notice=ADDED, sign_in=token)
    codes = services.print_codes(session, keyring, viewer.user_id, request.now)
    return Page("accounts/recovery_codes.html", {"codes": codes, "suite": suite, "first": True}, sign_in=token)


def _removed(session: Session, request: PageRequest, kind: Literal["passkey", "totp"]) -> Answer:
    factor_id = _uuid(request.path["id"])
    if factor_id is None:
        return not_found()
    services.remove_factor(session, request.viewer, kind, factor_id)
    services.announce_change(session, request.house.keyring, request.viewer, "factor_removed", kind, request.now)
    return Redirect(ENROL_PATH, notice=REMOVED)


def _application(
    session: Session, request: PageRequest, form: Parsed[CodeForm] | None, suite: str, status: int = 200
) -> Page:
    secret = services.waiting_secret(session, request.house.keyring, request.viewer.user_id, request.now)
    context: dict[str, Any] = {"form": form, "suite": suite, "secret": None, "qr": None}
    if secret is not None:
        address = pyotp.TOTP(secret).provisioning_uri(name=request.viewer.display_name, issuer_name="Arrimage")
        drawn = segno.make(address, error="m", micro=False).svg_inline(scale=5, border=3, dark="#000", light="#fff")
        spaced = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
        context |= {"secret": spaced, "qr": Markup(drawn)}
    return Page("accounts/application.html", context, status)


def _new_key(request: PageRequest, form: Parsed[NewPasskeyForm] | None, suite: str) -> dict[str, Any]:
    return {
        "form": form,
        "suite": suite,
        "passkeys_here": _here(request),
        "device": device_label(request.user_agent),
    }


def _here(request: PageRequest) -> bool:
    return services.relying_party(request.house.settings.public_url) is not None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_SELF = Permission.ACCOUNT_SELF
#: What adds a factor asks for a proof itself (`proof_first`), since the very first one has none before it.
routes: tuple[Route, ...] = (
    get(ENROL_PATH, show_factors, permission=_SELF, name="accounts.factors", assurance=Assurance.NONE),
    get(NEW_KEY_PATH, show_new_key, permission=_SELF, name="accounts.passkey.new", assurance=Assurance.NONE),
    post(
        ENROL_PATH + "/cles/options",
        ask_new_key,
        permission=_SELF,
        name="accounts.passkey.new.options",
        activity=False,
        assurance=Assurance.NONE,
    ),
    post(ENROL_PATH + "/cles", add_key, permission=_SELF, name="accounts.passkey.add", assurance=Assurance.NONE),
    post(
        ENROL_PATH + "/cles/{id}/nom",
        rename_key,
        permission=_SELF,
        name="accounts.passkey.rename",
        assurance=Assurance.SECOND_FACTOR,
    ),
    post(
        ENROL_PATH + "/cles/{id}/retirer",
        remove_key,
        permission=_SELF,
        name="accounts.passkey.remove",
        assurance=Assurance.STEP_UP,
    ),
    get(APPLICATION_PATH, show_application, permission=_SELF, name="accounts.totp", assurance=Assurance.NONE),
    post(APPLICATION_PATH, start_application, permission=_SELF, name="accounts.totp.start", assurance=Assurance.NONE),
    post(
        APPLICATION_PATH + "/confirmer",
        confirm_application,
        permission=_SELF,
        name="accounts.totp.confirm",
        assurance=Assurance.NONE,
    ),
    post(
        APPLICATION_PATH + "/{id}/retirer",
        remove_application,
        permission=_SELF,
        name="accounts.totp.remove",
        assurance=Assurance.STEP_UP,
    ),
    post(
        ENROL_PATH + "/secours",
        print_codes,
        permission=_SELF,
        name="accounts.recovery.print",
        assurance=Assurance.STEP_UP,
    ),
)
