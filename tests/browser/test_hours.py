"""Hours on a phone: entered in three touches, repeated in one, the stepper beside boxes that do without it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from core.app import create_app
from core.cli import prepare_demo
from core.testing import LiveServer

pytestmark = pytest.mark.browser


def test_hours_are_entered_on_a_phone_in_few_touches(
    tmp_path: Path, live_server: Callable[..., LiveServer], browser: Browser
) -> None:
    server = live_server(create_app(prepare_demo(tmp_path)))
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="fr-CA", has_touch=True)
    page = context.new_page()
    page.goto(f"{server.url}/demo")
    page.locator("form[action='/demo/calacs-chrysalide'] button").click()
    page.goto(f"{server.url}/heures/nouvelle")
    page.get_by_role("button", name="Une heure de plus").click()
    page.get_by_role("button", name="Quinze minutes de plus").click()
    expect(page.get_by_label("Heures", exact=True)).to_have_value("1")
    expect(page.get_by_label("Minutes", exact=True)).to_have_value("15")
    page.get_by_role("button", name="Quinze minutes de moins").click()
    page.get_by_text("Préparation", exact=True).click()
    page.get_by_role("button", name="Inscrire", exact=True).click()
    expect(page.get_by_text(re.compile(r"Inscrit\s:\s1\sh"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.get_by_label("Préparation", exact=True)).to_be_checked()
    page.get_by_role("button", name="Répéter").click()
    expect(page.get_by_text(re.compile(r"Inscrit\s:\s1\sh"))).to_be_visible()
    page.goto(f"{server.url}/heures")
    expect(page.get_by_text(re.compile(r"2\sh · 2 inscriptions"))).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    context.close()
