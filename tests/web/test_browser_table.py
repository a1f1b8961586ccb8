"""The table of all rows in a real browser: keyboard, mouse, clipboard, what a screen reader is told, what is saved."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import LABELS, mapping
from playwright.sync_api import Browser, Dialog, Locator, Page, Request, Route, expect

from importer.config.settings import Settings
from web import test_browser
from web.kit import serving
from web.test_browser import Eyes

browser = test_browser.browser
eyes = test_browser.eyes

TITLES = [*LABELS, "Notes"]
COWORKER, NAME, NOTES = 4, 5, 9
"""Columns of the table, counted from 1: a row's number and state stand before those of the file."""


class Sheet:
    """The table on a page, as a person works in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.posts: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/steps?"):
            self.posts.append(request.post_data or "")

    def cell(self, row: int, column: int) -> Locator:
        """The cell in this row of the view, counted from 0."""
        return self.page.locator(f".grid-row[data-index='{row}'] > :nth-child({column})")

    def header(self, column: int) -> Locator:
        """The title of a column."""
        return self.page.locator(f".grid-head .grid-row > :nth-child({column})")

    def go(self, row: int, column: int) -> None:
        """Go to a cell."""
        self.cell(row, column).click()
        expect(self.cell(row, column)).to_be_focused()

    def press(self, *keys: str) -> None:
        """Press these keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def clipboard(self, kind: str, text: str = "") -> str:
        """Copy, cut or paste, with a clipboard that holds this text; what it holds afterwards."""
        return str(
            self.page.evaluate(
                "([kind, text]) => { const data = new DataTransfer(); data.setData('text/plain', text);"
                "document.activeElement.dispatchEvent(new ClipboardEvent(kind,"
                "{clipboardData: data, bubbles: true, cancelable: true})); return data.getData('text/plain'); }",
                [kind, text],
            )
        )

    def says(self, words: str | re.Pattern[str]) -> None:
        """What is said aloud, once it is."""
        expect(self.page.locator("#table-status")).to_have_text(words)


def write(folder: Path, rows: list[list[object]]) -> Path:
    """A text file with a column that is not used."""
    path = folder / "rooms.csv"
    with path.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([TITLES, *rows])
    return path


def plenty(number: int = 300) -> list[list[object]]:
    """Rows of which each tenth needs a change, the first of those in row 3."""
    wrong = {"CoworkerId": "12.5"}
    return [[*mapping(n, **(wrong if n % 10 == 3 else {})), "Studio" if n % 2 else ""] for n in range(2, number + 2)]


def opened(eyes: Eyes, folder: Path, rows: list[list[object]] | None = None) -> Sheet:
    """The table of an upload, from the page of its check."""
    page = eyes.page
    page.get_by_label("Choose a spreadsheet").set_input_files(write(folder, plenty() if rows is None else rows))
    page.get_by_role("button", name="Check this file").click()
    page.get_by_role("button", name="See and correct all rows").click()
    sheet = Sheet(page)
    expect(sheet.cell(0, NAME)).to_have_text("Room 2")
    return sheet


@pytest.fixture
def sheet(eyes: Eyes, tmp_path: Path) -> Iterator[Sheet]:
    """The table of 300 rows; nothing may go wrong in the browser's eyes."""
    sheet = opened(eyes, tmp_path)
    yield sheet
    assert [words for words in eyes.seen if "422" not in words] == []


def questions_of(page: Page) -> list[str]:
    """The questions that the browser asks from now on; each is answered with yes."""
    questions: list[str] = []

    def answer(dialog: Dialog) -> None:
        questions.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    return questions


def test_all_rows_are_there_under_the_titles_of_the_file(sheet: Sheet) -> None:
    """With their numbers, how they stand, and the date that will be sent."""
    grid = sheet.page.get_by_role("grid", name="All rows")
    expect(grid).to_have_attribute("aria-rowcount", "301")
    expect(grid).to_have_attribute("aria-colcount", "9")
    expect(sheet.header(NAME)).to_have_text("Name")
    expect(sheet.cell(0, 1)).to_have_text("2")
    expect(sheet.cell(0, 2)).to_have_text("Ready")
    expect(sheet.cell(1, 2)).to_contain_text("Needs a change")
    expect(sheet.cell(0, 6)).to_contain_text(re.compile(r"\d+ \w{3} \d{4} \d\d:\d\d UTC"))


