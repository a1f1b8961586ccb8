"""The commands that only show something: runs, columns, the journal, settings, this installation."""

import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli.answer import Failure, put_json
from importer.cli.completion import complete_types
from importer.cli.lines import put, say
from importer.cli.options import (
    FILE,
    JSON,
    OUT,
    PROFILE,
    READING,
    RUN,
    begin_answer,
    in_use,
    input_file,
    kind_named,
    load_settings,
    profile_name,
    reading_of,
    the_clock,
    with_encoding,
    with_options,
)
from importer.cli.output import finish, instant, put_declined, quoted
from importer.cli.personal_data import export_person
from importer.errors import ErrorCode, Exit, SettingsError, UsageError
from importer.harmless import harmless_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from importer.cli import documents
    from importer.config.probe_file import ProbeResult
    from importer.config.settings import FolderFile
    from importer.journal.senders import Holder
    from importer.runs.doctor import Finding
    from importer.runs.status import RunStatus

_DAMAGED = "Restore a backup of it, then rebuild what is missing: importer journal --rebuild"


@click.command()
@RUN
@JSON
def status(number: int | None, as_json: bool) -> int:
    """Show the state of RUN and what to do next. By default, of the latest run."""
    from importer.cli.step_lines import step_lines
    from importer.runs.status import status_and_others, workers
    from importer.text import moment

    now = the_clock()()
    shown, others, newer = status_and_others(number, load_settings(), now, in_use())
    if as_json:
        put_json({**_document(shown), "unfinished": [run.id for run in others]})
        return Exit.DONE
    _show_status(shown)
    if shown.worker_complaint:
        put(f"The last worker that took it could not go on: {harmless_line(shown.worker_complaint)}")
    if shown.waits_for_worker:
        put(_who_takes_it(workers(load_settings())))
    if shown.sent_again:
        # Here, because `status` must answer at once where there is nothing to say of it.
        from importer.reporting.sentences import sent_again_words

        put(f"{sent_again_words(shown.sent_again)}.")
    _put_next_schedule(number, now)
    at = moment(shown.resume_at, now) if shown.resume_at is not None else ""
    if shown.run.forgotten is not None:
        put(f"Its file and the values of its rows were removed on {moment(shown.run.forgotten, 0.0)}.")
    elif not shown.waits_for_worker:
        for line in step_lines(shown.run, shown.steps, at) or [f"Next: read the report in {shown.run.folder}"]:
            put(line)
    if newer is not None:
        put(f"Run {newer.id} is newer, but of another service or user. To see it: {newer.command('status')}")
    if others:
        numbers = ", ".join(str(run.id) for run in others)
        runs = f"Run {numbers} is" if len(others) == 1 else f"Runs {numbers} are"
        put(f"{runs} unfinished. To continue: {others[0].command('resume')}")
    return Exit.DONE


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many runs to list.")
@JSON
def history(limit: int, as_json: bool) -> int:
    """List the runs, newest first.

    Each line says what became of the records: +12 created, ~3 updated, =40 that were as they should be already.
    """
    from importer.reporting.sentences import change_signs
    from importer.runs.status import latest_statuses

    statuses = latest_statuses(limit, load_settings(), the_clock()())
    if as_json:
        put_json({"runs": [_document(shown) for shown in statuses]})
        return Exit.DONE
    columns = [change_signs(shown.counts) if shown.rows else "-" for shown in statuses]
    width = max(map(len, columns), default=0)
    for shown, column in zip(statuses, columns, strict=True):
        _show_status(shown, f"{column:{width}}  ")
    if not statuses:
        put("There is no run yet. Start one with: importer run FILE")
    return Exit.DONE


@click.command()
@RUN
@OUT
@JSON
def report(number: int | None, out: Path | None, as_json: bool) -> int:
    """Rebuild the report of RUN. By default, of the latest run.

    It is made from the journal and the copy of the file.
    """
    from importer.runs.result import moved_sentences, rebuild_report

    written = rebuild_report(number, load_settings(), out, the_clock()(), in_use())
    for sentence in moved_sentences(written):
        say(sentence)
    if as_json:
        put_json(written.summary)
    else:
        put("\n".join(str(path) for path in written.files.values()))
    return Exit.DONE


