"""Whatever the fund records for an organisation is said in words to its privacy officer."""

from __future__ import annotations

from pathlib import Path

from core.testing.acts import recorded_acts

from ..acts import acts

#: Read at the command line only: the network's own chain.
OF_THE_NETWORK = {"bien_etre.receipt_read"}


def test_every_act_and_fact_of_an_organisation_has_its_words() -> None:
    recorded = recorded_acts("bien_etre", Path(__file__).parents[1], {"note"})
    worded = {act.action: set(act.facts) for act in acts()}
    assert set(recorded) - OF_THE_NETWORK == set(worded)
    assert {act: facts - worded.get(act, set()) for act, facts in recorded.items() if act in worded} == {
        act: set() for act in worded
    }
