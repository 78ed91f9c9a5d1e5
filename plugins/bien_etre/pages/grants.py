"""`/comites/bien-etre/fonds/demandes/{code}`: what a request was granted, paid in two steps by two people; receipts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from core.api import (
    MAX_FILE_BYTES,
    N_,
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
    not_found,
    parse,
    parse_cents,
    post,
    read_file,
    record,
)

from .. import models
from ..access import READ
from ..forms.money import PaymentForm, ReceiptForm
from ..queries import cards as card_queries
from ..queries import money as queries
from ..rules.money import ROUTES, Route
from ..services import money, payments, receipts
from ..services.rounds import Desk, desk_of
from .money import Again, funds_page
from .money_words import AMOUNT, FUNDS, WORDS, Answer, identifier, keeper, sent_key, shown_amount

NO_FILE = N_("Choisissez un fichier\u00a0: PDF ou image.")
#: The file, and the little that goes with it. Looked at before the body is read.
MAX_UPLOAD = MAX_FILE_BYTES + 100_000


def show_grant(session: Session, request: PageRequest) -> Answer:
    """One grant: what it still holds, its payments and receipts, and the form to prepare the next."""
    return _grant(session, request, request.path["code"])


def prepare(session: Session, request: PageRequest) -> Answer:
    """Step 1: one person prepares."""
    standing, code = keeper(session, request), request.path["code"]
    if standing is None or not standing.pays:
        return not_found()
    form = parse(PaymentForm, request.form)
    value, cents = form.value, parse_cents(form.raw("amount"))
    if value is not None and cents is None:
        form = form.with_error("amount", AMOUNT)
    if value is None or cents is None:
        return _grant(session, request, code, form, status=422)
    paying = payments.Paying(value.route, cents, value.stock)
    try:
        payments.prepare_payment(session, _desk(request), standing, code, paying, sent_key(request))
    except DomainError as refused:
        raise refused.showing(_grant(session, request, code, form.with_error("amount", refused.message))) from refused
    return Redirect(f"{FUNDS}/demandes/{code}", N_("Le paiement est préparé. Une deuxième personne le confirme."))


def release(session: Session, request: PageRequest) -> Answer:
    """What a grant will not use goes back to its envelopes."""
    standing, code = keeper(session, request), request.path["code"]
    if standing is None or not standing.pays:
        return not_found()
    payments.release_rest(session, _desk(request), standing, code)
    return Redirect(f"{FUNDS}/demandes/{code}", N_("Le reste est rendu aux enveloppes."))


def _step(act: Callable[[Session, PageRequest, Any, UUID], object], notice: str) -> Callable[..., Answer]:
    """A payment's next step. A refusal is said on the page where the person is."""

    def handler(session: Session, request: PageRequest) -> Answer:
        standing, payment = keeper(session, request), identifier(request.path["payment"])
        if standing is None or not standing.pays or payment is None:
            return not_found()
        code = _code_of(session, payment)
        try:
            # Undone before the page is read: it shows what is, not what was refused half-way
            with session.begin_nested():
                act(session, request, standing, payment)
        except DomainError as refused:
            said = filled({}).with_error("", refused.message)
            page = _grant(session, request, code, said) if code else funds_page(session, request, ("", said))
            raise refused.showing(page) from refused
        return Redirect(f"{FUNDS}/demandes/{code}" if code else FUNDS, notice)

    return handler


confirm = _step(
    lambda session, request, standing, payment: payments.confirm_payment(session, _desk(request), standing, payment),
    N_("Le paiement est confirmé."),
)
cancel = _step(
    lambda session, request, standing, payment: payments.cancel_payment(
        session, request.viewer, standing, payment, request.now
    ),
    N_("Le paiement préparé est annulé."),
)
reverse = _step(
    lambda session, request, standing, payment: payments.reverse_payment(session, _desk(request), standing, payment),
    N_("Le paiement est renversé. La somme est de nouveau engagée."),
)


