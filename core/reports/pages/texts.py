"""The words of a section: a draft until somebody adopts it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from core.kernel.errors import DomainError, Missing, Stale
from core.kernel.i18n import N_
from core.kernel.web.forms import Parsed, parse
from core.kernel.web.routes import Answer, Page, PageRequest, Redirect
from core.reports.forms import AdoptForm, TextForm
from core.reports.pages.finding import Asked, asked
from core.reports.queries.texts import NO_WORDS, Words, words_of
from core.reports.rules.periods import FiscalYear
from core.reports.services.texts import adopt_text, save_text

#: Sections that take words, in the order of the report.
TITLES = {
    "hours": N_("Heures de concertation"),
    "references": N_("Références terminées"),
    "contact": N_("Premier contact"),
    "unmet": N_("Non accueillies et besoins sans réponse"),
    "freshness": N_("Fraîcheur de l’annuaire"),
    "published": N_("Ateliers de prévention et leurs évaluations"),
}
SAVED = N_("Brouillon enregistré. Il n’est visible qu’ici tant qu’il n’est pas adopté.")
ADOPTED = N_("Texte adopté : il fait maintenant partie du rapport.")


def show_text(session: Session, request: PageRequest) -> Answer:
    """The form, with the latest words."""
    year, section = _place(request)
    return _page(year, section, words_of(session, year).get(section, NO_WORDS), None)


def save(session: Session, request: PageRequest) -> Answer:
    """Keep a draft."""
    year, section = _place(request)
    form = parse(TextForm, request.form)
    now = words_of(session, year).get(section, NO_WORDS)
    if form.value is None:
        return _page(year, section, now, form, status=422)
    try:
        save_text(session, request.viewer, year, section, form.value.text, form.value.version, request.now)
    except Stale as stale:
        raise stale.showing(_page(year, section, now, form, status=409)) from stale
    return Redirect(_path(year, section), notice=SAVED)


def adopt(session: Session, request: PageRequest) -> Answer:
    """Make the latest version part of the report."""
    year, section = _place(request)
    form = parse(AdoptForm, request.form)
    now = words_of(session, year).get(section, NO_WORDS)
    if form.value is None:
        return _page(year, section, now, None, status=422)
    try:
        adopt_text(session, request.viewer, year, section, form.value.version, request.now)
    except DomainError as refused:
        raise refused.showing(_page(year, section, now, None, status=refused.status)) from refused
    return Redirect(f"/rapports/{year}", notice=ADOPTED)


def _place(request: PageRequest) -> tuple[FiscalYear, str]:
    wanted: Asked = asked(request)
    section = request.path["section"]
    if not isinstance(wanted.period, FiscalYear) or section not in TITLES:
        raise Missing
    return wanted.period, section


def _path(year: FiscalYear, section: str) -> str:
    return f"/rapports/{year}/textes/{section}"


def _page(year: FiscalYear, section: str, words: Words, form: Parsed[TextForm] | None, status: int = 200) -> Page:
    written = form.raw("text") if form is not None else words.draft if words.draft is not None else words.adopted
    return Page(
        "reports/text.html",
        {
            "year": year,
            "section": section,
            "title": TITLES[section],
            "words": words,
            "written": written,
            "form": form,
            "conflict": status == 409,
            "path": _path(year, section),
        },
        status,
    )
