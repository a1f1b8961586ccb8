"""The next steps about a run, in the words of the terminal."""

from collections.abc import Sequence

from importer.journal.next_steps import Step, StepKind, command_of, template_of
from importer.journal.runs import Run
from importer.text import count, printable

_WORDS = {
    StepKind.STOP: "stop it",
    StepKind.SIGN_IN: "sign in to Nexudus again (importer login, or a new NEXUDUS_TOKEN)",
    StepKind.GET_PERMISSION: "have {user} given a role in Nexudus that may see, create and update these records",
    StepKind.CHECK_ADDRESS: "check NEXUDUS_URL ({url}), because calls are redirected. If it was wrong, import the file "
    "again with the right one",
    StepKind.CHECK_NETWORK: "find out what answers in the place of Nexudus, for example a firewall, a proxy or a "
    "maintenance page",
    StepKind.CHECK_PATH: "check the path of these records, {path}: if it was wrong, set IMPORTER_ENDPOINT_PATH and "
    "import the file again",
    StepKind.CHECK_NAMED: "check that the records which the refused rows name are still in Nexudus. If they are, "
    "{path} may be the wrong path: set IMPORTER_ENDPOINT_PATH and import the file again",
    StepKind.RESUME: "continue it ({rows} left to send)",
    StepKind.CONTINUE_UNDO: "finish the undo ({rows} left)",
    StepKind.RECONCILE: "find out what Nexudus did with {rows} that got no answer",
    StepKind.REVIEW: "look in Nexudus for {rows} whose record may exist (see the report). For each row, type this, or "
    "--absent instead of --is ID if there is none",
    StepKind.CORRECT: "correct {rows} in failed.xlsx (wrong cells are red), then",
    StepKind.CORRECT_COLUMN: "Nexudus refuses row after row because of one column. Correct it in your file, then "
    "import the file again. If the problem was on Nexudus' side and has been fixed, continue instead",
    StepKind.LOOK_AT_HELD: "look at {rows} that Nexudus has, or may have, with other values (see the report; where it "
    "asks for an Id, enter that in failed.xlsx). To update the records",
    StepKind.COMPARE_AGAIN: "look at {rows} whose update may or may not have arrived (see the report), then import the "
    "file again",
    StepKind.SETTLE_OTHERS: "settle the other runs that {rows} must wait for",
    StepKind.RETRY: "send {rows} unchanged, as a new run",
}
"""Optional steps are left out: ``importer help`` explains report, verify and undo."""

_WITHOUT_ROWS = {StepKind.RESUME: "continue it"}
"""How many rows a run has is known once it is planned; an unfinished one may also wait for nothing but answers."""


def step_lines(run: Run, steps: Sequence[Step], resume_at: str = "") -> list[str]:
    """One line for each step, the first after "Next:"; empty if nothing has to be done.

    ``resume_at`` is the moment before which there is no use in resuming the run.
    """
    lines = [f"{_words(run, step, resume_at)}{_typed(run, step)}" for step in steps if step.kind in _WORDS]
    return [f"{'      ' if number else 'Next: '}{line}" for number, line in enumerate(lines)]


def _words(run: Run, step: Step, resume_at: str) -> str:
    words = _WORDS if step.rows else _WORDS | _WITHOUT_ROWS
    when = f" after {resume_at}, when Nexudus allows it again" if resume_at and step.kind is StepKind.RESUME else ""
    user = printable(run.user) or "your user"
    values = {"rows": count(step.rows, "row"), "user": user, "url": run.url, "path": run.endpoint}
    return words[step.kind].format(**values) + when


def _typed(run: Run, step: Step) -> str:
    return f": {command}" if (command := command_of(run, step) or template_of(run, step)) else "."
