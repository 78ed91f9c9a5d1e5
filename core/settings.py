"""Settings from the environment (`ARRIMAGE_…`), read once and frozen. See docs/operating.md for each."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from core.kernel.errors import StartupError

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything that differs from one installation to another. Durations are hours unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="ARRIMAGE_", frozen=True, extra="forbid")

    mode: Literal["demo", "production", "test"] = "production"
    database_url: str = "sqlite:///var/arrimage.sqlite"
    master_key_file: Path = Path("var/master.key")
    plugins_file: Path = ROOT / "plugins.toml"
    site_templates: Path | None = None
    public_url: str = "http://127.0.0.1:8000"
    allowed_hosts: tuple[str, ...] = ("127.0.0.1", "localhost")
    trusted_proxies: tuple[str, ...] = ()

    #: Emergency lines. Only 911 is known to the software; production refuses to start until a network sets its own.
    emergency_general: str = "911"
    emergency_youth_protection: str = ""
    emergency_sexual_violence: str = ""
    emergency_suicide: str = ""
    #: Where *Sortie rapide* leads: a neutral, ordinary page.
    exit_url: str = "https://www.meteomedia.com/ca"

    first_contact_urgent_hours: int = 24
    first_contact_designated_centre_hours: int = 48
    first_contact_standard_hours: int = 120

    smtp_host: str = ""
    smtp_port: int = 25
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_starttls: bool = False
    mail_sender: str = "ne-pas-repondre@localhost"

    session_idle_minutes: float = Field(default=15, gt=0)
    session_absolute_hours: int = 10
    #: Tests only: an unexpected error is raised to the test instead of becoming the page of a 500.
    raise_unexpected: bool = False
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @field_validator("database_url")
    @classmethod
    def _one_of_two_engines(cls, url: str) -> str:
        try:
            parsed = make_url(url)
        except ArgumentError:
            raise ValueError("not a database's address") from None
        engine, name = parsed.get_backend_name(), parsed.database or ""
        if engine not in {"sqlite", "postgresql"} or (engine == "sqlite" and name in {"", ":memory:"}):
            raise ValueError("the database is a file of SQLite, or PostgreSQL")
        return url

    @model_validator(mode="after")
    def _production_is_complete(self) -> Settings:
        if self.mode != "production":
            return self
        missing = [
            f"ARRIMAGE_{name.upper()}"
            for name in ("emergency_youth_protection", "emergency_sexual_violence", "emergency_suicide")
            if not getattr(self, name)
        ]
        if missing:
            raise StartupError(
                "environnement : " + ", ".join(missing) + " : les lignes d’urgence ne sont pas réglées. "
                "Demandez les numéros à la coordination du réseau et réglez ces variables."
            )
        address = urlsplit(self.public_url)
        if address.scheme != "https" and address.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise StartupError(
                "environnement : ARRIMAGE_PUBLIC_URL n’est pas une adresse https : les témoins de session "
                "passeraient en clair. Servez la plateforme derrière un mandataire TLS et donnez son adresse publique."
            )
        return self

    @property
    def secure_cookies(self) -> bool:
        """Cookies are `__Host-` and Secure as soon as the public address is https."""
        return self.public_url.startswith("https://")

    @property
    def demo(self) -> bool:
        """Whether invented people and one-click personas exist."""
        return self.mode == "demo"
