"""French texts that are not marked where they stand: closed tables and refusals. Each has its English, well set."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from core.kernel.i18n import Missing, Translator
from tests.support.source import ROOT, marked, nodes, place, python_files

#: (module, table): closed words that rules may not mark, since they import the standard library alone.
TABLES = (
    ("core.committees.rules.deadlines", "DEADLINE_REFUSALS"),
    ("core.committees.rules.hands", "HANDS"),
    ("core.committees.rules.hands", "HANDS_REFUSALS"),
    ("core.committees.rules.seats", "BALLOT_REFUSALS"),
    ("core.committees.rules.seats", "STANDINGS"),
    ("core.committees.rules.terms", "ROLES"),
    ("core.committees.rules.votes", "CHOICES"),
    ("core.committees.rules.votes", "METHODS"),
    ("core.committees.rules.votes", "RESULTS"),
    ("core.committees.rules.votes", "STEPS"),
    ("core.committees.rules.votes", "TIES"),
    ("core.accounts.rules.agreements", "TITLES"),
    ("core.committees.rules.hours", "ACTS"),
    ("core.committees.rules.hours", "KINDS"),
    ("core.committees.rules.hours", "STATES"),
    ("core.committees.rules.hours_file", "TEMPLATE"),
    ("core.committees.rules.meetings", "MEETING_STATES"),
    ("core.committees.rules.meetings", "MINUTES_STATES"),
    ("core.committees.rules.meetings", "PRESENCES"),
    ("core.accounts.pages.staff", "LEAVING"),
    ("core.accounts.rules.admission", "CALL_SOURCES"),
    ("core.accounts.rules.admission", "REFUSALS"),
    ("core.accounts.rules.admission", "STEPS"),
    ("core.accounts.rules.admission", "SUSPENSIONS"),
    ("core.consent.rules", "REASONS"),
    ("plugins.orres.rules.path", "ACTS"),
    ("plugins.orres.rules.path", "STATUSES"),
    ("core.consent.rules", "AGE_RULES"),
    ("core.consent.rules", "_PURPOSES"),
    ("core.kernel.guard.findings", "KINDS"),
    ("core.kernel.web.forms", "MESSAGES"),
    ("core.referrals.rules.contact", "MESSAGES_LEFT"),
    ("core.referrals.rules.contact", "PARENTS"),
    ("core.referrals.rules.contact", "SAFE_TIMES"),
    ("core.referrals.rules.contact", "WAYS"),
    ("core.referrals.rules.content", "ANSWERS"),
    ("core.referrals.rules.content", "BLOCK_TITLES"),
    ("core.referrals.rules.content", "CODED"),
    ("core.referrals.rules.priority", "PRIORITY_REASONS"),
    ("core.referrals.rules.routing", "EXPLANATIONS"),
    ("core.referrals.rules.visibility", "SENDER_LABELS"),
    ("core.referrals.rules.vocabulary", "AGE_BANDS"),
    ("core.referrals.rules.vocabulary", "AMEND_REASONS"),
    ("core.referrals.rules.vocabulary", "ATTEMPTS"),
    ("core.referrals.rules.vocabulary", "ATTEMPT_CHANNELS"),
    ("core.referrals.rules.vocabulary", "CONSTRAINTS"),
    ("core.referrals.rules.vocabulary", "DECLINE_REASONS"),
    ("core.referrals.rules.vocabulary", "EXPLOITATION"),
    ("core.referrals.rules.vocabulary", "FACTS"),
    ("core.referrals.rules.vocabulary", "LANGUAGES"),
    ("core.referrals.rules.vocabulary", "NEEDS"),
    ("core.referrals.rules.vocabulary", "OUTCOMES"),
    ("core.referrals.rules.vocabulary", "OVERRIDE_REASONS"),
    ("core.referrals.rules.vocabulary", "QUESTIONS"),
    ("core.referrals.rules.vocabulary", "RESTRICT_REASONS"),
    ("core.referrals.rules.workflow", "LABELS"),
    ("core.referrals.rules.workflow", "_REFUSED_STATES"),
    ("core.reports.exports.words", "MASKED"),
    ("core.reports.queries.freshness", "WORDS"),
    ("core.reports.rules.delays", "WORDS"),
    ("core.reports.rules.dimensions", "AGES"),
    ("core.reports.rules.dimensions", "CONTACTS"),
    ("core.reports.rules.dimensions", "DECLINES"),
    ("core.reports.rules.dimensions", "ISSUES"),
    ("core.reports.rules.dimensions", "NEED"),
    ("core.reports.rules.dimensions", "ORIGINS"),
    ("core.reports.rules.dimensions", "PRIORITIES"),
    ("core.reports.rules.dimensions", "URGENCIES"),
    ("core.reports.rules.hours", "WORDS"),
    ("core.reports.rules.layout", "CAPTIONS"),
    ("core.reports.rules.layout", "HEADS"),
    ("core.reports.rules.layout", "NOTES"),
    ("core.reports.rules.layout", "TITLES"),
    ("core.reports.rules.published", "WORDS"),
    ("core.reports.rules.suppression", "EXPLANATION"),
    ("plugins.bien_etre.pages.words", "FIELDS"),
    ("plugins.bien_etre.pages.words", "RESULTS"),
    ("plugins.bien_etre.rules.figures", "WHYS"),
    ("plugins.bien_etre.rules.money", "CARRY_REFUSALS"),
    ("plugins.bien_etre.rules.money", "ENTRIES"),
    ("plugins.bien_etre.rules.money", "PAYER_REFUSALS"),
    ("plugins.bien_etre.rules.money", "PAYMENT_STATES"),
    ("plugins.bien_etre.rules.money", "RATIFICATIONS"),
    ("plugins.bien_etre.rules.money", "ROUTES"),
    ("plugins.bien_etre.rules.pauses", "PAUSES"),
    ("plugins.bien_etre.rules.requests", "AMOUNTS"),
    ("plugins.bien_etre.rules.requests", "CATEGORIES"),
    ("plugins.bien_etre.rules.requests", "LAFU"),
    ("plugins.bien_etre.rules.requests", "PAYMENTS"),
    ("plugins.bien_etre.rules.requests", "REFUSALS"),
    ("plugins.bien_etre.rules.requests", "STATES"),
    ("plugins.bien_etre.rules.urgent", "RATIFICATIONS"),
    ("plugins.bien_etre.rules.urgent", "SIGN_REFUSALS"),
    ("plugins.orres.queries.versions", "WHY"),
    ("plugins.orres.rules.checks", "EXPLANATIONS"),
    ("plugins.orres.rules.conditions", "SENTENCES"),
    ("plugins.orres.rules.conditions", "SUBJECTS"),
    ("plugins.orres.rules.conditions", "YES_NO"),
    ("plugins.orres.rules.differences", "FIELDS"),
    ("plugins.orres.rules.differences", "KINDS"),
    ("plugins.orres.rules.differences", "WHAT"),
    ("plugins.orres.rules.editing", "REFUSALS"),
    ("plugins.orres.pages.exchange_words", "FIELDS"),
    ("plugins.orres.rules.exchange", "LESSON_STATES"),
    ("plugins.orres.rules.exchange", "SINCE"),
    ("plugins.orres.rules.exchange", "STATES"),
    ("plugins.orres.rules.exchange", "TARGETS"),
    ("plugins.orres.rules.upkeep", "DATE_REFUSALS"),
    ("plugins.orres.rules.upkeep", "PROGRESS"),
    ("plugins.orres.rules.graph", "KINDS"),
    ("plugins.orres.rules.graph", "ROLES"),
    ("plugins.orres.rules.graph", "STATES"),
    ("plugins.orres.rules.versions", "WHY_NOT"),
    ("plugins.orres.services.publishing", "REFUSALS"),
    ("plugins.ficesl.rules.attestations", "WHY"),
    ("plugins.ficesl.rules.attestations", "SENTENCES"),
    ("plugins.ficesl.rules.catalogue", "AUDIENCES"),
    ("plugins.ficesl.rules.catalogue", "COURSE_KINDS"),
    ("plugins.ficesl.rules.catalogue", "MODULE_FORMS"),
    ("plugins.ficesl.rules.catalogue", "PUBLISH_PROBLEMS"),
    ("plugins.ficesl.rules.catalogue", "REACHES"),
    ("plugins.ficesl.rules.catalogue", "VERSION_STATES"),
    ("plugins.ficesl.rules.lists", "LINE_PROBLEMS"),
    ("plugins.ficesl.rules.lists", "LIST_PROBLEMS"),
    ("plugins.ficesl.rules.lists", "TEMPLATE"),
    ("plugins.ficesl.rules.seats", "REGISTRATION_REFUSALS"),
    ("plugins.ficesl.rules.seats", "REGISTRATION_STATES"),
    ("plugins.ficesl.rules.seats", "SESSION_STATES"),
    ("plugins.ficesl.rules.series", "CELL_STATES"),
    ("plugins.ficesl.rules.series", "EXPLANATION"),
    ("plugins.ficesl.rules.series", "PROPOSAL_REASONS"),
    ("plugins.ficesl.rules.gate", "WORDS"),
    ("plugins.ficesl.rules.checkin", "MOMENTS"),
    ("plugins.ficesl.rules.credits", "WORK"),
    ("plugins.ficesl.rules.evaluations", "SCALE"),
    ("plugins.orres.rules.guide", "SENTENCES"),
    ("plugins.orres.rules.guide", "UNMET_REASONS"),
)
#: What a person of the network never reads: the operator's commands (French) and data with both languages of its own.
NOT_SHOWN = (
    "core/access/plugins.py",
    "core/accounts/seed.py",
    "core/accounts/services/mails.py",
    "core/cli_support.py",
    "core/consent/wordings.py",
    "core/demo",
    "core/directory/rules/cells.py",
    "core/directory/rules/text.py",
    "core/directory/services/importing.py",
    "core/directory/services/indexing.py",
    "core/directory/services/partners.py",
    "core/directory/services/reading.py",
    "core/directory/services/seeding.py",
    "core/journal/queries/verification.py",
    "core/kernel/formatting.py",
    # Patterns and word lists of the guard; its words are in TABLES
    "core/kernel/guard/disguises.py",
    "core/kernel/guard/findings.py",
    "core/kernel/guard/names.py",
    "core/kernel/guard/situated.py",
    "core/kernel/hooks/",
    "core/kernel/i18n.py",
    "core/kernel/keyfile.py",
    "core/kernel/mail/",
    "core/kernel/migrations.py",
    "core/referrals/rules/words.py",
    "core/reports/seed.py",
    "core/serving.py",
    "core/settings.py",
    "core/testing/",
    "plugins/_modele/settings.py",
    # Invented texts, and what stops a start
    "plugins/bien_etre/seed.py",
    "plugins/bien_etre/seed_money.py",
    "plugins/bien_etre/settings.py",
    "plugins/ficesl/rules/names.py",
    "plugins/ficesl/seed",
    "plugins/ficesl/services/reminders.py",
    "plugins/ficesl/settings.py",
    "plugins/orres/rules/layout_text.py",
    "plugins/orres/seed",
)
#: French whoever reads: the heading of the text copied into an organisation's own record, a manifest's description.
FRENCH_ONLY = ("Référence ", " et ", "Un babillard de comité")
#: Letters and little words that English never has.
FRENCH = re.compile(
    r"[éèêëàâîïôûùçœÉÈÀÂÎÔÇ’«»]"
    r"| (?:de|la|le|les|du|des|ou|et|une?|ce|cette|pas|ne|par|pour|avec|dans|sur|qui|que|est|sont|nos|vos) "
)
TYPOGRAPHY = {
    "a space before ? or !": re.compile(r"[ \u00a0\u202f][?!]"),
    "no space before a colon or a semicolon": re.compile(r"[^\s:][:;](?=\s|$)"),
    "a guillemet without its space": re.compile(r"«\S|(?<![ \u00a0\u202f])»"),
    "a typewriter apostrophe": re.compile(r"[A-Za-zÀ-ÿ]'[A-Za-zÀ-ÿ]"),
    "three dots": re.compile(r"\.\.\."),
    "a sign stuck to its number": re.compile(r"\d[%$]"),
}
#: Examples of what is typed in a field keep the signs of its format.
EXAMPLES = re.compile(r"Par exemple : .*")
#: A rule names its values `{name}` or `%(name)s`.
_HOLES = re.compile(r"\{\w+\}|%\(\w+\)s")


@cache
def translator() -> Translator:
    folders = [ROOT / "locales", ROOT / "core" / "locales", *(ROOT / "plugins").glob("*/locales")]
    return Translator([folder for folder in folders if folder.is_dir()])


def shown_files() -> Iterator[Path]:
    """The Python files whose texts people of the network read."""
    for path in python_files("core", "plugins"):
        where = place(path)
        operators = where.startswith(NOT_SHOWN) or where.endswith("cli.py")
        if not operators and "/tests/" not in where and "/migrations/" not in where:
            yield path


def words_of(value: object) -> Iterator[str]:
    """Every sentence of a table, whatever its shape: mappings, pairs, rules with a `label` or a `refusal`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from words_of(one)
    elif isinstance(value, tuple | list):
        for one in value:
            yield from words_of(one)
    elif hasattr(value, "rules"):
        yield from words_of(value.rules)
    else:
        yield from (getattr(value, name) for name in ("label", "refusal", "text") if hasattr(value, name))


