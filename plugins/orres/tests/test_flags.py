"""What the version in force names and partners no longer see is said where it stands, to the committee alone."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.testing.network import Network, Visitor

from ..queries.versions import flags
from ..services.publishing import findings_of
from . import drafting as h

pytestmark = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
HERE = "/comites/orres/trajectoire"
#: Sits in another committee alone.
ELSEWHERE = "ficesl-formation"


def words(page: str) -> str:
    """The page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("\u00a0", " ").split())


def test_a_service_that_left_is_marked_on_the_page_of_the_version_and_on_the_card(
    network: Network, visitor: Visitor
) -> None:
    h.with_example(network)
    visitor.become(h.CHAIR)
    assert "À revoir" not in words(visitor.get(HERE).text)
    with network.database.transaction() as session:
        session.execute(text("DELETE FROM services WHERE slug = 'sidepe-depistage'"))
        old = (network.clock.now() - timedelta(days=400)).date().isoformat()
        session.execute(text("UPDATE services SET verified_on = :day WHERE slug = 'cd-trousse'"), {"day": old})
    for persona in (h.CHAIR, h.COORDINATION):
        visitor.become(persona)
        page = words(visitor.get(HERE).text)
        assert re.search(r"Dépistage et prévention[^.]*À revoir N’est plus au répertoire", page)
        assert "Services à revoir" in page
        assert "2 services à revoir" in words(visitor.get("/").text)
        # A version that is not in force orients nobody
        assert "À revoir" not in words(visitor.get("/comites/orres/versions/1").text)
    for persona in (h.PARTNER, ELSEWHERE):
        visitor.become(persona)
        page = visitor.get(HERE)
        assert page.status_code == 200
        assert "Dépistage et prévention" not in words(page.text)
        assert "À revoir" not in words(page.text)
        # One that is out of date says so itself, to everybody who is sent there
        assert re.search(r"Trousse médico-légale.{0,400}vérifi", words(page.text))
        assert "services à revoir" not in words(visitor.get("/").text)
        assert "Travail du comité" not in page.text


def test_a_service_that_only_its_own_organisation_sees_answers_nobody(network: Network) -> None:
    h.with_example(network)
    at = h.desk(network, h.CHAIR)
    with network.database.transaction() as session:
        own = {"own": str(at.viewer.organisation_id).replace("-", "")}
        slug = session.execute(
            text(
                "SELECT s.slug FROM services s JOIN orres_answers a ON a.service_id = s.id"
                " JOIN orres_versions v ON v.id = a.version_id AND v.number = 2 WHERE s.organisation_id = :own"
            ),
            own,
        ).scalar()
        assert slug is not None
        session.execute(text("UPDATE services SET visibility = 'confidential' WHERE slug = :slug"), {"slug": slug})
    with network.database.transaction() as session:
        seen = [flags(session, network.viewer(who), at.now) for who in (h.CHAIR, h.SECOND)]
        assert seen[0] == seen[1]
        assert [one.why for one in seen[0]] == ["gone"]
        for who, why in ((h.CHAIR, "confidential"), (h.SECOND, "gone")):
            found = findings_of(session, h.desk(network, who), h.whole(session, 2))
            assert {one.code for one in found if one.service == seen[0][0].service_id and one.blocking} == {why}
