"""Whether this session is sure enough of the person: asked again where content is read, whatever the page did."""

from __future__ import annotations

from core.access.viewer import Viewer
from core.kernel.errors import Forbidden


class SecondFactorMissing(Forbidden):
    """A password alone opens nothing about a woman (security S8)."""

    message = "Montrez d’abord votre clé d’accès ou votre code\u00a0: un mot de passe seul n’ouvre pas cette page."


def require_second_factor(viewer: Viewer) -> None:
    """Raises `SecondFactorMissing` (403) unless a second factor was shown in this session."""
    if not viewer.second_factor:
        raise SecondFactorMissing