def test_typing_changes_a_cell_and_enter_saves_it(sheet: Sheet) -> None:
    """One request for it; the row is checked at once, and the focus is in the cell below."""
    sheet.go(1, COWORKER)
    sheet.page.keyboard.type("4711")
    expect(sheet.page.get_by_role("textbox", name="CoworkerId, row 3")).to_have_value("4711")
    sheet.press("Enter")
    sheet.says("1 cell changed. The row is ready.")
    expect(sheet.cell(1, COWORKER)).to_have_text("4711")
    expect(sheet.cell(1, 2)).to_have_text("Ready")
    expect(sheet.cell(2, COWORKER)).to_be_focused()
    assert len(sheet.posts) == 1


def test_escape_leaves_a_cell_as_it_was(sheet: Sheet) -> None:
    """Nothing is sent, and the focus stays."""
    sheet.go(0, NAME)
    sheet.page.keyboard.type("something else")
    sheet.press("Escape")
    expect(sheet.cell(0, NAME)).to_have_text("Room 2")
    expect(sheet.cell(0, NAME)).to_be_focused()
    assert sheet.posts == []


def test_f2_goes_on_typing_and_tab_saves_into_the_next_cell(sheet: Sheet) -> None:
    """As in a spreadsheet; without a change, nothing is sent."""
    sheet.go(0, NAME)
    sheet.press("F2")
    sheet.page.keyboard.type("b")
    sheet.press("Tab")
    sheet.says("1 cell changed. The row is ready.")
    expect(sheet.cell(0, NAME)).to_have_text("Room 2b")
    expect(sheet.cell(0, NAME + 1)).to_be_focused()
    sheet.press("Enter", "Enter")
    expect(sheet.cell(1, NAME + 1)).to_be_focused()
    assert len(sheet.posts) == 1


def test_a_wrong_cell_says_so_to_a_screen_reader(sheet: Sheet) -> None:
    """It is invalid and described by the sentence; its own name begins with its text."""
    cell = sheet.cell(1, COWORKER)
    expect(cell).to_have_attribute("aria-invalid", "true")
    expect(cell).to_have_accessible_description(re.compile("^CoworkerId must be"))
    expect(cell).to_have_accessible_name("12.5")
    sheet.go(1, COWORKER)
    expect(sheet.page.locator("#table-detail")).to_contain_text("CoworkerId must be")


def test_tab_stops_once_in_the_table_and_leaves_it(sheet: Sheet) -> None:
    """In both directions."""
    sheet.go(3, NAME)
    sheet.press("Tab")
    assert not sheet.page.evaluate("document.getElementById('grid').contains(document.activeElement)")
    sheet.press("Shift+Tab")
    expect(sheet.cell(3, NAME)).to_be_focused()
    sheet.press("Shift+Tab")
    assert not sheet.page.evaluate("document.getElementById('grid').contains(document.activeElement)")


def test_sixty_quick_steps_are_sixty_rows(sheet: Sheet) -> None:
    """None is lost while rows are drawn, and the row has its own number and place."""
    sheet.go(0, NAME)
    sheet.press(*["ArrowDown"] * 60)
    expect(sheet.cell(60, NAME)).to_be_focused()
    expect(sheet.cell(60, NAME)).to_have_text("Room 62")
    expect(sheet.page.locator(".grid-row[data-index='60']")).to_have_attribute("aria-rowindex", "62")


def test_the_ends_of_the_table_are_one_key_away(sheet: Sheet) -> None:
    """And rows that were not there are loaded."""
    sheet.go(0, NAME)
    sheet.press("Control+End")
    expect(sheet.cell(299, NOTES)).to_be_focused()
    expect(sheet.cell(299, NAME)).to_have_text("Room 301")
    sheet.press("Control+Home")
    expect(sheet.cell(0, 1)).to_be_focused()


