"""The platform's main job, in two browsers side by side: refer with her, see it arrive, accept, follow, withdraw."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from core.app import create_app
from core.testing import LiveServer, serving
from tests.support.axe import faults
from tests.support.demo import copied_demo, sign_in
from tests.support.forking import Ended, Forking

#: What the platform is for is told in the browser that people have, not in its headless shell.
WHOLE_BROWSER = True
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
SECRET_NUMBER = "450 555-0143"
SECRET_NAME = "Maude"


class Touches:
    """Counts what the officer touches: a group of boxes counts once (the expectation is 12 at most)."""

    def __init__(self) -> None:
        self.controls: set[str] = set()

    def touch(self, name: str, control: Locator, value: str | None = None) -> None:
        """Touch one control, of the group `name`."""
        self.controls.add(name)
        if value is not None:
            control.fill(value)
        elif control.get_attribute("type") in ("checkbox", "radio"):
            control.check()
        else:
            control.click()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """The demo as `make demo` serves it: real clock, SQLite file, invented people; each test follows its own code."""
    with serving(create_app(copied_demo(tmp_path_factory.mktemp("story")))) as running:
        yield running


@contextmanager
def signed_in(
    browser: Browser, server: LiveServer, persona: str, viewport: dict[str, int], *, scripts: bool = True
) -> Iterator[Page]:
    """A browser of its own, whose person is signed in."""
    context: BrowserContext = browser.new_context(
        viewport=viewport,  # type: ignore[arg-type]
        locale="fr-CA",
        java_script_enabled=scripts,
    )
    sign_in(context, server, persona)
    yield context.new_page()
    context.close()


def live(page: Page) -> None:
    """Wait until the stream is attached, as the page says."""
    expect(page.locator("[data-connection]")).to_contain_text("En direct")


def refer(
    page: Page, server: LiveServer, municipality: str = "Repentigny", *, scripts: bool = True
) -> tuple[str, str, Touches]:
    """The officer's way through the form; the code and the word of the receipt."""
    touches = Touches()
    page.goto(f"{server.url}/references/nouvelle")
    touches.touch(
        "accepts",
        page.get_by_role("button", name="Commencer avec elle").or_(
            page.get_by_role("link", name="Commencer avec elle")
        ),
    )
    if scripts:
        expect(page.locator('#f-municipality[data-combobox="on"]')).to_be_visible()
    touches.touch("municipality", page.locator("#f-municipality"), municipality)
    touches.touch("age", page.locator('input[name="age_band"][value="18_24"]'))
    touches.touch("needs", page.locator('input[name="needs"][value="exploitation_support"]'))
    touches.touch("needs", page.locator('input[name="needs"][value="legal"]'))
    touches.touch("facts", page.locator('input[name="facts"][value="violence_ongoing"]'))
    touches.touch("urgent", page.locator('input[name="urgent"]'))
    touches.touch("continue-1", page.get_by_role("button", name="Continuer"))
    page.wait_for_url("**/contact")
    expect(page.get_by_text("CALACS La Chrysalide").first).to_be_visible()
    touches.touch("phone", page.get_by_label("Numéro où l’appeler"), SECRET_NUMBER)
    touches.touch("times", page.locator('input[name="times"][value="afternoon"]'))
    for box in page.locator('input[name="blocks"]').all():
        if box.is_visible() and not box.is_checked():
            touches.touch("agreement", box)
    for box in page.locator('input[name="attestation"]').all():
        touches.touch("agreement", box)
    touches.touch("continue-2", page.get_by_role("button", name="Continuer"))
    expect(page.get_by_role("heading", name=re.compile("Voici ce que"))).to_be_visible()
    touches.touch("send", page.get_by_role("button", name="Envoyer"))
    page.wait_for_url(re.compile(r"/references/R-[^/]+/recu"))
    code = re.search(r"R-[0-9A-Z]{4}-[0-9A-Z]{2}", page.url)
    assert code is not None
    word = page.locator("strong.word").inner_text().strip()
    return code.group(), word, touches


#: Typed in a process of its own, without the seconds of processor that importing the platform takes.
VERIFY = "import sys; sys.argv[1:] = ['journal', 'verify']; from core.cli import main; main()"


