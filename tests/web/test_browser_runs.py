"""Runs in a real browser: queued, stopped after a question, told of at their end; a server that goes and comes back."""

import re
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from importer.config.settings import Settings
from importer.sandbox.server import Running
from importer.web import Address
from web.kit import Site, dawdle, heal, rows, serving
from web.test_browser import _PATIENCE, Eyes, browser, eyes

__all__ = ["browser", "eyes"]


def begin(page: Page, site: Site, file: Path) -> None:
    """From the first page to the plan of a file."""
    page.goto(site.base)
    page.get_by_label("Choose a spreadsheet").set_input_files(file)
    page.get_by_role("button", name="Check this file").click()
    page.get_by_role("button", name=re.compile("^Plan the import of")).click()


def test_a_run_is_queued_watched_and_undone(eyes: Eyes, service: Running, tmp_path: Path) -> None:
    """Every state of it is fit for everybody, in light and dark, on a desk and on a phone."""
    page, heading = eyes.page, eyes.page.get_by_role("heading", level=1)
    for name, numbers in (("may.csv", range(2, 202)), ("june.csv", range(300, 304))):
        (tmp_path / name).write_bytes(rows(*numbers))
    dawdle(service, 200)
    begin(page, eyes.site, tmp_path / "may.csv")
    eyes.judge()
    page.get_by_role("button", name="Import 200 rows for practice").click()
    expect(page.locator("#progress[data-state=running] figure svg[role=img]")).to_be_visible()
    eyes.judge()
    begin(page, eyes.site, tmp_path / "june.csv")
    expect(page.locator("#queue")).to_contain_text("starts by itself after run 1 (may.csv)")
    eyes.judge()
    page.get_by_role("button", name="Import 4 rows for practice").click()
    expect(heading).to_have_text("Queued: june.csv")
    eyes.judge()
    page.goto(f"{eyes.site.base}/runs/1")
    page.get_by_role("link", name="Stop for good …").click()
    expect(heading).to_have_text("Stop run 1 for good?")
    eyes.judge()
    page.get_by_role("link", name="Go back to the run").click()
    expect(heading).to_have_text("Importing: may.csv")
    page.goto(f"{eyes.site.base}/runs/2")
    heal(service)
    expect(heading).to_have_text("All 4 rows created")
    expect(page).to_have_title(re.compile("^Done: All 4 rows created"))
    eyes.judge()
    page.goto(f"{eyes.site.base}/runs/1/undo")
    page.get_by_label("To confirm").fill("200")
    page.get_by_role("button", name="Delete 200 records").click()
    expect(page.get_by_role("progressbar", name="Undo: records done")).to_be_visible()
    expect(page.locator("#stop-undo")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Undoing run 1")
    expect(page.get_by_role("link", name=re.compile("Undo"))).to_have_count(0)
    eyes.judge()
    page.locator("#stop-undo").click()
    expect(page.locator("#stop-undo")).to_have_count(0)
    expect(page.locator("#after")).to_contain_text("deleted")
    expect(page.locator("#after")).not_to_contain_text("Ctrl")
    eyes.judge()
    page.goto(f"{eyes.site.base}/runs")
    page.set_viewport_size({"width": 360, "height": 800})
    label = page.locator("td[data-label=Result]").first
    assert label.evaluate("cell => getComputedStyle(cell, '::before').content") == '"Result"'
    assert [said for said in eyes.seen if "404" not in said] == []


def test_a_server_that_has_gone_is_said_and_its_page_comes_back(browser: Browser, settings: Settings) -> None:
    """Within five seconds; after a restart the start link leads to the page that was asked for, and both tabs work."""
    with ExitStack() as first:
        site = first.enter_context(serving(settings))
        context = browser.new_context()
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.goto(site.url)
        page.goto(f"{site.base}/runs?q=may")
        expect(page.get_by_role("alert")).to_have_count(0)
        first.close()
        expect(page.get_by_role("alert")).to_contain_text("Connection lost", timeout=5_000)
    with serving(settings, Address(port=site.port)) as again:
        expect(page.get_by_role("alert")).to_have_count(0)
        bookmark = context.new_page()
        bookmark.goto(f"{again.base}/help")
        expect(bookmark.get_by_role("heading", level=1)).to_have_text("This browser is not signed in")
        page.goto(f"{again.base}/runs")
        expect(page.get_by_role("heading", level=1)).to_have_text("This browser is not signed in")
        started = context.new_page()
        started.goto(again.url)
        expect(started).to_have_url(f"{again.base}/runs")
        page.bring_to_front()
        expect(page.get_by_role("heading", level=1)).to_have_text("History")
        bookmark.bring_to_front()
        expect(bookmark).to_have_url(f"{again.base}/help")
        expect(bookmark.get_by_role("navigation", name="Main")).to_be_visible()
        assert [cookie["name"] for cookie in context.cookies()] == [f"importer-{site.port}"]
        context.close()


def test_a_person_is_told_of_the_end_only_if_they_asked_for_it(
    browser: Browser, slow: Settings, service: Running, tmp_path: Path
) -> None:
    """The browser is asked for permission by the button and never by itself; the run's page tells of its end once."""
    told = "class Told { static permission = 'default'; static requestPermission() { Told.permission = 'granted'; "
    told += "sessionStorage.setItem('asked', '1'); return Promise.resolve('granted'); } "
    told += "constructor(text) { sessionStorage.setItem('told', text); } } "
    told += "if (sessionStorage.getItem('asked')) Told.permission = 'granted'; window.Notification = Told;"
    (tmp_path / "may.csv").write_bytes(rows(*range(2, 42)))
    with serving(slow) as site:
        context = browser.new_context()
        context.set_default_timeout(_PATIENCE)
        page = context.new_page()
        page.add_init_script(told)
        page.goto(site.url)
        dawdle(service, 40)
        begin(page, site, tmp_path / "may.csv")
        page.get_by_role("button", name="Import 40 rows for practice").click()
        button = page.get_by_role("button", name="Tell me when it is done")
        expect(button).to_be_visible()
        assert page.evaluate("sessionStorage.getItem('asked')") is None
        button.click()
        expect(page.get_by_role("button", name="You will be told when it is done")).to_be_disabled()
        heal(service)
        expect(page.get_by_role("heading", level=1)).to_have_text("All 40 rows created")
        assert page.evaluate("sessionStorage.getItem('told')") == "All 40 rows created"
        context.close()