def test_the_focus_stays_in_a_row_that_is_scrolled_away(sheet: Sheet) -> None:
    """Its row stays in the document; the next key brings it back into view."""
    sheet.go(2, NAME)
    sheet.page.evaluate("document.getElementById('grid').scrollTop = 9000")
    expect(sheet.cell(195, NAME)).to_have_text("Room 197")
    expect(sheet.cell(2, NAME)).to_be_focused()
    sheet.press("ArrowDown")
    expect(sheet.cell(3, NAME)).to_be_in_viewport()


def test_arrows_reach_the_titles_and_enter_sorts(sheet: Sheet) -> None:
    """The order is said aloud and stands at the title."""
    sheet.go(0, NAME)
    sheet.press("ArrowUp")
    expect(sheet.header(NAME)).to_be_focused()
    sheet.press("Enter")
    sheet.says("Sorted by Name, ascending.")
    sheet.press("Enter")
    sheet.says("Sorted by Name, descending.")
    expect(sheet.header(NAME)).to_have_attribute("aria-sort", "descending")
    expect(sheet.header(1)).to_have_attribute("aria-sort", "none")
    expect(sheet.cell(0, NAME)).to_have_text("Room 99")
    expect(sheet.header(NAME)).to_be_focused()


def test_a_block_is_pasted_in_one_request(sheet: Sheet) -> None:
    """With the line ends of a spreadsheet program, and only its own cells."""
    sheet.go(0, NAME)
    sheet.clipboard("paste", "One\t2031-02-01T10:00:00Z\r\nTwo\t2031-02-02T10:00:00Z\r\n")
    sheet.says(re.compile("^4 cells changed"))
    expect(sheet.cell(1, NAME)).to_have_text("Two")
    expect(sheet.cell(2, NAME)).to_have_text("Room 4")
    assert len(sheet.posts) == 1


def test_a_range_is_copied_as_a_spreadsheet_program_reads_it(sheet: Sheet) -> None:
    """The texts of the file, without what is said beside them."""
    sheet.go(1, COWORKER)
    sheet.press("Shift+ArrowDown", "Shift+ArrowRight")
    assert sheet.clipboard("copy") == "12.5\tRoom 3\r\n2004\tRoom 4"
    expect(sheet.page.locator(".grid-cell[aria-selected=true]")).to_have_count(4)
    sheet.says("2 rows copied.")


def test_filling_down_emptying_undoing_and_redoing(sheet: Sheet) -> None:
    """Each is one key, one request and one step."""
    sheet.go(0, NAME)
    sheet.press(*["Shift+ArrowDown"] * 3, "Control+d")
    sheet.says(re.compile("^3 cells changed"))
    expect(sheet.cell(3, NAME)).to_have_text("Room 2")
    sheet.press("Delete")
    sheet.says(re.compile("^4 cells changed. 4 rows need a change"))
    sheet.press("Control+z")
    sheet.says(re.compile("^Undone: 4 cells changed"))
    expect(sheet.cell(3, NAME)).to_have_text("Room 2")
    sheet.press("Control+z")
    expect(sheet.cell(3, NAME)).to_have_text("Room 5")
    sheet.press("Control+y")
    sheet.says(re.compile("^Redone: 3 cells changed"))
    expect(sheet.cell(3, NAME)).to_have_text("Room 2")
    # Once there is nothing more to redo, its button cannot keep the focus.
    sheet.page.get_by_role("button", name="Redo").press("Enter")
    sheet.says(re.compile("^Redone: 4 cells changed"))
    expect(sheet.page.get_by_role("button", name="Redo")).to_be_disabled()
    expect(sheet.cell(3, NAME)).to_be_focused()


