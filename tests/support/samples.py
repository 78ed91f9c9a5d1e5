"""What stands for a path's parameters when every route is asked: things that exist, one of each kind that matters."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts.models import Invitation, OrganisationApplication, User
from core.committees.models.structure import CommitteeSeat
from core.committees.services import put_on_agenda
from core.demo_admission import seed_admission
from core.directory.models import Organisation, Service
from core.kernel.clock import FixedClock
from core.kernel.web.routes import Route
from core.referrals.codes import new_code
from core.testing import databases, postgres
from core.testing.network import Network, fresh_network
from plugins.bien_etre.tests import money_samples, voting
from plugins.ficesl.tests import attendance_samples, attestation_samples, training_samples
from plugins.orres.tests import drafting, exchange_samples
from tests.support import referrals
from tests.support.committees import CHAIR, code_of, keep_records, opened

NOBODY = str(UUID(int=0))
#: The people of the references that are asked for: who sent them, who received them
ROLES = {
    "police": ("police-repentigny", "police-repentigny"),
    "chrysalide": ("calacs-la-chrysalide", "calacs-chrysalide"),
    "coup_de_coeur": ("calacs-coup-de-coeur", "calacs-coup-de-coeur"),
}
#: A year that is over, and one that is not.
REPORTS: Mapping[str, Mapping[str, str]] = {
    "closed": {"period": "2025-2026", "kind": "zip", "section": "contact"},
    "missing": {"period": "2030-2031", "kind": "zip", "section": "contact"},
}
#: Versions of the example trajectory.
TRAJECTORY: Mapping[str, str] = {"own": "2", "draft": "3", "missing": "99"}
#: A parameter of a route, with its kind.
PARAMETER = re.compile(r"\{\w+(?::\w+)?\}")
#: Label of the object -> address of the route for it
Samples = Mapping[str, str]


@dataclass(frozen=True)
class Addresses:
    """The addresses each route is asked at: a reference of the police to La Chrysalide, submitted and accepted; a
    service, an organisation of each visibility; a service of La Chrysalide for its own administration, one of its
    people and an invitation of hers; an organisation on probation; a committee with its records; the money of an aid
    fund; and always an object that does not exist."""

    codes: Mapping[str, str]
    services: Mapping[str, str]
    organisations: Mapping[str, str]
    own: str
    newcomers: Mapping[str, Mapping[str, str]]
    committees: Mapping[str, Mapping[str, str]]
    aid: str
    fund: Mapping[str, str]
    attested: Mapping[str, str]
    marked: Mapping[str, str]
    trained: Mapping[str, Mapping[str, str]]
    exchanged: Mapping[str, Mapping[str, str]]
    versions: Mapping[str, Mapping[str, str]]

    def __call__(self, route: Route) -> Samples:
        """Label of the object -> its address."""
        if route.path.startswith("/comites/{slug}/rencontres/{code}"):
            held, missing = self.committees["bien_etre"], self.committees["missing"]
            met = {
                "held": {**held, "code": held["meeting"]},
                "planned": {**held, "code": held["planned"]},
                "missing": {**missing, "code": missing["meeting"]},
            }
            return {label: _filled(route.path, values) for label, values in met.items()}
        if route.path.startswith("/comites/{slug}"):
            return {label: _filled(route.path, values) for label, values in self.committees.items()}
        if route.path.startswith("/comites/ficesl/attestations/") and "{" in route.path:
            number = "0" if "/statuts/" in route.path else "1"
            return _own(route.path, {**self.attested, "number": number})
        if route.path.startswith(attendance_samples.ADDRESSES) and "{" in route.path:
            return _own(route.path, self.marked)
        if route.path == "/comites/orres/versions/{number}":
            # In force, a draft, none
            return {label: route.path.replace("{number}", number) for label, number in TRAJECTORY.items()}
        for beginning, told in (*self.versions.items(), *self.exchanged.items()):
            if route.path.startswith(beginning):
                return _own(route.path, told)
        for beginning, values in self.trained.items():
            if route.path.startswith(beginning) and "{" in route.path:
                return _own(route.path, values)
        if route.path.startswith("/comites/bien-etre/fonds/") and "{" in route.path:
            return _own(route.path, {"format": "csv", **self.fund})
        if route.path in ("/suivis/{follow_up}", "/calendrier/{token}"):
            return _own(route.path, self.committees["bien_etre"])
        if route.path.startswith("/rapports/{period}"):
            return {label: _filled(route.path, values) for label, values in REPORTS.items()}
        return {label: re.sub(PARAMETER, value, route.path) for label, value in self._objects(route).items()}

    def _objects(self, route: Route) -> Mapping[str, str]:
        if route.path.startswith("/comites/bien-etre/demandes/{code}"):
            return {"own": self.aid, "missing": "F-2222-22"}
        if "{code}" in route.path:
            return self.codes
        if route.path.startswith("/annuaire/services/{id}"):
            return self.services
        if route.path.startswith("/annuaire/organismes/{id}"):
            return self.organisations
        if route.path.startswith("/organisation/services/{id}"):
            return {"own": self.own, "missing": NOBODY}
        for beginning, those in self.newcomers.items():
            if route.path.startswith(beginning):
                return those
        if route.path.startswith("/demo/"):
            return {"": "calacs-coup-de-coeur"}
        return {"": NOBODY}


def sample_paths(network: Network) -> Addresses:
    """Fill the network with one of each kind, and say where: a second of processor. `filled_network` is the same for
    who begins with it."""
    with network.database.transaction() as session:
        codes = _references(session, network)
        services = _by_visibility(session, Service)
        organisations = _by_visibility(session, Organisation)
        own = _service_of(session, "calacs-la-chrysalide")
        newcomers = _newcomers(session, network)
    return Addresses(
        codes=codes,
        services=services,
        organisations=organisations,
        own=own,
        newcomers=newcomers,
        committees=_committees(network),
        aid=voting.row(network, voting.sent(network)).code,
        fund=money_samples.money_samples(network),
        attested=attestation_samples.attestation_samples(network),
        marked=attendance_samples.attendance_samples(network),
        trained=training_samples.training_samples(network),
        exchanged=exchange_samples.page_samples(network),
        versions=drafting.page_samples(network),
    )


@contextmanager
def filled_network(engine: str, folder: Path, clock: FixedClock) -> Iterator[tuple[Network, Addresses]]:
    """A copy of the network of the demo with the samples in it, made once for all the processes of a run."""
    addresses: Addresses = pickle.loads(_template(engine).with_suffix(".pickle").read_bytes())
    with fresh_network(engine, folder, clock, template=lambda name: _template(name).read_text("utf-8")) as network:
        yield network, addresses


def _template(engine: str) -> Path:
    """The file that names the filled copy on `engine`; beside it, its addresses."""
    with postgres.locked(f"filled-{engine}") as folder, databases.once(folder / f"filled-{engine}.state") as needed:
        named = folder / f"filled-{engine}.name"
        if needed:
            place = folder / f"filled-{engine}"
            place.mkdir()
            with fresh_network(engine, place, FixedClock(databases.NOW), kept=True) as network:
                named.with_suffix(".pickle").write_bytes(pickle.dumps(sample_paths(network)))
                named.write_text(str(network.database.url.database), "utf-8")
            if engine == "sqlite":
                databases.fold_wal(Path(named.read_text("utf-8")))
    return named


def _own(path: str, values: Mapping[str, str]) -> Samples:
    return {"own": _filled(path, values), "missing": re.sub(r"\{\w+\}", NOBODY, path)}


def _filled(path: str, values: Mapping[str, str]) -> str:
    """The address with each parameter by its name."""
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found.group(1), NOBODY), path)


def _committees(network: Network) -> Mapping[str, Mapping[str, str]]:
    """Bien-être with a vote under way, a seat, a meeting that was held and one to come; a committee that does not
    exist. `code` is the vote's; an address of meetings takes `meeting`."""
    vote_id = opened(network, hours=24 * 10)
    person = network.viewer("bien-etre-5").user_id
    with network.database.transaction() as session:
        seat = session.scalar(select(CommitteeSeat.id).where(CommitteeSeat.user_id == person))
        kept = keep_records(session, network)
        put_on_agenda(session, network.viewer(CHAIR), kept["planned"], vote_id, network.clock.now())
    code = code_of(network, vote_id)
    own = {"slug": "bien-etre", "code": code, "vote": code, "seat": str(seat), **kept}
    missing = {
        "slug": "nulle-part",
        "code": "V-2222-22",
        "vote": "V-2222-22",
        "meeting": "M-2222-22",
        "decision": "D-2222-22",
    }
    return {"bien_etre": own, "missing": missing}


