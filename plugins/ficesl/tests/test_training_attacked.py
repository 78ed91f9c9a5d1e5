"""Attacks: a planted name sought everywhere it must not be; identifiers of others in every form."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from core.testing.network import Network, Visitor

from .. import attendance_parts, attestation_parts, training_parts
from ..models import AttestationRow, Block, Learner, Registration, SeatShare, Team, Trainer, TrainingSession, Version
from ..queries.attestations import check
from ..rules.attestations import Status
from ..rules.seats import REGISTRATION_REFUSALS
from ..services import people, series, sessions
from ..settings import ATTESTATIONS, PEOPLE, SERIES, SESSIONS
from . import attesting as a
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
NAME, MAILBOX = "Zéphyrine Bergerac", "zephyrine.bergerac@exemple.invalid"
#: Pieces of the name as a page, an address or a file could carry them.
TRACES = re.compile(r"z[ée]phyrine|bergerac", re.IGNORECASE)
#: Everybody else: her organisation without its people's key, other organisations, network, operator, the public.
OTHERS = (h.WORKER, h.OFFICER, "calacs-chrysalide", "confidentialite-chrysalide", "coordination-cresl", None)
CORE = ("/", "/journal", "/compte", "/rapports", "/comites", "/comites/ficesl", "/calendrier/x.ics")


class Planted:
    """Somebody without an account, registered, present and attested at La Chrysalide."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.version = h.a_course(network, modules=1)
        self.session_id = h.a_session(network, self.version)
        self.learner = h.a_person(network, NAME, MAILBOX)
        h.register(network, self.session_id, self.learner)
        a.credit(network, self.version, [self.learner])
        a.heard(network, self.version)
        trainer, ours, committee = network.viewer(h.TRAINER), h.desk(network, h.ADMIN), h.desk(network)
        with network.database.transaction() as session:
            sessions.add_trainer(
                session, committee, self.session_id,
                user_id=trainer.user_id, organisation_id=trainer.organisation_id, name="",
            )  # fmt: skip
            sessions.cancel_session(session, committee, self.session_id)
            sessions.restore_session(session, committee, self.session_id)
            self.unit = people.add_team(session, ours, "Unité d’essai")
            self.course_id = session.scalars(select(Version.course_id).where(Version.id == self.version)).one()
            self.series = series.open_series(
                session, committee, self.course_id, datetime(2026, 11, 1, tzinfo=UTC).date(), {self.unit: None}
            )
            self.code, self.block = session.execute(select(TrainingSession.code, Block.id).join(Block)).one()
            self.registration = session.scalars(select(Registration.id)).one()
        self.course = a.course_of(network, self.version)[1]
        self.attestation = a.attestations(network, learner_id=self.learner)[0].code
        network.clock.advance(datetime(2026, 12, 8, 14, 30, tzinfo=UTC) - network.clock.now())

    def paths(self) -> Iterator[str]:
        """Every page and file of the plugin, its parameters filled with hers."""
        values = {"block": self.block, "registration": self.registration, "learner": self.learner, "unit": self.unit}
        values |= {"course": self.course, "number": 1, "kid": "x", "module": uuid4(), "list": uuid4(), "name": "x"}
        for parts in (training_parts, attendance_parts, attestation_parts):
            for route in parts.ROUTES:
                if route.method != "GET":
                    continue
                of_course, of_series = "/formations/" in route.path, "/parcours/" in route.path
                code = self.course if of_course else self.series if of_series else self.code
                code = self.attestation if route.path.startswith(ATTESTATIONS) else code
                yield re.sub(r"\{(\w+)\}", lambda found, code=code: str(values.get(found[1], code)), route.path)
        yield f"{ATTESTATIONS}/verifier?code={self.attestation}"


