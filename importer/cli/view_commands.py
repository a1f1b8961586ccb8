"""The commands that only look: at runs, files, the journal, this installation."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from importer.cli.options import (
    FILE,
    JSON,
    OUT,
    PROFILE,
    READING,
    RUN,
    load_settings,
    profile_name,
    reading_of,
    the_clock,
    with_options,
)
from importer.cli.output import finish, put_json
from importer.errors import Exit


@click.command()
@RUN
@JSON
def status(number: int | None, as_json: bool) -> int:
    """Say how RUN stands; by default the latest one."""
    from importer.runs.status import standing

    told = standing(number, load_settings())
    _put_runs([told], as_json, single=True)
    if not as_json and told["unfinished"]:
        runs = ", ".join(map(str, told["unfinished"]))
        click.echo(f"Unfinished: run {runs}. Go on with: importer resume {told['unfinished'][0]}")
    return Exit.DONE


@click.command()
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many runs.")
@JSON
def history(limit: int, as_json: bool) -> int:
    """List the runs, newest first."""
    from importer.runs.status import standings

    _put_runs(standings(limit, load_settings()), as_json)
    return Exit.DONE


@click.command()
@RUN
@OUT
@JSON
def report(number: int | None, out: Path | None, as_json: bool) -> int:
    """Write the report of RUN anew from the journal; by default of the latest one."""
    from importer.runs.run import rebuild_report

    written = rebuild_report(number, load_settings(), out, the_clock()())
    if as_json:
        put_json(written.summary)
    else:
        click.echo("\n".join(str(path) for path in written.files.values()))
    return Exit.DONE


@click.command()
@FILE
@with_options(*READING)
@click.option("--save", is_flag=True, help="Remember --map for every file with the same labels.")
@JSON
def columns(file: Path, as_json: bool, save: bool, **reading: Any) -> int:
    """Show which column of FILE holds which field, with samples."""
    from importer.cli import terminal
    from importer.config import saved_columns
    from importer.runs.source import columns as columns_of
    from importer.runs.source import look_at_columns, missing, own_labels

    kind, read = reading_of(reading)
    settings = load_settings()
    source = look_at_columns(file, settings, kind, read)
    if save:
        saved_columns.remember(own_labels(source.sheet), read.map, settings.home)
    found = columns_of(source)
    if as_json:
        put_json({"schema": 1, "file": str(file), "columns": found})
    else:
        terminal.show_columns(found, remembered=source.remembered or save)
    return Exit.FILE if missing(source) else Exit.DONE


def _put_runs(found: Sequence[Mapping[str, Any]], as_json: bool, *, single: bool = False) -> None:
    if as_json:
        put_json({"schema": 1, **found[0]} if single else {"schema": 1, "runs": found})
        return
    if not found:
        click.echo("There is no run yet. Start one with: importer run FILE")
    for standing in found:
        counts, undone = dict(standing["counts"]), standing["undone"]
        # What was undone counts as not sent there; said like that, it would look as if it had never existed.
        counts["not sent"] -= undone
        counts["created and deleted again"] = undone
        told = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
        click.echo(
            f"Run {standing['run']}: {standing['file']}, {standing['state']} ({told or 'no rows planned'}), "
            f"begun {standing['started']}, for {standing['account'] or 'nobody yet'}"
            + (f", --profile {standing['profile']}" if standing["profile"] else "")
        )
        if standing["next"] and single:
            click.echo(f"Next: {standing['next']}")


@click.command()
@click.option("--backup", type=click.Path(dir_okay=False, path_type=Path), help="Write a copy of it, at any time.")
@JSON
def journal(backup: Path | None, as_json: bool) -> int:
    """Say where the journal is, what it holds and whether it is sound.

    A copy that is put back knows nothing of what was sent after it was made; importer run asks the service for equal
    records before it sends, and finds them.
    """
    from importer.journal.journal import open_journal

    with open_journal(load_settings().journal_url) as opened:
        fault, states, runs = opened.fault(), opened.views.rows_by_state(), len(opened.runs.latest())
        if backup is not None and not fault:
            opened.back_up(backup)
    size = opened.path.stat().st_size if opened.path else 0
    if as_json:
        counts = {state.value: number for state, number in states.items()}
        found = {"path": str(opened.path), "bytes": size, "runs": runs, "rows": counts, "fault": fault or None}
        put_json({"schema": 1, **found, "backup": str(backup) if backup else None})
    else:
        click.echo(f"{opened.path}, {size / 1024**2:,.1f} MB, {runs:,} runs, {sum(states.values()):,} rows")
        click.echo("".join(f"  {number:,} {state.value}\n" for state, number in states.items()), nl=False)
        click.echo(f"Damaged: {fault}" if fault else "It is sound.")
        if backup is not None:
            click.echo("No copy was made." if fault else f"Copied to {backup}")
    return Exit.USAGE if fault else Exit.DONE


@click.command()
@PROFILE
@JSON
def config(as_json: bool) -> int:
    """Show every setting, its value and where it comes from."""
    from importer.config import settings as room

    loaded = room.load(profile=profile_name())
    rows = [
        {"setting": name, "value": room.shown(loaded.settings, name), "source": source, "variable": variable}
        for name, source in loaded.sources.items()
        for variable in [room.environment_name(name)]
    ]
    if as_json:
        put_json({"schema": 1, "settings": rows})
        return Exit.DONE
    for row in rows:
        click.echo(f"{row['setting']:18} {row['value']:44} {row['source']:14} {row['variable']}")
    return Exit.DONE


@click.command()
@PROFILE
@JSON
def doctor(as_json: bool) -> int:
    """Check this installation: Python, journal, disk, settings, sign-in."""
    from importer.runs.doctor import examine

    findings = finish(examine(profile_name(), the_clock()))
    if as_json:
        put_json({"schema": 1, "findings": [finding._asdict() for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{'ok' if finding.good else 'NO':3} {finding.what}: {finding.seen}")
            if finding.fix:
                click.echo(f"      {finding.fix}")
    return Exit.DONE if all(finding.good for finding in findings) else Exit.USAGE


COMMANDS = (status, history, report, columns, journal, config, doctor)
