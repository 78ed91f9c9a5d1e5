"""Reads about people and sessions."""

from core.accounts.queries.agreements import Accepted, accepted_agreements, agreement_text, agreements_to_accept
from core.accounts.queries.factors import FactorSummary, PasskeyView, factors_of, passkeys_of
from core.accounts.queries.people import (
    Account,
    RoleCount,
    account,
    active_user,
    journal_people,
    may_sign_in,
    people_by_role,
)
from core.accounts.queries.personas import Persona, demo_user, personas
from core.accounts.queries.sessions import NOBODY, Device, Locked, devices, identity, locked_session
from core.accounts.queries.waiting import count_waiting_with, waiting_since

__all__ = [
    "NOBODY",
    "Accepted",
    "Account",
    "Device",
    "FactorSummary",
    "Locked",
    "PasskeyView",
    "Persona",
    "RoleCount",
    "accepted_agreements",
    "account",
    "active_user",
    "agreement_text",
    "agreements_to_accept",
    "count_waiting_with",
    "demo_user",
    "devices",
    "factors_of",
    "identity",
    "journal_people",
    "locked_session",
    "may_sign_in",
    "passkeys_of",
    "people_by_role",
    "personas",
    "waiting_since",
]
