"""`/comites/bien-etre/fonds`: what is left and what waits for somebody, the envelopes, the ledger and its exports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.api import (
    CSV_TYPE,
    N_,
    XLSX_TYPE,
    Assurance,
    DomainError,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    filled,
    get,
    not_found,
    parse,
    parse_cents,
    post,
    record,
    write_csv,
    write_xlsx,
)

from .. import models
from ..access import READ
from ..forms.money import AllotForm, DecisionForm, EnvelopeForm
from ..queries import cards as card_queries
from ..queries import money as queries
from ..queries.unpaid import unpaid
from ..rules.money import ENTRIES, Entry, year_name
from ..rules.requests import CATEGORIES, Category
from ..services import carrying, money
from .money_words import (
    AMOUNT,
    FUNDS,
    WORDS,
    Answer,
    identifier,
    keeper,
    late_before,
    names,
    say,
    settings_of,
    shown_amount,
)

#: A form of a list that was refused: what it is about, and what was typed.
Again = tuple[str, Parsed[Any]]


def show_funds(session: Session, request: PageRequest) -> Answer:
    """What is left, and everything that waits for somebody."""
    return funds_page(session, request)


def funds_page(session: Session, request: PageRequest, again: Again | None = None, status: int = 200) -> Page | Refusal:
    """The page itself; `again`: the identifier of what somebody tried to decide there, and the refused form."""
    standing = keeper(session, request)
    if standing is None:
        return not_found()
    handings = card_queries.list_handings(session, late_before(request), waiting=True)
    context = {
        "standing": standing,
        "balance": queries.left_of_year(session, request.now),
        "envelopes": queries.list_envelopes(session, year=money.current_year(request.now)),
        "to_pay": queries.list_to_pay(session),
        "unpaid": {one.code: one for one in unpaid(session, settings_of(request), request.now)},
        "prepared": queries.prepared(session, request.viewer),
        "handings": handings,
        "names": names(session) if handings else {},
        "about": None if again is None else again[0],
        "form": None if again is None else again[1],
        "funds": FUNDS,
        **WORDS,
    }
    template = "bien_etre/money_now.html" if request.wants_fragment else "bien_etre/money.html"
    return Page(template, context, status)


def show_envelopes(session: Session, request: PageRequest) -> Answer:
    """Every year's envelopes, and the form for one more."""
    return not_found() if keeper(session, request) is None else _envelopes(session, request)


def open_envelope(session: Session, request: PageRequest) -> Answer:
    """A funder's envelope, with caps by category where it has some."""
    standing = keeper(session, request)
    if standing is None:
        return not_found()
    form = parse(EnvelopeForm, request.form)
    value, caps, cents = form.value, list[tuple[str, int]](), parse_cents(form.raw("amount"))
    for category in Category:
        typed = form.raw(f"cap_{category.value}")
        cap = parse_cents(typed) if typed.strip() else 0
        if cap is None:
            form = form.with_error(f"cap_{category.value}", AMOUNT)
        elif cap:
            caps.append((category.value, cap))
    if value is not None and cents is None:
        form = form.with_error("amount", AMOUNT)
    if value is None or cents is None or form.errors:
        return _envelopes(session, request, form, status=422)
    given = (value.year, value.funder, cents, caps, request.now)
    try:
        money.open_envelope(session, request.viewer, standing, *given)
    except DomainError as refused:
        raise refused.showing(_envelopes(session, request, form.with_error("funder", refused.message))) from refused
    return Redirect(f"{FUNDS}/enveloppes", N_("L’enveloppe est ouverte."))


def allot(session: Session, request: PageRequest) -> Answer:
    """More money from the same funder."""
    standing, envelope = keeper(session, request), _known(session, request)
    if standing is None or envelope is None:
        return not_found()
    form, field = parse(AllotForm, request.form), f"amount-{envelope}"
    cents = parse_cents(form.raw("amount"))
    if cents is None or form.value is None:
        again = filled({"amount": form.raw("amount")}).with_error(field, AMOUNT)
        return _envelopes(session, request, again=(f"allot-{envelope}", again), status=422)
    try:
        money.allot(session, request.viewer, standing, envelope, cents, request.now, was=form.value.was)
    except DomainError as refused:
        again = form.with_error(field, refused.message)
        raise refused.showing(_envelopes(session, request, again=(f"allot-{envelope}", again))) from refused
    return Redirect(f"{FUNDS}/enveloppes", N_("La somme est ajoutée."))


def propose_carry(session: Session, request: PageRequest) -> Answer:
    """Step 1: one person proposes to carry a past year's balance over, by the vote that is named."""
    standing, envelope = keeper(session, request), _known(session, request)
    if standing is None or envelope is None:
        return not_found()
    form, about = parse(DecisionForm, request.form), f"carry-{envelope}"
    if form.value is None:
        again = filled({}).with_error(f"decision-{envelope}", form.errors[0].message)
        return _envelopes(session, request, again=(about, again), status=422)
    decision = form.value.decision.upper()
    try:
        carrying.propose_carry_over(session, request.viewer, standing, envelope, decision, request.now)
    except DomainError as refused:
        again = form.with_error(f"decision-{envelope}", refused.message)
        raise refused.showing(_envelopes(session, request, again=(about, again))) from refused
    return Redirect(f"{FUNDS}/enveloppes", N_("Le report est proposé. Une deuxième personne le confirme."))


def confirm_carry(session: Session, request: PageRequest) -> Answer:
    """Step 2: another person carries it over."""
    return _carry(session, request, carrying.confirm_carry_over, N_("Le solde est reporté à l’exercice suivant."))


