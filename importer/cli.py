"""The command line: words in, one call of a stage, words and an exit code out.

Rooms that load pandas, the database or the network are imported inside the commands, so that ``--help`` and
completion answer at once.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from importer.errors import EXIT_MEANINGS, Exit, ImporterError, ServiceError, SignInError

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator

    from importer.checking import Cause
    from importer.planning import Choices
    from importer.runs import Result
    from importer.settings import Settings
    from importer.sources import Examined
    from importer.spreadsheet import ReadOptions
    from importer.together import Outcome
    from importer.words import Issue
    from schemas import RecordType

Command = Callable[..., Any]
Answer = TypeVar("Answer")

_FILE = click.argument("file", type=click.Path(path_type=Path))
_RUN = click.argument("number", metavar="[RUN]", type=int, required=False)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
_OUT = click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write the report straight into DIR.")
_READING = (
    click.option("--type", "kind", metavar="NAME", help="The record type, when its labels do not tell."),
    click.option("--sheet", metavar="NAME", help="The sheet, when the workbook has several."),
    click.option("--encoding", metavar="NAME", help="The encoding of a text file, for example cp1252."),
    click.option("--delimiter", metavar="CHAR", help="The separator of a text file, for example ';'."),
    click.option(
        "--map", "map_", multiple=True, metavar="LABEL=FIELD", help='What a column holds; "LABEL=-" for nothing.'
    ),
    click.option("--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="The order of day, month and year."),
    click.option("--tz", metavar="ZONE", help="The zone of times without one, like Europe/London; default UTC."),
    click.option("--pick", "picks", multiple=True, metavar="NAME=ID", help="Which of several namesakes; remembered."),
)
_PACING = (
    click.option("--rate", metavar="N/min|none", help="Creates per minute, hour or second; default 60/min."),
    click.option("--daily-quota", metavar="N|none", help="Creates per day; default 5000."),
    click.option("--concurrency", metavar="N|auto", help="Calls under way at once; default auto."),
    click.option("--max-rows", type=click.IntRange(1), metavar="N", help="Stop after N rows; exit code 6."),
    click.option("--max-duration", metavar="T", help="Stop after T, like 90s, 30m or 5h; exit code 6."),
)
_PROFILE_KEY = "importer.profile"
"""Where a command keeps the name of the chosen profile, for whatever loads the settings."""


def _use_profile(names: Sequence[str]) -> None:
    """Let the settings be those of this profile; of none if nothing was said."""
    if "" in names:
        raise click.UsageError("The name of a profile is empty; a variable that should hold it may not be set.")
    if len(names) > 1:
        raise click.UsageError(f"Name one profile, not {len(names)}.")
    click.get_current_context().find_root().meta[_PROFILE_KEY] = next(iter(names), None)


_PROFILE = click.option(
    "--profile",
    metavar="NAME",
    multiple=True,
    envvar="IMPORTER_PROFILE",
    expose_value=False,
    callback=lambda _context, _option, names: _use_profile(names),
    help="The settings and the sign-in of [profile.NAME]; none for no profile.",
)
_TWICE = (
    click.option("--allow-duplicates", is_flag=True, help="Identical rows of the file are created each."),
    click.option("--even-if-existing", is_flag=True, help="Rows that exist already are created once more."),
)


_SAID_AGAIN = {
    "kind": "--type",
    "sheet": "--sheet",
    "encoding": "--encoding",
    "delimiter": "--delimiter",
    "map_": "--map",
    "dates": "--dates",
    "tz": "--tz",
    "allow_duplicates": "--allow-duplicates",
    "even_if_existing": "--even-if-existing",
}
_OF_THE_FILE = ("sheet", "encoding", "delimiter")
"""Options that say how one file is stored, and nothing about another that was made from it."""


def _all(*options: Callable[[Command], Command]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return decorate


_HELP = """Import a spreadsheet of coworker calendar mappings into Nexudus: checked first, created exactly once.

\b
  importer check mappings.xlsx            what is wrong with the file; sends nothing
  importer run mappings.xlsx              check, plan, ask, send, report
  importer run mappings.xlsx --sandbox    the same against a practice service on this machine