def journal_holds_and_one_byte_is_seen(server: LiveServer, tmp_path: Path, forking: Forking) -> None:
    """`arrimage journal verify` on what was just done, then on a copy with one byte flipped."""
    settings = server.app.state.house.settings
    source, copy = settings.database_url.removeprefix("sqlite:///"), tmp_path / "copy.sqlite"
    with closing(sqlite3.connect(source)) as live_file, closing(sqlite3.connect(copy)) as file:
        live_file.backup(file)

    def verify(path: Path) -> Ended:
        environment = {
            **os.environ,
            "ARRIMAGE_MODE": "demo",
            "ARRIMAGE_DATABASE_URL": f"sqlite:///{path}",
            "ARRIMAGE_MASTER_KEY_FILE": str(settings.master_key_file),
        }
        return forking.run(VERIFY, environment=environment)

    sound = verify(copy)
    assert sound.returncode == 0, sound.stderr
    with closing(sqlite3.connect(copy)) as file:
        (line,) = file.execute("SELECT CAST(line AS TEXT) FROM journal_entries LIMIT 1").fetchone()
    content = copy.read_bytes()
    place = content.index(line[:60].encode()) + 20
    copy.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    broken = verify(copy)
    assert broken.returncode == 1
    assert re.search(r"(ligne|entrée|position)\D*\d+", broken.stderr), broken.stderr


def test_refer_see_live_accept_and_follow_and_the_journal_holds(
    browser: Browser, server: LiveServer, tmp_path: Path, forking: Forking
) -> None:
    """Steps 2, 3 and 7: at most 12 controls, a row that comes by itself, no identity before acceptance, all written.

    Within a second: `test_scripts.py` and `tests/web/test_live.py` time it.
    """
    with (
        signed_in(browser, server, "police-repentigny", PHONE) as officer,
        signed_in(browser, server, "calacs-chrysalide", DESK) as worker,
    ):
        worker.goto(f"{server.url}/demo")
        worker.locator('form[action="/demo/calacs-chrysalide"] button').click()
        worker.wait_for_url(f"{server.url}/")
        worker.goto(f"{server.url}/demandes")
        live(worker)
        focused = worker.evaluate("document.activeElement.tagName")
        code, _word, touches = refer(officer, server)
        assert len(touches.controls) <= 12, sorted(touches.controls)
        row = worker.locator(f'[data-key="{code}"]')
        expect(row).to_be_visible()
        assert worker.evaluate("document.activeElement.tagName") == focused
        expect(row).to_contain_text("18 à 24 ans")
        expect(row).to_contain_text(re.compile("L.Assomption"))
        expect(row).to_contain_text("Urgent")
        expect(row).to_contain_text("il reste")
        expect(row).to_contain_text("code 1")
        assert SECRET_NUMBER not in worker.content()

        row.get_by_role("button", name="Je m’en occupe").click()
        worker.wait_for_url(f"{server.url}/references/{code}")
        assert SECRET_NUMBER not in worker.content()
        assert "Repentigny" not in worker.locator("main .with-side > div.stack").inner_text()
        live(worker)
        officer.goto(f"{server.url}/references/{code}")
        live(officer)
        worker.get_by_text("Poser une question").click()
        worker.get_by_label("Votre question").select_option("safe_moment")
        worker.get_by_role("button", name="Envoyer la question").click()
        expect(officer.get_by_role("heading", name="Une précision est demandée")).to_be_visible()
        officer.get_by_label("Votre réponse").fill("Entre 13 h et 16 h.")
        officer.get_by_role("button", name="Envoyer la réponse").click()
        expect(worker.get_by_text("Entre 13 h et 16 h.")).to_be_visible()

        worker.get_by_role("button", name="Accepter").click()
        expect(worker.get_by_role("heading", name="Maintenant : reconfirmer avec elle")).to_be_visible()
        expect(worker.get_by_text(SECRET_NUMBER)).to_be_visible()
        expect(officer.get_by_role("heading", name="Prise en charge")).to_be_visible()
        assert SECRET_NUMBER not in officer.content()
    journal_holds_and_one_byte_is_seen(server, tmp_path, forking)


