"""Consent as pure rules: what a woman agreed to, who may say so for her, and what may therefore be shared.

Everything is denied unless a consent says otherwise. Source: network rules §3 (2) and §4; the age rules are data with
a version because counsel has still to confirm them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID


class Block(StrEnum):
    """The blocks of information of a referral; each one is agreed to, encrypted and opened by itself."""

    IDENTITY = "identity"
    CONTACT = "contact"
    SAFETY = "safety"
    SITUATION = "situation"
    NEEDS = "needs"
    JUDICIAL = "judicial"
    FOLLOW_UP = "follow_up"
    THREAD = "thread"


#: What she is asked about. The thread is the partners' own conversation and follows the offer, not her choice.
CONSENT_BLOCKS: frozenset[Block] = frozenset(Block) - {Block.THREAD}


class ConsentStatus(StrEnum):
    """Where a consent stands. Only `ACTIVE` lets anything be shared."""

    ACTIVE = "active"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    REPLACED = "replaced"
    REFUSED = "refused"
    SUSPENDED = "suspended"


class GivenBy(StrEnum):
    """Who gave the consent (network rules §4)."""

    HERSELF = "herself"
    PARENTAL_AUTHORITY = "parental_authority"
    TUTOR = "tutor"


class Modality(StrEnum):
    """How it was given."""

    SPOKEN = "spoken"
    WRITTEN = "written"
    PHONE = "phone"


class Interpreter(StrEnum):
    """Who translated, if anyone. A relative never does, so there is no value for one."""

    NONE = "none"
    PROFESSIONAL = "professional"
    COLLEAGUE = "colleague"
    RELATIVE = "relative"


class SenderMayLearn(StrEnum):
    """What the sender is told after acceptance (network rules §3 (6))."""

    RECEIVED_ONLY = "received_only"
    STAGES = "stages"
    REACHED = "reached"


class AgeBand(StrEnum):
    """Age, never a birth date. Services start at 12 (*niveau secondaire*); below, the form stops and says who can."""

    UNDER_12 = "under_12"
    FROM_12_TO_13 = "12_13"
    FROM_14_TO_17 = "14_17"
    FROM_18_TO_24 = "18_24"
    FROM_25_TO_34 = "25_34"
    FROM_35_TO_49 = "35_49"
    FROM_50_TO_64 = "50_64"
    FROM_65 = "65_plus"
    ADULT = "adult"


ADOLESCENT_BANDS: frozenset[AgeBand] = frozenset({AgeBand.FROM_12_TO_13, AgeBand.FROM_14_TO_17})


class Attestation(StrEnum):
    """What the worker attests; every item is required, none is pre-ticked."""

    ALONE = "alone"
    FREE_TO_LEAVE = "free_to_leave"
    NOT_DETAINED = "not_detained"
    ABLE = "able"
    UNDERSTOOD = "understood"
    MAY_REFUSE = "may_refuse"
    MAY_WITHDRAW = "may_withdraw"


class Help(StrEnum):
    """What a stopped form shows instead of sending."""

    EMERGENCY = "911"
    YOUTH_PROTECTION = "dpj"
    NO_IDENTITY_CONSULTATION = "consultation"
    DIRECTORY = "directory"


DEFAULT_VALIDITY = timedelta(days=90)


@dataclass(frozen=True)
class PurposeRule:
    """One purpose a consent may have. A plugin registers its own (`<plugin>.<purpose>`)."""

    key: str
    label: str
    blocks: frozenset[str]


REFERENCE = "reference"
TRANSFER = "transfer"
HAND_BACK = "hand_back"
JOINT_INQUIRY = "ask_both"

_PURPOSES: dict[str, PurposeRule] = {
    rule.key: rule
    for rule in (
        PurposeRule(REFERENCE, "Être jointe par un organisme", frozenset(CONSENT_BLOCKS)),
        PurposeRule(JOINT_INQUIRY, "Être jointe par l’organisme qui dessert son secteur", frozenset(CONSENT_BLOCKS)),
        PurposeRule(TRANSFER, "Confier la suite à un autre organisme", frozenset(CONSENT_BLOCKS)),
        PurposeRule(HAND_BACK, "Revenir à l’organisme qui l’accompagnait", frozenset(CONSENT_BLOCKS)),
    )
}


def register_purpose(rule: PurposeRule) -> None:
    """Add a plugin's purpose. Raises `ValueError` when the key is taken or asks for an unknown block."""
    if _PURPOSES.get(rule.key, rule) != rule:
        raise ValueError(f"purpose {rule.key} is already registered")
    unknown = rule.blocks - CONSENT_BLOCKS
    if unknown:
        raise ValueError(f"purpose {rule.key} names unknown blocks: {', '.join(sorted(unknown))}")
    _PURPOSES[rule.key] = rule