"""


@click.group(help=_HELP, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="nexudus-importer", prog_name="importer", message="%(prog)s %(version)s")
def importer() -> None:
    """The command and its subcommands."""


# -- importing --------------------------------------------------------------------------------------------------------


@importer.command()
@_FILE
@_PROFILE
@_all(*_READING)
@click.option("--offline", is_flag=True, help="Ask the service nothing; needs no sign-in.")
@click.option("--allow-duplicates", is_flag=True, help="Identical rows are no issue.")
@click.option(
    "--errors-to",
    type=click.Path(path_type=Path),
    metavar="FIX.xlsx",
    help="Write the rows with their wrong cells red.",
)
@click.option("--sandbox", is_flag=True, help="Look names up in a practice service on this machine.")
@_JSON
def check(file: Path, as_json: bool, offline: bool, sandbox: bool, errors_to: Path | None, **options: Any) -> int:
    """Say everything that is wrong with FILE. Sends nothing."""
    from importer import sentences, sources, terminal

    kind, read = _reading(options)
    with _service({}, sandbox) as settings:
        if _profile() and not offline and not settings.can_sign_in:
            _say(f"There is nothing to sign in with as {_profile()}, so no names are looked up.")
        _keep_what_is_loaded()
        source = sources.open_source(file, settings, kind, read)
        seen = sources.examine(source, time.time(), allow_duplicates=options["allow_duplicates"])
        if settings.can_sign_in and not offline:
            from importer.planning import check_names

            console = terminal.Console(yes=True)
            source, seen = _finish(check_names(source, seen, settings, _choices(options), console))
    if errors_to is not None:
        from importer.planning import write_errors

        write_errors(source, seen, errors_to)
    if as_json:
        _put_check(file, seen)
    else:
        terminal.show_source(source, seen.rows)
        terminal.show_issues(seen, stdout=True)
        click.echo(
            f"\n{sentences.count(seen.valid, 'row')} can be imported, {seen.invalid:,} cannot. Nothing was sent.\n"
            + (
                f"Next: correct the red cells in {errors_to}, then: "
                f"importer plan {_with_reading(errors_to, options, _OF_THE_FILE)}"
                if errors_to
                else f"Next: importer plan {_with_reading(file, options)}"
            )
        )
    return Exit.ROWS_FAILED if seen.invalid else Exit.DONE


def _put_check(file: Path, seen: "Examined", **more: Any) -> None:
    """The document, its issues written one by one: as one text a million of them would take three gigabytes."""
    head = {"schema": 1, "file": str(file), "rows": seen.rows, "valid": seen.valid, "invalid": seen.invalid, **more}
    out = sys.stdout
    out.write(json.dumps(head, ensure_ascii=False, indent=2, default=str).removesuffix("\n}"))
    out.write(',\n  "issues": [')
    columns, rows = map(_issue_line, seen.causes.of_columns), seen.causes.by_row(_issue_lines)
    out.writelines(f"{',' if number else ''}\n    {line}" for number, line in enumerate(chain(columns, rows)))
    out.write("\n  ]\n}\n")


def _issue_line(issue: "Issue") -> str:
    return json.dumps({"row": issue.row, "cell": issue.cell, **_issue_words(issue)}, ensure_ascii=False)


def _issue_lines(cause: "Cause") -> "Iterator[str]":
    """The same for each issue of a cause; what is equal but for its place is put into words once."""
    if cause.names_rows:
        yield from map(_issue_line, cause)
        return
    words: dict[tuple[str, str], str] = {}
    for row, value, detail in zip(cause.rows.tolist(), cause.values, cause.details, strict=True):
        if (value, detail) not in words:
            told = _issue_words(cause.issue(row, value, detail))
            words[value, detail] = json.dumps(told, ensure_ascii=False).removeprefix("{")
        yield f'{{"row": {row}, "cell": "{cause.letters}{row}", {words[value, detail]}'


def _issue_words(issue: "Issue") -> dict[str, Any]:
    return {
        "label": issue.label,
        "field": issue.field,
        "code": issue.code,
        "severity": issue.severity.value,
        "value": issue.value,
        "message": issue.message,
        "fix": issue.fix,
    }


@importer.command()
@_FILE
@_PROFILE
@_all(*_READING, *_PACING[:3], *_TWICE)
@click.option("--sandbox", is_flag=True, help="Plan against a practice service on this machine.")
@_JSON
def plan(file: Path, as_json: bool, sandbox: bool, **options: Any) -> int:
    """Check FILE and say how many calls importing it takes, and until when. Sends nothing."""
    from dataclasses import asdict

    from importer import planning, sentences, terminal

    kind, read = _reading(options)
    with _service(_pacing(options), sandbox) as settings:
        source, seen, made, account = _finish(
            planning.plan(file, settings, kind, read, _choices(options), terminal.Console(yes=True))
        )
    if as_json:
        _put_check(file, seen, plan=asdict(made), account=asdict(account))
        return Exit.ROWS_FAILED if seen.invalid else Exit.DONE
    terminal.show_source(source, seen.rows)
    terminal.show_issues(seen, stdout=True)
    click.echo()
    for line in sentences.plan_lines(made, account):
        click.echo(line)
    click.echo(f"Next: importer run {_with_reading(file, options)}")
    return Exit.ROWS_FAILED if seen.invalid else Exit.DONE


@importer.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", "profiles", metavar="NAME", multiple=True, envvar="IMPORTER_PROFILE", help="Once a file.")
@_all(*_READING, *_PACING, *_TWICE, _OUT)
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option("--strict", is_flag=True, help="One invalid row stops all; else the good rows go.")
@click.option("--sandbox", is_flag=True, help="Start a practice service on this machine and import into it.")
@_JSON
def run(files: tuple[Path, ...], profiles: tuple[str, ...], as_json: bool, yes: bool, **options: Any) -> int:
    """Import FILE: check, plan, ask, send, report. Typing it again is always safe.

    Several FILEs are imported at once, the first for the first --profile, the second for the second; with one
    profile or none, all of them one after another. With --out, their reports go into DIR/1, DIR/2 and so on.
    """
    from importer import runs, terminal

    if len(files) > 1:
        return _run_several(files, profiles, as_json, yes, options)
    _use_profile(profiles)
    kind, read = _reading(options)
    console = terminal.Console(yes=yes)
    with _service(_pacing(options), options["sandbox"]) as settings:
        result = _finish(runs.run(files[0], settings, kind, read, _choices(options), console))
    return _end(result, as_json)


def _run_several(
    files: Sequence[Path], profiles: Sequence[str], as_json: bool, yes: bool, options: Mapping[str, Any]
) -> int:
    """Import several files at once."""
    from importer import terminal, together

    if len(profiles) > 1 and len(profiles) != len(files):
        raise click.UsageError(f"There are {len(files)} files and {len(profiles)} profiles; name one for each file.")
    if not yes:
        raise click.UsageError(
            "Several files are imported only with --yes. See first what each of them will do: importer plan FILE"
        )
    kind, read = _reading(options)
    chosen, several = _choices(options), terminal.Several()
    jobs = []
    with ExitStack() as stack:
        _use_profile(profiles[:1])
        shared = stack.enter_context(_service(_pacing(options), True)) if options["sandbox"] else None
        for number, file in enumerate(files):
            if shared is None:
                _use_profile(profiles[number : number + 1] if len(profiles) > 1 else profiles)
            settings = shared or _settings(_pacing(options))
            choices = replace(chosen, profile=_said_profile(), out=chosen.out / f"{number + 1}" if chosen.out else None)
            name = f"{file.name} ({choices.profile})" if choices.profile else file.name
            jobs.append(together.Job(file, settings, kind, read, choices, several.watching(name)))

        async def work() -> list[together.Outcome]:
            with several.sending():
                return await together.run_all(jobs)

        outcomes = _finish(work())
    if as_json:
        _put_json({"schema": 1, "imports": [_told(outcome) for outcome in outcomes]})
    else:
        terminal.show_outcomes(outcomes)
    return max(outcome.exit_code for outcome in outcomes)


def _told(outcome: "Outcome") -> dict[str, Any]:
    told: dict[str, Any] = {"file": str(outcome.job.file), "profile": outcome.job.choices.profile}
    told["exit_code"] = int(outcome.exit_code)
    if outcome.error is not None:
        told |= {"error": outcome.error.message, "advice": outcome.error.advice}
    return told | ({"run": outcome.result.report.summary} if outcome.result else {})


@importer.command()
@_RUN
@_PROFILE
@_all(*_PACING, _OUT)
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@_JSON
def resume(number: int | None, as_json: bool, sandbox: bool, **options: Any) -> int:
    """Go on with RUN where it stopped; by default the latest unfinished one."""
    from importer import runs, terminal

    given = _choices(options)
    changes: dict[str, Any] = {"max_rows": given.max_rows, "max_duration": given.max_duration}
    if given.out is not None:
        changes["out"] = given.out
    with _service_of(number, _pacing(options), sandbox, unfinished=True) as settings:
        result = _finish(runs.resume(number, settings, changes, terminal.Console(yes=True)))
    return _end(result, as_json)


@importer.command()
@_RUN
@_PROFILE
@_all(*_PACING, _OUT)
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@_JSON
def retry(number: int | None, as_json: bool, yes: bool, sandbox: bool, **options: Any) -> int:
    """Send the rejected and unsent rows of RUN again, as a new run; by default of the latest one."""
    from importer import runs, terminal

    with _service_of(number, _pacing(options), sandbox) as settings:
        result = _finish(runs.retry(number, settings, _choices(options), terminal.Console(yes=yes)))
    return _end(result, as_json)


@importer.command()
@_RUN
def stop(number: int | None) -> int:
    """Ask the process that sends RUN to stop after the rows under way; by default every run that is being sent."""
    from importer.standing import ask_to_stop

    for asked, working in ask_to_stop(number, _settings()):
        told = (
            "was asked to stop. Go on later with" if working else "is not being sent; nothing was stopped. Go on with"
        )
        click.echo(f"Run {asked.id} {told}: importer resume {asked.id}")
    return Exit.DONE


@importer.command()
@_RUN
@_PROFILE
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@_JSON
def reconcile(number: int | None, as_json: bool, sandbox: bool) -> int:
    """Settle the rows in doubt of RUN by asking the service what it holds; by default of the latest run."""
    from importer import runs, terminal

    with _service_of(number, {}, sandbox) as settings:
        result = _finish(runs.reconcile(number, settings, terminal.Console(yes=True)))
    return _end(result, as_json)


@importer.command()
@_RUN
@_PROFILE
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@_JSON
def verify(number: int | None, as_json: bool, sandbox: bool) -> int:
    """Compare what RUN created with what the service holds now; by default of the latest run."""
    from importer import afterwards, terminal

    with _service_of(number, {}, sandbox) as settings:
        done = _finish(afterwards.verify_run(number, settings, terminal.Console(yes=True)))
    if as_json:
        _put_json({"schema": 1, "run": done.run.id, "counts": done.counts, "unknown": done.unknown, "file": done.file})
    else:
        terminal.show_verification(done)
    return done.exit_code


@importer.command()
@_RUN
@_PROFILE
@_all(*_PACING[:2])
@click.option("--yes", "-y", is_flag=True, help="Delete without asking.")
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@_JSON
def undo(number: int | None, as_json: bool, yes: bool, sandbox: bool, **options: Any) -> int:
    """Delete what RUN created and nobody changed since; by default of the latest run."""
    from importer import afterwards, terminal

    with _service_of(number, _pacing(options), sandbox) as settings:
        done = _finish(afterwards.undo_run(number, settings, terminal.Console(yes=yes)))
    if done is None:
        click.echo("Nothing was deleted.")
        return Exit.DONE
    if as_json:
        _put_json({"schema": 1, "run": done.run.id, "counts": done.counts, "file": done.file})
    else:
        terminal.show_undoing(done)
    return done.exit_code


# -- looking ----------------------------------------------------------------------------------------------------------


@importer.command()
@_RUN
@_JSON
def status(number: int | None, as_json: bool) -> int:
    """Say how RUN stands; by default the latest one."""
    from importer.standing import standing

    told = standing(number, _settings())
    _put_runs([told], as_json, single=True)
    if not as_json and told["unfinished"]:
        runs = ", ".join(map(str, told["unfinished"]))
        click.echo(f"Unfinished: run {runs}. Go on with: importer resume {told['unfinished'][0]}")
    return Exit.DONE


@importer.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many runs.")
@_JSON
def history(limit: int, as_json: bool) -> int:
    """List the runs, newest first."""
    from importer.standing import standings

    _put_runs(standings(limit, _settings()), as_json)
    return Exit.DONE


@importer.command()
@_RUN
@_OUT
@_JSON
def report(number: int | None, out: Path | None, as_json: bool) -> int:
    """Write the report of RUN anew from the journal; by default of the latest one."""
    from importer import runs

    written = runs.rebuild_report(number, _settings(), out)
    if as_json:
        _put_json(written.summary)
    else:
        click.echo("\n".join(str(path) for path in written.files.values()))
    return Exit.DONE


@importer.command()
@_FILE
@_all(*_READING)
@click.option("--save", is_flag=True, help="Remember --map for every file with the same labels.")
@_JSON
def columns(file: Path, as_json: bool, save: bool, **reading: Any) -> int:
    """Show which column of FILE holds which field, with samples."""
    from importer import mappings, sources, terminal

    kind, read = _reading(reading)
    settings = _settings()
    source = sources.look_at_columns(file, settings, kind, read)
    if save:
        mappings.remember(sources.own_labels(source.sheet), read.map, settings.home)
    found = sources.columns(source)
    if as_json:
        _put_json({"schema": 1, "file": str(file), "columns": found})
    else:
        terminal.show_columns(found, remembered=source.remembered or save)
    return Exit.FILE if sources.missing(source) else Exit.DONE


# -- setting up -------------------------------------------------------------------------------------------------------


@importer.command()
@_PROFILE
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("mappings.xlsx"), show_default=True)
@click.option("--type", "kind", metavar="NAME", help="The record type, when it is not the default.")
@click.option("--offline", is_flag=True, help="No drop-downs with the names that the service lists.")
@click.option("--sandbox", is_flag=True, help="Drop-downs with the names of a practice service.")
def template(output: Path, kind: str | None, offline: bool, sandbox: bool) -> int:
    """Write an empty spreadsheet with the right columns, notes and one example row.

    Whoever is signed in gets drop-downs with the names that the service lists.
    """
    from importer import planning, sentences, terminal
    from importer.spreadsheet.template import write_template

    if output.exists():
        raise click.UsageError(f"{output} exists already; name another file with -o.")
    offers: dict[str, list[str]] = {}
    if not offline:
        try:
            with _service({}, sandbox) as settings:
                offers = _finish(planning.offers(_kind(kind), settings, terminal.Console(yes=True)))
        except (ServiceError, SignInError) as error:
            _say(f"{error.message} So there are no names to choose from in the template.")
    write_template(_kind(kind), output, offers)
    told = [f"{sentences.count(len(names), 'name')} to choose from in {field}" for field, names in offers.items()]
    click.echo(f"{output} is ready{', with ' + ' and '.join(told) if told else ''}.")
    click.echo(f"Fill it in, then: importer check {_quoted(output)}")
    return Exit.DONE


@importer.command()
@click.option("--backup", type=click.Path(dir_okay=False, path_type=Path), help="Write a copy of it, at any time.")
@_JSON
def journal(backup: Path | None, as_json: bool) -> int:
    """Say where the journal is, what it holds and whether it is sound.

    A copy that is put back knows nothing of what was sent after it was made; importer run asks the service for equal
    records before it sends, and finds them.
    """
    from importer.delivery.journal import open_journal

    with open_journal(_settings().journal_url) as opened:
        fault, states, runs = opened.fault(), opened.rows_by_state(), len(opened.runs())
        if backup is not None and not fault:
            opened.back_up(backup)
    size = opened.path.stat().st_size if opened.path else 0
    if as_json:
        counts = {state.value: number for state, number in states.items()}
        found = {"path": str(opened.path), "bytes": size, "runs": runs, "rows": counts, "fault": fault or None}
        _put_json({"schema": 1, **found, "backup": str(backup) if backup else None})
    else:
        click.echo(f"{opened.path}, {size / 1024**2:,.1f} MB, {runs:,} runs, {sum(states.values()):,} rows")
        click.echo("".join(f"  {number:,} {state.value}\n" for state, number in states.items()), nl=False)
        click.echo(f"Damaged: {fault}" if fault else "It is sound.")
        if backup is not None:
            click.echo("No copy was made." if fault else f"Copied to {backup}")
    return Exit.USAGE if fault else Exit.DONE


@importer.command()
@_PROFILE
@_JSON
def config(as_json: bool) -> int:
    """Show every setting, its value and where it comes from."""
    from importer import settings as room

    loaded = room.load(profile=_profile())
    rows = [
        {"setting": name, "value": room.shown(loaded.settings, name), "source": source, "variable": variable}
        for name, source in loaded.sources.items()
        for variable in [room.environment_name(name)]
    ]
    if as_json:
        _put_json({"schema": 1, "settings": rows})
        return Exit.DONE
    for row in rows:
        click.echo(f"{row['setting']:18} {row['value']:44} {row['source']:14} {row['variable']}")
    return Exit.DONE


@importer.command()
@_PROFILE
@_JSON
def doctor(as_json: bool) -> int:
    """Check this installation: Python, journal, disk, settings, sign-in."""
    from importer.doctor import examine

    findings = _finish(examine(_profile()))
    if as_json:
        _put_json({"schema": 1, "findings": [finding._asdict() for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{'ok' if finding.good else 'NO':3} {finding.what}: {finding.seen}")
            if finding.fix:
                click.echo(f"      {finding.fix}")
    return Exit.DONE if all(finding.good for finding in findings) else Exit.USAGE


@importer.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8650, show_default=True)
@click.option("--rate", metavar="N/min|none", default="60/min", show_default=True, help="Creates that it allows.")
@click.option(
    "--daily-quota", metavar="N|none", default="5000", show_default=True, help="Creates a day that it allows."
)
@click.option("--latency", type=float, default=0.0, help="Seconds before each answer.")
@click.option("--fail", type=click.FloatRange(0, 100), default=0.0, metavar="PERCENT", help="Answers that get lost.")
@click.option("--keep", type=click.Path(path_type=Path), help="A file that keeps its records between starts.")
def sandbox(port: int, rate: str, daily_quota: str, latency: float, fail: float, keep: Path | None) -> int:
    """Start a practice service on this machine; Ctrl-C ends it."""
    from importer.practice import serve

    def ready(url: str) -> None:
        click.echo(
            f"A practice service is at {url}. It behaves like the real one and "
            f"{'keeps its records in ' + str(keep) if keep else 'forgets everything at its end'} "
            "(Ctrl-C).\nIn a second terminal, type:\n"
            f"  export NEXUDUS_URL={url} NEXUDUS_USERNAME=ops@example.com NEXUDUS_PASSWORD=practice\n"
            "  importer run samples/calendars.csv"
        )

    try:
        serve(port, rate, daily_quota, latency, fail, keep, ready)
    except OSError as error:
        raise click.UsageError(f"Port {port} cannot be used ({error.strerror}); choose another with --port.") from error
    return Exit.DONE


@importer.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Another one needs people with passwords.")
@click.option("--port", type=click.IntRange(0, 65535), default=8642, show_default=True)
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="A further name under which the pages are asked for."
)
@click.option("--open", "open_browser", is_flag=True, help="Open the browser.")
@click.option("--sandbox", is_flag=True, help="Start a practice service on this machine and import into it.")
@_all(*_PACING[:3])
def serve(host: str, port: int, names: tuple[str, ...], open_browser: bool, sandbox: bool, **options: Any) -> int:
    """Serve the web page; Ctrl-C ends it, and no import with it."""
    from importer import web

    pacing = _pacing(options)
    # Fast enough for practising, slow enough to be watched.
    flags = {"rate": "120/min", "daily_quota": "5000", **pacing} if sandbox else pacing
    with _service(flags, sandbox) as settings:
        address = web.Address(host, port, names, open_browser)
        web.serve(settings, address, lambda url: click.echo(f"Open {url}"), sandbox=sandbox)
    return Exit.DONE


@importer.group()
def people() -> None:
    """Who may use the web page from other machines, with a password and a role."""


@people.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(["viewer", "runner", "admin"]), default="runner", show_default=True)
@click.password_option(help=None, hidden=True)
def add_person(name: str, role: str, password: str) -> int:
    """Let NAME in, or give NAME another password or role."""
    from importer import web

    web.team_of(_settings()).add(name, password, web.Role[role.upper()])
    click.echo(f"{name} may come in as {role}. Begin the page anew if it was served without people.")
    return Exit.DONE


@people.command("remove")
@click.argument("name")
def remove_person(name: str) -> int:
    """Let NAME in no longer."""
    from importer import web

    web.team_of(_settings()).remove(name)
    click.echo(f"{name} may no longer come in.")
    return Exit.DONE


@people.command("list")
def list_people() -> int:
    """List everybody and their roles."""
    from importer import web

    for person in web.team_of(_settings()).people:
        click.echo(f"{person.name}  {person.role.name.lower()}")
    return Exit.DONE


@importer.command()
@_PROFILE
@click.option("--username", prompt="E-mail", help="The e-mail of the Nexudus user.")
@click.password_option(confirmation_prompt=False, help=None, hidden=True)
def login(username: str, password: str) -> int:
    """Sign in and keep the sign-in in this machine's keyring."""
    from importer import credentials, session, settings

    given, profile = {"username": username, "password": password}, _profile()
    loaded = settings.load(given, ignore=("token",), profile=profile).settings
    account = _finish(session.who(loaded))
    credentials.save(loaded.url, username, password, profile)
    click.echo(f"Signed in to {account.space} as {account.user}.")
    return Exit.DONE


