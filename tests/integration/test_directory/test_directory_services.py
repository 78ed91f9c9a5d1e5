"""What organisations change themselves: places, proposals, confirmation, the sealed address; on both engines."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS, Role, Viewer
from core.directory import queries, services
from core.directory.models import DirectoryEdit, Location, Organisation, Phone, Service
from core.directory.queries.search import SearchQuery, search
from core.directory.queries.sheets import directory_sheets, own_contents
from core.directory.queries.views import organisation_page, pending_edits
from core.directory.rules.visibility import ANYONE
from core.directory.rules.words import CapacityState, EditState, Problem
from core.directory.services import ConfidentialDetails, Target, seed_network
from core.directory.services.seeding import SHELTER_DETAILS
from core.kernel.crypto import Keyring, Unreadable, seal, unseal
from core.kernel.errors import DomainError, Forbidden, Missing, Stale
from core.kernel.events import OutboxEvent
from core.testing.statements import counted_statements

NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
Person = Callable[..., Viewer]


@pytest.fixture
def person(region: Session) -> Person:
    def make(slug: str, *roles: Role) -> Viewer:
        row = queries.organisation_by_slug(region, slug)
        assert row is not None
        return Viewer(uuid4(), row.id, row.name, row.type, frozenset(roles), "Personne inventée", uuid4())

    return make


def service_id(session: Session, slug: str) -> UUID:
    return session.scalars(select(Service.id).where(Service.slug == slug)).one()


def history(session: Session) -> list[tuple[str, str | None, str | None, str]]:
    rows = session.scalars(select(DirectoryEdit).order_by(DirectoryEdit.id))
    return [(row.field, row.old_value, row.new_value, row.state) for row in rows]


class TestCapacity:
    def test_worker_says_how_long_the_list_is(self, region: Session, person: Person) -> None:
        worker = person("calacs-la-chrysalide", Role.WORKER)
        mine = service_id(region, "lc-accueil")
        services.set_capacity(region, worker, mine, CapacityState.WAITLIST, 6, now=NOW)
        found = queries.capacity_of(region, worker.organisation_id or uuid4())
        assert (found.state, found.weeks) == (CapacityState.WAITLIST, 6)
        assert ("capacity", "unknown", "waitlist:6", EditState.APPLIED) in history(region)
        services.set_capacity(region, worker, mine, CapacityState.OPEN, 6, now=NOW)
        assert queries.capacity_of(region, worker.organisation_id or uuid4()).weeks is None

    def test_others_may_not(self, region: Session, person: Person) -> None:
        mine = service_id(region, "lc-accueil")
        for viewer in (
            ANONYMOUS,
            person("calacs-coup-de-coeur", Role.WORKER),
            person("calacs-la-chrysalide", Role.PRIVACY_OFFICER),
            person("cresl", Role.NETWORK_COORDINATION),
        ):
            with pytest.raises(Missing):
                services.set_capacity(region, viewer, mine, CapacityState.FULL, now=NOW)
        worker = person("calacs-la-chrysalide", Role.INTAKE)
        with pytest.raises(DomainError):
            services.set_capacity(region, worker, mine, CapacityState.WAITLIST, 105, now=NOW)

    def test_order_of_room(self, region: Session, person: Person) -> None:
        worker = person("calacs-la-chrysalide", Role.WORKER)
        owner = worker.organisation_id or uuid4()
        mine = service_id(region, "lc-accueil")
        rooms = []
        for state in (CapacityState.OPEN, CapacityState.ASSESSMENT, CapacityState.WAITLIST):
            services.set_capacity(region, worker, mine, state, now=NOW)
            rooms.append(queries.capacity_of(region, owner).room)
        assert rooms == sorted(set(rooms))


class TestProposals:
    def test_accepted_proposal_is_written_with_its_history(self, region: Session, person: Person) -> None:
        police, admin = (
            person("police-repentigny", Role.WORKER),
            person("calacs-la-chrysalide", Role.ORGANISATION_ADMIN),
        )
        target = Target(admin.organisation_id or uuid4())
        edit = services.propose_edit(region, police, target, "hours", "lu-ve 8:30-16:30", now=NOW)
        assert not queries.opening_hours(region, target.organisation_id).known
        services.decide_edit(region, admin, edit, accept=True, now=NOW)
        assert queries.opening_hours(region, target.organisation_id).weekly[0].opens == 510
        row = region.get(DirectoryEdit, edit)
        assert row is not None
        region.refresh(row)
        assert (row.proposed_by, row.decided_by, row.proposed_at) == (police.user_id, admin.user_id, NOW)
        with pytest.raises(Stale):
            services.decide_edit(region, admin, edit, accept=False, now=NOW)

    def test_declined_proposal_changes_nothing(self, region: Session, person: Person) -> None:
        police, admin = (
            person("police-repentigny", Role.WORKER),
            person("calacs-la-chrysalide", Role.ORGANISATION_ADMIN),
        )
        target = Target(admin.organisation_id or uuid4(), service_id(region, "lc-accueil"))
        edit = services.propose_edit(region, police, target, "summary", "Autre chose", now=NOW)
        services.decide_edit(region, admin, edit, accept=False, now=NOW)
        assert region.scalars(select(Service.summary).where(Service.slug == "lc-accueil")).one().startswith("Services")

    def test_who_decides(self, region: Session, person: Person) -> None:
        police = person("police-repentigny", Role.WORKER)
        own = person("calacs-la-chrysalide", Role.WORKER)
        target = Target(own.organisation_id or uuid4())
        edit = services.propose_edit(region, police, target, "city", "Mascouche", now=NOW)
        with pytest.raises(Forbidden):
            services.decide_edit(region, own, edit, accept=True, now=NOW)
        for other in (police, person("calacs-coup-de-coeur", Role.ORGANISATION_ADMIN), ANONYMOUS):
            with pytest.raises(Missing):
                services.decide_edit(region, other, edit, accept=True, now=NOW)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("hours", "9h à 17h"),
            ("website", "http://exemple.test"),
            ("name", ""),
            ("areas", "mrc:999"),
            ("city", "x" * 500),
            ("city", "Terrebonne"),
        ],
    )
    def test_value_that_does_not_fit(self, region: Session, person: Person, field: str, value: str) -> None:
        police = person("police-repentigny", Role.WORKER)
        lc = queries.organisation_by_slug(region, "calacs-la-chrysalide")
        assert lc is not None
        with pytest.raises(DomainError) as refusal:
            services.propose_edit(region, police, Target(lc.id), field, value, now=NOW)
        assert refusal.value.status == 422
        assert not value or value not in refusal.value.message or value == "Terrebonne"

    @pytest.mark.parametrize(
        "field", ["status", "public_key", "receives_referrals", "visibility", "contacts", "rooms", "slug"]
    )
    def test_fields_nobody_proposes(self, region: Session, person: Person, field: str) -> None:
        police = person("police-repentigny", Role.WORKER)
        lc = queries.organisation_by_slug(region, "calacs-la-chrysalide")
        assert lc is not None
        with pytest.raises(Missing):
            services.propose_edit(region, police, Target(lc.id), field, "x", now=NOW)

    def test_hidden_service_cannot_be_proposed_nor_reported(self, region: Session, person: Person) -> None:
        crjda = queries.organisation_by_slug(region, "crjda")
        assert crjda is not None
        unit = Target(crjda.id, service_id(region, "crjda-la-source"))
        with pytest.raises(Missing):
            services.propose_edit(region, person("police-repentigny", Role.WORKER), unit, "name", "x", now=NOW)
        with pytest.raises(Missing):
            services.report_problem(region, ANYONE, unit, Problem.PHONE, now=NOW)
        with pytest.raises(Missing):
            services.report_problem(region, ANYONE, Target(crjda.id), Problem.PHONE, now=NOW)

    def test_reports_are_counted(self, region: Session) -> None:
        lc = queries.organisation_by_slug(region, "calacs-la-chrysalide")
        assert lc is not None
        for problem in (Problem.PHONE, Problem.PHONE, Problem.HOURS):
            services.report_problem(region, ANYONE, Target(lc.id), problem, now=NOW)
        assert {(e.problem, e.times) for e in pending_edits(region, lc.id)} == {("phone", 2), ("hours", 1)}

    def test_own_change_survives_the_next_import(
        self, region: Session, person: Person, network_keyring: Keyring
    ) -> None:
        admin = person("calacs-coup-de-coeur", Role.ORGANISATION_ADMIN)
        target = Target(admin.organisation_id or uuid4())
        services.change_own(region, admin, target, "hours", "lu-je 10:00-15:00", now=NOW)
        services.change_own(region, admin, target, "contacts", "Accueil | premier appel", now=NOW)
        report = seed_network(region, network_keyring, NOW)
        assert report.kept == 2
        assert queries.opening_hours(region, target.organisation_id).weekly[0].opens == 600
        page = organisation_page(region, queries.reader_for(admin), "calacs-coup-de-coeur", NOW)
        assert page is not None
        assert [c.helps_with for c in page.contacts] == ["premier appel"]


def test_each_change_is_kept_told_and_found(region: Session, person: Person) -> None:
    """What was really replaced, who is told, and what the search finds at once; nobody proposes without the right."""
    police, admin = person("police-repentigny", Role.WORKER), person("calacs-la-chrysalide", Role.ORGANISATION_ADMIN)
    target = Target(admin.organisation_id or uuid4(), service_id(region, "lc-accueil"))
    before = region.scalars(select(Service.summary).where(Service.slug == "lc-accueil")).one()
    with pytest.raises(Missing):
        services.propose_edit(region, ANONYMOUS, target, "summary", "x", now=NOW)
    edit = services.propose_edit(region, police, target, "summary", "Girandole", now=NOW)
    services.change_own(region, admin, target, "summary", "Entre-temps", now=NOW)
    services.decide_edit(region, admin, edit, accept=True, now=NOW)
    region.expire_all()
    assert {("summary", before, "Entre-temps", "applied"), ("summary", "Entre-temps", "Girandole", "accepted")} <= set(
        history(region)
    )
    found = search(region, ANYONE, SearchQuery("girandole"), NOW).cards
    assert [card.slug for card in found] == ["lc-accueil"]
    told = {(row.kind, tuple(sorted(row.topics))) for row in region.scalars(select(OutboxEvent))}
    orgs = tuple(sorted(f"org:{one}" for one in (admin.organisation_id, police.organisation_id)))
    proposed = ("directory.edit_proposed", (f"org:{admin.organisation_id}",))
    assert {proposed, ("directory.edit_decided", orgs), ("directory.changed", ("network",))} <= told
    own = set(region.scalars(select(Service.id).where(Service.organisation_id == admin.organisation_id)))
    assert set(own_contents(region, admin)) == own


def test_verified_only_when_the_organisation_says_so(region: Session, person: Person) -> None:
    assert not region.scalars(select(Service.id).where(Service.verified_on.is_not(None))).all()
    admin = person("calacs-la-chrysalide", Role.ORGANISATION_ADMIN)
    services.confirm_exact(
        region, admin, Target(admin.organisation_id or uuid4()), now=datetime(2026, 11, 25, 3, tzinfo=UTC)
    )
    lc = queries.organisation_by_slug(region, "calacs-la-chrysalide")
    assert lc is not None
    assert lc.verified_on == date(2026, 11, 24)  # still the 24th in Joliette
    with pytest.raises(Missing):
        services.confirm_exact(region, person("police-repentigny", Role.ORGANISATION_ADMIN), Target(lc.id), now=NOW)


def test_a_confirmation_is_taken_back_the_same_day_only(region: Session, person: Person) -> None:
    admin = person("calacs-la-chrysalide", Role.ORGANISATION_ADMIN)
    assert admin.organisation_id is not None
    target = Target(admin.organisation_id)

    def verified_on() -> date | None:
        found = queries.organisation_by_slug(region, "calacs-la-chrysalide")
        assert found is not None
        return found.verified_on

    with pytest.raises(Stale):
        services.take_back_confirmation(region, admin, target, now=NOW)
    services.confirm_exact(region, admin, target, now=NOW)
    services.confirm_exact(region, admin, target, now=NOW)  # tapped twice: what comes back is what there was before
    stranger = person("police-repentigny", Role.ORGANISATION_ADMIN)
    with pytest.raises(Missing):
        services.take_back_confirmation(region, stranger, target, now=NOW)
    services.take_back_confirmation(region, admin, target, now=NOW)
    assert verified_on() is None
    services.confirm_exact(region, admin, target, now=NOW)
    with pytest.raises(Stale):
        services.take_back_confirmation(region, admin, target, now=NOW + timedelta(days=1))
    services.confirm_exact(region, admin, target, now=NOW + timedelta(days=200))
    services.take_back_confirmation(region, admin, target, now=NOW + timedelta(days=200))
    assert verified_on() == NOW.date()


def test_sheets_are_those_of_admitted_organisations_their_own_first(region: Session) -> None:
    with counted_statements() as sent:
        sheets = directory_sheets(region)
    assert len(sent) == 2
    of = [one for one in sheets if one.slug == "calacs-la-chrysalide" or one.organisation.startswith("CALACS La Ch")]
    assert of[0].service_id is None
    assert all(one.service_id is not None for one in of[1:])
    assert len(of) > 1
    assert directory_sheets(region, [of[0].organisation_id]) == tuple(of)
    admitted = {row.id for row in queries.organisations(region) if row.status == "admitted"}
    assert {one.organisation_id for one in sheets} == admitted


class TestSeed:
    def test_every_organisation_has_keys_that_open(self, region: Session, network_keyring: Keyring) -> None:
        block = b"k" * 32
        for row in queries.organisations(region):
            if row.status != "admitted":
                assert row.public_key is None, "who is not admitted can be sealed nothing"
                continue
            assert row.public_key is not None
            assert row.wrapped_private_key is not None
            private = network_keyring.open_private(row.wrapped_private_key, row.id)
            assert unseal(seal(block, row.public_key), private) == block

    def test_again_replaces_no_key(self, region: Session, network_keyring: Keyring) -> None:
        before = {row.id: row.key_id for row in queries.organisations(region)}
        seed_network(region, network_keyring, NOW)
        assert {row.id: row.key_id for row in queries.organisations(region)} == before


class TestConfidentialAddress:
    def test_only_the_shelter_reads_it(self, region: Session, person: Person, network_keyring: Keyring) -> None:
        own = person("maison-escale-fictive", Role.ORGANISATION_ADMIN)
        assert services.read_details(region, own, network_keyring, now=NOW) == SHELTER_DETAILS
        partner = person("calacs-coup-de-coeur", Role.ORGANISATION_ADMIN)
        assert services.read_details(region, partner, network_keyring, now=NOW) is None
        with pytest.raises(Missing):
            services.read_details(region, ANONYMOUS, network_keyring, now=NOW)
        with pytest.raises(Unreadable):
            services.read_details(region, own, Keyring.from_bytes(b"z" * 32), now=NOW)

    def test_reading_is_journaled(self, region: Session, person: Person, network_keyring: Keyring) -> None:
        own = person("maison-escale-fictive", Role.ORGANISATION_ADMIN)
        services.read_details(region, own, network_keyring, now=NOW)
        lines = region.execute(text("SELECT line FROM journal_entries")).scalars().all()
        joined = " ".join(str(line) for line in lines)
        assert "directory.address_read" in joined
        assert "Girouette" not in joined

    def test_change_and_version(self, region: Session, person: Person, network_keyring: Keyring) -> None:
        own = person("maison-escale-fictive", Role.ORGANISATION_ADMIN)
        services.set_details(region, own, ConfidentialDetails("3, rang du Nuage (fictif)"), now=NOW)
        found = services.read_details(region, own, network_keyring, now=NOW)
        assert found is not None
        assert found.address == "3, rang du Nuage (fictif)"
        lines = " ".join(map(str, region.execute(text("SELECT line FROM journal_entries")).scalars()))
        assert "directory.address_changed" in lines
        assert "Nuage" not in lines
        with pytest.raises(Missing):
            services.set_details(region, person("maison-escale-fictive", Role.WORKER), found, now=NOW)

    def test_no_table_holds_it_in_clear(self, region: Session) -> None:
        """Every text and binary cell of the database is read; the control finds the address when it is put in clear."""

        def found() -> bool:
            names = [table.name for table in Organisation.metadata.sorted_tables]
            cells = (
                bytes(value) if isinstance(value, (bytes, memoryview)) else str(value).encode()
                for name in names
                for row in region.execute(text(f"SELECT * FROM {name}"))
                for value in row
                if value is not None
            )
            return any(b"Girouette" in cell or b"555-0143" in cell for cell in cells)

        assert not found()
        row = region.scalars(select(Location).where(Location.key == "escale-maison")).one()
        row.name = SHELTER_DETAILS.address
        region.flush()
        assert found()

    def test_database_refuses_a_confidential_address_or_phone_in_clear(self, region: Session) -> None:
        row = region.scalars(select(Location).where(Location.key == "escale-maison")).one()
        clear = update(Location).where(Location.id == row.id).values(address="12, rue du Secret")
        with region.begin_nested() as attempt:
            with pytest.raises(IntegrityError):
                region.execute(clear)
            attempt.rollback()
        phone = insert(Phone).values(
            id=uuid4(), organisation_id=row.organisation_id, number="450 555-0143", visibility="confidential"
        )
        with region.begin_nested() as attempt:
            with pytest.raises(IntegrityError):
                region.execute(phone)
            attempt.rollback()
