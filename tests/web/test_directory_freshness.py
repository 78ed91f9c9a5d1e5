"""The date somebody checked a sheet: *à confirmer*, *vérifié le*, then *périmé* once it is too old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.directory.models import Organisation, Service
from core.kernel.clock import TORONTO

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("days", "told", "not_told"),
    [(None, "À confirmer", "Vérifié"), (1, "Vérifié le", "Périmé"), (400, "Périmé", "Vérifié le")],
)
def test_the_mark_says_how_old_the_sheet_is(visitor, network, days, told, not_told):
    today = network.clock.now().astimezone(TORONTO).date()
    checked = today - timedelta(days=days) if days else None
    with network.database.transaction() as session:
        session.execute(update(Organisation).where(Organisation.slug == "cavac-lanaudiere").values(verified_on=checked))
        service = session.scalars(
            select(Service).join(Organisation).where(Organisation.slug == "cavac-lanaudiere").order_by(Service.slug)
        ).first()
        slug = service.slug
    pages = ("/annuaire/organismes/cavac-lanaudiere", f"/annuaire/services/{slug}", "/annuaire?q=CAVAC+victimes")

    def read(page):
        return visitor.get(page).text.split("<main")[1].split("</main>")[0].replace("« À confirmer »", "")

    visitor.become(None)
    for page in pages:
        assert told in read(page), page
    for page in pages[:2]:
        assert not_told not in read(page), page
    # What the service itself confirmed is said of it, whatever its organisation did
    with network.database.transaction() as session:
        session.execute(update(Service).where(Service.slug == slug).values(verified_on=today))
    assert "Vérifié le" in read(pages[1])
    assert "Périmé" not in read(pages[1])
