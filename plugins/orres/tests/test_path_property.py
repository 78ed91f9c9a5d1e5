"""Whatever is done, in whatever order: an organisation never sees a step beyond the consent in force, nor loses one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from core.api import AgeBand, Attestation, ConsentInput, DomainError, Missing, purpose_wording
from core.testing import referrals as r
from core.testing.network import Network

from ..queries.path import PathView
from ..rules.path import Status
from ..services import path
from . import path_samples as h

FIRST, SECOND = "calacs-chrysalide", "calacs-coup-de-coeur"
OTHER = {FIRST: SECOND, SECOND: FIRST}
STEPS = ("ecouter", "abri")
WHO = st.sampled_from([FIRST, SECOND])
ACTS = st.one_of(
    st.tuples(st.just("mark"), WHO, st.sampled_from(STEPS), st.sampled_from(list(Status))),
    st.tuples(st.just("undo"), WHO, st.sampled_from(STEPS)),
    st.tuples(st.just("agree"), WHO),
    st.tuples(st.just("stop"), WHO),
    st.tuples(st.just("close"), WHO),
    st.tuples(st.just("suspend")),
    st.tuples(st.just("resume")),
    st.tuples(st.just("withdraw"), WHO),
)


class Undone(Exception):
    """Ends an example: whatever it wrote is rolled back."""


class Story:
    """One person, two references, what was said and agreed to: the model beside the database."""

    def __init__(self, network: Network, session: Session, codes: dict[str, str]) -> None:
        self.network, self.session, self.codes = network, session, codes
        self.viewers = {who: network.viewer(who) for who in OTHER}
        self.said: dict[str, dict[str, list[Status]]] = {who: {} for who in OTHER}
        self.agreed: set[str] = set()
        self.live = set(OTHER)
        self.suspended = False

    def sees(self, who: str) -> dict[tuple[str, str], Status] | None:
        """What that organisation may see by the model: (who said it, step) -> what. None: no page."""
        if who not in self.live or self.suspended:
            return None
        shown = [who, *([OTHER[who]] if OTHER[who] in self.agreed else [])]
        return {(one, step): said[-1] for one in shown for step, said in self.said[one].items()}

    def do(self, act: str, *given: Any) -> None:
        """Do it in both; what the services refuse changes nothing."""
        try:
            with self.session.begin_nested():
                getattr(self, f"_{act}")(*given)
        except DomainError:
            return
        getattr(self, f"_{act}_known")(*given)

    def _common(self, who: str) -> tuple[Any, ...]:
        return self.session, self.network.keyring, self.viewers[who], self.codes[who]

    def _mark(self, who: str, step: str, said: Status) -> None:
        seen = self.said[who].get(step)
        path.mark_step(*self._common(who), step, said, self.network.clock.now(), seen[-1].value if seen else "")

    def _mark_known(self, who: str, step: str, said: Status) -> None:
        kept = self.said[who].setdefault(step, [])
        if not kept or kept[-1] is not said:
            self.said[who][step] = [*kept[-1:], said]

    def _undo(self, who: str, step: str) -> None:
        path.undo_step(*self._common(who), step, self.network.clock.now())

    def _undo_known(self, who: str, step: str) -> None:
        self.said[who][step].pop()
        if not self.said[who][step]:
            del self.said[who][step]

    def _agree(self, who: str) -> None:
        given = ConsentInput(
            recipient_id=self.viewers[OTHER[who]].organisation_id,  # type: ignore[arg-type]
            blocks=path.BLOCKS,
            age_band=AgeBand.FROM_18_TO_24,
            wording_sha256=purpose_wording(path.PURPOSE, "fr").sha256,
            attestation=frozenset(one.value for one in Attestation),
        )
        path.show_to(*self._common(who), given, self.network.clock.now())

    def _agree_known(self, who: str) -> None:
        self.agreed.add(who)

    def _stop(self, who: str) -> None:
        other = self.viewers[OTHER[who]].organisation_id
        assert other is not None
        path.stop_showing(self.session, self.viewers[who], self.codes[who], other, self.network.clock.now())

    def _stop_known(self, _who: str) -> None:
        # In either direction: it is between the two that she takes it back. While all is suspended, nothing stands
        if not self.suspended:
            self.agreed.clear()

    def _close(self, who: str) -> None:
        r.close_in(self.session, self.network, who, self.codes[who])

    def _close_known(self, who: str) -> None:
        self.live.discard(who)

    def _suspend(self) -> None:
        if self.suspended or not self.live:
            raise Missing
        r.by_herself_in(self.session, self.network, self.codes[FIRST], undo=False)

    def _suspend_known(self) -> None:
        self.suspended = True

    def _resume(self) -> None:
        if not self.suspended:
            raise Missing
        r.by_herself_in(self.session, self.network, self.codes[FIRST], undo=True)

    def _resume_known(self) -> None:
        self.suspended = False

    def _withdraw(self, who: str) -> None:
        r.withdraw_in(self.session, self.network, who, self.codes[who])

    def _withdraw_known(self, _who: str) -> None:
        self.live.clear()
        self.suspended = False


def told(view: PathView, names: dict[Any, str]) -> dict[tuple[str, str], Status]:
    """Every mark that a page shows, wherever it stands on it."""
    shown = view.shown
    steps = (*shown.done, *shown.begun, *shown.not_for_her, *shown.next)
    return {(names[one.organisation], one.node): one.status for step in steps for one in step.marks}


@pytest.mark.parametrize("network", ["sqlite"], indirect=True)
def test_no_order_of_acts_shows_more_than_she_agreed_to(network: Network) -> None:
    network.app()
    h.publish(network)
    code = r.a_referral(network, "communautaire-ajrj")
    r.accept_referral(network, FIRST, code)
    second = r.refer_onward(network, FIRST, code, "calacs-coup-de-coeur")
    r.accept_referral(network, SECOND, second)
    names = {network.viewer(who).organisation_id: who for who in OTHER}

    def play(acts: list[tuple[Any, ...]]) -> None:
        with network.database.transaction() as session:
            story = Story(network, session, {FIRST: code, SECOND: second})
            for act in acts:
                story.do(*act)
                for who in OTHER:
                    wanted = story.sees(who)
                    try:
                        with session.begin_nested():
                            found = told(path.read_path(*story._common(who), network.clock.now()), names)
                    except Missing:
                        assert wanted is None, (act, who)
                    else:
                        assert found == wanted, (act, who)
            raise Undone

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ACTS, min_size=4, max_size=14))
    def check(acts: list[tuple[Any, ...]]) -> None:
        with pytest.raises(Undone):
            play(acts)

    check()
