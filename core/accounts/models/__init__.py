"""Tables of the accounts, one file per subject."""

from core.accounts.models.admission import AdmissionApproval, Invitation, OrganisationApplication
from core.accounts.models.agreements import Agreement, AgreementAcceptance
from core.accounts.models.factors import Passkey, PasskeyChallenge, RecoveryCode, TotpSecret
from core.accounts.models.keys import OrganisationKeyChange, OrganisationKeySeal
from core.accounts.models.people import User
from core.accounts.models.providers import (
    IdentityProvider,
    LogoutTokenSeen,
    ProviderAttempt,
    ProviderSession,
    ProviderSubject,
)
from core.accounts.models.sessions import LoginSession, Throttle

__all__ = [
    "AdmissionApproval",
    "Agreement",
    "AgreementAcceptance",
    "IdentityProvider",
    "Invitation",
    "LoginSession",
    "LogoutTokenSeen",
    "OrganisationApplication",
    "OrganisationKeyChange",
    "OrganisationKeySeal",
    "Passkey",
    "PasskeyChallenge",
    "ProviderAttempt",
    "ProviderSession",
    "ProviderSubject",
    "RecoveryCode",
    "Throttle",
    "TotpSecret",
    "User",
]
