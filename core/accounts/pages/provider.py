"""*Se connecter avec mon organisme*: choosing it, leaving for its provider, coming back, being signed out there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.permissions import PUBLIC, Permission
from core.accounts import services
from core.accounts.pages.provider_words import NOT_A_SETTING, THROTTLED, sentence
from core.accounts.queries.providers import (
    ProviderView,
    confirming_provider,
    open_provider,
    provider_by_id,
    provider_choices,
    provider_for_token,
)
from core.accounts.queries.sessions import Locked, locked_session
from core.accounts.rules import address_prefix, device_label, local_path
from core.accounts.rules.providers import LOGOUT_WINDOWS, PROVIDER_WINDOWS
from core.accounts.services.provider_sign_in import (
    Taken,
    end_from_provider,
    known_person,
    open_attempt,
    open_provider_session,
    person_behind,
    renew_provider_session,
    take_attempt,
)
from core.accounts.services.providers import note_refusal
from core.kernel.errors import DomainError
from core.kernel.log import get_logger
from core.kernel.oidc import (
    PROVIDERS,
    Client,
    Recognised,
    Refused,
    authorization_address,
    check_answer,
    logout_claims,
    recognise,
    token_header,
    unverified_claims,
)
from core.kernel.oidc.claims import texts
from core.kernel.web import csrf
from core.kernel.web.cookies import CookieJar
from core.kernel.web.routes import (
    Answer,
    Assurance,
    Compute,
    Data,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    machine_post,
    not_found,
)

CHOICE_PATH = "/connexion/organisme"
CONFIRM_PATH = "/confirmer/organisme"
#: A logout token is a few hundred characters.
LARGEST_LOGOUT = 30_000

_log = get_logger("accounts")


def show_choices(session: Session, request: PageRequest) -> Answer:
    """Organisations whose people sign in through their own provider; `q` narrows the list."""
    suite = local_path(request.query.get("suite", "/"))
    if not request.viewer.is_anonymous:
        return Redirect(suite)
    words = request.query.get("q", "")[:100]
    context = {"choices": provider_choices(session, words), "q": words, "suite": suite}
    return Page("accounts/provider_choice.html", context)


def leave(session: Session, request: PageRequest) -> Answer:
    """Send the browser to its organisation's provider. A GET link: a form may only post to this site (security S30)."""
    provider = open_provider(session, request.house.keyring, request.path["slug"])
    if provider is None:
        return not_found()
    suite = local_path(request.query.get("suite", "/"))
    if not request.viewer.is_anonymous:
        return Redirect(suite)
    jar = CookieJar(request.cookies, request.house)
    if jar.is_new:
        # The way back is bound to a cookie, which the list gives
        return Redirect(f"{CHOICE_PATH}?suite={quote(suite, safe='')}")
    if _throttled(session, request):
        return Refusal(429, THROTTLED)
    asked = {"acr_values": " ".join(provider.required_acr)} if provider.required_acr else {}
    if not provider.proves_second_factor:
        return _departure(request, provider, suite, asked, session_id=None)
    if request.locked:
        # Behind a lock anybody may be pressing: what the provider remembers of this browser opens nothing (S9)
        return _departure(
            request, provider, suite, {**asked, "prompt": "login", "max_age": "0"}, session_id=request.browser_session
        )
    asked["max_age"] = str(int(_recent(request).total_seconds()))
    return _departure(request, provider, suite, asked, session_id=None)


def _recent(request: PageRequest) -> timedelta:
    """How old a proof may be that opens a session: no older than what would have locked one (security S9)."""
    return timedelta(minutes=request.house.settings.session_idle_minutes)


def confirm(session: Session, request: PageRequest) -> Answer:
    """*Confirmez que c'est vous* through the provider that opened the session: it asks its proof again (S10)."""
    provider = confirming_provider(session, request.house.keyring, request.viewer.user_id)
    if provider is None:
        return not_found()
    if _throttled(session, request):
        return Refusal(429, THROTTLED)
    asked = {"prompt": "login", "max_age": "0"}
    if provider.required_acr:
        asked["acr_values"] = " ".join(provider.required_acr)
    suite = local_path(request.query.get("suite", "/"))
    return _departure(request, provider, suite, asked, session_id=request.viewer.session_id)