def purposes() -> dict[str, PurposeRule]:
    """Every known purpose by key."""
    return dict(_PURPOSES)


@dataclass(frozen=True)
class ConsentFacts:
    """The current version of one consent, as the rules read it."""

    id: UUID
    purpose: str
    discloser: UUID
    recipient: UUID
    blocks: frozenset[str]
    status: ConsentStatus
    granted_at: datetime
    expires_at: datetime
    sender_may_learn: SenderMayLearn = SenderMayLearn.STAGES
    version: int = 1


@dataclass(frozen=True)
class ShareDecision:
    """Whether all that was asked may be shared; if not, `permitted_blocks` says what may. `reason` is a code."""

    allowed: bool
    permitted_blocks: frozenset[str]
    reason: str
    consent_id: UUID | None = None


#: Why nothing or not everything is shared, in French source text.
REASONS: dict[str, str] = {
    "ok": "Elle y consent.",
    "no_consent": "Aucun consentement ne nomme cet organisme pour ce but.",
    "recipient": "Le consentement ne nomme pas cet organisme.",
    "purpose": "Le consentement a été donné pour un autre but.",
    "block": "Elle n’a pas consenti à partager un de ces renseignements.",
    "refused": "Elle a refusé.",
    "withdrawn": "Le consentement n’est plus actif.",
    "suspended": "Le consentement n’est plus actif.",
    "replaced": "Un consentement plus récent remplace celui-ci.",
    "expired": "Le consentement est expiré. Renouvelez-le avec elle.",
    "not_yet": "Le consentement porte une date à venir.",
}


def consent_reason(consent: ConsentFacts, at: datetime) -> str:
    """`ok` when the consent is in force at that instant, else the code of what is wrong with it."""
    if consent.status is not ConsentStatus.ACTIVE:
        return consent.status.value
    if at < consent.granted_at:
        return "not_yet"
    if at >= consent.expires_at:
        return "expired"
    return "ok"


def may_share(
    consents: Iterable[ConsentFacts], purpose: str, recipient: UUID, blocks: Iterable[str], at: datetime
) -> ShareDecision:
    """What may be shared with `recipient` for `purpose` at `at` (UTC). Denied unless one consent says so (rule §3 (2)).

    Consents are never added together: one purpose, one recipient, one consent. The newest version in force decides.
    """
    asked = frozenset(str(block) for block in blocks)
    every = list(consents)
    named = [consent for consent in every if consent.recipient == recipient]
    fitting = [consent for consent in named if consent.purpose == purpose]
    if not fitting:
        reason = "no_consent" if not every else "recipient" if not named else "purpose"
        return ShareDecision(False, frozenset(), reason)
    fitting.sort(key=lambda consent: (consent.granted_at, consent.version), reverse=True)
    reason = consent_reason(fitting[0], at)
    for consent in fitting:
        if consent_reason(consent, at) == "ok":
            permitted = asked & consent.blocks
            complete = permitted == asked
            return ShareDecision(complete, permitted, "ok" if complete else "block", consent.id)
    return ShareDecision(False, frozenset(), reason)


@dataclass(frozen=True)
class AgeRule:
    """Who may consent for one range of age bands."""

    bands: frozenset[AgeBand]
    may_consent: frozenset[GivenBy]
    refusal: str
    stops: bool
    help: tuple[Help, ...]


