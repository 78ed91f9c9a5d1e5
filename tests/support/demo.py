"""The demo as `make demo` serves it, made once per run: to migrate and seed it costs 5 s of processor, to copy none."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from core.accounts.models import User
from core.accounts.services import open_session
from core.cli import prepare_demo
from core.settings import Settings
from core.testing import LiveServer, databases, postgres

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

_FILES = ("demo.sqlite", "demo.key")


def copied_demo(folder: Path, *, requests: bool = False) -> Settings:
    """What `prepare_demo(folder, requests=requests)` makes there, copied from the run's own."""
    label = "demo-requests" if requests else "demo"
    with postgres.locked(label) as run, databases.once(run / f"{label}.state") as needed:
        made = run / label
        if needed:
            prepare_demo(made, requests=requests)
            databases.fold_wal(made / _FILES[0])
    for name in _FILES:
        shutil.copy(made / name, folder / name)
    return Settings(
        mode="demo",
        database_url=f"sqlite:///{folder / _FILES[0]}",
        master_key_file=folder / _FILES[1],
        public_url="http://127.0.0.1:8000",
    )


def sign_in(context: BrowserContext, server: LiveServer, persona: str) -> None:
    """Give the browser the persona's cookie, as the click of `/demo` does: a page less to draw at each sign-in."""
    house = server.app.state.house
    with house.database.transaction() as session:
        user_id = session.execute(select(User.id).where(User.demo_key == persona)).scalar_one()
        token = open_session(session, user_id, house.clock.now(), second_factor=True, device="essai")
    context.add_cookies([{"name": "arrimage", "value": token, "url": server.url}])
