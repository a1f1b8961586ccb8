"""The whole way in a real browser: Debian's Chromium, driven by Playwright, judged by axe.

The one long test is one person's afternoon; its steps build on each other. Without a browser these tests are skipped
and say what to install; with CI=true they fail, because a silent skip would let a broken page through.
"""

import csv
import json
import os
import re
import shutil
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
from conftest import GIVE_UP, LABELS, mapping
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Browser, BrowserContext, Dialog, Page, Route, expect, sync_playwright

from importer import reporting
from importer.config.settings import Settings
from importer.model import Status
from importer.sandbox.server import Running
from importer.web import upload_check, upload_pages
from web.kit import Site, dawdle, heal, serving, table
from web.test_cells import namesakes

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
MISSING = "There is no Chromium for the tests of the pages. Install it with: apt-get install chromium"
_PATIENCE = GIVE_UP * 1_000
"""In milliseconds, as the browser counts: a busy machine takes many seconds to start the process that imports."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""All that can be another verdict in the dark: there the same page has other colours and nothing else."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(MISSING)
    expect.set_options(timeout=_PATIENCE)
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    # The browser goes by the clock of the machine, even where the tests are run at another time.
    plain: dict[str, str | float | bool] = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=as_root, env=plain)
        yield browser
        browser.close()


@dataclass
class Eyes:
    """A person at the pages who notices every complaint of the browser and every call to somebody else."""

    site: Site
    page: Page
    seen: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note what goes wrong from now on."""
        self.page.on("console", lambda said: self.seen.append(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.seen.append(str(error)))
        self.page.on("request", lambda asked: self._note(asked.url))

    def _note(self, url: str) -> None:
        if urllib.parse.urlsplit(url).netloc != f"127.0.0.1:{self.site.port}" and not url.startswith("data:"):
            self.seen.append(f"asked another host: {url}")

    def judge(self) -> None:
        """No accessibility violation in light, dark and on a narrow screen, and nothing wider than the screen."""
        self.page.wait_for_load_state()  # without its style sheet a page is another one
        for scheme, width in (("light", 1200), ("dark", 1200), ("light", 360)):
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            self.page.set_viewport_size({"width": width, "height": 800})
            if not self.page.evaluate("'axe' in window"):
                self.page.evaluate(AXE.read_text("utf-8"))
            found = self.page.evaluate(
                "rules => axe.run(document, {runOnly: rules}).then(r => r.violations.map(v => v.id + ' ' + "
                "v.nodes.slice(0, 2).map(n => n.target + ' ' + n.failureSummary).join('; ')))",
                COLOURS if scheme == "dark" else RULES,
            )
            assert found == [], (self.page.title(), scheme, width)
            assert self.page.evaluate("document.documentElement.scrollWidth") <= width, (self.page.title(), width)
        self.page.set_viewport_size({"width": 1200, "height": 800})
        self.page.emulate_media(color_scheme="light")


@pytest.fixture
def eyes(browser: Browser, slow: Settings) -> Iterator[Eyes]:
    """A person who opened the start address."""
    with serving(slow) as site:
        context: BrowserContext = browser.new_context(bypass_csp=False)
        context.set_default_timeout(_PATIENCE)
        eyes = Eyes(site, context.new_page())
        eyes.watch()
        eyes.page.goto(site.url)
        yield eyes
        context.close()


def broken(path: Path) -> Path:
    """A workbook with a wrong cell, a wrong column and many right rows."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*LABELS[:2], "Kuvaus", *LABELS[3:]])
    for number in range(2, 40):
        wrong = {"CoworkerId": "12.5"} if number == 3 else {}
        thousands = {"ResourceId": f"{number},123"} if number in (4, 5) else {}
        sheet.append([str(cell) for cell in mapping(number, **wrong, **thousands)])
    for number in (40, 41):
        sheet.append([str(cell) for cell in mapping(number, Name="")])
    book.save(path)
    return path


def test_an_afternoon_with_the_pages(eyes: Eyes, service: Running, tmp_path: Path) -> None:
    """Upload, map, fix a cell and a cause, import, pause, resume, download, give back, undo: as a person does it."""
    upload_and_map(eyes, broken(tmp_path / "broken.xlsx"))
    correct_a_cell_and_a_cause(eyes)
    import_with_a_pause(eyes, service)
    give_the_failed_rows_back(eyes, tmp_path / "failed.xlsx")
    verify_and_undo(eyes)
    for place in ("/sign-in", "/nowhere", "/left"):
        eyes.page.goto(f"{eyes.site.base}{place}")
        eyes.judge()
    assert [said for said in eyes.seen if "404" not in said and "422" not in said] == []


def upload_and_map(eyes: Eyes, file: Path) -> None:
    """Step 1 and 2: a file whose column for the name is called something else."""
    page = eyes.page
    eyes.judge()
    page.get_by_label("Choose a spreadsheet").set_input_files(file)
    page.get_by_role("button", name="Check this file").click()
    expect(page).to_have_title(re.compile("^Columns of broken.xlsx"))
    eyes.judge()
    page.get_by_label("Name", exact=False).select_option("C")
    page.get_by_role("button", name="Check the rows").click()


def correct_a_cell_and_a_cause(eyes: Eyes) -> None:
    """Step 3: one cell by hand, one column by its button."""
    page, standing = eyes.page, eyes.page.locator("#standing")
    expect(page).to_have_title(re.compile("^Error: 5 rows need a change"))
    expect(page.locator(".summary")).to_be_focused()
    eyes.judge()
    page.locator("#cell-B3").fill("4711")
    page.locator("#cell-B3").press("Enter")
    expect(page.locator("#row-3")).to_contain_text("Corrected: this row can be imported.")
    expect(standing).to_contain_text("4 rows of 40 need a change")
    page.get_by_label("Remove them: 4,123 becomes 4123").check()
    page.get_by_role("button", name="Save all choices", exact=True).last.click()
    expect(standing).to_contain_text("2 rows of 40 need a change")
    page.get_by_role("button", name="Import only the 38 good rows").click()


def import_with_a_pause(eyes: Eyes, service: Running) -> None:
    """Step 4 and 5: the plan, the run watched, paused and resumed."""
    page, heading = eyes.page, eyes.page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Create 38 records in Harbour House?")
    eyes.judge()
    dawdle(service, 38)
    page.get_by_role("button", name="Import 38 rows for practice").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(heading).to_contain_text("Paused")
    eyes.judge()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    eyes.judge()
    heal(service)
    expect(heading).to_have_text("38 of 40 rows created, 2 need a change")


def give_the_failed_rows_back(eyes: Eyes, failed: Path) -> None:
    """Step 6: the rows to correct are downloaded, corrected and imported as they are."""
    page = eyes.page
    with page.expect_download() as download:
        page.get_by_role("link", name="Or only 2 rows").click()
    download.value.save_as(failed)
    eyes.judge()
    page.get_by_role("link", name="All rows with their Ids").click()
    eyes.judge()
    book = load_workbook(failed)
    for row in (2, 3):
        book.worksheets[0].cell(row, 3).value = f"Room {row}"
    book.save(failed)
    page.get_by_role("link", name="Import", exact=True).click()
    page.get_by_label("Choose a spreadsheet").set_input_files(failed)
    page.get_by_role("button", name="Check this file").click()
    expect(page.locator("#standing")).to_contain_text("All 2 rows can be imported")
    eyes.judge()
    page.get_by_role("button", name="Plan the import of 2 rows").click()
    page.get_by_role("button", name="Import 2 rows for practice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("All 2 rows created")


def verify_and_undo(eyes: Eyes) -> None:
    """What was created is compared with the service, and deleted after its number was typed."""
    page = eyes.page
    page.get_by_role("link", name="History").click()
    eyes.judge()
    page.get_by_role("link", name="Run 2", exact=True).click()
    page.get_by_role("button", name="Verify 2 records").click()
    expect(page.locator("#after").get_by_role("link", name="verification.csv")).to_be_visible(timeout=40_000)
    page.get_by_role("link", name="Undo this run").click()
    page.get_by_role("button", name="Delete 2 records").click()
    expect(page.locator(".summary")).to_be_focused()
    eyes.judge()
    page.get_by_label("To confirm").fill("2")
    page.get_by_role("button", name="Delete 2 records").click()
    expect(page.locator("#after").get_by_role("link", name="undo.csv")).to_be_visible(timeout=40_000)
    eyes.judge()


def test_a_sheet_that_comes_back_updates_its_records(eyes: Eyes, service: Running, tmp_path: Path) -> None:
    """The plan offers to update, a double click begins one run, and undo puts back; each page is fit for everybody."""
    page, file = eyes.page, tmp_path / "weekly.csv"
    for week, rows in (("2031-01-01T10:00:00Z", range(2, 6)), ("2031-01-08T10:00:00Z", range(2, 8))):
        with file.open("w", newline="") as out:
            csv.writer(out).writerows([LABELS, *(mapping(n, SubscriptionExpireDate=week) for n in rows)])
        page.goto(eyes.site.base)
        page.get_by_label("Choose a spreadsheet").set_input_files(file)
        page.get_by_role("button", name="Check this file").click()
        page.get_by_role("button", name=re.compile("^Plan the import of")).click()
        if len(rows) == 4:
            page.get_by_role("button", name="Import 4 rows for practice").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("All 4 rows created")
    expect(page.get_by_role("heading", level=1)).to_have_text("2 records to create, 4 to update in Harbour House")
    expect(page.locator("#changed tbody tr")).to_have_count(4)
    eyes.judge()
    page.get_by_role("button", name="Create 2 and update 4 in Harbour House for practice").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 created and 4 updated of 6 rows")
    assert sum(call.method == "PUT" for call in service.state.calls) == 4
    page.get_by_role("link", name="All rows with their Ids").click()
    expect(page.get_by_text("1 Jan 2031 10:00 UTC → 8 Jan 2031 10:00 UTC").first).to_be_visible()
    eyes.judge()
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("+2 ~4")).to_be_visible()
    expect(page.get_by_role("link", name="Run 3", exact=True)).to_have_count(0)
    eyes.judge()
    page.get_by_role("link", name="Run 2", exact=True).click()
    page.get_by_role("link", name="Undo this run").click()
    eyes.judge()
    page.get_by_label("To confirm").fill("6")
    page.get_by_role("button", name="Delete 2 and put back 4").click()
    heading = "Undone: 2 records deleted and 4 records put back"
    expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=40_000)
    assert [said for said in eyes.seen if "404" not in said] == []


def test_an_ambiguous_row_is_answered_by_choosing_its_record(eyes: Eyes, service: Running, tmp_path: Path) -> None:
    """With the keyboard alone, in words that a screen reader says; then the record is updated as any other."""
    page, file = eyes.page, tmp_path / "weekly.csv"
    for week in ("2031-01-01T10:00:00Z", "2031-01-08T10:00:00Z"):
        body = dict(zip(LABELS, mapping(2, SubscriptionExpireDate=week), strict=True))
        service.state.add("spaces/coworkermsoffecalendars", json.dumps(body).encode())
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([LABELS, mapping(2, SubscriptionExpireDate="2031-01-15T10:00:00Z")])
    page.goto(eyes.site.base)
    page.get_by_label("Choose a spreadsheet").set_input_files(file)
    page.get_by_role("button", name="Check this file").click()
    page.get_by_role("button", name=re.compile("^Plan the import of")).click()
    row = page.get_by_role("group", name="Row 2")
    expect(row.get_by_role("radio")).to_have_count(3)
    expect(row.get_by_label("Leave row 2 out")).to_be_checked()
    eyes.judge()
    row.get_by_label("Leave row 2 out").focus()
    page.keyboard.press("ArrowUp")
    expect(row.get_by_label(re.compile("8 Jan 2031 10:00 UTC"))).to_be_checked()
    to(page, "Save this choice")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("1 record to update in Harbour House")
    eyes.judge()
    page.get_by_role("button", name="Update 1 in Harbour House for practice").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("1 row updated")
    dates = [json.loads(json.dumps(record))["record"]["SubscriptionExpireDate"] for record in service.state.report()]
    assert dates == ["2031-01-01T10:00:00Z", "2031-01-15T10:00:00Z"]
    assert eyes.seen == []


def test_the_keyboard_is_enough(eyes: Eyes, tmp_path: Path) -> None:
    """From the first page to the run with Tab, Enter and typing only; the focus can always be seen."""
    page = eyes.page
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.get_by_label("Choose a spreadsheet").set_input_files(broken(tmp_path / "broken.xlsx"))
    to(page, "Check this file")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^Columns of broken.xlsx"))
    to(page, "Check the rows", before=lambda: page.locator("#select-Name").select_option("C"))
    page.keyboard.press("Enter")
    expect(page.locator(".summary")).to_be_focused()
    to(page, "Import only the 35 good rows …")
    page.keyboard.press("Enter")
    to(page, "Import 35 rows for practice")
    page.keyboard.press("Enter")
    expect(page).to_have_title(re.compile("^Importing: broken.xlsx, run 1"))
    assert eyes.seen == [said for said in eyes.seen if "422" in said]


def to(page: Page, name: str, before: object = None) -> None:
    """Press Tab until the focus is on what has this name, as somebody without a mouse does."""
    if callable(before):
        before()
    page.wait_for_load_state()
    expect(page.get_by_text(name, exact=True).first).to_be_visible()
    for _ in range(80):
        page.keyboard.press("Tab")
        text = page.evaluate("document.activeElement.textContent || ''")
        if " ".join(text.split()) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"Tab never reached {name}")


def test_everything_but_the_live_parts_works_without_scripts(
    browser: Browser, settings: Settings, tmp_path: Path
) -> None:
    """With scripts off, plain forms and reloads lead through the whole import."""
    with serving(settings) as site:
        context = browser.new_context(java_script_enabled=False)
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.goto(site.url)
        page.locator("#file").set_input_files(broken(tmp_path / "broken.xlsx"))
        page.get_by_role("button", name="Check this file").click()
        page.locator("#select-Name").select_option("C")
        page.get_by_role("button", name="Check the rows").click()
        page.locator("#cell-B3").fill("4711")
        page.locator("#save-B3").click()
        expect(page.locator("#standing")).to_contain_text("4 rows of 40 need a change")
        page.get_by_role("button", name="Import only").click()
        page.get_by_role("button", name="Import 36 rows for practice").click(timeout=15_000)
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "36 of 40 rows created, 4 need a change", timeout=40_000
        )
        context.close()


def test_a_row_that_waits_for_the_whole_file_keeps_the_focus_and_what_is_typed_elsewhere(
    eyes: Eyes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a Save comes at once; that another row is right as well comes later, and takes nothing away."""
    monkeypatch.setattr("importer.web.context._WAIT", 0.0)
    monkeypatch.setattr("importer.web.check_form._LOOKS", 0)
    path, page = tmp_path / "twins.csv", eyes.page
    rows = [mapping(2), mapping(2, Name="Other"), mapping(4, CoworkerId="12.5"), mapping(5, CoworkerId="13.5")]
    path.write_bytes(table(*rows))
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="Check this file").click()
    page.locator("#cell-B4").fill("47")
    page.locator("#cell-B5").fill("Ada Abbott")
    page.locator("#cell-B5").press("Enter")
    page.locator("#row-2").get_by_role("button", name="Leave out row 2").press("Enter")
    expect(page.locator("#row-3 .msg.error")).to_have_count(0)
    expect(page.locator("#row-5")).to_contain_text("Corrected: this row can be imported.")
    expect(page.locator("#standing [hx-trigger]")).to_have_count(0)
    expect(page.locator("#leave-2")).to_be_focused()
    expect(page.locator("#leave-2")).to_contain_text("Take back")
    expect(page.locator("#cell-B4")).to_have_value("47")