def unmarked(path: Path) -> Iterator[tuple[int, str]]:
    """(line, text) of each French text of the file outside docstrings, whole or as the fixed part of an f-string."""
    left_out = {id(node.value) for node in nodes(path) if isinstance(node, ast.Expr)}
    for node in nodes(path):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in left_out:
            continue
        if FRENCH.search(node.value) and not node.value.startswith(FRENCH_ONLY):
            yield node.lineno, node.value


@cache
def texts() -> tuple[Missing, ...]:
    """Every French text people read: marked ones, unmarked ones, tables."""
    files = {place(path): path for path in shown_files()}
    said = (found for found in marked() if found.path in files or found.path.endswith(".html"))
    free = (Missing(name, line, text) for name, path in files.items() for line, text in unmarked(path))
    closed = (Missing(f"{module}.{name}", 0, text) for module, name in TABLES for text in table(module, name))
    return tuple(sorted({*said, *free, *closed}))


def table(module: str, name: str) -> list[str]:
    """The words of one table."""
    return list(words_of(getattr(importlib.import_module(module), name)))


def test_every_word_of_a_closed_table_has_its_english() -> None:
    words = {(module, name): table(module, name) for module, name in TABLES}
    assert [place for place, said in words.items() if not said] == []
    missing = [(place, word) for place, said in words.items() for word in said if not translator().has("en", word)]
    assert missing == []