def test_the_same_without_scripts(browser: Browser, server: LiveServer) -> None:
    """Steps 2, 3 and 5 by refreshing: no script runs in any of the browsers."""
    with (
        signed_in(browser, server, "police-repentigny", PHONE, scripts=False) as officer,
        signed_in(browser, server, "calacs-chrysalide", DESK, scripts=False) as worker,
    ):
        code, word, _ = refer(officer, server, scripts=False)
        worker.goto(f"{server.url}/demandes")
        worker.locator(f'[data-key="{code}"]').get_by_role("button", name="Je m’en occupe").click()
        worker.get_by_text("Poser une question").click()
        worker.get_by_label("Votre question").select_option("safe_moment")
        # Answered before the other browser asks, where nothing comes by itself
        with worker.expect_navigation():
            worker.get_by_role("button", name="Envoyer la question").click()
        officer.goto(f"{server.url}/references/{code}")
        officer.get_by_label("Votre réponse").fill("Entre 13 h et 16 h.")
        with officer.expect_navigation():
            officer.get_by_role("button", name="Envoyer la réponse").click()
        worker.goto(f"{server.url}/references/{code}")
        expect(worker.get_by_text("Entre 13 h et 16 h.")).to_be_visible()
        worker.get_by_role("button", name="Accepter").click()
        expect(worker.get_by_text(SECRET_NUMBER)).to_be_visible()
        officer.reload()
        expect(officer.get_by_role("heading", name="Prise en charge")).to_be_visible()

        herself = open_follow(browser, server, code, word, scripts=False)
        herself.get_by_role("button", name="Tout arrêter").click()
        expect(herself.get_by_text("C’est arrêté.")).to_be_visible()
        herself.context.close()
        gone = worker.reload()
        assert gone is not None
        assert gone.status == 404
        officer.reload()
        expect(officer.get_by_role("heading", name="Fermée")).to_be_visible()


def open_follow(browser: Browser, server: LiveServer, code: str, word: str, *, scripts: bool = True) -> Page:
    """The public page, in a browser that is nobody's."""
    herself = browser.new_context(viewport=PHONE, locale="fr-CA", java_script_enabled=scripts).new_page()  # type: ignore[arg-type]
    herself.goto(f"{server.url}/suivre")
    herself.locator("#f-code").fill(code.lower().replace("-", " "))
    herself.locator("#f-word").fill(word.upper())
    herself.get_by_role("button", name="Voir où en est ma demande").click()
    return herself


def test_she_withdraws_and_every_open_page_loses_the_content(browser: Browser, server: LiveServer) -> None:
    """Step 5: everywhere, by itself; lists say *fermée*; what was there reads like a missing page; no reason."""
    with (
        signed_in(browser, server, "police-repentigny", PHONE) as officer,
        signed_in(browser, server, "calacs-chrysalide", DESK) as worker,
    ):
        code, word, _ = refer(officer, server)
        officer.goto(f"{server.url}/references")
        live(officer)
        worker.goto(f"{server.url}/references/{code}")
        worker.get_by_role("button", name="Accepter").click()
        expect(worker.get_by_text(SECRET_NUMBER)).to_be_visible()
        live(worker)
        expect(officer.locator(f'[data-key="{code}"]')).to_contain_text("Prise en charge")

        herself = open_follow(browser, server, code, word)
        expect(herself.get_by_role("heading", name="On vous joindra")).to_be_visible()
        assert "Chrysalide" not in herself.content()
        assert faults(herself) == []
        herself.get_by_role("button", name="Tout arrêter").click()
        expect(worker.get_by_text(SECRET_NUMBER)).to_have_count(0)
        expect(herself.get_by_text("C’est arrêté.")).to_be_visible()
        expect(officer.locator(f'[data-key="{code}"]')).to_contain_text("Fermée")

        missing = worker.goto(f"{server.url}/references/R-2222-22")
        gone = worker.goto(f"{server.url}/references/{code}")
        assert missing is not None
        assert gone is not None
        assert (missing.status, gone.status) == (404, 404)
        worker.goto(f"{server.url}/demandes?liste=closed")
        expect(worker.locator(f'[data-key="{code}"]')).to_contain_text("Fermée")

        herself.get_by_role("button", name="Reprendre ma demande").click()
        expect(herself.get_by_text("Votre demande a repris")).to_be_visible()
        herself.context.close()
        worker.goto(f"{server.url}/references/{code}")
        expect(worker.get_by_text(SECRET_NUMBER)).to_be_visible()


def test_a_visitor_finds_help_and_leaves_at_once(browser: Browser, server: LiveServer) -> None:
    """Step 1: no accents, a typing error; never a rehabilitation unit nor an address; *Sortie rapide* leaves."""
    page = browser.new_context(viewport=PHONE, locale="fr-CA").new_page()  # type: ignore[arg-type]
    page.goto(server.url)
    page.get_by_label("Ce que vous cherchez").fill("hebergement joliet")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("link", name="Hébergement pour femmes (fictif)", exact=True)).to_be_visible()
    page.wait_for_load_state()
    text = page.locator("main").inner_text()
    assert "Adresse confidentielle" in text
    assert "réadaptation" not in text.lower()
    assert page.title().startswith("Renseignements")
    page.route("**/*", lambda route: route.abort() if server.url not in route.request.url else route.continue_())
    with page.expect_request(lambda request: server.url not in request.url) as leaving:
        page.get_by_role("link", name="Sortie rapide").click()
    assert "arrimage" not in leaving.value.url
    assert not leaving.value.headers.get("referer")
    page.context.close()


