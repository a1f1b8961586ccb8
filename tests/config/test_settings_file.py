"""The settings file to begin with: it changes nothing as it is, and every line of it can be used."""

import re
import tomllib
from pathlib import Path

import pytest
from conftest import Desk

from importer.config.settings import NEVER_OF_A_FOLDER, SECRETS, Settings, load
from importer.config.settings_file import example_of, settings_file

_SETTING = re.compile(r"^# (?=\w+ = |\[)", re.MULTILINE)


def uncommented(text: str) -> str:
    """The file with every setting of it in force."""
    return _SETTING.sub("", text)


@pytest.mark.parametrize("of_the_user", [True, False])
def test_as_it_is_it_changes_nothing(of_the_user: bool) -> None:
    """Every line is a comment."""
    assert tomllib.loads(settings_file(of_the_user=of_the_user)) == {}


@pytest.mark.parametrize("of_the_user", [True, False])
def test_every_setting_that_may_stand_there_does(of_the_user: bool) -> None:
    """With its meaning, and with the default as its value where it has one."""
    text = settings_file(of_the_user=of_the_user)
    table = tomllib.loads(uncommented(text))
    assert table.pop("profile") == {"north": {"username": "ops@north.example"}}
    left_out = {*SECRETS, *(() if of_the_user else NEVER_OF_A_FOLDER)}
    assert set(table) == Settings.model_fields.keys() - left_out
    words = " ".join(text.replace("\n# ", " ").split())
    assert all(" ".join(str(Settings.model_fields[name].description).split()) in words for name in table)
    usual = Settings.model_validate({})
    for name, value in table.items():
        read = Settings.model_validate({name: value})
        assert (getattr(read, name) == getattr(usual, name)) is not bool(Settings.model_fields[name].examples), name


def test_with_every_line_in_force_it_is_still_right(tmp_path: Path) -> None:
    """Also by all that is looked at beside single values."""
    path = tmp_path / "importer.toml"
    path.write_text(uncommented(settings_file(of_the_user=True)), "utf-8")
    loaded = load(files=(path,))
    assert loaded.settings.time_zone == example_of("time_zone")
    assert load(files=(path,), profile="north").settings.username == "ops@north.example"


def test_a_setting_without_a_default_has_an_example() -> None:
    """A line with nothing behind the equals sign would be no line that can be used."""
    assert all(example_of(name) not in (None, "", "none") for name in Settings.model_fields if name not in SECRETS)


def test_init_writes_the_file_of_the_folder_once(desk: Desk) -> None:
    """What is there stays, and the commands work with the new file, also when all of it is in force."""
    assert "importer config" in desk.type("init").out
    path = desk.folder / "importer.toml"
    before = desk.type("config").out
    assert "importer.toml" not in before
    path.write_text(uncommented(path.read_text("utf-8")), "utf-8")
    assert "importer.toml" in desk.type("config").out
    refused = desk.type("init")
    assert (refused.code, "already exists" in refused.err) == (2, True)
    assert desk.type("config", "--profile", "north").code == 0


def test_init_writes_the_file_of_the_user(desk: Desk) -> None:
    """In the folder of the system for settings, which may be new; it may say more than the file of a folder."""
    desk.variables["XDG_CONFIG_HOME"] = str(desk.folder / "config")
    done = desk.type("init", "--user", "--json")
    path = Path(done.json["file"])
    assert (done.code, path.parent.name) == (0, "importer")
    assert "# proxy = " in path.read_text("utf-8")
