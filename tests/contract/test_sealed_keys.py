"""Whatever is sealed to an organisation follows its key pair: a departure replaces the pair."""

from __future__ import annotations

import core.features
from core.accounts.services.keys import sealed_columns
from core.kernel.db import Base
from core.kernel.migrations import plugin_labels
from core.kernel.schema import import_models

#: Sealed to a case's own key; prepared for the pair to come.
NOT_TO_AN_ORGANISATION = {"referral_escrow_seals", "organisation_key_seals"}


def test_every_column_of_sealed_keys_follows() -> None:
    """One that nobody named would be unreadable after the next departure."""
    assert core.features
    import_models(plugin_labels())
    sealed = {table.name for table in Base.metadata.sorted_tables if "sealed_key" in table.columns}
    assert sealed - NOT_TO_AN_ORGANISATION == {column.table.name for column in sealed_columns()}
    assert len(sealed) >= 5