def _locked(session: Session, request: PageRequest) -> Locked | None:
    if not request.locked or request.browser_session is None:
        return None
    return locked_session(session, request.house.keyring, request.browser_session, request.now)


def _departure(
    request: PageRequest, provider: ProviderView, suite: str, asked: dict[str, str], *, session_id: Any
) -> Answer:
    client = _client(request, provider)

    def ask() -> Any:
        return _or_refused(lambda: PROVIDERS.provider(client.issuer, client.reach))

    def then(later: Session, found: Any) -> Page | Redirect:
        if isinstance(found, Refused):
            return _refused(later, request, found.reason, provider)
        attempt = open_attempt(
            later, request.house.keyring, provider.id, _browser(request), suite, request.now, session_id=session_id
        )
        return Redirect(authorization_address(client, found, attempt, **asked))

    return Compute(ask, then)


def come_back(session: Session, request: PageRequest) -> Answer:
    """What the provider sends back by the browser: the code is exchanged, the person recognised, a session opened."""
    house, now = request.house, request.now
    provider = open_provider(session, house.keyring, request.path["slug"])
    if provider is None:
        return not_found()
    if _throttled(session, request):
        return Refusal(429, THROTTLED)
    try:
        state = request.query.get("state", "")
        taken = take_attempt(session, house.keyring, provider.id, state, _browser(request), now)
    except Refused as refused:
        # A value: what was taken stays taken
        return _refused(session, request, refused.reason, provider)
    client, query = _client(request, provider), dict(request.query)
    since = None
    if taken.session_id is not None or provider.proves_second_factor:
        before = timedelta() if taken.session_id is not None else _recent(request)
        since = (taken.started_at - before).timestamp()

    def exchange() -> Recognised:
        code = check_answer(query, PROVIDERS.provider(client.issuer, client.reach))
        return recognise(
            PROVIDERS,
            client,
            taken.attempt,
            code,
            acr=provider.required_acr,
            amr=provider.required_amr,
            now=now,
            signed_in_since=since,
        )

    def then(later: Session, found: Any) -> Page | Redirect | Refusal:
        if isinstance(found, Refused):
            return _refused(later, request, found.reason, provider)
        # Read again: the organisation may have changed or lost its provider while it was being asked
        still = provider_by_id(later, house.keyring, provider.id)
        if still is None or _client(request, still) != client:
            return not_found()
        try:
            with later.begin_nested():
                return _admitted(later, request, still, taken, found)
        except Refused as refused:
            return _refused(later, request, refused.reason, provider)
        except (DomainError, IntegrityError):
            # Two tabs at once, or an invitation taken back at this very moment
            return _refused(later, request, "state_unknown", provider)

    return Compute(lambda: _or_refused(exchange), then)


def _admitted(
    session: Session, request: PageRequest, provider: ProviderView, taken: Taken, found: Recognised
) -> Redirect:
    keyring, now = request.house.keyring, request.now
    suite = local_path(taken.next_path)
    locked = _locked(session, request)
    if locked is not None and taken.session_id == locked.session_id:
        known = known_person(session, keyring, provider, found.claims)
        # Where the provider stands for the password only, it opens no more than a password would
        confirms = known is not None and confirming_provider(session, keyring, known) is not None
        if known is not None and known == locked.viewer.user_id and confirms:
            # The one who locked it: the same session, with the page, the form and the tabs that wait under the lock
            services.prove_factor(session, known, locked.session_id, "provider", now)
            renew_provider_session(session, keyring, provider, locked.session_id, found.claims)
            return Redirect(suite, sign_in=services.unlock_session(session, locked.session_id, now))
    # Somebody else behind the lock, or nobody any more: what was shown just now opens a session of its own
    if taken.session_id is None or request.viewer.is_anonymous:
        user_id = person_behind(session, keyring, provider, found.claims, now)
        services.end_sessions(session, now, session_id=request.browser_session)
        device = device_label(request.user_agent)
        token = open_provider_session(session, keyring, provider, user_id, found.claims, now, device=device)
        return Redirect(suite, sign_in=token)
    if request.viewer.session_id != taken.session_id:
        raise Refused("session_changed")
    if known_person(session, keyring, provider, found.claims) != request.viewer.user_id:
        raise Refused("other_person")
    renew_provider_session(session, keyring, provider, taken.session_id, found.claims)
    token = services.prove_factor(session, request.viewer.user_id, taken.session_id, "provider", now)
    return Redirect(suite, sign_in=token)