def test_a_page_of_an_earlier_check_is_read_again_once_nothing_unsaved_is_on_it(
    eyes: Eyes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was opened while the file was being checked. A text being typed is worth more than the newest result."""
    held, is_current = list[bool](), upload_check.is_current
    monkeypatch.setattr(upload_pages, "is_current", lambda *of: not held and is_current(*of))
    path, page = tmp_path / "two.csv", eyes.page
    path.write_bytes(table(mapping(2), mapping(3, CoworkerId="12.5"), mapping(4, CoworkerId="13.5")))
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="Check this file").click()
    expect(page.locator("#cell-B3")).to_be_visible()
    held.append(True)
    page.reload()
    page.locator("#cell-B3").fill("47")
    page.evaluate("document.body.dataset.first = 'yes'")
    held.clear()
    expect(page.locator("#standing [hx-trigger]")).to_have_count(0)
    expect(page.locator("#cell-B3")).to_have_value("47")
    expect(page.locator("body[data-first]")).to_have_count(1)
    page.locator("#cell-B3").fill("12.5")
    expect(page.locator("body[data-first]")).to_have_count(0)
    expect(page.locator("#cell-B3")).to_be_focused()


def test_a_page_that_is_no_longer_signed_in_keeps_what_was_typed(eyes: Eyes, tmp_path: Path) -> None:
    """After a restart, for example: nothing is sent to a page that asks for a sign-in, and afterwards one can save."""
    path, page = tmp_path / "two.csv", eyes.page
    path.write_bytes(table(mapping(2), mapping(3, CoworkerId="12.5"), mapping(4, CoworkerId="13.5")))
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="Check this file").click()
    page.locator("#cell-B3").fill("47")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.get_by_role("button", name="Save all cells").click()
    expect(page.locator("#unsaved")).to_contain_text("Nothing was saved, because this page is no longer signed in.")
    expect(page.locator("#cell-B3")).to_have_value("47")
    page.context.add_cookies([{"name": one["name"], "value": one["value"], "url": eyes.site.base} for one in cookies])
    page.get_by_role("button", name="Save all cells").click()
    expect(page.locator("#standing")).to_contain_text("1 row of 3 needs a change")


def two_wrong_rows(eyes: Eyes, folder: Path) -> Page:
    """The check page of a file with two rows that need a change, the first of them in two cells."""
    path, page = folder / "two.csv", eyes.page
    path.write_bytes(table(mapping(2), mapping(3, CoworkerId="12.5", Name=""), mapping(4, CoworkerId="13.5")))
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="Check this file").click()
    expect(page.locator("#cell-B3")).to_be_visible()
    page.wait_for_load_state()  # a key that comes before the scripts would send the whole form
    return page


def test_what_is_typed_while_a_row_is_being_saved_stays(eyes: Eyes, tmp_path: Path) -> None:
    """In the next cell, and in the very cell that was saved; another Save takes both."""
    page, routes = two_wrong_rows(eyes, tmp_path), list[Route]()
    slow = [True]
    page.route("**/rows/3", lambda route: routes.append(route) if slow else route.continue_())
    page.locator("#cell-B3").fill("47")
    page.locator("#cell-B3").press("Enter")
    page.locator("#cell-B3").press("End")
    page.locator("#cell-B3").press_sequentially("11")
    page.locator("#cell-C3").fill("Attic")
    page.locator("#row-3").evaluate("row => { row.dataset.before = 'yes'; }")
    slow.clear()
    routes[0].continue_()
    expect(page.locator("#row-3[data-before]")).to_have_count(0)
    expect(page.locator("#standing")).to_contain_text("2 rows of 3 need a change")
    expect(page.locator("#cell-C3")).to_have_value("Attic")
    expect(page.locator("#cell-B3")).to_have_value("4711")
    page.locator("#cell-B3").press("Enter")
    expect(page.locator("#standing")).to_contain_text("1 row of 3 needs a change")
    page.get_by_role("button", name="See and correct all rows").click()
    expect(page.get_by_role("gridcell", name="4711")).to_be_visible()
    expect(page.get_by_role("gridcell", name="Attic")).to_be_visible()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no answer", "because the importer's page does not answer."),
        ("500", "because of an unexpected error."),
        ("401", "because this page is no longer signed in."),
    ],
)
def test_a_row_that_could_not_be_saved_says_so(eyes: Eyes, tmp_path: Path, fault: str, words: str) -> None:
    """At the button that was pressed; what was typed stays, and can be saved afterwards."""
    page = two_wrong_rows(eyes, tmp_path)
    headers = {"HX-Refresh": "true"} if fault == "401" else {}
    page.route(
        "**/rows/4",
        lambda route: route.abort() if fault == "no answer" else route.fulfill(status=int(fault), headers=headers),
    )
    page.locator("#cell-B4").fill("4712")
    page.locator("#cell-B4").press("Enter")
    expect(page.locator("#row-4").get_by_role("alert")).to_contain_text(f"Nothing was saved, {words}")
    expect(page.locator("#cell-B4")).to_have_value("4712")
    page.unroute("**/rows/4")
    page.locator("#cell-B4").press("Enter")
    expect(page.locator("#standing")).to_contain_text("1 row of 3 needs a change")
    expect(page.locator("#unsaved")).to_have_count(0)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_nothing_that_was_typed_is_lost_in_silence(
    browser: Browser, settings: Settings, tmp_path: Path, scripts: bool
) -> None:
    """Whatever is pressed saves the cells of all rows; and with scripts, a page with others is not left unasked."""
    with serving(settings) as site:
        context = browser.new_context(java_script_enabled=scripts)
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.goto(site.url)
        page.locator("#file").set_input_files(broken(tmp_path / "broken.xlsx"))
        page.get_by_role("button", name="Check this file").click()
        page.locator("#select-Name").select_option("C")
        page.get_by_role("button", name="Check the rows").click()
        page.locator("#cell-B3").fill("4711")
        if scripts:
            asked = list[str]()

            def stay(dialog: Dialog) -> None:
                asked.append(dialog.type)
                dialog.dismiss()

            page.on("dialog", stay)
            page.get_by_role("link", name="History").click(no_wait_after=True)
            expect(page.locator("#cell-B3")).to_have_value("4711")
            assert asked == ["beforeunload"]
        page.locator("#cell-C40").fill("Attic")
        page.get_by_role("button", name="Save all cells").click()
        expect(page.locator("#standing")).to_contain_text("3 rows of 40 need a change")
        page.locator("#cell-C41").fill("Cellar")
        page.get_by_label("Remove them: 4,123 becomes 4123").check()
        page.get_by_role("button", name="See and correct all rows").click()
        page.get_by_role("link", name="Back to the check").first.click()
        expect(page.locator("#standing")).to_contain_text("All 40 rows can be imported")
        context.close()


def test_no_page_before_the_check_loses_what_is_on_it_unasked(eyes: Eyes, tmp_path: Path) -> None:
    """Pasted rows and chosen columns: a link asks first, the button of the form does not."""
    page, asked = eyes.page, list[str]()

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_text("Or paste rows from your spreadsheet").click()
    page.locator("#pasted").fill(
        "\n".join("\t".join(map(str, row)) for row in (["r", "k", "n", "e"], [1, 2, "R", "x"]))
    )
    page.get_by_role("link", name="History").click(no_wait_after=True)
    expect(page.locator("#pasted")).not_to_have_value("")
    assert asked == ["beforeunload"]
    page.get_by_role("button", name="Check this file").click()
    page.locator("#select-CoworkerId").select_option("B")
    page.get_by_role("link", name="Choose another file").click(no_wait_after=True)
    expect(page.locator("#select-CoworkerId")).to_have_value("B")
    assert asked == ["beforeunload"] * 2
    page.get_by_role("button", name="My rows have no header").click()
    expect(page.locator("main")).to_contain_text("All rows are imported")
    expect(page.locator("#select-CoworkerId")).to_have_value("B")
    assert asked == ["beforeunload"] * 2
    page.get_by_role("link", name="Choose another file").click(no_wait_after=True)
    expect(page.locator("#select-CoworkerId")).to_have_value("B")
    # What came along with another header is as unsaved as before.
    assert asked == ["beforeunload"] * 3
    eyes.judge()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_browser_gives_back_untouched_what_the_page_showed(
    browser: Browser, settings: Settings, tmp_path: Path, scripts: bool
) -> None:
    """A formula without a value and a text of two lines with a tab are not typed, however the browser posts them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    wrong = mapping(3, CoworkerId="12.5", Name='=A3&"\n e\u0301"', CalendarId=" two\r\nlines\t ")
    for row in (LABELS, mapping(2), wrong, mapping(4)):
        sheet.append([str(cell) for cell in row])
    book.save(tmp_path / "formula.xlsx")
    with serving(settings) as site:
        context = browser.new_context(java_script_enabled=scripts)
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.goto(site.url)
        page.locator("#file").set_input_files(tmp_path / "formula.xlsx")
        page.get_by_role("button", name="Check this file").click()
        page.locator("#cell-B3").fill("4711")
        expect(page.locator("#cell-C3")).to_be_visible()
        expect(page.locator("#cell-F3")).to_be_visible()
        page.locator("#save-B3").click()
        expect(page.locator("#standing")).to_contain_text("Corrected here: 1 cell.")
        expect(page.locator("#about-C3")).to_contain_text("holds a formula without a stored result")
        context.close()


def test_tables_of_rows_fit_a_desk_and_stack_on_a_phone(eyes: Eyes, tmp_path: Path) -> None:
    """No column of the rows to correct, or of a run's rows, is beyond the edge, whatever is wrong in them."""
    page, file = eyes.page, tmp_path / "wide.csv"
    long = {"CoworkerId": "somebody.with.a.long.name@example.com", "SubscriptionExpireDate": "2027-03-04 14:00"}
    right = [mapping(n, **{**long, "CoworkerId": n}) for n in (5, 6)]
    wrong = [mapping(n, **long, ResourceId="Boardroom", Name="") for n in (2, 3, 4)]
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([LABELS, *wrong, *right])
    page.get_by_label("Choose a spreadsheet").set_input_files(file)
    page.get_by_role("button", name="Check this file").click()
    expect(page.get_by_role("heading", name="Rows that need a change")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Import only the 2 good rows").click()
    page.get_by_role("button", name="Import 2 rows for practice").click()
    expect(page.get_by_role("heading", name="What to do next")).to_be_visible(timeout=40_000)
    page.get_by_role("link", name="All rows with their Ids").click()
    expect(page.get_by_role("heading", name="Rows of run 1")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    fits(page)


def fits(page: Page) -> None:
    """Nothing has to be scrolled sideways, on a desk, a tablet and a phone, and no sentence about a cell is a tower."""
    page.wait_for_load_state()
    for width in (1200, 768, 390):
        page.set_viewport_size({"width": width, "height": 800})
        page.wait_for_function(f"matchMedia('(width: {width}px)').matches")
        hidden = "[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
        assert page.evaluate(hidden) == [0], (page.title(), width)
        high = (
            "Math.max(0, ...[...document.querySelectorAll('td .msg')].map(e => e.clientHeight / e.textContent.length))"
        )
        assert page.evaluate(high) < 2, (page.title(), width)
    page.set_viewport_size({"width": 1200, "height": 800})


@pytest.mark.parametrize(
    ("media", "width", "lines"),
    [("screen", 400, len(Status)), ("screen", 900, 1), ("screen", 1100, 1), ("screen", 1400, 1), ("print", 718, 1)],
)
def test_the_figures_of_a_report_stand_in_one_line(
    browser: Browser, media: Literal["screen", "print"], width: int, lines: int
) -> None:
    """None of them alone below the others, and the largest numbers fit; on a phone each has a line."""
    style = (Path(reporting.__file__).parent / "templates" / "style.css").read_text("utf-8")
    numbers = zip(Status, ["10,000,000", *["100,000"] * (len(Status) - 1)], strict=True)
    figures = "".join(f"<div><dt>{status.value}</dt><dd>{number}</dd></div>" for status, number in numbers)
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.emulate_media(media=media)
    page.set_content(f'<style>{style}</style><main><dl class="counts">{figures}</dl></main>')
    tops = page.evaluate("[...document.querySelectorAll('dl.counts div')].map(e => e.getBoundingClientRect().top)")
    assert len(set(tops)) == lines
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_hundred_rows_of_two_names_take_two_choices_and_one_save(
    browser: Browser, settings: Settings, service: Running, tmp_path: Path, scripts: bool
) -> None:
    """An ambiguous room and a mistyped coworker are chosen once for all their rows."""
    ids = namesakes(service, "Studio (8 people)", 2)
    with (tmp_path / "ambiguous.csv").open("w", newline="", encoding="utf-8") as out:
        rows = [mapping(n, ResourceId="Studio (8 people)", CoworkerId="Ada Abott") for n in range(2, 122)]
        csv.writer(out).writerows([LABELS, *rows])
    with serving(settings) as site:
        context = browser.new_context(java_script_enabled=scripts)
        context.set_default_timeout(_PATIENCE)
        eyes = Eyes(site, context.new_page())
        page = eyes.page
        page.goto(site.url)
        page.locator("#file").set_input_files(tmp_path / "ambiguous.csv")
        page.get_by_role("button", name="Check this file").click()
        room = page.get_by_role("group", name=re.compile("Studio"))
        expect(room).to_be_visible()
        if scripts:
            eyes.watch()
            eyes.judge()
        room.get_by_label(re.compile(f"Id {ids[1]}")).check()
        page.get_by_role("group", name=re.compile("Ada Abott")).get_by_label(re.compile("ada.abbott")).check()
        page.get_by_role("button", name="Save all choices", exact=True).last.click()
        expect(page.locator("#standing")).to_contain_text("All 120 rows can be imported")
        expect(page.get_by_text("Chosen for this file, and remembered.")).to_have_count(2)
        if scripts:
            eyes.judge()
            assert eyes.seen == []
        page.get_by_role("button", name=re.compile("^Forget.*Ada Abott")).click()
        question = page.get_by_role("group", name=re.compile("Ada Abott"))
        expect(question).to_be_visible()
        page.wait_for_load_state()  # what is typed before is no question to the scripts
        question.get_by_label("Another coworker, by name or Id").press_sequentially("elif")
        if scripts:
            expect(question.locator("datalist option").first).to_have_attribute("value", re.compile("elif"))
        question.get_by_label("Another coworker, by name or Id").fill("elif.abbott@example.com")
        page.keyboard.press("Enter")
        expect(page.locator("#standing")).to_contain_text("All 120 rows can be imported")
        context.close()