@importer.command()
@_PROFILE
def logout() -> int:
    """Take the sign-in out of this machine's keyring."""
    from importer import credentials

    credentials.forget(_settings().url, _profile())
    click.echo("Signed out.")
    return Exit.DONE


@importer.command()
@_PROFILE
@_JSON
def whoami(as_json: bool) -> int:
    """Say who is signed in, and where."""
    from dataclasses import asdict

    from importer.session import who

    settings = _settings()
    account = _finish(who(settings))
    if as_json:
        _put_json({"schema": 1, "url": settings.url, **asdict(account)})
    else:
        click.echo(f"{account.user} in {account.space} ({settings.url})")
    return Exit.DONE


@importer.command("exit-codes")
def exit_codes() -> int:
    """List the exit codes; any other code is a failure too."""
    for code, meaning in EXIT_MEANINGS.items():
        click.echo(f"{int(code):4}  {meaning}")
    return Exit.DONE


# -- from words to values ---------------------------------------------------------------------------------------------


def _settings(flags: Mapping[str, Any] | None = None) -> "Settings":
    from importer import settings

    return settings.load(flags, profile=_profile()).settings


def _profile() -> str | None:
    """The name of the chosen profile, if there is one."""
    return _said_profile() or None


def _said_profile() -> str | None:
    """The same, but "" where somebody said that there is to be none."""
    name = click.get_current_context().find_root().meta.get(_PROFILE_KEY)
    return "" if name == "none" else name


