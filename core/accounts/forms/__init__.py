"""What people type on the pages of accounts."""

from core.accounts.forms.factors import (
    CodeForm,
    FactorForm,
    LabelForm,
    NewPasskeyForm,
    PasskeySignInForm,
    SuiteForm,
)
from core.accounts.forms.sign_in import LanguageForm, SignInForm, UnlockForm

__all__ = [
    "CodeForm",
    "FactorForm",
    "LabelForm",
    "LanguageForm",
    "NewPasskeyForm",
    "PasskeySignInForm",
    "SignInForm",
    "SuiteForm",
    "UnlockForm",
]