@click.command()
@FILE
@with_options(*READING)
@click.option("--save", is_flag=True, help="Save --map for every file with the same headers.")
@JSON
def columns(file: str, as_json: bool, save: bool, **reading: Any) -> int:
    """Show which column of FILE holds which field, with samples."""
    from importer.cli import terminal
    from importer.config.saved_columns import remember
    from importer.journal.shelves import shelf_of
    from importer.runs.source import columns as columns_of
    from importer.runs.source import complaint, look_at_columns, own_labels

    kind, read = reading_of(reading)
    settings = load_settings()
    with input_file(file, settings) as one:
        source = look_at_columns(one.path, settings, kind, with_encoding(one.path, settings, read))
        if save:
            remember(own_labels(source.sheet), read.map, shelf_of(settings.journal_place))
        matched = columns_of(source)
        error = complaint(source)
    document = {"file": str(one), "columns": [asdict(column) for column in matched]}
    if as_json:
        put_json(document)
    else:
        terminal.show_columns(matched, remembered=source.remembered or save)
    if error is None:
        return Exit.DONE
    # Not raised: the table above, or the one document, is the answer. With another exit code than 0 comes a sentence.
    if as_json:
        put_json(document, Failure.of(error))
    say(f"{error.message}\n{error.advice}")
    return error.exit_code


def _put_next_schedule(number: int | None, now: float) -> None:
    """The scheduled import that comes next, for whoever asks about no run in particular."""
    from importer.runs.due_dates import next_due
    from importer.text import moment

    coming = next_due(load_settings(), now) if number is None else None
    if coming is not None:
        name, is_due = harmless_line(Path(coming.schedule.path).name), "is due since" if coming.is_due else "is due"
        put(f"Schedule {coming.schedule.id} ({name}) {is_due} {moment(coming.at, now)}.")


def _show_status(shown: "RunStatus", before: str = "") -> None:
    # A run of the queue has not signed in yet.
    from importer.runs.account_queue import account_of

    run, counts = shown.run, {status.value: number for status, number in shown.counts.items()}
    # Undone rows count as "not sent" there; shown like that, they would look as if they had never existed.
    counts |= {"not sent": shown.unsent, "deleted by undo": shown.removed, "put back by undo": shown.restored}
    rows = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    profile = f", --profile {run.options['profile']}" if run.options.get("profile") else ""
    put(
        f"Run {run.id}: {before}{harmless_line(run.file)}, {shown.state} ({rows or 'nothing sent yet'}), "
        f"started {_instant(run.started)}, for {harmless_line(account_of(run) or 'an unknown account')}{profile}"
    )


def _who_takes_it(workers: "Sequence[Holder]") -> str:
    if not workers:
        return "It waits for a worker, and none is running. To start one: importer worker"
    names = ", ".join(f"process {one.pid}{f' on {one.machine}' if one.machine else ''}" for one in workers)
    running = f"Running {'is' if len(workers) == 1 else 'are'}: {harmless_line(names)}"
    return f"It waits for a worker that can sign in for it and has a place free. {running}."


def _document(shown: "RunStatus") -> "documents.RunState":
    """A run as ``status`` and ``history`` print it with --json."""
    from importer.journal.next_steps import command_of

    run = shown.run
    return {
        "run": run.id,
        "file": run.file,
        "state": shown.state,
        "account": shown.account,
        "profile": run.options.get("profile") or None,
        "url": run.url,
        "rows": run.rows,
        "counts": {status.value: number for status, number in shown.counts.items()},
        "undone": shown.removed + shown.restored,
        "started": instant(run.started),
        "finished": _instant(run.finished),
        "exit_code": run.exit_code,
        "resume_after": _instant(shown.resume_at),
        "folder": str(run.folder),
        "forgotten": _instant(run.forgotten),
        "next": next(filter(None, (command_of(run, step) for step in shown.steps)), None),
    }


