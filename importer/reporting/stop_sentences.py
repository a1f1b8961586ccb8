"""Why sending stopped, in words: the one place that makes a sentence of a SendResult. Pure."""

from importer.delivery.send_result import (
    CallsUnanswered,
    ChangedRows,
    Complaint,
    InvalidRows,
    NoRecordOfRun,
    NotBegun,
    NotComparedAgain,
    Outage,
    RecordsNotUndone,
    RecordsNotUpdated,
    RecordsUnreadable,
    RowLimit,
    SameRefusals,
    SendResult,
    SignInEnded,
    StopDetail,
    TimeTooShort,
    TimeUp,
)
from importer.errors import ImporterError
from importer.text import count, moment


def stop_sentence(result: SendResult) -> str:
    """Why sending stopped, for people; empty if the reason says it all."""
    return "" if result.detail is None else _sentence(result.detail)


def _sentence(detail: StopDetail) -> str:
    match detail:
        case InvalidRows(rows):
            return f"Nothing was sent (--strict): {count(rows, 'invalid row')}."
        case ChangedRows(rows):
            return f"Nothing was sent (--strict): {count(rows, 'row')} with other values in Nexudus."
        case NotBegun(error, advice):
            return _with_advice(error) if advice else error.message
        case TimeUp() | TimeTooShort() | RowLimit():
            return _of_limit(detail)
        case RecordsUnreadable() | RecordsNotUpdated() | RecordsNotUndone() | NoRecordOfRun():
            return _of_records(detail)
        case _:
            return _of_service(detail)


def _of_service(
    detail: Complaint | Outage | CallsUnanswered | SameRefusals | SignInEnded | NotComparedAgain,
) -> str:
    match detail:
        case Complaint(verdict):
            return f"Sending stopped: {verdict.reason}."
        case Outage(verdict):
            return f"Sending stopped: the service cannot be reached ({verdict.failure})."
        case CallsUnanswered(calls):
            return f"Sending stopped: {calls} calls in a row got no usable answer."
        case SameRefusals(rows, verdict):
            return f"Sending stopped: the last {rows} rows were refused because of {verdict.field}: {verdict.message}"
        case SignInEnded():
            return "The service no longer accepts the sign-in."
        case NotComparedAgain(error):
            why = "rows are compared with Nexudus again each day, and that was not possible"
            return f"Sending stopped: {why}. {_with_advice(error)}"


def _of_limit(detail: TimeUp | TimeTooShort | RowLimit) -> str:
    match detail:
        case TimeUp():
            return "Stopped: the time set with --max-duration is up."
        case TimeTooShort(next_call, now, why):
            then = moment(next_call, now)
            return f"Stopped because of --max-duration: no call is possible before {then}, because {why}."
        case RowLimit(rows):
            return (
                f"Stopped after {count(rows, 'row')} (--max-rows)."
                if rows is not None
                else "Stopped: the number of rows set with --max-rows is reached."
            )


def _of_records(detail: RecordsUnreadable | RecordsNotUpdated | RecordsNotUndone | NoRecordOfRun) -> str:
    match detail:
        case RecordsUnreadable(records, why):
            return f"Sending stopped: {records} records in a row could not be read ({why})."
        case RecordsNotUpdated(records):
            return f"{count(records, 'record')} could not be read, and so not updated."
        case RecordsNotUndone(records, why):
            return f"Stopped: {records} records in a row were not undone ({why})."
        case NoRecordOfRun(run):
            return (
                "Nexudus has none of the records of this run. Most likely you are signed in at another location, or as "
                "another user, than when it was imported. Nothing was changed. If somebody has really deleted all of "
                f"them: {run.command('undo')} --even-if-gone"
            )


def _with_advice(error: ImporterError) -> str:
    return f"{error.message} {error.advice}"