def signed_out_there(session: Session, request: PageRequest) -> Answer:
    """A provider says that a person left: her sessions through it end, with their live streams (security S11).

    Called by the provider's server, without cookie or form token: the logout token's signature is the proof.
    """
    house, now = request.house, request.now
    token = str(request.form.get("logout_token", ""))
    subjects = {"address": address_prefix(request.client_address), "everyone": ""}
    if services.too_many(session, house.keyring, "provider_logout", subjects, LOGOUT_WINDOWS, now):
        return Data({"error": "slow_down"}, 429)
    try:
        token_header(token)
        said = unverified_claims(token)
        issuer = said.get("iss")
        provider = (
            provider_for_token(session, house.keyring, issuer, texts(said.get("aud")))
            if isinstance(issuer, str)
            else None
        )
        if provider is None:
            raise Refused("issuer_unknown")
    except Refused as refused:
        return _not_signed_out(refused.reason)
    client = _client(request, provider)

    def then(later: Session, found: Any) -> Data:
        if isinstance(found, Refused):
            return _not_signed_out(found.reason)
        try:
            ended = end_from_provider(later, house.keyring, provider, found, now)
        except Refused as refused:
            return _not_signed_out(refused.reason)
        _log.info("provider_logout", count=ended)
        return Data({})

    return Compute(lambda: _or_refused(lambda: logout_claims(PROVIDERS, client, token, now)), then)


def _not_signed_out(reason: str) -> Data:
    _log.warning("provider_logout_refused", reason=reason)
    return Data({"error": "invalid_request"}, 400)


def _refused(session: Session, request: PageRequest, reason: str, provider: ProviderView) -> Page:
    _log.warning("provider_refused", reason=reason, route=request.route.name)
    if reason not in NOT_A_SETTING:
        # Her administration is not told that somebody works elsewhere
        kept = "no_account" if reason == "account_elsewhere" else reason
        note_refusal(session, provider.id, kept, request.now)
    status, message = sentence(reason)
    return Page("accounts/provider_refused.html", {"message": message, "provider": provider}, status)


def _or_refused(ask: Any) -> Any:
    """The result, or the refusal as a value: what follows runs in a transaction and must commit."""
    try:
        return ask()
    except Refused as refused:
        return refused


def _client(request: PageRequest, provider: ProviderView) -> Client:
    settings = request.house.settings
    return provider.client(settings.public_url, loopback=settings.mode != "production")


def _browser(request: PageRequest) -> str:
    return csrf.lasting(CookieJar(request.cookies, request.house).browser)


def _throttled(session: Session, request: PageRequest) -> bool:
    subjects = {"address": address_prefix(request.client_address), "everyone": ""}
    return services.too_many(session, request.house.keyring, "provider", subjects, PROVIDER_WINDOWS, request.now)


routes: tuple[Route, ...] = (
    get(CHOICE_PATH, show_choices, permission=PUBLIC, name="accounts.provider_choice", assurance=Assurance.NONE),
    get(
        f"{CHOICE_PATH}/{{slug}}",
        leave,
        permission=PUBLIC,
        mode="write",
        name="accounts.provider_leave",
        assurance=Assurance.NONE,
    ),
    get(
        f"{CHOICE_PATH}/{{slug}}/retour",
        come_back,
        permission=PUBLIC,
        mode="write",
        name="accounts.provider_back",
        assurance=Assurance.NONE,
    ),
    get(
        CONFIRM_PATH,
        confirm,
        permission=Permission.ACCOUNT_SELF,
        mode="write",
        name="accounts.provider_confirm",
        assurance=Assurance.NONE,
    ),
    machine_post(
        f"{CHOICE_PATH}/deconnexion", signed_out_there, name="accounts.provider_logout", max_body=LARGEST_LOGOUT
    ),
)
