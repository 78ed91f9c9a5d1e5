"""`/entente`: the code of conduct and the partnership agreement, read and accepted before anything else."""

from __future__ import annotations

from urllib.parse import quote

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.accounts import queries, services
from core.accounts.agreements import AgreementText
from core.accounts.rules import TITLES, local_path
from core.kernel.web.forms import FieldError
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Redirect, Route, get, not_found, post

UNTICKED = "Cochez la case pour accepter. Sinon, déconnectez-vous."
CHANGED = "Une nouvelle version de ce texte est parue. Lisez-la, puis acceptez-la."


def show_agreements(session: Session, request: PageRequest) -> Answer:
    """Everything this person must accept before going on, in full."""
    suite = local_path(request.query.get("suite", ""))
    texts = queries.agreements_to_accept(session, request.viewer)
    return _page(request, texts, suite, {}) if texts else Redirect(suite)


def accept(session: Session, request: PageRequest) -> Answer:
    """One box for each text, which bears the hash of what was read: a version that came meanwhile is not accepted."""
    texts = queries.agreements_to_accept(session, request.viewer)
    if not texts:
        return Redirect(local_path(str(request.form.get("suite", ""))))
    if "agreement_form" not in request.form:  # another page's form, met on its way
        return _page(request, texts, local_path(request.query.get("suite", "")), {}, 403)
    suite = local_path(str(request.form.get("suite", "")))
    errors = {}
    for text in texts:
        ticked = str(request.form.get(text.kind, ""))
        if ticked != text.hash:
            errors[text.kind] = CHANGED if ticked else UNTICKED
    if errors:
        return _page(request, texts, suite, errors, 422)
    viewer = request.viewer
    services.accept_agreements(
        session, viewer.user_id, viewer.organisation_id, (text.kind for text in texts), request.now
    )
    return Redirect(suite)


def read_agreement(session: Session, request: PageRequest) -> Answer:
    """One text, to read again or to print: a version in force, or one that was accepted."""
    text = queries.agreement_text(session, request.viewer, request.path["hash"])
    if text is None:
        return not_found()
    accepted = [one for one in queries.accepted_agreements(session, request.viewer) if one.hash == text.hash]
    context = {"text": text, "blocks": text.blocks(request.locale), "title": TITLES[text.kind], "accepted": accepted}
    return Page("accounts/agreement.html", context)


def _page(
    request: PageRequest, texts: tuple[AgreementText, ...], suite: str, errors: dict[str, str], status: int = 200
) -> Page:
    context = {
        "texts": [(text, TITLES[text.kind], text.blocks(request.locale)) for text in texts],
        "suite": suite,
        "asked": f"?suite={quote(suite, safe='')}",
        "labels": {text.kind: TITLES[text.kind] for text in texts},
        "errors": [FieldError(kind, message) for kind, message in errors.items()],
        "ticked": {text.kind for text in texts if str(request.form.get(text.kind, "")) == text.hash},
        # Nothing of the work shows before: neither menus with their counts nor events
        "nav": (),
        "live_cursor": None,
    }
    return Page("accounts/agreements.html", context, status)


routes: tuple[Route, ...] = (
    get(
        "/entente",
        show_agreements,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.agreements",
        assurance=Assurance.NONE,
    ),
    post("/entente", accept, permission=Permission.ACCOUNT_SELF, name="accounts.accept", assurance=Assurance.NONE),
    get(
        "/entente/{hash}",
        read_agreement,
        permission=Permission.ACCOUNT_SELF,
        name="accounts.agreement",
        assurance=Assurance.NONE,
    ),
)
