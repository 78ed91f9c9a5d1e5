"""Shared by the tests of the guide: the words of a page, and needs left without an answer."""

from __future__ import annotations

import re

from sqlalchemy import text

from core.testing.network import Network

from ..seed_guide import PERSONAS, seed_unmet
from .drafting import NetworkSeeder, with_example


def with_unmet(network: Network) -> Network:
    """The demo's network with the example trajectory, and needs left without an answer."""
    with_example(network)
    for persona in PERSONAS:
        network.viewer(persona)
    with network.database.transaction() as session:
        seed_unmet(session, NetworkSeeder(network))
    return network


def words(html: str) -> str:
    """The words of the page's own part, no-break spaces made plain."""
    main = html.split("<main", 1)[1].split("</main>", 1)[0]
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main.replace("\u00a0", " ")))
    return plain.replace("&#39;", "'").replace(" ,", ",")


def empty_unmet(network: Network) -> None:
    with network.database.transaction() as session:
        session.execute(text("DELETE FROM orres_unmet"))
