"""An organisation that asks to come in, brought as far as its two approvals; what tests of admission share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from core.access.viewer import Role, Viewer
from core.accounts.services import add_user
from core.accounts.services.admission import (
    name_first_admin,
    record_agreement,
    record_call_back,
    record_officer,
    set_regime,
    start_probation,
)
from core.accounts.services.applications import Named, Request, request_admission
from core.testing.network import Network

REQUEST = Request(
    "Maison des Girouettes (fictif)",
    "Nous hébergeons des femmes de Lanaudière. Rappelez au 450 555-0178 avant midi.",
    "Coordination des Girouettes",
    "coordination@girouettes.invalid",
    "450 555-0177",
)
FIRST = Named("Odile Fictive", "odile@girouettes.invalid")
NUMBER_FOUND = "+14505550179"


def ask(network: Network, request: Request = REQUEST) -> UUID:
    """The public request; its id."""
    with network.database.transaction() as session:
        return request_admission(
            session, network.keyring, request, kind="communautaire", regime="P-39.1", now=network.clock.now()
        )


def prepared(network: Network) -> tuple[UUID, UUID]:
    """Everything recorded, nothing approved: (request, organisation on probation)."""
    application, viewer, now = ask(network), network.viewer("coordination-cresl"), network.clock.now()
    with network.database.transaction() as session:
        organisation = start_probation(session, network.keyring, viewer, application, now)
        record_steps(session, network, application)
    return application, organisation


def record_steps(session: Session, network: Network, application: UUID) -> None:
    """The five steps of the coordination."""
    viewer, now, keyring = network.viewer("coordination-cresl"), network.clock.now(), network.keyring
    called = {"number": NUMBER_FOUND, "source": "211", "at": now - timedelta(hours=2), "now": now}
    record_call_back(session, keyring, viewer, application, **called)  # type: ignore[arg-type]
    record_agreement(
        session, viewer, application, on=date(2026, 11, 20), signatory="direction", reference="ENT-12", now=now
    )
    record_officer(session, keyring, viewer, application, Named("Paule Fictive", "paule@girouettes.invalid"), now)
    set_regime(session, viewer, application, "P-39.1", now)
    name_first_admin(session, keyring, viewer, application, FIRST, now)


def approver(network: Network, slug: str, role: Role = Role.ORGANISATION_ADMIN, *, name: str = "a") -> Viewer:
    """Somebody of an organisation who may approve."""
    organisation = network.organisation(slug)
    with network.database.transaction() as session:
        user_id = add_user(
            session,
            network.keyring,
            organisation_id=organisation,
            email=f"{name}-{role.value}@{slug}.invalid",
            name=f"{name} {slug}",
            roles=[role],
            now=network.clock.now(),
        )
    model = network.viewer("admin-chrysalide")
    return replace(
        model, user_id=user_id, organisation_id=organisation, organisation_name=slug, roles=frozenset({role})
    )


def at_once(network: Network, works: Sequence[Callable[[Session], Any]]) -> list[Any]:
    """Every work in its own thread and transaction, started together; results or exceptions, in order."""
    gate = Barrier(len(works))

    def run(work: Callable[[Session], Any]) -> Any:
        gate.wait()
        try:
            with network.database.transaction() as session:
                return work(session)
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))