def _instant(epoch: float | None) -> str | None:
    return instant(epoch) if epoch is not None else None


@click.command()
@PROFILE
@click.option(
    "--backup",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a backup to this file; possible at any time.",
)
@click.option("--rebuild", is_flag=True, help="Add the records that this installation created and the journal lacks.")
@click.option("--installation", metavar="NAME", help="With --rebuild: another installation's records, as it is named.")
@click.option(
    "--type",
    "kind",
    metavar="NAME",
    shell_complete=complete_types,
    help="With --rebuild: the record type, if not the default one.",
)
@click.option("--export-person", "person", metavar="E-MAIL", help="Show everything that is stored about this person.")
@JSON
def journal(backup: Path | None, rebuild: bool, person: str | None, as_json: bool, **options: Any) -> int:
    """Show where the journal is and whether it is intact.

    A restored backup does not know what was sent after it was made. importer run finds those records anyway, because
    it compares with the service before it sends anything. With --rebuild, they can also be verified and undone, if
    importer doctor --probe has shown before that Nexudus keeps the marks by which they are recognised.
    """
    if rebuild and backup is not None:
        raise click.UsageError("--rebuild and --backup do not go together. Make the backup first.")
    if person is not None and (rebuild or backup is not None):
        raise click.UsageError("--export-person goes with --json only.")
    if rebuild:
        return _rebuild(as_json, **options)
    if chosen := next((name for name, value in options.items() if value), None):
        raise click.UsageError(f"--{'type' if chosen == 'kind' else chosen} goes with --rebuild.")
    if person is not None:
        return export_person(person, as_json)
    from importer.journal.journal import open_journal
    from importer.text import count

    with open_journal(load_settings().journal_place) as opened:
        fault, states, runs = opened.fault(), opened.views.rows_by_state(), len(opened.runs.latest())
        if backup is not None and not fault:
            opened.back_up(backup)
    size = opened.path.stat().st_size if opened.path else 0
    if as_json:
        counts = {state.value: number for state, number in states.items()}
        facts = {"path": opened.name, "bytes": size, "runs": runs, "rows": counts, "fault": fault or None}
        made = str(backup) if backup is not None and not fault else None
        failure = Failure(ErrorCode.JOURNAL, f"The journal is damaged: {fault}", _DAMAGED) if fault else None
        put_json({**facts, "backup": made}, failure)
    else:
        put(f"{opened.name}, {size / 1024**2:,.1f} MB, {count(runs, 'run')}, {count(sum(states.values()), 'row')}")
        put("".join(f"  {number:,} {state.value}\n" for state, number in states.items()), end="")
        put(f"Damaged: {fault}" if fault else "The journal is intact.")
        if backup is not None:
            put("No backup was made." if fault else f"Backup written to {backup}")
    return Exit.USAGE if fault else Exit.DONE


def _rebuild(as_json: bool, *, installation: str | None, kind: str | None) -> int:
    from importer.cli import terminal
    from importer.runs.rebuild import RebuildRequest, rebuild_journal
    from importer.runs.request import Choices

    clock = the_clock()
    console, choices = terminal.Console(clock, yes=True), Choices(profile=profile_name())
    request = RebuildRequest(load_settings(), console, clock, kind_named(kind), installation, choices)
    rebuilt = finish(rebuild_journal(request))
    if as_json:
        put_json(
            {
                "run": rebuilt.run.id if rebuilt.run else None,
                "records": rebuilt.records,
                "in_journal": rebuilt.in_journal,
                "blocked": list(rebuilt.blocked),
                "twins": [list(numbers) for numbers in rebuilt.twins],
                "other_installations": dict(rebuilt.others),
                "nothing_sent_before": _instant(rebuilt.until),
                "folder": str(rebuilt.run.folder) if rebuilt.run else None,
            },
            Failure.by_exit_code(rebuilt.exit_code, " ".join(terminal.rebuilt_lines(rebuilt, clock()))),
        )
    else:
        terminal.show_rebuilt(rebuilt, clock())
    return rebuilt.exit_code


