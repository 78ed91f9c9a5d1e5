"""`/comites/ficesl/formations`: the catalogue, one course, and what the committee does to it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from core.api import (
    MAX_FILE_BYTES,
    N_,
    CleanFile,
    Compute,
    DomainError,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    Route,
    UnacceptableFile,
    clean_file,
    filled,
    get,
    not_found,
    parse,
    post,
    read_file,
)

from ..access import MANAGE, READ
from ..forms.training import CourseForm, MaterialForm, PartForm
from ..queries.catalogue import CourseView, course_view, file_of, list_courses
from ..queries.sessions import list_sessions
from ..queries.training import published_courses
from ..rules.catalogue import CourseKind
from ..services import catalogue
from ..services.catalogue import CourseText, NewModule
from ..services.desk import Refused
from ..settings import COURSES
from .training_words import WORDS, desk_for, identifier, keeps_training

ONE = f"{COURSES}/{{code}}"
Answer = Page | Redirect | Refusal | File | Compute
SAVED, PUBLISHED = N_("C’est enregistré."), N_("La version est publiée\u00a0: elle ne change plus.")
DRAFTED = N_("Un brouillon de nouvelle version est ouvert. Celle qui est publiée ne change pas.")
#: What removing a part of a published version says.
NOBODY_DONE = N_("La version publiée ne change pas. Un brouillon de nouvelle version, sans cette partie, est ouvert.")
PEOPLE_DONE = N_(
    "Des personnes ont fait cette partie\u00a0: la version publiée ne change pas, et ce qui est fait reste fait. Un "
    "brouillon de nouvelle version, sans cette partie, est ouvert."
)
NO_MATERIAL = N_("Donnez une adresse, ou choisissez un fichier PDF.")
MAX_UPLOAD = MAX_FILE_BYTES + 100_000


def show_courses(session: Session, request: PageRequest) -> Answer:
    """Every course that is offered."""
    keeps = keeps_training(session, request)
    context = {"lines": list_courses(session, request.now, drafts=keeps), "keeps": keeps, "words": WORDS}
    return Page("ficesl/courses.html", context)


def show_course(session: Session, request: PageRequest) -> Answer:
    """One course, in the version in force or in the one of `?version=`."""
    return _course(session, request, None) or not_found()


def show_new(session: Session, request: PageRequest) -> Answer:
    """The form of a new course."""
    return _form(session, request, None, None) if keeps_training(session, request) else not_found()


def add(session: Session, request: PageRequest) -> Answer:
    """A course, and the draft of its first version."""
    if not keeps_training(session, request):
        return not_found()
    parsed = parse(CourseForm, request.form)
    if parsed.value is None:
        return _form(session, request, None, parsed, 422)
    code = catalogue.add_course(session, desk_for(request), parsed.value.kind.value, _text(parsed.value))
    return Redirect(f"{COURSES}/{code}", SAVED)


def show_change(session: Session, request: PageRequest) -> Answer:
    """The words of a draft."""
    found = _found(session, request)
    if found is None:
        return not_found()
    one = found.version
    known = {
        "kind": one.kind,
        "title": one.title,
        "title_en": one.title_en,
        "summary": one.summary,
        "audience": one.audience,
        "validity": one.validity_months,
        "prerequisites": [str(course) for course, _, _ in found.prerequisites],
    }
    return _form(session, request, found, filled(known))


def change(session: Session, request: PageRequest) -> Answer:
    """Other words, other prerequisites of a draft."""
    found = _found(session, request)
    if found is None:
        return not_found()
    parsed = parse(CourseForm, request.form)
    if parsed.value is None:
        return _form(session, request, found, parsed, 422)
    try:
        catalogue.change_text(session, desk_for(request), found.version.id, _text(parsed.value))
        catalogue.set_prerequisites(session, desk_for(request), found.version.id, parsed.value.prerequisites)
    except Refused as refused:
        raise refused.showing(
            _form(session, request, found, parsed.with_error(refused.field, refused.message))
        ) from refused
    return Redirect(_address(found), SAVED)


def add_part(session: Session, request: PageRequest) -> Answer:
    """One more part of a draft."""
    return _part(session, request, None)


def change_part(session: Session, request: PageRequest) -> Answer:
    """Another title, duration or form of a part of a draft."""
    module = identifier(request.path["part"])
    return not_found() if module is None else _part(session, request, module)


def move_part(session: Session, request: PageRequest) -> Answer:
    """One place earlier or later in a draft."""
    found, module = _found(session, request), identifier(request.path["part"])
    if found is None or module not in {one.id for one in found.modules} or module is None:
        return not_found()
    step = -1 if request.form.get("to") == "up" else 1
    catalogue.move_module(session, desk_for(request), module, step)
    return Redirect(_address(found) + "#parties")


def remove_part(session: Session, request: PageRequest) -> Answer:
    """Remove a part of a draft; of a published version, open a draft without it and say so."""
    found, module = _found(session, request), identifier(request.path["part"])
    if found is None or module is None or module not in {one.id for one in found.modules}:
        return not_found()
    done = catalogue.remove_module(session, desk_for(request), module)
    said = SAVED if not done.new_version else PEOPLE_DONE if done.people else NOBODY_DONE
    return Redirect(f"{COURSES}/{found.version.code}?version={done.number}", said)


def publish(session: Session, request: PageRequest) -> Answer:
    """Publish a draft."""
    found = _found(session, request)
    if found is None:
        return not_found()
    try:
        catalogue.publish_version(session, desk_for(request), found.version.id)
    except Refused as refused:
        page = _course(session, request, filled({}).with_error(refused.field, refused.message))
        raise (refused if page is None else refused.showing(page)) from refused
    return Redirect(_address(found), PUBLISHED)


def draft(session: Session, request: PageRequest) -> Answer:
    """The draft that follows the last version."""
    found = _found(session, request)
    if found is None:
        return not_found()
    catalogue.new_version(session, desk_for(request), found.version.course_id)
    number = max(number for number, _ in found.others) + (found.others[-1][1] != "draft")
    return Redirect(f"{COURSES}/{found.version.code}?version={number}", DRAFTED)


def retire(session: Session, request: PageRequest) -> Answer:
    """Offer it no more, or again."""
    found = _found(session, request)
    if found is None:
        return not_found()
    undo = found.version.retired_at is not None
    catalogue.retire_course(session, desk_for(request), found.version.course_id, undo=undo)
    return Redirect(_address(found), SAVED)


def add_material(session: Session, request: PageRequest) -> Answer:
    """A link, or a file that is cleaned first (between two transactions, since it takes time)."""
    found = _found(session, request)
    if found is None:
        return not_found()
    sent = request.form.get("file")
    content = sent.file.read() if isinstance(sent, UploadFile) else b""
    name = sent.filename or "" if isinstance(sent, UploadFile) else ""
    typed = FormData([(key, value) for key, value in request.form.multi_items() if key != "file"])
    parsed = parse(MaterialForm, typed)
    if parsed.value is None or not (content or parsed.value.url):
        form = parsed if parsed.value is None else parsed.with_error("url", NO_MATERIAL)
        return _course(session, request, form, 422) or not_found()
    form_value = parsed.value

    def keep(later: Session, file: CleanFile | None) -> Page | Redirect | Refusal:
        try:
            catalogue.add_material(
                later,
                desk_for(request),
                found.version.id,
                title=form_value.material_title,
                reach=form_value.reach.value,
                url=None if file is not None else form_value.url,
                file=file,
            )
        except Refused as refused:
            page = _course(later, request, parsed.with_error(refused.field, refused.message))
            raise (refused if page is None else refused.showing(page)) from refused
        return Redirect(_address(found) + "#documents", SAVED)

    if not content:
        return keep(session, None)

    def clean() -> CleanFile | UnacceptableFile:
        try:
            return clean_file(name, content)
        except UnacceptableFile as refused:
            return refused

    def then(later: Session, result: CleanFile | UnacceptableFile) -> Page | Redirect | Refusal:
        if isinstance(result, UnacceptableFile):
            page = _course(later, request, parsed.with_error("file", result.message), 422)
            return page or not_found()
        return keep(later, result)

    return Compute(clean, then)


def remove_material(session: Session, request: PageRequest) -> Answer:
    """Take a link or a file away."""
    found, material = _found(session, request), identifier(request.path["document"])
    if found is None or material is None or material not in {one.id for one in found.materials}:
        return not_found()
    catalogue.remove_material(session, desk_for(request), material)
    return Redirect(_address(found) + "#documents", SAVED)


def open_material(session: Session, request: PageRequest) -> Answer:
    """A file, for those it is for."""
    material = identifier(request.path["document"])
    keeps = keeps_training(session, request)
    file_id = None if material is None else file_of(session, request.viewer, material, manages=keeps)
    if file_id is None:
        return not_found()
    found = read_file(session, request.house.keyring, file_id)
    return File(found.content, found.media_type, found.name)


def _part(session: Session, request: PageRequest, module: UUID | None) -> Answer:
    found = _found(session, request)
    if found is None or (module is not None and module not in {one.id for one in found.modules}):
        return not_found()
    parsed = parse(PartForm, request.form)
    typed = parsed.value
    if typed is None:
        return _course(session, request, parsed, 422, part=module) or not_found()
    before = next((one for one in found.modules if one.id == module), None)
    # A form that doesn't ask for the quiz leaves it as it is.
    if before is None or "quiz_pass" in request.form or "quiz_attempts" in request.form:
        quiz = typed.quiz_pass, typed.quiz_attempts
    else:
        quiz = before.quiz_pass_percent, before.quiz_attempts
    new = NewModule(
        typed.module_title,
        typed.module_title_en,
        typed.minutes,
        typed.form.value,
        typed.video_url or None,
        *quiz,
    )
    try:
        if module is None:
            catalogue.add_module(session, desk_for(request), found.version.id, new)
        else:
            catalogue.change_module(session, desk_for(request), module, new)
    except DomainError as refused:
        page = _course(session, request, parsed.with_error("", refused.message), part=module)
        raise (refused if page is None else refused.showing(page)) from refused
    return Redirect(_address(found) + "#parties", SAVED)


def _found(session: Session, request: PageRequest) -> CourseView | None:
    """The version of the address, for who keeps the catalogue."""
    if not keeps_training(session, request):
        return None
    return course_view(session, request.viewer, request.path["code"], _number(request), manages=True)


def _number(request: PageRequest) -> int | None:
    typed = request.query.get("version", "") or str(request.form.get("version", ""))
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 5 else None


def _address(found: CourseView) -> str:
    return f"{COURSES}/{found.version.code}?version={found.version.number}"


def _course(
    session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200, *, part: UUID | None = None
) -> Page | None:
    keeps = keeps_training(session, request)
    found = course_view(session, request.viewer, request.path["code"], _number(request), manages=keeps)
    if found is None:
        return None
    coming, _ = list_sessions(session, request.viewer, request.now, course=found.version.code)
    context = {"found": found, "coming": coming, "keeps": keeps, "form": form, "part": part, "words": WORDS}
    return Page("ficesl/course.html", context, status)


def _form(
    session: Session, request: PageRequest, found: CourseView | None, form: Parsed[Any] | None, status: int = 200
) -> Page:
    others = [one for one in published_courses(session) if found is None or one.course_id != found.version.course_id]
    kinds = [kind.value for kind in CourseKind]
    context = {"found": found, "form": form, "kind_codes": kinds, "others": others, "words": WORDS}
    return Page("ficesl/course_form.html", context, status)


def _text(typed: CourseForm) -> CourseText:
    return CourseText(typed.title, typed.title_en, typed.summary, typed.audience, typed.validity)


routes: tuple[Route, ...] = (
    get(COURSES, show_courses, permission=READ, name="ficesl.courses"),
    get(f"{COURSES}/nouvelle", show_new, permission=MANAGE, name="ficesl.course_new"),
    post(f"{COURSES}/nouvelle", add, permission=MANAGE, name="ficesl.course_add"),
    get(f"{COURSES}/documents/{{document}}", open_material, permission=READ, name="ficesl.material"),
    get(ONE, show_course, permission=READ, name="ficesl.course"),
    get(ONE + "/modifier", show_change, permission=MANAGE, name="ficesl.course_edit"),
    post(ONE + "/modifier", change, permission=MANAGE, name="ficesl.course_change"),
    post(ONE + "/publier", publish, permission=MANAGE, name="ficesl.course_publish"),
    post(ONE + "/version", draft, permission=MANAGE, name="ficesl.course_version"),
    post(ONE + "/retirer", retire, permission=MANAGE, name="ficesl.course_retire"),
    post(ONE + "/parties", add_part, permission=MANAGE, name="ficesl.part_add"),
    post(ONE + "/parties/{part}", change_part, permission=MANAGE, name="ficesl.part_change"),
    post(ONE + "/parties/{part}/place", move_part, permission=MANAGE, name="ficesl.part_move"),
    post(ONE + "/parties/{part}/retirer", remove_part, permission=MANAGE, name="ficesl.part_remove"),
    post(ONE + "/documents", add_material, permission=MANAGE, max_body=MAX_UPLOAD, name="ficesl.material_add"),
    post(ONE + "/documents/{document}/retirer", remove_material, permission=MANAGE, name="ficesl.material_remove"),
)