def test_a_step_can_be_undone_on_a_page_that_was_opened_anew(sheet: Sheet) -> None:
    """The server remembers it, by the row and not by its place."""
    sheet.go(4, NAME)
    sheet.page.keyboard.type("Studio")
    sheet.press("Enter")
    sheet.says(re.compile("^1 cell changed"))
    sheet.page.reload()
    sheet.header(NAME).click()
    sheet.says("Sorted by Name, ascending.")
    sheet.page.get_by_role("button", name="Undo changing 1 cell").click()
    sheet.says("Undone: 1 cell changed. The row is ready.")
    sheet.page.get_by_label("Row or text").fill("Room 6")
    sheet.press("Enter")
    expect(sheet.cell(0, 1)).to_have_text("6")


def test_replacing_reaches_rows_that_were_never_on_the_screen(sheet: Sheet) -> None:
    """All rows of the filter, and only those."""
    sheet.page.locator("#show").select_option("needs-change")
    sheet.says("30 rows")
    sheet.page.get_by_text("Find and replace").click()
    sheet.page.get_by_label("Find", exact=True).fill("12.5")
    sheet.page.get_by_label("Replace with").fill("77")
    sheet.page.get_by_role("button", name="Replace in all 30 rows shown").click()
    sheet.says("30 cells changed. All 30 rows are ready.")
    sheet.page.locator("#show").select_option("")
    sheet.says("300 rows")
    expect(sheet.cell(0, COWORKER)).to_have_text("2002")


def test_a_whole_selection_is_left_out_and_taken_back(sheet: Sheet) -> None:
    """Ctrl+A reaches rows that were not loaded; the check page names them."""
    sheet.page.get_by_label("Row or text").fill("studio")
    sheet.page.get_by_role("button", name="Show", exact=True).click()
    sheet.says("150 rows")
    sheet.go(0, NAME)
    sheet.press("Control+a")
    sheet.page.get_by_role("button", name="Leave rows out").click()
    sheet.says("150 rows left out.")
    expect(sheet.cell(0, 2)).to_have_text("Left out")
    sheet.page.get_by_role("link", name="Back to the check").first.click()
    expect(sheet.page.locator(".note").first).to_contain_text("150 rows are left out, as you chose: 3, 5, 7")
    expect(sheet.page.locator("#standing")).to_contain_text("All 150 rows can be imported")
    sheet.page.get_by_role("button", name="See and correct all rows").click()
    sheet.go(1, NAME)
    sheet.page.get_by_role("button", name="Take rows back").click()
    sheet.says("1 row taken back. 1 row needs a change.")


def test_only_the_rows_with_the_value_of_a_cell(sheet: Sheet) -> None:
    """The filter is in the address, and can be taken away."""
    sheet.go(1, NOTES)
    sheet.page.get_by_role("button", name="Only this value").click()
    sheet.says("150 rows")
    expect(sheet.page.get_by_text("Only rows with “Studio” in Notes.")).to_be_visible()
    sheet.page.reload()
    expect(sheet.page.get_by_role("grid")).to_have_attribute("aria-rowcount", "151")
    sheet.page.get_by_role("link", name="Show all rows").click()
    expect(sheet.page.get_by_role("grid")).to_have_attribute("aria-rowcount", "301")


def test_what_could_not_be_saved_is_named_until_it_is(eyes: Eyes, tmp_path: Path) -> None:
    """Whatever is typed and saved meanwhile; the text stays in its cell, and is saved when asked once more."""
    sheet = opened(eyes, tmp_path)
    fails = iter([True])
    eyes.page.route(
        "**/steps?*",
        lambda route: (
            route.abort() if "Attic" in str(route.request.post_data) and next(fails, False) else route.continue_()
        ),
    )
    sheet.go(0, NAME)
    for text in ("Studio", "Attic", "Cellar", "Garage"):
        eyes.page.keyboard.type(text)
        sheet.press("Enter")
    expect(sheet.cell(4, NAME)).to_be_focused()
    sheet.says("1 cell changed. The row is ready.")
    expect(eyes.page.get_by_role("alert")).to_contain_text("Not saved: row 3, Name.")
    expect(sheet.cell(1, NAME)).to_have_text("AtticNot saved")
    with eyes.page.expect_response(lambda answer: "Attic" in (answer.request.post_data or "")):
        eyes.page.get_by_role("button", name="Save again").click()
    expect(eyes.page.get_by_role("alert")).to_be_hidden()
    expect(eyes.page.get_by_role("button", name="Save again")).to_be_hidden()
    eyes.page.reload()
    for row, text in enumerate(("Studio", "Attic", "Cellar", "Garage")):
        expect(sheet.cell(row, NAME)).to_have_text(text)


