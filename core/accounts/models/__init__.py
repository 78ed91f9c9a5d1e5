"""Tables of the accounts, one file per subject."""

from core.accounts.models.people import User
from core.accounts.models.sessions import LoginSession, Throttle

__all__ = ["LoginSession", "Throttle", "User"]