@SQLITE
def test_a_name_without_account_is_nowhere_but_with_hers_and_her_trainer(
    network: Network, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    planted = Planted(network)
    paths = [*planted.paths(), *CORE]
    assert len(paths) > 40

    def told(persona: str | None) -> set[str]:
        visitor.become(persona)
        pages = {path: visitor.get(path) for path in paths}
        assert not [path for path, page in pages.items() if page.status_code >= 500]
        assert sum(page.status_code == 200 for page in pages.values()) > (0 if persona is None else 5)
        return {path for path, page in pages.items() if TRACES.search(page.content.decode("utf-8", "replace"))}

    # The search finds her where she may be read: otherwise its silence elsewhere would prove nothing.
    ours, sheet = told(h.ADMIN), f"{SESSIONS}/{planted.code}/presences/{planted.block}"
    assert {PEOPLE, f"{PEOPLE}/{planted.learner}", f"{SESSIONS}/{planted.code}", f"{ATTESTATIONS}/organisme"} <= ours
    assert told(h.TRAINER) == {sheet, f"{sheet}/feuille.csv"}
    for persona in OTHERS:
        assert told(persona) == set(), persona
    kept = AttestationRow.metadata.tables
    with network.database.transaction(write=False) as session:
        for table in ("journal_entries", "outbox_events", "outgoing_mail"):
            rows = session.execute(kept[table].select()).all()
            assert rows, table
            assert not TRACES.search(repr(rows)), table
            assert NAME.encode() not in b"".join(one for row in rows for one in row if isinstance(one, bytes))
        assert {row.template for row in session.execute(kept["outgoing_mail"].select())} <= {"news"}
        # Sealed at rest: not one column of hers holds it either.
        assert not TRACES.search(repr(session.execute(select(*Learner.__table__.columns)).all()))
    assert not TRACES.search(caplog.text)
    # After the days around the session, her trainer reads nothing any more.
    network.clock.advance(timedelta(days=8))
    visitor.become(h.TRAINER)
    assert not TRACES.search(visitor.get(sheet).text)


@SQLITE
def test_identifiers_of_others_in_every_form_are_those_of_nobody(network: Network, visitor: Visitor) -> None:
    planted = Planted(network)
    network.clock.advance(-timedelta(days=5))
    session_path, hers = f"{SESSIONS}/{planted.code}", f"{PEOPLE}/{planted.learner}"
    registration = f"{session_path}/inscriptions/{planted.registration}"
    police = str(network.organisation("police-repentigny"))
    person = {"name": "Autre Nom", "email": "", "audience": "worker", "team": str(planted.unit)}
    block = {"module": str(uuid4()), "day": "2026-12-09", "starts": "09:00", "ends": "10:00"}
    sheet = f"{session_path}/presences/{planted.block}"
    mark = {f"s.{planted.learner}": "present", f"k.{planted.learner}": "k"}
    a_worker: dict[str, Any] = {"learner": str(planted.learner)}
    attacks: dict[str, list[tuple[str, dict[str, Any]]]] = {
        # Who keeps another organisation's people, and others who keep nobody's
        h.OFFICER: [
            (f"{session_path}/inscriptions", a_worker), (f"{registration}/annuler", {}),
            (f"{registration}/retablir", {}), (hers, person), (f"{hers}/depart", {}), (f"{hers}/effacer", {}),
            (PEOPLE, person), (f"{PEOPLE}/unites/{planted.unit}", {}), (f"{session_path}/places", {"capacity": "1"}),
            (sheet, mark),
        ],
        h.WORKER: [
            (f"{session_path}/inscriptions", a_worker), (f"{registration}/annuler", {}), (hers, person), (sheet, mark),
            (f"{session_path}/blocs", block), (f"{session_path}/annuler", {}),
            (f"{session_path}/evaluation/fermer", {}),
            (f"{ATTESTATIONS}/revoquer/confirmer", {"code": planted.attestation, "reason": "asked"}),
            (f"{SERIES}/{planted.series}/unites", {"teams": []}),
            (f"/comites/ficesl/mes-heures/{planted.block}", {}),
        ],
        # Sits in another committee; gives another session
        "bien-etre-1": [
            (sheet, mark), (f"{session_path}/places", {"capacity": "1", "organisation": police, "seats": "1"}),
            (f"{session_path}/animation", {"name": "Moi", "organisation": police}), (f"{registration}/annuler", {}),
            (f"{ATTESTATIONS}/revoquer/confirmer", {"code": planted.attestation, "reason": "asked"}),
        ],
        # Sits in the committee and gives this one: what is not of it, or of no organisation of the network
        h.TRAINER: [
            (f"{session_path}/places", {"capacity": "20", "organisation": str(uuid4()), "seats": "2"}),
            (f"{session_path}/blocs/{uuid4()}", block), (f"{session_path}/blocs", block),
            (f"{session_path}/animation", {"trainer": str(network.viewer(h.OFFICER).user_id)}),
            (f"{session_path}/animation/{uuid4()}/retirer", {}), (f"{session_path}/presences/{uuid4()}", mark),
            (hers, person), (f"{hers}/effacer", {"sure": "yes"}),
        ],
    }  # fmt: skip
    users = AttestationRow.metadata.tables["users"]
    with network.database.transaction() as session:
        keeps = {"roles": ["organisation_admin", "worker"]}
        session.execute(users.update().where(users.c.demo_key == h.OFFICER).values(keeps))
    network.agree(network.viewer(h.OFFICER).user_id)  # type: ignore[arg-type]
    before = _kept(network)
    for persona, tries in attacks.items():
        visitor.become(persona)
        with network.database.transaction() as session:
            opened = AttestationRow.metadata.tables["login_sessions"].update()
            session.execute(opened.values(stepped_up_at=network.clock.now()))
        for path, form in tries:
            answer = visitor.post(path, form)
            status = answer.status_code
            assert status in {403, 404, 422}, (persona, path, status)
            assert _kept(network) == before, (persona, path)
    with network.database.transaction(write=False) as session:
        assert check(session, planted.attestation, network.clock.now()) is Status.VALID
    # The same forms work for who may: the refusals above are not those of a broken form.
    visitor.become(h.ADMIN)
    for path, form in ((hers, person), (f"{registration}/annuler", {}), (f"{registration}/retablir", {})):
        assert visitor.post(path, form).status_code == 303, path
    assert _kept(network) != before
    # Who left gets no seat back, whoever presses *Rétablir* again.
    assert visitor.post(f"{hers}/depart", {}).status_code == 303
    gone = visitor.post(f"{registration}/retablir", {})
    assert gone.status_code == 422
    assert REGISTRATION_REFUSALS["left"] in gone.text
    # What she typed of people is read back under journal too.
    journal = AttestationRow.metadata.tables["journal_entries"]

    def reads() -> int:
        with network.database.transaction(write=False) as session:
            return len(session.execute(journal.select().where(journal.c.line.contains("names_read"))).all())

    made = visitor.post(f"{PEOPLE}/listes", {"people": "Aube Fictive;a@b@c", "audience": "worker"})
    assert made.status_code == 303
    before_reading = reads()
    text = visitor.get(made.headers["location"]).text
    assert "Aube Fictive" in text
    assert reads() == before_reading + 1


def _kept(network: Network) -> list[Any]:
    """What the attacks aim at."""
    with network.database.transaction(write=False) as session:
        return [
            session.execute(select(*model.__table__.columns).order_by(model.id)).all()
            for model in (Learner, Registration, Team, Trainer, SeatShare, Block, AttestationRow, TrainingSession)
        ]