def _pacing(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: options[name] for name in ("rate", "daily_quota", "concurrency") if options.get(name) is not None}


def _choices(options: Mapping[str, Any]) -> "Choices":
    from importer.planning import Choices
    from importer.settings import parse_duration

    duration = options.get("max_duration")
    try:
        seconds = parse_duration(duration) if duration is not None else None
    except ValueError as error:
        raise click.UsageError(f'--max-duration "{duration}": {error}.') from error
    names = ("strict", "allow_duplicates", "even_if_existing", "max_rows", "out")
    return Choices(
        max_duration=seconds,
        picks=_picks(options),
        profile=_said_profile(),
        **{name: options[name] for name in names if name in options},
    )


def _reading(options: Mapping[str, Any]) -> "tuple[RecordType | None, ReadOptions]":
    from zoneinfo import ZoneInfo

    from importer.spreadsheet import ReadOptions

    zone = options.get("tz") or "UTC"
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError) as error:
        raise click.UsageError(f'There is no time zone "{zone}"; write it like Europe/London.') from error
    read = ReadOptions(
        options.get("sheet"),
        options.get("encoding"),
        options.get("delimiter"),
        map=_pairs(options.get("map_") or (), "--map", "LABEL=FIELD"),
        dates=options.get("dates"),
        zone=zone,
    )
    name = options.get("kind")
    return _kind(name) if name else None, read


