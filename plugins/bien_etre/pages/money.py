"""`/comites/bien-etre/fonds`: what is left, what waits, payments by two people, receipts, ledger, exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from core.api import (
    CSV_TYPE,
    MAX_FILE_BYTES,
    N_,
    XLSX_TYPE,
    Assurance,
    Compute,
    DomainError,
    File,
    Page,
    PageRequest,
    Parsed,
    Redirect,
    Refusal,
    clean_file,
    filled,
    get,
    new_id,
    not_found,
    parse,
    parse_cents,
    post,
    read_file,
    write_csv,
    write_xlsx,
)

from .. import models
from ..access import READ
from ..forms.money import AmountForm, DecisionForm, EnvelopeForm, PaymentForm
from ..queries import money as queries
from ..rules.money import ENTRIES, ROUTES, Entry, Route, year_name
from ..rules.requests import CATEGORIES, Category
from ..services import money, payments
from ..settings import HOME
from .money_words import WORDS, Answer, keeper, late_before, names, sent_key, shown_amount

FUNDS = f"{HOME}/fonds"
AMOUNT = N_("Entrez un montant en dollars, avec deux décimales au plus\u00a0: 420 ou 420,50.")
NO_FILE = N_("Choisissez un fichier\u00a0: PDF ou image.")
MAX_UPLOAD = MAX_FILE_BYTES + 100_000


def show_funds(session: Session, request: PageRequest) -> Answer:
    """What is left, and everything that waits for somebody."""
    standing = keeper(session, request)
    if standing is None:
        return not_found()
    handings = queries.list_handings(session, late_before(request), waiting=True)
    context = {
        "standing": standing,
        "balance": queries.left_of_year(session, request.now),
        "envelopes": queries.list_envelopes(session, year=money.current_year(request.now)),
        "to_pay": queries.list_to_pay(session),
        "prepared": queries.prepared(session, request.viewer),
        "handings": handings,
        "names": names(session) if handings else {},
        "funds": FUNDS,
        **WORDS,
    }
    return Page("bien_etre/money_now.html" if request.wants_fragment else "bien_etre/money.html", context)


def show_envelopes(session: Session, request: PageRequest) -> Answer:
    """Every year's envelopes, and the form for one more."""
    return not_found() if keeper(session, request) is None else _envelopes(session, request, filled({}))


def open_envelope(session: Session, request: PageRequest) -> Answer:
    """A funder's envelope, with caps by category where it has some."""
    standing = keeper(session, request)
    if standing is None:
        return not_found()
    form = parse(EnvelopeForm, request.form)
    caps: list[tuple[str, int]] = []
    for category in Category:
        typed = form.raw(f"cap_{category.value}")
        cents = parse_cents(typed) if typed.strip() else 0
        if cents is None:
            form = form.with_error(f"cap_{category.value}", AMOUNT)
        elif cents:
            caps.append((category.value, cents))
    cents = parse_cents(form.raw("amount"))
    if form.value is not None and cents is None:
        form = form.with_error("amount", AMOUNT)
    if form.value is None or cents is None:
        return _envelopes(session, request, form, 422)
    given = (form.value.year, form.value.funder, cents, caps, request.now)
    try:
        money.open_envelope(session, request.viewer, standing, *given)
    except DomainError as refused:
        raise refused.showing(_envelopes(session, request, form.with_error("", refused.message))) from refused
    return Redirect(f"{FUNDS}/enveloppes", N_("L’enveloppe est ouverte."))


def allot(session: Session, request: PageRequest) -> Answer:
    """More money from the same funder."""
    standing, envelope = keeper(session, request), _identifier(request.path["envelope"])
    if standing is None or envelope is None:
        return not_found()
    form = parse(AmountForm, request.form)
    cents = parse_cents(form.raw("amount"))
    if cents is None:
        return _envelopes(session, request, form.with_error("", AMOUNT), 422)
    money.allot(session, request.viewer, standing, envelope, cents, request.now)
    return Redirect(f"{FUNDS}/enveloppes", N_("La somme est ajoutée."))


def carry_over(session: Session, request: PageRequest) -> Answer:
    """Carry a past year's balance over, by the vote that is named."""
    standing, envelope = keeper(session, request), _identifier(request.path["envelope"])
    if standing is None or envelope is None:
        return not_found()
    form = parse(DecisionForm, request.form)
    if form.value is None:
        return _envelopes(session, request, form, 422)
    decision = form.value.decision.upper()
    try:
        money.carry_over(session, request.viewer, standing, envelope, decision, request.now)
    except DomainError as refused:
        raise refused.showing(_envelopes(session, request, form.with_error("", refused.message))) from refused
    return Redirect(f"{FUNDS}/enveloppes", N_("Le solde est reporté à l’exercice suivant."))


