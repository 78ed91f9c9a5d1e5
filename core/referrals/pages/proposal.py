"""The recipient proposed for her, and why, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from core.directory.queries.organisations import capacity_of_all, organisations_receiving
from core.directory.queries.places import MunicipalityView, routing_of
from core.kernel.web.routes import PageRequest
from core.referrals.forms.situation import SituationForm
from core.referrals.pages.words import Options, joined, say
from core.referrals.rules.routing import EXPLANATIONS, Candidate, Reason, route


@dataclass(frozen=True)
class RoutingView:
    """Who will be asked. `chosen`: picked by the sender instead of the proposal. `codes`: the reasons, to be kept."""

    ids: tuple[UUID, ...]
    names: str
    reasons: tuple[str, ...]
    others: Options
    chosen: bool
    codes: tuple[tuple[str, ...], ...]

    @property
    def ask_both(self) -> bool:
        """Whether several are asked at once, without identity."""
        return len(self.ids) > 1


def propose(
    session: Session, request: PageRequest, situation: SituationForm, place: MunicipalityView, chosen: str
) -> RoutingView:
    """The proposal, or the organisation the sender chose among those that can receive her."""
    receiving = {one.id: one for one in organisations_receiving(session) if one.id != request.viewer.organisation_id}
    serving = routing_of(session, place.code)
    capacity = capacity_of_all(session, tuple(receiving))
    proposal = route(
        place.name,
        serving.organisation_ids if serving else tuple(receiving),
        [Candidate(one.id, one.name, capacity[one.id].state.value) for one in receiving.values()],
        territory_known=serving is not None and not serving.ask_both,
    )
    others = tuple((str(one), receiving[one].name) for one in (*proposal.recipients, *proposal.others))
    ids, reasons = proposal.recipients, proposal.explanation
    picked = next((one for one in receiving if str(one) == chosen), None)
    if picked is not None:
        ids, reasons = (picked,), (Reason("chosen", (receiving[picked].name,)),)
    return RoutingView(
        ids,
        joined(request, (receiving[one].name for one in ids)),
        tuple(_sentence(request, reason) for reason in reasons),
        others if len(others) > 1 else (),
        picked is not None,
        tuple((reason.code, *reason.names) for reason in reasons),
    )


def _sentence(request: PageRequest, reason: Reason) -> str:
    placed = reason.code in ("municipality_rule", "territory_unknown")
    place, names = (reason.names[0], reason.names[1:]) if placed and reason.names else ("", reason.names)
    return say(request, EXPLANATIONS[reason.code]).format(place=place, names=joined(request, names))
