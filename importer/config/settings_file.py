"""A settings file to begin with: every setting as a comment, with its meaning and its default."""

import json
import textwrap
from pathlib import Path
from typing import cast

from importer.config.settings import (
    FOLDER_FILE,
    NEVER_OF_A_FOLDER,
    OF_THE_PAGE,
    SECRETS,
    Settings,
    environment_name,
    shown,
    user_file,
)

_WIDTH = 100
_HEAD = """\
# Settings of the importer. Each line shows a default, or an example where there is none.
# Remove the "#" before a setting to change it. A flag and a variable override this file.
# importer config shows what holds, and importer help settings tells more.
"""
_PROFILES = """
# If you import for several locations or customers, give each one a profile. It overrides everything except flags:
# importer run FILE --profile north
#
# [profile.north]
# username = "ops@north.example"
"""


def settings_file(*, of_the_user: bool) -> str:
    """The file of the user, or that of a folder, which cannot say where secrets and data go."""
    left_out = () if of_the_user else NEVER_OF_A_FOLDER
    names = [name for name in Settings.model_fields if name not in left_out and name not in SECRETS]
    parts = [_HEAD, _about_others(of_the_user=of_the_user), *map(_lines, names), _PROFILES]
    return "".join(parts)


def example_of(name: str) -> object:
    """The default of a setting as it is written in a file, or else an example."""
    settings = Settings.model_validate({})
    value = getattr(settings, name)
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if _has_no_value(name):
        return cast("list[object]", Settings.model_fields[name].examples)[0]
    # Others without a value have a word for that, such as auto.
    return shown(settings, name)


def _has_no_value(name: str) -> bool:
    return bool(Settings.model_fields[name].examples)


def _about_others(*, of_the_user: bool) -> str:
    lines = [
        f"Secrets never stand in a file. Set {', '.join(map(environment_name, SECRETS[:3]))}, or type: importer login"
    ]
    if not of_the_user:
        names = ", ".join(name for name in NEVER_OF_A_FOLDER if name not in OF_THE_PAGE)
        lines.append(
            f"This is {FOLDER_FILE} of one folder, which may come from somebody else. So it cannot set {names}, or who "
            f"may sign in: those belong in your own file, {user_file()}, which importer init --user writes."
        )
    return "".join(map(_comment, lines))


def _lines(name: str) -> str:
    meaning = Settings.model_fields[name].description or ""
    if _has_no_value(name):
        meaning += " (not set; for example:)"
    return f"\n{_comment(meaning)}# {name} = {_toml(example_of(name))}\n"


def _comment(text: str) -> str:
    return textwrap.indent(textwrap.fill(text, _WIDTH, break_long_words=False, break_on_hyphens=False), "# ") + "\n"


def _toml(value: object) -> str:
    # A string of JSON is one of TOML (toml.io/en/v1.0.0#string), as are its numbers and truth values.
    return json.dumps(value if isinstance(value, bool | int | float) else str(value), ensure_ascii=False)


def write_settings_file(path: Path, *, of_the_user: bool) -> bool:
    """Write the file; False if there is one, which stays as it is.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(settings_file(of_the_user=of_the_user))
    except FileExistsError:
        return False
    return True
