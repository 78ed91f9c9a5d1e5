"""Purposes that plugins add to the closed list, with the exact text she agrees to in each language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Protocol

from core.consent.rules import PurposeRule, register_purpose
from core.consent.wordings import RIGHTS, Wording, register_wording


class Purpose(Protocol):
    """What a plugin's `PurposeSpec` says. Texts are French source texts."""

    @property
    def code(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def explanation(self) -> str: ...
    @property
    def blocks(self) -> frozenset[str]: ...


def install_purposes(purposes: Iterable[Purpose], translate: Callable[[str, str], str]) -> None:
    """Make the enabled plugins' purposes known to the rules, and their explanation the wording in force.

    A version is the text's own digest: a changed explanation is a new version, kept beside the older consents.
    """
    for one in purposes:
        register_purpose(PurposeRule(one.code, one.title, frozenset(one.blocks)))
        for locale, rights in RIGHTS.items():
            text = f"{translate(locale, one.explanation)} {rights}"
            version = hashlib.sha256(text.encode()).hexdigest()[:16]
            register_wording(Wording(one.code, version, locale, text))
