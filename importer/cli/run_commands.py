"""The commands that check, send, settle and take back."""

import json
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli.options import (
    FILE,
    JSON,
    OUT,
    PACING,
    PROFILE,
    READING,
    RUN,
    TWICE,
    choices_of,
    load_settings,
    pacing_of,
    profile_name,
    reading_of,
    said_profile,
    service,
    service_of,
    the_clock,
    use_profile,
    with_options,
)
from importer.cli.output import OF_THE_FILE, finish, freeze_gc, put_end, put_json, say, with_reading
from importer.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importer.checking import Cause
    from importer.issues import Issue
    from importer.runs.batch import Outcome
    from importer.runs.source import Examined


@click.command()
@FILE
@PROFILE
@with_options(*READING)
@click.option("--offline", is_flag=True, help="Ask the service nothing; needs no sign-in.")
@click.option("--allow-duplicates", is_flag=True, help="Identical rows are no issue.")
@click.option(
    "--errors-to",
    type=click.Path(path_type=Path),
    metavar="FIX.xlsx",
    help="Write the rows with their wrong cells red.",
)
@click.option("--sandbox", is_flag=True, help="Look names up in a practice service on this machine.")
@JSON
def check(file: Path, as_json: bool, offline: bool, sandbox: bool, errors_to: Path | None, **options: Any) -> int:
    """Say everything that is wrong with FILE. Sends nothing."""
    from importer import text
    from importer.cli import terminal
    from importer.runs.source import examine, open_source

    (kind, read), clock = reading_of(options), the_clock()
    with service({}, sandbox) as settings:
        if profile_name() and not offline and not settings.can_sign_in:
            say(f"There is nothing to sign in with as {profile_name()}, so no names are looked up.")
        freeze_gc()
        source = open_source(file, settings, kind, read)
        seen = examine(source, clock(), allow_duplicates=options["allow_duplicates"])
        if settings.can_sign_in and not offline:
            from importer.runs.plan import check_names

            console = terminal.Console(clock, yes=True)
            source, seen = finish(check_names(source, seen, settings, choices_of(options), console, clock))
    if errors_to is not None:
        from importer.runs.plan import write_errors

        write_errors(source, seen, errors_to, clock())
    if as_json:
        _put_check(file, seen, notices=[notice.document for notice in source.sheet.notices])
    else:
        terminal.show_source(source, seen.rows)
        terminal.show_issues(seen, stdout=True)
        said = options | {"sandbox": sandbox}
        click.echo(
            f"\n{text.count(seen.valid, 'row')} can be imported, {seen.invalid:,} cannot. Nothing was sent.\n"
            + (
                f"Next: correct the red cells in {errors_to}, then: "
                f"importer plan {with_reading(errors_to, said, OF_THE_FILE)}"
                if errors_to
                else f"Next: importer plan {with_reading(file, said)}"
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


@click.command()
@FILE
@PROFILE
@with_options(*READING, *PACING[:3], *TWICE)
@click.option("--sandbox", is_flag=True, help="Plan against a practice service on this machine.")
@JSON
def plan(file: Path, as_json: bool, sandbox: bool, **options: Any) -> int:
    """Check FILE and say how many calls importing it takes, and until when. Sends nothing."""
    from dataclasses import asdict

    from importer import text
    from importer.cli import terminal
    from importer.runs import plan

    (kind, read), clock = reading_of(options), the_clock()
    with service(pacing_of(options), sandbox) as settings:
        source, seen, made, account = finish(
            plan.plan(file, settings, kind, read, choices_of(options), terminal.Console(clock, yes=True), clock)
        )
    if as_json:
        _put_check(file, seen, plan=asdict(made), account=asdict(account))
        return Exit.ROWS_FAILED if seen.invalid or made.differing else Exit.DONE
    terminal.show_source(source, seen.rows)
    terminal.show_issues(seen, stdout=True)
    click.echo()
    for line in text.plan_lines(made, account):
        click.echo(line)
    said = options | {"sandbox": sandbox}
    click.echo(f"Next: importer run {with_reading(file, said)}")
    return Exit.ROWS_FAILED if seen.invalid or made.differing else Exit.DONE


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--profile", "profiles", metavar="NAME", multiple=True, envvar="IMPORTER_PROFILE", help="Once a file.")
@with_options(*READING, *PACING, *TWICE, OUT)
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option("--strict", is_flag=True, help="One invalid row stops all; else the good rows go.")
@click.option("--sandbox", is_flag=True, help="Start a practice service on this machine and import into it.")
@JSON
def run(files: tuple[Path, ...], profiles: tuple[str, ...], as_json: bool, yes: bool, **options: Any) -> int:
    """Import FILE: check, plan, ask, send, report. Typing it again is always safe.

    Several FILEs are imported at once, the first for the first --profile, the second for the second; with one
    profile or none, all of them one after another. With --out, their reports go into DIR/1, DIR/2 and so on.
    """
    from importer.cli import terminal
    from importer.runs.run import run as run_file

    if len(files) > 1:
        return _run_several(files, profiles, as_json, yes, options)
    use_profile(profiles)
    (kind, read), clock = reading_of(options), the_clock()
    console = terminal.Console(clock, yes=yes)
    with service(pacing_of(options), options["sandbox"]) as settings:
        result = finish(run_file(files[0], settings, kind, read, choices_of(options), console, clock))
    return put_end(result, as_json)


def _run_several(
    files: Sequence[Path], profiles: Sequence[str], as_json: bool, yes: bool, options: Mapping[str, Any]
) -> int:
    """Import several files at once."""
    from importer.cli import terminal
    from importer.runs import batch

    if len(profiles) > 1 and len(profiles) != len(files):
        raise click.UsageError(f"There are {len(files)} files and {len(profiles)} profiles; name one for each file.")
    if not yes:
        raise click.UsageError(
            "Several files are imported only with --yes. See first what each of them will do: importer plan FILE"
        )
    kind, read = reading_of(options)
    chosen, several = choices_of(options), terminal.BatchConsole(the_clock())
    jobs = []
    with ExitStack() as stack:
        use_profile(profiles[:1])
        shared = stack.enter_context(service(pacing_of(options), True)) if options["sandbox"] else None
        for number, file in enumerate(files):
            if shared is None:
                use_profile(profiles[number : number + 1] if len(profiles) > 1 else profiles)
            settings = shared or load_settings(pacing_of(options))
            choices = replace(
                chosen,
                profile=said_profile(),
                one_for_all=len(profiles) == 1,
                out=chosen.out / f"{number + 1}" if chosen.out else None,
            )
            name = f"{file.name} ({choices.profile})" if choices.profile else file.name
            jobs.append(batch.Job(file, settings, kind, read, choices, several.watching(name)))

        async def work() -> list[batch.Outcome]:
            with several.sending():
                return await batch.run_all(jobs, the_clock())

        outcomes = finish(work())
    if as_json:
        put_json({"schema": 1, "imports": [_told(outcome) for outcome in outcomes]})
    else:
        terminal.show_outcomes(outcomes)
    return max(outcome.exit_code for outcome in outcomes)


def _told(outcome: "Outcome") -> dict[str, Any]:
    told: dict[str, Any] = {"file": str(outcome.job.file), "profile": outcome.job.choices.profile}
    told["exit_code"] = int(outcome.exit_code)
    if outcome.error is not None:
        told |= {"error": outcome.error.message, "advice": outcome.error.advice}
    return told | ({"run": outcome.result.report.summary} if outcome.result else {})


@click.command()
@RUN
@PROFILE
@with_options(*PACING, OUT)
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@JSON
def resume(number: int | None, as_json: bool, sandbox: bool, **options: Any) -> int:
    """Go on with RUN where it stopped; by default the latest unfinished one."""
    from importer.cli import terminal
    from importer.runs.run import resume as resume_run

    given, clock = choices_of(options), the_clock()
    changes: dict[str, Any] = {"max_rows": given.max_rows, "max_duration": given.max_duration}
    if given.out is not None:
        changes["out"] = given.out
    with service_of(number, pacing_of(options), sandbox, unfinished=True) as settings:
        result = finish(resume_run(number, settings, changes, terminal.Console(clock, yes=True), clock))
    return put_end(result, as_json)


@click.command()
@RUN
@PROFILE
@with_options(*PACING, OUT)
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@JSON
def retry(number: int | None, as_json: bool, yes: bool, sandbox: bool, **options: Any) -> int:
    """Send the rejected and unsent rows of RUN again, as a new run; by default of the latest one."""
    from importer.cli import terminal
    from importer.runs.run import retry as retry_run

    clock = the_clock()
    with service_of(number, pacing_of(options), sandbox) as settings:
        choices = choices_of(options | {"sandbox": sandbox})
        result = finish(retry_run(number, settings, choices, terminal.Console(clock, yes=yes), clock))
    return put_end(result, as_json)


@click.command()
@RUN
def stop(number: int | None) -> int:
    """Ask the process that sends RUN to stop after the rows under way; by default every run that is being sent."""
    from importer.runs.status import ask_to_stop

    for asked, working in ask_to_stop(number, load_settings()):
        told = (
            "was asked to stop. Go on later with" if working else "is not being sent; nothing was stopped. Go on with"
        )
        click.echo(f"Run {asked.id} {told}: importer resume {asked.id}")
    return Exit.DONE


@click.command()
@RUN
@PROFILE
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@JSON
def reconcile(number: int | None, as_json: bool, sandbox: bool) -> int:
    """Settle the rows in doubt of RUN by asking the service what it holds; by default of the latest run."""
    from importer.cli import terminal
    from importer.runs.run import reconcile as reconcile_run

    clock = the_clock()
    with service_of(number, {}, sandbox) as settings:
        result = finish(reconcile_run(number, settings, terminal.Console(clock, yes=True), clock))
    return put_end(result, as_json)


@click.command()
@RUN
@PROFILE
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@JSON
def verify(number: int | None, as_json: bool, sandbox: bool) -> int:
    """Compare what RUN created with what the service holds now; by default of the latest run."""
    from importer.cli import terminal
    from importer.runs import verify

    clock = the_clock()
    with service_of(number, {}, sandbox) as settings:
        done = finish(verify.verify_run(number, settings, terminal.Console(clock, yes=True), clock))
    if as_json:
        put_json({"schema": 1, "run": done.run.id, "counts": done.counts, "unknown": done.unknown, "file": done.file})
    else:
        terminal.show_verification(done)
    return done.exit_code


@click.command()
@RUN
@PROFILE
@with_options(*PACING[:2])
@click.option("--yes", "-y", is_flag=True, help="Delete without asking.")
@click.option("--sandbox", is_flag=True, help="The run was one with --sandbox.")
@JSON
def undo(number: int | None, as_json: bool, yes: bool, sandbox: bool, **options: Any) -> int:
    """Delete what RUN created and nobody changed since; by default of the latest run."""
    from importer.cli import terminal
    from importer.runs.undo import undo_run

    clock = the_clock()
    with service_of(number, pacing_of(options), sandbox) as settings:
        done = finish(undo_run(number, settings, terminal.Console(clock, yes=yes), clock))
    if done is None:
        click.echo("Nothing was deleted.")
        return Exit.DONE
    if as_json:
        put_json({"schema": 1, "run": done.run.id, "counts": done.counts, "file": done.file})
    else:
        terminal.show_undoing(done)
    return done.exit_code


COMMANDS = (check, plan, run, resume, retry, stop, reconcile, verify, undo)
