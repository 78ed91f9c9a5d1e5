"""From the two filled steps to what leaves: blocks, constraints, the consent of each recipient, the submission."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.consent.rules import JOINT_INQUIRY, REFERENCE, AgeBand, GivenBy
from core.consent.services import ConsentInput
from core.directory.queries.places import MunicipalityView
from core.referrals.forms.contact import ContactForm, read_phone
from core.referrals.forms.situation import SituationForm, given_by
from core.referrals.pages.drafts import Agreement
from core.referrals.rules.contact import Way, contact_constraints
from core.referrals.rules.content import Content, filled_blocks, kept_back
from core.referrals.rules.routing import Reason
from core.referrals.services.checking import Submission

#: Bands whose parents may have to be thought of.
MINORS = frozenset({AgeBand.FROM_12_TO_13, AgeBand.FROM_14_TO_17})


def purpose_for(recipients: tuple[UUID, ...]) -> str:
    """Several recipients are asked together, without identity; one is asked by name."""
    return JOINT_INQUIRY if len(recipients) > 1 else REFERENCE


@dataclass(frozen=True)
class Filled:
    """Both steps, valid, with the municipality they name."""

    situation: SituationForm
    contact: ContactForm
    place: MunicipalityView

    @property
    def minor(self) -> bool:
        """Whether questions about parents apply."""
        return self.situation.age_band in MINORS

    @property
    def constraints(self) -> tuple[str, ...]:
        """What was stated, and what follows from how she may be reached."""
        form = self.contact
        times = form.times if form.chosen_way is Way.PHONE else ()
        derived = contact_constraints(
            form.chosen_way,
            times,
            parents=form.parents if self.minor else None,
            at_school=self.minor and form.at_school,
        )
        return tuple(dict.fromkeys((*self.situation.constraints, *derived)))

    @property
    def contents(self) -> Mapping[str, Content]:
        """Everything that was filled in, by block, agreed to or not."""
        situation, form = self.situation, self.contact
        by_phone = form.chosen_way is Way.PHONE
        number, _, extension = (read_phone(form.phone) or "").partition(" poste ") if by_phone else ("", "", "")
        return {
            "contact": {
                "way": form.chosen_way.value,
                "phone": number,
                "extension": extension,
                "trusted": form.trusted if form.chosen_way is Way.TRUSTED_PERSON else "",
            },
            "safety": {
                "times": list(form.times) if by_phone else [],
                "message": form.message if by_phone else "",
                "if_someone_else": form.if_someone_else,
                "parents": form.parents if self.minor else "",
                "at_school": "yes" if self.minor and form.at_school else "",
            },
            "identity": {"first_name": form.first_name},
            "needs": {
                "needs": list(situation.needs),
                "constraints": list(self.constraints),
                "language": situation.language,
            },
            "situation": {
                "municipality": self.place.name,
                "age_band": situation.age_band.value,
                "facts": list(situation.facts),
                "exploitation": situation.exploitation,
                "note": situation.note,
            },
            "judicial": {"note": situation.judicial},
        }

    @property
    def shared(self) -> dict[str, dict[str, str | list[str]]]:
        """The blocks that will leave: filled in, and agreed to."""
        return filled_blocks(self.contents, self.contact.blocks)

    @property
    def held_back(self) -> tuple[str, ...]:
        """The blocks that will not."""
        return kept_back(self.contents, self.contact.blocks)

    @property
    def giver(self) -> GivenBy:
        """Who consents: the adult named before 14, herself from 14 to 17, else what the form says."""
        if self.minor:
            return given_by(self.situation.age_band, self.situation.young_consent)
        return GivenBy(self.contact.given_by)

    def consent_for(self, recipient: UUID, agreement: Agreement, blocks: frozenset[str]) -> ConsentInput:
        """Her consent for one recipient, as it was given at `agreement.at`."""
        form = self.contact
        return ConsentInput(
            recipient_id=recipient,
            blocks=blocks,
            age_band=self.situation.age_band,
            wording_sha256=agreement.wording,
            attestation=frozenset(form.attestation),
            given_by=self.giver,
            sender_may_learn=form.may_learn,
            modality=form.modality,
            language=form.consent_language,
            interpreter=form.interpreter,
            immediate_danger=self.situation.danger,
            obtained_at=agreement.at,
            valid_until=agreement.at + timedelta(days=int(form.validity_days)),
        )

    def submission(self, key: str, agreement: Agreement) -> Submission:
        """What is sent, once and for all."""
        situation, shared = self.situation, self.shared
        blocks = frozenset(shared)
        return Submission(
            key=key,
            municipality_code=self.place.code,
            age_band=situation.age_band.value,
            needs=frozenset(situation.needs),
            consents=tuple(self.consent_for(one, agreement, blocks) for one in agreement.recipients),
            blocks=shared,
            facts=frozenset(situation.facts),
            exploitation=situation.exploitation,
            urgent=situation.urgent,
            language=situation.language,
            constraints=frozenset(self.constraints),
            follow_word=self.contact.word,
            restricted=frozenset({UUID(self.contact.restricted)}) if self.contact.restricted else frozenset(),
            routing=tuple(Reason(reason[0], reason[1:]) for reason in agreement.reasons),
        )