@dataclass(frozen=True)
class AgeRules:
    """The age rules in force from a version on."""

    version: str
    rules: tuple[AgeRule, ...]


_ADULTS = frozenset(AgeBand) - ADOLESCENT_BANDS - {AgeBand.UNDER_12}

AGE_RULES = AgeRules(
    version="2026-11",
    rules=(
        AgeRule(
            frozenset({AgeBand.UNDER_12}),
            frozenset(),
            "Les services de ce réseau s’adressent aux personnes de 12 ans et plus. Rien n’a été enregistré.",
            True,
            (Help.EMERGENCY, Help.YOUTH_PROTECTION, Help.NO_IDENTITY_CONSULTATION, Help.DIRECTORY),
        ),
        # Civil Code, art. 14 and P-39.1, s. 4.1: under 14, the person having parental authority or the tutor.
        AgeRule(
            frozenset({AgeBand.FROM_12_TO_13}),
            frozenset({GivenBy.PARENTAL_AUTHORITY, GivenBy.TUTOR}),
            "Avant 14 ans, il faut le consentement d’un parent, d’une tutrice ou d’un tuteur "
            "qui ne la met pas en danger. Rien n’a été enregistré.",
            True,
            (Help.EMERGENCY, Help.YOUTH_PROTECTION, Help.NO_IDENTITY_CONSULTATION),
        ),
        # The Act also admits the parent from 14 to 17; this network asks for hers (network rules §4).
        AgeRule(
            frozenset({AgeBand.FROM_14_TO_17}),
            frozenset({GivenBy.HERSELF}),
            "De 14 à 17 ans, c’est elle qui consent : l’accord d’un parent ne suffit pas.",
            False,
            (Help.NO_IDENTITY_CONSULTATION,),
        ),
        AgeRule(
            _ADULTS,
            frozenset({GivenBy.HERSELF, GivenBy.TUTOR}),
            "Une adulte consent elle-même, ou par sa tutrice ou son tuteur.",
            False,
            (),
        ),
    ),
)


@dataclass(frozen=True)
class AgeDecision:
    """`stop`: the form stops, stores nothing and shows `help`. Otherwise a refusal keeps the form."""

    allowed: bool
    stop: bool
    reason: str
    help: tuple[Help, ...] = ()
    rules_version: str = AGE_RULES.version


def who_may_consent(
    band: AgeBand,
    given_by: GivenBy,
    *,
    giver_suspected: bool = False,
    immediate_danger: bool = False,
    rules: AgeRules = AGE_RULES,
) -> AgeDecision:
    """Apply the age rules (network rules §4). Danger first: no form is worth more than a call to 911."""
    if immediate_danger:
        return AgeDecision(
            False,
            True,
            "Danger immédiat : appelez le 911. Rien n’a été enregistré.",
            (Help.EMERGENCY, Help.YOUTH_PROTECTION, Help.NO_IDENTITY_CONSULTATION),
            rules.version,
        )
    for rule in rules.rules:
        if band not in rule.bands:
            continue
        suspect = giver_suspected and given_by is not GivenBy.HERSELF
        if given_by in rule.may_consent and not suspect:
            return AgeDecision(True, False, "", (), rules.version)
        reason = rule.refusal
        if suspect and not rule.stops:
            reason = "Une personne qui pourrait être impliquée ne peut ni consentir ni être avisée."
        return AgeDecision(False, rule.stops, reason, rule.help, rules.version)
    return AgeDecision(False, True, "Groupe d’âge inconnu.", (Help.EMERGENCY,), rules.version)


def attestation_missing(items: Iterable[str]) -> tuple[Attestation, ...]:
    """The attestation items not ticked, in the order of the form."""
    given = set(items)
    return tuple(item for item in Attestation if item.value not in given)


def interpreter_allowed(interpreter: Interpreter) -> bool:
    """A relative never translates: she could not speak freely (network rules §4)."""
    return interpreter is not Interpreter.RELATIVE
