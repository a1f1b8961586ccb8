"""The machine's time zone by name, whatever the machine calls it."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("Europe/London", "Europe/London"),
        ("Asia/Kolkata", "Asia/Kolkata"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("GMT", "UTC"),
    ],
)
def test_the_zone_has_the_name_that_every_machine_knows(variable: str, name: str) -> None:
    """In a process of its own, for a zone does not change while a program runs."""
    code = "from importer.config.time_zone import machine_zone; print(machine_zone())"
    shown = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"TZ": variable}, check=True, capture_output=True, text=True
    )
    assert shown.stdout.strip() == name


def test_a_zone_that_there_is_not_is_read_as_utc() -> None:
    """A container may name any."""
    code = "from importer.config.time_zone import machine_zone; print(machine_zone())"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"TZ": "Mars/Olympus"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert shown.stdout.strip() == "UTC"
