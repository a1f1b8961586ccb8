"""The commands about personal data: ended runs forgotten, by hand and by the setting, and what is kept of a person."""

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from importer.cli.answer import put_json
from importer.cli.completion import complete_runs
from importer.cli.lines import put, say
from importer.cli.options import JSON, load_settings, the_clock
from importer.errors import Exit, UsageError

if TYPE_CHECKING:
    from importer.cli import documents
    from importer.config.settings import Settings
    from importer.runs.forget import ForgetPlan
    from importer.runs.person_search import PersonData

_MOST_FILES = 20
"""Files that are listed before they are removed; --json has all of them."""

_STAYS = (
    "What stays: the names of the files, who imported them, when and where to, the counts, and of each row its "
    "outcome, the Id of its record and hashes. So the same file is still recognised, and nothing is created twice."
)


@click.command()
@click.argument("number", metavar="[RUN]", type=int, required=False, shell_complete=complete_runs)
@click.option("--older-than", metavar="TIME", help="Forget every run that ended longer ago than this, such as 90d.")
@click.option("--yes", "-y", is_flag=True, help="Forget without asking.")
@JSON
def forget(number: int | None, older_than: str | None, yes: bool, as_json: bool) -> int:
    """Remove the personal data of RUN, which must have ended.

    Its file, the values of its rows and its reports are deleted for good; counts and the Ids of its records stay.
    Afterwards, it can no longer be reported, verified, undone or retried.
    """
    from importer.api.retention import uploads_in
    from importer.runs import forget as room

    if (number is None) is (older_than is None):
        raise click.UsageError("Name a RUN, or add --older-than TIME for every run that ended before.")
    settings, clock = load_settings(), the_clock()
    seconds = _span(older_than) if older_than is not None else None
    before = None if seconds is None else clock() - seconds
    plan = room.plan_forgetting(settings, number, before, uploads_in(settings, the_clock()))
    for line in _plan_lines(plan, number):
        say(line)
    if plan.is_empty or not (yes or _agreed(plan, number)):
        if as_json:
            put_json(_document(plan, is_done=plan.is_empty))
        else:
            put("Nothing was removed.")
        return Exit.DONE
    room.forget(settings, plan, clock)
    if as_json:
        put_json(_document(plan, is_done=True))
    else:
        put(_done(plan))
    return Exit.DONE


def _span(text: str) -> float:
    from importer.config.settings import parse_duration

    try:
        if text.strip().isdecimal():
            # As seconds, 90 would be nearly every run.
            raise ValueError("write it with its unit, like 90d or 12h")
        return parse_duration(text)
    except ValueError as error:
        raise click.UsageError(f'--older-than "{text}" cannot be used: {error}.') from error


def _plan_lines(plan: "ForgetPlan", number: int | None) -> Iterator[str]:
    """What will be removed and what will stay, before it is done."""
    from importer.text import count

    yield from _goes_lines(plan, number)
    if plan.files:
        yield f"With them {count(len(plan.files), 'file')}:"
        yield from (f"  {path}" for path in plan.files[:_MOST_FILES])
    if len(plan.files) > _MOST_FILES:
        yield f"  and {len(plan.files) - _MOST_FILES:,} more. To see all of them, add --json."
    if plan.runs:
        yield _STAYS
    if plan.lost:
        yield f"{count(plan.lost, 'row')} that could still be corrected or sent again cannot be afterwards."
    for run in plan.shared:
        yield f"The copy of the file of run {run.id} stays, because another run has the same file."
    for run in plan.elsewhere:
        yield f"The report of run {run.id} is not in {run.folder}. If it is elsewhere, delete it there."
    for refusal in plan.refusals:
        yield f"Run {refusal.run.id} stays. {refusal.why} {refusal.advice}"