def upload_receipt(session: Session, request: PageRequest) -> Answer:
    """Clean a receipt outside the transaction, then keep it. What was typed stays on the page when it is refused."""
    standing, payment = keeper(session, request), identifier(request.path["payment"])
    code = None if payment is None else _code_of(session, payment)
    if standing is None or not standing.pays or payment is None or code is None:
        return not_found()
    file, form = request.form.get("file"), parse(ReceiptForm, request.form)
    content = file.file.read() if isinstance(file, UploadFile) else b""
    cents, about = parse_cents(form.raw("amount")), f"receipt-{payment}"
    typed = filled({"amount": form.raw("amount")})
    if not content:
        typed = typed.with_error(f"file-{payment}", NO_FILE)
    if cents is None:
        typed = typed.with_error(f"amount-{payment}", AMOUNT)
    if not content or cents is None:
        return _grant(session, request, code, again=(about, typed), status=422)

    def work() -> Any:
        try:
            # What the file was called may name her: it is called after its request
            return clean_file(f"recu-{code}", content)
        except DomainError as refused:
            return refused

    def then(later: Session, done: Any) -> Page | Redirect | Refusal:
        if isinstance(done, DomainError):
            again = typed.with_error(f"file-{payment}", done.message)
            return _grant(later, request, code, again=(about, again), status=422)
        given = (standing, payment, done, cents, request.now)
        try:
            receipts.add_receipt(later, request.house.keyring, request.viewer, *given)
        except DomainError as refused:
            again = typed.with_error(f"amount-{payment}", refused.message)
            raise refused.showing(_grant(later, request, code, again=(about, again))) from refused
        return Redirect(f"{FUNDS}/demandes/{code}", N_("Le reçu est gardé, chiffré."))

    return Compute(work, then)


def download_receipt(session: Session, request: PageRequest) -> Answer:
    """A receipt, to the people of the holder only; never shown by the browser itself."""
    standing, receipt = keeper(session, request), identifier(request.path["receipt"])
    file_id = None if receipt is None else queries.receipt_file(session, receipt)
    if standing is None or not standing.pays or file_id is None:
        return not_found()
    record(
        session,
        case_id=None,
        organisation_id=None,
        actor=request.viewer,
        action="bien_etre.receipt_read",
        subject=f"receipt:{receipt}",
        facts={},
        now=request.now,
    )
    found = read_file(session, request.house.keyring, file_id)
    return File(found.content, found.media_type, found.name)


def _grant(
    session: Session,
    request: PageRequest,
    code: str,
    form: Parsed[Any] | None = None,
    again: Again | None = None,
    status: int = 200,
) -> Page | Refusal:
    standing = keeper(session, request)
    known = money.find_commitment(session, models.Commitment.code == code)
    if standing is None or known is None:
        return not_found()
    done = queries.payments_of(session, request.viewer, known.id)
    typed = {"amount": shown_amount(known.waiting_cents), "route": Route.SUPPLIER.value}
    context = {
        "standing": standing,
        "grant": known,
        "payments": done,
        "receipts": queries.receipts_of(session, [one.id for one in done]),
        "stocks": card_queries.list_stocks(session),
        "routes": [(route.value, label) for route, label in ROUTES.items()],
        "form": form if form is not None else filled(typed),
        "about": None if again is None else again[0],
        "again": None if again is None else again[1],
        "funds": FUNDS,
        **WORDS,
    }
    return Page("bien_etre/money_grant.html", context, status)


def _code_of(session: Session, payment_id: UUID) -> str | None:
    """The code of the request that a payment pays, None for a purchase of cards."""
    pay, table = models.Payment, models.Commitment
    statement = select(table.code).join(pay, pay.commitment_id == table.id)
    return session.scalar(statement.where(pay.id == payment_id))


def _desk(request: PageRequest) -> Desk:
    return desk_of(request.house, request.viewer, request.now)


_GRANT, _PAYMENT, _SURE = FUNDS + "/demandes/{code}", FUNDS + "/paiements/{payment}", Assurance.SECOND_FACTOR
_KEPT, _RECEIPTS = FUNDS + "/recus/{receipt}", _PAYMENT + "/recus"
routes = (
    get(_GRANT, show_grant, permission=READ, name="bien_etre.grant"),
    post(_GRANT + "/preparer", prepare, permission=READ, name="bien_etre.prepare", assurance=_SURE),
    post(_GRANT + "/liberer", release, permission=READ, name="bien_etre.release", assurance=_SURE),
    post(_PAYMENT + "/confirmer", confirm, permission=READ, name="bien_etre.confirm", assurance=_SURE),
    post(_PAYMENT + "/annuler", cancel, permission=READ, name="bien_etre.cancel", assurance=_SURE),
    post(_PAYMENT + "/renverser", reverse, permission=READ, name="bien_etre.reverse", assurance=_SURE),
    post(_RECEIPTS, upload_receipt, permission=READ, name="bien_etre.receipt", max_body=MAX_UPLOAD, assurance=_SURE),
    get(_KEPT, download_receipt, permission=READ, mode="write", name="bien_etre.receipt_file", assurance=_SURE),
)
