"""`/references/{code}/modifier`: correct or complete; the old, the new and the reason stay in the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.kernel.errors import DomainError
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, filled
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect, Route, get, not_found, post
from core.referrals.forms.amend import PARTS, AmendForm, Content, read_amendment
from core.referrals.pages.referral import blocks_in_words
from core.referrals.pages.words import listed, options, say
from core.referrals.rules import vocabulary
from core.referrals.rules.contact import MESSAGES_LEFT, PARENTS, SAFE_TIMES, WAYS, contact_constraints
from core.referrals.rules.content import BLOCK_TITLES
from core.referrals.rules.workflow import Command
from core.referrals.services.amending import amend_block, amend_preview
from core.referrals.services.loading import authorise, load
from core.referrals.services.reading import Preview, ReferralPage, open_referral

SAVED = N_("Modifié. L’ancienne version reste au fil.")
UNCHANGED = N_("Rien n’a changé.")
PREVIEW_TITLE = N_("Ce qui se lit avant d’accepter")
#: Answers that both the preview and a block hold: corrected together.
_SHARED: Mapping[str, tuple[str, ...]] = {
    "needs": ("needs", "constraints", "language"),
    "situation": ("facts", "exploitation"),
}
_MINORS = frozenset({"12_13", "14_17"})


@dataclass(frozen=True)
class Part:
    """One part that may be corrected, as it stands."""

    slug: str
    title: str
    rows: tuple[tuple[str, str], ...]


def show_parts(session: Session, request: PageRequest) -> Answer:
    """What is held, part by part, each with its own form."""
    page = _open(session, request)
    return Page("referrals/amend.html", {"code": page.code, "parts": tuple(_parts(request, page))})


def show_form(session: Session, request: PageRequest) -> Answer:
    """The form of one part, filled with what it holds."""
    slug = request.path["part"]
    if slug not in PARTS:
        return not_found()
    page = _open(session, request)
    current = _current(page, PARTS[slug][0])
    if current is None:
        return not_found()
    return _form_page(request, page.code, slug, filled(current), _minor(page))


def save(session: Session, request: PageRequest) -> Answer:
    """Keep the correction with its reason; a form to correct keeps what was typed."""
    slug = request.path["part"]
    if slug not in PARTS:
        return not_found()
    page = _open(session, request)
    kind, form_class = PARTS[slug]
    current = _current(page, kind)
    if current is None:
        return not_found()
    parsed = read_amendment(form_class, request.form)
    if parsed.value is not None and not _changes(current, parsed.value.content()):
        parsed = parsed.with_error("", UNCHANGED)
    if parsed.value is None:
        return _form_page(request, page.code, slug, parsed, _minor(page), 422)
    try:
        if kind == "preview":
            _save_preview(session, request, page, _changes(current, parsed.value.content()), parsed.value.reason)
        else:
            _save_block(session, request, page, kind, parsed.value.content(), parsed.value.reason)
            _follow_constraints(session, request, page, kind, parsed.value)
    except DomainError as failure:
        shown = parsed.with_error(getattr(failure, "field", ""), failure.message)
        # The journaled read rolls back with the refusal: only what was typed is shown again.
        raise failure.showing(_form_page(request, page.code, slug, shown, _minor(page))) from failure
    return Redirect(f"/references/{page.code}", notice=SAVED)


def _open(session: Session, request: PageRequest) -> ReferralPage:
    """Its content, journaled; refused to whoever does not hold it."""
    authorise(request.viewer, load(session, request.viewer, request.path["code"]), Command.AMEND)
    return open_referral(session, request.house.keyring, request.viewer, request.path["code"], request.now)


def _minor(page: ReferralPage) -> bool:
    return page.preview is not None and page.preview.age_band in _MINORS


def _parts(request: PageRequest, page: ReferralPage) -> list[Part]:
    parts = []
    if page.preview is not None:
        parts.append(Part("apercu", PREVIEW_TITLE, _preview_rows(request, page.preview)))
    held = {block.kind: block for block in blocks_in_words(request, page)}
    present = {block.kind for block in page.blocks}
    for slug, (kind, _) in PARTS.items():
        if kind in present:
            parts.append(Part(slug, BLOCK_TITLES[kind], held[kind].rows if kind in held else ()))
    return parts


def _preview_rows(request: PageRequest, preview: Preview) -> tuple[tuple[str, str], ...]:
    return (
        (say(request, N_("Ce qui l’aiderait")), listed(request, vocabulary.NEEDS, preview.needs)),
        (say(request, N_("Faits observés")), listed(request, vocabulary.FACTS, preview.facts)),
        (say(request, N_("Exploitation sexuelle")), say(request, vocabulary.EXPLOITATION[preview.exploitation])),
        (say(request, N_("Langue")), say(request, vocabulary.LANGUAGES[preview.language])),
        (say(request, N_("À prévoir")), listed(request, vocabulary.CONSTRAINTS, preview.constraints)),
    )


def _current(page: ReferralPage, kind: str) -> Content | None:
    """What the form starts from, or None when this part is not held."""
    if kind == "preview":
        preview = page.preview
        if preview is None:
            return None
        return {
            "needs": list(preview.needs),
            "facts": list(preview.facts),
            "exploitation": preview.exploitation,
            "language": preview.language,
            "constraints": list(preview.constraints),
        }
    found = next((block.content for block in page.blocks if block.kind == kind), None)
    if found is None:
        return None
    content = dict(found)
    if kind == "contact" and content.get("extension"):
        content["phone"] = f"{content.get('phone', '')} poste {content['extension']}"
    return content


def _changes(current: Content, given: Content) -> Content:
    """The answers that differ; lists are compared without their order, a missing answer is an empty one."""
    split = "extension" in given
    before = dict(current)
    if split:
        before["phone"] = str(before.get("phone", "")).partition(" poste ")[0]

    def same(name: str, value: str | list[str]) -> bool:
        old = before.get(name) or ([] if isinstance(value, list) else "")
        if isinstance(value, list):
            return sorted(value) == sorted([old] if isinstance(old, str) else old)
        return old == value

    return {name: value for name, value in given.items() if not same(name, value)}


def _save_preview(session: Session, request: PageRequest, page: ReferralPage, changes: Content, reason: str) -> None:
    """Correct the preview, and the same answers in the blocks that were handed over."""
    amend_preview(session, request.viewer, page.code, changes, reason, request.now)
    for kind, names in _SHARED.items():
        shared = {name: value for name, value in changes.items() if name in names}
        if shared and any(block.kind == kind for block in page.blocks):
            _save_block(session, request, page, kind, shared, reason)


def _save_block(
    session: Session, request: PageRequest, page: ReferralPage, kind: str, given: Content, reason: str
) -> None:
    merged = {name: value for name, value in {**_content(page, kind), **given}.items() if value}
    amend_block(session, request.house.keyring, request.viewer, page.code, kind, merged, reason, request.now)


def _follow_constraints(session: Session, request: PageRequest, page: ReferralPage, kind: str, form: AmendForm) -> None:
    """The preview says what follows from how she may be reached (*le soir seulement*): it changes with it."""
    if page.preview is None or kind not in ("contact", "safety"):
        return
    old = {**_content(page, "contact"), **_content(page, "safety")}
    before, after = _derived(old), _derived({**old, **form.content()})
    kept = [code for code in page.preview.constraints if code not in before]
    constraints = list(dict.fromkeys([*kept, *after]))
    if sorted(constraints) != sorted(page.preview.constraints):
        _save_preview(session, request, page, {"constraints": constraints}, form.reason)


def _derived(content: Content) -> tuple[str, ...]:
    times = content.get("times") or []
    return contact_constraints(
        str(content.get("way", "")),
        [times] if isinstance(times, str) else times,
        parents=str(content.get("parents", "")) or None,
        at_school=content.get("at_school") == "yes",
    )


def _content(page: ReferralPage, kind: str) -> Content:
    return next((dict(block.content) for block in page.blocks if block.kind == kind), {})


def _form_page(
    request: PageRequest, code: str, slug: str, form: Parsed[AmendForm], minor: bool, status: int = 200
) -> Page:
    kind = PARTS[slug][0]
    context = {
        "code": code,
        "slug": slug,
        "title": PREVIEW_TITLE if kind == "preview" else BLOCK_TITLES[kind],
        "form": form,
        "minor": minor,
        "needs": options(request, vocabulary.NEEDS),
        "facts": options(request, vocabulary.FACTS),
        "exploitation": options(request, vocabulary.EXPLOITATION),
        "languages": options(request, vocabulary.LANGUAGES),
        "constraints": options(request, vocabulary.CONSTRAINTS),
        "ways": options(request, WAYS),
        "times": options(request, SAFE_TIMES),
        "messages": options(request, MESSAGES_LEFT),
        "parents": options(request, PARENTS),
        "reasons": options(request, vocabulary.AMEND_REASONS),
    }
    return Page("referrals/amend_form.html", context, status)


_PATH = "/references/{code}/modifier"
_READ = Permission.REFERRAL_READ
routes: tuple[Route, ...] = (
    # Mode write: each of these pages reads her content, journaled in the same transaction.
    get(_PATH, show_parts, permission=_READ, mode="write", name="referrals.amend"),
    get(_PATH + "/{part}", show_form, permission=_READ, mode="write", name="referrals.amend.part"),
    post(_PATH + "/{part}", save, permission=_READ, name="referrals.amend.save"),
)
