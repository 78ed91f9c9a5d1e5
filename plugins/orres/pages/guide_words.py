"""Words of the guide, for a partner who asks with her and for whoever asks for herself."""

from __future__ import annotations

from collections.abc import Mapping

from core.api import N_

from ..rules.conditions import AGE_BAND, DANGER, MINOR, MRC, NEED, SENTENCES
from ..rules.conditions import LANGUAGE as SPOKEN
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
#: What the trajectory's conditions say, to somebody who asks for herself.
SENTENCES_HER: Mapping[tuple[str, bool | None], str] = {
    (AGE_BAND, True): N_("Pour votre groupe d’âge"),
    (AGE_BAND, False): N_("Pour un autre groupe d’âge que le vôtre"),
    (AGE_BAND, None): N_("Votre groupe d’âge n’est pas précisé"),
    (MRC, True): N_("Pour votre territoire"),
    (MRC, False): N_("Pour un autre territoire que le vôtre"),
    (MRC, None): N_("Votre territoire n’est pas précisé"),
    (DANGER, True): N_("Selon le danger en ce moment"),
    (DANGER, False): N_("Pour une autre situation que la vôtre"),
    (DANGER, None): N_("Vous n’avez pas dit s’il y a un danger en ce moment"),
    (MINOR, True): N_("Selon votre âge, moins de 18 ans ou non"),
    (MINOR, False): N_("Selon l’âge, moins de 18 ans ou non : ce n’est pas le vôtre"),
    (MINOR, None): N_("Vous n’avez pas dit si vous avez moins de 18 ans"),
    (NEED, True): N_("Pour ce besoin"),
    (NEED, False): N_("Pour un autre besoin"),
    (NEED, None): N_("Votre besoin n’est pas précisé"),
    (SPOKEN, True): N_("Dans une langue que vous parlez"),
    (SPOKEN, False): N_("Dans une autre langue"),
    (SPOKEN, None): N_("Votre langue n’est pas précisée"),
}
#: The same by the sentence a partner reads.
SAID_HER: Mapping[str, str] = {SENTENCES[key]: text for key, text in SENTENCES_HER.items()}
