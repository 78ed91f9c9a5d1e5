"""The date somebody checked a sheet: *à confirmer*, *vérifié le*, then *périmé* once it is too old."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from core.directory.models import Organisation
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
    page = visitor.become(None).get("/annuaire/organismes/cavac-lanaudiere").text
    main = page.split("<main")[1].split("</main>")[0]
    assert told in main
    assert not_told not in main
