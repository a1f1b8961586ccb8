"""The commands that check, plan, send, settle, verify and undo."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import click

from importer.api import MOST_SPEED
from importer.cli.answer import Failure, answer, put_json
from importer.cli.completion import complete_profiles, complete_runs
from importer.cli.lines import put, say, service_log
from importer.cli.notifying import NOTIFY, WorkerMessages, expect_end
from importer.cli.options import (
    FILES,
    JSON,
    KEY,
    LOG_FILE,
    OUT,
    PACING,
    PROFILE,
    PROGRESS,
    READING,
    RUN,
    TWICE,
    UPDATE,
    WAIT,
    WITHOUT_LIST,
    import_request,
    in_use,
    input_files,
    load_settings,
    only_file,
    pacing_of,
    practises,
    profile_name,
    run_request,
    service,
    service_of,
    settings_in_use,
    the_clock,
    typed,
    use_profile,
    with_options,
)
from importer.cli.output import (
    OF_TEXT_FILES,
    OF_THE_FILE,
    failure_of,
    finish,
    freeze_gc,
    instant,
    put_declined,
    put_end,
    with_reading,
)
from importer.cli.personal_data import keep_to_retention
from importer.errors import Exit, ImporterError, SignInError, StoppedError, gravest
from importer.harmless import harmless_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from importer.checking import Cause
    from importer.cli import documents
    from importer.cli.capture import Place
    from importer.cli.terminal import BatchConsole
    from importer.config.settings import Settings
    from importer.issues import Issue
    from importer.journal.runs import Run
    from importer.runs.batch import JobResult
    from importer.runs.incoming import InputFile
    from importer.runs.named_files import NamedFiles
    from importer.runs.plan import ComparedFile
    from importer.runs.processes import ProcessPool, Watch
    from importer.runs.progress_file import ProgressFile
    from importer.runs.request import ImportRequest
    from importer.runs.source import CheckResult
    from importer.runs.status import StopRequest
    from importer.runs.worker import EndedWork


def work_file(path: Path | None) -> "ProgressFile | None":
    """Where the page that has started this command looks how far it is; None if no page has."""
    from importer.runs.progress_file import ProgressFile

    return None if path is None else ProgressFile(path, the_clock())


def noting_errors(work: "ProgressFile | None") -> AbstractContextManager[None]:
    """While a command is at work: an error is noted for the page that has started it, if one has."""
    return nullcontext() if work is None else work.noting_errors()


@dataclass(frozen=True)
class _Findings:
    """What a command says of one file: ``document`` are the members beside those of the check, ``show`` the sentences.

    ``show_end`` are the last of them, with what to do next if the file is alone.
    """

    result: "CheckResult"
    exit_code: Exit
    document: Mapping[str, Any]
    show: Callable[[], None]
    show_end: "_ShowEnd"


class _ShowEnd(Protocol):
    def __call__(self, *, alone: bool) -> None: ...


@click.command()
@FILES
@PROFILE
@with_options(*READING, KEY)
@click.option("--offline", is_flag=True, help="Do not call the service; needs no sign-in.")
@click.option("--allow-duplicates", is_flag=True, help="Do not report rows that repeat each other.")
@click.option(
    "--errors-to",
    type=click.Path(path_type=Path),
    metavar="FIX.xlsx",
    help="Write a workbook with the wrong cells in red.",
)
@click.option("--sandbox", is_flag=True, help="Look up names in a practice service on this machine.")
@click.option(
    "--workers",
    type=click.IntRange(1),
    metavar="N",
    help="Check N files at once, if no names are looked up. Default: 1.",
)
@JSON
def check(
    files: tuple[str, ...],
    as_json: bool,
    offline: bool,
    sandbox: bool,
    errors_to: Path | None,
    workers: int | None,
    **options: Any,
) -> int:
    """List everything that is wrong with FILE. Sends nothing.

    A FILE can be a folder or a pattern as well, and "-" is the standard input. Rows of several FILEs that are for one
    record are errors. If you are signed in, the rows are compared with what Nexudus holds. The exit code is about the
    files alone: 1 if a row has an error.
    """
    from importer.cli import terminal
    from importer.runs.named_files import named_files

    options, named = options | {"sandbox": sandbox}, named_files(files)
    if named.several and errors_to is not None:
        raise click.UsageError("--errors-to takes one FILE, and no folder or pattern.")
    with service({}, sandbox) as settings, input_files(named, settings) as inputs:
        if profile_name() and not offline and not settings.can_sign_in:
            say(f"Names are not looked up, and rows not compared: profile {profile_name()} has no sign-in.")
        freeze_gc()
        online = settings.can_sign_in and not offline
        processes = 1 if online else processes_for(inputs, workers)
        if online and (workers or 1) > 1:
            say("Names are looked up, so the files are checked one after another. To use --workers, add --offline.")

        def work(file: "InputFile", request: "ImportRequest") -> _Findings:
            return _check_file(file, request, options, errors_to, online=online)

        if named.several:
            if processes > 1:
                code = _check_in_processes(inputs, settings, options, processes, as_json=as_json)
            else:
                code = _answer_several(inputs, settings, options, work, as_json=as_json, online=online)
            if not as_json:
                put(f"\nNothing was sent. Next: importer plan {with_reading(*typed(files), options=options)}")
            return code
        file = only_file(inputs)
        request = import_request(file, settings, terminal.Console(the_clock(), yes=True), options)
        return _put_answer(file, work(file, request), as_json)


def _check_file(
    file: "InputFile", request: "ImportRequest", options: Mapping[str, Any], errors_to: Path | None, *, online: bool
) -> _Findings:
    from importer.cli import terminal
    from importer.runs.source import examine, open_requested

    source = open_requested(request)
    result = examine(source, request.clock(), allow_duplicates=request.choices.allow_duplicates)
    compared = None
    if online:
        from importer.runs.plan import check_with_service

        compared = finish(check_with_service(source, result, request))
        source, result = compared.source, compared.result
        if compared.plan is not None and compared.plan.update and not compared.plan.create:
            # A plan without it would have nothing to do.
            options = {**options, "update": True}
    to_correct = None
    if errors_to is not None:
        from importer.runs.plan import write_errors

        copy = write_errors(source, result, errors_to, request.clock())
        if copy.notice:
            say(copy.notice.message)
        if result.invalid:
            leave_out = OF_TEXT_FILES if copy.is_own else OF_THE_FILE
            to_correct = with_reading(errors_to, options=options, leave_out=leave_out)

    def show() -> None:
        terminal.show_source(source, result.rows)
        terminal.show_issues(result, stdout=True)
        if compared is not None and compared.plan is not None:
            terminal.show_comparison(compared.plan, compared.account)

    def show_end(*, alone: bool) -> None:
        again = with_reading(file.typed, options=options)
        terminal.show_check_end(result, _after_check(again, errors_to, to_correct, result) if alone else "")

    notices = [notice.document for notice in source.sheet.notices]
    code = Exit.ROWS_FAILED if result.invalid else Exit.DONE
    return _Findings(result, code, {"notices": notices, "comparison": _comparison(compared)}, show, show_end)


def _put_answer(file: "InputFile", findings: _Findings, as_json: bool) -> int:
    if as_json:
        _put_check(file, findings)
    else:
        findings.show()
        findings.show_end(alone=True)
    return findings.exit_code


def _answer_several(
    inputs: "Sequence[InputFile]",
    settings: "Settings",
    options: Mapping[str, Any],
    work: "Callable[[InputFile, ImportRequest], _Findings]",
    *,
    as_json: bool,
    online: bool,
) -> int:
    """What a command says of several files, one after another; one that cannot be read stops no other."""
    from importer.cli import terminal
    from importer.runs.batch_repeats import compared_with_each_other

    if online and settings.totp is not None and len(inputs) > 1:
        raise click.UsageError("A two-factor code works once, and each file needs one. Set NEXUDUS_TOKEN instead.")
    consoles = terminal.BatchConsole(the_clock(), answer().log)
    requests = [import_request(file, settings, consoles.watching(file.name), options) for file in inputs]
    readable = [place for place, file in enumerate(inputs) if file.error is None]
    compared = finish(compared_with_each_other([requests[place] for place in readable], online=online))
    for place, request in zip(readable, compared, strict=True):
        requests[place] = request
    work = _until_refused(work)
    files = zip(inputs, requests, strict=True)
    return _put_answers((_answer_one_of_several(*each, work, as_json=as_json) for each in files), as_json=as_json)


def _put_answers(answers: "Iterable[tuple[_End, Iterable[str]]]", *, as_json: bool) -> int:
    """How the command ends, once each of its files has been shown or is in its document."""
    ends = list[_End]()

    def documents() -> "Iterator[Iterable[str]]":
        for end, document in answers:
            ends.append(end)
            yield document

    if as_json:
        answer().put_with_lines({}, "files", documents())
    else:
        for _ in documents():
            pass
        _put_sum([end.exit_code for end in ends])
    code = gravest(end.exit_code for end in ends)
    if as_json:
        answer().end_with({"exit_code": int(code)}, next(end.failure for end in ends if end.exit_code is code))
    return code


def processes_for(files: "Sequence[InputFile]", workers: int | None) -> int:
    """How many processes check these files: as many as the user said, but no more than there are files."""
    # One unless the user says more: a process takes a second and 200 MB to start, which few folders are worth.
    return min(workers or 1, sum(file.error is None and file.path.is_file() for file in files))


def _check_in_processes(
    inputs: "Sequence[InputFile]", settings: "Settings", options: Mapping[str, Any], processes: int, *, as_json: bool
) -> int:
    """The same for a check that calls no service, on several processors; a file whose process dies stops no other."""
    from importer.cli import terminal
    from importer.runs.batch_repeats import compared_in_processes
    from importer.runs.incoming import private_folder
    from importer.runs.observer import NullObserver
    from importer.runs.processes import ProcessPool
    from importer.runs.request import portable

    files = list(inputs)
    readable = [place for place, file in enumerate(files) if file.error is None]
    requests = [import_request(files[place], settings, NullObserver(), options) for place in readable]
    with private_folder(settings.home) as folder, ProcessPool(processes) as pool:
        with terminal.file_bar() as watch:
            compared, killed = compared_in_processes(requests, pool, watch)
        for number, error in killed.items():
            files[readable[number]] = replace(files[readable[number]], error=error)
        tasks = [
            _CheckTask(files[place], *portable(request), options, _place_of(place, folder, as_json=as_json))
            for place, request in zip(readable, compared, strict=True)
            if files[place].error is None
        ]
        # Results that are printed on the terminal are the better bar.
        with terminal.file_bar(is_hidden=not as_json and sys.stdout.isatty()) as watch:
            return _put_answers(_answers_of(files, tasks, pool, watch), as_json=as_json)


class _CheckTask(NamedTuple):
    """A file that another process is to check, and where it leaves what is to be printed; ``kind`` as said."""

    file: "InputFile"
    request: "ImportRequest"
    kind: str | None
    options: Mapping[str, Any]
    place: "Place"


def _place_of(number: int, folder: Path, *, as_json: bool) -> "Place":
    from importer.cli.capture import Place

    return Place(folder, number, as_json, answer().encoding, profile_name())


def _answers_of(
    files: "Sequence[InputFile]", tasks: "Sequence[_CheckTask]", pool: "ProcessPool", watch: "Watch"
) -> "Iterator[tuple[_End, Iterable[str]]]":
    """The answer for each file, in their order; those that can be read have a task each."""
    from importer.cli.capture import put_captured
    from importer.runs.processes import KilledError

    results = zip(tasks, pool.map(_check_elsewhere, tasks, watch), strict=True)
    for file in files:
        if file.error is not None:
            yield _answer_unread(file, file.error)
            continue
        task, end = next(results)
        if isinstance(end, KilledError):
            yield _answer_unread(file, end)
        else:
            yield end, put_captured(task.place)


def _check_elsewhere(task: "_CheckTask") -> "_End":
    """Check one of several files, in another process."""
    from importer.cli.capture import captured
    from importer.runs.request import unpacked

    def work(file: "InputFile", request: "ImportRequest") -> _Findings:
        return _check_file(file, request, task.options, None, online=False)

    request = unpacked(task.request, task.kind)
    as_json = task.place.as_json
    return captured(
        task.place, request.clock, lambda: _answer_one_of_several(task.file, request, work, as_json=as_json)
    )


class _End(NamedTuple):
    """How a command ended for one of several files, and why it has failed if it has."""

    exit_code: Exit
    failure: Failure | None = None


def _until_refused(
    work: "Callable[[InputFile, ImportRequest], _Findings]",
) -> "Callable[[InputFile, ImportRequest], _Findings]":
    """The same work, which signs in no more once that was refused: a hundred files would lock the user out."""
    refusal: SignInError | None = None

    def guarded(file: "InputFile", request: "ImportRequest") -> _Findings:
        nonlocal refusal
        if refusal is not None:
            raise refusal
        try:
            return work(file, request)
        except SignInError as error:
            refusal = error
            raise

    return guarded


def _answer_one_of_several(
    file: "InputFile",
    request: "ImportRequest",
    work: "Callable[[InputFile, ImportRequest], _Findings]",
    *,
    as_json: bool,
) -> "tuple[_End, Iterable[str]]":
    """How it ended, and the document of the file in pieces; none if it was shown."""
    try:
        if file.error is not None:
            raise file.error
        findings = work(file, request)
    except StoppedError:
        raise
    except ImporterError as error:
        return _answer_unread(file, error)
    end = _End(findings.exit_code)
    if as_json:
        return end, _document_in_pieces(file, findings)
    put(f"\n{harmless_line(str(file))}:")
    findings.show()
    findings.show_end(alone=False)
    return end, []


def _answer_unread(file: "InputFile", error: ImporterError) -> "tuple[_End, Iterable[str]]":
    """The same for a file that cannot be read."""
    failure = replace(Failure.of(error), message=f"{harmless_line(str(file))}: {error.message}")
    end = _End(Exit(error.exit_code), failure)
    if answer().is_json:
        document: documents.UnreadFile = {
            "file": str(file),
            "ok": False,
            "exit_code": int(end.exit_code),
            "error": error.message,
            "error_code": error.code.value,
            "advice": error.advice,
        }
        return end, [answer().line(document)]
    put(f"\n{harmless_line(str(file))}:\nError: {error.message}\n{error.advice}".rstrip())
    return end, []


def _put_sum(codes: Sequence[Exit]) -> None:
    """How many files there were of each kind."""
    from importer.text import count

    done, wrong = codes.count(Exit.DONE), codes.count(Exit.ROWS_FAILED)
    parts = {"with nothing to change": done, "with rows to change": wrong, "not read": len(codes) - done - wrong}
    words = ", ".join(f"{number:,} {what}" for what, number in parts.items() if number)
    put(f"\n{count(len(codes), 'file')}: {words}.")


def _after_check(file: str, errors_to: Path | None, to_correct: str | None, result: "CheckResult") -> str:
    """What to do after a check. A plan is useful only if there is a row to send.

    ``file`` and ``to_correct``, the copy in ``errors_to`` if it has red cells, are as they have to be typed.
    """
    if to_correct is not None:
        # With every row wrong there is nothing to plan before somebody has corrected some.
        command = "plan" if result.valid else "check"
        return f"correct the red cells in {errors_to}, then: importer {command} {to_correct}"
    if not result.valid:
        return f"correct the file, then: importer check {file}"
    return f"importer plan {file}"


def _comparison(compared: "ComparedFile | None") -> dict[str, object] | None:
    """What the rows are to the service, as numbers, and the first rows of each group; None if it was not asked."""
    from dataclasses import asdict

    if compared is None or compared.plan is None or compared.groups is None:
        return None
    plan = compared.plan
    counts = {
        "create": plan.create,
        "unchanged": plan.existing,
        "changed": plan.update,
        "ambiguous": plan.ambiguous,
        "blocked": plan.blocked,
        "backwards": plan.backwards,
    }
    first = {name: rows for name, rows in asdict(compared.groups).items() if name in counts and name != "create"}
    return {"account": asdict(compared.account), "counts": counts, "first": first}


def _put_check(file: "InputFile", findings: _Findings) -> None:
    """The document, with its issues made one by one: as one text, a million of them would take three gigabytes."""
    answer().put_with_lines(_head(file, findings), "issues", _issues(findings.result))


def _document_in_pieces(file: "InputFile", findings: _Findings) -> "Iterator[str]":
    """The document of one of several files, as pieces of one line."""
    ended = {"ok": True, "exit_code": int(findings.exit_code)}
    yield answer().line({**_head(file, findings), **ended}).removesuffix("}")
    yield ', "issues": ['
    for number, line in enumerate(_issues(findings.result)):
        yield f", {line}" if number else line
    yield "]}"


def _head(file: "InputFile", findings: _Findings) -> dict[str, Any]:
    result = findings.result
    return {
        "file": str(file),
        "rows": result.rows,
        "valid": result.valid,
        "invalid": result.invalid,
        **findings.document,
    }


def _issues(result: "CheckResult") -> "Iterator[str]":
    columns, rows = map(_issue_line, result.causes.of_columns), result.causes.by_row(_issue_lines)
    return chain(columns, rows)


def _issue_line(issue: "Issue") -> str:
    return answer().line({"row": issue.row, "cell": issue.cell, **_issue_words(issue)})


def _issue_lines(cause: "Cause") -> "Iterator[str]":
    """The same for each issue of a cause; equal sentences are made only once."""
    if cause.names_rows:
        yield from map(_issue_line, cause)
        return
    words, line = dict[tuple[str, str], str](), answer().line
    for row, value, detail in zip(cause.rows.tolist(), cause.values, cause.details, strict=True):
        if (value, detail) not in words:
            document = _issue_words(cause.issue(row, value, detail))
            words[value, detail] = line(document).removeprefix("{")
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
@FILES
@PROFILE
@with_options(*READING, *PACING[:3], *TWICE, *UPDATE, KEY)
@click.option("--sandbox", is_flag=True, help="Plan with a practice service on this machine.")
@JSON
def plan(files: tuple[str, ...], as_json: bool, sandbox: bool, **options: Any) -> int:
    """Show what importing FILE would do, and how long it takes. Sends nothing.

    A FILE can be a folder or a pattern as well, and "-" is the standard input. Of several FILEs, each is planned as if
    it were imported first; rows of two that are for one record are errors.
    """
    from importer.cli import terminal
    from importer.runs.named_files import named_files

    options, named = options | {"sandbox": sandbox}, named_files(files)
    with service(pacing_of(options), sandbox) as settings, input_files(named, settings) as inputs:

        def work(file: "InputFile", request: "ImportRequest") -> _Findings:
            return _plan_file(file, request, options)

        if named.several:
            code = _answer_several(inputs, settings, options, work, as_json=as_json, online=True)
            if not as_json:
                put(f"\nNext: importer run {with_reading(*typed(files), options=options)} --yes")
            return code
        file = only_file(inputs)
        request = import_request(file, settings, terminal.Console(the_clock(), yes=True), options)
        return _put_answer(file, work(file, request), as_json)


def _plan_file(file: "InputFile", request: "ImportRequest", options: Mapping[str, Any]) -> _Findings:
    from dataclasses import asdict

    from importer.cli import terminal
    from importer.runs import plan

    planned = finish(plan.plan(request))
    made = planned.plan
    # "held" is what 1.0.0 calls the blocked rows; scripts may still read it.
    document = asdict(made) | {"finishes": instant(made.finish), "held": made.blocked}
    notices = [notice.document for notice in planned.source.sheet.notices]

    def show() -> None:
        terminal.show_source(planned.source, planned.result.rows)
        terminal.show_issues(planned.result, stdout=True)
        terminal.show_plan(made, planned.account)

    def show_end(*, alone: bool) -> None:
        if alone and made.writes:
            put(f"Next: importer run {with_reading(file.typed, options=options)}")

    code = Exit.ROWS_FAILED if planned.result.invalid or made.conflicting else Exit.DONE
    more = {"notices": notices, "plan": document, "account": asdict(planned.account)}
    return _Findings(planned.result, code, more, show, show_end)


@click.command()
@FILES
@click.option(
    "--profile",
    "profiles",
    metavar="NAME",
    multiple=True,
    envvar="IMPORTER_PROFILE",
    shell_complete=complete_profiles,
    help='Use the settings and the sign-in of [profile.NAME]; "none" for no profile. For several files, repeat it.',
)
@with_options(*READING, *PACING, *TWICE, *UPDATE, KEY, OUT, LOG_FILE, NOTIFY)
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option(
    "--strict",
    is_flag=True,
    help="Send nothing if any row has an error or differs from its record, or the file may not be read as you see it.",
)
@click.option("--queue", is_flag=True, help="Send nothing now: a worker (importer worker) does.")
@click.option("--sandbox", is_flag=True, help="Import into a practice service on this machine.")
@click.option(
    "--speed",
    type=click.FloatRange(1, MOST_SPEED),
    metavar="N",
    help="With --sandbox, keep the limits of Nexudus, in a time that passes N times faster.",
)
@JSON
def run(
    files: tuple[str, ...], profiles: tuple[str, ...], as_json: bool, yes: bool, queue: bool, **options: Any
) -> int:
    """Import FILE: check, plan, ask, send, report. Repeating the command is always safe.

    A FILE can be a folder or a pattern as well, and "-" is the standard input. You can import several FILEs at once,
    the first for the first --profile, the second for the second. With one profile or none, they are imported one after
    another. With --out, the reports go into DIR/1, DIR/2 and so on.
    """
    from importer.cli import terminal
    from importer.runs.named_files import STANDARD_INPUT, named_files
    from importer.runs.run import run as run_file

    if options["speed"] and not options["sandbox"]:
        raise click.UsageError("--speed needs --sandbox: only a practice service has a faster time.")
    # For two accounts, the same file is imported twice.
    named = named_files(files, once=len(profiles) <= 1)
    if STANDARD_INPUT in files and not yes:
        raise click.UsageError("With the file on the standard input, nobody can be asked. Add --yes.")
    if queue:
        return _queue(named, profiles, as_json, options)
    if named.several:
        return _run_several(named, profiles, as_json, yes, options)
    use_profile(profiles)
    with service(pacing_of(options), options["sandbox"]) as settings, ExitStack() as stack:
        # Before the file is looked for: at night, it is often the file that is missing.
        ending = expect_end(settings, str(named.files[0]), is_wanted=_is_told(options))
        inputs = stack.enter_context(input_files(named, settings))
        keep_to_retention(settings)
        console = terminal.Console(the_clock(), yes=yes, log=answer().log)
        result = ending.end(finish(run_file(import_request(only_file(inputs), settings, console, options))))
    return put_end(result, as_json)


def _is_told(options: Mapping[str, Any]) -> bool:
    """Whether people are told of the end: of practice only if the command itself says so."""
    return not practises() or bool(options["notify"])


def _queue(named: "NamedFiles", profiles: tuple[str, ...], as_json: bool, options: Mapping[str, Any]) -> int:
    """Leave a file to the workers."""
    from importer.cli import terminal
    from importer.runs.page_run import queue_run

    if named.several or options["sandbox"] or options["strict"]:
        raise click.UsageError("--queue takes one FILE, and neither --sandbox nor --strict.")
    if options["notify"]:
        raise click.UsageError("--queue leaves the run to the workers. Give --notify to importer worker instead.")
    use_profile(profiles)
    with service(pacing_of(options), sandbox=False) as settings, input_files(named, settings) as inputs:
        console = terminal.Console(the_clock(), yes=True)
        run = queue_run(import_request(only_file(inputs), settings, console, options))
    if as_json:
        document: documents.Queued = {"run": run.id, "state": "queued"}
        put_json(document)
    else:
        put(f"Run {run.id} is queued. A worker checks its rows and sends them: {run.command('status')}")
    return Exit.DONE


def _run_several(
    named: "NamedFiles", profiles: Sequence[str], as_json: bool, yes: bool, options: Mapping[str, Any]
) -> int:
    """Import several files at once."""
    from importer.cli import terminal
    from importer.runs import batch
    from importer.text import count

    if len(profiles) > 1 and len(profiles) != len(named.files):
        raise click.UsageError(
            f"You named {count(len(named.files), 'file')} and {len(profiles)} profiles. Name one profile for each file."
        )
    if not yes:
        raise click.UsageError(
            "To import several files at once, add --yes. To see first what each would do: importer plan FILE..."
        )
    consoles = terminal.BatchConsole(the_clock(), answer().log)

    async def work(requests: "list[ImportRequest]") -> list[batch.JobResult]:
        with consoles.sending():
            return await batch.run_all(requests)

    use_profile(profiles[:1])
    with ExitStack() as stack:
        inputs = stack.enter_context(input_files(named, load_settings()))
        requests = _requests(stack, inputs, profiles, options, consoles)
        is_wanted = _is_told(options)
        endings = [
            expect_end(request.settings, str(file), is_wanted=is_wanted)
            for file, request in zip(inputs, requests, strict=True)
        ]
        keep_to_retention(requests[0].settings)
        readable = [request for file, request in zip(inputs, requests, strict=True) if file.error is None]
        done = iter(finish(work(readable)) if readable else ())
        results = [
            next(done) if file.error is None else batch.JobResult(request, error=file.error)
            for file, request in zip(inputs, requests, strict=True)
        ]
    for ending, each in zip(endings, results, strict=True):
        ending.result, ending.exit_code = each.result, each.exit_code
    named_results = [*zip(map(str, inputs), results, strict=True)]
    code = gravest(result.exit_code for result in results)
    if as_json:
        put_json({"imports": [_job_document(*each) for each in named_results]}, _failure_of(named_results, code))
    else:
        terminal.show_job_results(named_results)
    return code


def _failure_of(results: "Sequence[tuple[str, JobResult]]", code: Exit) -> Failure:
    """Why several imports together have failed: by the first with the gravest code."""
    name, first = next((name, result) for name, result in results if result.exit_code == code)
    error = Failure.of(first.error) if first.error is not None else None
    failure = error or (failure_of(first.result) if first.result is not None else None) or Failure.by_exit_code(code)
    return replace(failure, message=f"{harmless_line(name)}: {failure.message}")


def _requests(
    stack: ExitStack,
    files: "Sequence[InputFile]",
    profiles: Sequence[str],
    options: Mapping[str, Any],
    consoles: "BatchConsole",
) -> "list[ImportRequest]":
    """A request for each file, with its profile."""
    use_profile(profiles[:1])
    shared = stack.enter_context(service(pacing_of(options), True)) if options["sandbox"] else None
    requests = []
    for number, file in enumerate(files):
        if shared is None:
            use_profile(profiles[number : number + 1] if len(profiles) > 1 else profiles)
        name = f"{file.name} ({profile_name()})" if profile_name() else file.name
        settings = shared or load_settings(pacing_of(options))
        request = import_request(file, settings, consoles.watching(name), options)
        out = request.choices.out / f"{number + 1}" if request.choices.out else None
        choices = replace(request.choices, one_for_all=len(profiles) == 1, out=out)
        requests.append(replace(request, choices=choices))
    return requests


def _job_document(file: str, result: "JobResult") -> "documents.Import":
    request = result.request
    document: documents.Import = {
        "file": file,
        "profile": request.choices.profile,
        "ok": result.exit_code in (Exit.DONE, Exit.ROWS_FAILED),
        "exit_code": int(result.exit_code),
    }
    if (error := result.error) is not None:
        document |= {"error": error.message, "error_code": error.code.value, "advice": error.advice}
    if result.result is not None:
        document["run"] = cast("documents.SummaryFile", result.result.report.summary)
    return document


@click.command()
@RUN
@PROFILE
@with_options(*PACING, WITHOUT_LIST, OUT, LOG_FILE, NOTIFY)
@WAIT
@click.option("--sandbox", is_flag=True, help="Use the practice service the run was created in.")
@click.option("--worker", "of_worker", type=int, hidden=True)
@JSON
def resume(number: int | None, as_json: bool, wait: bool, sandbox: bool, of_worker: int | None, **options: Any) -> int:
    """Continue RUN where it stopped. By default, the latest unfinished run."""
    if of_worker is not None:
        from importer.cli.interruption import PATIENT
        from importer.runs.worker import end_with_worker

        end_with_worker(of_worker)
        PATIENT.set(True)
    from importer.cli import terminal
    from importer.runs.earlier_runs import Which
    from importer.runs.resume import resume as resume_run

    with service_of(number, pacing_of(options), sandbox, Which.UNFINISHED) as (settings, chosen):
        # A worker tells it itself: it tries again what this process cannot do now.
        is_wanted = of_worker is None and _is_told(options)
        ending = expect_end(settings, _file_of(chosen, settings), run=chosen, is_wanted=is_wanted)
        keep_to_retention(settings, chosen)
        console = terminal.Console(the_clock(), yes=True, log=answer().log)
        result = finish(resume_run(run_request(chosen, settings, console, options), waits=wait))
        ending.end(result)
    return put_end(result, as_json)


def _file_of(number: int | None, settings: "Settings") -> str:
    """The name of the file of a run."""
    from importer.journal.journal import open_journal

    if number is None:
        return "a file"
    with open_journal(settings.journal_place) as journal:
        return journal.runs.get(number).file


@click.command()
@RUN
@PROFILE
@with_options(*PACING, UPDATE[0], OUT, LOG_FILE, NOTIFY)
@WAIT
@click.option("--yes", "-y", is_flag=True, help="Send without asking.")
@click.option("--sandbox", is_flag=True, help="Use the practice service the run was created in.")
@JSON
def retry(number: int | None, as_json: bool, wait: bool, yes: bool, sandbox: bool, **options: Any) -> int:
    """Send the rejected and unsent rows of RUN again, as a new run. By default, of the latest run."""
    from importer.cli import terminal
    from importer.runs.retry import retry as retry_run

    with service_of(number, pacing_of(options), sandbox) as (settings, chosen):
        ending = expect_end(settings, _file_of(chosen, settings), run=chosen, is_wanted=_is_told(options))
        keep_to_retention(settings, chosen)
        console = terminal.Console(the_clock(), yes=yes, log=answer().log)
        request = run_request(chosen, settings, console, options | {"sandbox": practises()})
        result = ending.end(finish(retry_run(request, waits=wait)))
    return put_end(result, as_json)


@click.command()
@PROFILE
@click.option(
    "--at-once", type=click.IntRange(1), default=4, show_default=True, help="How many runs to work on at once."
)
@click.option("--until-idle", is_flag=True, help="End once there is no run that can be begun.")
@LOG_FILE
@NOTIFY
@JSON
def worker(at_once: int, until_idle: bool, as_json: bool, notify: str | None) -> int:
    """Take queued runs and send them, until Ctrl-C. Start as many as you like, on any machine with this journal.

    It takes the runs of every account that it can sign in for, and queues what is scheduled (importer schedule).
    """
    from importer.cli.interruption import interrupts
    from importer.cli.log_file import LogFile
    from importer.runs.account_queue import account_of
    from importer.runs.log import LogLine
    from importer.runs.worker import Worker, WorkerChoices

    settings, fits, to_file = load_settings({"notify": notify}), in_use(can_sign_in=True), answer().log
    to_terminal = service_log(settings.log, the_clock())

    def log(line: LogLine) -> None:
        to_terminal(line)
        to_file(line)

    def may_take(run: "Run") -> bool:
        return fits(replace(run, account=account_of(run) or None))

    settings_of = settings_in_use()
    messages = WorkerMessages(settings, settings_of, the_clock(), log, is_typed=notify is not None)
    choices = WorkerChoices(at_once, to_file.path if isinstance(to_file, LogFile) else None, messages)
    one = Worker(settings, the_clock(), may_take, log, choices, settings_of)
    with interrupts(
        lambda text: log(LogLine("stopping", sentence=text)), "Stopping after the rows in progress."
    ) as stop:
        one.work(stop, until_idle=until_idle)
    messages.wait()
    if as_json:
        document: documents.Worked = {"runs": [_worked_on(ended) for ended in one.ended]}
        put_json(document)
    return Exit.DONE


def _worked_on(ended: "EndedWork") -> "documents.WorkedOn":
    run = ended.run
    finished = run.finished is not None
    return {"run": run.id, "account": run.account, "exit_code": ended.exit_code, "finished": finished}


@click.command()
@RUN
@JSON
def stop(number: int | None, as_json: bool) -> int:
    """Stop RUN after the rows in progress. By default, every run in progress."""
    from importer.runs.status import ask_to_stop

    requests = ask_to_stop(number, load_settings(), fits=in_use())
    if as_json:
        document: documents.Stop = {"runs": [_stopped_run(request) for request in requests]}
        put_json(document)
        return Exit.DONE
    for request in requests:
        if request.run is None:
            put("An import that had not begun stops now; nothing was sent. To start it, repeat its command.")
            continue
        run, command = request.run, request.run.command(request.command)
        if request.working:
            put(f"Run {run.id} stops after the rows in progress. To continue it later: {command}")
        elif request.waited:
            put(f"Run {run.id} was waiting for a worker, and is out of the queue. To continue it: {command}")
        elif run.finished is None:
            put(f"Run {run.id} is not in progress, so there was nothing to stop. To continue it: {command}")
        else:
            put(f"Run {run.id} is finished, so there was nothing to stop.")
    return Exit.DONE


def _stopped_run(request: "StopRequest") -> "documents.StoppedRun":
    run = request.run
    if run is None:
        return {"run": None, "state": "stopping", "command": None}
    if request.working:
        return {"run": run.id, "state": "stopping", "command": run.command(request.command)}
    if request.waited:
        return {"run": run.id, "state": "left the queue", "command": run.command(request.command)}
    if run.finished is None:
        return {"run": run.id, "state": "not in progress", "command": run.command(request.command)}
    return {"run": run.id, "state": "finished", "command": None}


@click.command()
@click.argument("number", metavar="RUN", type=int, shell_complete=complete_runs)
@click.argument("row", metavar="ROW", type=int)
@click.option(
    "--is", "record", metavar="ID", type=click.IntRange(1), help="The record of the row is the one with this Id."
)
@click.option("--absent", is_flag=True, help="The row has no record; it can be sent again.")
@PROFILE
@click.option("--sandbox", is_flag=True, help="Use the practice service the run was created in.")
@JSON
def settle(number: int, row: int, record: int | None, absent: bool, as_json: bool, sandbox: bool) -> int:
    """Settle ROW of RUN once you have looked in Nexudus.

    The row is marked for review. With --is, it may also be in doubt; without a record, a row in doubt settles by itself
    after the visibility window.
    """
    from importer.cli import terminal
    from importer.runs.settle import settle_row

    if absent is (record is not None):
        raise click.UsageError("Add --is ID to name the record of the row, or --absent if it has none.")
    with service_of(number, {}, sandbox) as (settings, chosen):
        console = terminal.Console(the_clock(), yes=True)
        result = finish(settle_row(run_request(chosen, settings, console), row, record))
    return put_end(result, as_json)


@click.command()
@RUN
@PROFILE
@WAIT
@PROGRESS
@LOG_FILE
@click.option("--sandbox", is_flag=True, help="Use the practice service the run was created in.")
@JSON
def reconcile(number: int | None, as_json: bool, wait: bool, progress: Path | None, sandbox: bool) -> int:
    """Settle the rows in doubt of RUN by looking in Nexudus. By default, of the latest with any."""
    from importer.cli import terminal
    from importer.runs.earlier_runs import Which, runs_in_doubt
    from importer.runs.reconcile import reconcile as reconcile_run

    with service_of(number, {}, sandbox, Which.IN_DOUBT) as (settings, chosen):
        work = work_file(progress)
        console = terminal.Console(the_clock(), yes=True, work=work, log=answer().log)
        request = run_request(chosen, settings, console)
        with noting_errors(work):
            result = finish(reconcile_run(request, waits=wait))
        if work is not None:
            work.end({}, result.message)
        # Those of another account, service or profile, which one sign-in cannot settle, and what is left of this one's.
        for other in runs_in_doubt(settings):
            if other.id != result.run.id:
                say(f"Run {other.id} has rows in doubt, too. To settle them: {other.command('reconcile')}")
    return put_end(result, as_json)


@click.command()
@RUN
@PROFILE
@PROGRESS
@click.option("--sandbox", is_flag=True, help="Use the practice service the run was created in.")
@JSON
def verify(number: int | None, as_json: bool, progress: Path | None, sandbox: bool) -> int:
    """Compare the records of RUN with what the service holds now. By default, for the latest run."""
    from importer.cli import terminal
    from importer.runs import verify

    with service_of(number, {}, sandbox) as (settings, chosen):
        work = work_file(progress)
        console = terminal.Console(the_clock(), yes=True, work=work)
        with noting_errors(work):
            done = finish(verify.verify_run(run_request(chosen, settings, console)))
        if work is not None:
            work.end(done.counts)
    if as_json:
        put_json({"run": done.run.id, "counts": done.counts, "unknown": done.unknown, "file": str(done.file)})
    else:
        terminal.show_verification(done)
    return done.exit_code


@click.command()
@RUN
@PROFILE
@with_options(*PACING[:2], LOG_FILE)
@click.option("--yes", "-y", is_flag=True, help="Undo without asking.")
@click.option(
    "--even-if-gone", is_flag=True, help="Somebody has deleted all records of the run: count them as deleted."
)
@WAIT
@PROGRESS
@click.option("--sandbox", is_flag=True, help="Use the practice service the run was created in.")
@JSON
def undo(number: int | None, as_json: bool, yes: bool, sandbox: bool, **options: Any) -> int:
    """Delete what RUN created and put back what it updated. By default, of the latest run.

    Records that somebody has changed since are left as they are.
    """
    from importer.cli import terminal
    from importer.runs.undo import undo_run

    with service_of(number, pacing_of(options), sandbox) as (settings, chosen):
        work = work_file(options["progress"])
        console = terminal.Console(the_clock(), yes=yes, work=work, log=answer().log)
        request = run_request(chosen, settings, console)
        with noting_errors(work):
            done = finish(undo_run(request, even_if_gone=options["even_if_gone"], waits=options["wait"]))
        if work is not None and done is not None:
            work.end(done.counts, done.message)
    if done is None:
        put_declined("Nothing was undone.", as_json)
        return Exit.DONE
    if as_json:
        failure = Failure.by_exit_code(done.exit_code, done.message, f"Finish the undo: {done.run.command('undo')}")
        put_json({"run": done.run.id, "counts": done.counts, "file": str(done.file)}, failure)
    else:
        terminal.show_undoing(done)
    return done.exit_code


COMMANDS = (check, plan, run, resume, retry, worker, stop, reconcile, settle, verify, undo)
