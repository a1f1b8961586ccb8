"""The commands around an import: template, sandbox, page, people, sign-in."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.api import MOST_SPEED
from importer.cli.answer import answer, put_json
from importer.cli.completion import complete_types
from importer.cli.lines import put, put_start_link, say, service_log
from importer.cli.options import (
    JSON,
    PACING,
    PROFILE,
    kind_named,
    load_settings,
    pacing_of,
    profile_name,
    service,
    the_clock,
    with_options,
)
from importer.cli.output import finish, quoted
from importer.cli.personal_data import keep_to_retention
from importer.errors import ERROR_MEANINGS, EXIT_MEANINGS, Exit, ServiceError, SignInError

if TYPE_CHECKING:
    from importer.cli import documents


def put_ready(url: str) -> None:
    """Answer that a service listens at this address; it goes on until it is stopped."""
    document: documents.Listening = {"url": url, "process": os.getpid()}
    answer().put_now(document)


@click.command()
@PROFILE
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("mappings.xlsx"), show_default=True)
@click.option(
    "--type", "kind", metavar="NAME", shell_complete=complete_types, help="The record type, if not the default one."
)
@click.option("--offline", is_flag=True, help="Leave out drop-down lists with names from the service.")
@click.option("--sandbox", is_flag=True, help="Drop-down lists with names from a practice service.")
@JSON
def template(output: Path, kind: str | None, offline: bool, sandbox: bool, as_json: bool) -> int:
    """Write a spreadsheet to fill in.

    It has the right columns, and notes with examples. If you are signed in, it also has drop-down lists with the names
    of your resources and coworkers.
    """
    from importer import text
    from importer.cli import terminal
    from importer.runs import plan
    from importer.spreadsheet.template import write_template

    if output.exists():
        raise click.UsageError(f"{output} already exists. Choose another file with -o.")
    offers: dict[str, list[str]] = {}
    clock = the_clock()
    if not offline:
        try:
            with service({}, sandbox) as settings:
                offers = finish(plan.offers(kind_named(kind), settings, terminal.Console(clock, yes=True), clock))
        except (ServiceError, SignInError) as error:
            say(f"{error.message} The template has no drop-down lists with names.")
    write_template(kind_named(kind), output, offers)
    if as_json:
        lists = {field: len(names) for field, names in offers.items()}
        document: documents.Template = {"file": str(output), "type": kind_named(kind).name, "lists": lists}
        put_json(document)
        return Exit.DONE
    counts = [f"a list of {text.count(len(names), 'name')} for {field}" for field, names in offers.items()]
    put(f"{output} is ready{', with ' + ' and '.join(counts) if counts else ''}.")
    put(f"Fill it in, then: importer check {quoted(output)}")
    return Exit.DONE


@click.command()
@click.option("--user", "of_the_user", is_flag=True, help="Write your own file, which holds in every folder.")
@JSON
def init(of_the_user: bool, as_json: bool) -> int:
    """Write a settings file to begin with: importer.toml.

    It has every setting with its meaning and its default, as a comment, so that nothing changes until you edit it. A
    file that exists is never overwritten.
    """
    from importer.config.settings import FOLDER_FILE, user_file
    from importer.config.settings_file import write_settings_file

    path = user_file() if of_the_user else FOLDER_FILE
    try:
        is_new = write_settings_file(path, of_the_user=of_the_user)
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written ({error.strerror}).") from error
    if not is_new:
        raise click.UsageError(f"{path} already exists, and stays as it is. To see what holds: importer config")
    if as_json:
        put_json({"file": str(path.absolute())})
    else:
        put(f"{path} is ready. Edit it, then look at what holds with: importer config")
    return Exit.DONE


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "only_list", is_flag=True, help="Show what there is, and write nothing.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", default=Path("samples"), show_default=True)
@click.option("--replace", is_flag=True, help="Replace files of the same name.")
@JSON
def sample(names: tuple[str, ...], only_list: bool, out: Path, replace: bool, as_json: bool) -> int:
    """Write sample spreadsheets to practise with.

    Their dates are in the week that begins today; their rooms and people are those of the practice service. NAME is one
    of them, such as calendars. Without a name, all are written.
    """
    from datetime import UTC, datetime

    from importer.samples import SAMPLES

    chosen = [_sample_named(name) for name in names] or list(SAMPLES)
    if only_list:
        if as_json:
            put_json({"samples": [{"file": name, "meaning": SAMPLES[name].meaning} for name in chosen]})
            return Exit.DONE
        for name in chosen:
            put(f"{name:24} {SAMPLES[name].meaning}")
        return Exit.DONE
    if not replace and (there := next((path for name in chosen if (path := out / name).exists()), None)):
        raise click.UsageError(f"{there} already exists. Choose another folder with --out, or add --replace.")
    day = datetime.fromtimestamp(the_clock()(), UTC).date()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in chosen:
            SAMPLES[name].write(out / name, day)
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written to ({error.strerror}). Choose another with --out.") from error
    if as_json:
        put_json({"files": [str(out / name) for name in chosen]})
        return Exit.DONE
    for name in chosen:
        put(f"{out / name}: {SAMPLES[name].meaning}")
    put(f"Next: importer run {quoted(out / chosen[0])} --sandbox")
    return Exit.DONE


def _sample_named(name: str) -> str:
    from importer.config.spelling import nearest
    from importer.samples import SAMPLES, find_sample

    if (file := find_sample(name)) is not None:
        return file
    near = nearest(name, [*SAMPLES, *(one.rpartition(".")[0] for one in SAMPLES)])
    question = f" Did you mean {near}?" if near else ""
    raise click.UsageError(f'There is no sample "{name}".{question} To list them: importer sample --list')


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8650, show_default=True)
@click.option("--rate", metavar="N/min|none", default="60/min", show_default=True, help="How many writes it allows.")
@click.option(
    "--daily-quota", metavar="N|none", default="5000", show_default=True, help="How many writes a day it allows."
)
@click.option(
    "--speed",
    type=click.FloatRange(1, MOST_SPEED),
    default=1.0,
    metavar="N",
    help="Let time pass N times faster: with 60, a minute of a limit or a wait takes a second.",
)
@click.option("--latency", type=click.FloatRange(0), default=0.0, help="Seconds to wait before each answer.")
@click.option(
    "--fail",
    type=click.FloatRange(0, 100),
    default=0.0,
    metavar="PERCENT",
    help="Share of creates without a usable answer.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="NAME[=PERCENT]",
    help="Let the first call fail in this way, or a percentage of all; repeatable. importer help practice lists them.",
)
@click.option("--any-id", is_flag=True, help="Take Ids of coworkers and resources that it does not list, too.")
@click.option("--keep", type=click.Path(path_type=Path), help="A file to keep the records in between starts.")
@JSON
def sandbox(port: int, keep: Path | None, as_json: bool, **switches: Any) -> int:
    """Start a practice service on this machine. Ctrl-C stops it."""
    from importer.api.embedded_sandbox import serve
    from importer.api.practice_options import exports, practice_options
    from importer.sandbox import limits_in_words

    options = practice_options(keep=keep, **switches)

    def ready(url: str) -> None:
        if as_json:
            put_ready(url)
            return
        variables = " ".join(f"{name}={value}" for name, value in exports(options, url).items())
        put(
            f"The practice service is running at {url}. Press Ctrl-C to stop it; its records "
            f"{'stay in ' + str(keep) if keep else 'are then lost'}.\n"
            "Open that address in a browser to see what it holds.\n"
            f"{chr(10).join(limits_in_words(options))}\n"
            "In a second terminal, type:\n"
            f"  export {variables}\n"
            "  importer sample calendars\n"
            "  importer run samples/calendars.csv"
        )

    try:
        serve(options, port, ready)
    except OSError as error:
        raise click.UsageError(f"Port {port} cannot be used ({error.strerror}). Choose another with --port.") from error
    return Exit.DONE


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="The address to listen on. Addresses that other machines can reach need the sign-in of a team.",
)
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True)
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="A host name that people type to open the page; repeatable."
)
@click.option("--open", "open_browser", is_flag=True, help="Open the page in a browser.")
@click.option("--sandbox", is_flag=True, help="Import into a practice service on this machine.")
@with_options(*PACING[:3])
@JSON
def serve(
    host: str, port: int, names: tuple[str, ...], open_browser: bool, sandbox: bool, as_json: bool, **options: Any
) -> int:
    """Serve the web page. Ctrl-C stops the page, but no import."""
    from importer import web
    from importer.runs.log import LogLine

    pacing = pacing_of(options)
    # Fast enough to practise, slow enough to watch.
    flags = {"rate": "120/min", "daily_quota": "5000", **pacing} if sandbox else pacing
    with service(flags, sandbox) as settings:
        log = service_log(settings.log, the_clock())
        keep_to_retention(settings, tell=say if settings.log == "text" else lambda _: log(LogLine("retention kept")))
        address = web.Address(host, port, names, open_browser)
        web.serve(settings, address, put_ready if as_json else put_start_link, sandbox=sandbox, log=log)
    return Exit.DONE


@click.group()
@JSON
def people(as_json: bool) -> None:
    """Manage who may use the web page of a team."""


@people.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "runner", "admin"]), default="runner", show_default=True)
@JSON
def add_person(name: str, role: str, as_json: bool) -> int:
    """Give NAME a role, or another role than before.

    NAME is the e-mail address with which somebody signs in, or the name that your proxy gives them.
    """
    from importer import web

    web.people_of(load_settings()).add(name, web.Role[role.upper()])
    if as_json:
        put_json({"name": name, "role": role})
    else:
        put(f"{name} may now use the page ({role}), from the next sign-in on.")
    return Exit.DONE


@people.command("remove")
@click.argument("name")
@JSON
def remove_person(name: str, as_json: bool) -> int:
    """Take the role of NAME away."""
    from importer import web

    web.people_of(load_settings()).remove(name)
    if as_json:
        put_json({"name": name})
    else:
        put(f"Removed {name}. All sessions of {name} end.")
    return Exit.DONE


@people.command("list")
@JSON
def list_people(as_json: bool) -> int:
    """List the people and their roles."""
    from importer import web

    roles = web.people_of(load_settings()).roles
    if as_json:
        put_json({"people": [{"name": name, "role": role.name.lower()} for name, role in roles.items()]})
        return Exit.DONE
    if not roles:
        put("Nobody has been added yet. To add somebody: importer people add E-MAIL")
    for name, role in roles.items():
        put(f"{name}  {role.name.lower()}")
    return Exit.DONE


@click.command()
@PROFILE
@click.option("--username", help="The e-mail address of the Nexudus user.")
@JSON
def login(username: str | None, as_json: bool) -> int:
    """Sign in, and save the sign-in in this machine's keyring."""
    from dataclasses import asdict

    from importer.config import credentials, settings
    from importer.runs import session

    username = username or str(click.prompt("E-mail", err=True))
    # Never a flag: every list of processes would show it (S-21).
    password: str = click.prompt("Password", hide_input=True, err=True)
    flags, profile = {"username": username, "password": password}, profile_name()
    loaded = settings.load(flags, ignore=("token",), profile=profile).settings
    account = finish(session.who(loaded, the_clock(), say))
    credentials.save(loaded.url, username, password, profile)
    if as_json:
        put_json({"url": loaded.url, **asdict(account)})
    else:
        put(f"Signed in to {account.space} as {account.user}.")
    return Exit.DONE


