"""The next steps for a run, decided in one place as data; terminal, page and report put them into words.

Must not hold a sentence, and must not know who shows it.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from importer.config.time_zone import machine_zone
from importer.errors import Exit
from importer.journal.runs import ZONELESS, Run
from importer.journal.states import TAKING_BACK, UNSETTLED, WITH_RECORD, State
from importer.text import shell_word

RETRYABLE = (State.REJECTED, State.PLANNED, State.HELD)
"""The rows that a retry takes up again. The run must be finished: one that is not continues with them itself."""

WORTH_RETRYING = (State.REJECTED, State.PLANNED)
"""The rows for which a retry is offered. A held row would be held again as long as its record has other values."""

FAILED_FILE = "failed.xlsx"
"""The file of a report that holds the rows to be corrected."""


class StepKind(StrEnum):
    """Something that can be done about a run."""

    STOP = "stop"
    SIGN_IN = "sign in"
    GET_PERMISSION = "get permission"
    CHECK_ADDRESS = "check address"
    CHECK_NETWORK = "check network"
    CHECK_PATH = "check path"
    CHECK_NAMED = "check named records"
    RESUME = "resume"
    CONTINUE_UNDO = "continue undo"
    RECONCILE = "reconcile"
    REVIEW = "review"
    CORRECT = "correct"
    LOOK_AT_HELD = "look at held rows"
    COMPARE_AGAIN = "compare again"
    SETTLE_OTHERS = "settle other runs"
    CORRECT_COLUMN = "correct column"
    RETRY = "retry"
    REPORT = "report"
    VERIFY = "verify"
    UNDO = "undo"


REMEDIES = frozenset(
    {
        StepKind.SIGN_IN,
        StepKind.GET_PERMISSION,
        StepKind.CHECK_ADDRESS,
        StepKind.CHECK_NETWORK,
        StepKind.CHECK_PATH,
        StepKind.CHECK_NAMED,
    }
)
"""What a person has to do before a run can continue that stopped for an answer that every row would have got."""


class Step(NamedTuple):
    """One thing to do, and how many rows it is about; 0 for a run whose rows are not in the journal yet."""

    kind: StepKind
    rows: int


def next_steps(
    run: Run,
    states: Mapping[State, int],
    *,
    invalid: int,
    working: bool = False,
    sent_again: Mapping[State, int] = MappingProxyType({}),
) -> list[Step]:
    """What to do next, most pressing first; empty for a forgotten run only.

    ``states`` counts the rows of the journal, ``invalid`` those that are not in it; ``working`` says that a process is
    sending the run now; ``sent_again`` are the rows of each state that a later run has brought in.

    1. A run that is being sent can be stopped; everything else waits for its end.
    2. An unfinished run is resumed: that also settles its doubts, so it comes before looking into them.
    3. Doubts come before corrections: a corrected row could be one whose record exists after all.
    4. A file can be corrected once it is written, which a process that was killed did not live to do.
    5. What is only worth doing comes last.

    Two kinds of end are exceptions, because a run that continues as it is would only stop again. If Nexudus refused row
    after row for one field, the file comes first; if it gave an answer that every row would have got, its remedy does.
    """
    everything = sum(states.values()) + invalid
    if run.forgotten is not None:
        return []
    count = {state: states.get(state, 0) - sent_again.get(state, 0) for state in State}
    if working:
        return [Step(StepKind.STOP, count[State.PLANNED])]
    to_correct = count[State.REJECTED] + invalid
    retryable = sum(count[state] for state in WORTH_RETRYING)
    # Not if the run is unfinished again: then a person has said that there is no record, and the rows are sent next.
    waits_for_others = run.exit_code == Exit.IN_DOUBT and run.finished is not None
    steps = [
        Step(StepKind.CONTINUE_UNDO, sum(count[state] for state in TAKING_BACK)),
        Step(StepKind.RECONCILE, sum(count[state] for state in UNSETTLED)),
        Step(StepKind.REVIEW, count[State.REVIEW]),
        Step(StepKind.COMPARE_AGAIN, count[State.OVERTAKEN]),
        Step(StepKind.CORRECT, to_correct if run.stopped is not None else 0),
        Step(StepKind.LOOK_AT_HELD, count[State.HELD]),
        # Planned at a regular end: they wait for rows of other runs, and sent at once they would wait again.
        Step(StepKind.SETTLE_OTHERS, count[State.PLANNED] if waits_for_others else 0),
        Step(StepKind.RETRY, retryable if run.finished is not None else 0),
    ]
    resume = [Step(StepKind.RESUME, count[State.PLANNED])] if run.finished is None else []
    if resume and run.exit_code == Exit.ROWS_FAILED and count[State.REJECTED]:
        # Nothing else leaves a run unfinished with that code. The rows to correct are those left to send as well, so
        # the failed file is not the one to correct.
        steps = [step for step in steps if step.kind is not StepKind.CORRECT]
        resume = [Step(StepKind.CORRECT_COLUMN, to_correct + count[State.PLANNED]), *resume]
    if resume and (remedy := remedy_of(run)) is not None:
        resume = [Step(remedy, count[State.PLANNED]), *resume]
        if remedy is StepKind.CHECK_NAMED:
            # Which of the refused rows are wrong themselves is known once the path is certain.
            steps = [step for step in steps if step.kind is not StepKind.CORRECT]
    afterwards = [Step(kind, sum(count[state] for state in WITH_RECORD)) for kind in (StepKind.VERIFY, StepKind.UNDO)]
    return [
        *resume,
        *(step for step in steps if step.rows),
        Step(StepKind.REPORT, everything),
        *(step for step in afterwards if step.rows),
    ]


def remedy_of(run: Run) -> StepKind | None:
    """What has to be done before the run can continue, by the answer for which it stopped; None if nothing has."""
    return next((kind for kind in REMEDIES if kind == run.options.get("remedy")), None)


_VERBS = {
    StepKind.STOP: "stop",
    StepKind.RESUME: "resume",
    StepKind.CONTINUE_UNDO: "undo",
    StepKind.RECONCILE: "reconcile",
    StepKind.RETRY: "retry",
    StepKind.REPORT: "report",
    StepKind.VERIFY: "verify",
    StepKind.UNDO: "undo",
}


def command_of(run: Run, step: Step) -> str:
    """What to type to take a step; empty if no command does it."""
    if step.kind in (StepKind.CORRECT, StepKind.LOOK_AT_HELD):
        # The folder is named after the user's file, and a header is the user's: unquoted, either could be a command.
        words = [shell_word(run.folder / FAILED_FILE), *_reading(run), *_match_key(run), run.place]
        if step.kind is StepKind.LOOK_AT_HELD or run.options.get("update"):
            words += ["--update", "--clear-empty" if run.options.get("clear_empty") else ""]
        return " ".join(["importer run", *filter(None, words)])
    if step.kind is StepKind.SETTLE_OTHERS:
        # Without a number: it takes the runs that have rows in doubt, which this one need not have.
        return " ".join(filter(None, ["importer reconcile", run.place]))
    return run.command(_VERBS[step.kind]) if step.kind in _VERBS else ""


def template_of(run: Run, step: Step) -> str:
    """What to type once for each row of a step, with what a person has to find out in capitals; empty if nothing."""
    return f"{run.command('settle', 'ROW')} --is ID" if step.kind is StepKind.REVIEW else ""


def _reading(run: Run) -> Iterator[str]:
    """The options by which the failed file is read as the first one was, on whichever machine they are typed."""
    # Sheet, encoding and delimiter are of the first file only. What the journal holds may be damaged, and a command is
    # still better than none.
    options = run.options.get("read")
    read = options if isinstance(options, Mapping) else {}
    chosen = read.get("map")
    for header, name in chosen.items() if isinstance(chosen, Mapping) else ():
        yield f"--map {shell_word(f'{header}={name}')}"
    if read.get("dates"):
        yield f"--dates {shell_word(str(read['dates']))}"
    # A run of an earlier version does not say whether its file had such times; then the machine's zone is left out.
    if (zone := read.get("zone")) and run.options.get(ZONELESS, zone != machine_zone()):
        yield f"--tz {shell_word(str(read['zone']))}"


def _match_key(run: Run) -> Iterator[str]:
    """The option by which rows find their records, if it is not the key of their type."""
    names = run.options.get("key")
    if isinstance(names, Sequence) and names:
        yield f"--key {shell_word(','.join(map(str, names)))}"
