"""Words of the directory's pages: closed codes in French source text."""

from collections.abc import Mapping

from core.directory.rules.words import Acceptance, Audience, CapacityState, PhoneKind, Problem
from core.kernel.i18n import N_

#: The choices of the search form, and the beginning of an admissibility line.
AUDIENCES: Mapping[str, str] = {
    Audience.WOMEN: N_("Femmes"),
    Audience.GIRLS: N_("Adolescentes"),
    Audience.TRANS_WOMEN: N_("Femmes trans"),
    Audience.MEN: N_("Hommes"),
    Audience.BOYS: N_("Garçons de 12 à 17 ans"),
    Audience.CHILDREN: N_("Enfants de moins de 12 ans"),
    Audience.RELATIVES: N_("Proches"),
    Audience.WORKERS: N_("Intervenantes et intervenants"),
    Audience.EVERYONE: N_("Toute personne"),
}

ACCEPTANCE: Mapping[str, str] = {
    Acceptance.HERE: N_("Reçoit des références ici"),
    Acceptance.PHONE: N_("Par téléphone"),
    Acceptance.EXTERNAL: N_("Sur son propre site"),
}

CAPACITY: Mapping[str, str] = {
    CapacityState.OPEN: N_("Ouvert"),
    CapacityState.WAITLIST: N_("Liste d’attente"),
    CapacityState.FULL: N_("Complet"),
    CapacityState.ASSESSMENT: N_("Évaluation d’abord"),
    CapacityState.UNKNOWN: N_("Places à confirmer"),
}
#: How each capacity looks: the sign of `parts.html`.
CAPACITY_KIND: Mapping[str, str] = {
    CapacityState.OPEN: "done",
    CapacityState.WAITLIST: "wait",
    CapacityState.FULL: "closed",
    CapacityState.ASSESSMENT: "",
    CapacityState.UNKNOWN: "closed",
}

PHONES: Mapping[str, str] = {
    PhoneKind.VOICE: N_("Téléphone"),
    PhoneKind.TOLL_FREE: N_("Sans frais"),
    PhoneKind.TEXT: N_("Texto"),
    PhoneKind.FAX: N_("Télécopieur"),
}

PROBLEMS: Mapping[str, str] = {
    Problem.PHONE: N_("Le numéro ne répond pas ou n’est plus le bon"),
    Problem.HOURS: N_("Les heures ne sont pas les bonnes"),
    Problem.CRITERIA: N_("L’admissibilité n’est pas la bonne"),
    Problem.TERRITORY: N_("Le territoire n’est pas le bon"),
    Problem.CLOSED: N_("Le service n’existe plus"),
    Problem.OTHER: N_("Autre chose"),
}

LANGUAGES: Mapping[str, str] = {
    "fr": N_("français"),
    "en": N_("anglais"),
    "es": N_("espagnol"),
    "atj": N_("atikamekw"),
    "ar": N_("arabe"),
    "ht": N_("créole haïtien"),
}

#: The part of an area that is meant.
PARTS: Mapping[str, str] = {
    "nord": N_("partie nord"),
    "sud": N_("partie sud"),
    "a_confirmer": N_("à confirmer"),
}

FIELDS: Mapping[str, str] = {
    "name": N_("Nom"),
    "name_en": N_("Nom en anglais"),
    "description": N_("Description"),
    "description_en": N_("Description en anglais"),
    "summary": N_("Résumé"),
    "summary_en": N_("Résumé en anglais"),
    "limits": N_("Limites"),
    "limits_en": N_("Limites en anglais"),
    "how_to": N_("Comment demander le service"),
    "how_to_en": N_("Comment demander le service, en anglais"),
    "acceptance": N_("Façon de joindre le service"),
    "website": N_("Site web"),
    "city": N_("Ville"),
    "territory": N_("Territoire en mots"),
    "areas": N_("Territoire"),
    "hours": N_("Heures d’ouverture"),
    "languages": N_("Langues"),
    "phones": N_("Téléphones"),
    "audiences": N_("Admissibilité"),
    "terms": N_("Besoins"),
    "documents": N_("Papiers à apporter"),
    "contacts": N_("Qui est qui"),
    "rooms": N_("Locaux prêtés"),
    "capacity": N_("Places"),
    "verified_on": N_("Vérifié le"),
    "visibility": N_("Visibilité"),
    "regime": N_("Loi qui s’applique"),
    "receives_referrals": N_("Reçoit des références"),
    "acronym": N_("Sigle"),
    "type": N_("Milieu"),
    "fictitious": N_("Fictif"),
    "source": N_("Source"),
    "problem": N_("Signalement"),
}

#: What to write, by example, for the fields with a form of their own.
HINTS: Mapping[str, str] = {
    "hours": N_("Par exemple : lu-ve 9:00-17:00; sa 10:00-14:00. Ajoutez « feries » si c’est ouvert les jours fériés."),
    "phones": N_("Par exemple : voice|450 555-0142; text|450 555-0143"),
    "areas": N_("Par exemple : mrc:610; municipality:62037. Ajoutez :nord ou :sud pour une partie."),
    "audiences": N_("Par exemple : women:18-; girls:12-17; everyone"),
    "languages": N_("Par exemple : fr; en"),
    "terms": N_("Les codes de la liste des besoins, séparés par des points-virgules."),
    "documents": N_("Séparés par des points-virgules ; l’anglais après une barre : Formulaire|Form"),
    "acceptance": N_("here (ici), phone (téléphone) ou external (ailleurs)."),
    "contacts": N_("Une fonction par ligne, jamais un nom : Intervention jeunesse | rencontres à l’école"),
    "rooms": N_("Un local par ligne : Petite salle | Rawdon | sur réservation"),
    "website": N_("L’adresse complète, qui commence par https://"),
}
LONG = frozenset({"description", "description_en", "summary", "summary_en", "contacts", "rooms", "how_to", "how_to_en"})

DAYS: tuple[str, ...] = (
    N_("lundi"),
    N_("mardi"),
    N_("mercredi"),
    N_("jeudi"),
    N_("vendredi"),
    N_("samedi"),
    N_("dimanche"),
)

TYPES: Mapping[str, str] = {
    "calacs": N_("Centre d’aide et de lutte contre les agressions à caractère sexuel"),
    "police": N_("Police"),
    "sante": N_("Santé et services sociaux"),
    "justice": N_("Justice"),
    "communautaire": N_("Communautaire"),
    "provincial": N_("Provincial"),
    "reseau": N_("Réseau"),
}

#: Everything a template needs, under one name.
WORDS: Mapping[str, object] = {
    "audiences": AUDIENCES,
    "acceptance": ACCEPTANCE,
    "capacity": CAPACITY,
    "capacity_kind": CAPACITY_KIND,
    "phones": PHONES,
    "problems": PROBLEMS,
    "languages": LANGUAGES,
    "parts": PARTS,
    "fields": FIELDS,
    "hints": HINTS,
    "long": LONG,
    "days": DAYS,
    "types": TYPES,
}
