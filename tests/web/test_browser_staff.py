"""The workbooks of staff in a real browser, from the upload to the undo: by mouse, by keyboard alone, without scripts.

After each import, what the service holds is compared with what another reader reads in the workbook: every row that
is to be imported is there once, with its values as they are seen, and nothing else is.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Browser, Locator, Page, expect
from test_samples import SAMPLES

from importer.config.settings import Settings
from importer.sandbox import SandboxOptions
from importer.sandbox.people import space
from importer.sandbox.server import Running
from web import test_browser
from web.kit import Site, serving
from web.test_browser import _PATIENCE, Eyes

browser = test_browser.browser

SPACE = space(SandboxOptions().seed)
OUT = "not imported"
"""An answer about a name: its rows are left out."""

MONTHS = {"Februar": 2, "November": 11, "Dezember": 12}
FIELDS = ("ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "CalendarId", "SubscriptionId")


@dataclass(frozen=True)
class Task:
    """A workbook and what its clerk knows: what names mean, what belongs into wrong cells, which rows are no mappings.

    ``late`` are corrections that are made only after the first import; ``columns`` the letters of FIELDS. With
    ``own_workbook`` they are made in the clerk's own workbook that the run gives back, and not in the failed rows.
    """

    file: str
    columns: str
    zone: str
    names: Mapping[str, str]
    cells: Mapping[str, str]
    rows_out: Sequence[int]
    late: Mapping[str, str]
    sheet: str = ""
    repeats: Sequence[int] = ()
    days_first: bool = False
    other_rows: Sequence[int] = ()
    own_workbook: bool = False


MONDAY = Task(
    "staff-monday.xlsx",
    "BACDE",
    "Europe/London",
    {
        "Studio": "Harbour House / Studio",
        "Boardroom": "Harbour House / Boardroom",
        "Ada Abott": "Ada Abbott",
        "Ines Abbott": "Inês Abbott",
        "jordan.reyes@example.com": "Jordan Reyes",
        "gone@example.com": OUT,
        "Total": OUT,
        "Rooms without a house": OUT,
    },
    {"C13": "Boardroom, Grace", "D8": "30/11/2026 17:00"},
    [21],
    {"D17": "01/12/2026 17:00"},
    repeats=[27, 29],
    days_first=True,
    other_rows=[18, 30, 32],
)
GERMAN = Task(
    "staff-german.xlsx",
    "BACDEF",
    "Europe/Berlin",
    {
        "Elif Muller": "Elif Müller",
        "Fotostudio": "Station Yard / Studio",
        "Summe": OUT,
        "Fragen bitte": OUT,
    },
    {"D7": "28.11.2026 17:00", "B9": "Station Yard / Meeting Room 2"},
    [20],
    {"A17": "Elif O'Neill"},
    other_rows=[21, 22],
)
RENEWALS = Task(
    "staff-two-sheets.xlsx",
    "BACDE",
    "Europe/London",
    {"bruno.chan@example.com": "bruno.chen@example.com", "Phone Booth": "Harbour House / Phone Booth"},
    {},
    [19],
    {"D10": "2026-11-27 09:00"},
    sheet="Harbour House",
    repeats=[17, 18],
    own_workbook=True,
)
OTHER_SHEET = Task(
    RENEWALS.file, RENEWALS.columns, RENEWALS.zone, {}, {}, [], {}, sheet="Station Yard", other_rows=[17]
)


# -- what should be there ---------------------------------------------------------------------------------------------


def expected(task: Task, *, with_late: bool) -> list[tuple[object, ...]]:
    """The records of a workbook as its clerk means them, read without any of our own code."""
    book = load_workbook(SAMPLES / task.file, data_only=True)
    sheet = book[task.sheet] if task.sheet else book.worksheets[0]
    texts = {**task.cells, **(task.late if with_late else {})}
    out = {*task.rows_out, *task.repeats, *task.other_rows}
    out |= set() if with_late else {int(re.sub(r"\D", "", cell)) for cell in task.late}
    records = []
    for number in range(5, sheet.max_row + 1):
        cells = [texts.get(f"{letter}{number}", sheet[f"{letter}{number}"].value) for letter in task.columns]
        if number not in out and any(cells):
            records.append(meant(cells, task))
    return sorted(records, key=str)


def meant(cells: Sequence[object], task: Task) -> tuple[object, ...]:
    """The values of a row, its names as Ids and its date as an instant."""
    room, person, name, until, calendar = cells[:5]
    room, person = (task.names.get(str(text), str(text)) for text in (room, person))
    subscription = cells[5] if len(cells) > 5 else None
    return room_id(room), person_id(person), name, instant(until, task.zone), calendar, subscription


def room_id(name: str) -> object:
    """The Id of "House / Room"."""
    house, _, room = name.partition(" / ")
    [only] = [one["Id"] for one in SPACE.resources.values() if (one["BusinessName"], one["Name"]) == (house, room)]
    return only


def person_id(name: str) -> int:
    """The Id of a person by full name or e-mail address."""
    plain = name.replace("\u2019", "'")
    [only] = [number for number, one in SPACE.coworkers.items() if plain in (one["FullName"], one["Email"])]
    return only


def instant(until: object, zone: str) -> str:
    """When a date of a workbook is, as the service writes it."""
    if not isinstance(until, datetime):
        day, month, year, hour, minute = re.findall(r"\w+", re.sub("Uhr|,", " ", str(until)))
        if len(day) == 4:
            day, year = year, day
        until = datetime(int(year), MONTHS.get(month) or int(month), int(day), int(hour), int(minute))
    return f"{until.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def stored(service: Running) -> list[tuple[object, ...]]:
    """What the service holds."""
    records = [one["record"] for one in service.state.report()]
    return sorted((tuple(record.get(name) for name in FIELDS) for record in records), key=str)  # type: ignore[attr-defined]


# -- how a person does it ---------------------------------------------------------------------------------------------


@dataclass
class Hands:
    """Somebody with a mouse. ``actions`` counts clicks, texts typed and keys that choose or save."""

    page: Page
    actions: int = 0

    def press(self, what: Locator) -> None:
        """Press a button or follow a link."""
        self.actions += 1
        what.click()

    def choose(self, option: Locator) -> None:
        """Choose an option."""
        self.actions += 1
        option.check()

    def write(self, box: Locator, text: str, *, save: bool = False) -> None:
        """Type a text; with ``save``, Enter after it."""
        self.actions += 1 + save
        box.fill(text)
        if save:
            box.press("Enter")

    def stay(self, row: str) -> None:
        """Where the focus is after a change in a row does not matter to a mouse."""


class Keys(Hands):
    """Somebody with a keyboard alone, who has to see where they are."""

    def press(self, what: Locator) -> None:
        """Go there and press Enter."""
        self.reach(what)
        self.actions += 1
        self.page.keyboard.press("Enter")

    def choose(self, option: Locator) -> None:
        """Go to the group of the option, then to it with the arrows."""
        group = f"input[name='{option.get_attribute('name')}']"
        self.reach(self.page.locator(f"{group}:checked") if self.page.locator(f"{group}:checked").count() else option)
        for _ in range(12):
            if option.is_checked():
                break
            self.page.keyboard.press("ArrowUp")
        self.actions += 1
        expect(option).to_be_checked()
        expect(option).to_be_focused()

    def write(self, box: Locator, text: str, *, save: bool = False) -> None:
        """Go there and type over what is there."""
        self.reach(box)
        self.actions += 1 + save
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        if save:
            self.page.keyboard.press("Enter")

    def stay(self, row: str) -> None:
        """The focus is still in the row that has changed."""
        self.page.wait_for_function("row => document.activeElement.closest('tr')?.id === row", arg=row)

    def reach(self, what: Locator) -> None:
        """Press Tab until the focus is there; it can be seen."""
        expect(what).to_be_visible()
        self.page.wait_for_load_state()
        handle = what.element_handle()
        for _ in range(400):
            if self.page.evaluate("e => e === document.activeElement", handle):
                assert self.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reached {what}")


@dataclass
class Copies:
    """Judges a page on which no script can run by a copy of it, in which none of ours does."""

    page: Page
    eyes: Eyes

    def judge(self) -> None:
        """Judge the page as it is once it is loaded."""
        self.page.wait_for_load_state()
        copy, html, address = self.eyes.page, self.page.content(), self.page.url.partition("#")[0]
        copy.unroute_all()
        copy.route("**/*.js", lambda route: route.abort())
        copy.route(
            re.compile(f"^{re.escape(address)}$"), lambda route: route.fulfill(body=html, content_type="text/html")
        )
        copy.goto(address)
        self.eyes.judge()


@dataclass
class Clerk:
    """A person with a task at the pages. ``eyes`` judge every page."""

    task: Task
    site: Site
    service: Running
    hands: Hands
    eyes: Eyes | Copies | None = None

    @property
    def page(self) -> Page:
        """What is in front of them."""
        return self.hands.page

    def look(self) -> None:
        """Judge the page."""
        if self.eyes:
            self.eyes.judge()

    def upload(self, file: Path, *, again: bool = False) -> None:
        """From the first page to the check; ``again`` a file whose columns are known."""
        page, hands = self.page, self.hands
        page.goto(self.site.base)
        self.look()
        page.locator("#file").set_input_files(file)
        hands.press(page.get_by_role("button", name="Check this file"))
        if self.task.sheet and (self.task.own_workbook or not again):
            self.choose_sheet()
        if not again:
            expect(page).to_have_title(re.compile("^Columns of"))
            self.look()
            hands.press(page.get_by_role("button", name="Check the rows"))
        expect(page.locator("#standing")).to_be_visible()
        self.look()

    def choose_sheet(self) -> None:
        """Say which of several sheets is meant."""
        expect(self.page).to_have_title(re.compile("^Which sheet"))
        self.look()
        self.hands.press(self.page.get_by_role("button", name=self.task.sheet))

    def choose(self) -> None:
        """Answer what is asked once for all rows."""
        page, hands = self.page, self.hands
        if self.task.days_first:
            hands.choose(page.get_by_label(re.compile("^The day is first")))
        for text, meaning in self.task.names.items():
            group = page.get_by_role("group", name=re.compile(f"^“\u2068?{re.escape(text)}"))
            if meaning == OUT:
                hands.choose(group.get_by_label(re.compile("^Do not import")))
                continue
            number = room_id(meaning) if " / " in meaning else person_id(meaning)
            offered = group.get_by_label(re.compile(f"Id {number}$"))
            if offered.count():
                hands.choose(offered)
            else:
                hands.write(group.get_by_label(re.compile("by name or Id$")), meaning)
        hands.press(page.get_by_role("button", name="Save all choices", exact=True).last)
        expect(page.get_by_text("Chosen for this file, and remembered.").first).to_be_visible()
        expect(page.locator("#standing [hx-trigger]")).to_have_count(0)
        self.look()

    def correct(self) -> None:
        """Type what belongs into wrong cells, and leave rows out."""
        page, hands = self.page, self.hands
        for cell, text in self.task.cells.items():
            hands.write(page.locator(f"#cell-{cell}"), text, save=True)
            expect(page.locator(f"#row-{re.sub('[A-Z]', '', cell)} .msg.error")).to_have_count(0)
            hands.stay(f"row-{re.sub('[A-Z]', '', cell)}")
        self.leave_out()

    def leave_out(self) -> None:
        """Leave out the rows that are no mappings."""
        page, hands = self.page, self.hands
        for number in self.task.rows_out:
            hands.press(page.locator(f"#leave-{number}"))
            expect(page.locator(f"#row-{number} .msg.error")).to_have_count(0)
            hands.stay(f"row-{number}")
        if self.task.repeats:
            hands.press(page.get_by_role("button", name=re.compile(r"^Leave out the \d+ rows? that")))
            expect(page.get_by_role("button", name=re.compile(r"^Leave out the \d+ rows? that"))).to_have_count(0)
        expect(page.locator("#standing [hx-trigger]")).to_have_count(0)
        self.look()

    def bring_in(self, number: int, heading: str) -> None:
        """From the check over the plan to the results."""
        page, hands = self.page, self.hands
        title = page.get_by_role("heading", level=1)
        hands.press(page.get_by_role("button", name=re.compile(r"^(Import only the|Plan the import of) ")))
        expect(title).to_have_text(f"Create {number} record{'s' if number != 1 else ''} in Harbour House?")
        self.look()
        hands.press(page.get_by_role("button", name=re.compile(f"^Import {number} rows? for practice")))
        # Rows that were left out are counted behind it.
        expect(title).to_have_text(re.compile(f"^{re.escape(heading)}"))
        expect(page.get_by_text("The report is being written.")).to_have_count(0)
        self.look()

    def read_the_ids(self) -> None:
        """The rows of the run show the Id of every record that the service holds."""
        page = self.page
        self.hands.press(page.get_by_role("link", name="All rows with their Ids"))
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("^Rows of run"))
        self.look()
        cells = page.get_by_role("cell").all_inner_texts()
        ids = [str(one["record"]["Id"]) for one in self.service.state.report()]  # type: ignore[index]
        assert all(cells.count(number) == 1 for number in ids)
        page.go_back()

    def download(self, link: str, path: Path) -> None:
        """Save a file of the results."""
        with self.page.expect_download() as download:
            self.hands.press(self.page.get_by_role("link", name=link, exact=True))
        download.value.save_as(path)

    def undo(self, run: int, number: int) -> None:
        """Undo a run."""
        page, hands = self.page, self.hands
        page.goto(f"{self.site.base}/runs/{run}")
        hands.press(page.get_by_role("link", name="Undo this run …"))
        expect(page).to_have_title(re.compile("^Undo run"))
        self.look()
        hands.write(page.get_by_label("To confirm"), str(number))
        hands.press(page.get_by_role("button", name=re.compile("^Delete ")))
        words = f"{number} record{'s' if number != 1 else ''} deleted"
        expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(f"^Undone: {words}"))
        self.look()

    def whole_way(self, folder: Path) -> None:
        """Everything, and the comparison with the service after each step that sends."""
        first = expected(self.task, with_late=False)
        self.upload(SAMPLES / self.task.file)
        self.choose()
        self.correct()
        number = len(first)
        self.bring_in(number, f"{number} of {number + 1} rows created, 1 needs a change")
        assert stored(self.service) == first
        self.read_the_ids()
        file = folder / ("your-workbook.xlsx" if self.task.own_workbook else "failed.xlsx")
        self.download(file.name if self.task.own_workbook else "Or only 1 row", file)
        fill_in(file, self.task)
        self.upload(file, again=True)
        if self.task.own_workbook:
            # Nobody has to leave them out a second time.
            out = len(self.task.rows_out) + len(self.task.repeats)
            expect(self.page.get_by_text(f"{out} rows are left out, as you chose")).to_be_visible()
        # It holds all rows, and the failed file the failed ones only.
        self.bring_in(
            1, f"1 of {number + 1} rows created, {number} already" if self.task.own_workbook else "1 row created"
        )
        assert stored(self.service) == expected(self.task, with_late=True)
        self.undo(2, 1)
        assert stored(self.service) == first
        self.undo(1, number)
        assert stored(self.service) == []


def fill_in(file: Path, task: Task) -> None:
    """Correct the one row of a failed file, in the column that it has in the workbook; or the cell of that itself."""
    book = load_workbook(file)
    if task.own_workbook:
        for cell, text in task.late.items():
            book[task.sheet][cell] = text
        book.save(file)
        return
    sheet = book.worksheets[0]
    [(cell, text)] = task.late.items()
    [row] = [line[0].row for line in sheet.iter_rows(min_row=2) if any(one.value for one in line)]
    titles = [one.value for one in next(sheet.iter_rows(max_row=1))]
    original = load_workbook(SAMPLES / task.file)
    title = (original[task.sheet] if task.sheet else original.worksheets[0])[f"{cell[0]}4"].value
    sheet.cell(row or 0, titles.index(title) + 1).value = text
    book.save(file)


# -- the tests --------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where downloads go."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


@pytest.mark.parametrize("task", [MONDAY, GERMAN, RENEWALS], ids=lambda task: task.file)
def test_a_workbook_of_staff_goes_the_whole_way(
    browser: Browser, settings: Settings, service: Running, folder: Path, task: Task
) -> None:
    """With the mouse; every page is fit for everybody, and no other host is asked."""
    with serving(settings) as site:
        context = browser.new_context(timezone_id=task.zone)
        context.set_default_timeout(_PATIENCE)
        eyes = Eyes(site, context.new_page())
        eyes.watch()
        eyes.page.goto(site.url)
        Clerk(task, site, service, Hands(eyes.page), eyes).whole_way(folder)
        assert [words for words in eyes.seen if "422" not in words] == []
        context.close()


def test_the_keyboard_alone_goes_the_whole_way(
    browser: Browser, settings: Settings, service: Running, folder: Path
) -> None:
    """No event of a mouse reaches the pages; the focus can be seen wherever it stops."""
    with serving(settings) as site:
        context = browser.new_context(timezone_id=GERMAN.zone)
        context.set_default_timeout(_PATIENCE)
        context.add_init_script(
            "for (const kind of ['mousedown', 'pointerdown', 'touchstart'])"
            "addEventListener(kind, () => { throw new Error('a mouse was used'); }, true);"
        )
        eyes = Eyes(site, context.new_page())
        eyes.watch()
        eyes.page.goto(site.url)
        Clerk(GERMAN, site, service, Keys(eyes.page), eyes).whole_way(folder)
        assert [words for words in eyes.seen if "422" not in words] == []
        context.close()


def test_the_whole_way_works_without_scripts(
    browser: Browser, settings: Settings, service: Running, folder: Path
) -> None:
    """By forms, links and reloads; no other host is asked."""
    with serving(settings) as site:
        context = browser.new_context(java_script_enabled=False)
        context.set_default_timeout(_PATIENCE)
        eyes = Eyes(site, context.new_page())
        eyes.watch()
        eyes.page.goto(site.url)
        # The browser does not say its time zone; in winter, London's is that of the machine of the tests.
        copies = Copies(eyes.page, Eyes(site, browser.new_page()))
        Clerk(replace(MONDAY, zone="UTC"), site, service, Hands(eyes.page), copies).whole_way(folder)
        copies.eyes.page.close()
        assert [words for words in eyes.seen if "422" not in words] == []
        context.close()


def test_both_sheets_of_a_workbook_are_imported(
    browser: Browser, settings: Settings, service: Running, folder: Path
) -> None:
    """One after another from one upload, each with its own answers; the first is still there after the second."""
    with serving(settings) as site:
        context = browser.new_context(timezone_id=RENEWALS.zone)
        context.set_default_timeout(_PATIENCE)
        eyes = Eyes(site, context.new_page())
        eyes.page.goto(site.url)
        first = Clerk(RENEWALS, site, service, Hands(eyes.page))
        first.upload(SAMPLES / RENEWALS.file)
        before = eyes.page.url
        other = Clerk(OTHER_SHEET, site, service, Hands(eyes.page), eyes)
        other.hands.press(eyes.page.get_by_role("button", name="Another sheet"))
        other.choose_sheet()
        expect(eyes.page.get_by_text("12 rows in sheet “Station Yard”")).to_be_visible()
        other.look()
        there = expected(OTHER_SHEET, with_late=False)
        other.bring_in(len(there), f"All {len(there)} rows created")
        assert stored(service) == there
        eyes.page.goto(before)
        first.choose()
        first.correct()
        here = expected(RENEWALS, with_late=False)
        first.bring_in(len(here), f"{len(here)} of {len(here) + 1} rows created, 1 needs a change")
        assert stored(service) == sorted([*there, *here], key=str)
        context.close()


# -- how much there is to do ------------------------------------------------------------------------------------------

DATES = ("31/11/2026", "tbc", "30/02/2027", "32/01/2027", "soon", "00/01/2027", "next week", "31/04/2027")
MISTYPED = (*["Ada Abott"] * 4, *["Elif Abott"] * 2, *["Grace Abott"] * 2, "Jonas Abott", "Farah Abott")


def forty_problems(path: Path) -> Task:
    """A workbook with a good row before each of forty problems of the usual kinds, and what its clerk does about it."""
    ids, people = iter(range(1_000, 2_000)), [str(one["FullName"]) for one in SPACE.coworkers.values()][:50]
    who = iter([name for name in people if not name.startswith(("Jordan", "Gone"))] * 3)

    def row(**changes: str) -> list[str]:
        cells = {"room": "Harbour House / Event Space", "who": next(who), "name": "Event Space"}
        return list((cells | {"until": "15/02/2027 09:00", "calendar": f"AAMk{next(ids)}="} | changes).values())

    good = [row() for _ in range(40)]
    wrong = [row(who=name) for name in MISTYPED]
    wrong += [row(until=text) for text in DATES]
    wrong += [row(name="") for _ in range(6)]
    wrong += [list(line) for line in good[:6]]
    wrong += [row(room="Studio") for _ in range(4)]
    wrong += [row(who=f"{person_id(name):,}") for name in people[:3]]
    wrong += [row(who="gone@example.com") for _ in range(2)]
    wrong += [["", "Total of this list", "", "", "79"]]
    book = Workbook()
    assert book.active is not None
    for line in (["Room", "Member", "Calendar", "Valid until", "Cal ID"], *good, *wrong):
        book.active.append(line)
    book.save(path)
    names = {name: name.replace("Abott", "Abbott") for name in dict.fromkeys(MISTYPED)}
    names |= {"Studio": "Harbour House / Studio", "gone@example.com": OUT, "Total": OUT}
    cells = {f"D{number}": "16/02/2027 09:00" for number in range(52, 60)}
    cells |= {f"C{number}": "Event Space" for number in range(60, 66)}
    assert len(wrong) == 40
    return Task(path.name, "ABCDE", "UTC", names, cells, [], {}, repeats=[66])


def test_forty_problems_take_fewer_actions_than_there_are_problems(
    browser: Browser, settings: Settings, service: Running, folder: Path
) -> None:
    """Each name once, all repeats at once; only what nobody can know is typed cell by cell, a text and a key each."""
    with serving(settings) as site:
        context = browser.new_context(timezone_id="UTC")
        context.set_default_timeout(_PATIENCE)
        hands = Hands(context.new_page())
        hands.page.goto(site.url)
        clerk = Clerk(forty_problems(folder / "forty.xlsx"), site, service, hands)
        clerk.upload(folder / "forty.xlsx")
        hands.actions = 0
        hands.choose(hands.page.get_by_label(re.compile("^Remove them")))
        clerk.choose()
        clerk.correct()
        expect(hands.page.locator("#standing")).to_contain_text("All 71 rows can be imported.")
        assert hands.actions < 40
        context.close()
