"""`/comites/orres/versions`: the committee's home for the trajectory; checking, proposing, publishing."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from core.api import (
    N_,
    Assurance,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    Stale,
    filled,
    get,
    not_found,
    parse,
    post,
    service_names,
)

from ..access import EDIT, FOLLOW, READ, committee_here
from ..forms.versions import CountForm, ProposeForm, VersionForm
from ..queries.trajectory import labels_in, published, trajectory_of
from ..queries.versions import at_work, flags, in_force, versions
from ..rules.differences import differences, made_again
from ..rules.graph import DRAFT, Trajectory
from ..services import drafts, publishing
from ..services.drafts import NotInThisState
from ..services.publishing import NotReady
from ..settings import VERSIONS
from .editing import joined_lessons
from .trajectory_words import WORDS, Found, area_labels, desk_for, found_version

ONE = f"{VERSIONS}/{{number}}"
OPENED, RENAMED = N_("Le brouillon est ouvert : il contient la version en vigueur."), N_("C’est enregistré.")
UNDONE, DELETED = N_("Le dernier changement est annulé."), N_("Le brouillon est supprimé.")
PROPOSED = N_("La version est proposée : le comité est appelé à voter.")
PUBLISHED = N_("La version est en vigueur. La précédente reste lisible.")
REDONE = N_("Le brouillon est refait par-dessus la version en vigueur. Relisez-le avant de le proposer.")
Answer = Page | Redirect | Refusal


def show_versions(session: Session, request: PageRequest) -> Answer:
    """The version in force, what is at work and what needs attention, older versions; or what is at work alone."""
    if request.wants_fragment and request.query.get("partie") == "travail":
        if committee_here(session, request.viewer)[0] is None:
            return not_found()
        return Page("orres/versions_work.html", {"work": at_work(session), "words": WORDS})
    return _home(session, request, None)


def open_draft(session: Session, request: PageRequest) -> Answer:
    """A draft from the version in force."""
    _committee, sits = committee_here(session, request.viewer)
    if not sits:
        return not_found()
    parsed = parse(VersionForm, request.form)
    if parsed.value is None:
        return _home(session, request, parsed, 422)
    desk = desk_for(request)
    number = drafts.open_draft(session, desk, parsed.value.version_title, parsed.value.note)
    return Redirect(f"{VERSIONS}/{number}/modifier", OPENED)


def rename(session: Session, request: PageRequest) -> Answer:
    """Another title, another note."""
    found = found_version(session, request)
    if found is None or not found.edits:
        return not_found()
    parsed = parse(VersionForm, request.form)
    if parsed.value is None:
        return _naming(found, parsed, 422)
    drafts.rename_draft(session, desk_for(request), found.number, parsed.value.version_title, parsed.value.note)
    return Redirect(f"{found.address}/modifier", RENAMED)


def show_rename(session: Session, request: PageRequest) -> Answer:
    """The form of a draft's title; deleting it."""
    found = found_version(session, request)
    if found is None or not found.edits or found.line.state != DRAFT:
        return not_found()
    return _naming(found, filled({"version_title": found.line.title, "note": found.line.note}))


def undo(session: Session, request: PageRequest) -> Answer:
    """Undo the last change of a draft."""
    found = found_version(session, request)
    if found is None or not found.edits:
        return not_found()
    parsed = parse(CountForm, request.form)
    if parsed.value is None:
        raise Stale
    drafts.undo_change(session, desk_for(request), found.number, parsed.value.edits)
    return Redirect(f"{found.address}/modifier", UNDONE)


def delete(session: Session, request: PageRequest) -> Answer:
    """Delete a draft."""
    found = found_version(session, request)
    if found is None or not found.edits:
        return not_found()
    drafts.delete_draft(session, desk_for(request), found.number)
    return Redirect(VERSIONS, DELETED)


def show_checks(session: Session, request: PageRequest) -> Answer:
    """What the checks find, with its explanation."""
    found = found_version(session, request)
    if found is None:
        return not_found()
    return Page("orres/checks.html", _checked(session, request, found, drafts.whole(session, found.number)))


def show_differences(session: Session, request: PageRequest) -> Answer:
    """What the version adds, removes and changes; the form that proposes a draft."""
    found = found_version(session, request)
    return not_found() if found is None else _differences(session, request, found, None)


def propose(session: Session, request: PageRequest) -> Answer:
    """Put a draft to the vote, as its differences were shown."""
    found = found_version(session, request)
    if found is None or not found.edits:
        return not_found()
    parsed = parse(ProposeForm, request.form)
    if parsed.value is None:
        raise Stale
    try:
        desk = desk_for(request)
        publishing.propose_version(session, desk, found.number, parsed.value.edits, knowing=parsed.value.knowing)
    except (NotReady, Stale) as refused:
        field = "knowing" if getattr(refused, "code", "") == "known" else ""
        page = _differences(session, request, found, parsed.with_error(field, refused.message), refused.status)
        raise refused.showing(page) from refused
    return Redirect(f"{found.address}/vote", PROPOSED)


