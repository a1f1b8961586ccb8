"""The documents that ``--json`` prints, command by command, and the lines of ``--log-file``: what is in them, as types.

The builders in this package are checked against these types, the schemas in ``json_schemas`` and the tables of the
guide are made from them by ``tests/readme.py``, and the tests hold what the commands print to the schemas. So a new
member has one place: here.

A member that does not apply is null, unless it is ``NotRequired``. Not imported while a command runs.
"""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

# "2026-11-24T09:00:00Z", and with milliseconds in a log.
Instant = Annotated[
    str, Field(json_schema_extra={"format": "date-time"}, pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
]
Count = Annotated[int, Field(ge=0)]
Severity = Literal["error", "warning"]
StatusName = Literal["created", "updated", "existing", "rejected", "invalid", "unknown", "not sent", "left out"]


class Error(TypedDict):
    """Why a command has failed."""

    code: str
    """The kind of error, in a word that stays; see the list of [errors](#errors)."""
    exit_code: Annotated[int, Field(ge=2)]
    """The exit code."""
    message: str
    """What happened, in a sentence."""
    advice: str
    """What to do next; empty if there is nothing to say."""


class Head(TypedDict):
    """The members that every document begins with."""

    schema: Literal[1]
    """The form of the document."""
    ok: bool
    """Whether the exit code is 0 or 1."""
    error: NotRequired[Error]
    """Why the command has failed; only there if `ok` is false."""


class Notice(TypedDict):
    """Something to know about how a file was read."""

    code: str
    """Its kind."""
    doubtful: bool
    """Whether the file may not be read as you see it; `--strict` refuses that."""
    values: dict[str, str | int]
    """What the sentence speaks of."""
    message: str
    """The sentence."""
    advice: str
    """What to do about it."""


class Issue(TypedDict):
    """Something wrong or doubtful in a file. The codes are listed under [fixing what failed](fixing.md#every-issue)."""

    row: Count | None
    """The row as the spreadsheet program numbers it; null for a whole column."""
    cell: str | None
    """The address of the cell, if it is about one."""
    label: str | None
    """The header of the column."""
    field: str | None
    """The field."""
    code: str
    """Its kind."""
    severity: Severity
    """Whether the row cannot be imported."""
    value: str
    """What stands there."""
    message: str
    """What is wrong."""
    fix: str
    """What to do."""


class Account(TypedDict):
    """The account that a command works for."""

    key: str
    """What identifies the user for good."""
    user: str
    """The user."""
    space: str
    """The space."""
    service: str
    """What identifies the service."""


class FieldChange(TypedDict):
    """A field in which a record differs from its row."""

    field: str
    """The field."""
    there: str
    """Its value in the record, "" for empty."""
    new: str
    """Its value in the row."""
    goes_back: bool
    """Whether both are dates, and the row's is the earlier one."""


class RowChange(TypedDict):
    """A row whose record has other values."""

    row: Count
    """The row."""
    record: int
    """The Id of its record."""
    fields: list[FieldChange]
    """What differs."""


class RowChoice(TypedDict):
    """A record that you may name as a row's."""

    record: int
    """Its Id."""
    fields: list[FieldChange]
    """What differs."""


class RowDoubt(TypedDict):
    """A row of which only a person can tell the record."""

    row: Count
    """The row."""
    records: list[int]
    """The Ids that it may be."""
    reason: str
    """Why it is not certain."""
    field: str | None
    """The field that makes it doubtful, if it is one."""
    choices: list[RowChoice]
    """The records that you may name as its own."""


class RowWait(TypedDict):
    """A row that waits for a row of another run, which may be the same mapping and has no answer yet."""

    row: Count
    """The row."""
    run: int
    """The other run."""
    other_row: int
    """The row of that run."""


class ComparisonCounts(TypedDict):
    """What the valid rows are to what Nexudus holds."""

    create: Count
    """Rows that have no record."""
    unchanged: Count
    """Rows whose record is as they say."""
    changed: Count
    """Rows whose record has other values."""
    ambiguous: Count
    """Rows of which only a person can tell the record."""
    blocked: Count
    """Rows that wait for a row of another run."""
    backwards: Count
    """Those of the changed rows that would set a date back."""


class ComparisonFirst(TypedDict):
    """The first ten rows of each kind."""

    unchanged: list[Annotated[list[int], Field(min_length=2, max_length=2)]]
    """Each as row and record."""
    changed: list[RowChange]
    """Rows whose record has other values."""
    ambiguous: list[RowDoubt]
    """Rows of which only a person can tell the record."""
    blocked: list[RowWait]
    """Rows that wait for a row of another run."""


class Comparison(TypedDict):
    """A checked file compared with what Nexudus holds."""

    account: Account
    """The account."""
    counts: ComparisonCounts
    """How many rows of which kind."""
    first: ComparisonFirst
    """Some of them."""


class Check(TypedDict):
    """What a check finds."""

    file: str
    """The file as typed."""
    rows: Count
    """How many rows it has."""
    valid: Count
    """How many of them can be imported."""
    invalid: Count
    """How many cannot."""
    notices: list[Notice]
    """Notices about how the file was read."""
    comparison: Comparison | None
    """How it compares with Nexudus; null if you are not signed in, with `--offline`, if no row is valid, and if Nexudus
    does not list its records."""
    issues: list[Issue]
    """Everything wrong or doubtful in the file."""


class CheckOfFile(Check):
    """What a check of several files finds in one of them."""

    ok: bool
    """Always true: the file was checked."""
    exit_code: int
    """The exit code that its check alone would have ended with."""


class UnreadFile(TypedDict):
    """One of several files that could not be checked or planned."""

    file: str
    """The file as typed, or as it was found in a folder."""
    ok: bool
    """Always false."""
    exit_code: int
    """The exit code of its error."""
    error: str
    """Why it could not be done."""
    error_code: str
    """The same in a word."""
    advice: str
    """What to do about it."""


class CheckOfFiles(TypedDict):
    """What a check finds in several files, in a folder, or in the files of a pattern."""

    exit_code: int
    """The gravest exit code of the files, with which the command ends."""
    files: list[CheckOfFile | UnreadFile]
    """The files, in their order."""


class PlanNumbers(TypedDict):
    """What importing a file would do. `create` to `ambiguous` add up to the rows."""

    rows: Count
    """The rows of the file."""
    create: Count
    """Rows to create."""
    existing: Count
    """Rows whose record exists."""
    invalid: Count
    """Rows with an error."""
    update: Count
    """With `--update`, rows whose record is to get other values."""
    blocked: Count
    """Rows that wait because a row of another run, which may be the same mapping, has no answer."""
    changed: Count
    """Rows that are *held*: their record exists with other values; 0 with `--update`."""
    ambiguous: Count
    """Rows that are *held*: several records may be theirs, or one may be."""
    conflicts: list[tuple[int, str]]
    """The first 1,000 of these, each as row and sentence."""
    updates: list[tuple[int, str]]
    """The first 1,000 rows of `update`, each as row and sentence."""
    backwards: Count
    """Rows of `update` that would set a date back."""
    quota_left: int | None
    """Creates, updates and deletes left today; null without a daily quota."""
    seconds: float
    """How long sending takes."""
    finish: float
    """When it would end, in seconds since 1970."""
    finishes: Instant
    """The same as a time."""
    limited_by: str
    """The setting that decides how long sending takes; empty if nothing slows it down."""
    limit: str
    """The value of that setting."""
    rate: str
    """The rate."""
    below_rate: list[tuple[str, int]]
    """The settings that keep the rate from being reached, each as the setting and what it would have to be."""
    held: Count
    """The same as `blocked`, as version 1.0.0 called it; use `blocked`."""


class Plan(TypedDict):
    """What an import would do."""

    file: str
    """The file as typed."""
    rows: Count
    """How many rows it has."""
    valid: Count
    """How many of them can be imported."""
    invalid: Count
    """How many cannot."""
    notices: list[Notice]
    """Notices about how the file was read."""
    plan: PlanNumbers
    """The plan."""
    account: Account
    """The account."""
    issues: list[Issue]
    """Everything wrong or doubtful in the file."""


class PlanOfFile(Plan):
    """What an import of one of several files would do, were it the first."""

    ok: bool
    """Always true: the file was planned."""
    exit_code: int
    """The exit code that its plan alone would have ended with."""


class PlanOfFiles(TypedDict):
    """What imports of several files, of a folder, or of the files of a pattern would do."""

    exit_code: int
    """The gravest exit code of the files, with which the command ends."""
    files: list[PlanOfFile | UnreadFile]
    """The files, in their order."""


class SentAgain(TypedDict):
    """Rows that a run left undone and a later run has brought in."""

    run: int
    """The later run."""
    status: StatusName
    """What became of them there."""
    rows: Count
    """How many."""


class Summary(TypedDict):
    """A run, as `summary.json` in its report has it."""

    run: int
    """Its number."""
    parent: int | None
    """The run that it retries, if it does."""
    kind: str
    """The record type."""
    account: str | None
    """The account; null if nobody could sign in yet."""
    file: str
    """The name of the file."""
    sha256: str
    """The hash of its bytes."""
    rows: Count
    """How many rows it has."""
    counts: dict[StatusName, Count]
    """How many rows of each status; they add up to the rows."""
    sent_again: list[SentAgain]
    """The rows that this run left undone and later runs have brought in."""
    issues: dict[str, Count]
    """How many issues of each code."""
    notices: list[Notice]
    """Notices about how the file was read."""
    started: Instant
    """When it began."""
    finished: Instant | None
    """When it ended; null while it is unfinished."""
    duration_seconds: float
    """How long it took."""
    exit_code: int | None
    """How it ended."""
    resume: str | None
    """The command to continue it, if it is unfinished."""
    resume_after: Instant | None
    """Before this time, resuming would only wait; null if there is no such time."""
    files: list[str]
    """The names of the files of the report."""


class SummaryFile(Summary):
    """The file `summary.json` of a report."""

    schema: Literal[1]
    """The form of the document."""


class Declined(TypedDict):
    """You were asked, and said no."""

    declined: Literal[True]
    """Nothing was done."""
    message: str
    """The same in a sentence."""


class Import(TypedDict):
    """One of several imports. It has `run` or `error`, or neither if nothing was sent."""

    file: str
    """The file as typed."""
    profile: str | None
    """Its profile."""
    ok: bool
    """Whether the exit code is 0 or 1."""
    exit_code: int
    """The exit code that this import alone would have ended with."""
    run: NotRequired[SummaryFile]
    """The summary of its run."""
    error: NotRequired[str]
    """Why it could not be done."""
    error_code: NotRequired[str]
    """The kind of error, as in the list of [errors](#errors)."""
    advice: NotRequired[str]
    """What to do about it."""


class Batch(TypedDict):
    """What several files have come to."""

    imports: list[Import]
    """One for each file, in their order."""


class Queued(TypedDict):
    """A run that was left to the workers with `--queue`."""

    run: int
    """Its number."""
    state: Literal["queued"]
    """That it waits."""


class Export(TypedDict):
    """What was written into a file."""

    file: str
    """The file."""
    type: str
    """The record type."""
    format: Literal["csv", "xlsx", "jsonl"]
    """The kind of file."""
    records: Count
    """How many records are in it."""
    total: Count
    """How many Nexudus holds."""
    columns: list[str]
    """The headers."""


class FieldDifference(TypedDict):
    """A field in which a row and its record differ."""

    field: str
    """The field."""
    there: str
    """Its value in the record."""
    row: str
    """Its value in the row."""


class CreatedRow(TypedDict):
    """A row without a record."""

    row: Count
    """The row."""
    values: dict[str, str]
    """Its fields."""


class ChangedRow(TypedDict):
    """A row whose record has other values."""

    row: Count
    """The row."""
    record: int
    """The Id of its record."""
    fields: list[FieldDifference]
    """What differs."""


class AmbiguousRow(TypedDict):
    """A row that may be of one of several records, or of one."""

    row: Count
    """The row."""
    records: list[int]
    """Their Ids."""
    why: str
    """Why it is not certain; the sentence begins with the Ids."""
    advice: str
    """What to do about it."""


class OnlyThere(TypedDict):
    """A record that no row of the file is for."""

    record: int
    """Its Id."""
    values: dict[str, str]
    """Its fields."""


class DifferenceCounts(TypedDict):
    """How many of which kind."""

    create: Count
    """Rows without a record."""
    changed: Count
    """Rows whose record has other values."""
    ambiguous: Count
    """Rows that may belong to one of several records, or perhaps to one."""
    only_there: Count
    """Records that no row is for."""
    invalid: Count
    """Rows with an error, which were not compared."""
    unchanged: Count
    """Rows without a difference."""


class Difference(TypedDict):
    """How a file and Nexudus differ."""

    file: str
    """The file as typed."""
    type: str
    """The record type."""
    rows: Count
    """How many rows it has."""
    equal: bool
    """Whether there is no difference."""
    counts: DifferenceCounts
    """How many of which kind."""
    create: list[CreatedRow]
    """Rows without a record."""
    changed: list[ChangedRow]
    """Rows whose record has other values."""
    ambiguous: list[AmbiguousRow]
    """Rows that may belong to one of several records, or perhaps to one."""
    only_there: list[OnlyThere]
    """Records that no row is for."""


class RunState(TypedDict):
    """The state of a run."""

    run: int
    """Its number."""
    file: str
    """The name of the file."""
    state: Literal["finished", "being sent", "queued", "unfinished"]
    """How far it is."""
    account: str | None
    """The account."""
    profile: str | None
    """The profile that it was started with."""
    url: str
    """The address of the service."""
    rows: Count
    """How many rows it has."""
    counts: dict[StatusName, Count]
    """How many rows of each status."""
    undone: Count
    """How many of its records were deleted or put back."""
    started: Instant
    """When it began."""
    finished: Instant | None
    """When it ended; null while it is unfinished."""
    exit_code: int | None
    """How it ended."""
    resume_after: Instant | None
    """Before this time, resuming would only wait."""
    folder: str
    """Where its report is."""
    forgotten: Instant | None
    """When its values were removed; null if they were not."""
    next: str | None
    """The command to type next; null if there is nothing to do."""


class Status(RunState):
    """One run."""

    unfinished: list[int]
    """Other runs that are unfinished."""


class History(TypedDict):
    """The runs, newest first."""

    runs: list[RunState]
    """The runs."""


class LastImport(TypedDict):
    """What came of the last date or file of a schedule."""

    state: Literal["begun", "queued", "failed", "present"]
    """How far it is."""
    file: str | None
    """The file."""
    due: Instant | None
    """When it was due."""
    at: Instant | None
    """When that state came."""
    run: int | None
    """Its run."""
    missed: Count
    """For how many earlier dates it makes up."""
    reason: str | None
    """Why it failed."""


class Schedule(TypedDict):
    """A scheduled import."""

    schedule: int
    """Its number."""
    path: str
    """The file or the folder."""
    state: Literal["active", "due", "paused"]
    """How it stands."""
    when: str
    """When it comes, in words."""
    at: str | None
    """The time of day; null for a folder."""
    zone: str | None
    """The time zone of that."""
    pattern: str | None
    """Which names of files are meant; null for all spreadsheets."""
    url: str
    """The address of the service."""
    account: str | None
    """The account."""
    profile: str | None
    """The profile."""
    next: Instant | None
    """When it comes next."""
    due_since: Instant | None
    """Since when it is due, if it is."""
    looked: Instant | None
    """When a worker last looked into the folder."""
    last: LastImport | None
    """What came of it last."""


class AddedSchedule(Schedule):
    """A scheduled import that was added."""

    files_there_before: Count
    """How many files are in the folder already, which will not be imported."""


class Schedules(TypedDict):
    """What is scheduled."""

    schedules: list[Schedule]
    """Every scheduled import."""


class EndedSchedule(TypedDict):
    """A scheduled import that was paused or removed."""

    schedule: int
    """Its number."""
    state: Literal["paused", "removed"]
    """How it stands."""


class StoppedRun(TypedDict):
    """What a stop has come to."""

    run: int | None
    """The run; null for an import that had not begun."""
    state: Literal["stopping", "left the queue", "not in progress", "finished"]
    """What it does now."""
    command: str | None
    """The command to continue it; null if it is finished or had not begun."""


class Stop(TypedDict):
    """What was asked to stop."""

    runs: list[StoppedRun]
    """The runs."""


class Verification(TypedDict):
    """The records of a run compared with what Nexudus holds now."""

    run: int
    """The run."""
    counts: dict[Literal["once", "twice", "differs", "changed since", "absent", "not looked at"], Count]
    """How many records were found how."""
    unknown: Count
    """Rows in doubt or marked for review, which were not looked for."""
    file: str
    """The file with all rows."""


class Undoing(TypedDict):
    """What was deleted and put back."""

    run: int
    """The run."""
    counts: dict[Literal["removed", "put back", "kept", "failed"], Count]
    """What became of how many records."""
    file: str
    """The file with all rows."""


class Column(TypedDict):
    """A column of a file, or a field that has none."""

    field: str | None
    """The field; null for a column that is not used."""
    column: str | None
    """The letters over the column."""
    label: str | None
    """Its header."""
    how: str
    """How they were matched."""
    samples: list[str]
    """The first few texts in it."""


class Columns(TypedDict):
    """Which column holds which field."""

    file: str
    """The file as typed."""
    columns: list[Column]
    """The columns, and the fields without one."""


class Setting(TypedDict):
    """A setting."""

    setting: str
    """Its name."""
    value: str
    """Its value; of a secret, only whether there is one."""
    source: str
    """Where the value comes from."""
    variable: str
    """Its environment variable."""


class Config(TypedDict):
    """The settings."""

    settings: list[Setting]
    """Every setting."""
    trusted_folders: list[str]
    """The folders whose `importer.toml` may say where secrets go."""
    below_rate: dict[str, int]
    """The settings that keep the rate from being reached, with what each would have to be."""


class SettingsFile(TypedDict):
    """The settings file that was written."""

    file: str
    """Where it is."""


class SampleFiles(TypedDict):
    """The samples that were written."""

    files: list[str]
    """Where they are."""


class Sample(TypedDict):
    """A sample."""

    file: str
    """The name of its file."""
    meaning: str
    """What it shows."""


class Samples(TypedDict):
    """The samples that there are."""

    samples: list[Sample]
    """Each of them."""


class ManPage(TypedDict):
    """How to use a command, as a page for man."""

    command: str
    """The command; empty for the program."""
    man: str
    """The page."""


class ManPages(TypedDict):
    """The pages for man that were written."""

    files: list[str]
    """Where they are."""


class Script(TypedDict):
    """A script for a shell."""

    script: str
    """The script."""


class Destination(TypedDict):
    """A line of an `importer.toml` that says where secrets go."""

    key: str
    """The setting, with its profile if it is in one."""
    value: str
    """Its value."""


class Trust(TypedDict):
    """Whether the `importer.toml` of a folder may say where secrets go."""

    folder: str
    """The folder."""
    trusted: bool
    """Whether it may."""
    destinations: list[Destination]
    """What it says about that."""


class Finding(TypedDict):
    """What `doctor` has looked at."""

    what: str
    """What was looked at."""
    good: bool
    """Whether it is as it should be."""
    seen: str
    """What was found."""
    fix: str
    """What to do about it."""


class PointAnswer(TypedDict):
    """What a probe says to [a point](promises.md#find-out-how-your-nexudus-behaves)."""

    point: str
    """The point."""
    statement: str
    """What a yes means."""
    answer: Literal["yes", "no", "not found out"]
    """The answer."""
    detail: str
    """More about it."""


class Probe(TypedDict):
    """What a probe has found out about Nexudus."""

    host: str
    """The host of the service."""
    kind: str
    """The record type."""
    path: str
    """The path of its records."""
    account: str
    """The account."""
    probed: Instant | None
    """When."""
    answers: list[PointAnswer]
    """Its answers."""
    leftover: str | None
    """The name of a test record that may still exist."""


class Doctor(TypedDict):
    """The state of this installation."""

    findings: list[Finding]
    """What was looked at."""
    probes: list[Probe]
    """The latest probes."""


class Probed(TypedDict):
    """What a probe (`--probe`) has found out."""

    probes: list[Probe]
    """The probe."""


class Journal(TypedDict):
    """The state of the journal."""

    path: str
    """Where it is."""
    bytes: Count
    """Its size; 0 on a database server."""
    runs: Count
    """How many runs are in it."""
    rows: dict[str, Count]
    """How many rows of each state."""
    fault: str | None
    """What is damaged; null if it is intact."""
    backup: str | None
    """Where the backup was written."""


class PersonRow(TypedDict):
    """A row of a run that is about the person."""

    run: int
    """The run."""
    row: Count
    """The row."""
    status: str
    """What became of it."""
    record: int | None
    """The Id of its record."""
    values: dict[str, Any]
    """What was, or would have been, sent."""
    cells: dict[str, str]
    """What the file has, by the headers."""
    message: str
    """What the report says of it."""
    issues: list[str]
    """What is wrong with it."""


class PersonRun(TypedDict):
    """A run that the person began, or that was sent as them: what of it names them."""

    run: int
    """The run."""
    user: NotRequired[str]
    """The user whom it was sent as."""
    account: NotRequired[str]
    """The account."""
    started_by: NotRequired[str]
    """Who began it on the page."""
    file: NotRequired[str]
    """The name of the file."""


class PersonChoice(TypedDict):
    """A choice that was saved: which record a name means."""

    account: str
    """For which account."""
    list: str
    """The path of the list."""
    name: str
    """The name."""
    record: int
    """The Id of the record."""


class PersonFile(TypedDict):
    """A file that has the person in it, or could not be looked into."""

    path: str
    """Where it is."""
    what: str
    """What it is."""
    rows: list[int]
    """Rows of a spreadsheet."""
    lines: list[str]
    """Lines of a text."""
    problem: str
    """Why it could not be looked into."""


class Person(TypedDict):
    """What is stored about a person (`--export-person`)."""

    person: str
    """Who was looked for."""
    ids: dict[str, dict[str, list[str]]]
    """The names of the person by list and Id."""
    runs: list[PersonRun]
    """Runs that name the person."""
    rows: list[PersonRow]
    """Rows about the person."""
    schedules: list[dict[str, int | str]]
    """Scheduled imports that name the person, each as `schedule` (its number) and what of it does."""
    choices: list[PersonChoice]
    """Saved choices."""
    files: list[PersonFile]
    """Files."""
    looked_at: dict[str, Count]
    """How many of what were looked through."""


class Rebuilt(TypedDict):
    """What the journal was rebuilt from (`--rebuild`)."""

    run: int | None
    """The run that holds the added records."""
    records: Count
    """How many were added."""
    in_journal: Count
    """How many were there before."""
    blocked: list[int]
    """Ids that were skipped, because rows without an answer may have created them."""
    twins: list[list[int]]
    """Ids that were skipped, because these records share a mark."""
    other_installations: dict[str, Count]
    """How many records other installations have created."""
    nothing_sent_before: Instant
    """When the next run may begin to send."""
    folder: str | None
    """Where the report of the run is."""


class RefusedRun(TypedDict):
    """A run that could not be forgotten."""

    run: int
    """The run."""
    why: str
    """Why."""
    advice: str
    """What to do about it."""


class Forgotten(TypedDict):
    """What was removed."""

    forgotten: list[int]
    """The runs."""
    rows: Count
    """How many rows they have."""
    files: list[str]
    """The files that were deleted."""
    stays: list[RefusedRun]
    """The runs that could not be forgotten."""


class SignedIn(Account):
    """Who is signed in, and where."""

    url: str
    """The address of the service."""


class LoggedOut(TypedDict):
    """A sign-in that was removed from the keyring."""

    url: str
    """The address of the service."""
    profile: str | None
    """The profile."""


class Template(TypedDict):
    """A spreadsheet to fill in."""

    file: str
    """The file."""
    type: str
    """The record type."""
    lists: dict[str, Count]
    """How many names each drop-down list has, by the field."""


class Listening(TypedDict):
    """A service that is ready; the document is printed at once, and errors that follow go to stderr only."""

    url: str
    """The address to open. That of `serve` signs the browser in, so keep it to yourself."""
    process: int
    """The number of the process."""


class Member(TypedDict):
    """Somebody who may use the page of a team."""

    name: str
    """The e-mail address, or the name that your proxy gives them."""
    role: Literal["viewer", "runner", "admin"]
    """What they may do."""


class Removed(TypedDict):
    """Somebody who may no longer use the page."""

    name: str
    """Who."""


class People(TypedDict):
    """Who may use the page of a team."""

    people: list[Member]
    """Everybody who was added."""


class WorkedOn(TypedDict):
    """A run that a worker has worked on."""

    run: int
    """The run."""
    account: str | None
    """Its account."""
    exit_code: int
    """How its process ended."""
    finished: bool
    """Whether the run is finished."""


class Worked(TypedDict):
    """What a worker did until it was stopped, or until there was nothing to do."""

    runs: list[WorkedOn]
    """One entry each time work on a run ended."""


class ExitCode(TypedDict):
    """An exit code."""

    code: Count
    """The number."""
    meaning: str
    """Its meaning."""


class ErrorKind(TypedDict):
    """A code of an error."""

    code: str
    """The word."""
    exit_code: Count
    """Its exit code."""
    meaning: str
    """Its meaning."""


class CodeList(TypedDict):
    """The exit codes and the codes of errors."""

    exit_codes: list[ExitCode]
    """The exit codes."""
    errors: list[ErrorKind]
    """The codes of errors."""


class Topic(TypedDict):
    """A page of the manual."""

    topic: str
    """Its name."""
    title: str
    """Its title."""
    summary: str
    """What it is for."""


class Topics(TypedDict):
    """The pages of the manual."""

    topics: list[Topic]
    """The pages."""


class Page(TypedDict):
    """A page of the manual, for `importer help TOPIC`."""

    topic: str
    """Its name."""
    title: str
    """Its title."""
    markdown: str
    """Its text."""


class Usage(TypedDict):
    """How to use a command, for `importer help COMMAND`."""

    command: str
    """The command."""
    usage: str
    """What `--help` prints."""


class SchemaNames(TypedDict):
    """The schemas there are, for `importer help --schema`."""

    schemas: list[str]
    """Their names."""


class Schema(TypedDict):
    """A JSON Schema, for `importer help --schema COMMAND`."""

    name: str
    """Its name."""
    json_schema: dict[str, Any]
    """The schema."""


class Text(TypedDict):
    """What `--help` and `--version` print."""

    text: str
    """The text."""


class LogEvent(TypedDict):
    """A line of `--log-file`, and of `IMPORTER_LOG=json`."""

    time: Instant
    """When."""
    level: Literal["info", "warning", "error"]
    """How much it matters."""
    event: str
    """What happened; see the list of [events](#events)."""
    run: NotRequired[int]
    """The run."""
    account: NotRequired[str]
    """The account."""


DOCUMENTS: dict[str, tuple[type, ...]] = {
    "check": (Check, CheckOfFiles),
    "plan": (Plan, PlanOfFiles),
    "run": (Summary, Batch, Queued, Declined),
    "resume": (Summary,),
    "retry": (Summary, Declined),
    "reconcile": (Summary,),
    "settle": (Summary,),
    "report": (Summary,),
    "verify": (Verification,),
    "undo": (Undoing, Declined),
    "stop": (Stop,),
    "worker": (Worked,),
    "status": (Status,),
    "history": (History,),
    "schedule add": (AddedSchedule,),
    "schedule list": (Schedules,),
    "schedule pause": (EndedSchedule,),
    "schedule resume": (Schedule,),
    "schedule remove": (EndedSchedule,),
    "export": (Export,),
    "diff": (Difference,),
    "columns": (Columns,),
    "template": (Template,),
    "config": (Config,),
    "config trust": (Trust,),
    "doctor": (Doctor, Probed, Declined),
    "journal": (Journal, Rebuilt, Person),
    "forget": (Forgotten,),
    "login": (SignedIn,),
    "whoami": (SignedIn,),
    "logout": (LoggedOut,),
    "people add": (Member,),
    "people remove": (Removed,),
    "people list": (People,),
    "sandbox": (Listening,),
    "serve": (Listening,),
    "exit-codes": (CodeList,),
    "init": (SettingsFile,),
    "sample": (SampleFiles, Samples),
    "completion": (Script,),
    "help": (Topics, Page, Usage, SchemaNames, Schema, ManPage, ManPages),
}
"""What each command may print with ``--json`` if it does not fail; every command has a line."""