def cancel_carry(session: Session, request: PageRequest) -> Answer:
    """Nothing is carried over."""
    return _carry(session, request, carrying.cancel_carry_over, N_("Le report proposé est annulé."))


def _carry(session: Session, request: PageRequest, service: Any, notice: str) -> Answer:
    standing, carry = keeper(session, request), identifier(request.path["carry"])
    if standing is None or carry is None:
        return not_found()
    try:
        service(session, request.viewer, standing, carry, request.now)
    except DomainError as refused:
        again = filled({}).with_error("", refused.message)
        raise refused.showing(_envelopes(session, request, again=("", again))) from refused
    return Redirect(f"{FUNDS}/enveloppes", notice)


def show_ledger(session: Session, request: PageRequest) -> Answer:
    """The ledger of a year, line by line."""
    if keeper(session, request) is None:
        return not_found()
    year, page = _year(request), request.page
    lines, total = queries.list_ledger(session, year, page=page)
    years = sorted({one.fiscal_year for one in queries.list_envelopes(session)} | {year}, reverse=True)
    context = {
        "lines": lines,
        "total": total,
        "page": page,
        "pages": max(1, -(-total // queries.PAGE)),
        "year": year,
        "years": [(one, year_name(one)) for one in years],
        "funds": FUNDS,
        **WORDS,
    }
    return Page("bien_etre/money_ledger.html", context)


def export_ledger(session: Session, request: PageRequest) -> Answer:
    """The year's ledger for reconciliation, as CSV or XLSX; nothing in it is a formula. Amounts in cents too: the
    effects of a funder's lines add up to what its envelope has left. Taking it away is a line of journal."""
    if keeper(session, request) is None or request.path["format"] not in ("csv", "xlsx"):
        return not_found()
    year = _year(request)
    titles = (
        N_("Moment"),
        N_("Exercice"),
        N_("Bailleur"),
        N_("Écriture"),
        N_("Montant"),
        N_("Montant en cents"),
        N_("Effet sur le reste, en cents"),
        N_("Demande"),
        N_("Catégorie"),
        N_("Décision"),
    )
    rows = [
        (
            line.at.isoformat(),
            year_name(line.fiscal_year),
            line.funder,
            say(request, ENTRIES[Entry(line.kind)]),
            shown_amount(line.amount_cents),
            line.amount_cents,
            line.effect_cents,
            line.code,
            say(request, CATEGORIES[Category(line.category)]) if line.category else "",
            line.decision,
        )
        for line in queries.list_ledger(session, year, page=None)[0]
    ]
    facts = {"year": year, "lines": len(rows)}
    record(
        session,
        case_id=None,
        organisation_id=request.viewer.organisation_id,
        actor=request.viewer,
        action="bien_etre.ledger_exported",
        subject=f"ledger:{year}",
        facts=facts,
        now=request.now,
    )
    header, name = [say(request, title) for title in titles], f"fonds-{year_name(year)}"
    if request.path["format"] == "xlsx":
        return File(write_xlsx(say(request, N_("Grand livre")), header, rows), XLSX_TYPE, f"{name}.xlsx")
    return File(write_csv(header, rows), CSV_TYPE, f"{name}.csv")


def _envelopes(
    session: Session,
    request: PageRequest,
    form: Parsed[Any] | None = None,
    again: Again | None = None,
    status: int = 200,
) -> Page:
    year = money.current_year(request.now)
    context = {
        "envelopes": queries.list_envelopes(session),
        "carries": queries.list_carries(session, request.viewer),
        "form": filled({}) if form is None else form,
        "about": None if again is None else again[0],
        "again": None if again is None else again[1],
        "year": year,
        "years": [(one, year_name(one)) for one in (year, year + 1)],
        "funds": FUNDS,
        **WORDS,
    }
    return Page("bien_etre/money_envelopes.html", context, status)


def _known(session: Session, request: PageRequest) -> UUID | None:
    typed, table = identifier(request.path["envelope"]), models.Envelope
    return None if typed is None else session.scalar(select(table.id).where(table.id == typed))


def _year(request: PageRequest) -> int:
    typed = request.query.get("exercice", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else money.current_year(request.now)


_ENVELOPE, _CARRY = FUNDS + "/enveloppes/{envelope}", FUNDS + "/reports/{carry}"
_SURE, _FRESH, _EXPORT = Assurance.SECOND_FACTOR, Assurance.STEP_UP, FUNDS + "/grand-livre/export.{format}"
routes = (
    get(FUNDS, show_funds, permission=READ, name="bien_etre.funds"),
    get(FUNDS + "/enveloppes", show_envelopes, permission=READ, name="bien_etre.envelopes"),
    post(FUNDS + "/enveloppes", open_envelope, permission=READ, name="bien_etre.envelope", assurance=_SURE),
    post(_ENVELOPE + "/ajouter", allot, permission=READ, name="bien_etre.allot", assurance=_SURE),
    post(_ENVELOPE + "/reporter", propose_carry, permission=READ, name="bien_etre.carry", assurance=_SURE),
    post(_CARRY + "/confirmer", confirm_carry, permission=READ, name="bien_etre.carry_confirm", assurance=_SURE),
    post(_CARRY + "/annuler", cancel_carry, permission=READ, name="bien_etre.carry_cancel", assurance=_SURE),
    get(FUNDS + "/grand-livre", show_ledger, permission=READ, name="bien_etre.ledger"),
    get(_EXPORT, export_ledger, permission=READ, mode="write", name="bien_etre.ledger_export", assurance=_FRESH),
)
