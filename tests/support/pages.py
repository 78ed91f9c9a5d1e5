"""Small readers of our pages, for tests that walk them."""

from __future__ import annotations

import re

_CSRF = re.compile(r'name="_csrf" value="([^"]+)"')


def csrf_of(html: str) -> str:
    """The token of the first form of a page."""
    found = _CSRF.search(html)
    assert found is not None
    return found.group(1)


def words(html: str) -> str:
    """A page's words, without tags."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")
