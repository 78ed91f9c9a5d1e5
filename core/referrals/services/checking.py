"""What a submission must hold before anything is written; every refusal names its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.consent.rules import CONSENT_BLOCKS, AgeBand
from core.consent.services import ConsentInput, ConsentMissing, Invalid, check_consent
from core.directory.models import Organisation
from core.directory.queries import places
from core.directory.rules.words import Status
from core.referrals.rules import vocabulary
from core.referrals.rules.routing import Reason
from core.referrals.rules.vocabulary import Kind
from core.referrals.services.loading import Party
from core.referrals.services.sealing import Content

#: Longest text of one answer in a block, in characters; and how many answers a block has at most.
LONGEST_ANSWER = 4000
MOST_ANSWERS = 40


@dataclass(frozen=True)
class Submission:
    """A filled form. One consent per recipient: several recipients mean *ask both*, and the first to accept receives.

    `blocks`: content by block (`core.consent.rules.Block`), only blocks she agreed to. `follow_word`: the word she
    chose, or "" when she wants no follow-up page. `restricted`: organisations that must never learn of it.
    """

    key: str
    municipality_code: str
    age_band: str
    needs: frozenset[str]
    consents: tuple[ConsentInput, ...]
    blocks: Mapping[str, Content] = field(repr=False)
    facts: frozenset[str] = frozenset()
    exploitation: str = "prefers_not_to_say"
    urgent: bool = False
    language: str = "fr"
    constraints: frozenset[str] = frozenset()
    follow_word: str = field(default="", repr=False)
    routing: tuple[Reason, ...] = ()
    restricted: frozenset[UUID] = frozenset()


def check_submission(session: Session, kind: Kind, submission: Submission, now: datetime) -> places.MunicipalityView:
    """Every check that needs no row of ours. Returns the municipality; raises before anything is written."""
    if not submission.consents:
        raise ConsentMissing("no_consent")
    if submission.age_band not in {band.value for band in AgeBand}:
        raise Invalid("age_band", "Choisissez un groupe d’âge.")
    for given in submission.consents:
        if given.age_band != submission.age_band:
            raise Invalid("age_band", "Le consentement porte un autre groupe d’âge.")
        check_consent(kind.value, given, now)
    unknown = submission.municipality_code == places.UNKNOWN
    place = places.unknown_place(session) if unknown else places.municipality(session, submission.municipality_code)
    if place is None:
        raise Invalid("municipality", "Cette municipalité n’est pas dans la région. Choisissez-la dans la liste.")
    check_codes(
        {
            "needs": submission.needs,
            "facts": submission.facts,
            "constraints": submission.constraints,
            "language": {submission.language},
            "exploitation": {submission.exploitation},
        }
    )
    if not submission.needs:
        raise Invalid("needs", "Choisissez au moins un besoin.")
    for block, content in submission.blocks.items():
        check_content(block, content)
    return place


_CLOSED: Mapping[str, Mapping[str, str]] = {
    "needs": vocabulary.NEEDS,
    "facts": vocabulary.FACTS,
    "constraints": vocabulary.CONSTRAINTS,
    "language": vocabulary.LANGUAGES,
    "exploitation": vocabulary.EXPLOITATION,
}


def check_codes(given: Mapping[str, Iterable[str]]) -> None:
    """Raise `Invalid` for the first field that holds a code its closed list does not."""
    for name, values in given.items():
        if name not in _CLOSED or vocabulary.unknown_codes(values, _CLOSED[name]):
            raise Invalid(name, "Un choix n’existe pas. Choisissez dans la liste.")


def check_content(block: str, content: Content) -> None:
    """A block is a short mapping of answers: text or lists of text."""
    if block not in {one.value for one in CONSENT_BLOCKS}:
        raise Invalid("blocks", "Un renseignement choisi n’existe pas.")
    if len(content) > MOST_ANSWERS:
        raise Invalid(block, "Il y a trop de réponses.")
    for value in content.values():
        for text in [value] if isinstance(value, str) else value:
            if len(text) > LONGEST_ANSWER:
                raise Invalid(block, "Ce texte est trop long : 4 000 caractères au plus.")


_PARTY = (
    Organisation.id,
    Organisation.name,
    Organisation.type,
    Organisation.public_key,
    Organisation.wrapped_private_key,
)


def party_of(session: Session, organisation_id: UUID) -> Party:
    """An organisation of the directory. Raises `Invalid` when there is none."""
    row = session.execute(select(*_PARTY).where(Organisation.id == organisation_id)).first()
    if row is None:
        raise Invalid("sender", "Cet organisme n’est pas dans le répertoire.")
    return Party(*row)


def recipients_of(session: Session, ids: list[UUID], restricted: frozenset[UUID]) -> dict[UUID, Party]:
    """The recipients: admitted, receiving here, with keys, and not excluded. Raises `Invalid`."""
    rows = session.execute(
        select(*_PARTY).where(
            Organisation.id.in_(ids),
            Organisation.receives_referrals,
            Organisation.status == Status.ADMITTED.value,
            Organisation.public_key.is_not(None),
        )
    ).all()
    found = {row.id: Party(*row) for row in rows}
    if len(set(ids)) != len(ids) or set(ids) - found.keys():
        raise Invalid("recipient", "Cet organisme ne reçoit pas de référence ici.")
    if set(ids) & restricted:
        raise Invalid("recipient", "Cet organisme est exclu de cette référence.")
    return found
