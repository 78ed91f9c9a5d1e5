"""Closed codes of a referral and their French words. No code has free text: the preview holds nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class Kind(StrEnum):
    """What an offer is."""

    REFERENCE = "reference"
    TRANSFER = "transfer"
    HAND_BACK = "hand_back"
    ASK_BOTH = "ask_both"


class Channel(StrEnum):
    """How the referral came in (rule §3 (13): partners without accounts)."""

    PLATFORM = "platform"
    FAX = "fax"
    PHONE = "phone"
    MESSAGE = "message"
    IN_PERSON = "in_person"


NEEDS: Mapping[str, str] = {
    "support": "Soutien émotionnel, être écoutée",
    "follow_up": "Suivi individuel",
    "emergency_meeting": "Rencontre d’urgence",
    "exploitation_support": "Accompagnement en lien avec l’exploitation sexuelle",
    "accompaniment": "Accompagnement dans les démarches",
    "legal": "Information ou démarche juridique",
    "housing": "Hébergement, logement",
    "basic_needs": "Besoins de base (nourriture, vêtements, transport)",
    "money": "Dépannage financier",
    "health": "Santé",
    "substance_use": "Consommation",
    "work_school": "Emploi, études",
    "group": "Groupe, café-rencontre",
    "relative_support": "Soutien à une personne proche",
    "information": "Information seulement",
}

FACTS: Mapping[str, str] = {
    "assault_under_year": "Agression il y a moins d’un an",
    "post_traumatic_signs": "Signes de stress post-traumatique",
    "high_distress": "Détresse élevée",
    "suicidal_thoughts": "Idées suicidaires",
    "basic_needs_unmet": "Besoins de base non comblés",
    "violence_ongoing": "Agressions toujours en cours, ou risque qu’elles recommencent",
    "no_earlier_step": "Aucune démarche d’aide auparavant",
    "distress_stable": "Détresse stable",
    "network_present": "Entourage présent",
    "network_inadequate": "Peu ou pas d’entourage sur qui compter",
    "second_request": "Deuxième demande ou plus",
    "no_services": "Aucun service jusqu’ici",
    "out_under_six_months": "Sortie depuis moins de six mois",
    "ambivalent": "Vulnérable et hésite à y retourner",
    "functioning_broken": "Fonctionnement désorganisé au quotidien",
    "in_cycle": "Dans une des étapes du cycle de l’exploitation sexuelle",
}

#: Never requires wanting out (network rules §2).
EXPLOITATION: Mapping[str, str] = {
    "still_in": "Y est encore",
    "wants_out": "Veut sortir",
    "staying_out": "Maintien de la sortie",
    "prefers_not_to_say": "Préfère ne pas dire",
    "not_concerned": "Ne s’applique pas",
}

LANGUAGES: Mapping[str, str] = {
    "fr": "Français",
    "en": "Anglais",
    "atj": "Atikamekw",
    "es": "Espagnol",
    "ar": "Arabe",
    "ht": "Créole haïtien",
    "lsq": "Langue des signes québécoise",
    "other": "Autre langue",
}

CONSTRAINTS: Mapping[str, str] = {
    "mobility": "Accessibilité physique nécessaire",
    "no_transport": "Sans moyen de transport",
    "interpreter": "Interprète nécessaire",
    "children": "Avec enfants",
    "pregnant": "Enceinte",
    "unstable_housing": "Sans adresse stable",
    "daytime_only": "Joignable le jour seulement",
    "evening_only": "Joignable le soir seulement",
    "will_call": "Rappellera avec son code",
    "will_come": "Passera sur place",
    "do_not_notify_parents": "Ne pas aviser les parents",
    "meet_at_school": "Rencontre possible à l’école",
}

QUESTIONS: Mapping[str, str] = {
    "still_wants": "Souhaite-t-elle toujours être jointe?",
    "territory": "De quel secteur est-elle?",
    "safe_moment": "Y a-t-il un moment sûr pour la joindre?",
    "language": "Dans quelle langue préfère-t-elle parler?",
    "need": "Qu’est-ce qui l’aiderait en premier?",
    "urgency": "Qu’est-ce qui rend la situation urgente?",
    "other": "Autre question",
}

DECLINE_REASONS: Mapping[str, str] = {
    "outside_territory": "Hors de notre territoire",
    "outside_mandate": "Hors de notre mandat",
    "age": "Âge hors de nos services",
    "full": "Complet en ce moment",
    "language": "Langue que nous n’offrons pas",
    "better_service": "Un autre service convient mieux",
    "already_followed": "Ne peut pas être accueillie ici en ce moment",
}

OUTCOMES: Mapping[str, str] = {
    "served": "A reçu le service",
    "partly": "A reçu une partie du service",
    "not_reached": "N’a pas pu être jointe",
    "not_for_now": "Ne souhaite pas donner suite pour l’instant",
    "other": "Autre",
}
#: Outcome the system writes when the follow-up moved to someone else.
MOVED = "moved"

ATTEMPTS: Mapping[str, str] = {
    "reached": "Rejointe",
    "missed": "Non rejointe",
    "she_called": "Elle nous a jointes",
}

ATTEMPT_CHANNELS: Mapping[str, str] = {
    "phone": "Téléphone",
    "text": "Message texte",
    "email": "Courriel",
    "in_person": "En personne",
    "through_partner": "Par une personne de confiance",
}

AMEND_REASONS: Mapping[str, str] = {
    "correction": "Correction",
    "she_asked": "À sa demande",
    "new_information": "Nouvelle information",
    "safer": "Plus sûr pour elle",
}

OVERRIDE_REASONS: Mapping[str, str] = {
    "clinical_judgement": "Jugement clinique",
    "reassessed": "Réévaluation à la première rencontre",
    "team_decision": "Décision d’équipe",
    "capacity": "Disponibilité de l’équipe",
}

RESTRICT_REASONS: Mapping[str, str] = {
    "she_asked": "À sa demande",
    "conflict": "Une personne de cet organisme est concernée",
    "safety": "Pour sa sécurité",
}

AGE_BANDS: Mapping[str, str] = {
    "under_12": "Moins de 12 ans",
    "12_13": "12 ou 13 ans",
    "14_17": "14 à 17 ans",
    "18_24": "18 à 24 ans",
    "25_34": "25 à 34 ans",
    "35_49": "35 à 49 ans",
    "50_64": "50 à 64 ans",
    "65_plus": "65 ans et plus",
    "adult": "Adulte, âge non précisé",
}


def unknown_codes(given: Iterable[str], closed: Mapping[str, str]) -> tuple[str, ...]:
    """The codes that the closed list does not hold, sorted; forged fields end here."""
    return tuple(sorted(set(given) - set(closed)))
