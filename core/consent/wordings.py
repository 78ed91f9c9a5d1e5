"""The consent texts, by purpose, version and language. A changed text is a new version, never an edit.

Plain French, second person left out so that it can be read aloud; no organisation is named, the page names it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from core.consent.rules import HAND_BACK, JOINT_INQUIRY, REFERENCE, TRANSFER


@dataclass(frozen=True)
class Wording:
    """One text; `sha256` (hex) is what a consent keeps and what the form sends back."""

    purpose: str
    version: str
    locale: str
    text: str

    @property
    def sha256(self) -> str:
        """Digest of the purpose, the version, the language and the exact text."""
        return hashlib.sha256("\n".join((self.purpose, self.version, self.locale, self.text)).encode()).hexdigest()


_RIGHTS_FR = (
    "Je peux dire non sans perdre aucun service. Je peux changer d’avis en tout temps, sans dire pourquoi : avec mon "
    "code et mon mot, ou par n’importe quel organisme qui est avec moi. Mon accord vaut 90 jours au plus. Mon nom "
    "n’est pas obligatoire : un prénom que je choisis suffit. On me joint seulement de la façon, aux heures et avec "
    "les mots qui sont sans danger pour moi."
)
_RIGHTS_EN = (
    "I may say no without losing any service. I may change my mind at any time without saying why: with my code and "
    "my word, or through any organization that is with me. My agreement lasts 90 days at most. My name is not "
    "required: a first name that I choose is enough. I am reached only in the way, at the times and with the words "
    "that are safe for me."
)

#: What every wording ends with, by language.
RIGHTS = {"fr": _RIGHTS_FR, "en": _RIGHTS_EN}

_TEXTS: dict[tuple[str, str], tuple[str, str]] = {
    (REFERENCE, "2026-11"): (
        (
            "J’accepte que l’organisme qui est avec moi transmette les renseignements choisis à l’organisme nommé "
            "ici, et à lui seul, pour qu’il me joigne. Avant d’avoir accepté, il ne verra ni mon nom ni comment me "
            "joindre. "
        ),
        (
            "I agree that the organization that is with me send the chosen information to the organization named "
            "here, and to it alone, so that it can reach me. Before it has accepted, it will see neither my name nor "
            "how to reach me. "
        ),
    ),
    (JOINT_INQUIRY, "2026-11"): (
        (
            "On ne sait pas encore quel organisme dessert mon secteur. J’accepte qu’on demande à chacun des "
            "organismes nommés ici, sans dire qui je suis, et que le premier qui accepte, et lui seul, reçoive les "
            "renseignements choisis pour me joindre. "
        ),
        (
            "It is not known yet which organization serves my area. I agree that each organization named here be "
            "asked without saying who I am, and that the first one to accept, and it alone, receive the chosen "
            "information to reach me. "
        ),
    ),
    (TRANSFER, "2026-11"): (
        (
            "J’accepte que l’organisme qui m’accompagne confie la suite à l’organisme nommé ici et lui transmette les "
            "renseignements choisis. Quand il aura accepté, c’est lui qui sera responsable de me joindre. "
        ),
        (
            "I agree that the organization that supports me hand over to the organization named here and send it "
            "the chosen information. Once it has accepted, it will be responsible for reaching me. "
        ),
    ),
    (HAND_BACK, "2026-11"): (
        (
            "J’accepte de revenir à l’organisme nommé ici, qui m’accompagnait, et que les renseignements choisis "
            "lui soient transmis. "
        ),
        (
            "I agree to go back to the organization named here, which supported me before, and that the chosen "
            "information be sent to it. "
        ),
    ),
}
CURRENT_VERSION = "2026-11"

_WORDINGS: dict[str, Wording] = {}
_CURRENT: dict[tuple[str, str], Wording] = {}


def register_wording(wording: Wording, *, current: bool = True) -> Wording:
    """Add a text (a plugin's purpose brings its own) and return it."""
    _WORDINGS[wording.sha256] = wording
    if current:
        _CURRENT[(wording.purpose, wording.locale)] = wording
    return wording


for (_purpose, _version), (_fr, _en) in _TEXTS.items():
    register_wording(Wording(_purpose, _version, "fr", _fr + _RIGHTS_FR), current=_version == CURRENT_VERSION)
    register_wording(Wording(_purpose, _version, "en", _en + _RIGHTS_EN), current=_version == CURRENT_VERSION)


def current_wording(purpose: str, locale: str) -> Wording:
    """The text in force for a purpose; French when the language has none. Raises KeyError for an unknown purpose."""
    return _CURRENT.get((purpose, locale)) or _CURRENT[(purpose, "fr")]


def is_current(purpose: str, sha256: str) -> bool:
    """Whether the digest names a text in force for that purpose, in any language."""
    return any(wording.sha256 == sha256 for (of, _), wording in _CURRENT.items() if of == purpose)


def wording(sha256: str) -> Wording:
    """A text by its digest, current or not. Raises KeyError when it never existed."""
    return _WORDINGS[sha256]