def _goes_lines(plan: "ForgetPlan", number: int | None) -> Iterator[str]:
    """What will be removed, but for files."""
    from importer.text import count

    if plan.runs:
        names = ", ".join(str(run.id) for run in plan.runs)
        yield f"Forget {'run' if len(plan.runs) == 1 else 'runs'} {names}, {count(plan.rows, 'row')}."
        yield "What will be removed: the values of the rows, all messages about them, and the names read for them."
    elif not plan.reasons and (plan.files or plan.folders or plan.is_to_purge):
        yield "What earlier commands have left of forgotten runs will be removed."
    elif not plan.reasons:
        yield (
            "No run that ended before then still has its values."
            if number is None
            else (f"Run {number} has been forgotten already.")
        )
    if plan.reasons:
        files = count(plan.reasons, "scheduled import")
        yield f"Of {files} that failed before then, the name of the file and the reason will be removed."


def _agreed(plan: "ForgetPlan", number: int | None) -> bool:
    if not sys.stdin.isatty():
        raise UsageError(
            "Nothing was removed: there is no terminal to ask you on.", "To forget without being asked, add --yes."
        )
    wanted_answer = str(number or len(plan.runs) or len(plan.files))
    return bool(click.prompt(f"Type {wanted_answer} to remove this for good", err=True, default="no") == wanted_answer)


def _done(plan: "ForgetPlan") -> str:
    from importer.text import count

    files = count(len(plan.files), "file")
    return f"Forgot {count(len(plan.runs), 'run')}; {files} removed." if plan.runs else f"Done; {files} removed."


def _document(plan: "ForgetPlan", *, is_done: bool) -> "documents.Forgotten":
    return {
        "forgotten": [run.id for run in plan.runs] if is_done else [],
        "rows": plan.rows if is_done else 0,
        "files": [str(path) for path in plan.files] if is_done else [],
        "stays": [{"run": each.run.id, "why": each.why, "advice": each.advice} for each in plan.refusals],
    }


def keep_to_retention(settings: "Settings", spare: int | None = None, tell: Callable[[str], None] = say) -> None:
    """Forget what is older than the settings say, at the start of a command; but the run that it is about."""
    if settings.retention is not None:
        from importer.api import retention

        retention.keep_to_retention(settings, the_clock(), tell, spare)


def export_person(person: str, as_json: bool) -> int:
    """Show everything that is stored about a person, and where it was looked for."""
    from dataclasses import asdict

    from importer.runs.person_search import search_person

    if not person.strip():
        raise click.UsageError("Name the person by an e-mail address, a name or an Id.")
    data = search_person(load_settings(), person)
    if as_json:
        put_json(asdict(data))
        return Exit.DONE
    for line in _person_lines(data):
        put(line)
    return Exit.DONE


def _person_lines(data: "PersonData") -> Iterator[str]:
    from importer.text import count, value_words

    for path, records in data.ids.items():
        yield from (f"{path} {number}: {', '.join(names)}" for number, names in records.items())
    for run in data.runs:
        yield f"Run {run['run']}: {', '.join(f'{name} {value}' for name, value in run.items() if name != 'run')}"
    for row in data.rows:
        record = f", record {row.record}" if row.record is not None else ""
        yield f"Run {row.run}, row {row.row}: {row.status}{record}"
        yield from (f"  {name}: {value_words(value)}" for name, value in {**row.values, **row.cells}.items())
        yield from (f"  {text}" for text in (row.message, *row.issues) if text)
    for one in data.schedules:
        yield f"Schedule {one['schedule']}: {', '.join(f'{n} {text}' for n, text in one.items() if n != 'schedule')}"
    for choice in data.choices:
        yield f'Choice for {choice["account"]}: "{choice["name"]}" means {choice["list"]} {choice["record"]}'
    for file in data.files:
        numbers = f", {count(len(file.rows), 'row')}: {', '.join(map(str, file.rows))}" if file.rows else ""
        yield f"{file.path} ({file.what}{numbers})"
        yield from (f"  {text}" for text in (file.problem, *file.lines) if text)
    if data.is_empty:
        yield f"Nothing is stored about {data.person}."
    singular = {name: name.removesuffix("s") for name in data.looked_at} | {"copies": "copy"}
    looked_at = ", ".join(
        f"{number:,} {singular[name] if number == 1 else name}" for name, number in data.looked_at.items()
    )
    yield f"Looked through: {looked_at or 'an empty journal'}."


COMMANDS = (forget,)
