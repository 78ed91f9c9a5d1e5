"""Directory search over 1,000, 10,000 and 100,000 invented services: the engine alone (words corrected, ranked).

Prints one JSON line per measure. Targets (measured here): p99 under 5 ms at 10,000 and 50 ms at 100,000; growth at most
twice from 1,000 to 100,000 for the same number of answers; precision with a typing error at least 0.9.
"""

import argparse
import json
import random
import string
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from core.directory.models import Organisation, SearchDocument, Service, ServiceArea, ServiceTerm
from core.directory.queries.engine import find, interpret
from core.directory.queries.vocabulary import vocabulary
from core.directory.rules.scope import area_token, tier_token
from core.directory.rules.text import sort_key
from core.directory.rules.words import AreaKind, Tier
from core.directory.services import import_region
from core.directory.services.indexing import reindex
from core.directory.services.seeding import LANAUDIERE
from core.kernel.clock import SystemClock
from core.kernel.db import Database, new_id
from core.testing import databases, postgres

SYLLABLES = (
    "ba",
    "cor",
    "dil",
    "fan",
    "gue",
    "hon",
    "jal",
    "ker",
    "lum",
    "mi",
    "nor",
    "pla",
    "quo",
    "ris",
    "sol",
    "tar",
)
SIZES = (1_000, 10_000, 100_000)


def grow(session: Session, size: int, chance: random.Random) -> None:
    """Add invented services until there are `size`, with words drawn as in a language: few frequent, many rare."""
    lexicon = sorted({"".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(6000)})
    weights = [1 / (rank + 10) for rank in range(len(lexicon))]
    terms = list(session.scalars(select(ServiceTerm.term_code).distinct()))
    owners = list(session.scalars(select(Organisation.id)))
    missing = size - len(session.scalars(select(Service.id)).all())
    rows, held, areas = [], [], []
    for number in range(missing):
        service_id, owner = new_id(), chance.choice(owners)
        name = " ".join(chance.choices(lexicon, weights, k=4))
        rows.append(
            {
                "id": service_id,
                "organisation_id": owner,
                "slug": f"essai-{size}-{number}",
                "name": name,
                "sort_key": sort_key(name),
                "summary": " ".join(chance.choices(lexicon, weights, k=14)),
                "visibility": "public",
                "acceptance": "phone",
                "capacity_state": "unknown",
            }
        )
        held.append({"service_id": service_id, "term_code": chance.choice(terms)})
        code = chance.choice(("610", "620", "640"))
        area = {"id": new_id(), "organisation_id": owner, "service_id": service_id, "kind": "mrc", "code": code}
        areas.append(area)
    for start in range(0, len(rows), 5000):
        session.execute(insert(Service), rows[start : start + 5000])
        session.execute(insert(ServiceTerm), held[start : start + 5000])
        session.execute(insert(ServiceArea), areas[start : start + 5000])
    reindex(session)


def mistyped(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(string.ascii_lowercase) + word[at + 1 :]


def ask(session: Session, typed: str, limit: int = 20) -> list[UUID]:
    """The engine as the page uses it: read the words, then one statement."""
    known = vocabulary(session, Tier.PUBLIC.value)
    read = interpret(typed, known)
    scopes = [[tier_token(Tier.PUBLIC)], [area_token(AreaKind.MRC, "610"), area_token(AreaKind.PROVINCE, "QC")]]
    return [service_id for service_id, _ in find(session, read.words, scopes, limit=limit)]


def measure(database: Database, queries: list[str]) -> tuple[float, float, float]:
    """p50 and p99 in milliseconds of `queries`, one transaction each, after a warm-up; then the p99 of this process's
    own computing, which another process on the same cores cannot lengthen (on SQLite it is the whole engine)."""
    times, computing = [], []
    for position, typed in enumerate([*queries[:30], *queries]):
        with database.transaction(write=False) as session:
            session.execute(text("SELECT 1"))
            start, computed = time.perf_counter(), time.process_time()
            ask(session, typed)
            if position >= 30:
                times.append((time.perf_counter() - start) * 1000)
                computing.append((time.process_time() - computed) * 1000)
    times.sort()
    computing.sort()
    return times[len(times) // 2], times[int(len(times) * 0.99)], computing[int(len(times) * 0.99)]


def precision(database: Database, right: list[str], wrong: list[str]) -> float:
    shares = []
    with database.transaction(write=False) as session:
        for good, bad in zip(right, wrong, strict=True):
            expected = ask(session, good, 10)
            if expected:
                shares.append(len(set(expected) & set(ask(session, bad, 10))) / len(expected))
    return sum(shares) / max(1, len(shares))


def report(
    name: str, value: float, unit: str, target: float, *, most: bool = True, against: str = ""
) -> dict[str, object]:
    ok = value <= target if most else value >= target
    line: dict[str, object] = {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "ratio": round(value / target, 3),
        "against": against or "target",
        "target": target,
        "ok": ok,
    }
    print(json.dumps(line), flush=True)
    return line


def bench(url: str, engine: str, sizes: tuple[int, ...], rounds: int) -> Iterator[dict[str, object]]:
    database = Database(url)
    chance = random.Random(7)
    with database.transaction() as session:
        import_region(session, LANAUDIERE, now=SystemClock().now())
    p50_at: dict[int, float] = {}
    for size in sizes:
        with database.transaction() as session:
            grow(session, size, chance)
        if engine == "postgresql":
            with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE directory_documents"))
        with database.transaction(write=False) as session:
            known = sorted(word for word in vocabulary(session, "public").known if len(word) >= 6 and word.isalpha())
            assert session.scalar(select(SearchDocument.id).limit(1)) is not None
        singles = chance.sample(known, min(len(known), rounds))
        pairs = [f"{a} {b}" for a, b in zip(singles, reversed(singles), strict=True)]
        wrong = [mistyped(word, chance) for word in singles]
        p50, p99, own = measure(database, [*singles, *pairs, *wrong])
        p50_at[size] = p50
        yield report(f"search.{engine}.p50.{size}", p50, "ms", 5.0 if size <= 10_000 else 50.0)
        yield report(f"search.{engine}.p99.{size}", p99, "ms", 5.0 if size <= 10_000 else 50.0)
        yield report(f"search.{engine}.p99_cpu.{size}", own, "ms", 5.0 if size <= 10_000 else 50.0)
        yield report(f"search.{engine}.precision.{size}", precision(database, singles, wrong), "share", 0.9, most=False)
    if len(sizes) > 1:
        growth = p50_at[sizes[-1]] / p50_at[sizes[0]]
        yield report(f"search.{engine}.growth", growth, "ratio", 2.0, against=f"{sizes[0]} services")
    database.dispose()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--rounds", type=int, default=150)
    parser.add_argument("--engines", default="sqlite,postgresql")
    options = parser.parse_args()
    sizes = tuple(int(size) for size in options.sizes.split(","))
    run = postgres.begin_run()
    lines: list[dict[str, object]] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            for engine in options.engines.split(","):
                if engine == "sqlite":
                    lines += bench(databases.fresh_sqlite(Path(folder)), engine, sizes, options.rounds)
                else:
                    with databases.fresh_postgresql() as url:
                        lines += bench(url, engine, sizes, options.rounds)
    finally:
        postgres.end_run(run)
    failed = [line["name"] for line in lines if not line["ok"]]
    good = len(lines) - len(failed)
    print(json.dumps({"name": "search", "value": good, "unit": "measures", "ok": not failed, "failed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
