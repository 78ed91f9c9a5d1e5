"""Words for what a referral's page shows: states, steps of its history, priorities, as data."""

from __future__ import annotations

from collections.abc import Mapping

from core.kernel.i18n import N_
from core.referrals.rules.workflow import State

#: State → (words, how its badge looks).
STATE_BADGES: Mapping[State, tuple[str, str]] = {
    State.SUBMITTED: (N_("Reçue"), ""),
    State.QUESTION: (N_("Précisions demandées"), "wait"),
    State.ACCEPTED: (N_("Acceptée"), ""),
    State.IN_PROGRESS: (N_("En cours"), "done"),
    State.CLOSED: (N_("Terminée"), "closed"),
    State.NOT_RECEIVED: (N_("Non accueillie ici"), "closed"),
    State.RETRACTED: (N_("Retirée"), "closed"),
    State.EXPIRED: (N_("Fermée"), "closed"),
    State.WITHDRAWN: (N_("Fermée"), "closed"),
    State.SUSPENDED: (N_("Fermée"), "closed"),
    State.HANDED_BACK: (N_("Remise au partenaire"), "closed"),
    State.DRAFT: (N_("Brouillon"), "wait"),
}

#: The three words an outside sender sees.
SENDER_BADGES: Mapping[str, tuple[str, str]] = {
    "received": (N_("Reçue"), ""),
    "taken": (N_("Prise en charge"), "done"),
    "closed": (N_("Fermée"), "closed"),
}

#: Kind of a history line → words.
ENTRY_LABELS: Mapping[str, str] = {
    "submitted": N_("Reçue"),
    "claimed": N_("Prise en main"),
    "released": N_("Remise à l’équipe"),
    "question": N_("Précision demandée"),
    "answer": N_("Précision reçue"),
    "accepted": N_("Acceptée"),
    "reconfirmed": N_("Accord reconfirmé avec elle"),
    "attempt": N_("Tentative de contact"),
    "priority": N_("Code de priorité"),
    "amended": N_("Modifiée"),
    "consent": N_("Accord renouvelé"),
    "renewed": N_("Accord renouvelé"),
    "restricted": N_("Organisme écarté"),
    "joined": N_("Réunie à une autre référence"),
    "transfer": N_("Offerte à un autre organisme"),
    "onward": N_("Offerte à un autre organisme"),
    "closed": N_("Terminée"),
    "ended": N_("Terminée"),
    "declined": N_("Non accueillie ici"),
    "retracted": N_("Retirée"),
    "contact_changed": N_("Elle a changé la façon de la joindre"),
    "no_calls": N_("Elle ne veut plus être appelée"),
    "clock": N_("Rappel du délai"),
}

SIDES: Mapping[str, str] = {
    "sender": N_("organisme qui réfère"),
    "receiver": N_("organisme qui reçoit"),
    "herself": N_("elle-même"),
    "system": N_("Arrimage"),
}

CLOCK_KINDS: Mapping[str, str] = {
    "urgent": N_("Urgent"),
    "designated_centre": N_("Centre désigné"),
    "standard": N_("Délai habituel"),
}

PURPOSES: Mapping[str, str] = {
    "reference": N_("être jointe"),
    "ask_both": N_("être jointe"),
    "transfer": N_("suite confiée à un autre organisme"),
    "hand_back": N_("retour au partenaire"),
}

PRIORITY_RULES: Mapping[str, str] = {
    "adolescent_never_3": N_("une adolescente n’est jamais en code 3"),
    "no_code_fits": N_("aucun code ne convient : à évaluer"),
    "adolescent": N_("adolescente"),
    "still_in": N_("y est encore"),
}
