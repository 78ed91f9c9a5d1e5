"""Signing in with somebody else's OpenID Connect provider: knows no feature, no table.

`outbound` asks another server; `discovery` keeps what a provider publishes; `code_flow` sends a browser there and
verifies what comes back; `tokens` verifies signatures; `claims` is pure.
"""

from core.kernel.oidc.claims import Refused
from core.kernel.oidc.code_flow import (
    Attempt,
    Client,
    Recognised,
    authorization_address,
    check_answer,
    logout_claims,
    recognise,
)
from core.kernel.oidc.discovery import PROVIDERS, Provider, Providers
from core.kernel.oidc.outbound import Reach, checked_address
from core.kernel.oidc.tokens import token_header, unverified_claims

__all__ = [
    "PROVIDERS",
    "Attempt",
    "Client",
    "Provider",
    "Providers",
    "Reach",
    "Recognised",
    "Refused",
    "authorization_address",
    "check_answer",
    "checked_address",
    "logout_claims",
    "recognise",
    "token_header",
    "unverified_claims",
]