def publish(session: Session, request: PageRequest) -> Answer:
    """Put an adopted version in force."""
    found = found_version(session, request)
    if found is None or not found.edits:
        return not_found()
    try:
        publishing.publish_version(session, desk_for(request), found.number)
    except (NotReady, NotInThisState) as refused:
        page = _differences(session, request, found, filled({}).with_error("", refused.message), refused.status)
        raise refused.showing(page) from refused
    return Redirect(VERSIONS, PUBLISHED)


def show_redo(session: Session, request: PageRequest) -> Answer:
    """What making the version again over the one in force would give, and what clashes."""
    found = found_version(session, request)
    if found is None or not found.line.moved:
        return not_found()
    base, ours = published(session), trajectory_of(session, found.number)
    was = None if found.line.based_on is None else trajectory_of(session, found.line.based_on)
    if base is None or ours is None:
        return not_found()
    redone = made_again(was, base, ours)
    shown = {
        "content": redone.content,
        "base": base,
        "clashes": redone.clashes,
        "changes": differences(base, redone.content),
        "names": _names(session, request, found.number, base.number),
    }
    return Page("orres/redo.html", {"found": found, "words": _words(session, request), **shown})


def redo(session: Session, request: PageRequest) -> Answer:
    """Make it again over the version in force."""
    found = found_version(session, request)
    if found is None or not found.edits:
        return not_found()
    publishing.redo_version(session, desk_for(request), found.number)
    return Redirect(f"{found.address}/differences", REDONE)


def _home(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page:
    committee, sits = committee_here(session, request.viewer)
    typed = request.query.get("page", "1")
    page = int(typed) if typed.isascii() and typed.isdigit() and 0 < len(typed) < 5 else 1
    lines, pages = versions(session, all_states=False, page=max(page, 1))
    context = {
        "current": in_force(session),
        "lines": lines,
        "page": page,
        "pages": pages,
        "work": at_work(session) if committee else (),
        "flags": flags(session, request.viewer, request.now) if committee else (),
        "follows": committee is not None,
        "sits": sits,
        "form": form,
        "words": WORDS,
    }
    return Page("orres/versions.html", context, status)


def _naming(found: Found, form: Parsed[Any], status: int = 200) -> Page:
    return Page("orres/naming.html", {"found": found, "form": form, "words": WORDS}, status)


def _words(session: Session, request: PageRequest) -> dict[str, object]:
    return {**WORDS, "areas": area_labels(session, request.locale)}


def _names(session: Session, request: PageRequest, *numbers: int | None) -> dict[Any, str]:
    """Service → what it is called now, else what it was called in these versions."""
    labels = {key: label for number in numbers if number for key, label in labels_in(session, number).items()}
    shown = service_names(session, request.viewer, labels)
    english = request.locale == "en"
    return {
        **labels,
        **{key: f"{(one.name_en if english else None) or one.name} – {one.organisation}" for key, one in shown.items()},
    }


def _checked(session: Session, request: PageRequest, found: Found, content: Trajectory) -> dict[str, object]:
    findings = publishing.findings_of(session, desk_for(request), content)
    names = _names(session, request, found.number, found.line.based_on)
    return {
        "found": found,
        "content": content,
        "findings": findings,
        "blocking": any(one.blocking for one in findings),
        "names": names,
        "words": _words(session, request),
    }


def _differences(
    session: Session, request: PageRequest, found: Found, form: Parsed[Any] | None, status: int = 200
) -> Page:
    """Against the version it was copied from."""
    content = drafts.whole(session, found.number)
    context = _checked(session, request, found, content)
    base = None if found.line.based_on is None else trajectory_of(session, found.line.based_on)
    context |= {"base": base, "changes": differences(base, content), "form": form}
    context["lessons"] = joined_lessons(session, request, found)
    return Page("orres/differences.html", context, status)


_SURE = Assurance.SECOND_FACTOR
routes: tuple[Route, ...] = (
    get(VERSIONS, show_versions, permission=READ, name="orres.versions"),
    post(VERSIONS, open_draft, permission=EDIT, name="orres.draft_open"),
    get(ONE + "/nom", show_rename, permission=EDIT, name="orres.draft_name"),
    post(ONE + "/nom", rename, permission=EDIT, name="orres.draft_rename"),
    post(ONE + "/annuler", undo, permission=EDIT, name="orres.draft_undo"),
    post(ONE + "/supprimer", delete, permission=EDIT, name="orres.draft_delete"),
    get(ONE + "/verifier", show_checks, permission=FOLLOW, name="orres.checks"),
    get(ONE + "/differences", show_differences, permission=FOLLOW, name="orres.differences"),
    post(ONE + "/proposer", propose, permission=EDIT, name="orres.propose", assurance=_SURE),
    post(ONE + "/publier", publish, permission=EDIT, name="orres.publish", assurance=_SURE),
    get(ONE + "/refaire", show_redo, permission=FOLLOW, name="orres.redo_show"),
    post(ONE + "/refaire", redo, permission=EDIT, name="orres.redo"),
)