@pytest.mark.parametrize("focused", ["a cell", "a title"])
def test_what_is_saved_again_is_about_the_rows_that_were_seen(eyes: Eyes, tmp_path: Path, focused: str) -> None:
    """Though the table has been sorted since, and wherever the focus is by then."""
    sheet = opened(eyes, tmp_path)
    fails = iter([True])
    eyes.page.route("**/steps?*", lambda route: route.abort() if next(fails, False) else route.continue_())
    sheet.go(0, NAME)
    sheet.clipboard("paste", "Attic\nCellar")
    expect(eyes.page.get_by_role("alert")).to_contain_text("Not saved: pasting.")
    sheet.header(COWORKER).click()
    sheet.says("Sorted by CoworkerId, ascending.")
    if focused == "a cell":
        sheet.go(4, NAME)
    eyes.page.get_by_role("button", name="Save again").click()
    sheet.says("2 cells changed. 1 row needs a change.")
    place = eyes.page.url.partition("?")[0]
    rows = eyes.page.request.get(f"{place}/rows?first=0&count=400").json()["rows"]
    assert {row["row"]: row["texts"][NAME - 3] for row in rows if row["texts"][NAME - 3] in ("Attic", "Cellar")} == {
        2: "Attic",
        3: "Cellar",
    }


def test_what_was_done_but_got_no_answer_is_not_done_twice(eyes: Eyes, tmp_path: Path) -> None:
    """Replacing "Room" by "Room Room" once more would make four of them."""
    sheet = opened(eyes, tmp_path)
    fails = iter([True])

    def lose_the_answer(route: Route) -> None:
        if next(fails, False):
            route.fetch()
            route.abort()
        else:
            route.continue_()

    eyes.page.route("**/steps?*", lose_the_answer)
    eyes.page.get_by_text("Find and replace").click()
    eyes.page.get_by_label("Find", exact=True).fill("Room")
    eyes.page.get_by_label("Replace with").fill("Room Room")
    eyes.page.get_by_role("button", name="Replace in all").click()
    expect(eyes.page.get_by_role("alert")).to_contain_text("Not saved: replacing.")
    eyes.page.get_by_role("button", name="Save again").click()
    sheet.says("This had been saved already.")
    expect(sheet.cell(0, NAME)).to_have_text("Room Room 2")


def test_a_page_with_something_unsaved_says_why_it_stays(eyes: Eyes, tmp_path: Path) -> None:
    """Once whoever wants to leave it has pressed a link, and the focus is on the way out."""
    sheet = opened(eyes, tmp_path)
    eyes.page.route("**/steps?*", lambda route: route.abort())
    sheet.go(0, NAME)
    eyes.page.keyboard.type("Studio")
    sheet.press("Enter")
    expect(sheet.cell(0, NAME)).to_have_text("StudioNot saved")
    eyes.page.get_by_role("link", name="Back to the check").first.click()
    sheet.says("This page stays open, because something on it is not saved. Save it again, or give it up.")
    expect(eyes.page.get_by_role("button", name="Save again")).to_be_focused()


def test_what_could_not_be_saved_can_be_given_up(eyes: Eyes, tmp_path: Path) -> None:
    """The cell then shows what the file says, and nothing is asked when the page is left."""
    sheet = opened(eyes, tmp_path)
    eyes.page.route("**/steps?*", lambda route: route.abort())
    sheet.go(0, NAME)
    eyes.page.keyboard.type("Studio")
    sheet.press("Enter")
    expect(sheet.cell(0, NAME)).to_have_text("StudioNot saved")
    eyes.page.get_by_role("button", name="Give up these changes").click()
    expect(sheet.cell(0, NAME)).to_have_text("Room 2")
    eyes.page.reload()
    expect(sheet.cell(0, NAME)).to_have_text("Room 2")