def show_grant(session: Session, request: PageRequest) -> Answer:
    """One grant: what it still holds, its payments and receipts, and the form to prepare the next."""
    return _grant(session, request, None)


def prepare(session: Session, request: PageRequest) -> Answer:
    """Step 1: one person prepares."""
    standing = keeper(session, request)
    if standing is None or not standing.pays:
        return not_found()
    form = parse(PaymentForm, request.form)
    cents = parse_cents(form.raw("amount"))
    if form.value is not None and cents is None:
        form = form.with_error("amount", AMOUNT)
    if form.value is None or cents is None:
        return _grant(session, request, form, 422)
    paying = payments.Paying(form.value.route, cents, form.value.stock)
    code = request.path["code"]
    try:
        payments.prepare_payment(session, request.viewer, standing, code, paying, sent_key(request), request.now)
    except DomainError as refused:
        raise refused.showing(_grant(session, request, form.with_error("", refused.message))) from refused
    return Redirect(f"{FUNDS}/demandes/{code}", N_("Le paiement est préparé. Une deuxième personne le confirme."))


def release(session: Session, request: PageRequest) -> Answer:
    """What a grant will not use goes back to its envelopes."""
    standing = keeper(session, request)
    known = money.find_commitment(session, models.Commitment.code == request.path["code"])
    if standing is None or not standing.pays or known is None:
        return not_found()
    money.release(session, known.request_id, request.now, viewer=request.viewer)
    return Redirect(f"{FUNDS}/demandes/{known.code}", N_("Le reste est rendu aux enveloppes."))


def _step(service: Callable[..., Any], notice: str) -> Callable[[Session, PageRequest], Answer]:
    def act(session: Session, request: PageRequest) -> Answer:
        standing, payment = keeper(session, request), _identifier(request.path["payment"])
        if standing is None or not standing.pays or payment is None:
            return not_found()
        service(session, request.viewer, standing, payment, request.now)
        return Redirect(FUNDS, notice)

    return act


confirm = _step(payments.confirm_payment, N_("Le paiement est confirmé."))
cancel = _step(payments.cancel_payment, N_("Le paiement préparé est annulé."))
reverse = _step(payments.reverse_payment, N_("Le paiement est renversé. La somme est de nouveau engagée."))


def upload_receipt(session: Session, request: PageRequest) -> Answer:
    """Clean a receipt outside the transaction, then keep it."""
    standing, payment = keeper(session, request), _identifier(request.path["payment"])
    if standing is None or not standing.pays or payment is None:
        return not_found()
    file, cents = request.form.get("file"), parse_cents(str(request.form.get("amount", "")))
    content = file.file.read() if isinstance(file, UploadFile) else b""
    name = (file.filename or "") if isinstance(file, UploadFile) else ""
    if not content or cents is None:
        return Refusal(422, NO_FILE if not content else AMOUNT)

    def work() -> Any:
        try:
            return clean_file(name, content)
        except DomainError as refused:
            return refused

    def then(later: Session, done: Any) -> Page | Redirect | File | Refusal:
        if isinstance(done, DomainError):
            return Refusal(422, done.message)
        payments.add_receipt(later, request.house, request.viewer, standing, payment, done, cents, request.now)
        return Redirect(FUNDS, N_("Le reçu est gardé, chiffré."))

    return Compute(work, then)


def download_receipt(session: Session, request: PageRequest) -> Answer:
    """A receipt, to the people of the holder only; never shown by the browser itself."""
    standing, receipt = keeper(session, request), _identifier(request.path["receipt"])
    file_id = None if receipt is None else queries.receipt_file(session, receipt)
    if standing is None or not standing.pays or file_id is None:
        return not_found()
    facts: dict[str, Any] = {}
    money.tell(session, request.viewer, "bien_etre.receipt_read", f"receipt:{receipt}", "", facts, request.now)
    found = read_file(session, request.house.keyring, file_id)
    return File(found.content, found.media_type, found.name)


