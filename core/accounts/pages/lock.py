"""A locked session: it shows how many requests came, and opens again for its holder (security S9)."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from core.access.permissions import PUBLIC, Permission
from core.accounts import queries, services
from core.accounts.forms import UnlockForm
from core.accounts.pages.proving import CARRIED_BODY, browser_key, carried_form, waiting_fields
from core.accounts.queries import Locked
from core.accounts.queries.providers import confirming_provider
from core.accounts.rules import UNLOCK_WINDOWS, address_prefix, local_path
from core.kernel.crypto import Aad, Unreadable
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import (
    Answer,
    Assurance,
    Compute,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    post,
)

WRONG_PASSWORD = "Ce mot de passe ne correspond pas."
THROTTLED = "Trop d’essais. Attendez quelques minutes, puis recommencez."


def show_lock(session: Session, request: PageRequest) -> Answer:
    """The lock: whose session by initials only, how many requests came, and how to go on."""
    suite = local_path(request.query.get("suite", ""))
    locked = _locked(session, request)
    if locked is None:
        return _elsewhere(request, suite)
    return _page(session, request, locked, None, suite)


def show_count(session: Session, request: PageRequest) -> Answer:
    """The number alone, fetched again at each event."""
    locked = _locked(session, request)
    if locked is None:
        return Refusal(401)
    return Page("accounts/lock_count.html", {"count": _count(session, locked)})


def unlock(session: Session, request: PageRequest) -> Answer:
    """Open the session again under a new token, with a factor where one was used, else with the password."""
    locked = _locked(session, request)
    if "unlock_form" not in request.form:
        # Another page's form, met on its way there: it is kept, sealed, and goes on once the session is open.
        suite = local_path(request.query.get("suite", ""))
        if locked is None:
            return _elsewhere(request, suite)
        return _page(session, request, locked, None, suite, 403, carried=_seal(request, locked, request.form))
    parsed = parse(UnlockForm, request.form)
    suite = local_path(parsed.raw("suite"))
    if locked is None:
        # Opened in another tab, by the provider: a form that waited here goes on
        session_id = request.viewer.session_id
        fields = _unseal(request, session_id, parsed.raw("carried")) if session_id is not None else None
        if fields is not None:
            return Page("accounts/resume.html", {"action": suite, "fields": fields})
        return _elsewhere(request, suite)
    if parsed.value is None:
        return _page(session, request, locked, parsed, suite, 422)
    if locked.way == "demo" and request.house.settings.demo:
        return _opened(session, request, locked, suite)
    if locked.way == "provider":
        return Redirect(_at_provider(session, request, locked, suite))
    if locked.way == "factor":
        return _with_factor(session, request, locked, parsed, suite)
    if _too_many(session, request, locked):
        return _page(session, request, locked, parsed.with_error("password", THROTTLED), suite, 429)
    return _with_password(request, locked, parsed, suite)


def lock_now(session: Session, request: PageRequest) -> Answer:
    """*Verrouiller maintenant*."""
    if request.browser_session is not None:
        services.lock_session(session, request.browser_session, request.now)
    return Redirect(f"/verrou?suite={quote(local_path(str(request.form.get('suite', ''))), safe='')}")


def _with_password(request: PageRequest, locked: Locked, parsed: Parsed[UnlockForm], suite: str) -> Answer:
    assert parsed.value is not None
    password = parsed.value.password

    def check() -> bool:
        return services.verify_password(locked.password_hash, password)

    def then(later: Session, right: Any) -> Page | Redirect:
        # Read again: the session or the account may have ended while the password was being verified.
        again = queries.locked_session(later, request.house.keyring, locked.session_id, request.now)
        if again is None:
            return _elsewhere(request, suite)
        if not right or again.password_hash != locked.password_hash:
            return _page(later, request, again, parsed.with_error("password", WRONG_PASSWORD), suite, 422)
        keyring = request.house.keyring
        services.forget_attempts(later, keyring, "unlock", "account", str(locked.viewer.user_id))
        services.give_back(later, keyring, "unlock", _subjects(request, locked))
        return _opened(later, request, again, suite)

    return Compute(check, then)


def _with_factor(
    session: Session, request: PageRequest, locked: Locked, parsed: Parsed[UnlockForm], suite: str
) -> Answer:
    assert parsed.value is not None
    assert locked.viewer.user_id is not None
    house = request.house
    judged = services.judge_factor(
        session,
        house.keyring,
        services.relying_party(house.settings.public_url),
        locked.viewer.user_id,
        services.Proof(parsed.value.passkey, parsed.value.code, parsed.value.recovery),
        browser=browser_key(request),
        address=address_prefix(request.client_address),
        now=request.now,
    )
    if judged.method is None:
        status = 429 if judged.throttled else 422
        return _page(session, request, locked, parsed.with_error("code", judged.problem), suite, status)
    if judged.method == "recovery":
        services.announce_change(session, house.keyring, locked.viewer, "code_spent", "recovery", request.now)
    services.prove_factor(session, locked.viewer.user_id, locked.session_id, judged.method, request.now)
    return _opened(session, request, locked, suite)


def _opened(session: Session, request: PageRequest, locked: Locked, suite: str) -> Page | Redirect:
    token = services.unlock_session(session, locked.session_id, request.now)
    fields = _unseal(request, locked.session_id, str(request.form.get("carried", "")))
    if fields is not None:
        return Page("accounts/resume.html", {"action": suite, "fields": fields}, sign_in=token)
    return Redirect(suite, sign_in=token)


def _seal(request: PageRequest, locked: Locked, form: FormData) -> str:
    """A form that waits under the lock: whoever looks at the page's source while it is locked reads nothing."""
    text = carried_form(form)
    sealed = request.house.keyring.protect(text.encode(), aad=_place(locked.session_id)) if text else b""
    return urlsafe_b64encode(sealed).decode()


