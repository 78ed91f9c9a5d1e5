"""`/references/{code}/journal`: who read or changed one referral, for the privacy officer of its holder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from core.access.permissions import Permission
from core.directory.queries.organisations import organisations
from core.journal import JournalLine
from core.journal.pages import rows_of
from core.journal.queries.links import link_subjects_with, word_facts_with
from core.kernel.i18n import N_
from core.kernel.web.routes import Answer, Page, PageRequest, Route, get, not_found
from core.referrals.codes import normalise
from core.referrals.queries.history import histories, referral_history
from core.referrals.rules import vocabulary
from core.referrals.rules.content import ANSWERS, BLOCK_TITLES
from core.referrals.rules.workflow import LABELS

#: Facts of a line that are worth words, in the order they are said. Versions and counts are proof, not reading.
FACT_LABELS: Mapping[str, str] = {
    "urgent": N_("Urgent"),
    "kind": N_("Type"),
    "channel": N_("Par"),
    "recipient": N_("À"),
    "organisation": N_("Organisme"),
    "blocks": N_("Renseignements"),
    "block": N_("Renseignement"),
    "fields": N_("Renseignements"),
    "question": N_("Question"),
    "result": N_("Résultat"),
    "priority": N_("Code de priorité"),
    "outcome": N_("Issue"),
    "state": N_("État"),
    "reason": N_("Raison"),
    "step": N_("Étape"),
    "code": N_("Référence"),
    "other": N_("Référence"),
}
KIND_LABELS: Mapping[str, str] = {
    "reference": N_("référence"),
    "ask_both": N_("question à plusieurs organismes"),
    "transfer": N_("transfert"),
    "hand_back": N_("remise au partenaire"),
}
CHANNEL_LABELS: Mapping[str, str] = {
    "platform": N_("Arrimage"),
    "fax": N_("fax"),
    "message": N_("message"),
}
REASON_LABELS: Mapping[str, str] = {
    "retracted": N_("retirée par l’organisme qui réfère"),
    "superseded": N_("un autre organisme a accepté"),
    "moved": N_("suite confiée à un autre organisme"),
}
STEP_LABELS: Mapping[str, str] = {
    "remind": N_("rappel à l’équipe"),
    "on_call": N_("personne de garde avisée"),
    "tell_sender": N_("organisme qui réfère avisé"),
    "coordination": N_("coordination de l’organisme avisée"),
    "network": N_("coordination du réseau avisée"),
}
_ANSWERS = {name: label for block in ANSWERS.values() for name, label in block.items()}
_WORDS: Mapping[str, Mapping[str, str]] = {
    "kind": KIND_LABELS,
    "channel": {**vocabulary.ATTEMPT_CHANNELS, **CHANNEL_LABELS},
    "blocks": BLOCK_TITLES,
    "block": BLOCK_TITLES,
    "fields": _ANSWERS,
    "question": vocabulary.QUESTIONS,
    "result": vocabulary.ATTEMPTS,
    "outcome": vocabulary.OUTCOMES,
    "state": {state.value: label for state, label in LABELS.items()},
    "reason": {
        **vocabulary.OUTCOMES,
        **vocabulary.DECLINE_REASONS,
        **vocabulary.AMEND_REASONS,
        **vocabulary.OVERRIDE_REASONS,
        **vocabulary.RESTRICT_REASONS,
        **REASON_LABELS,
    },
    "step": STEP_LABELS,
    "priority": {"0": N_("à évaluer")},
}


def show_history(session: Session, request: PageRequest) -> Answer:
    """Every line, newest first. Someone else's referral is a page that does not exist."""
    lines = referral_history(session, request.viewer, request.path["code"])
    if lines is None:
        return not_found()
    rows = rows_of(session, request, tuple(reversed(lines)), colleagues_only=True)
    return Page("referrals/history.html", {"code": normalise(request.path["code"]), "rows": rows})


def facts_in_words(session: Session, lines: Sequence[JournalLine], say: Callable[[str], str]) -> list[str]:
    """The facts of lines about referrals; a code that has no words stays as it was recorded."""
    names: dict[str, str] = {}
    if any(key in line.facts for line in lines for key in ("recipient", "organisation")):
        names = {str(one.id): one.name for one in organisations(session)}

    def words(key: str, value: object) -> str:
        text = str(value)
        if key in ("recipient", "organisation"):
            return names.get(text, text)
        found = _WORDS.get(key, {}).get(text)
        return say(found) if found else text

    def told(line: JournalLine) -> str:
        said = []
        for key, label in FACT_LABELS.items():
            value = line.facts.get(key)
            if value is True:
                said.append(say(label))
            elif value not in (None, False, []):
                each = value if isinstance(value, list) else [value]
                said.append(say(label) + say(N_(" : ")) + ", ".join(words(key, one) for one in each))
        return " · ".join(said)

    return [told(line) for line in lines]


link_subjects_with("referral", histories)
word_facts_with("referral", facts_in_words)

routes: tuple[Route, ...] = (
    get("/references/{code}/journal", show_history, permission=Permission.JOURNAL_READ, name="referrals.history"),
)
