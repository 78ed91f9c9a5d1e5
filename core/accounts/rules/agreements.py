"""What a person must have accepted, and how an agreement's text is laid out."""

from __future__ import annotations

from dataclasses import dataclass

CONDUCT = "conduct"
PARTNERSHIP = "partnership"

#: Titles people read, by kind.
TITLES = {CONDUCT: "Code de conduite", PARTNERSHIP: "Entente de partenariat"}


@dataclass(frozen=True)
class Block:
    """A piece of text: `kind` is title, heading, list or paragraph; a list has one line per item."""

    kind: str
    lines: tuple[str, ...]


def read_blocks(text: str) -> tuple[Block, ...]:
    """The pieces of a text written with `# `, `## ` and `- ` lines; everything else is a paragraph."""
    blocks: list[Block] = []
    for piece in text.strip().split("\n\n"):
        lines = [line.strip() for line in piece.strip().splitlines()]
        if piece.startswith("## "):
            blocks.append(Block("heading", (piece[3:].strip(),)))
        elif piece.startswith("# "):
            blocks.append(Block("title", (piece[2:].strip(),)))
        elif all(line.startswith("- ") for line in lines):
            blocks.append(Block("list", tuple(line[2:] for line in lines)))
        else:
            blocks.append(Block("paragraph", (" ".join(lines),)))
    return tuple(blocks)


def still_to_accept(*, conduct: bool, partnership: bool, administers: bool) -> tuple[str, ...]:
    """Kinds to accept before going on, given what was accepted already.

    Each person accepts the code of conduct. Only whoever administers the organisation is asked for its partnership
    agreement: a worker on call at night must not be stopped because the administration has not read a new version yet.
    """
    missing = () if conduct else (CONDUCT,)
    return (*missing, PARTNERSHIP) if administers and not partnership else missing
