"""The core's features, listed once: their routes, jobs and reactions. `app.py` composes what this file names."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from core.access.plugins import install_plugins
from core.access.registry import registry
from core.accounts import jobs as accounts_jobs
from core.accounts import pages as accounts_pages
from core.committees import hours_jobs
from core.committees import jobs as committees_jobs
from core.committees import pages as committees_pages
from core.committees.pages import hours_routes
from core.consent.plugins import install_purposes
from core.directory import pages as directory_pages
from core.home import pages as home_pages
from core.journal import jobs as journal_jobs
from core.journal import pages as journal_pages
from core.kernel.crypto import Keyring
from core.kernel.events import REGISTRY, SESSION_REGISTRY, EventRegistry
from core.kernel.hooks.loader import load_plugins
from core.kernel.hooks.manager import Hooks
from core.kernel.i18n import Translator
from core.kernel.jobs import Job, JobRunner
from core.kernel.live.dispatcher import Dispatcher
from core.kernel.live.hub import Hub
from core.kernel.live.stream import purge_stream
from core.kernel.mail import MailSender, Smtp, purge_mail
from core.kernel.web.house import House
from core.kernel.web.routes import Route
from core.referrals import jobs as referrals_jobs
from core.referrals import pages as referrals_pages
from core.reports import events as reports_events
from core.reports import jobs as reports_jobs
from core.reports import pages as reports_pages
from core.settings import ROOT, Settings

reports_events.listen()


def routes() -> tuple[Route, ...]:
    """Every route of the core."""
    return (
        *home_pages.routes,
        *accounts_pages.routes,
        *directory_pages.routes,
        *journal_pages.routes,
        *referrals_pages.routes,
        *reports_pages.routes,
        *committees_pages.routes,
        *hours_routes.routes,
    )


def load_hooks(settings: Settings) -> Hooks:
    """The plugins that plugins.toml enables."""
    return load_plugins(settings.plugins_file)


def restrict_access(hooks: Hooks) -> None:
    """Make the enabled plugins' permissions actions, put their restrictions, and no others, on all actions, and their
    purposes in the closed list of consents."""
    install_plugins(registry, hooks)
    translator = Translator([ROOT / "core" / "locales", *hooks.locale_dirs()])
    install_purposes(hooks.purposes(), translator.translate)


def event_registry(hooks: Hooks) -> EventRegistry:
    """The core's reactions and subscribers, with those of the enabled plugins."""
    own = EventRegistry(
        {kind: list(reactions) for kind, reactions in REGISTRY.reactions.items()},
        {kind: dict(subscribers) for kind, subscribers in REGISTRY.subscribers.items()},
    )
    for subscriber in hooks.subscribers():
        own.subscribe(subscriber.kind, subscriber.name)(subscriber.run)
    return own


def registry_in(house: House) -> EventRegistry:
    """The registry of the application: its dispatcher and its transactions speak to the same one."""
    registry = house.database.session_info[SESSION_REGISTRY]
    assert isinstance(registry, EventRegistry)
    return registry


def make_hub(keyring: Keyring) -> Hub:
    """The hub of this process."""
    return Hub(keyring.cookie_key("live.cursor"))


def housekeeping(session: Session, house: House, now: datetime) -> None:
    """Forget what the stream and the mail no longer need."""
    purge_stream(session, now)
    purge_mail(session, now)


def plugin_retention(session: Session, house: House, now: datetime) -> None:
    """Erase what the enabled plugins no longer keep."""
    house.hooks.apply_retention(session, now)


def jobs(hooks: Hooks) -> tuple[Job, ...]:
    """Periodic work of the core, then of the enabled plugins."""
    return (
        Job("kernel.housekeeping", timedelta(minutes=10), housekeeping),
        *accounts_jobs.jobs,
        *journal_jobs.jobs,
        *referrals_jobs.jobs,
        *committees_jobs.jobs,
        *hours_jobs.jobs,
        *reports_jobs.jobs,
        Job("kernel.plugin_retention", timedelta(hours=1), plugin_retention),
        *hooks.jobs(),
    )


class Running:
    """What runs beside the requests: the dispatcher of events, the runner of jobs, the sender of mail."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.dispatcher = Dispatcher(house.database, house.hub, registry_in(house), house.clock)
        self.jobs = JobRunner(house.database, jobs(house.hooks), house.clock)
        self.mail = _mail_sender(house) if house.settings.smtp_host else None

    async def start(self) -> None:
        """Start everything, in order. Raises `StartupError` when a plugin's settings name what is not there."""
        await self.house.database.run(self.house.hooks.check_start, "read")
        await self.dispatcher.start(self.house)
        await self.jobs.start(self.house)
        if self.mail is not None:
            await self.mail.start()

    async def stop(self) -> None:
        """Close the streams first, then stop."""
        self.house.hub.close_all()
        await self.jobs.stop()
        if self.mail is not None:
            await self.mail.stop()
        await self.dispatcher.stop()


def start(house: House) -> Running:
    """The background work of an application, not started yet."""
    return Running(house)


def _mail_sender(house: House) -> MailSender:
    settings: Settings = house.settings
    smtp = Smtp(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_sender,
        home=settings.public_url,
        username=settings.smtp_username,
        password=settings.smtp_password,
        starttls=settings.smtp_starttls,
    )
    return MailSender(house.database, house.mail_seal, smtp, house.clock)
