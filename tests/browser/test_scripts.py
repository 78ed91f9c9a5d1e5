"""The browser modules in Debian's Chromium, on the real frame under the real content-security policy."""

from __future__ import annotations

import contextlib
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core.kernel.formatting import format_clock
from tests.browser.scripted import Site, World, left_as_found, tab
from tests.support.axe import faults
from tests.support.fair import Watch
from tests.support.modules import OnItsWay, loaded

ROW = (
    '<li data-key="{0}"><a class="code" href="/queue">{0}</a><div>18 à 24 ans</div><div>il reste 5 h</div>'
    "<span>libre</span></li>"
)


@pytest.fixture(scope="module")
def server() -> Iterator[Site]:
    site = Site(Path(__file__).parent / "pages")
    site.start()
    yield site
    site.stop()


@pytest.fixture
def site(server: Site) -> Site:
    """The same server with a world of its own for each test."""
    server.world = World()
    server.world.fragments = {"rows": (200, ROW.format("R-1")), "block": (200, "<p>à jour</p>")}
    return server


@pytest.fixture(scope="module")
def shared_context(browser: Browser, server: Site) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=server.url, viewport={"width": 390, "height": 844})
    yield context
    context.close()


@pytest.fixture
def context(shared_context: BrowserContext, site: Site) -> Iterator[BrowserContext]:
    """One for the file, with its first tab, left as they were found: a tab of its own costs more than most tests."""
    yield shared_context
    left_as_found(shared_context)


def opened(context: BrowserContext, path: str) -> Page:
    """A page in a tab of the file."""
    page = tab(context)
    page.goto(path)
    return page


def live(context: BrowserContext, path: str = "/queue") -> Page:
    page = opened(context, path)
    expect(page.locator("[data-connection]")).to_have_text("En direct")
    return page


def test_what_happened_shows_within_a_second(context: BrowserContext, site: Site) -> None:
    """A row that comes, then a part that is closed: each at its best of three, for a busy machine slows one or two."""
    page, rows, blocks = live(context), [], []
    with Watch() as watch:
        for number in (2, 3, 4):
            site.world.fragments["rows"] = (200, ROW.format(f"R-{number}") + ROW.format("R-1"))
            began = perf_counter()
            site.world.emit("referral.submitted", f"R-{number}")
            expect(page.locator(f"[data-key='R-{number}']")).to_be_visible()
            rows.append(watch.between(began))
        for number in (2, 3, 4):
            site.world.fragments["block"] = (200, f"<p>fermée {number}</p>")
            began = perf_counter()
            site.world.emit("consent.withdrawn", "R-1")
            expect(page.locator("[data-live-ref]")).to_have_text(f"fermée {number}")
            blocks.append(watch.between(began))
    assert min(rows) < 1, rows
    assert min(blocks) < 1, blocks


def test_a_new_row_appears_without_taking_the_focus(context: BrowserContext, site: Site) -> None:
    page = live(context)
    page.locator("#f-q").focus()
    page.keyboard.type("rep")
    site.world.fragments["rows"] = (200, ROW.format("R-2") + ROW.format("R-1"))
    site.world.emit("referral.submitted", "R-2")
    expect(page.locator("[data-key='R-2']")).to_be_visible()
    expect(page.locator("[data-key='R-2']")).to_have_class(re.compile("new"))
    page.keyboard.type("entigny")
    expect(page.locator("#f-q")).to_have_value("repentigny")
    expect(page.locator("#announcer")).to_have_text("1 nouveauté")
    assert page.locator("[data-live-rows] > li").all_inner_texts()[0].startswith("R-2")


def test_a_list_under_the_hand_waits_for_the_person(context: BrowserContext, site: Site) -> None:
    page = live(context)
    page.locator("[data-key='R-1'] a").focus()
    site.world.fragments["rows"] = (200, ROW.format("R-3") + ROW.format("R-2") + ROW.format("R-1"))
    site.world.emit("referral.submitted", "R-2")
    # Not the announcer, a status too: it says the same once the rows are shown
    bar = page.locator("[data-pending-bar][role=status]").filter(has_text="2 nouveautés")
    expect(bar).to_be_visible()
    expect(page.locator("[data-key='R-2']")).to_have_count(0)
    assert page.evaluate("document.activeElement.textContent") == "R-1"
    bar.get_by_role("button", name="Afficher").click()
    expect(page.locator("[data-live-rows] > li")).to_have_count(3)
    expect(bar).to_have_count(0)


