"""From the arguments of a command to values: the shared options, the profile, the settings."""

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli.answer import answer
from importer.cli.completion import complete_profiles, complete_runs, complete_types
from importer.cli.lines import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importer.config.settings import Settings
    from importer.errors import EncodingError
    from importer.journal.runs import Run
    from importer.model import Clock
    from importer.runs.earlier_runs import Which
    from importer.runs.incoming import InputFile
    from importer.runs.named_files import NamedFiles
    from importer.runs.observer import Observer
    from importer.runs.request import Choices, ImportRequest, RunRequest
    from importer.spreadsheet import ReadOptions
    from schemas import RecordType


Command = Callable[..., Any]

# As texts, which a path is not always: // would become / in an address. The type has shells complete names of files.
FILE = click.argument("file", type=click.Path())
FILES = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path())
RUN = click.argument("number", metavar="[RUN]", type=int, required=False, shell_complete=complete_runs)


def begin_answer(context: click.Context, is_asked_for: bool) -> bool:
    """Whether a command answers with JSON, which may be asked for before its name."""
    while not is_asked_for and (outer := context.parent) is not None:
        context, is_asked_for = outer, bool(outer.params.get("as_json"))
    answer().begin(is_asked_for=is_asked_for)
    return is_asked_for


JSON = click.option(
    "--json",
    "as_json",
    is_flag=True,
    # A group leaves that to its command.
    callback=lambda context, _, value: (
        value if isinstance(context.command, click.Group) else begin_answer(context, value)
    ),
    help="Print one JSON document on stdout, for errors too.",
)
OUT = click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write the report directly into DIR.")
READING = (
    click.option(
        "--type",
        "kind",
        metavar="NAME",
        shell_complete=complete_types,
        help="The record type, if the headers do not show it.",
    ),
    click.option("--sheet", metavar="NAME", help="The sheet to read, if the workbook has several."),
    click.option("--encoding", metavar="NAME", help="The encoding of a text file, for example cp1252."),
    click.option("--delimiter", metavar="CHAR", help="The separator of a text file, for example ';'."),
    click.option("--header-row", metavar="N", type=click.IntRange(1), help="The row that names the columns."),
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
        "--tz",
        metavar="ZONE",
        help="The time zone of times without one, such as Europe/London; default: this computer's.",
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
        help="Creates, updates and deletes per second, minute or hour. Default: 60/min; with --sandbox, none.",
    ),
    click.option(
        "--daily-quota",
        metavar="N|none",
        help="Creates, updates and deletes per day. Default: 5000; with --sandbox, none.",
    ),
    click.option("--concurrency", metavar="N|auto", help="Calls in progress at once; default auto."),
    click.option("--max-rows", type=click.IntRange(1), metavar="N", help="Stop after N rows; exit code 6."),
    click.option("--max-duration", metavar="T", help="Stop after T, such as 90s, 30m or 5h; exit code 6."),
)


_PRACTICE = "http://127.0.0.1"
"""Where the practice service of a command is, whatever its port."""

_PROFILE_KEY = "importer.profile"
"""Where a command stores the name of the chosen profile, for the code that loads the settings."""


def use_profile(names: Sequence[str]) -> None:
    """Use the settings of this profile; of no profile if none is named."""
    if "" in names:
        raise click.UsageError("The profile name is empty. The variable that should hold it may not be set.")
    if len(names) > 1:
        raise click.UsageError(f"Name one profile, not {len(names)}: this command works for one account at a time.")
    set_profile(next(iter(names), None))


def set_profile(name: str | None) -> None:
    """Let the command at work be one with this profile."""
    click.get_current_context().find_root().meta[_PROFILE_KEY] = name


