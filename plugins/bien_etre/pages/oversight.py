"""`/comites/bien-etre/fonds/suivi`: how long it takes, LAFU, why the committee says no, what is not ratified in time.

Exact, for whoever sits or keeps the accounts. To anybody else this address is not there: outside the committee the
yearly report gives these figures, small counts hidden (network rules §4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    N_,
    Assurance,
    ChartBar,
    Page,
    PageRequest,
    Redirect,
    bar_chart,
    get,
    not_found,
    parse,
    post,
)

from .. import models
from ..access import READ
from ..forms.money import WhyForm
from ..queries import figures as queries
from ..queries.oversight import UNCODED
from ..queries.unpaid import unpaid
from ..rules.figures import WHYS, hours
from ..rules.money import year_name
from ..rules.requests import CATEGORIES, LAFU, STATES
from ..services import watching
from ..services.money import current_year
from ..settings import REQUESTS
from .money_words import FUNDS, WORDS, Answer, late_before, say, settings_of, standing
from .words import WORDS as REQUEST_WORDS


def show_oversight(session: Session, request: PageRequest) -> Answer:
    """The figures of a fiscal year, and what waits for somebody's eye."""
    where = standing(session, request)
    if not (where.sits or where.keeps):
        return not_found()
    current = current_year(request.now)
    years = queries.years_of(session, current)
    typed = request.query.get("exercice", "")
    year = next((one for one in years if str(one) == typed), current)
    found = queries.of_year(session, year)
    whys = {**{one.value: label for one, label in WHYS.items()}, queries.UNCODED: UNCODED}
    tables = (
        ("lafu", N_("Où en était LAFU"), N_("LAFU"), _rows(LAFU, found.lafu)),
        ("states", N_("Issue des demandes"), N_("Issue"), _rows(STATES, found.states)),
        ("whys", N_("Demandes non acceptées, par raison"), N_("Raison"), _rows(whys, found.refusals)),
        ("categories", N_("Demandes par catégorie"), N_("Catégorie"), _rows(CATEGORIES, found.categories)),
    )
    context = {
        "standing": where,
        "figures": found,
        "delays": [
            (label, one.count, hours(one.median), hours(one.ninetieth))
            for label, one in (
                (N_("De la demande à la décision"), found.decided),
                (N_("De la demande au premier versement"), found.paid),
            )
        ],
        "tables": [
            (key, caption, head, rows, _drawn(request, key, caption, rows)) for key, caption, head, rows in tables
        ],
        "unpaid": unpaid(session, settings_of(request), request.now),
        "late": queries.late(session, late_before(request)),
        "not_ratified": queries.not_ratified(session),
        "uncoded": queries.uncoded_refusals(session) if where.chairs or where.secretary else (),
        "whys": [(one.value, label) for one, label in WHYS.items()],
        "year": year,
        "years": [(one, year_name(one)) for one in years],
        "funds": FUNDS,
        "list": REQUESTS,
        "words": REQUEST_WORDS,
        **WORDS,
    }
    return Page("bien_etre/money_oversight.html", context)


def code_refusal(session: Session, request: PageRequest) -> Answer:
    """Say in one code why a request was not accepted."""
    where, code = standing(session, request), request.path["code"]
    table = models.AidRequest
    known = session.scalar(select(table.id).where(table.code == code, table.committee_id == where.committee_id))
    if not (where.chairs or where.secretary) or known is None:
        return not_found()
    form = parse(WhyForm, request.form)
    if form.value is None:
        return not_found()
    watching.code_refusal(session, request.viewer, where, known, form.value.why, request.now)
    return Redirect(f"{FUNDS}/suivi", N_("C’est inscrit."))


def _rows(words: Mapping[Any, str], counts: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    return [(label, counts[code]) for code, label in words.items() if counts.get(code)]


def _drawn(request: PageRequest, key: str, caption: str, rows: Sequence[tuple[str, int]]) -> Markup | None:
    if not rows:
        return None
    title = say(request, caption)
    items = [ChartBar(say(request, label), float(count), str(count)) for label, count in rows]
    described = ", ".join(f"{one.label} {one.shown}" for one in items)
    return bar_chart(f"fund-{key}", title, described, items)


_SUIVI = FUNDS + "/suivi"
routes = (
    get(_SUIVI, show_oversight, permission=READ, mode="slow", name="bien_etre.oversight"),
    post(
        _SUIVI + "/{code}/raison",
        code_refusal,
        permission=READ,
        name="bien_etre.why",
        assurance=Assurance.SECOND_FACTOR,
    ),
)
