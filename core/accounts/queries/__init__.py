"""Reads about people and sessions."""

from core.accounts.queries.people import Account, RoleCount, account, active_user, journal_people, people_by_role
from core.accounts.queries.personas import Persona, demo_user, personas
from core.accounts.queries.sessions import NOBODY, Device, devices, identity

__all__ = [
    "NOBODY",
    "Account",
    "Device",
    "Persona",
    "RoleCount",
    "account",
    "active_user",
    "demo_user",
    "devices",
    "identity",
    "journal_people",
    "people_by_role",
    "personas",
]