def test_every_refusal_and_notice_has_its_english() -> None:
    """Whatever French stands in code that answers people: an error, a notice, a message of a form."""
    missing = [
        f"{place(path)}:{line} {text}"
        for path in shown_files()
        for line, text in unmarked(path)
        if not translator().has("en", text)
    ]
    assert missing == []


def test_a_text_said_in_two_tables_has_one_english() -> None:
    """The first table read wins; another English further on would never be seen."""
    said: dict[str, set[str]] = {}
    for path in sorted((ROOT / "core" / "locales").glob("en*.toml")):
        for section in tomllib.loads(path.read_text("utf-8")).values():
            for french, english in section.items():
                said.setdefault(french.replace("\u00a0", " "), set()).add(english)
    assert {french: sorted(ways) for french, ways in said.items() if len(ways) > 1} == {}


def test_english_keeps_the_values_of_the_french() -> None:
    """A hole that the English drops is a fact that its reader never gets."""
    wrong = []
    for found in texts():
        english = translator().translate("en", found.text)
        if sorted(set(_HOLES.findall(found.text))) != sorted(set(_HOLES.findall(english))):
            wrong.append(f"{found.path}:{found.line} « {found.text} » → “{english}”")
    assert wrong == []


def test_english_has_the_networks_words_too() -> None:
    """Request, referral, she, woman; never what makes a file of a person."""
    never = re.compile(r"\b(?:cases?|clients?|victims?|survivors?|eligib\w+|beneficiar\w+)\b", re.IGNORECASE)
    allowed = re.compile(r"\b(?:in case|in any case|upper case|lower case|SurVivantes)\b", re.IGNORECASE)
    wrong = [
        f"{found.path}:{found.line} {english}"
        for found in texts()
        for english in [translator().translate("en", found.text)]
        if never.search(allowed.sub("", english))
    ]
    assert wrong == []


@pytest.mark.parametrize("what", TYPOGRAPHY)
def test_typography(what: str) -> None:
    """OQLF: a no-break space before a colon, a semicolon, a percent and a dollar sign, none before ? and !."""
    wrong = [
        f"{found.path}:{found.line} « {found.text} »"
        for found in texts()
        if TYPOGRAPHY[what].search(_HOLES.sub("x", EXAMPLES.sub("", found.text)))
    ]
    assert wrong == []
