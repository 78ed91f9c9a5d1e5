"""A pasted list or a table of people: its columns, its lines, what is wrong with them. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from .names import folded, folded_email, is_mailbox, tidy

#: Lines of one list: a whole police force, and more.
MOST_LINES: Final = 10_000
#: A heading, folded → the column.
HEADINGS: Final[Mapping[str, str]] = {
    "nom": "name",
    "nom prenom": "name",
    "complet nom": "name",
    "et nom prenom": "name",
    "name": "name",
    "prenom": "first",
    "first name": "first",
    "famille nom": "last",
    "de famille nom": "last",
    "last name": "last",
    "courriel": "email",
    "courriel du travail": "email",
    "adresse courriel": "email",
    "email": "email",
    "e mail": "email",
    "mail": "email",
    "unite": "team",
    "equipe": "team",
    "poste": "team",
    "team": "team",
    "unit": "team",
    "public": "audience",
    "fonction": "audience",
    "audience": "audience",
    "role": "audience",
}
TEMPLATE: Final = ("Nom", "Courriel", "Unité", "Public")
LINE_PROBLEMS: Final[Mapping[str, str]] = {
    "no_name": "Il manque le nom de la personne.",
    "bad_email": "Ce courriel n’est pas une adresse.",
    "same_line": "Cette personne est déjà plus haut dans la liste.",
    "same_email": "Ce courriel est à quelqu’un d’autre dans votre liste.",
    "no_team": "Aucune unité de votre organisme n’a ce nom.",
    "no_audience": "Ce public n’est pas reconnu : laissez vide, ou choisissez-en un du modèle.",
}
LIST_PROBLEMS: Final[Mapping[str, str]] = {
    "empty": "Cette liste est vide : une personne par ligne, nom puis courriel.",
    "too_long": "Cette liste dépasse 10 000 lignes : faites-en plusieurs.",
}


class UnreadableList(ValueError):
    """Nothing of the list can be read. `code` is of `LIST_PROBLEMS`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class PersonLine:
    """One line as read. `problems`: codes of `LINE_PROBLEMS`."""

    number: int
    name: str
    email: str
    team: str
    audience: str
    problems: tuple[str, ...]


def table_of(text: str) -> list[list[str]]:
    """What was pasted, as a table: tabs, semicolons or commas; « Nom <courriel> » too."""
    lines = [line for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") if line.strip()]
    sign = next((one for one in ("\t", ";") if any(one in line for line in lines)), ",")
    rows = []
    for line in lines:
        if line.rstrip().endswith(">") and "<" in line and sign not in line:
            name, _, rest = line.rpartition("<")
            rows.append([name.strip(' "'), rest.rstrip("> ")])
        else:
            rows.extend(csv.reader(io.StringIO(line), delimiter=sign))
    return rows


def read_people(rows: Sequence[Sequence[str]]) -> tuple[PersonLine, ...]:
    """The people of a table, with or without headings. Raises UnreadableList when it is empty or too long."""
    filled = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise UnreadableList("empty")
    columns = _columns(filled[0])
    numbered = list(enumerate(filled, 1))[1:] if columns else list(enumerate(filled, 1))
    if not numbered:
        raise UnreadableList("empty")
    if len(numbered) > MOST_LINES:
        raise UnreadableList("too_long")
    return tuple(_line(number, row, columns) for number, row in numbered)


def code_of(typed: str, words: Mapping[str, str]) -> str | None:
    """The code somebody meant by its code or its words, None for anything else."""
    wanted = folded(typed)
    return next((code for code, label in words.items() if wanted in {folded(code), folded(label)}), None)


def repeated(lines: Iterable[PersonLine]) -> Mapping[int, str]:
    """Lines that repeat somebody of a line before, word for word, or give her e-mail to another: code by number."""
    names: dict[str, str] = {}
    mailboxes: dict[str, str] = {}
    found: dict[int, str] = {}
    for line in lines:
        name, mailbox = folded(line.name), folded_email(line.email)
        if mailbox and mailbox in mailboxes:
            found[line.number] = "same_line" if mailboxes[mailbox] == name else "same_email"
        elif name in names and (not mailbox or not names[name]):
            found[line.number] = "same_line"
        names.setdefault(name, mailbox)
        if mailbox:
            mailboxes.setdefault(mailbox, name)
    return found


def _columns(first: Sequence[str]) -> dict[str, int]:
    known = {HEADINGS[folded(cell)]: place for place, cell in enumerate(first) if folded(cell) in HEADINGS}
    return known if "name" in known or {"first", "last"} <= set(known) else {}


def _line(number: int, row: Sequence[str], columns: Mapping[str, int]) -> PersonLine:
    def cell(name: str) -> str:
        place = columns.get(name)
        return row[place] if place is not None and place < len(row) else ""

    if columns:
        name = cell("name") or f"{cell('first')} {cell('last')}"
        email, team, audience = cell("email"), cell("team"), cell("audience")
    else:
        mail = next((place for place, one in enumerate(row) if "@" in one), None)
        rest = [one for place, one in enumerate(row) if place != mail]
        email = row[mail] if mail is not None else ""
        if mail is None and len(rest) == 2:
            rest = [" ".join(reversed(rest))]  # « Tremblay, Marie »
        name, team, audience = [*rest, "", "", ""][:3]
    name = tidy(name)[:120]
    problems = [] if len(folded(name)) > 1 else ["no_name"]
    if email and not is_mailbox(email):
        problems.append("bad_email")
    return PersonLine(number, name, email, tidy(team), tidy(audience), tuple(problems))
