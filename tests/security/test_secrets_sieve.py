"""The instrument itself: what it looks for is found, in every encoding, wherever it lies."""

from __future__ import annotations

import base64
import gzip
import json
import random
from urllib.parse import quote

from tests.support.secrets import Secrets, encodings, leaks


def made(count: int) -> list[str]:
    secrets = Secrets(1)
    for place in range(count):
        (secrets.name, secrets.phone, secrets.text, secrets.email)[place % 4]()
    return secrets.made


def test_the_same_seed_gives_the_same_secrets_and_none_twice() -> None:
    assert made(400) == made(400)
    assert len(set(made(400))) == 400


def test_every_encoding_is_found_at_any_place() -> None:
    noise = random.Random(2)
    for secret in made(40):
        around = noise.randbytes(noise.randint(0, 50)), noise.randbytes(noise.randint(9, 50))
        written = {
            "utf-8": secret.encode(),
            "utf-16": secret.encode("utf-16")[2:],
            "hex": secret.encode().hex().encode(),
            "url": quote(secret, safe="").encode(),
            "json": json.dumps({"a": secret}).encode(),
        }
        for name, coded in written.items():
            assert name in leaks({"x": around[0] + coded + around[1]}, [secret])["x"][secret], (name, secret)
        for before in range(6):
            hidden = base64.b64encode(noise.randbytes(before) + secret.encode() + noise.randbytes(7))
            assert any("base64" in one for one in leaks({"x": hidden}, [secret])["x"][secret]), (before, secret)


def test_nothing_is_found_where_nothing_is() -> None:
    secrets = made(40)
    assert (
        leaks({"noise": random.Random(3).randbytes(100_000), "zip": gzip.compress(str(secrets).encode())}, secrets)
        == {}
    )
    assert len({name for name, _ in encodings(secrets[0])}) == 9
