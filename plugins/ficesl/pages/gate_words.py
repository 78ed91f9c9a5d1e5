"""What each permission of the core lets one do, for the pages that say a training opens it."""

from __future__ import annotations

from typing import Final

from core.api import N_, House

CORE_PERMISSIONS: Final[dict[str, str]] = {
    "admission_approve": N_("Approuver l’adhésion d’un organisme"),
    "capacity_update": N_("Tenir les places disponibles à jour"),
    "committee_manage": N_("Tenir les comités"),
    "committee_read": N_("Lire les travaux des comités"),
    "committee_vote": N_("Voter dans un comité"),
    "directory_propose": N_("Proposer une correction à l’annuaire"),
    "directory_read_partners": N_("Lire l’annuaire des partenaires"),
    "hours_approve": N_("Approuver des heures"),
    "hours_enter": N_("Inscrire des heures"),
    "journal_read": N_("Lire le journal"),
    "referral_receive": N_("Accepter une référence"),
    "referral_send": N_("Envoyer une référence"),
    "report_network": N_("Lire le rapport du réseau"),
    "report_own": N_("Lire le rapport de son organisme"),
    "report_read": N_("Lire les rapports"),
    "report_write": N_("Écrire le rapport"),
    "roster_read": N_("Lire la liste de garde"),
}


def titles(house: House) -> dict[str, str]:
    """Permission → what it lets one do (French source text), those of plugins included."""
    return {**CORE_PERMISSIONS, **{spec.name: spec.title for spec in house.hooks.permissions()}}
