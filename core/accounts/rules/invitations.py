"""What an invitation is worth, which roles an organisation gives, how its code is read aloud."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from core.accounts.rules.throttles import Window

#: Single use, 72 h (network rules: invitations are read out or handed over, never mailed).
INVITATION_LASTS = timedelta(hours=72)
#: What is known of an invitation that is over goes after this.
INVITATION_KEPT = timedelta(days=30)

#: Thirty symbols without 0 O 1 I L U, as in the codes of references: said on a phone without a doubt.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Twelve of them are 58 bits: with the throttle, out of reach in 72 h.
LENGTH = 12

#: Typing a code: per machine, per e-mail address, for everyone. The address that asks comes first.
INVITATION_WINDOWS = {
    "address": Window(20, timedelta(minutes=15)),
    "account": Window(8, timedelta(minutes=15)),
    "everyone": Window(300, timedelta(minutes=5)),
}
#: Inviting: one organisation does not make the platform send mail without end.
INVITING_WINDOWS = {"organisation": Window(60, timedelta(hours=24))}

#: What an organisation's own administration may give. The network's coordination and the operator come by command.
INVITABLE = (
    "worker",
    "intake",
    "organisation_admin",
    "privacy_officer",
    "committee_member",
    "committee_chair",
)


class InvitationState(StrEnum):
    """What an invitation is worth now."""

    PENDING = "pending"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


def invitation_state(
    expires_at: datetime, used_at: datetime | None, revoked_at: datetime | None, now: datetime
) -> InvitationState:
    """One answer, the first that holds: used, revoked, expired, else pending."""
    if used_at is not None:
        return InvitationState.USED
    if revoked_at is not None:
        return InvitationState.REVOKED
    return InvitationState.EXPIRED if now >= expires_at else InvitationState.PENDING


def shown_code(symbols: str) -> str:
    """`7KQM-2XPD-HW9R`: groups of four to read aloud."""
    return "-".join(symbols[at : at + 4] for at in range(0, len(symbols), 4))


def typed_code(text: str) -> str | None:
    """The symbols of a code as typed (case, spaces and hyphens forgiven), None when it cannot be one."""
    symbols = "".join(symbol for symbol in text.upper() if symbol.isalnum())
    return symbols if len(symbols) == LENGTH and all(symbol in ALPHABET for symbol in symbols) else None
