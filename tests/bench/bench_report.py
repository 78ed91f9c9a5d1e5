"""The report of a year with 100,000 references and 50,000 hours entries: counted, protected, laid out and drawn.

Prints one JSON line per measure. Target: under 5 seconds, the page of one reader while it is made; the ratio to a
hundredth of the rows says what of it is counting.
"""

import argparse
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from core.access.viewer import ANONYMOUS
from core.committees.models.hours import HoursEntry
from core.committees.rules.hours import ENTERED_KINDS
from core.directory.models import Organisation
from core.directory.services import import_region
from core.directory.services.seeding import LANAUDIERE
from core.kernel.clock import SystemClock
from core.kernel.db import Database, new_id
from core.reports.exports.words import Words
from core.reports.models import ReportFact
from core.reports.pages.views import section_views
from core.reports.queries.report import NETWORK, build_report
from core.reports.rules.periods import FiscalYear
from core.reports.seed import seed_facts
from core.testing import databases, postgres

#: After the year measured, whatever today is.
NOW = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)
YEAR = FiscalYear(2025)
FRENCH = Words("fr", lambda words, **values: words % values if values else words)
SIZES = ((1_000, 500), (100_000, 50_000))
TARGET = 5.0


def grow(session: Session, references: int, entries: int, chance: random.Random) -> None:
    """Add invented references of the year and hours of it, up to these numbers."""
    table = ReportFact.__table__
    known = [
        dict(row._mapping) for row in session.execute(select(table).where(ReportFact.ended_quarter.like("2025T%")))
    ]
    models = known[:400]
    missing = references - len(known)
    session.execute(insert(ReportFact), [{**chance.choice(models), "id": uuid4()} for _ in range(missing)])
    owners = list(session.scalars(select(Organisation.id).order_by(Organisation.slug)))
    there = len(session.execute(select(HoursEntry.id)).all())
    rows = []
    for number in range(there, entries):
        day = YEAR.first_day + timedelta(days=chance.randrange(360))
        rows.append(
            {
                "id": new_id(),
                "organisation_id": chance.choice(owners),
                "committee": chance.choice(["orres", "ficesl", "cresl", None]),
                "activity": f"activité {number % 40}",
                "kind": chance.choice(ENTERED_KINDS).value,
                "first_day": day,
                "last_day": day,
                "quarter_hours": chance.randint(1, 32),
                "persons": chance.randint(1, 12),
                "state": "approved",
                "created_at": NOW,
            }
        )
    session.execute(insert(HoursEntry), rows)


def once(database: Database) -> tuple[float, float]:
    """Seconds to make the report and its page's tables and charts; and of these, seconds of this process."""
    start, computed = time.perf_counter(), time.process_time()
    with database.transaction(write=False) as session:
        made = build_report(session, None, ANONYMOUS, YEAR, NETWORK, NOW)
    assert len(section_views(made, FRENCH)) >= 5
    return time.perf_counter() - start, time.process_time() - computed


def bench(url: str, engine: str, sizes: tuple[tuple[int, int], ...], rounds: int) -> Iterator[dict[str, object]]:
    database = Database(url)
    chance = random.Random(7)
    with database.transaction() as session:
        import_region(session, LANAUDIERE, now=SystemClock().now())
        seed_facts(session, NOW)
    smaller = 0.0
    for references, entries in sizes:
        with database.transaction() as session:
            grow(session, references, entries, chance)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        measured = [once(database) for _ in range(rounds + 1)][1:]
        seconds = statistics.median(wall for wall, _ in measured)
        line = {
            "name": f"report.{engine}.{references}",
            "value": round(seconds, 3),
            "unit": "s",
            "ratio": round(seconds / smaller, 2) if smaller else 1.0,
            "against": f"{sizes[0][0]} references",
            "target": TARGET,
            "ok": seconds < TARGET,
            "process": round(statistics.median(own for _, own in measured), 3),
        }
        smaller = smaller or seconds
        print(json.dumps(line), flush=True)
        yield line
    database.dispose()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engines", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="the small year only, to try the bench itself")
    options = parser.parse_args()
    sizes = SIZES[:1] if options.small else SIZES
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
    print(json.dumps({"name": "report", "value": good, "unit": "measures", "ok": not failed, "failed": failed}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
