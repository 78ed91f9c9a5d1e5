"""How many attempts, in which window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network


@dataclass(frozen=True)
class Window:
    """At most `limit` attempts per `length`."""

    limit: int
    length: timedelta


#: Sign-in attempts: per address, per account, per organisation and for everyone (security S13). Whoever asks comes
#: first: an address that is full locks no account, and none of them fills what is wider. The organisation is what
#: follows the @: a known and an unknown account of it are slowed alike, which its name in our tables could not do.
SIGN_IN_WINDOWS = {
    "address": Window(40, timedelta(minutes=15)),
    "account": Window(8, timedelta(minutes=15)),
    "organisation": Window(120, timedelta(minutes=15)),
    "everyone": Window(600, timedelta(minutes=5)),
}
#: Proving again who one is, in a session that is open or locked: the account and its organisation are known.
UNLOCK_WINDOWS = {
    "address": Window(40, timedelta(minutes=15)),
    "account": Window(8, timedelta(minutes=15)),
    "organisation": Window(120, timedelta(minutes=15)),
    "everyone": Window(600, timedelta(minutes=5)),
}
#: The public follow page: few people type a code by hand (network rules §4 *Herself*). Her word is a common one: by the
#: day too, wrong words on one code are few; the right one clears them.
FOLLOW_WINDOWS = {
    "address": Window(20, timedelta(minutes=15)),
    "code": Window(10, timedelta(minutes=15)),
    "code_by_day": Window(20, timedelta(hours=24)),
    "everyone": Window(300, timedelta(minutes=5)),
}
#: Withdrawing with her, by code alone: there is no word to guess, so a code itself is never slowed for long.
WITHDRAWAL_WINDOWS = {
    "person": Window(20, timedelta(minutes=15)),
    "code": Window(10, timedelta(minutes=15)),
    "everyone": Window(300, timedelta(minutes=5)),
}


def mail_domain(email: str) -> str:
    """What follows the last @, in lower case: the organisation as it is known before anybody is."""
    return email.rpartition("@")[2].strip().casefold()


def address_prefix(address: str) -> str:
    """IPv4 /24 or IPv6 /48: enough to slow a machine down, too little to single a person out."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    length = 24 if parsed.version == 4 else 48
    return str(ip_network((parsed, length), strict=False).network_address)
