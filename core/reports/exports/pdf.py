"""The report as a tagged PDF, with WeasyPrint when the extra `pdf` is installed (`pip install arrimage[pdf]`)."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.access.viewer import ANONYMOUS
from core.kernel.web.house import House
from core.kernel.web.render import Surroundings

#: Copied into the document: WeasyPrint writes a fixed identifier instead of a random one.
_IDENTIFIER = "arrimage-report"
STYLE = Path(__file__).resolve().parent / "document.css"


@lru_cache(maxsize=1)
def pdf_available() -> bool:
    """Whether this installation can make PDFs: the package, and the system's Pango that it loads, are there."""
    try:
        importlib.import_module("weasyprint")
    except (ImportError, OSError):  # OSError: the package is installed, libpango is not
        return False
    return True


def as_pdf(html: str) -> bytes:
    """Letter size, tagged, page x of y. Nothing is fetched: the document holds all it needs."""
    return as_document(html, STYLE.read_text(encoding="utf-8"), _IDENTIFIER)


def alone(house: House, template: str, context: Mapping[str, Any], locale: str) -> str:
    """HTML of a plugin's template that is a whole document: for nobody in particular, with nothing to fetch."""
    return house.renderer.render(template, context, Surroundings(ANONYMOUS, locale, "")).decode()


def as_document(html: str, style: str, name: str) -> bytes:
    """A self-contained page of a plugin as a tagged PDF (pdf/ua-1), with `style` as its only sheet. `name` fixes the
    file's identifier. Slow: in a `Compute`; ask `pdf_available` first."""
    weasyprint: Any = importlib.import_module("weasyprint")
    # No protocol at all: neither the network nor a file of this machine.
    nothing = weasyprint.URLFetcher(allowed_protocols=())
    document = weasyprint.HTML(string=html, url_fetcher=nothing)
    sheet = weasyprint.CSS(string=style, url_fetcher=nothing)
    made: bytes = document.write_pdf(
        stylesheets=[sheet], pdf_identifier=name.encode(), pdf_tags=True, pdf_variant="pdf/ua-1"
    )
    return made
