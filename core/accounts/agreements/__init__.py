"""The agreements' texts: `<kind>-<version>.<language>.md`. A changed text is a new version, never an edit.

To be confirmed by counsel before the platform serves real people.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.accounts.rules import CONDUCT, PARTNERSHIP, Block, read_blocks

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class AgreementText:
    """One version of one agreement. `hash` (hex) is what an acceptance keeps and what the form sends back."""

    kind: str
    version: int
    fr: str
    en: str

    @cached_property
    def hash(self) -> str:
        """Digest of the kind, the version and both exact texts."""
        return hashlib.sha256("\n".join((self.kind, str(self.version), self.fr, self.en)).encode()).hexdigest()

    def blocks(self, locale: str) -> tuple[Block, ...]:
        """The text in the reader's language, ready to be drawn."""
        return read_blocks(self.en if locale == "en" else self.fr)


def _newest(kind: str) -> AgreementText:
    version = max(int(path.name.split("-")[1].split(".")[0]) for path in _FOLDER.glob(f"{kind}-*.fr.md"))
    fr, en = ((_FOLDER / f"{kind}-{version}.{locale}.md").read_text(encoding="utf-8") for locale in ("fr", "en"))
    return AgreementText(kind, version, fr, en)


#: The version in force of each kind, by kind.
IN_FORCE: dict[str, AgreementText] = {kind: _newest(kind) for kind in (CONDUCT, PARTNERSHIP)}