def consent_given(page: Page, send: str) -> None:
    """Tick what she agrees to and every point of the attestation, on the page that ends with that button."""
    expect(page.get_by_role("button", name=send)).to_be_visible()
    for name in ("blocks", "attestation"):
        for box in page.locator(f'input[name="{name}"]').all():
            box.check()


def test_it_passes_on_to_another_centre_with_her_consent(browser: Browser, server: LiveServer) -> None:
    """Step 4: attempts are noted, the transfer needs a consent that names it, responsibility moves on acceptance."""
    with (
        signed_in(browser, server, "police-repentigny", PHONE) as officer,
        signed_in(browser, server, "calacs-chrysalide", DESK) as worker,
        signed_in(browser, server, "calacs-coup-de-coeur", DESK) as other,
    ):
        code, _word, _ = refer(officer, server)
        worker.goto(f"{server.url}/references/{code}")
        worker.get_by_role("button", name="Accepter").click()
        worker.get_by_text("Noter un appel").click()
        worker.locator('input[name="result"][value="missed"]').check()
        worker.get_by_role("button", name="Noter", exact=True).click()
        expect(worker.get_by_text("Tentative de contact : Non rejointe")).to_be_visible()
        worker.get_by_role("button", name="Elle nous a jointes").click()
        expect(worker.get_by_text("Tentative de contact : Elle nous a jointes")).to_be_visible()
        worker.get_by_role("button", name="Copier pour notre dossier").click()
        expect(worker.get_by_label("Texte à copier")).to_have_value(re.compile("450 555-0143"))
        assert faults(worker) == []
        worker.get_by_role("link", name="Revenir à la référence").click()

        worker.get_by_role("link", name="Transférer avec son accord").click()
        worker.get_by_role("radio", name=re.compile("CALACS Coup de c")).check()
        worker.get_by_role("button", name="Continuer avec elle").click()
        consent_given(worker, "Transmettre")
        worker.get_by_role("button", name="Transmettre").click()
        worker.wait_for_url(re.compile(r"/references/R-[^/]+/transmise"))
        assert faults(worker) == []
        onward = worker.url.rsplit("/", 2)[1]
        assert onward != code

        other.goto(f"{server.url}/references/{onward}")
        assert SECRET_NUMBER not in other.content()
        worker.goto(f"{server.url}/references/{code}")
        expect(worker.get_by_text(SECRET_NUMBER)).to_be_visible()
        live(worker)
        other.get_by_role("button", name="Accepter").click()
        expect(other.get_by_text(SECRET_NUMBER)).to_be_visible()
        expect(worker.get_by_text(SECRET_NUMBER)).to_have_count(0)
        worker.goto(f"{server.url}/references/{onward}")
        expect(worker.get_by_role("heading", name="Prise en charge")).to_be_visible()
        assert SECRET_NUMBER not in worker.content()


def test_intake_enters_a_fax(browser: Browser, server: LiveServer) -> None:
    """Step 6: the same list, the hospital's clock, an acknowledgement that names nobody."""
    with signed_in(browser, server, "calacs-coup-de-coeur", DESK) as intake:
        intake.goto(f"{server.url}/demandes")
        intake.get_by_role("link", name="Saisir une demande reçue").click()
        intake.locator('input[name="channel"][value="fax"]').check()
        intake.locator('select[name="sender"]').select_option(label="Centres désignés de Lanaudière")
        intake.locator("#f-municipality").fill("Joliette")
        intake.locator('input[name="age_band"][value="25_34"]').check()
        intake.locator('input[name="needs"][value="support"]').check()
        intake.locator("#f-first_name").fill(SECRET_NAME)
        intake.locator("#f-phone").fill(SECRET_NUMBER)
        intake.locator('input[name="times"][value="any"]').check()
        consent_given(intake, "Ajouter à la liste")
        intake.get_by_role("button", name="Ajouter à la liste").click()
        intake.wait_for_url(re.compile(r"/demandes/R-[^/]+/accuse"))
        assert faults(intake) == []
        code = intake.url.rsplit("/", 2)[1]
        text = intake.locator("main").inner_text()
        assert code in text
        assert SECRET_NAME not in text
        assert SECRET_NUMBER not in text
        intake.goto(f"{server.url}/demandes")
        row = intake.locator(f'[data-key="{code}"]')
        expect(row).to_contain_text(re.compile(r"il\s+reste\s+4[78]\s+h"))