@click.group(invoke_without_command=True)
@PROFILE
@JSON
@click.pass_context
def config(context: click.Context, as_json: bool) -> int:
    """Show every setting, its value and where the value comes from."""
    from importer.cli.rates import rate_lines
    from importer.config import settings as room
    from importer.config.call_limits import below_rate
    from importer.config.trust import trusted

    if context.invoked_subcommand is not None:
        return Exit.DONE
    as_json = begin_answer(context, as_json)
    profile = profile_name()
    loaded = room.load(profile=profile)
    folders = sorted(trusted(room.trusting_home()))
    rows = [
        {"setting": name, "value": room.shown(loaded.settings, name), "source": source, "variable": variable}
        for name, source in loaded.sources.items()
        for variable in [room.variable_of(name, profile)]
    ]
    lower = below_rate(loaded.settings)
    if as_json:
        put_json({"settings": rows, "trusted_folders": folders, "below_rate": lower})
        return Exit.DONE
    for row in rows:
        put(f"{row['setting']:18} {row['value']:44} {row['source']:14} {row['variable']}")
    for line in rate_lines(str(loaded.settings.rate), lower.items()) if lower else ():
        put(line)
    for folder in folders:
        put(f"Trusted folder: {folder}. To trust it no longer: importer config trust --remove {quoted(folder)}")
    return Exit.DONE


@config.command("trust")
@click.argument("folder", type=click.Path(path_type=Path), default=Path())
@click.option("--remove", is_flag=True, help="Trust the folder no longer.")
@click.option("--yes", "-y", is_flag=True, help="Trust it without asking.")
@JSON
def trust_folder(folder: Path, remove: bool, yes: bool, as_json: bool) -> int:
    """Let importer.toml in FOLDER say where secrets go.

    By default, FOLDER is the current folder. The file is trusted as it is now: once it changes, you are asked again.
    """
    from importer.config import settings as room
    from importer.config import trust

    if remove:
        return _distrust(folder, as_json)
    file = room.folder_file(folder)
    if file is None or not file.destinations:
        sentence = f"{folder / room.FOLDER_FILE} says nothing about where secrets go, so there is nothing to trust."
        return _end_trust(folder, None, sentence, as_json)
    # In the way of no document: then these are on stderr.
    put(f"{file.path} decides where passwords, tokens and data go:")
    for each in file.destinations:
        put(f"  {harmless_line(f'{each.key} = {each.shown}{each.where}')}")
    if not yes and not sys.stdin.isatty():
        raise UsageError("Nothing was trusted: there is no terminal to ask you on.", "To trust it anyway, add --yes.")
    if not yes and not click.confirm("Trust this file as it is now?", err=True):
        return _end_trust(folder, file, "Nothing was trusted.", as_json)
    for home in file.homes:
        trust.trust(home, file.path.parent, file.content)
    sentence = f"Trusted. To trust it no longer: importer config trust --remove {quoted(file.path.parent)}"
    return _end_trust(folder, file, sentence, as_json, is_trusted=True)


def _end_trust(
    folder: Path, file: "FolderFile | None", sentence: str, as_json: bool, *, is_trusted: bool = False
) -> int:
    if as_json:
        destinations: list[documents.Destination] = [
            {"key": f"{each.key}{each.where}", "value": each.shown} for each in (file.destinations if file else ())
        ]
        document: documents.Trust = {
            "folder": str(folder.resolve()),
            "trusted": is_trusted,
            "destinations": destinations,
        }
        put_json(document)
    else:
        put(sentence)
    return Exit.DONE


