"""Attestations issued, renewed, revoked, reminded; badges that another library verifies."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import jsonschema_rs
import jwt
import pytest
import time_machine
from joserfc.jwk import ECKey
from sqlalchemy import insert, select, update

from core.api import Missing, new_id
from core.testing.network import Network, visiting
from core.testing.statements import counted_statements

from ..models import AttestationRow, Learner, Prerequisite, RenewalReminder, SigningKey
from ..queries import attestations as queries
from ..rules.attestations import Status
from ..rules.badges import LIST_BITS, Addresses, is_set
from ..services import catching_up, renewals, signing
from ..services.desk import Refused
from ..services.issuing import NEXT, attest
from ..services.revoking import revoke
from . import attesting as a
from . import training as h

SQLITE = pytest.mark.parametrize("network", ["sqlite"], indirect=True)
PLACE = Addresses("http://127.0.0.1:8000/comites/ficesl/attestations")


def outgoing(network: Network) -> int:
    mail = AttestationRow.metadata.tables["outgoing_mail"]
    with network.database.transaction(write=False) as session:
        return len(session.execute(select(mail.c.id)).all())


def test_issued_by_rule_once_with_its_prerequisite_and_renewed_when_all_is_done_anew(network: Network) -> None:
    base, version = h.a_course(network, modules=1), h.a_course(network, modules=2)
    base_course, _ = a.course_of(network, base)
    with network.database.transaction() as session:
        session.execute(insert(Prerequisite).values(id=new_id(), version_id=version, course_id=base_course))
    someone, other = (h.a_person(network, name) for name in ("Dominique Essai", "Camille Essai"))
    a.credit(network, version, [someone], modules=1)
    a.heard(network, version)
    a.credit(network, version, [someone])
    a.heard(network, version)
    assert a.attestations(network) == []  # its prerequisite is missing
    a.credit(network, base, [someone, other], on_day=date(2024, 12, 31))
    a.credit(network, base, [other], minutes=59)
    a.heard(network, base)
    # The prerequisite's attestation brings the other one by itself; 59 minutes of 60 bring none
    first, second = a.attestations(network)
    assert {first.version_id, second.version_id} == {base, version}
    assert {first.learner_id, second.learner_id} == {someone}
    by_version = {one.version_id: one for one in (first, second)}
    assert by_version[base].expires_on == date(2026, 12, 31)
    assert len({first.code, second.code, first.status_index, second.status_index}) == 4
    a.heard(network, base)
    a.heard(network, version)
    assert len(a.attestations(network)) == 2
    network.clock.advance(timedelta(days=300))
    a.credit(network, base, [someone], on_day=date(2027, 9, 20))
    a.heard(network, base)
    assert [one.issued_on for one in a.attestations(network, version_id=base)] == [
        date(2024, 12, 31),
        date(2027, 9, 20),
    ]


@SQLITE
def test_an_expired_prerequisite_issues_nothing_and_a_lost_event_is_caught_up(network: Network) -> None:
    base, version = h.a_course(network, modules=1), h.a_course(network, modules=1)
    base_course, _ = a.course_of(network, base)
    with network.database.transaction() as session:
        session.execute(insert(Prerequisite).values(id=new_id(), version_id=version, course_id=base_course))
    someone = h.a_person(network, "Dominique Essai")
    a.credit(network, base, [someone], on_day=date(2020, 1, 1))
    a.heard(network, base)
    a.credit(network, version, [someone])
    a.heard(network, version)
    assert [one.version_id for one in a.attestations(network)] == [base]
    network.clock.advance(timedelta(hours=1))
    a.credit(network, base, [someone])
    with network.database.transaction() as session:
        catching_up.catch_up(session, network.clock.now())
        events = AttestationRow.metadata.tables["outbox_events"]
        refs = session.scalars(select(events.c.ref).where(events.c.kind == NEXT)).all()
    for ref in refs:
        a.heard(network, version, ref, network.clock.now())
    assert len(a.attestations(network)) == 3


@SQLITE
def test_a_big_import_is_attested_by_batches_in_a_bounded_number_of_statements(
    network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = h.a_course(network, modules=2)
    given = h.desk(network, h.ADMIN)
    with network.database.transaction() as session:
        rows = [
            {
                "id": new_id(),
                "organisation_id": given.viewer.organisation_id,
                "audience": "worker",
                "created_at": given.now,
            }
            for _ in range(60)
        ]
        session.execute(insert(Learner), rows)
    people = [row["id"] for row in rows]
    a.credit(network, version, people)
    monkeypatch.setattr("plugins.ficesl.services.issuing.BATCH", 20)
    refs: list[str | None] = [None]
    events = AttestationRow.metadata.tables["outbox_events"]
    sent_by_batch = []
    while refs:
        with counted_statements() as sent:
            a.heard(network, version, refs.pop())
        sent_by_batch.append(len(sent))
        with network.database.transaction() as session:
            found = session.scalars(select(events.c.ref).where(events.c.kind == NEXT)).all()
            session.execute(events.delete().where(events.c.kind == NEXT))
            refs += found
    assert len(a.attestations(network)) == 60
    assert len(sent_by_batch) == 4
    assert max(sent_by_batch) <= 40
    assert max(one.status_index for one in a.attestations(network)) < LIST_BITS


@SQLITE
def test_revoked_with_a_reason_everywhere_at_once_and_an_error_in_the_text_is_mended(network: Network) -> None:
    version = h.a_course(network, modules=1)
    code = a.attested(network, version=version)
    given = h.desk(network)
    with network.database.transaction() as session:
        assert queries.check(session, code.lower(), given.now) is Status.VALID
        revoke(session, given, code, "text")
        assert queries.check(session, code, given.now) is Status.REVOKED
    old, new = sorted(a.attestations(network), key=lambda one: one.revoked_at is None)
    assert (old.code, old.revoked_reason, old.revoked_by) == (code, "text", given.viewer.user_id)
    assert new.code != code
    assert (new.issued_on, new.expires_on) == (old.issued_on, old.expires_on)
    with network.database.transaction() as session:
        revoke(session, given, new.code, "attendance")
        assert set(queries.revoked_indices(session, 0)) == {old.status_index, new.status_index}
        assert attest(session, [old.learner_id], [old.course_id], given.now) == ()
        for again in (new.code, "7K3M-9QRT-2BCD"):
            with pytest.raises((Refused, Missing)):
                revoke(session, given, again, "asked")


def test_reminders_leave_once_each_over_a_leap_day_to_the_person_or_who_keeps_her(network: Network) -> None:
    """The clock is walked day by day to the end of validity, 29 February 2028; one message for two people of a team."""
    version = h.a_course(network, modules=1)
    a.attested(network, version=version, on_day=date(2026, 2, 28))
    with network.database.transaction() as session:
        session.execute(update(AttestationRow).values(expires_on=date(2028, 2, 29)))
    without_account = [h.a_person(network, name) for name in ("Dominique Essai", "Camille Essai")]
    a.credit(network, version, without_account, on_day=date(2026, 2, 28))
    a.heard(network, version)
    with network.database.transaction() as session:
        session.execute(update(AttestationRow).values(expires_on=date(2028, 2, 29)))
    sent: list[tuple[int, int]] = []
    with time_machine.travel(datetime(2027, 12, 28, 15, 0, tzinfo=UTC), tick=False) as traveller:
        for _ in range(70):
            now = datetime.now(UTC)
            before = outgoing(network)
            with network.database.transaction() as session:
                renewals.remind_endings(session, network.keyring, now)
                assert renewals.remind_endings(session, network.keyring, now) == 0
            if outgoing(network) != before:
                sent.append(((date(2028, 2, 29) - queries.local_day(now)).days, outgoing(network) - before))
            traveller.shift(timedelta(days=1))
    # The worker, and one administrator for her two people
    assert sent == [(60, 2), (30, 2), (7, 2)]
    with network.database.transaction(write=False) as session:
        assert len(session.scalars(select(RenewalReminder.id)).all()) == 9
        mail = AttestationRow.metadata.tables["outgoing_mail"]
        assert set(session.scalars(select(mail.c.template))) == {"news"}


@SQLITE
def test_a_renewed_training_and_somebody_who_left_are_not_reminded(network: Network) -> None:
    version = h.a_course(network, modules=1)
    a.attested(network, version=version, on_day=date(2024, 12, 10))
    gone = h.a_person(network, "Dominique Essai")
    a.credit(network, version, [gone], on_day=date(2024, 12, 10))
    a.heard(network, version)
    with network.database.transaction() as session:
        session.execute(update(Learner).where(Learner.id == gone).values(left_at=network.clock.now()))
    a.attested(network, version=version, on_day=date(2026, 11, 1))
    with network.database.transaction() as session:
        assert renewals.remind_endings(session, network.keyring, network.clock.now()) == 0


OB_SCHEMA: dict[str, Any] = {
    # Required members of AchievementCredential, Open Badges 3.0 § B.1, as 1EdTech's schema has them
    "type": "object",
    "required": ["@context", "id", "type", "credentialSubject", "issuer", "validFrom"],
    "properties": {
        "@context": {
            "type": "array",
            "minItems": 2,
            "prefixItems": [
                {"const": "https://www.w3.org/ns/credentials/v2"},
                {"pattern": "^https://purl.imsglobal.org/spec/ob/v3p0/context-3\\.\\d+\\.\\d+\\.json$"},
            ],
        },
        "id": {"type": "string", "format": "uri"},
        "type": {
            "type": "array",
            "contains": {"enum": ["VerifiableCredential", "OpenBadgeCredential"]},
            "minContains": 2,
        },
        "issuer": {
            "type": "object",
            "required": ["id", "type"],
            "properties": {"id": {"type": "string"}, "type": {"type": "array", "contains": {"const": "Profile"}}},
        },
        "validFrom": {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$"},
        "validUntil": {"type": "string", "pattern": "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$"},
        "credentialSubject": {
            "type": "object",
            "required": ["type", "achievement", "id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string", "pattern": "^urn:uuid:"},
                "type": {"type": "array", "contains": {"const": "AchievementSubject"}},
                "achievement": {
                    "type": "object",
                    "required": ["id", "type", "criteria", "description", "name"],
                    "properties": {
                        "type": {"type": "array", "contains": {"const": "Achievement"}},
                        "criteria": {"type": "object", "required": ["narrative"]},
                        "name": {"type": "string", "minLength": 1},
                        "description": {"type": "string", "minLength": 1},
                    },
                },
            },
        },
        "credentialStatus": {
            "type": "object",
            "required": ["type", "statusPurpose", "statusListIndex", "statusListCredential"],
            "properties": {"type": {"const": "BitstringStatusListEntry"}, "statusPurpose": {"const": "revocation"}},
        },
    },
}  # fmt: skip


@SQLITE
def test_a_badge_is_verified_by_another_library_from_public_addresses_alone(network: Network) -> None:
    """PyJWT and a JSON Schema validator know nothing of our code: they get the token and the public pages."""
    code = a.attested(network)
    base = "/comites/ficesl/attestations"
    with (
        time_machine.travel(network.clock.now(), tick=True),
        visiting(network, persona=h.WORKER, public_url="http://127.0.0.1") as visitor,
    ):
        answer = visitor.get(f"{base}/{code}/titre")
        assert answer.headers["content-type"] == "application/vc+jwt"
        token = answer.text
        visitor.become(None)

        def verified(signed: str) -> dict[str, Any]:
            header = jwt.get_unverified_header(signed)
            assert (header["alg"], header["typ"]) == ("ES256", "JWT")
            key = visitor.get(header["kid"].removeprefix("http://127.0.0.1")).json()
            assert "d" not in key
            assert key in visitor.get(f"{base}/cles").json()["keys"]
            return jwt.decode(signed, jwt.PyJWK(key).key, algorithms=["ES256"], options={"verify_exp": False})

        claims = verified(token)
        jsonschema_rs.validate(OB_SCHEMA, claims)
        assert visitor.get(claims["iss"].removeprefix("http://127.0.0.1")).json()["id"] == claims["issuer"]["id"]
        achievement = claims["credentialSubject"]["achievement"]["id"].removeprefix("http://127.0.0.1")
        assert visitor.get(achievement).json()["name"] == claims["name"]
        # Neutral: nobody and no organisation in it
        viewer = network.viewer(h.WORKER)
        for secret in (viewer.display_name, viewer.organisation_name, str(viewer.user_id), str(viewer.organisation_id)):
            assert secret not in json.dumps(claims, ensure_ascii=False)
        entry = claims["credentialStatus"]
        listed = entry["statusListCredential"].removeprefix("http://127.0.0.1")
        index = int(entry["statusListIndex"])
        assert not is_set(verified(visitor.get(listed).text)["credentialSubject"]["encodedList"], index)
        with network.database.transaction() as session:
            revoke(session, h.desk(network), code, "asked")
        assert is_set(verified(visitor.get(listed).text)["credentialSubject"]["encodedList"], index)
        head, body, _signature = token.split(".")
        with pytest.raises(jwt.InvalidSignatureError):
            verified(".".join([head, body, visitor.get(listed).text.split(".")[2]]))
        for wrong in (f"{base}/cles/inconnue", f"{base}/statuts/1", f"{base}/statuts/x", f"{base}/reussites/K/1"):
            assert visitor.get(wrong).status_code == 404


def test_keys_are_sealed_taken_over_by_a_rotation_and_older_badges_still_verify(network: Network) -> None:
    now = network.clock.now()
    with network.database.transaction() as session:
        first = signing.signer(session, network.keyring, now)
        assert signing.signer(session, network.keyring, now).kid == first.kid
        token = first.token({"a": 1}, PLACE)
        row = session.scalars(select(SigningKey)).one()
        assert first.key.as_dict(private=True)["d"].encode() not in row.private_sealed
        assert '"d"' not in row.public_jwk
        # A rotation of the master key takes over every personal column of a plugin
        assert SigningKey.__table__.c.private_sealed.info["class"] == "personal"
        assert network.keyring.wrapped_by(row.private_sealed) == network.keyring.active_id
    with network.database.transaction() as session:
        second = signing.renew_key(session, network.keyring, now)
        assert signing.signer(session, network.keyring, now).kid == second.kid
        key = signing.public_key(session, first.kid)
        assert key is not None
        assert jwt.decode(token, jwt.PyJWK(key).key, algorithms=["ES256"]) == {"a": 1}
        assert [one["kid"] for one in signing.public_keys(session)] == [second.kid, first.kid]
    assert ECKey.import_key(dict(key)).thumbprint() == first.kid
