"""Errors a person may meet: each carries its HTTP status and a French sentence, nothing personal."""

from __future__ import annotations


class DomainError(Exception):
    """A refusal by a rule. The transaction rolls back and the page says `message`.

    `message` is French source text (translated at display) and never holds what the person typed. `remedy`: address
    of the page of ours that says what would change the answer.
    """

    status: int = 422
    message: str = "Cette action n’est pas possible."

    def __init__(self, message: str | None = None, *, status: int | None = None, remedy: str = "") -> None:
        self.message = message if message is not None else type(self).message
        self.status = status if status is not None else type(self).status
        self.remedy = remedy
        self.page: object | None = None
        super().__init__(self.message)

    def showing(self, page: object) -> DomainError:
        """The same error, answered with `page` (the form kept) instead of a bare message; it still rolls back."""
        self.page = page
        return self


class Missing(DomainError):
    """The thing does not exist, or this viewer may not know that it does."""

    status = 404
    message = "Page introuvable."


class Forbidden(DomainError):
    """The viewer may know of the thing, and may not do this to it."""

    status = 403
    message = "Votre rôle ne permet pas cette action."


class Stale(DomainError):
    """Somebody else changed it meanwhile (compare-and-swap lost)."""

    status = 409
    message = "Une autre personne vient de modifier cette page. Voici sa version à jour."


class StartupError(Exception):
    """The application refuses to start; the text names the file, the key and the remedy."""
