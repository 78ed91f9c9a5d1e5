"""What is said of a refusal: to the person, without any detail; to the administration, what to mend."""

from __future__ import annotations

from core.kernel.i18n import N_

AGAIN = N_(
    "Cette demande de connexion ne sert qu’une fois, dix minutes au plus, dans le navigateur où elle a commencé. "
    "Recommencez."
)
DENIED = N_("La connexion a été annulée chez votre organisme. Rien n’a été ouvert ici.")
WEAK = N_(
    "Votre organisme doit vous demander une seconde preuve (clé d’accès, application, code) avant de vous envoyer ici. "
    "Choisissez cette façon de vous connecter, puis recommencez."
)
NO_EMAIL = N_(
    "Votre organisme n’a pas transmis d’adresse courriel vérifiée. Avisez la personne qui administre votre organisme."
)
NO_ACCOUNT = N_(
    "Votre organisme vous reconnaît, mais aucun compte ne vous attend ici. "
    "Demandez à la personne qui administre votre organisme de vous inviter."
)
UNREACHABLE = N_(
    "Le service de connexion de votre organisme ne répond pas comme prévu. Réessayez dans quelques minutes ; si cela "
    "se répète, avisez la personne qui administre votre organisme."
)
UNSURE = N_(
    "La réponse du service de connexion de votre organisme n’a pas pu être vérifiée. Rien n’a été ouvert. "
    "Recommencez ; si cela se répète, avisez la personne qui administre votre organisme."
)
THROTTLED = N_("Trop d’essais. Attendez quelques minutes, puis recommencez.")

_NETWORK = frozenset(
    {
        "address_refused", "busy", "certificate_refused", "discovery_incomplete", "discovery_issuer",
        "discovery_not_json", "discovery_status", "keys_missing", "keys_not_json", "keys_status", "redirected",
        "timed_out", "token_answer_malformed", "token_answer_not_json", "token_endpoint_status", "too_large",
        "unreachable",
    }
)  # fmt: skip
_SENTENCES = {
    **dict.fromkeys(("state_unknown", "state_other_provider", "state_other_browser", "state_expired"), (400, AGAIN)),
    **dict.fromkeys(("session_changed", "other_person"), (403, AGAIN)),
    "denied": (403, DENIED),
    **dict.fromkeys(("acr_insufficient", "amr_insufficient", "auth_time_old", "auth_time_missing"), (403, WEAK)),
    **dict.fromkeys(("email_missing", "email_unverified"), (403, NO_EMAIL)),
    # One sentence: which of these it is would say who works where, or who was let go
    **dict.fromkeys(
        ("email_outside", "not_invited", "account_elsewhere", "account_closed", "subject_changed"), (403, NO_ACCOUNT)
    ),
    **dict.fromkeys(_NETWORK, (503, UNREACHABLE)),
}
#: Refusals that say nothing of the settings: a person gave up, or used a page twice.
NOT_A_SETTING = frozenset(
    {"state_unknown", "state_other_provider", "state_other_browser", "state_expired", "denied", "busy",
     "session_changed", "other_person"}
)  # fmt: skip

#: For the administration: what to look at, by reason.
REMEDIES = {
    "acr_insufficient": N_("La valeur « acr » reçue n’est pas une de celles que vous exigez."),
    "amr_insufficient": N_("Aucune des preuves (« amr ») que vous exigez n’a été donnée."),
    "address_refused": N_("Une adresse n’est pas en https, ou mène à un réseau privé."),
    "no_account": N_("Aucun compte ne peut être lié à cette adresse ici."),
    "account_closed": N_("Le compte de cette personne est fermé ici."),
    "algorithm_refused": N_("Le jeton n’est pas signé avec RS, PS ou ES : choisissez un de ces algorithmes."),
    "audience_wrong": N_("Le jeton est destiné à une autre application : vérifiez son identifiant."),
    "certificate_refused": N_("Le certificat du serveur n’est pas reconnu."),
    "code_refused": N_("Le fournisseur refuse le code : vérifiez le secret, sa date de fin et l’adresse de retour."),
    "discovery_issuer": N_("Le document du fournisseur nomme un autre émetteur : recopiez le sien exactement."),
    "discovery_status": N_("Aucun document à cette adresse : vérifiez l’adresse de l’émetteur."),
    "email_missing": N_("Le jeton ne contient pas d’adresse courriel : ajoutez ce champ au jeton d’identité."),
    "email_unverified": N_("Le jeton ne dit pas que l’adresse est vérifiée : voyez le champ correspondant."),
    "email_outside": N_("L’adresse est d’un domaine que vous n’avez pas permis."),
    "expired": N_("Le jeton était déjà expiré : comparez les horloges."),
    "issued_in_future": N_("Le jeton vient du futur : comparez les horloges."),
    "key_unknown": N_("Le jeton est signé par une clé que le fournisseur ne publie pas."),
    "not_invited": N_("La personne n’est pas invitée, et aucun domaine n’est permis."),
    "provider_error": N_("Le fournisseur a répondu par une erreur : voyez son journal."),
    "subject_changed": N_("Cette adresse désigne maintenant une autre personne chez le fournisseur."),
    "timed_out": N_("Le fournisseur n’a pas répondu en cinq secondes."),
    "token_endpoint_status": N_("Le fournisseur a échoué en échangeant le code."),
    "unreachable": N_("Le serveur ne répond pas à cette adresse."),
}


def sentence(reason: str) -> tuple[int, str]:
    """Status and French sentence for the person who was refused."""
    return _SENTENCES.get(reason, (403, UNSURE))
