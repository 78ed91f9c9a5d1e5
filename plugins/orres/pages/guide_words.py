"""Words of the guide, for a partner who asks with her and for whoever asks for herself."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import N_

from ..rules.conditions import DANGER
from ..rules.guide_questions import AGE, LANGUAGE, MOMENT, NEEDS_NOW, PLACE

#: Question → what a partner is asked.
ASKED: Mapping[str, str] = {
    DANGER: N_("Est-elle en danger en ce moment?"),
    NEEDS_NOW: N_("De quoi a-t-elle besoin maintenant?"),
    AGE: N_("Quel âge a-t-elle?"),
    PLACE: N_("Où vit-elle?"),
    MOMENT: N_("Où en est-elle?"),
    LANGUAGE: N_("Dans quelle langue est-elle à l’aise?"),
}
#: Question → what somebody is asked about herself.
ASKED_HER: Mapping[str, str] = {
    DANGER: N_("Êtes-vous en danger en ce moment?"),
    NEEDS_NOW: N_("De quoi avez-vous besoin maintenant?"),
    AGE: N_("Quel âge avez-vous?"),
    PLACE: N_("Où vivez-vous?"),
    MOMENT: N_("Où en êtes-vous?"),
    LANGUAGE: N_("Dans quelle langue êtes-vous à l’aise?"),
}
HINTS: Mapping[str, str] = {
    DANGER: N_("Un oui montre d’abord les numéros d’urgence."),
    NEEDS_NOW: N_("Un ou plusieurs, les plus pressants d’abord."),
    AGE: N_("Un groupe d’âge suffit."),
    PLACE: N_("La MRC suffit. Plusieurs services n’en desservent qu’une partie."),
    MOMENT: N_("Les services de ce moment viennent en premier."),
    LANGUAGE: N_("Aucun service n’est écarté pour la langue."),
}
#: Short names of the answers, beside the results.
SHORT: Mapping[str, str] = {
    DANGER: N_("Danger"),
    NEEDS_NOW: N_("Besoins"),
    AGE: N_("Âge"),
    PLACE: N_("Territoire"),
    MOMENT: N_("Moment"),
    LANGUAGE: N_("Langue"),
}
NOT_SAID = N_("Je ne sais pas")
NOT_SAID_HER = N_("Je ne sais pas, ou je préfère ne pas le dire")
CHOOSE = N_("Choisissez une réponse, ou « Je ne sais pas ».")
CHOOSE_SERVICE = N_("Cochez au moins un service qui reçoit des références ici.")
#: The last of those to talk to, whatever the network has set.
DIRECTORY = N_("L’annuaire du réseau : qui aide, et où appeler")
