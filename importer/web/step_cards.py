"""The next steps about a run in the words of the page, each a card with one button or link.

What there is to do, and in which order, is decided for terminal, report and page alike in ``journal.next_steps``.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from importer.journal.next_steps import FAILED_FILE, Step, StepKind
from importer.reporting import MARKED_WORKBOOKS
from importer.text import count
from importer.web.auth import Role

ELSEWHERE = frozenset({StepKind.STOP, StepKind.RESUME, StepKind.REPORT})
"""The steps that have a place of their own on a run's page."""


@dataclass(frozen=True, slots=True)
class Card:
    """One step: what it is about, and a form to send or an address to open, which is below that of the run.

    Only an address that begins with a slash is of another page, which leads back to the run.
    ``may_wait`` tells that nobody has to do it. ``also`` is the label of a link beside the form, ``also_at`` its
    address; empty if there is none.
    """

    kind: StepKind
    title: str
    text: str
    label: str
    address: str
    sends: bool
    may_wait: bool
    also: str = ""
    also_at: str = ""


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a step. They may name ``{rows}``, ``{records}`` and ``{them}``; the role is the least that may."""

    title: str
    text: str
    label: str
    address: str
    role: Role
    sends: bool = False
    may_wait: bool = False
    also: str = ""
    also_at: str = ""


_WORDS: Mapping[StepKind, _Words] = {
    StepKind.SIGN_IN: _Words(
        "Sign in to Nexudus again",
        "Nexudus no longer accepts the sign-in of this run. Sign in, then resume it.",
        "Sign in",
        "/sign-in",
        Role.RUNNER,
    ),
    StepKind.GET_PERMISSION: _Words(
        "A permission is missing in Nexudus",
        "Nexudus does not let the user of this run see, create or update these records. Ask an administrator of the "
        "space to allow it, then resume the run.",
        "Show what was not sent",
        "rows?status=not+sent",
        Role.VIEWER,
    ),
    StepKind.CHECK_ADDRESS: _Words(
        "Nexudus redirects the import",
        "The address of Nexudus may be set wrongly. Ask the person who looks after the importer on this computer. If "
        "it is changed, upload the file again; if it was right, resume this run.",
        "Show what was not sent",
        "rows?status=not+sent",
        Role.VIEWER,
    ),
    StepKind.CHECK_NETWORK: _Words(
        "Something answers in the place of Nexudus",
        "A web page came instead of an answer, for example from a firewall, or because Nexudus is under maintenance. "
        "Resume the run once Nexudus answers again.",
        "Show what was not sent",
        "rows?status=not+sent",
        Role.VIEWER,
    ),
    StepKind.CHECK_PATH: _Words(
        "Nexudus does not know these records",
        "The path of these records may be set wrongly. Ask the person who looks after the importer on this computer. "
        "If it is changed, upload the file again; if it was right, resume this run.",
        "Show what was not sent",
        "rows?status=not+sent",
        Role.VIEWER,
    ),
    StepKind.CHECK_NAMED: _Words(
        "Nexudus does not know what the rows name",
        "Check whether the records that the refused rows name are still in Nexudus. If they are not, resume the run; "
        "you can correct those rows afterwards. If they are, ask the person who looks after the importer on "
        "this computer.",
        "Show the refused rows",
        "rows?status=rejected",
        Role.VIEWER,
    ),
    StepKind.CONTINUE_UNDO: _Words(
        "{records} left to undo",
        "The undo stopped before it was finished.",
        "Continue the undo …",
        "undo",
        Role.ADMIN,
    ),
    StepKind.RECONCILE: _Words(
        "{rows} without an answer",
        "Nexudus may or may not have saved {them}. Find out now; nothing is sent twice.",
        "Find out",
        "reconcile",
        Role.RUNNER,
        sends=True,
    ),
    StepKind.REVIEW: _Words(
        "{rows} to look up in Nexudus",
        "The importer cannot tell whether Nexudus created {them}. Look in Nexudus, then decide: which record it is, or "
        "that there is none.",
        "Show {them}",
        "rows?status=unknown",
        Role.VIEWER,
    ),
    StepKind.CORRECT: _Words(
        "{rows} to correct",
        "Download {them}, correct the red cells and upload the file. Rows that were created are not sent again.",
        "Download the rows to correct",
        f"files/{FAILED_FILE}",
        Role.VIEWER,
    ),
    StepKind.CORRECT_COLUMN: _Words(
        "Nexudus refuses row after row",
        "The reason is the same column each time. Correct it in your file, then upload the file again. If the problem "
        "was on Nexudus' side and has been fixed, resume this run instead.",
        "Show the refused rows",
        "rows?status=rejected",
        Role.VIEWER,
    ),
    StepKind.LOOK_AT_HELD: _Words(
        "{rows} with other values in Nexudus",
        "Nexudus has, or may have, {them} with other values, so nothing was sent. Each message says which record it "
        "is. Change that record in Nexudus, or correct the row and upload it again.",
        "Show {them}",
        "rows?status=not+sent",
        Role.VIEWER,
    ),
    StepKind.COMPARE_AGAIN: _Words(
        "{rows} with an uncertain update",
        "The importer cannot tell whether the update arrived, for example because somebody has changed or deleted the "
        "record since. Look in Nexudus, then upload the file again: it is compared with what Nexudus has now.",
        "Show {them}",
        "rows?status=unknown",
        Role.VIEWER,
    ),
    StepKind.SETTLE_OTHERS: _Words(
        "{rows} waiting for another import",
        "The same mapping was sent in another import and has no answer yet. Find out about that one in the history, "
        "then upload this file again.",
        "Show {them}",
        "rows?status=not+sent",
        Role.VIEWER,
    ),
    StepKind.RETRY: _Words(
        "Send {rows} as they are",
        "A new run sends {them} unchanged. If Nexudus refused {them}, choose this once the reason there has been dealt "
        "with.",
        "Send {rows}",
        "retry",
        Role.RUNNER,
        sends=True,
    ),
    StepKind.VERIFY: _Words(
        "Make sure of the result",
        "Compare every record of this run with Nexudus as it is now.",
        "Verify {records}",
        "verify",
        Role.RUNNER,
        sends=True,
        may_wait=True,
    ),
    StepKind.UNDO: _Words(
        "Was this a mistake?",
        "Records that this run created are deleted, and those that it updated are put back, unless somebody has "
        "changed one since. Nothing happens until you confirm.",
        "Undo this run …",
        "undo",
        Role.ADMIN,
        may_wait=True,
    ),
}

_WORDS_WITH_FILE: Mapping[StepKind, _Words] = {
    StepKind.LOOK_AT_HELD: _Words(
        "{rows} with other values in Nexudus",
        "Nexudus has, or may have, {them} with other values, so nothing was sent. Compare again: you see field by "
        "field what would change in Nexudus, then you choose whether to update.",
        "Compare again",
        "again",
        Role.RUNNER,
        sends=True,
        also="Show {them}",
        also_at="rows?status=not+sent",
    ),
}
"""Words for steps that the failed file makes easier, for those with the role; the others have those above."""

_IN_OWN_WORKBOOK = _Words(
    "{rows} to correct",
    "Download your own workbook with the result of each row. Correct the red cells and upload it. Rows that are in "
    "Nexudus are not sent again.",
    "Download your workbook with the wrong cells in red",
    "files/{workbook}",
    Role.VIEWER,
    also="Or only {rows}",
    also_at=f"files/{FAILED_FILE}",
)
"""The words of the step to correct rows, for whoever can have the very file that they know."""


def cards(steps: Sequence[Step], role: Role, files: Collection[str], *, sends_all: bool = False) -> list[Card]:
    """The steps that somebody with this role can take, in their order; ``files`` are those of the report so far.

    ``sends_all`` tells that the run sends rows whose record exists once more, and so would its whole file.
    """
    workbook = next((name for name in MARKED_WORKBOOKS if name in files and not sends_all), "")
    able = [step for step in steps if step.kind in _WORDS and role >= _WORDS[step.kind].role]
    shown = [step for step in able if step.kind is not StepKind.CORRECT or FAILED_FILE in files]
    return [_card(step, _words(step.kind, role, files, workbook)) for step in shown]


def _words(kind: StepKind, role: Role, files: Collection[str], workbook: str) -> _Words:
    if kind is StepKind.CORRECT and workbook:
        return replace(_IN_OWN_WORKBOOK, address=_IN_OWN_WORKBOOK.address.format(workbook=workbook))
    words = _WORDS_WITH_FILE.get(kind) if FAILED_FILE in files else None
    return words if words is not None and role >= words.role else _WORDS[kind]


def _card(step: Step, words: _Words) -> Card:
    values = {"rows": count(step.rows, "row"), "records": count(step.rows, "record")}
    values["them"] = "it" if step.rows == 1 else "them"
    title, text, label, also = (part.format(**values) for part in (words.title, words.text, words.label, words.also))
    return Card(step.kind, title, text, label, words.address, words.sends, words.may_wait, also, words.also_at)
