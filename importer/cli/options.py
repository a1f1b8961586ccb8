"""From the arguments of a command to values: the shared options, the profile, the settings."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importer.config.settings import Settings
    from importer.model import Clock
    from importer.runs.observer import Observer
    from importer.runs.request import Choices, ImportRequest, RunRequest
    from importer.spreadsheet import ReadOptions
    from schemas import RecordType


Command = Callable[..., Any]

FILE = click.argument("file", type=click.Path(path_type=Path))
RUN = click.argument("number", metavar="[RUN]", type=int, required=False)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document on stdout.")
OUT = click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write the report directly into DIR.")
READING = (
    click.option("--type", "kind", metavar="NAME", help="The record type, if the headers do not show it."),
    click.option("--sheet", metavar="NAME", help="The sheet to read, if the workbook has several."),
    click.option("--encoding", metavar="NAME", help="The encoding of a text file, for example cp1252."),
    click.option("--delimiter", metavar="CHAR", help="The separator of a text file, for example ';'."),
    click.option(
        "--map",
        "map_",
        multiple=True,
        metavar="HEADER=FIELD",
        help='Which field a column holds; "HEADER=-" to ignore it.',
    ),
    click.option(
        "--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="The order of day, month and year in dates."
    ),
    click.option(
        "--tz", metavar="ZONE", help="The time zone of times without one, such as Europe/London; default UTC."
    ),
    click.option(
        "--pick",
        "picks",
        multiple=True,
        metavar="NAME=ID",
        help="Which record a name means, if several have it; saved.",
    ),
)
PACING = (
    click.option(
        "--rate",
        metavar="N/min|none",
        help="Creates and deletes per second, minute or hour. Default: 60/min; with --sandbox, none.",
    ),
    click.option(
        "--daily-quota", metavar="N|none", help="Creates and deletes per day. Default: 5000; with --sandbox, none."
    ),
    click.option("--concurrency", metavar="N|auto", help="Calls in progress at once; default auto."),
    click.option("--max-rows", type=click.IntRange(1), metavar="N", help="Stop after N rows; exit code 6."),
    click.option("--max-duration", metavar="T", help="Stop after T, such as 90s, 30m or 5h; exit code 6."),
)


_PROFILE_KEY = "importer.profile"
"""Where a command stores the name of the chosen profile, for the code that loads the settings."""


def use_profile(names: Sequence[str]) -> None:
    """Use the settings of this profile; of no profile if none is named."""
    if "" in names:
        raise click.UsageError("The profile name is empty. The variable that should hold it may not be set.")
    if len(names) > 1:
        raise click.UsageError(f"Name one profile, not {len(names)}: this command works for one account at a time.")
    click.get_current_context().find_root().meta[_PROFILE_KEY] = next(iter(names), None)


PROFILE = click.option(
    "--profile",
    metavar="NAME",
    multiple=True,
    envvar="IMPORTER_PROFILE",
    expose_value=False,
    callback=lambda _context, _option, names: use_profile(names),
    help='Use the settings and the sign-in of [profile.NAME]; "none" for no profile.',
)
WITHOUT_LIST = click.option(
    "--without-list",
    is_flag=True,
    help="Send even if Nexudus does not list its records: compare with the journal only.",
)
TWICE = (
    click.option(
        "--allow-duplicates", is_flag=True, help="Create a record for each row, even if rows repeat each other."
    ),
    click.option(
        "--even-if-existing", is_flag=True, help="Create one more record, even if one exists; typed again, no third."
    ),
    WITHOUT_LIST,
)
UPDATE = (
    click.option("--update/--no-update", default=None, help="Update records that have other values than their rows."),
    click.option("--clear-empty", is_flag=True, help="With --update, let an empty cell clear its field."),
)


def with_options(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    """Give a command several options at once, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


def the_clock() -> "Clock":
    """The clock of the command."""
    clock: Clock = click.get_current_context().find_root().obj
    return clock


def load_settings(flags: Mapping[str, Any] | None = None) -> "Settings":
    """The settings of the chosen profile."""
    from importer.config import settings

    return settings.load(flags, profile=profile_name()).settings


def profile_name() -> str | None:
    """The name of the chosen profile, if there is one."""
    return said_profile() or None


def said_profile() -> str | None:
    """The same, but "" if the user explicitly chose no profile."""
    name = click.get_current_context().find_root().meta.get(_PROFILE_KEY)
    return "" if name == "none" else name


def pacing_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings about speed that the user set with flags."""
    return {name: options[name] for name in ("rate", "daily_quota", "concurrency") if options.get(name) is not None}


def choices_of(options: Mapping[str, Any]) -> "Choices":
    """The user's choices for a run."""
    from importer.config.settings import parse_duration
    from importer.runs.request import Choices

    duration = options.get("max_duration")
    try:
        seconds = parse_duration(duration) if duration is not None else None
    except ValueError as error:
        raise click.UsageError(f'--max-duration "{duration}" cannot be used: {error}.') from error
    names = (
        "strict",
        "allow_duplicates",
        "even_if_existing",
        "without_list",
        "clear_empty",
        "max_rows",
        "sandbox",
        "out",
    )
    return Choices(
        max_duration=seconds,
        picks=_picks(options),
        profile=said_profile(),
        **{name: options[name] for name in names if name in options},
    )