def test_a_whole_row_is_copied_to_another_one_cell_by_cell(sheet: Sheet) -> None:
    """Without its number and state, which are no cells of the file."""
    sheet.cell(0, 1).click()
    text = sheet.clipboard("copy")
    assert text.split("\t")[:3] == [sheet.cell(0, column).inner_text() for column in (3, 4, 5)]
    sheet.cell(1, 1).click()
    sheet.clipboard("paste", text)
    expect(sheet.cell(1, NAME)).to_have_text("Room 2")
    for column in (3, 4, 5):
        assert sheet.cell(1, column).inner_text() == sheet.cell(0, column).inner_text()


def test_a_key_means_the_rows_that_were_seen_when_it_was_pressed(eyes: Eyes, tmp_path: Path) -> None:
    """Another order is on its way and comes before the key is sent: none of its rows is taken for the one seen."""
    sheet = opened(eyes, tmp_path)
    steps: list[Route] = []
    orders: list[Route] = []
    slow = [True]
    eyes.page.route("**/steps?*", lambda route: steps.append(route) if slow else route.continue_())
    eyes.page.route("**/rows?*sort=*", lambda route: orders.append(route) if slow else route.continue_())
    sheet.go(0, NAME)
    eyes.page.keyboard.type("Studio")
    sheet.press("Enter")
    sheet.header(NAME).click()
    sheet.go(5, NAME)
    sheet.press("Delete")
    slow.clear()
    for route in orders:
        route.continue_()
    sheet.says("Sorted by Name, ascending.")
    with eyes.page.expect_response(lambda answer: '"clear"' in (answer.request.post_data or "")):
        for route in steps:
            route.continue_()
    place = eyes.page.url.partition("?")[0]
    rows = eyes.page.request.get(f"{place}/rows?first=0&count=400").json()["rows"]
    assert [row["row"] for row in rows if not row["texts"][NAME - 3]] == []
    expect(eyes.page.get_by_role("alert")).to_contain_text("so nothing was done")


def test_going_on_waits_for_what_is_being_saved(sheet: Sheet) -> None:
    """The browser does not ask about an edit that is on its way, and the edit is there afterwards."""
    questions = questions_of(sheet.page)
    sheet.go(0, NAME)
    sheet.page.keyboard.type("Studio")
    sheet.page.get_by_role("link", name="Back to the check").first.click()
    sheet.page.wait_for_url("**/check*")
    assert questions == []
    sheet.page.get_by_role("button", name="See and correct all rows").click()
    expect(sheet.cell(0, NAME)).to_have_text("Studio")


def test_the_browser_asks_before_a_typed_text_is_lost(sheet: Sheet) -> None:
    """And only then."""
    questions = questions_of(sheet.page)
    sheet.go(0, NAME)
    sheet.page.reload()
    assert questions == []
    sheet.go(0, NAME)
    sheet.page.keyboard.type("half a na")
    sheet.page.reload()
    assert questions == ["beforeunload"]
    expect(sheet.cell(0, NAME)).to_have_text("Room 2")


def test_a_text_of_two_lines_is_not_typed_by_looking_at_it(eyes: Eyes, tmp_path: Path) -> None:
    """A field writes line ends in its own way; that is no correction."""
    sheet = opened(eyes, tmp_path, [[*mapping(2), "one\r\ntwo\tthree"], [*mapping(3), ""]])
    sheet.go(0, NOTES)
    sheet.press("F2", "Enter")
    expect(sheet.cell(1, NOTES)).to_be_focused()
    assert sheet.posts == []


