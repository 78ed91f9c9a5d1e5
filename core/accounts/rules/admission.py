"""Admission of an organisation: what must be done, by whom, and why not yet (security S5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.access.rules import ALLOWED, Decision, deny
from core.accounts.rules.throttles import Window

#: The public form: few organisations ask in a day; nobody fills the coordination's list.
APPLICATION_WINDOWS = {
    "address": Window(5, timedelta(hours=1)),
    "everyone": Window(40, timedelta(hours=24)),
}
#: What a refused applicant wrote goes after this; a request nobody looked into, after `UNANSWERED_KEPT`.
REFUSED_KEPT = timedelta(days=30)
UNANSWERED_KEPT = timedelta(days=180)
APPROVALS_NEEDED = 2


class ApplicationState(StrEnum):
    """Where a request to come in is. Probation sees and receives nothing."""

    RECEIVED = "received"
    PROBATION = "probation"
    ADMITTED = "admitted"
    REFUSED = "refused"


class Step(StrEnum):
    """What the network does before approving, in the order of the page."""

    CALL_BACK = "call_back"
    AGREEMENT = "agreement"
    OFFICER = "officer"
    REGIME = "regime"
    ADMIN = "admin"
    APPROVALS = "approvals"


#: French source text of each step.
STEPS: Mapping[Step, str] = {
    Step.CALL_BACK: "Rappel à un numéro que l’organisme n’a pas fourni",
    Step.AGREEMENT: "Entente de partenariat signée",
    Step.OFFICER: "Personne responsable de la protection des renseignements personnels",
    Step.REGIME: "Loi qui s’applique",
    Step.ADMIN: "Première personne de l’administration",
    Step.APPROVALS: "Approbation de deux autres organismes",
}
#: Where the number called comes from: never from the applicant.
CALL_SOURCES: Mapping[str, str] = {
    "directory": "Annuaire du réseau",
    "211": "211 Québec",
    "registry": "Registraire des entreprises",
    "official_site": "Site officiel d’un ministère ou d’une municipalité",
    "partner": "Un partenaire déjà admis",
}
REFUSALS: Mapping[str, str] = {
    "not_confirmed": "L’identité de l’organisme n’a pas pu être confirmée",
    "outside_mission": "La mission est hors du réseau",
    "incomplete": "Les pièces demandées ne sont pas venues",
    "gave_up": "L’organisme ne donne pas suite",
    "already_in": "L’organisme est déjà dans le réseau",
}
SUSPENSIONS: Mapping[str, str] = {
    "incident": "Incident de confidentialité en cours",
    "agreement_over": "Entente échue ou rompue",
    "doubt": "Doute sérieux sur l’identité ou l’usage",
    "asked": "À la demande de l’organisme",
}

NUMBER_GIVEN = "Ce numéro vient de la demande\u00a0: rappelez à un numéro trouvé ailleurs."
OWN_ORGANISATION = "Personne n’approuve son propre organisme."
NOT_ADMITTED = "Votre organisme doit être admis pour en approuver un autre."
ALREADY_PERSON = "Vous avez déjà approuvé cette admission."
ALREADY_ORGANISATION = "Votre organisme a déjà approuvé cette admission\u00a0: la seconde approbation vient d’un autre."
STEPS_FIRST = "Il reste des étapes à inscrire avant d’approuver."
NOT_PENDING = "Cette demande n’attend plus d’approbation."
NEVER_ADMITTED = "Cet organisme n’a jamais été admis\u00a0: son admission passe par deux approbations."
NOT_SUSPENDED = "Cet organisme n’est pas suspendu."
NOT_ACTIVE = "Seul un organisme admis peut être suspendu."
OWN_SUSPENSION = "Personne ne suspend ni ne réadmet son propre organisme."


@dataclass(frozen=True)
class CallBack:
    """A call made by the network. Numbers are normalised (E.164) before they come here. `at` is aware UTC."""

    number: str
    by: UUID
    at: datetime


@dataclass(frozen=True)
class Approved:
    """An approval given, and whether its organisation is still admitted."""

    user_id: UUID
    organisation_id: UUID
    admitted: bool = True


@dataclass(frozen=True)
class Approver:
    """Somebody about to approve; her right to (her role) is the route's and the service's to check."""

    user_id: UUID
    organisation_id: UUID
    admitted: bool


@dataclass(frozen=True)
class AdmissionFacts:
    """Everything the decision reads. `numbers_given`: every number the applicant wrote anywhere, normalised."""

    state: ApplicationState
    organisation_id: UUID | None
    numbers_given: frozenset[str] = frozenset()
    call_back: CallBack | None = None
    agreement_signed: bool = False
    officer_named: bool = False
    regime_set: bool = False
    admin_named: bool = False
    approvals: tuple[Approved, ...] = ()


@dataclass(frozen=True)
class AdmissionState:
    """`decision.allowed`: the organisation may be admitted now. `missing`: the steps left, in order."""

    decision: Decision
    missing: tuple[Step, ...]


def call_back_allowed(number: str, numbers_given: frozenset[str]) -> Decision:
    """A call-back proves nothing when it reaches the number the applicant chose."""
    return deny(NUMBER_GIVEN) if number in numbers_given else ALLOWED


def counted_approvals(facts: AdmissionFacts) -> tuple[Approved, ...]:
    """The approvals that count: other organisations, still admitted, one each, one a person."""
    counted: list[Approved] = []
    for one in facts.approvals:
        fresh = all(one.user_id != other.user_id and one.organisation_id != other.organisation_id for other in counted)
        if one.admitted and one.organisation_id != facts.organisation_id and fresh:
            counted.append(one)
    return tuple(counted)


def admission_state(facts: AdmissionFacts) -> AdmissionState:
    """Whether the organisation may be admitted now, why not, and what is left to do."""
    call = facts.call_back
    done = {
        Step.CALL_BACK: call is not None and call_back_allowed(call.number, facts.numbers_given).allowed,
        Step.AGREEMENT: facts.agreement_signed,
        Step.OFFICER: facts.officer_named,
        Step.REGIME: facts.regime_set,
        Step.ADMIN: facts.admin_named,
        Step.APPROVALS: len(counted_approvals(facts)) >= APPROVALS_NEEDED,
    }
    missing = tuple(step for step in Step if not done[step])
    if facts.state is not ApplicationState.PROBATION or facts.organisation_id is None:
        return AdmissionState(deny(NOT_PENDING), missing)
    if missing:
        return AdmissionState(deny(STEPS_FIRST), missing)
    return AdmissionState(ALLOWED, ())


def may_approve(facts: AdmissionFacts, approver: Approver) -> Decision:
    """Whether this person's approval can be added: never twice, never one's own organisation, never two from one."""
    if facts.state is not ApplicationState.PROBATION or facts.organisation_id is None:
        return deny(NOT_PENDING)
    if approver.organisation_id == facts.organisation_id:
        return deny(OWN_ORGANISATION, discoverable=False)
    if not approver.admitted:
        return deny(NOT_ADMITTED)
    if any(one.user_id == approver.user_id for one in facts.approvals):
        return deny(ALREADY_PERSON)
    if any(one.organisation_id == approver.organisation_id for one in facts.approvals):
        return deny(ALREADY_ORGANISATION)
    if any(step is not Step.APPROVALS for step in admission_state(facts).missing):
        return deny(STEPS_FIRST)
    return ALLOWED


def may_suspend(status: str, *, own: bool) -> Decision:
    """Only an admitted organisation: suspending then readmitting is no way round the approvals."""
    if own:
        return deny(OWN_SUSPENSION)
    return ALLOWED if status == "admitted" else deny(NOT_ACTIVE)


def may_readmit(status: str, *, own: bool, was_admitted: bool) -> Decision:
    """Only a suspended organisation that was admitted before."""
    if own:
        return deny(OWN_SUSPENSION)
    if status != "suspended":
        return deny(NOT_SUSPENDED)
    return ALLOWED if was_admitted else deny(NEVER_ADMITTED)