def reading_of(options: Mapping[str, Any]) -> "tuple[RecordType | None, ReadOptions]":
    """The record type, if the user named one, and how to read the file."""
    from zoneinfo import ZoneInfo

    from importer.spreadsheet import ReadOptions

    zone = options.get("tz") or "UTC"
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise click.UsageError(f'There is no time zone "{zone}". Write it like Europe/London.') from error
    read = ReadOptions(
        options.get("sheet"),
        options.get("encoding"),
        options.get("delimiter"),
        map=_pairs(options.get("map_") or (), "--map", "HEADER=FIELD"),
        dates=options.get("dates"),
        zone=zone,
    )
    name = options.get("kind")
    return kind_named(name) if name else None, read


def import_request(
    file: Path, settings: "Settings", observer: "Observer", options: Mapping[str, Any]
) -> "ImportRequest":
    """The request to import a file, with the options of the command."""
    from importer.runs.request import ImportRequest

    kind, read = reading_of(options)
    return ImportRequest(file, settings, observer, the_clock(), kind, read, sending_choices(options, settings))


def run_request(
    number: int | None, settings: "Settings", observer: "Observer", options: Mapping[str, Any] | None = None
) -> "RunRequest":
    """The request to work on an earlier run, with the options of the command."""
    from importer.runs.request import RunRequest

    return RunRequest(number, settings, observer, the_clock(), sending_choices(options or {}, settings))


def sending_choices(options: Mapping[str, Any], settings: "Settings") -> "Choices":
    """The user's choices for a run; where the command does not say whether to update records, the settings do."""
    from dataclasses import replace

    chosen = options.get("update")
    choices = replace(choices_of(options), update=settings.update if chosen is None else bool(chosen))
    twice = "--even-if-existing" if choices.even_if_existing else "--allow-duplicates"
    if choices.update and (choices.even_if_existing or choices.allow_duplicates):
        advice = f"Leave out {twice}." if chosen else "Records are updated because a setting says so; add --no-update."
        raise click.UsageError(f"{twice} makes further records, and --update changes those that exist. {advice}")
    if choices.clear_empty and not choices.update:
        raise click.UsageError("--clear-empty needs --update: without it, no record is changed.")
    return choices


def _pairs(texts: Sequence[str], option: str, form: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.UsageError(f'{option} "{text}" cannot be used. Write it like {form}.')
        pairs[name.strip()] = value.strip()
    return pairs


def _picks(options: Mapping[str, Any]) -> dict[str, int]:
    pairs = _pairs(options.get("picks") or (), "--pick", "NAME=ID")
    if wrong := next((value for value in pairs.values() if not value.isdecimal()), None):
        raise click.UsageError(f'--pick: "{wrong}" is not an Id. Write it like "Boardroom=1414915".')
    return {name: int(value) for name, value in pairs.items()}


def kind_named(name: str | None) -> "RecordType":
    """The record type with this name; without a name, the default one."""
    from schemas import RECORD_TYPES

    if name is None:
        return next(iter(RECORD_TYPES.values()))
    if name not in RECORD_TYPES:
        raise click.UsageError(f'There is no record type "{name}". The types are {", ".join(RECORD_TYPES)}.')
    return RECORD_TYPES[name]


@contextmanager
def service(flags: dict[str, Any], sandbox: bool) -> "Iterator[Settings]":
    """The settings to work with; with ``sandbox`` those of a practice service that lives as long as this block."""
    if not sandbox:
        yield load_settings(flags)
        return
    if profile_name():
        raise click.UsageError("--sandbox and --profile do not go together: the practice service has no profiles.")
    use_profile(["none"])
    from importer.cli.embedded_sandbox import embedded_sandbox

    with embedded_sandbox(flags) as settings:
        yield settings


@contextmanager
def service_of(
    number: int | None, flags: dict[str, Any], sandbox: bool, *, unfinished: bool = False
) -> "Iterator[Settings]":
    """The same for a run, with the profile it used, unless the user named another."""
    if not sandbox:
        from importer.runs.earlier_runs import options_of

        options = options_of(number, load_settings(), unfinished=unfinished)
        if options.get("sandbox"):
            raise click.UsageError("This run used the practice service. Add --sandbox to the command.")
        begun_with = options.get("profile")
        if said_profile() is None and begun_with:
            use_profile([begun_with])
        elif begun_with and profile_name() not in (None, begun_with):
            raise click.UsageError(f"This run used --profile {begun_with}. Leave --profile out, or name the same one.")
    with service(flags, sandbox) as settings:
        yield settings
