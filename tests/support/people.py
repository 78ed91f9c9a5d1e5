"""Somebody with a password, or with an application of codes, who has accepted the agreements and signed in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pyotp
from sqlalchemy.orm import Session

from core.access.viewer import Role
from core.accounts import services
from core.testing.network import Network

PASSWORD = "grenouille-rivière-12"


@dataclass(frozen=True)
class Person:
    """`token`: the cookie of an open session; `secret`: of the application of codes, when there is one."""

    user_id: UUID
    token: str
    secret: str = ""

    def code(self, network: Network) -> str:
        """What the application shows now."""
        return pyotp.TOTP(self.secret).at(network.clock.now())


def intake_worker(network: Network, *, factor: str = "password", name: str = "Camille Essai-Roy") -> Person:
    """A worker of La Chrysalide's intake; `factor`: `password` alone, or `totp` as well."""
    now = network.clock.now()
    with network.database.transaction() as session:
        user_id = services.add_user(
            session,
            network.keyring,
            organisation_id=network.organisation("calacs-la-chrysalide"),
            email=f"{factor}@exemple.test",
            name=name,
            roles=[Role.WORKER, Role.INTAKE],
            now=now,
            password=PASSWORD,
        )
        secret = _application(session, network, user_id) if factor == "totp" else ""
        proved = factor != "password"
        token = services.open_session(session, user_id, now, second_factor=proved, device="essai", factor=factor)
    network.agree(user_id)
    return Person(user_id, token, secret)


def _application(session: Session, network: Network, user_id: UUID) -> str:
    now = network.clock.now()
    services.start_totp(session, network.keyring, user_id, now)
    secret = services.waiting_secret(session, network.keyring, user_id, now)
    assert secret is not None
    # A code serves once: the one that confirms is not the one that opens, half a minute later
    typed = pyotp.TOTP(secret).at(now)
    assert services.confirm_totp(session, network.keyring, user_id, typed, now)
    return secret
