"""The attestation as an Open Badges 3.0 credential, and the list that says which are revoked. Pure: no key, no clock.

Shapes: 1EdTech Open Badges 3.0 (AchievementCredential, JSON Web Token proof: the credential's properties are the
token's claims) and W3C Bitstring Status List 1.0. Neutral: the subject is a pseudonym drawn from the code, so that
neither a name, an e-mail nor an organisation is in it, and two attestations of one person don't meet.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, uuid5
from zoneinfo import ZoneInfo

CONTEXTS = (
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
)
#: The least number of bits of a list, so that one index is lost among many (Bitstring Status List, § 3.4).
LIST_BITS = 131_072
TORONTO = ZoneInfo("America/Toronto")
#: RFC 7518: every verifier of Open Badges knows it.
ALGORITHM = "ES256"


@dataclass(frozen=True)
class Addresses:
    """Public addresses of the network's credentials; `base` without a final slash."""

    base: str

    def check(self, code: str) -> str:
        """The page that says whether an attestation is valid."""
        return f"{self.base}/verifier?code={code}"

    @property
    def issuer(self) -> str:
        """The profile of the issuer."""
        return f"{self.base}/emetteur"

    def key(self, kid: str) -> str:
        """One public key, as a JWK: what `kid` names in a token's header."""
        return f"{self.base}/cles/{kid}"

    def course(self, code: str, version: int) -> str:
        """The identifier of an achievement: one version of a course."""
        return f"{self.base}/reussites/{code}/{version}"

    def status_list(self, number: int) -> str:
        """The list of revocations that holds an index."""
        return f"{self.base}/statuts/{number}"


@dataclass(frozen=True)
class Badge:
    """What a credential says. `minutes`: the training's duration; `revision` of the course."""

    code: str
    course: str
    revision: int
    title: str
    summary: str
    minutes: int
    issued_on: date
    expires_on: date | None
    status_index: int
    issuer: str


def start_of(day: date) -> datetime:
    """The first second of a day in the network's zone, in UTC."""
    return datetime.combine(day, time(), TORONTO).astimezone(UTC)


def end_of(day: date) -> datetime:
    """The last second of a day in the network's zone, in UTC: what is valid through that day is valid all day."""
    return start_of(day + timedelta(days=1)) - timedelta(seconds=1)


def stamp(at: datetime) -> str:
    """`2026-11-24T05:00:00Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def subject(code: str, where: Addresses) -> str:
    """A pseudonym of its own for each attestation: the same code gives the same one, two codes never meet."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, where.check(code))}"


def credential(badge: Badge, where: Addresses) -> dict[str, object]:
    """The claims of the token: an AchievementCredential, then the registered claims that repeat it (OB 3.0 § 8.2)."""
    starts = start_of(badge.issued_on)
    ends = end_of(badge.expires_on) if badge.expires_on else None
    number, index = divmod(badge.status_index, LIST_BITS)
    who = subject(badge.code, where)
    claims: dict[str, object] = {
        "@context": list(CONTEXTS),
        "id": where.check(badge.code),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": badge.title,
        "issuer": profile(badge.issuer, where),
        "validFrom": stamp(starts),
        **({"validUntil": stamp(ends)} if ends else {}),
        "credentialSubject": {
            "id": who,
            "type": ["AchievementSubject"],
            "achievement": {
                "id": where.course(badge.course, badge.revision),
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": badge.title,
                "description": badge.summary or badge.title,
                "criteria": {"narrative": criteria(badge.minutes)},
            },
        },
        "credentialStatus": {
            "id": f"{where.status_list(number)}#{index}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(index),
            "statusListCredential": where.status_list(number),
        },
        "iss": where.issuer,
        "jti": where.check(badge.code),
        "sub": who,
        "nbf": int(starts.timestamp()),
        "iat": int(starts.timestamp()),
    }
    return {**claims, "exp": int(ends.timestamp())} if ends else claims


def criteria(minutes: int) -> str:
    """What had to be done, in one French sentence."""
    whole, left = divmod(minutes, 60)
    return f"Suivre chaque module en entier : {whole} h {left:02d}."


def profile(name: str, where: Addresses) -> dict[str, object]:
    """The issuer: the network, never an organisation of it."""
    return {"id": where.issuer, "type": ["Profile"], "name": name, "url": where.base}


def status_credential(number: int, revoked: Iterable[int], where: Addresses, at: datetime) -> dict[str, object]:
    """The claims of the list `number`. `revoked`: indices within it."""
    address = where.status_list(number)
    return {
        "@context": [CONTEXTS[0]],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": where.issuer,
        "validFrom": stamp(at),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encode_list(revoked),
        },
        "iss": where.issuer,
        "jti": address,
        "sub": f"{address}#list",
        "nbf": int(at.timestamp()),
        "iat": int(at.timestamp()),
    }


def encode_list(revoked: Iterable[int], bits: int = LIST_BITS) -> str:
    """GZIP of the bits (index 0 is the leftmost of the first byte), multibase base64url without padding."""
    held = bytearray(bits // 8)
    for index in revoked:
        held[index // 8] |= 0x80 >> (index % 8)
    return "u" + base64.urlsafe_b64encode(gzip.compress(bytes(held), mtime=0)).decode().rstrip("=")


def is_set(encoded: str, index: int) -> bool:
    """Whether the bit of an index is set in an encoded list."""
    body = encoded.removeprefix("u")
    held = gzip.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return bool(held[index // 8] & (0x80 >> (index % 8)))


def public_part(key: Mapping[str, object]) -> dict[str, object]:
    """A JWK without its private member."""
    return {name: value for name, value in key.items() if name not in {"d", "p", "q", "dp", "dq", "qi", "k"}}
