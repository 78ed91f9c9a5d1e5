"""Files are kept as ciphertext, each under its own key, and shredded with it."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from core.kernel.crypto import Keyring
from core.kernel.errors import Missing
from core.kernel.files import StoredFile, clean, file_facts, read_file, shred_file, store_file
from core.testing import NOW


def drawn() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((40, 40), 50).convert("RGB").save(out, "PNG")
    return out.getvalue()


def test_a_file_comes_back_as_it_was_and_is_nowhere_in_clear(session: Session, keyring: Keyring) -> None:
    file = clean("plan de la salle.png", drawn())
    first = store_file(session, keyring, file, NOW)
    second = store_file(session, keyring, file, NOW)
    assert read_file(session, keyring, first) == file
    facts = file_facts(session, keyring, [first, second])
    assert facts[first].name == "plan de la salle.png"
    assert facts[first].size_bytes == len(file.content)
    rows = session.execute(select(StoredFile.__table__)).all()
    for row in rows:
        raw = b"".join(value for value in row if isinstance(value, bytes))
        assert b"plan de la salle" not in raw
        assert file.content[:40] not in raw
    assert rows[0].content_sealed[40:] != rows[1].content_sealed[40:], "two files share no key"


def test_a_shredded_file_is_gone(session: Session, keyring: Keyring) -> None:
    kept = store_file(session, keyring, clean("a.png", drawn()), NOW)
    gone = store_file(session, keyring, clean("b.png", drawn()), NOW)
    shred_file(session, gone)
    with pytest.raises(Missing):
        read_file(session, keyring, gone)
    assert read_file(session, keyring, kept).name == "a.png"
