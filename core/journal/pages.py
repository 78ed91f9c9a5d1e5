"""The privacy officer's page: who read or changed what the organisation holds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.access.viewer import Viewer
from core.journal.models.lines import moment
from core.journal.queries import JournalLine, organisation_history
from core.journal.queries.links import links
from core.journal.queries.people import people
from core.journal.words import told_facts
from core.kernel.i18n import N_
from core.kernel.web.routes import Answer, Assurance, Page, PageRequest, Route, get, not_found

PAGE_LINES = 50

#: What a line says, by action code; plugins give theirs (`register_acts`). One that has no words is shown by its code.
ACTIONS: dict[str, str] = {
    "referral.submit": N_("Envoi de la référence"),
    "referral.read": N_("Lecture de la référence"),
    "referral.receipt_read": N_("Lecture du mot de son reçu"),
    "referral.copy": N_("Copie vers le système de l’organisme"),
    "referral.claim": N_("Prise en main"),
    "referral.release": N_("Remise dans la liste"),
    "referral.ask": N_("Question posée"),
    "referral.answer": N_("Réponse donnée"),
    "referral.amend": N_("Précision apportée"),
    "referral.accept": N_("Acceptation"),
    "referral.attempt": N_("Essai de la joindre"),
    "committee.ballot_cast": N_("Bulletin déposé dans un comité"),
    "committee.recused": N_("Récusation d’un vote"),
    "committee.alternate_named": N_("Suppléance nommée pour un vote"),
    "report.export": N_("Fichier du rapport téléchargé"),
    "report.text_adopt": N_("Texte du rapport adopté"),
    "report.text_save": N_("Texte du rapport enregistré"),
    "referral.reconfirm": N_("Accord reconfirmé avec elle"),
    "referral.renew": N_("Accord renouvelé avec elle"),
    "referral.priority": N_("Code de priorité fixé"),
    "referral.join": N_("Réunie à une autre référence"),
    "referral.onward": N_("Offre à un autre organisme"),
    "referral.restrict": N_("Organisme écarté"),
    "referral.clock": N_("Rappel du délai"),
    "referral.close": N_("Fermeture"),
    "referral.end": N_("Fermeture"),
    "referral.contact_changed": N_("Elle a changé la façon de la joindre"),
    "referral.no_calls": N_("Elle ne veut plus être appelée"),
    "referral.suspend": N_("Elle a tout arrêté"),
    "referral.resume": N_("Elle a repris sa demande"),
    "referral.withdraw": N_("Retrait du consentement"),
    "consent.purpose_granted": N_("Accord pour une autre fin"),
    "consent.purpose_ended": N_("Fin d’un accord pour une autre fin"),
    "directory.address_read": N_("Lecture d’une adresse confidentielle"),
    "directory.address_changed": N_("Changement d’une adresse confidentielle"),
    "provider.set": N_("Réglage de la connexion par le fournisseur d’identité"),
    "provider.disabled": N_("Fournisseur d’identité mis hors service"),
    "provider.recognised": N_("Première connexion par le fournisseur d’identité"),
    "account.invited": N_("Invitation d’une personne"),
    "account.invitation_renewed": N_("Nouveau code d’invitation"),
    "account.invitation_revoked": N_("Invitation annulée"),
    "account.joined": N_("Ouverture d’un compte"),
    "account.roles_changed": N_("Changement de rôles"),
    "account.suspended": N_("Accès suspendu"),
    "account.restored": N_("Accès rendu"),
    "account.password_reset": N_("Mot de passe effacé, code donné"),
    "account.password_chosen": N_("Nouveau mot de passe choisi"),
    "account.offboarded": N_("Départ d’une personne"),
    "organisation.keys_replaced": N_("Clés de l’organisme remplacées"),
    "organisation.suspended": N_("Organisme suspendu"),
    "organisation.readmitted": N_("Organisme réadmis"),
    "admission.probation": N_("Étude d’une adhésion"),
    "admission.call_back": N_("Rappel inscrit"),
    "admission.agreement": N_("Entente inscrite"),
    "admission.officer": N_("Personne responsable inscrite"),
    "admission.regime": N_("Loi inscrite"),
    "admission.admin": N_("Première personne inscrite"),
    "admission.approved": N_("Approbation d’une admission"),
    "admission.admitted": N_("Admission de l’organisme"),
    "admission.refused": N_("Adhésion non retenue"),
    "account.factor_added": N_("Moyen de connexion ajouté"),
    "account.factor_removed": N_("Moyen de connexion retiré"),
    "account.factors_reset": N_("Moyens de connexion remis à zéro"),
    "account.codes_printed": N_("Codes de secours imprimés"),
    "account.code_spent": N_("Code de secours utilisé"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line as shown. `who` is empty when nobody was signed in (the woman herself, or the platform)."""

    at: datetime
    who: str
    organisation: str
    action: str
    subject: str
    details: str
    href: str | None = None
    about: str = ""


def show_journal(session: Session, request: PageRequest) -> Answer:
    """The latest lines about what the viewer's organisation holds, fifty a page."""
    viewer: Viewer = request.viewer
    if viewer.organisation_id is None:
        return not_found()
    before = _moment(request.query.get("avant", ""))
    lines = organisation_history(session, viewer.organisation_id, limit=PAGE_LINES + 1, before=before)
    shown = lines[:PAGE_LINES]
    older = moment(shown[-1].at) if len(lines) > PAGE_LINES else None
    return Page("journal/index.html", {"rows": rows_of(session, request, shown), "older": older, "before": before})


def rows_of(
    session: Session, request: PageRequest, lines: tuple[JournalLine, ...], *, colleagues_only: bool = False
) -> tuple[Row, ...]:
    """Lines in words. `colleagues_only`: people of other organisations are told by their organisation alone."""
    known = people(
        session, request.house.keyring, frozenset(line.actor_user_id for line in lines if line.actor_user_id)
    )

    def say(text: str) -> str:
        return request.house.renderer.translator.translate(request.locale, text)

    addresses = links(session, request.viewer, {line.subject for line in lines})
    acts = request.house.hooks.acts()
    rows = []
    for line, words in zip(lines, told_facts(session, lines, acts, say, request.locale), strict=True):
        act = acts.get(line.action)
        about = act.about if act else ""
        person = known.get(line.actor_user_id) if line.actor_user_id else None
        named = not colleagues_only or line.actor_organisation_id == request.viewer.organisation_id
        rows.append(
            Row(
                line.at,
                person.name if person and named else "",
                person.organisation if person else "",
                act.title if act else ACTIONS.get(line.action, line.action),
                line.subject.partition(":")[2] or ("" if about else line.subject),
                words,
                addresses.get(line.subject),
                about,
            )
        )
    return tuple(rows)


def _moment(text: str) -> str | None:
    try:
        return moment(datetime.fromisoformat(text))
    except (ValueError, OverflowError):  # no date, or one outside the calendar once in UTC
        return None


routes: tuple[Route, ...] = (
    get(
        "/journal",
        show_journal,
        permission=Permission.JOURNAL_READ,
        name="journal",
        assurance=Assurance.SECOND_FACTOR,
    ),
)
