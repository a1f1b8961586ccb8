"""Runs that ended long ago are forgotten by programs as by commands."""

from conftest import Desk, Service, mapping

import importer
from importer.api.retention import keep_to_retention, uploads_in
from importer.config.settings import load

DAY = 86_400


def test_a_program_forgets_what_the_settings_say(service: Service, here: Desk) -> None:
    """Whenever it sends something; it is told."""
    importer.run(here.write("old.csv", [mapping(1)]))
    settings = load({"retention": "1d"}).settings
    heard: list[str] = []
    keep_to_retention(settings, lambda: here.clock() + 3 * DAY, heard.append)
    assert heard == ["Forgot 1 run that ended more than 1 day ago (IMPORTER_RETENTION)."]


def test_without_a_page_there_are_no_uploads(here: Desk) -> None:
    """And nothing of the page is loaded for that."""
    assert uploads_in(load().settings, here.clock)() == {}
