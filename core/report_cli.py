"""`arrimage report`: the network's report of a closed year or quarter as files; the same data, the same bytes."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from core.access.viewer import Role, Viewer
from core.app import create_app
from core.cli_support import database_folder, fail, open_keyring, open_settings
from core.committees.services.hours_import import import_annual
from core.demo import seed_demo
from core.features import load_hooks
from core.kernel import migrations
from core.kernel.clock import TORONTO
from core.kernel.errors import Missing, StartupError
from core.kernel.hooks.loader import migration_packages
from core.kernel.web.house import House
from core.reports.exports.archive import as_zip, files, report_name
from core.reports.exports.pdf import as_pdf, pdf_available
from core.reports.exports.words import Words
from core.reports.pages.document import render_document
from core.reports.queries.report import NETWORK, build_report
from core.reports.rules.cells import Report, Section, said
from core.reports.rules.periods import FiscalYear, Quarter, closed_quarters, parse_quarter, parse_year
from core.settings import Settings

DEMO_NOTE = "Démonstration : les références comptées ici sont inventées."
#: Sections of plugins are those that coordination reads.
_READER = Viewer(None, None, "", "", frozenset({Role.NETWORK_COORDINATION}), "")


def report(
    period: Annotated[str, typer.Argument(help="Année (2023-2024) ou trimestre (2023T1), terminé.")],
    output: Annotated[Path, typer.Option(help="Dossier où écrire les fichiers.")],
    demo: Annotated[
        bool, typer.Option(help="Sur une base jetable : la démonstration et les faits de l’année.")
    ] = False,
    locale: Annotated[str, typer.Option(help="Langue des fichiers : fr ou en.")] = "fr",
) -> None:
    """Écrire le rapport du réseau : CSV, XLSX, PDF s’il est installé, et un ZIP de tout."""
    wanted = parse_year(period) or parse_quarter(period)
    if wanted is None:
        fail(f"Période non reconnue : {period}. Écrivez une année (2023-2024) ou un trimestre (2023T1).")
    if locale not in {"fr", "en"}:
        fail(f"Langue non reconnue : {locale}. Choisissez fr ou en.")
    if demo:
        with tempfile.TemporaryDirectory(prefix="arrimage-") as folder:
            _write(_throw_away(Path(folder), wanted), wanted, output, locale, demo=True)
    else:
        _write(open_settings(), wanted, output, locale, demo=False)


def _write(settings: Settings, period: FiscalYear | Quarter, output: Path, locale: str, *, demo: bool) -> None:
    moment = _after(period) if demo else datetime.now(UTC)
    year = period if isinstance(period, FiscalYear) else period.year
    closed = closed_quarters(year, moment.astimezone(TORONTO).date())
    if not closed or (isinstance(period, Quarter) and period not in closed):
        fail("Cette période n’est pas terminée : rien n’a été écrit.")
    try:
        house: House = create_app(settings).state.house
    except StartupError as failure:
        fail(str(failure))
    try:
        with house.database.transaction(write=False) as session:
            made = build_report(session, house.hooks, _READER, period, NETWORK, moment, locale=locale)
        _files(house, replace(made, sections=(_demo_section(), *made.sections)) if demo else made, output, locale)
    finally:
        house.database.dispose()


def _files(house: House, report: Report, output: Path, locale: str) -> None:
    def translate(text: str, **values: object) -> str:
        return house.renderer.translator.translate(locale, text, **values)

    words = Words(locale, translate)
    pdf = as_pdf(render_document(house.renderer, report, words)) if pdf_available() else None
    made = dict(files(report, words, pdf))
    made[f"{report_name(report)}.zip"] = as_zip(made)
    for name, content in made.items():
        path = output / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    typer.echo(f"{len(made)} fichiers écrits dans {output}.")
    if pdf is None:
        typer.echo("Sans PDF : weasyprint n’est pas installé (pip install 'arrimage[pdf]').")


def _throw_away(folder: Path, period: FiscalYear | Quarter) -> Settings:
    """A demo database of its own, as on the first days after the period, with the year's printed hours."""
    settings = open_settings(
        mode="demo",
        database_url=f"sqlite:///{folder / 'report.sqlite'}",
        master_key_file=folder / "report.key",
    )
    database_folder(settings.database_url)
    migrations.upgrade(
        settings.database_url,
        load_hooks(settings).names(),
        packages=migration_packages(settings.plugins_file),
    )
    keyring = open_keyring(settings, create=True)
    now, year = _after(period), period if isinstance(period, FiscalYear) else period.year
    house: House = create_app(settings).state.house
    try:
        with house.database.transaction() as session:
            seed_demo(session, keyring, now)
        # A year without printed hours has none to import.
        with suppress(Missing), house.database.transaction() as session:
            import_annual(session, f"{year.start}_{year.start + 1}", now=now)
    finally:
        house.database.dispose()
    return settings


def _after(period: FiscalYear | Quarter) -> datetime:
    """Noon in Joliette, two weeks into the fiscal year that follows: the whole year is closed, whatever today is."""
    year = period if isinstance(period, FiscalYear) else period.year
    return datetime(year.start + 1, 4, 15, 16, tzinfo=UTC)


def _demo_section() -> Section:
    return Section("demo", said("Démonstration"), notes=(said(DEMO_NOTE),))