def _pairs(given: Sequence[str], option: str, form: str) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.rpartition("=")
        if not equals or not name.strip() or not value.strip():
            raise click.UsageError(f'{option} "{text}" is not written like {form}.')
        pairs[name.strip()] = value.strip()
    return pairs


def _picks(options: Mapping[str, Any]) -> dict[str, int]:
    pairs = _pairs(options.get("picks") or (), "--pick", "NAME=ID")
    if wrong := next((value for value in pairs.values() if not value.isdecimal()), None):
        raise click.UsageError(f'--pick: "{wrong}" is no Id; write it like "Boardroom=1414915".')
    return {name: int(value) for name, value in pairs.items()}


def _kind(name: str | None) -> "RecordType":
    from schemas import RECORD_TYPES

    if name is None:
        return next(iter(RECORD_TYPES.values()))
    if name not in RECORD_TYPES:
        raise click.UsageError(f'There is no record type "{name}"; there is {", ".join(RECORD_TYPES)}.')
    return RECORD_TYPES[name]


@contextmanager
def _service(flags: dict[str, Any], sandbox: bool) -> "Iterator[Settings]":
    """The settings to work with; with ``sandbox`` those of a practice service that lives as long as this block."""
    if not sandbox:
        yield _settings(flags)
        return
    if _profile():
        raise click.UsageError("A practice service has no profiles.")
    _use_profile(["none"])
    from importer.practice import practising

    with practising(flags) as settings:
        yield settings


