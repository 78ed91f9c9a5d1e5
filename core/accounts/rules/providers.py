"""What an organisation may ask of its identity provider, and whom it may bring. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

from core.accounts.rules.throttles import Window

#: From the link to the provider until the answer comes back.
ATTEMPT_LASTS = timedelta(minutes=10)
#: Logout tokens are refused five minutes after they were made: remembering them an hour is enough against replay.
SEEN_LASTS = timedelta(hours=1)
#: Departures for a provider, and answers from one; logout tokens that are refused.
PROVIDER_WINDOWS: Mapping[str, Window] = {
    "address": Window(60, timedelta(minutes=15)),
    "everyone": Window(600, timedelta(minutes=5)),
}
LOGOUT_WINDOWS: Mapping[str, Window] = {
    "address": Window(600, timedelta(minutes=5)),
    "everyone": Window(3000, timedelta(minutes=5)),
}
AUTH_METHODS = ("client_secret_basic", "client_secret_post")
#: Roles a person may be given by the mere domain of her address. The others are given by name, one person at a time.
JOINING_ROLES = ("worker", "intake", "committee_member")
MOST_ITEMS = 20

_DOMAIN = re.compile(r"(?!-)(?:[a-z0-9-]{1,63}\.)+[a-z]{2,63}")
_CLAIM = re.compile(r"[A-Za-z0-9_.:/-]{1,60}")
_VALUE = re.compile(r"[\x21-\x7e]{1,200}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{3,190}")


def email_domain(email: str) -> str | None:
    """The part after the @, in lower case; None when this is no address."""
    found = email.strip()
    return found.rpartition("@")[2].casefold() if _EMAIL.fullmatch(found) and found.isprintable() else None


def domain_allowed(email: str, domains: Collection[str]) -> bool:
    """Whether the address belongs to one of these very domains: a subdomain is another one."""
    return email_domain(email) in domains


def says_verified(value: object) -> bool:
    """Whether a claim says that the address is verified: true, or what some providers write for it (`"true"`, 1)."""
    return value is True or (isinstance(value, str) and value.casefold() in {"true", "1"}) or value == 1


def is_domain(text: str) -> bool:
    """Whether this may be a domain of e-mail addresses."""
    return len(text) <= 190 and _DOMAIN.fullmatch(text) is not None


def is_claim_name(text: str) -> bool:
    """Whether this may be the name of a claim."""
    return _CLAIM.fullmatch(text) is not None


def is_claim_value(text: str) -> bool:
    """Whether this may be a value of `acr` or `amr`: no blank, since `acr_values` is a list separated by blanks."""
    return _VALUE.fullmatch(text) is not None


def listed(text: str) -> tuple[str, ...]:
    """Items typed one a line, or separated by commas or blanks; each once, in order."""
    return tuple(dict.fromkeys(part for part in re.split(r"[\s,;]+", text.strip()) if part))