PROFILE = click.option(
    "--profile",
    metavar="NAME",
    multiple=True,
    envvar="IMPORTER_PROFILE",
    shell_complete=complete_profiles,
    expose_value=False,
    callback=lambda _context, _option, names: use_profile(names),
    help='Use the settings and the sign-in of [profile.NAME]; "none" for no profile.',
)
WITHOUT_LIST = click.option(
    "--without-list",
    is_flag=True,
    help="Send even if Nexudus does not list its records: compare with the journal only.",
)
WAIT = click.option(
    "--wait", is_flag=True, help="If another run of the account is in progress, begin as soon as it has ended."
)
PROGRESS = click.option(
    "--progress", type=click.Path(path_type=Path), hidden=True, help="Write down how far it is, for a page."
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
KEY = click.option(
    "--key", metavar="FIELDS", help="Fields by which rows find their records, such as ResourceId,CoworkerId."
)
UPDATE = (
    click.option("--update/--no-update", default=None, help="Update records that have other values than their rows."),
    click.option("--clear-empty", is_flag=True, help="With --update, let an empty cell clear its field."),
)


def _open_log(context: click.Context, _: click.Parameter, path: Path | None) -> None:
    from importer.cli.log_file import LogFile

    if path is not None:
        answer().log = LogFile(path, context.find_root().obj)


LOG_FILE = click.option(
    "--log-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    expose_value=False,
    callback=_open_log,
    help="Append a JSON line for each event to FILE.",
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
    """The settings of the chosen profile, with a home that is its owner's alone."""
    from importer.config import settings
    from importer.config.home import secure_home

    loaded = settings.load(flags, profile=profile_name()).settings
    secure_home(loaded.home)
    return loaded


def profile_name() -> str | None:
    """The name of the chosen profile, if there is one."""
    return said_profile() or None


def said_profile() -> str | None:
    """The same, but "" if the user explicitly chose no profile."""
    name = click.get_current_context().find_root().meta.get(_PROFILE_KEY)
    return "" if name == "none" else name


def typed_place() -> str:
    """The flag with which another command goes to the service and account of this one; often none is needed."""
    context = click.get_current_context(silent=True)
    if context is None:
        return ""
    if context.params.get("sandbox"):
        return "--sandbox"
    return f"--profile {shlex.quote(profile)}" if (profile := profile_name()) else ""


def pacing_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that the user set with flags: also the speed of a practice service."""
    names = ("rate", "daily_quota", "concurrency", "speed", "notify")
    return {name: options[name] for name in names if options.get(name) is not None}


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
        key=_key(options),
        **{name: options[name] for name in names if name in options},
    )


def reading_of(options: Mapping[str, Any]) -> "tuple[RecordType | None, ReadOptions]":
    """The record type, if the user named one, and how to read the file."""
    from zoneinfo import ZoneInfo

    from importer.spreadsheet import ReadOptions

    zone = options.get("tz")
    try:
        ZoneInfo(zone or "UTC")
    except (ValueError, OSError, KeyError) as error:
        raise click.UsageError(f'There is no time zone "{zone}". Write it like Europe/London.') from error
    read = ReadOptions(
        options.get("sheet"),
        options.get("encoding"),
        options.get("delimiter"),
        map=_pairs(options.get("map_") or (), "--map", "HEADER=FIELD"),
        dates=options.get("dates"),
        zone=zone,
        header_row=options.get("header_row"),
    )
    name = options.get("kind")
    return kind_named(name) if name else None, read


@contextmanager
def input_files(named: "NamedFiles", settings: "Settings") -> "Iterator[list[InputFile]]":
    """The files that the user has named, each with its bytes on this machine, or why it cannot be read."""
    from importer.runs.incoming import brought_in
    from importer.runs.named_files import is_address

    for notice in named.notices:
        say(notice)
    fetch = None
    if any(is_address(str(file.typed)) for file in named.files):
        from importer.runs import remote

        fetch = partial(remote.fetch, settings=settings)
    with brought_in(named.files, settings.home, say, fetch) as files:
        yield files


@contextmanager
def input_file(word: str, settings: "Settings") -> "Iterator[InputFile]":
    """The one file that a word stands for.

    Raises:
        UsageError: It stands for several.
        FileError: It cannot be read.
    """
    from importer.runs.named_files import named_files

    named = named_files([word])
    if (number := len(named.files)) > 1:
        from importer.text import shell_word

        first = shell_word(named.files[0].typed)
        raise click.UsageError(f"{word} stands for {number:,} files, but this command takes one, such as {first}")
    with input_files(named, settings) as files:
        yield only_file(files)


def only_file(files: "Sequence[InputFile]") -> "InputFile":
    """The one file that a command works on.

    Raises:
        FileError: It cannot be read.
    """
    if (error := files[0].error) is not None:
        raise error
    return files[0]


def typed(words: Sequence[str]) -> "list[Path | str]":
    """The words of a command, to be typed again: a path never looks like an option."""
    from importer.runs.named_files import is_address

    return [word if is_address(word) else Path(word) for word in words]


def import_request(
    file: "InputFile", settings: "Settings", observer: "Observer", options: Mapping[str, Any]
) -> "ImportRequest":
    """The request to import a file, with the options of the command."""
    from importer.runs.request import ImportRequest

    kind, read = reading_of(options)
    read = with_encoding(file.path, settings, read)
    choices = sending_choices(options, settings)
    name = file.name if file.name != file.path.name else ""
    return ImportRequest(file.path, settings, observer, the_clock(), kind, read, choices, name=name)


def with_encoding(file: Path, settings: "Settings", read: "ReadOptions") -> "ReadOptions":
    """How to read a file; a person at a terminal is asked for its encoding if it may be in several."""
    from importer.errors import EncodingError
    from importer.runs.source import read_sheet
    from importer.spreadsheet import DELIMITED, may_be_in_several

    is_text = file.suffix.lower() in DELIMITED and file.is_file()
    if not (sys.stdin.isatty() and sys.stderr.isatty() and is_text) or read.encoding or not may_be_in_several(file):
        return read
    try:
        read_sheet(file, settings, read)
    except EncodingError as error:
        return replace(read, encoding=_chosen_encoding(error)) if error.samples else read
    return read


def _chosen_encoding(error: "EncodingError") -> str:
    """The encoding that a person chooses by what the text of the file looks like in each."""
    from importer.text import printable

    say(f"{error.message} Which line shows it as it should be?")
    for number, (encoding, sample) in enumerate(error.samples.items(), start=1):
        say(f"  {number}  {printable(sample)}   ({encoding})")
    most = len(error.samples)
    number = click.prompt(f"Number, 1 to {most}; 0 for none", type=click.IntRange(0, most), err=True)
    if not number:
        raise error
    return list(error.samples)[number - 1]


def run_request(
    number: int | None, settings: "Settings", observer: "Observer", options: Mapping[str, Any] | None = None
) -> "RunRequest":
    """The request to work on an earlier run, with the options of the command."""
    from importer.runs.request import RunRequest

    return RunRequest(number, settings, observer, the_clock(), sending_choices(options or {}, settings))


def sending_choices(options: Mapping[str, Any], settings: "Settings") -> "Choices":
    """The user's choices for a run; where the command does not say whether to update records, the settings do."""
    from importer.runs.request import refuse_contradictions

    chosen = options.get("update")
    choices = replace(choices_of(options), update=settings.update if chosen is None else bool(chosen))
    refuse_contradictions(choices, by_setting=not chosen)
    return choices


def _pairs(texts: Sequence[str], option: str, form: str) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.UsageError(f'{option} "{text}" cannot be used. Write it like {form}.')
        pairs[name.strip()] = value.strip()
    return pairs


def _key(options: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields of --key, sorted: in whichever order they are typed, they are the same key."""
    if (text := options.get("key")) is None:
        return ()
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise click.UsageError(f'--key "{text}" cannot be used. Write it like ResourceId,CoworkerId.')
    return tuple(sorted(set(names)))


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
    from importer.api.embedded_sandbox import embedded_sandbox

    with embedded_sandbox(flags) as settings:
        yield settings


@contextmanager
def service_of(
    number: int | None, flags: dict[str, Any], sandbox: bool, which: "Which | None" = None
) -> "Iterator[tuple[Settings, int | None]]":
    """The same for a run, with the profile it used, unless the user named another; and the number of that run.

    A practice run is worked on in the practice service, whether the user says so or not. Without a number, it is the
    latest of the service and account in use, chosen among all or ``which`` runs.
    """
    from importer.journal.journal import open_journal
    from importer.runs.earlier_runs import Which, chosen_run

    fits = in_use(sandbox=sandbox)
    with open_journal(load_settings().journal_place) as journal:
        run = chosen_run(journal, number, fits, which or Which.ALL)
    if run is not None:
        if not sandbox and _is_practice(run):
            sandbox = click.get_current_context().params["sandbox"] = True
            say(f"Run {run.id} used the practice service, and so does this command.")
        if run.options.get("profile") and said_profile() is None and not sandbox:
            use_profile([run.options["profile"]])
        _refuse_elsewhere(run, sandbox=sandbox, beside=number is None and not fits(run))
    with service(flags, sandbox) as settings:
        yield settings, run.id if run is not None else None


def _is_practice(run: "Run") -> bool:
    """Whether a run has to be worked on in the practice service of a command, and the user named no account."""
    from importer.config.addresses import same_service

    # A page for practice starts commands with its own practice service as their address.
    return bool(run.options.get("sandbox")) and not profile_name() and not same_service(run.url, load_settings().url)


def practises() -> bool:
    """Whether this command uses the practice service, by its option or because its run did."""
    return bool(click.get_current_context().params.get("sandbox"))


def in_use(*, sandbox: bool = False, can_sign_in: bool = False) -> "Callable[[Run], bool]":
    """Whether a run is of the service and account in use: of the profile that the user named, or else of its own.

    With ``can_sign_in``, there is a sign-in for it as well.
    """
    from importer.config.addresses import same_service
    from importer.runs.earlier_runs import is_in_use

    loaded = _settings_by_profile()

    def fits(run: "Run") -> bool:
        if sandbox:
            return same_service(run.url, _PRACTICE)
        begun_with, profile = run.options.get("profile") or "", said_profile()
        if profile is not None and profile != begun_with:
            return False
        of_profile = loaded(begun_with or None)
        if of_profile is None or (can_sign_in and not of_profile.can_sign_in):
            return False
        return is_in_use(run, of_profile)

    return fits


def settings_in_use() -> "Callable[[str | None], Settings | None]":
    """The settings of a profile; None if there is none, or if the user named another one for this command."""
    # Now, for a thread of its own has no command to look it up in.
    loaded, named = _settings_by_profile(), said_profile()

    def in_use_of(profile: str | None) -> "Settings | None":
        return loaded(profile) if named is None or named == (profile or "") else None

    return in_use_of


def _settings_by_profile() -> "Callable[[str | None], Settings | None]":
    from importer.config import settings
    from importer.errors import SettingsError

    @cache
    def loaded(profile: str | None) -> "Settings | None":
        try:
            return settings.load(profile=profile).settings
        except SettingsError:
            return None

    return loaded


def _refuse_elsewhere(run: "Run", *, sandbox: bool, beside: bool) -> None:
    """Raise UsageError, with the command to type, if a run is known to be of another service or account.

    ``beside`` tells that no run was named, and that none is of the service and account in use.
    """
    from importer.errors import UsageError

    context = click.get_current_context()
    command = run.command(context.info_name or "", context.params.get("row"))
    if (where := _elsewhere(run, sandbox=sandbox, beside=beside)) is not None:
        which = f"Run {run.id}"
        if beside:
            which = f"No such run is of the service and user in use. The latest one, run {run.id} ({run.file}),"
        raise UsageError(f"{which} {where[0]}.", f"To work on it{where[1]}: {command}{where[2]}")


def _elsewhere(run: "Run", *, sandbox: bool, beside: bool) -> tuple[str, str, str] | None:
    """Where a run went, what has to be done before its command works, and what to add to that; None if it went here."""
    from importer.config.addresses import same_service

    begun_with = run.options.get("profile")
    if sandbox:
        return None if same_service(run.url, _PRACTICE) else ("did not use the practice service", "", "")
    settings = load_settings()
    if run.options.get("sandbox") and not same_service(run.url, settings.url):
        return "used the practice service", "", ""
    if begun_with and profile_name() not in (None, begun_with):
        return f"used --profile {begun_with}", "", ""
    if not beside:
        return None
    if said_profile() and not begun_with:
        return "used no profile", "", " --profile none"
    if not same_service(run.url, settings.url):
        return f"went to {run.url}", f", set NEXUDUS_URL={run.url}, then", ""
    return f"went to {run.account}", f", sign in as {run.user}, then", ""