@contextmanager
def _service_of(
    number: int | None, flags: dict[str, Any], sandbox: bool, *, unfinished: bool = False
) -> "Iterator[Settings]":
    """The same for a run, with the profile that it was begun with unless the user named another."""
    if not sandbox:
        from importer.standing import profile_of

        begun_with = profile_of(number, _settings(), unfinished=unfinished)
        if _said_profile() is None and begun_with:
            _use_profile([begun_with])
        elif begun_with and _profile() not in (None, begun_with):
            raise click.UsageError(f"The run was begun with --profile {begun_with}.")
    with _service(flags, sandbox) as settings:
        yield settings


# -- from values to words ---------------------------------------------------------------------------------------------


def _keep_what_is_loaded() -> None:
    """Spare the collector what stays anyway; it would walk through all of it again and again: 6 % of sending."""
    import gc

    gc.freeze()


def _finish(work: "Coroutine[Any, Any, Answer]") -> "Answer":
    """What the work gives; a second Ctrl-C, which cancels it, reads like the first."""
    import asyncio

    _keep_what_is_loaded()
    try:
        return asyncio.run(work)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    except SignInError as error:
        if profile := _profile():
            from importer.settings import where_to_set

            raise SignInError(error.message, where_to_set(profile)) from error
        raise


def _put_json(document: Any) -> None:
    click.echo(json.dumps(document, ensure_ascii=False, indent=2, default=str))


