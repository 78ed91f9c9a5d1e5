"""Passwords hashed at the lowest cost argon2 takes: the tests hash hundreds, 0.1 s of processor each as shipped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import Parameters, PasswordHasher, extract_parameters

from core.accounts.services import passwords

#: What the platform hashes with, read from a hash it made itself.
SHIPPED: Parameters = extract_parameters(passwords.DECOY)
CHEAP = Parameters(SHIPPED.type, SHIPPED.version, SHIPPED.salt_len, SHIPPED.hash_len, 1, 8, 1)


def hash_at(cost: Parameters) -> None:
    """From now on passwords, and the decoy of accounts that do not exist, are hashed at this cost."""
    # The hasher is one object that several modules know by name: it is changed itself
    PasswordHasher.__init__(
        passwords.HASHER,
        time_cost=cost.time_cost,
        memory_cost=cost.memory_cost,
        parallelism=cost.parallelism,
        hash_len=cost.hash_len,
        salt_len=cost.salt_len,
        type=cost.type,
    )
    passwords.DECOY = passwords.make_decoy()


@contextmanager
def hashing_as_shipped() -> Iterator[Parameters]:
    """The platform's own cost, for a test of it."""
    hash_at(SHIPPED)
    try:
        yield SHIPPED
    finally:
        hash_at(CHEAP)
