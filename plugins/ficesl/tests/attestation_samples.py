"""An attestation of La Chrysalide’s worker and the key that signs badges, for the table of who gets what."""

from __future__ import annotations

from collections.abc import Mapping

from core.testing.network import Network

from ..services import signing
from . import attesting, training

#: Whose attestation it is.
HOLDER = "calacs-chrysalide"


def attestation_samples(network: Network) -> Mapping[str, str]:
    """The values of the addresses’ parameters: `code`, `kid`, `course`."""
    version = training.a_course(network, modules=1)
    code = attesting.attested(network, HOLDER, version=version)
    with network.database.transaction() as session:
        kid = signing.signer(session, network.keyring, network.clock.now()).kid
    return {"code": code, "kid": kid, "course": attesting.course_of(network, version)[1]}
