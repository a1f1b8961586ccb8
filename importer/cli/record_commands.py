"""The commands about the records that the service holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from importer.cli.answer import put_json
from importer.cli.completion import complete_types
from importer.cli.lines import put, say
from importer.cli.options import (
    FILE,
    JSON,
    KEY,
    PROFILE,
    READING,
    import_request,
    input_file,
    kind_named,
    profile_name,
    reading_of,
    service,
    the_clock,
    with_options,
)
from importer.cli.output import finish, quoted, with_reading
from importer.cli.stdout import binary_stdout
from importer.errors import Exit
from importer.harmless import harmless_line

if TYPE_CHECKING:
    from importer.cli import documents
    from importer.config.settings import Settings
    from importer.reporting.record_file import FileFormat
    from importer.runs.difference import Difference
    from importer.runs.export import Export, Filters

STDOUT = Path("-")


@click.command()
@PROFILE
@click.option(
    "--type", "kind", metavar="NAME", shell_complete=complete_types, help="The record type, if not the default one."
)
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path),
    default=Path("export.xlsx"),
    show_default=True,
    metavar="FILE",
    help='The file to write; "-" for stdout.',
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["csv", "xlsx", "jsonl"]),
    help="The kind of file, if its name does not say.",
)
@click.option("--names", is_flag=True, help="Add the names of resources and coworkers beside their Ids.")
@click.option("--resource", metavar="ID|NAME", help="Only records of this resource.")
@click.option("--coworker", metavar="ID|NAME", help="Only records of this coworker.")
@click.option("--expires-before", metavar="DATE", help="Only records that expire before this date.")
@click.option("--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="The order of day, month and year in DATE.")
@click.option("--tz", metavar="ZONE", help="The time zone of DATE, such as Europe/London; default: this computer's.")
@click.option("--sandbox", is_flag=True, help="Export from the practice service on this machine.")
@JSON
def export(kind: str | None, out: Path, form: str | None, as_json: bool, sandbox: bool, **options: Any) -> int:
    """Write the records that Nexudus holds into a file.

    It has the columns of the template, then Id, CreatedOn, UpdatedOn and UpdatedBy. It can be imported again. Nothing
    is written unless Nexudus lists all of its records.
    """
    from importer.cli import terminal
    from importer.reporting.record_file import refuse_existing, send_records, write_records
    from importer.runs.export import ExportRequest
    from importer.runs.export import export as export_records

    chosen = _format_of(out, form, as_json=as_json)
    if out != STDOUT:
        refuse_existing(out)
    with service({}, sandbox) as settings:
        filters = _filters_of(options, settings)
        console = terminal.Console(the_clock(), yes=True)
        request = ExportRequest(settings, console, the_clock(), kind_named(kind), filters, options["names"])
        exported = finish(export_records(request))
        if out == STDOUT:
            send_records(exported.table, chosen, binary_stdout(), settings.home)
            return Exit.DONE
        write_records(exported.table, out, chosen)
    if as_json:
        put_json(_document(exported, request.kind.name, out, chosen))
    else:
        _show(exported, request.kind.title, out, chosen, sandbox=sandbox)
    return Exit.DONE


def _format_of(out: Path, form: str | None, *, as_json: bool) -> "FileFormat":
    """How to write the file: as the user says, or as its name does."""
    from importer.reporting.record_file import FileFormat

    if out == STDOUT and as_json:
        raise click.UsageError("--json and --out - both write to stdout. Leave one of them out.")
    ending = out.suffix.lower().removeprefix(".")
    if out != STDOUT and form is None and ending not in set(FileFormat):
        raise click.UsageError(f"{out} is none of .csv, .xlsx and .jsonl. Choose one of these, or add --format.")
    return FileFormat(form or ("csv" if out == STDOUT else ending))


def _filters_of(options: Mapping[str, Any], settings: "Settings") -> "Filters":
    from importer.checking import DateReader
    from importer.runs.export import Filters

    _, read = reading_of({"dates": options["dates"], "tz": options["tz"]})
    references = {name: options[name] for name in ("resource", "coworker") if options[name]}
    return Filters(references, options["expires_before"], DateReader(read.dates, read.zone or settings.zone))


def _document(exported: "Export", kind: str, out: Path, form: "FileFormat") -> "documents.Export":
    return {
        "file": str(out),
        "type": kind,
        "format": form.value,
        "records": exported.records,
        "total": exported.total,
        "columns": list(exported.table.headers),
    }


def _show(exported: "Export", title: str, out: Path, form: "FileFormat", *, sandbox: bool) -> None:
    from importer.text import count

    some = f"{exported.records:,} of " if exported.records != exported.total else ""
    put(f"{harmless_line(str(out))}: {some}{count(exported.total, title)} in {exported.account.space}.")
    # A file whose ending belies its format could not be read.
    if exported.records and out.suffix.lower() == f".{form.value}":
        words = [quoted(out), *([f"--profile {quoted(name)}"] if (name := profile_name()) else [])]
        words += ["--sandbox"] if sandbox else []
        say(f"To see what your changes would do, once you have made them: importer plan {' '.join(words)} --update")


@click.command()
@FILE
@PROFILE
@with_options(*READING, KEY)
@click.option("--sandbox", is_flag=True, help="Compare with the practice service on this machine.")
@JSON
def diff(file: str, as_json: bool, sandbox: bool, **options: Any) -> int:
    """Compare FILE with the records that Nexudus holds, both ways.

    An empty cell says nothing, so it is not compared; what --clear-empty would clear is shown by importer plan FILE
    --update --clear-empty. Nothing is changed, and an import never deletes records. The exit code is 0 if there is no
    difference and 1 if there is one.
    """
    from importer.cli import terminal
    from importer.cli.difference_lines import difference_lines
    from importer.runs.difference import difference

    options = options | {"sandbox": sandbox}
    with service({}, sandbox) as settings, input_file(file, settings) as one:
        request = import_request(one, settings, terminal.Console(the_clock(), yes=True), options)
        differing = finish(difference(request))
    if as_json:
        put_json(_difference_document(differing, str(one)))
    else:
        terminal.show_source(differing.source, differing.result.rows)
        for line in difference_lines(differing, with_reading(one.typed, options=options)):
            put(line)
    return Exit.DONE if differing.is_empty else Exit.ROWS_FAILED


def _difference_document(differing: "Difference", file: str) -> dict[str, Any]:
    from dataclasses import asdict

    lists = {name: [asdict(each) for each in getattr(differing, name)] for name in _LISTS}
    counts = {name: len(listed) for name, listed in lists.items()}
    counts |= {"invalid": differing.invalid, "unchanged": differing.unchanged}
    head = {"file": file, "type": differing.source.kind.name, "rows": differing.result.rows}
    return {**head, "equal": differing.is_empty, "counts": counts, **lists}


_LISTS = ("create", "changed", "ambiguous", "only_there")

COMMANDS = (export, diff)