@click.command()
@PROFILE
@JSON
def logout(as_json: bool) -> int:
    """Remove the sign-in from this machine's keyring."""
    from importer.config import credentials

    url, profile = load_settings().url, profile_name()
    credentials.forget(url, profile)
    if as_json:
        put_json({"url": url, "profile": profile})
    else:
        put("Signed out.")
    return Exit.DONE


@click.command()
@PROFILE
@JSON
def whoami(as_json: bool) -> int:
    """Show who is signed in, and where."""
    from dataclasses import asdict

    from importer.runs.session import who

    settings = load_settings()
    account = finish(who(settings, the_clock(), say))
    if as_json:
        put_json({"url": settings.url, **asdict(account)})
    else:
        put(f"{account.user} in {account.space} ({settings.url})")
    return Exit.DONE


@click.command("exit-codes")
@JSON
def exit_codes(as_json: bool) -> int:
    """List the exit codes. Any other code is a failure, too."""
    if as_json:
        document: documents.CodeList = {
            "exit_codes": [{"code": int(code), "meaning": meaning} for code, meaning in EXIT_MEANINGS.items()],
            "errors": [
                {"code": code.value, "exit_code": int(exit_code), "meaning": meaning}
                for code, (exit_code, meaning) in ERROR_MEANINGS.items()
            ],
        }
        put_json(document)
        return Exit.DONE
    for code, meaning in EXIT_MEANINGS.items():
        put(f"{int(code):4}  {meaning}")
    return Exit.DONE


COMMANDS = (init, template, sample, sandbox, serve, people, login, logout, whoami, exit_codes)