def _distrust(folder: Path, as_json: bool) -> int:
    from importer.config import settings as room
    from importer.config import trust

    # By its path alone: the folder, or its file, may be gone or damaged by now.
    homes = [room.trusting_home()]
    with suppress(SettingsError):
        homes += file.homes[1:] if (file := room.folder_file(folder)) is not None else ()
    was_trusted = [trust.distrust(home, folder) for home in homes if home.is_dir()]
    sentence = f"{folder.resolve()} {'is no longer trusted' if any(was_trusted) else 'was not trusted'}."
    return _end_trust(folder, None, sentence, as_json)


@click.command()
@PROFILE
@click.option("--probe", is_flag=True, help="Find out how Nexudus behaves, with a test record that is deleted again.")
@click.option("--yes", "-y", is_flag=True, help="With --probe: create the test record without asking.")
@click.option("--resource", type=click.IntRange(1), metavar="ID", help="With --probe: the resource to name in it.")
@click.option("--coworker", type=click.IntRange(1), metavar="ID", help="With --probe: the coworker to name in it.")
@click.option(
    "--type",
    "kind",
    metavar="NAME",
    shell_complete=complete_types,
    help="With --probe: the record type, if not the default one.",
)
@JSON
def doctor(as_json: bool, probe: bool, **options: Any) -> int:
    """Check this installation, from Python to the sign-in.

    Also shows what the latest probe has found out about Nexudus.
    """
    if probe:
        return _probe(as_json, **options)
    if chosen := next((name for name, value in options.items() if value), None):
        raise click.UsageError(f"--{'type' if chosen == 'kind' else chosen} goes with --probe.")
    from importer.cli import terminal
    from importer.runs.doctor import diagnose

    findings, probes = finish(diagnose(profile_name(), the_clock()))
    if as_json:
        parts = [finding.document for finding in findings]
        bad = [finding for finding in findings if not finding.good]
        failure = Failure(ErrorCode.FINDINGS, _listed(bad), " ".join(filter(None, (one.fix for one in bad))))
        put_json({"findings": parts, "probes": [_probe_document(result) for result in probes]}, failure)
    else:
        for finding in findings:
            put(f"{'ok' if finding.good else 'NO':3} {finding.what}: {finding.detail}")
            if finding.fix:
                put(f"      {finding.fix}")
        for result in probes:
            terminal.show_probe(result, the_clock()())
        if not probes:
            put("To find out how Nexudus behaves with a test record: importer doctor --probe")
    return Exit.DONE if all(finding.good for finding in findings) else Exit.USAGE


def _listed(bad: "Sequence[Finding]") -> str:
    return "; ".join(f"{finding.what}: {finding.detail}" for finding in bad)


def _probe(as_json: bool, *, yes: bool, resource: int | None, coworker: int | None, kind: str | None) -> int:
    from importer.cli import terminal
    from importer.runs.probe import ProbeRequest, probe_service

    if as_json and not yes:
        raise click.UsageError("--probe with --json asks no question. To create the test record, add --yes.")
    clock = the_clock()
    console = terminal.Console(clock, yes=yes)
    ids = {relation: number for relation, number in (("Resource", resource), ("Coworker", coworker)) if number}
    done = finish(probe_service(ProbeRequest(load_settings(), console, clock, kind_named(kind), ids)))
    if done is None:
        put_declined("Nothing was created.", as_json)
        return Exit.DONE
    if done.message:
        say(done.message)
    if as_json:
        failure = Failure.by_exit_code(done.exit_code, done.message)
        put_json({"probes": [_probe_document(done.result)]}, failure)
    else:
        terminal.show_probe(done.result, clock())
    return done.exit_code


def _probe_document(result: "ProbeResult") -> "documents.Probe":
    from importer.config.probe_file import STATEMENTS

    answers: list[documents.PointAnswer] = [
        {"point": point, "statement": statement, "answer": one.answer.value, "detail": one.detail}
        for point, statement in STATEMENTS.items()
        for one in [result.observation(point)]
    ]
    return {
        "host": result.host,
        "kind": result.kind,
        "path": result.path,
        "account": result.account,
        "probed": _instant(result.probed or None),
        "answers": answers,
        "leftover": result.leftover or None,
    }


COMMANDS = (status, history, report, columns, journal, config, doctor)
