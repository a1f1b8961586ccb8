"""How the files of a run speak: as commands do, or as the pages do, by whoever started the run. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from importer.issues import Issue, Notice, Severity, notice_text
from importer.journal.runs import Run
from importer.model import Status
from importer.reporting.page_words import advice_on_page, notice_on_page
from importer.spreadsheet import PLAIN_REPORT_COLUMNS, REPORT_COLUMNS
from importer.spreadsheet.workbook_child.sheet_choice import ISSUES_HEADER, PLAIN_ISSUES_HEADER


@dataclass(frozen=True)
class ReportWords:
    """The words of the files for people who type commands, or ``for_page`` for those who do not.

    ``titles`` are those of REPORT_COLUMNS; with either of them, a file that comes back is known.
    """

    for_page: bool
    titles: tuple[str, ...]
    issues_header: tuple[str, ...]
    statuses: Mapping[Status, str] = field(default_factory=dict)

    def status(self, status: Status) -> str:
        """What the status of a row is called."""
        return self.statuses.get(status, status.value)

    def advice(self, issue: Issue) -> str:
        """What to do about it."""
        return advice_on_page(issue) if self.for_page else issue.fix

    def issue(self, issue: Issue) -> str:
        """Both."""
        return f"{issue.message} {self.advice(issue)}"

    def about(self, issue: Issue) -> tuple[str, ...]:
        """An issue as a line below ``issues_header``."""
        place = issue.cell or (f"row {issue.row}" if issue.row else "")
        is_error = self.for_page and issue.severity is Severity.ERROR
        kind = self.status(Status.INVALID) if is_error else issue.severity.value
        codes = () if self.for_page else (issue.code,)
        return (place, kind, *codes, issue.message, self.advice(issue))

    def notice(self, notice: Notice) -> str:
        """What reading the file has to say."""
        return notice_on_page([notice], _CHOOSE_ENCODING) if self.for_page else notice_text([notice])


_CHOOSE_ENCODING = "If that looks wrong, upload the file again and choose its encoding."

COMMANDS = ReportWords(for_page=False, titles=REPORT_COLUMNS, issues_header=ISSUES_HEADER)
PAGE = ReportWords(
    for_page=True,
    titles=PLAIN_REPORT_COLUMNS,
    issues_header=PLAIN_ISSUES_HEADER,
    statuses={
        Status.EXISTING: "already in Nexudus",
        Status.REJECTED: "refused by Nexudus",
        Status.INVALID: "needs a change",
        Status.UNKNOWN: "no answer yet",
    },
)
PAGE_BEFORE_IMPORT = replace(PAGE, statuses={**PAGE.statuses, Status.NOT_SENT: "ready"})
"""For a file that has not been imported: nobody has tried to send its rows."""


def words_of(run: Run) -> ReportWords:
    """The words of whoever started a run, also if somebody else has its files written once more."""
    return PAGE if run.is_from_page else COMMANDS
