"""How fresh the directory is: when organisations last confirmed what it says of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.directory.models import Organisation, Service
from core.directory.rules.visibility import Freshness, freshness
from core.reports.rules.cells import Chart, Section, Table, count, said

WORDS: Mapping[str, str] = {
    "title": "Fraîcheur de l’annuaire",
    "caption": "Fiches de l’annuaire, selon leur dernière confirmation par l’organisme",
    "what": "Ligne",
    "organisations": "Organismes",
    "services": "Services",
    "fresh": "Confirmée depuis moins d’un an",
    "stale": "À confirmer de nouveau",
    "unconfirmed": "Jamais confirmée",
    "total": "Total",
}


def directory_freshness(session: Session, today: date, organisation: object = None) -> Section:
    """Organisations and services by freshness on that day. One statement each."""
    counts = {}
    for name, model, owner in (
        ("organisations", Organisation, Organisation.id),
        ("services", Service, Service.organisation_id),
    ):
        statement = select(model.verified_on, func.count()).group_by(model.verified_on)
        if organisation is not None:
            statement = statement.where(owner == organisation)
        counts[name] = dict.fromkeys(Freshness, 0)
        for verified_on, number in session.execute(statement):
            counts[name][freshness(verified_on, today)] += number
    lines = (("fresh", Freshness.FRESH), ("stale", Freshness.STALE), ("unconfirmed", Freshness.UNCONFIRMED))
    table = Table(
        "freshness",
        said(WORDS["caption"]),
        (said(WORDS["what"]), said(WORDS["organisations"]), said(WORDS["services"])),
        tuple(
            (said(WORDS[key]), *(count(counts[name][state]) for name in ("organisations", "services")))
            for key, state in lines
        ),
        (said(WORDS["total"]), *(count(sum(counts[name].values())) for name in ("organisations", "services"))),
        chart=Chart("bars", 2),
    )
    return Section("freshness", said(WORDS["title"]), (table,))