def test_what_may_no_longer_be_read_goes_at_once_even_under_the_hand(context: BrowserContext, site: Site) -> None:
    page = live(context)
    page.locator("#inside").focus()
    site.world.fragments["block"] = (404, "")
    site.world.emit("consent.withdrawn", "R-9")
    page.wait_for_timeout(200)
    expect(page.locator("[data-live-ref] [data-personal]")).to_have_text("Maude, 450 555-0143")
    site.world.emit("consent.withdrawn", "R-1")
    expect(page.locator("[data-live-ref]")).to_have_text("Ce contenu n’est plus accessible.")


def test_fewer_personal_parts_replace_at_once_but_others_wait(context: BrowserContext, site: Site) -> None:
    page = live(context)
    page.locator("#inside").focus()
    site.world.fragments["block"] = (200, '<div data-personal>Maude</div><button id="inside">Noter</button><p>plus</p>')
    site.world.emit("consent.renewed", "R-1")
    expect(page.get_by_role("status").filter(has_text="1 nouveauté — Afficher")).to_be_visible()
    site.world.fragments["block"] = (200, "<p>fermée</p>")
    site.world.emit("consent.withdrawn", "R-1")
    expect(page.locator("[data-live-ref]")).to_have_text("fermée")


def test_one_stream_serves_every_page_and_passes_on(context: BrowserContext, site: Site) -> None:
    first, second = live(context), live(context)
    # A page that was not welcomed in three seconds opens a stream of its own, until the first one speaks again
    until(second, lambda: site.world.streams == 1)
    site.world.fragments["rows"] = (200, ROW.format("R-2") + ROW.format("R-1"))
    site.world.emit("referral.submitted", "R-2")
    for page in (first, second):
        expect(page.locator("[data-key='R-2']")).to_be_visible()
    opened_before = site.world.streams_opened
    first.close()
    until(second, lambda: site.world.streams_opened > opened_before)
    site.world.fragments["rows"] = (200, ROW.format("R-3"))
    site.world.emit("referral.submitted", "R-3")
    expect(second.locator("[data-key='R-3']")).to_be_visible()
    until(second, lambda: site.world.streams == 1)  # a busy server learns late that the closed page hung up


def until(page: Page, happened: Callable[[], bool]) -> None:
    """Wait for what no page shows, half a minute at most."""
    for _ in range(600):
        if happened():
            return
        page.wait_for_timeout(50)
    assert happened()


def test_personal_content_leaves_the_page_without_a_stream_and_comes_back(context: BrowserContext, site: Site) -> None:
    page = tab(context)
    page.clock.install()
    page.goto("/queue")
    expect(page.locator("[data-connection]")).to_have_text("En direct")
    site.world.cut()
    expect(page.locator("[data-connection]")).to_have_text(re.compile("Reconnexion|Hors ligne"))
    expect(page.locator("#alone")).to_have_text("Maude, 450 555-0143")
    page.clock.run_for(31_000)
    expect(page.locator("#alone")).to_have_text(re.compile("masqué"))
    assert "Maude" not in page.content()
    site.world.stream_open = True
    site.world.fragments["block"] = (404, "")
    page.clock.run_for(31_000)
    expect(page.locator("#alone")).to_have_text("Maude, 450 555-0143")
    expect(page.locator("[data-live-ref]")).to_have_text("Ce contenu n’est plus accessible.")


def test_a_session_that_ended_blanks_without_waiting(context: BrowserContext, site: Site) -> None:
    page = live(context)
    site.world.signed_in = False
    site.world.cut()
    expect(page.locator("#alone")).to_have_text(re.compile("masqué"))


def test_a_locked_session_keeps_only_a_count(context: BrowserContext, site: Site) -> None:
    page = live(context)
    site.world.fragments["rows"] = (401, "")
    site.world.emit("referral.submitted", "R-2")
    expect(page.locator("[data-live-rows]")).to_contain_text("verrouillée ou terminée. 1 nouveauté")
    expect(page.locator("[data-key]")).to_have_count(0)


def test_a_stream_that_never_opens_blanks_too(context: BrowserContext, site: Site) -> None:
    site.world.stream_open = False
    page = tab(context)
    page.clock.install()
    page.goto("/queue")
    expect(page.locator("[data-connection]")).to_have_text(re.compile("Reconnexion"))
    page.clock.run_for(31_000)
    expect(page.locator("#alone")).to_have_text(re.compile("masqué"))


def test_another_identity_in_another_tab_ends_this_page(context: BrowserContext, site: Site) -> None:
    page = live(context)
    site.world.mark = "session-b"
    opened(context, "/queue")
    expect(page.locator("main")).to_contain_text("La session a changé dans un autre onglet.")
    assert "Maude" not in page.content()


def test_signing_out_ends_the_other_tabs(context: BrowserContext, site: Site) -> None:
    page = live(context)
    opened(context, "/public")
    expect(page.locator("main")).to_contain_text("La session a changé dans un autre onglet.")


