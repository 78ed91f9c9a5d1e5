"""Pages, forms and the values a handler returns."""

from __future__ import annotations

from core.kernel.web.forms import FieldError, Form, Parsed, filled, parse
from core.kernel.web.house import House
from core.kernel.web.routes import (
    Assurance,
    Compute,
    Data,
    File,
    Page,
    PageRequest,
    Redirect,
    Refusal,
    Route,
    get,
    not_found,
    post,
)

__all__ = [
    "Assurance",
    "Compute",
    "Data",
    "FieldError",
    "File",
    "Form",
    "House",
    "Page",
    "PageRequest",
    "Parsed",
    "Redirect",
    "Refusal",
    "Route",
    "filled",
    "get",
    "not_found",
    "parse",
    "post",
]