def _unseal(request: PageRequest, session_id: UUID, carried: str) -> tuple[tuple[str, str], ...] | None:
    try:
        sealed = urlsafe_b64decode(carried.encode())
        return waiting_fields(request.house.keyring.reveal(sealed, aad=_place(session_id)).decode()) if sealed else None
    except (ValueError, Unreadable):
        return None


def _place(session_id: UUID) -> Aad:
    return Aad("login_sessions", session_id, "carried", 1)


def _at_provider(session: Session, request: PageRequest, locked: Locked, suite: str) -> str:
    """Where her organisation's provider is asked again; the list of organisations once hers has none."""
    assert locked.viewer.user_id is not None
    provider = confirming_provider(session, request.house.keyring, locked.viewer.user_id)
    which = "" if provider is None else f"/{provider.slug}"
    return f"/connexion/organisme{which}?suite={quote(suite, safe='')}"


def _locked(session: Session, request: PageRequest) -> Locked | None:
    if not request.locked or request.browser_session is None:
        return None
    return queries.locked_session(session, request.house.keyring, request.browser_session, request.now)


def _elsewhere(request: PageRequest, suite: str) -> Redirect:
    """Nothing is locked here: on with the page asked for, or sign in."""
    return Redirect(f"/connexion?suite={quote(suite, safe='')}" if request.viewer.is_anonymous else suite)


def _count(session: Session, locked: Locked) -> int | None:
    return queries.waiting_since(session, locked.viewer, locked.since)


def _subjects(request: PageRequest, locked: Locked) -> dict[str, str]:
    return {
        "address": address_prefix(request.client_address),
        "account": str(locked.viewer.user_id),
        "organisation": str(locked.viewer.organisation_id),
        "everyone": "",
    }


def _too_many(session: Session, request: PageRequest, locked: Locked) -> bool:
    subjects = _subjects(request, locked)
    return services.too_many(session, request.house.keyring, "unlock", subjects, UNLOCK_WINDOWS, request.now)


def _page(
    session: Session,
    request: PageRequest,
    locked: Locked,
    form: Any,
    suite: str,
    status: int = 200,
    *,
    carried: str | None = None,
) -> Page:
    user_id: UUID | None = locked.viewer.user_id
    assert user_id is not None
    context = {
        "form": form,
        "suite": suite,
        "kept": str(request.form.get("carried", "")) if carried is None else carried,
        "way": locked.way,
        "factors": queries.factors_of(session, user_id) if locked.way == "factor" else None,
        "passkeys_here": services.relying_party(request.house.settings.public_url) is not None,
        "initials": locked.initials,
        "count": _count(session, locked),
        "as_dialog": False,
        "provider_path": _at_provider(session, request, locked, suite) if locked.way == "provider" else "",
    }
    if request.wants_fragment:
        return Page("accounts/lock_panel.html", {**context, "as_dialog": True}, status)
    # The frame of a partner's page, without the menus of anybody; its stream only says that something came
    frame = {"page_kind": "partner", "nav": (), "live_cursor": request.house.cursor(session)}
    return Page("accounts/lock.html", {**context, **frame}, status)


routes: tuple[Route, ...] = (
    get("/verrou", show_lock, permission=PUBLIC, name="accounts.lock", assurance=Assurance.NONE),
    post(
        "/verrou",
        unlock,
        permission=PUBLIC,
        name="accounts.unlock",
        max_body=CARRIED_BODY,
        assurance=Assurance.NONE,
    ),
    get(
        "/verrou/nombre",
        show_count,
        permission=PUBLIC,
        name="accounts.lock_count",
        activity=False,
        assurance=Assurance.NONE,
    ),
    post(
        "/verrou/maintenant",
        lock_now,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.lock_now",
        activity=False,
        assurance=Assurance.NONE,
    ),
)
