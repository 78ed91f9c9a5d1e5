"""Showing a factor on the way to a page: the form that was being sent is kept and sent again afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from core.accounts import queries, services
from core.accounts.forms import FactorForm
from core.accounts.queries.providers import confirming_provider
from core.accounts.rules import address_prefix, first_detour, local_path
from core.accounts.rules.detours import FACTOR_PATH, STEP_UP
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect

ENROL_PATH = "/compte/facteurs"
#: Bytes of body the pages on the way accept: a form of a megabyte, written again as JSON.
CARRIED_BODY = 4_200_000
NOTHING_SHOWN = "Montrez une clé d’accès, un code d’application ou un code imprimé."
_MOST_FIELDS = 400


def browser_key(request: PageRequest) -> bytes:
    """A keyed hash of the browser that sends this form: what it was asked, it alone may answer."""
    return request.house.keyring.pseudonym("accounts.challenge", str(request.form.get("_csrf", "")))


def suite_of(request: PageRequest) -> str:
    """The page to go to afterwards, from the address."""
    return local_path(request.query.get("suite", "/"))


def with_suite(path: str, suite: str) -> str:
    """`path`, which then leads to `suite`."""
    return path if suite in {"", "/"} else f"{path}?suite={quote(suite, safe='')}"


def carried_form(form: FormData) -> str:
    """A form that has to wait, as JSON; empty when it holds a file, which cannot wait."""
    pairs = [(name, value) for name, value in form.multi_items() if name != "_csrf"]
    return json.dumps(pairs) if all(isinstance(value, str) for _name, value in pairs) else ""


def waiting_fields(carried: str) -> tuple[tuple[str, str], ...] | None:
    """The fields behind `carried_form` (a button alone has none); None when no form waits, or it can't be read."""
    try:
        found = json.loads(carried) if carried else None
        pairs = None if found is None else tuple((name, value) for name, value in found)
    except (ValueError, TypeError, RecursionError):
        return None
    if pairs is None or len(pairs) > _MOST_FIELDS or not all(isinstance(text, str) for pair in pairs for text in pair):
        return None
    return pairs


def factor_context(session: Session, request: PageRequest, user_id: UUID) -> dict[str, Any]:
    """What `accounts/factor_form.html` needs besides `action`, `attrs`, `form`, `suite` and `carried`."""
    return {
        "factors": queries.factors_of(session, user_id),
        "passkeys_here": services.relying_party(request.house.settings.public_url) is not None,
        "one_click": request.viewer.demo and request.house.settings.demo,
        "provider_confirms": confirming_provider(session, request.house.keyring, user_id) is not None,
    }


def judge(session: Session, request: PageRequest, user_id: UUID, shown: FactorForm) -> services.Judged:
    """Whether what was shown is `user_id`'s; the attempt is counted."""
    if shown.demo and request.viewer.demo and request.house.settings.demo:
        return services.Judged("demo")
    if not (shown.passkey or shown.code or shown.recovery):
        return services.Judged(None, NOTHING_SHOWN)
    return services.judge_factor(
        session,
        request.house.keyring,
        services.relying_party(request.house.settings.public_url),
        user_id,
        services.Proof(shown.passkey, shown.code, shown.recovery),
        browser=browser_key(request),
        address=address_prefix(request.client_address),
        now=request.now,
    )


def problem_field(shown: FactorForm) -> str:
    """Where on the form the problem is said."""
    return "recovery" if shown.recovery else "code" if shown.code else ""


def on_the_way(template: str, path: str) -> tuple[Any, Any]:
    """Handlers of GET and POST for a page that asks a factor, at `path`."""

    def page(session: Session, request: PageRequest, given: Mapping[str, Any], status: int = 200) -> Answer:
        context = factor_context(session, request, request.viewer.user_id)
        if not (context["factors"].any or context["one_click"] or context["provider_confirms"]):
            return Redirect(with_suite(ENROL_PATH, "" if given["carried"] else given["suite"]))
        return Page(template, {**context, "action": path, "attrs": {}, **given}, status)

    def show(session: Session, request: PageRequest) -> Answer:
        suite = suite_of(request)
        if path == FACTOR_PATH and request.viewer.second_factor:
            return Redirect(suite)
        return page(session, request, {"form": None, "suite": suite, "carried": ""})

    def take(session: Session, request: PageRequest) -> Answer:
        viewer = request.viewer
        if "factor_form" not in request.form:
            # Another page's form, met on its way there: 403, since it was not done. One that cannot wait is lost.
            carried = carried_form(request.form)
            given: dict[str, Any] = {"form": None, "suite": suite_of(request) if carried else "/", "carried": carried}
            return page(session, request, given, 403)
        parsed: Parsed[FactorForm] = parse(FactorForm, request.form)
        shown = parsed.value
        suite, carried = local_path(parsed.raw("suite") or "/"), parsed.raw("carried")
        if shown is None:
            return page(session, request, {"form": parsed, "suite": suite, "carried": carried}, 422)
        fields = waiting_fields(carried)
        if fields is not None and not (shown.passkey or shown.code or shown.recovery or shown.demo) and _fresh(request):
            # Confirmed in another tab, by the provider: this page only has to let the form go on
            return Page("accounts/resume.html", {"action": suite, "fields": fields})
        judged = judge(session, request, viewer.user_id, shown)
        if judged.method is None:
            refused = parsed.with_error(problem_field(shown), judged.problem)
            given = {"form": refused, "suite": suite, "carried": carried}
            return page(session, request, given, 429 if judged.throttled else 422)
        if judged.method == "recovery":
            keyring = request.house.keyring
            services.announce_change(session, keyring, viewer, "code_spent", "recovery", request.now)
        token = services.prove_factor(session, viewer.user_id, viewer.session_id, judged.method, request.now)
        if fields is not None:
            return Page("accounts/resume.html", {"action": suite, "fields": fields}, sign_in=token)
        return Redirect(suite, sign_in=token)

    return show, take


def proof_first(session: Session, request: PageRequest) -> Answer | None:
    """The page to go through before factors are changed, None just after a proof (security S10).

    The very first factor has none before it, unless the person's provider can say that it is still she or he: a
    password she may have kept from before does not go round the provider's second proof.
    """
    viewer = request.viewer
    known = queries.factors_of(session, viewer.user_id).any
    if not known and confirming_provider(session, request.house.keyring, viewer.user_id) is None:
        return None
    way = _way(request)
    if way is None:
        return None
    asked = request.url_path + (f"?{request.query}" if request.query and request.route.method == "GET" else "")
    return Redirect(f"{way}?suite={quote(asked, safe='')}", again=request.route.method == "POST")


def _way(request: PageRequest) -> str | None:
    """Where a proof of the last five minutes is asked; None when there is one."""
    viewer = request.viewer
    return first_detour(
        locked=False,
        must_agree=False,
        second_factor=viewer.second_factor,
        stepped_up_at=viewer.stepped_up_at,
        anonymous=False,
        assurance=STEP_UP,
        now=request.now,
    )


def _fresh(request: PageRequest) -> bool:
    return _way(request) is None
