"""The constant messages about accounts: no name, no code, no link but the home page (security S28)."""

from __future__ import annotations

from core.kernel.mail import MailText, register_template

INVITATION = "invitation"
FACTORS = "factors"

register_template(
    INVITATION,
    {
        "fr": MailText(
            "Arrimage\u00a0: une invitation vous attend",
            "Bonjour,\n\nUne invitation vous attend dans Arrimage pendant 72 heures. La personne qui vous invite vous "
            "donnera un code de vive voix ou en main propre\u00a0: personne ne vous l’enverra par courriel.\n\n"
            "Pour commencer, ouvrez la page d’accueil, puis «\u00a0Espace des partenaires\u00a0» et "
            "«\u00a0J’ai un code\u00a0»\u00a0:\n{home}\n\n"
            "Ce message est envoyé automatiquement et ne contient aucun renseignement. Merci de ne pas y répondre.\n",
        ),
        "en": MailText(
            "Arrimage: an invitation is waiting for you",
            "Hello,\n\nAn invitation is waiting for you in Arrimage for 72 hours. The person who invites you will give "
            "you a code by voice or by hand: nobody will send it to you by e-mail.\n\n"
            "To begin, open the home page, then “Partner space” and “I have a code”:\n{home}\n\n"
            "This message is sent automatically and holds no information. Please do not reply.\n",
        ),
    },
)

register_template(
    FACTORS,
    {
        "fr": MailText(
            "Arrimage\u00a0: vos moyens de connexion",
            "Bonjour,\n\nQuelque chose a changé dans vos moyens de connexion à Arrimage. "
            "Si c’est vous, il n’y a rien à faire. Sinon, avisez tout de suite la personne qui administre votre "
            "organisme, puis ouvrez la page d’accueil\u00a0:\n{home}\n\n"
            "Ce message est envoyé automatiquement et ne contient aucun renseignement. Merci de ne pas y répondre.\n",
        ),
        "en": MailText(
            "Arrimage: how you sign in",
            "Hello,\n\nSomething changed in how you sign in to Arrimage. If it was you, there is nothing to do. "
            "If not, tell the person who administers your organization at once, then open the home page:\n{home}\n\n"
            "This message is sent automatically and holds no information. Please do not reply.\n",
        ),
    },
)