def _put_runs(found: Sequence[Mapping[str, Any]], as_json: bool, *, single: bool = False) -> None:
    if as_json:
        _put_json({"schema": 1, **found[0]} if single else {"schema": 1, "runs": found})
        return
    if not found:
        click.echo("There is no run yet. Start one with: importer run FILE")
    for standing in found:
        told = ", ".join(f"{number:,} {name}" for name, number in standing["counts"].items() if number)
        click.echo(
            f"Run {standing['run']}: {standing['file']}, {standing['state']} ({told or 'no rows planned'}), "
            f"begun {standing['started']}, for {standing['account'] or 'nobody yet'}"
            + (f", --profile {standing['profile']}" if standing["profile"] else "")
        )
        if standing["next"] and single:
            click.echo(f"Next: {standing['next']}")


def _end(result: "Result | None", as_json: bool) -> int:
    from importer import terminal

    if result is None:
        click.echo("Nothing was sent.")
        return Exit.DONE
    if result.message:
        _say(result.message)
    # The import is done and reported; a full disk behind stdout does not make it a failure.
    with suppress(OSError):
        if as_json:
            _put_json(result.report.summary)
        else:
            terminal.show_end(result)
    return result.exit_code


def _with_reading(file: Path, options: Mapping[str, Any], leave_out: Sequence[str] = ()) -> str:
    """The file as it is typed, with the options that say how it was read: without them it would be another import."""
    words = [_quoted(file), *([f"--profile {_quoted(profile)}"] if (profile := _profile()) else [])]
    for name, option in _SAID_AGAIN.items():
        given = options.get(name) if name not in leave_out else None
        values = given if isinstance(given, tuple) else (given,) if given else ()
        words += [option if value is True else f"{option} {_quoted(value)}" for value in values]
    return " ".join(words)


