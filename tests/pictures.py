"""Pictures of the pages: those that README shows, and with a folder every page as every screen shows it.

``python tests/pictures.py`` renews ``reports/example/*.png``. ``python tests/pictures.py FOLDER`` takes each page on a
wide, a middle and a narrow screen, in light and dark, for somebody who looks them through. Needs Debian's Chromium.
"""

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from conftest import GIVE_UP, LABELS
from openpyxl import Workbook
from playwright.sync_api import Page, expect, sync_playwright
from web.kit import dawdle, heal, serving

from importer.config.settings import Rate, Settings
from importer.sandbox import SandboxOptions, running

EXAMPLES = Path(__file__).parent.parent / "reports" / "example"
README = {"check": "page.png"}
"""The pictures of README: the page, and the file that shows it."""
WIDTHS = (1280, 768, 360)
UNLIMITED = SandboxOptions(
    writes_per_minute=None, writes_per_day=None, calls_per_100ms=None, calls_per_minute=None, calls_per_hour=None
)


@dataclass
class Photographer:
    """Takes a page wherever it is asked to; ``folder`` None: only what README shows."""

    page: Page
    folder: Path | None
    taken: list[str] = field(default_factory=list)

    def take(self, name: str) -> None:
        """The page as it is now."""
        self.taken.append(name)
        if self.folder is None:
            if name in README:
                self.page.screenshot(path=EXAMPLES / README[name])
            return
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            for width in WIDTHS:
                self.page.set_viewport_size({"width": width, "height": 900})
                path = self.folder / f"{len(self.taken):02}-{name}-{scheme}-{width}.png"
                self.page.screenshot(path=path, full_page=True)
        self.page.emulate_media(color_scheme="light")
        self.page.set_viewport_size({"width": 1280, "height": 900})


def sheet_of_staff(path: Path) -> Path:
    """A workbook as an office makes one: a title, names, text dates, and rows that need a change."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Calendars"
    sheet.append(["Meeting room calendars, winter"])
    sheet.append([])
    sheet.append(LABELS)
    for row in sheet_rows():
        sheet.append(row)
    book.save(path)
    return path


def sheet_rows() -> Iterator[list[str]]:
    """Forty rows, of which a few need a change."""
    for n in range(4, 44):
        coworker, expires = str(1_123_000 + n), "2031-02-03 09:00"
        if n == 6:
            expires = "31 February 2031"
        if n in (9, 12, 15):
            coworker = f"1,123,{n:03}"
        if n == 20:
            coworker = "12.5"
        yield row_of(n, coworker, expires)


def row_of(n: int, coworker: str, expires: str) -> list[str]:
    """A row of the sheet: who, which room, what it is called and until when."""
    cells = {
        "ResourceId": str(1_000 + n % 7),
        "CoworkerId": coworker,
        "Name": f"Studio {n} calendar",
        "SubscriptionId": f"00000000-0000-4000-8000-{n:012}",
        "SubscriptionExpireDate": expires,
    }
    return [cells.get(label, "") for label in LABELS]


def main() -> int:
    """Go from the first page to the last one, and take each."""
    parser = argparse.ArgumentParser(prog="python tests/pictures.py", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="take every page on every screen, into this folder")
    folder: Path | None = parser.parse_args().folder
    if folder:
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        with running(UNLIMITED) as service, photographer(settings(service.url, Path(name)), folder) as (eyes, base):
            way(eyes, base, Path(name), service)
    sys.stdout.write(f"{len(eyes.taken)} pages: {', '.join(eyes.taken)}\n")
    return 0


def settings(url: str, folder: Path) -> Settings:
    """Signed in to the practice service, ten records a second."""
    return Settings.model_validate(
        {
            "url": url,
            "username": UNLIMITED.username,
            "password": UNLIMITED.password,
            "home": folder / "home",
            "rate": Rate(10, 1),
            "daily_quota": 5000,
            "calls_per_100ms": None,
            "calls_per_minute": None,
            "calls_per_hour": None,
        }
    )


@contextmanager
def photographer(settings: Settings, folder: Path | None) -> Iterator[tuple[Photographer, str]]:
    """A browser at the first page, and the address of that."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        sys.exit("There is no Chromium. Install it with: apt-get install chromium")
    expect.set_options(timeout=GIVE_UP * 1_000)
    as_root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with serving(settings) as site, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=as_root)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(site.url)
        yield Photographer(page, folder), site.base
        browser.close()


def way(eyes: Photographer, base: str, folder: Path, service: object) -> None:
    """The way of one import through all pages."""
    page, heading = eyes.page, eyes.page.get_by_role("heading", level=1)
    eyes.take("upload")
    page.locator("#file").set_input_files(sheet_of_staff(folder / "calendars.xlsx"))
    page.get_by_role("button", name="Check this file").click()
    expect(page).to_have_title(re.compile("need a change|needs a change"))
    eyes.take("check")
    page.get_by_role("button", name="Change columns").click()
    eyes.take("columns")
    page.go_back()
    page.get_by_role("button", name=re.compile("^Import only the")).click()
    expect(heading).to_contain_text("Create")
    eyes.take("plan")
    dawdle(service, 40)  # type: ignore[arg-type]
    page.get_by_role("button", name=re.compile("^Import .* for practice")).click()
    page.get_by_role("button", name="Pause").click()
    expect(heading).to_contain_text("Paused")
    eyes.take("paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    eyes.take("running")
    heal(service)  # type: ignore[arg-type]
    expect(heading).to_contain_text("rows created")
    eyes.take("results")
    page.get_by_role("link", name="All rows with their Ids").click()
    eyes.take("rows")
    page.goto(f"{base}/runs")
    eyes.take("history")
    page.goto(f"{base}/runs/1/undo")
    eyes.take("undo")
    for name, place in (("help", "/help"), ("topic", "/help/importing"), ("sign-in", "/sign-in"), ("nowhere", "/x")):
        page.goto(f"{base}{place}")
        eyes.take(name)


if __name__ == "__main__":
    sys.exit(main())