@pytest.mark.parametrize("way", ["click", "Shift", "Escape"])
def test_quick_exit_leaves_nothing_behind(context: BrowserContext, way: str) -> None:
    page = opened(context, "/sent")
    page.goto("/public")
    assert page.title() == "Renseignements · Arrimage"
    if way == "click":
        page.get_by_role("link", name="Sortie rapide").click()
    else:
        for _ in range(3):
            page.keyboard.press(way)
    page.wait_for_url("**/ailleurs")
    page.go_back()
    page.wait_for_url("**/sent")


def test_a_capital_letter_is_not_a_way_out(context: BrowserContext) -> None:
    page = opened(context, "/public")
    page.locator("#f-q").focus()
    for letter in "ABC":
        page.keyboard.press(f"Shift+{letter}")
    expect(page.locator("#f-q")).to_have_value("ABC")
    assert page.url.endswith("/public")


def test_quick_exit_is_a_plain_link_without_scripts(browser: Browser, site: Site) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/public")
    page.get_by_role("link", name="Sortie rapide").click()
    page.wait_for_url("**/ailleurs")
    page.goto("/queue")
    page.get_by_role("button", name="Menu", exact=True).click()
    expect(page.get_by_role("link", name="Demandes reçues")).to_be_visible()
    context.close()


def test_drafts_are_kept_and_survive_a_lost_signal(context: BrowserContext, site: Site) -> None:
    page = opened(context, "/form")
    loaded(page)
    page.locator("#f-note").fill("Première visite.")
    page.locator("#f-municipality").focus()
    expect(page.locator("[data-form-status]")).to_have_text(re.compile(r"Enregistré à \d+\sh\s\d\d"))
    assert site.world.posts[-1][1]["note"] == "Première visite."
    context.set_offline(True)
    page.locator("#f-note").fill("Deuxième.")
    page.locator("#f-municipality").focus()
    expect(page.locator("[data-form-status]")).to_have_text(re.compile("Hors ligne"))
    context.set_offline(False)
    expect(page.locator("[data-form-status]")).to_have_text(re.compile("Enregistré"))
    assert site.world.posts[-1][1]["note"] == "Deuxième."


def test_what_is_typed_before_its_script_is_there_is_kept_and_the_field_left_meanwhile(
    context: BrowserContext, site: Site
) -> None:
    """A slow phone: words come before modules, and a second field before the answer about the first."""
    page = tab(context)
    with OnItsWay(page, "**/autosave.js") as script:
        page.goto("/form")
        page.locator("#f-note").fill("Avant.")
        page.locator("#f-municipality").focus()
        assert site.world.posts == []
        script.come()
        expect(page.locator("[data-form-status]")).to_have_text(re.compile("Enregistré"))
    assert site.world.posts[-1][1]["note"] == "Avant."
    with OnItsWay(page, "**/draft") as answer:
        with page.expect_request("**/draft"):
            page.locator("#f-note").fill("Pendant.")
            page.locator("#f-municipality").focus()
        page.locator("#f-municipality").fill("Repentigny")
        page.locator("#f-note").focus()
        with page.expect_request("**/draft", timeout=9_000) as next_one:  # not ten seconds after the first
            answer.come()
        assert "Repentigny" in (next_one.value.post_data or "")


def test_a_form_is_sent_again_with_the_same_key_until_the_network_returns(context: BrowserContext, site: Site) -> None:
    page = opened(context, "/form")
    loaded(page)
    page.locator("#f-note").fill("Texte.")
    site.world.drop_posts = 1
    context.set_offline(True)
    page.get_by_role("button", name="Envoyer").click()
    expect(page.locator("[data-form-status]")).to_contain_text("Pas encore envoyé")
    expect(page.locator("#f-note")).to_have_value("Texte.")
    context.set_offline(False)
    page.get_by_role("button", name="Réessayer maintenant").click()
    page.wait_for_url("**/sent")
    sent = [form for kind, form in site.world.posts if kind == "send"]
    assert len(sent) == 2
    assert sent[0]["_key"] == sent[1]["_key"]


def test_errors_come_back_in_place_with_the_focus_and_the_text(context: BrowserContext, site: Site) -> None:
    site.world.answer = "errors"
    page = opened(context, "/form")
    page.locator("#f-note").fill("Texte gardé.")
    page.get_by_role("button", name="Envoyer").click()
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page).to_have_title(re.compile("^Erreur"))
    expect(page.locator("#f-note")).to_have_value("Texte gardé.")
    page.get_by_role("link", name=re.compile("Municipalité")).click()
    expect(page.locator("#f-municipality")).to_be_focused()
    expect(page.locator("#f-municipality")).to_have_attribute("aria-invalid", "true")


