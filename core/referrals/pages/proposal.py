"""The recipient proposed for her, and why, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.consent.rules import ADOLESCENT_BANDS, AgeBand
from core.directory.queries.hours import hours_of_many, state_now
from core.directory.queries.places import MunicipalityView, routing_of
from core.directory.rules.hours import OpenState
from core.kernel.i18n import N_
from core.kernel.web.routes import PageRequest
from core.referrals.forms.situation import SituationForm
from core.referrals.pages.words import Options, joined, say
from core.referrals.queries.recipients import candidates
from core.referrals.rules.routing import EXPLANATIONS, Reason, route

#: The youngest age of the bands of minors; older bands are adults to every service.
_YOUNGEST = {AgeBand.FROM_12_TO_13: 12, AgeBand.FROM_14_TO_17: 14}


@dataclass(frozen=True)
class RoutingView:
    """Who will be asked. `chosen`: picked by the sender instead of the proposal. `codes`: the reasons, to be kept.
    `open`: each one's name, and whether it is open now (network rules §3 (8)).
    """

    ids: tuple[UUID, ...]
    names: str
    reasons: tuple[str, ...]
    others: Options
    chosen: bool
    codes: tuple[tuple[str, ...], ...]
    open: tuple[tuple[str, OpenState], ...] = ()

    @property
    def shown(self) -> str:
        """What the page sends back, to prove that she agreed to these recipients and no others."""
        return " ".join(str(one) for one in self.ids)

    @property
    def all_closed(self) -> bool:
        """Whether it is known that none of them answers now: who does meanwhile is said beside it."""
        return bool(self.open) and all(state.known and not state.open for _, state in self.open)

    @property
    def ask_both(self) -> bool:
        """Whether several are asked at once, without identity."""
        return len(self.ids) > 1


def propose(
    session: Session,
    request: PageRequest,
    situation: SituationForm,
    place: MunicipalityView,
    chosen: str,
    excluded: frozenset[UUID] = frozenset(),
) -> RoutingView:
    """The proposal, or the organisation the sender chose among those that can receive her.

    `excluded`: organisations that must never learn of it.
    """
    receiving = {one.id: one for one in candidates(session, sender_id=request.viewer.organisation_id)}
    serving = routing_of(session, place.code)
    band = situation.age_band
    proposal = route(
        place.name or say(request, N_("son secteur")),
        serving.organisation_ids if serving else tuple(receiving),
        receiving.values(),
        territory_known=serving is not None and not serving.ask_both,
        audience="girls" if band in ADOLESCENT_BANDS else "women",
        age=_YOUNGEST.get(band),
        excluded=excluded,
    )
    others = tuple((str(one), receiving[one].name) for one in (*proposal.recipients, *proposal.others))
    ids, reasons = proposal.recipients, proposal.explanation
    picked = next((one for one in (*proposal.recipients, *proposal.others) if str(one) == chosen), None)
    if picked is not None:
        ids, reasons = (picked,), (Reason("chosen", (receiving[picked].name,)),)
    hours = hours_of_many(session, [(one, None) for one in ids])
    return RoutingView(
        ids,
        joined(request, (receiving[one].name for one in ids)),
        tuple(_sentence(request, reason) for reason in reasons),
        others if len(others) > 1 else (),
        picked is not None,
        tuple((reason.code, *reason.names) for reason in reasons),
        tuple((receiving[one].name, state_now(hours[(one, None)], request.now)) for one in ids),
    )


def _sentence(request: PageRequest, reason: Reason) -> str:
    placed = reason.code in ("municipality_rule", "territory_unknown")
    place, names = (reason.names[0], reason.names[1:]) if placed and reason.names else ("", reason.names)
    return say(request, EXPLANATIONS[reason.code]).format(place=place, names=joined(request, names))