def _references(session: Session, network: Network) -> Mapping[str, str]:
    world = referrals.World(network.keyring)
    for name, (slug, persona) in ROLES.items():
        organisation = session.execute(select(Organisation).where(Organisation.slug == slug)).scalar_one()
        world.organisations[name], world.types[name] = organisation.id, organisation.type
        world.people[name, 0] = session.execute(select(User.id).where(User.demo_key == persona)).scalar_one()
    now = network.clock.now()
    return {
        "submitted": referrals.send(session, world, at=now).code,
        "accepted": referrals.accepted(session, world, at=now).code,
        "missing": new_code(),
    }


def _newcomers(session: Session, network: Network) -> Mapping[str, Mapping[str, str]]:
    """Beginning of a route -> its objects; the longest beginnings come first."""
    seed_admission(session, network.keyring, network.clock.now())
    application = str(session.execute(select(OrganisationApplication.id)).scalar_one())
    people = {key: str(user_id) for key, user_id in session.execute(select(User.demo_key, User.id))}
    ajrj = session.execute(select(Organisation.id).where(Organisation.slug == "ajrj")).scalar_one()
    return {
        "/organisation/personnes/invitations/": {
            "own": str(session.execute(select(Invitation.id)).scalar_one()),
            "missing": NOBODY,
        },
        "/organisation/personnes/{id}": {
            "own": people["calacs-chrysalide"],
            "elsewhere": people["police-repentigny"],
            "missing": NOBODY,
        },
        "/reseau/admissions/{id}": {"probation": application, "missing": NOBODY},
        "/reseau/organismes/{id}": {"admitted": str(ajrj), "missing": NOBODY},
        "/approbations/{id}": {"probation": application, "missing": NOBODY},
    }


def _by_visibility(session: Session, model: type[Service] | type[Organisation]) -> Mapping[str, str]:
    rows = session.execute(select(model.visibility, model.id).order_by(model.slug.desc()))
    found = {str(visibility): str(identifier) for visibility, identifier in rows}
    return found | {"missing": NOBODY}


def _service_of(session: Session, slug: str) -> str:
    statement = select(Service.id).join(Organisation, Organisation.id == Service.organisation_id)
    return str(session.scalars(statement.where(Organisation.slug == slug).order_by(Service.slug)).first())