def test_suggestions_ignore_accents_and_abbreviations(context: BrowserContext) -> None:
    page = opened(context, "/form")
    loaded(page)
    field = page.get_by_role("combobox", name="Municipalité où elle vit")
    field.press_sequentially("st jac")
    field.press("ArrowDown")
    field.press("Enter")
    expect(field).to_have_value("Saint-Jacques")
    field.fill("epi")
    page.get_by_role("option", name="L’Épiphanie").click()
    expect(field).to_have_value("L’Épiphanie")


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_clocks_say_the_same_words_as_the_server(context: BrowserContext, locale: str) -> None:
    page = opened(context, f"/parts?lang={locale}")
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    shifts = [-400_000, -90_061, -4200, -30, 0, 30, 61, 1500, 18_000, 81_600, 111_600, 259_200, 600_000]
    expected = [format_clock(now + timedelta(seconds=shift), locale, now) for shift in shifts]
    said = page.evaluate(
        """async ([shifts, now]) => {
            const src = new URL("clock.js", document.querySelector("script[type=module]").src).href.split("?")[0];
            const { clockWords } = await import(src);
            return shifts.map((shift) => clockWords(new Date(now + shift * 1000), new Date(now)));
        }""",
        [shifts, now.timestamp() * 1000],
    )
    assert [(one["text"], one["state"]) for one in said] == [(one.text, one.state) for one in expected]


def test_hiding_by_one_key_which_can_be_switched_off(context: BrowserContext) -> None:
    page = live(context)
    loaded(page)
    page.keyboard.press("m")
    hidden = page.locator("html[data-masked]")
    expect(hidden).to_have_count(1)
    # The next page hides before the module that shows again is there
    with OnItsWay(page, "**/privacy.js"):
        page.goto("/queue")
        expect(hidden).to_have_count(1)
    page.goto("/queue")
    loaded(page)
    page.keyboard.press("m")
    expect(hidden).to_have_count(0)
    page.keyboard.press("?")
    page.get_by_label("Raccourcis d’une touche actifs").uncheck()
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 2, "y": 300})
    page.keyboard.press("m")
    expect(hidden).to_have_count(0)


@pytest.mark.parametrize("path", ["/queue", "/form", "/public", "/parts", "/parts?lang=en"])
def test_no_accessibility_violation_and_no_sideways_scrolling(context: BrowserContext, path: str) -> None:
    page = opened(context, path)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert faults(page, f"{path} {scheme}") == []


def test_targets_are_thumb_sized_on_a_phone(context: BrowserContext) -> None:
    page = opened(context, "/parts")
    small = page.evaluate(
        """[...document.querySelectorAll(".btn, .choice, select, .field input")].filter((one) => one.checkVisibility())
        .map((one) => [one.textContent, one.getBoundingClientRect().height]).filter(([, height]) => height < 44)"""
    )
    assert small == []


def test_the_first_page_is_light(browser: Browser, site: Site) -> None:
    sizes: list[int] = []
    context = browser.new_context(base_url=site.url)
    page = context.new_page()
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto("/public", wait_until="networkidle")
    assert sum(sizes) < 150_000
    assert len(sizes) < 20
    context.close()


def test_paper_says_what_it_is_and_drops_what_only_a_screen_can_use(context: BrowserContext) -> None:
    page = opened(context, "/parts")
    page.emulate_media(media="print")
    expect(page.locator(".masthead")).to_be_hidden()
    expect(page.locator(".btn").first).to_be_hidden()
    expect(page.locator(".print-head")).to_contain_text("R-7K3M-9Q")


def test_every_sheet_of_paper_bears_the_code(context: BrowserContext) -> None:
    """Glyphs are numbered by the font, so the code is recognised as the first line that every sheet shares."""
    page = opened(context, "/parts")
    page.evaluate("document.querySelector('main section').append('mot '.repeat(4000))")
    document = page.pdf(prefer_css_page_size=True)
    sheets = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", document, re.DOTALL):
        with contextlib.suppress(zlib.error):
            text = zlib.decompress(stream)
            if b" Tf" in text:
                sheets.append(re.findall(rb"<([0-9A-Fa-f]+)> Tj", text))
    assert len(sheets) > 2
    number_of_sheets, code = 5, len("R-7K3M-9Q")  # « 1 / 6 » comes first on each sheet
    heads = {tuple(sheet[number_of_sheets : number_of_sheets + code]) for sheet in sheets}
    assert len(heads) == 1
    assert len(set(heads.pop())) == len(set("R-7K3M-9Q"))