def _quoted(word: Path | str) -> str:
    import shlex

    return shlex.quote(str(word))


def _write_down(error: Exception) -> Path:
    """Where the traceback was written, for whoever mends the importer. It may quote cells, so it is private."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="importer-", suffix=".log", delete=False, encoding="utf-8") as file:
        file.write("".join(traceback.format_exception(error)))
    return Path(file.name)


def main() -> NoReturn:
    """The console script: the one place where errors become words and exit codes."""
    sys.exit(obey(sys.argv[1:]))


def obey(words: Sequence[str]) -> int:
    """Do what the words after ``importer`` say, and give the exit code."""
    try:
        return int(importer(list(words), prog_name="importer", standalone_mode=False) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return Exit.USAGE
    except ImporterError as error:
        _say(f"Error: {error.message}")
        if error.advice:
            _say(error.advice)
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        _say("\nInterrupted. What was sent is in the journal; see it with: importer status")
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001
        _say(f"Error: something went wrong that nobody has foreseen: {type(error).__name__}.")
        _say(f"What was sent is in the journal. The details are in {_write_down(error)}")
        return Exit.USAGE


def _say(text: str) -> None:
    """A line on stderr; nobody there to read it is no reason to end in another way."""
    with suppress(OSError, ValueError):
        click.echo(text, err=True)


if __name__ == "__main__":
    main()