def test_more_rows_than_a_browser_can_draw_are_shown_in_parts(eyes: Eyes, tmp_path: Path) -> None:
    """The page says so; every row can be reached, by its own number."""
    page = eyes.page

    def with_small_parts(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace('data-most="500000"', 'data-most="100"'))

    sheet = opened(eyes, tmp_path)
    page.route("**/table", with_small_parts)
    page.reload()
    parts = page.locator("#table-parts")
    expect(parts).to_contain_text("Rows 1 to 100 of 300.")
    page.get_by_role("button", name="Next rows").click()
    expect(parts).to_contain_text("Rows 101 to 200 of 300.")
    expect(sheet.cell(100, NAME)).to_have_text("Room 102")
    sheet.go(100, NAME)
    page.keyboard.type("Studio")
    sheet.press("Enter")
    sheet.says("1 cell changed. The row is ready.")
    expect(page.locator(".grid-row[data-index='100']")).to_have_attribute("aria-rowindex", "102")


def test_the_table_is_fit_for_everybody(eyes: Eyes, tmp_path: Path) -> None:
    """In light, dark and on a narrow screen; also while a cell is edited, and where a filter shows nothing."""
    sheet = opened(eyes, tmp_path)
    eyes.judge()
    sheet.go(1, COWORKER)
    sheet.press("F2")
    eyes.judge()
    sheet.press("Escape")
    eyes.page.get_by_text("Find and replace").click()
    eyes.page.get_by_text("Keys", exact=True).click()
    eyes.page.get_by_label("Row or text").fill("no such text")
    sheet.press("Enter")
    sheet.says("No row matches that.")
    expect(eyes.page.get_by_role("button", name="No row to replace in")).to_be_disabled()
    eyes.judge()
    eyes.page.locator("#table-empty").get_by_role("link", name="show all rows").click()
    expect(sheet.cell(0, NAME)).to_have_text("Room 2")
    expect(eyes.page.locator("#table-empty")).to_be_hidden()
    expect(eyes.page.get_by_label("Row or text")).to_have_value("")
    assert eyes.seen == []


def test_the_plan_is_shown_at_each_row(sheet: Sheet) -> None:
    """Once it has been made for the upload as it is, and no longer than that."""
    sheet.page.get_by_role("link", name="Plan the import").click()
    expect(sheet.page.get_by_role("heading", level=1)).to_have_text("Create 270 records in Harbour House?")
    sheet.page.get_by_role("button", name="See all rows and what will be sent").click()
    expect(sheet.cell(0, 2)).to_have_text("ReadyCreate")
    expect(sheet.cell(1, 2)).not_to_contain_text("Create")
    sheet.page.locator("#show").select_option("create")
    sheet.says("270 rows")
    sheet.go(0, NAME)
    sheet.page.keyboard.type("Studio")
    sheet.press("Enter")
    sheet.says("1 cell changed. The row is ready.")
    expect(sheet.cell(0, 2)).to_have_text("Ready")


def test_without_scripts_the_rows_are_a_plain_table(browser: Browser, settings: Settings, tmp_path: Path) -> None:
    """Page by page, filtered and sorted by links and forms; correcting is for the check page then."""
    with serving(settings) as site:
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(site.url)
        page.locator("#file").set_input_files(write(tmp_path, plenty()))
        page.get_by_role("button", name="Check this file").click()
        page.get_by_role("button", name="See and correct all rows").click()
        expect(page.locator("caption")).to_have_text("300 rows, numbered as in your file")
        expect(page.get_by_text("Changes are saved here at once")).to_be_hidden()
        page.get_by_role("link", name="Next page").click()
        expect(page.locator("tbody th").first).to_have_text("102")
        page.locator("#show").select_option("needs-change")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("caption")).to_have_text("30 rows, numbered as in your file")
        expect(page.locator("tbody .msg").first).to_contain_text("CoworkerId must be")
        page.locator("#q").fill("no such text")
        page.get_by_role("button", name="Show").click()
        page.locator(".empty").get_by_role("link", name="Show all rows").click()
        expect(page.locator("caption")).to_have_text("300 rows, numbered as in your file")
        page.context.close()