def show_ledger(session: Session, request: PageRequest) -> Answer:
    """The ledger of a year, line by line."""
    if keeper(session, request) is None:
        return not_found()
    year, page = _year(request), _number(request.query.get("page", "1"))
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
    """The year's ledger for reconciliation, as CSV or XLSX; nothing in it is a formula. Amounts in cents too."""
    if keeper(session, request) is None:
        return not_found()
    year = _year(request)

    def say(text: str) -> str:
        return request.house.renderer.translator.translate(request.locale, text)

    titles = (
        N_("Moment"),
        N_("Exercice"),
        N_("Bailleur"),
        N_("Écriture"),
        N_("Montant"),
        N_("Montant en cents"),
        N_("Demande"),
        N_("Catégorie"),
        N_("Décision"),
    )
    rows = [
        (
            line.at.isoformat(),
            year_name(line.fiscal_year),
            line.funder,
            say(ENTRIES[Entry(line.kind)]),
            shown_amount(line.amount_cents),
            line.amount_cents,
            line.code,
            say(CATEGORIES[Category(line.category)]) if line.category else "",
            line.decision,
        )
        for line in queries.list_ledger(session, year, page=None)[0]
    ]
    header, name = [say(title) for title in titles], f"fonds-{year_name(year)}"
    if request.path["format"] == "xlsx":
        return File(write_xlsx(say(N_("Grand livre")), header, rows), XLSX_TYPE, f"{name}.xlsx")
    if request.path["format"] == "csv":
        return File(write_csv(header, rows), CSV_TYPE, f"{name}.csv")
    return not_found()


def _envelopes(session: Session, request: PageRequest, form: Parsed[Any], status: int = 200) -> Page:
    year = money.current_year(request.now)
    context = {
        "envelopes": queries.list_envelopes(session),
        "form": form,
        "year": year,
        "years": [(one, year_name(one)) for one in (year, year + 1)],
        "funds": FUNDS,
        "key": new_id(),
        **WORDS,
    }
    return Page("bien_etre/money_envelopes.html", context, status)


def _grant(session: Session, request: PageRequest, form: Parsed[Any] | None, status: int = 200) -> Page | Refusal:
    standing = keeper(session, request)
    known = money.find_commitment(session, models.Commitment.code == request.path["code"])
    if standing is None or known is None:
        return not_found()
    done = queries.payments_of(session, request.viewer, known.id)
    typed = {"amount": shown_amount(known.waiting_cents), "route": Route.SUPPLIER.value}
    context = {
        "standing": standing,
        "grant": known,
        "payments": done,
        "receipts": queries.receipts_of(session, [one.id for one in done]),
        "stocks": queries.list_stocks(session),
        "routes": [(route.value, label) for route, label in ROUTES.items()],
        "form": form if form is not None else filled(typed),
        "funds": FUNDS,
        **WORDS,
    }
    return Page("bien_etre/money_grant.html", context, status)


def _identifier(typed: str) -> UUID | None:
    try:
        return UUID(typed)
    except ValueError:
        return None


def _number(typed: str) -> int:
    return max(int(typed), 1) if typed.isascii() and typed.isdigit() and len(typed) < 6 else 1


def _year(request: PageRequest) -> int:
    typed = request.query.get("exercice", "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) == 4 else money.current_year(request.now)


_ENVELOPE, _PAYMENT, _SURE = FUNDS + "/enveloppes/{envelope}", FUNDS + "/paiements/{payment}", Assurance.SECOND_FACTOR
routes = (
    get(FUNDS, show_funds, permission=READ, name="bien_etre.funds"),
    get(FUNDS + "/enveloppes", show_envelopes, permission=READ, name="bien_etre.envelopes"),
    post(FUNDS + "/enveloppes", open_envelope, permission=READ, name="bien_etre.envelope", assurance=_SURE),
    post(_ENVELOPE + "/ajouter", allot, permission=READ, name="bien_etre.allot", assurance=_SURE),
    post(_ENVELOPE + "/reporter", carry_over, permission=READ, name="bien_etre.carry", assurance=_SURE),
    get(FUNDS + "/demandes/{code}", show_grant, permission=READ, name="bien_etre.grant"),
    post(FUNDS + "/demandes/{code}/preparer", prepare, permission=READ, name="bien_etre.prepare", assurance=_SURE),
    post(FUNDS + "/demandes/{code}/liberer", release, permission=READ, name="bien_etre.release", assurance=_SURE),
    post(_PAYMENT + "/confirmer", confirm, permission=READ, name="bien_etre.confirm", assurance=_SURE),
    post(_PAYMENT + "/annuler", cancel, permission=READ, name="bien_etre.cancel", assurance=_SURE),
    post(_PAYMENT + "/renverser", reverse, permission=READ, name="bien_etre.reverse", assurance=_SURE),
    post(_PAYMENT + "/recus", upload_receipt, permission=READ, name="bien_etre.receipt", max_body=MAX_UPLOAD),
    get(
        FUNDS + "/recus/{receipt}",
        download_receipt,
        permission=READ,
        mode="write",
        name="bien_etre.receipt_file",
        assurance=_SURE,
    ),
    get(FUNDS + "/grand-livre", show_ledger, permission=READ, name="bien_etre.ledger"),
    get(FUNDS + "/grand-livre/export.{format}", export_ledger, permission=READ, name="bien_etre.ledger_export"),
)
