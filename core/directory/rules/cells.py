"""How lists are written in one cell of a region's files, in proposed edits and in the history: one text, both ways.

Each `parse_…` raises ValueError with a French sentence; each `format_…` is its exact inverse on valid cells.
"""

import re
from collections.abc import Iterable

from core.directory.rules.hours import Interval
from core.directory.rules.matching import Eligibility, Territory
from core.directory.rules.words import AreaKind, Audience, PhoneKind

DAYS = ("lu", "ma", "me", "je", "ve", "sa", "di")
_HOURS = re.compile(r"(lu|ma|me|je|ve|sa|di)(?:-(lu|ma|me|je|ve|sa|di))? (\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)( feries)?")
_NUMBER = re.compile(r"(1 )?\d{3} \d{3}-\d{4}|\d{3}")


def _parts(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(";") if part.strip()]


def parse_hours(cell: str) -> tuple[Interval, ...]:
    """`lu-ve 9:00-17:00; sa 10:00-2:00 feries`: days, hours (past midnight allowed), open on holidays or not."""
    found: set[Interval] = set()
    for part in _parts(cell):
        read = _HOURS.fullmatch(part)
        if read is None:
            raise ValueError(f"Heures non reconnues : « {part} ». Écrivez par exemple « lu-ve 9:00-17:00 ».")
        first = DAYS.index(read[1])
        last = DAYS.index(read[2]) if read[2] else first
        opens, closes = int(read[3]) * 60 + int(read[4]), int(read[5]) * 60 + int(read[6])
        if opens > 1439 or closes > 1440 or int(read[4]) > 59 or int(read[6]) > 59 or last < first:
            raise ValueError(f"Heures impossibles : « {part} ».")
        found |= {Interval(day, opens, closes, read[7] is not None) for day in range(first, last + 1)}
    return tuple(sorted(found, key=_interval_order))


def format_hours(intervals: Iterable[Interval]) -> str:
    """Consecutive days with the same hours are written as one range."""
    pieces: list[str] = []
    by_hours: dict[tuple[int, int, bool], list[int]] = {}
    for interval in intervals:
        by_hours.setdefault((interval.opens, interval.closes, interval.open_on_holidays), []).append(interval.weekday)
    for (opens, closes, holidays), days in sorted(by_hours.items(), key=lambda item: (min(item[1]), item[0])):
        for first, last in _runs(sorted(set(days))):
            name = DAYS[first] if first == last else f"{DAYS[first]}-{DAYS[last]}"
            pieces.append(f"{name} {_clock(opens)}-{_clock(closes)}{' feries' if holidays else ''}")
    return "; ".join(pieces)


def _interval_order(interval: Interval) -> tuple[int, int, int, bool]:
    return interval.weekday, interval.opens, interval.closes, interval.open_on_holidays


def _runs(days: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for day in days:
        if runs and day == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs


def _clock(minutes: int) -> str:
    return f"{minutes // 60}:{minutes % 60:02d}"


PhoneCell = tuple[PhoneKind, str]


def parse_phones(cell: str) -> tuple[PhoneCell, ...]:
    """`voice|450 756-4999; toll_free|1 800 756-4999`."""
    found: list[PhoneCell] = []
    for part in _parts(cell):
        kind, _, number = part.rpartition("|")
        if kind not in {k.value for k in PhoneKind} or not _NUMBER.fullmatch(number):
            raise ValueError(f"Téléphone non reconnu : « {part} ». Écrivez par exemple « voice|450 756-4999 ».")
        found.append((PhoneKind(kind), number))
    return tuple(found)


def format_phones(phones: Iterable[PhoneCell]) -> str:
    return "; ".join(f"{kind.value}|{number}" for kind, number in phones)


def parse_audiences(cell: str) -> tuple[Eligibility, ...]:
    """`women:18-; girls:12-17; everyone`: audience and ages, both ends included."""
    found: list[Eligibility] = []
    for part in _parts(cell):
        name, _, ages = part.partition(":")
        if name not in {a.value for a in Audience}:
            raise ValueError(f"Public inconnu : « {name} ».")
        low, _, high = ages.partition("-")
        if not re.fullmatch(r"\d{0,3}", low) or not re.fullmatch(r"\d{0,3}", high):
            raise ValueError(f"Âges non reconnus : « {part} ». Écrivez par exemple « girls:12-17 ».")
        rule = Eligibility(Audience(name), int(low) if low else None, int(high) if high else None)
        if rule.age_min is not None and rule.age_max is not None and rule.age_min > rule.age_max:
            raise ValueError(f"Âges inversés : « {part} ».")
        found.append(rule)
    return tuple(found)


def format_audiences(rules: Iterable[Eligibility]) -> str:
    def one(rule: Eligibility) -> str:
        if rule.age_min is None and rule.age_max is None:
            return rule.audience.value
        low = "" if rule.age_min is None else str(rule.age_min)
        high = "" if rule.age_max is None else str(rule.age_max)
        return f"{rule.audience.value}:{low}-{high}"

    return "; ".join(one(rule) for rule in rules)


def parse_areas(cell: str) -> tuple[Territory, ...]:
    """`mrc:610; mrc:630:nord; region:14; province:QC`; a third part means only a part, or to be confirmed."""
    found: list[Territory] = []
    for part in _parts(cell):
        kind, _, rest = part.partition(":")
        code, _, share = rest.partition(":")
        if kind not in {k.value for k in AreaKind} or not code:
            raise ValueError(f"Territoire non reconnu : « {part} ». Écrivez par exemple « mrc:610 ».")
        found.append(Territory(AreaKind(kind), code, share or None))
    return tuple(found)


def format_areas(areas: Iterable[Territory]) -> str:
    return "; ".join(f"{a.kind.value}:{a.code}" + (f":{a.part}" if a.part else "") for a in areas)


def parse_list(cell: str) -> tuple[str, ...]:
    """`fr; en`: codes in order, each once."""
    return tuple(dict.fromkeys(_parts(cell)))


def format_list(items: Iterable[str]) -> str:
    return "; ".join(items)
