"""What people type on the pages of accounts."""

from core.accounts.forms.sign_in import LanguageForm, SignInForm

__all__ = ["LanguageForm", "SignInForm"]
