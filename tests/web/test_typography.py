"""Spaces before signs as they reach the browser: no-break ones in French, none in English."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.kernel.clock import FixedClock
from core.testing import NOW
from core.testing.network import Network, fresh_network
from tests.support.walks import ATTRIBUTES, walk
from tests.web.test_english import data_of

PEOPLE = ("anonymous", "police", "receiver", "organisation_admin", "privacy_officer")
#: What people typed, what is read in the other language, what is data of the region.
LEFT_OUT = re.compile(
    r"<datalist.*?</datalist>|<script.*?</script>|<textarea.*?</textarea>"
    r"|<(?P<tag>\w+)[^>]*\blang=\"(?:fr|en)-CA\"[^>]*>.*?</(?P=tag)>",
    re.DOTALL,
)
ENDS = re.compile(
    r"</?(?:p|li|ul|ol|h\d|dt|dd|dl|label|div|button|a|summary|section|form|legend|tr|td|th|title)\b[^>]*>"
)
WRONG = {
    "fr": re.compile(r"[^\s|] [:;%$»](?=[\s|.,)]|$)|« |\S[ \u00a0][?!](?=[\s|.,)]|$)"),
    "en": re.compile(r"[^\s|·][ \u00a0][:;%?!](?=[\s|.,)]|$)"),
}


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    """The seeded network on one engine: words do not depend on it."""
    with fresh_network("sqlite", tmp_path, FixedClock(NOW)) as seeded:
        yield seeded


def said_in(page: str) -> str:
    """The words of a page, one ` | ` between what stands apart, ordinary spaces told from no-break ones."""
    page = LEFT_OUT.sub(" ", re.sub(r"<html[^>]*>", "", page))
    said = " | ".join(ATTRIBUTES.findall(page)) + " | " + ENDS.sub(" | ", page)
    return re.sub(r"[ \n]+", " ", html.unescape(re.sub(r"<[^>]+>", "", said)))


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_signs_keep_to_their_word(locale: str, network: Network) -> None:
    """OQLF: a colon never begins a line; English has no space there at all."""
    wrong: dict[str, str] = {}
    names = data_of(network) if locale == "en" else ()
    pages = 0
    for (method, path, label), row in walk(locale).items():
        for person in PEOPLE:
            answer = row.get(person)
            if answer is None or not answer.html:
                continue
            pages += 1
            said = said_in(answer.text)
            for name in names:
                said = said.replace(name, "·")
            for found in WRONG[locale].finditer(said):
                wrong[said[max(0, found.start() - 30) : found.end() + 20]] = f"{method} {path} {label} {person}"
    assert pages > 200
    assert wrong == {}
