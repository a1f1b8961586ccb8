"""An action of a person carried out on an upload: its corrections, a step to be undone, and the rows as they are now.

1. While nobody else changes the upload, the action becomes cells and rows, by the rows as they are and the view that
   the person sees. If that is not the view any more, nothing is done; nor if this very press was carried out before,
   and only its answer got lost.
2. The upload gets its corrections and a new version, and the step is kept. What the file says where nobody has
   corrected it stays the file's: a cell counts as corrected only if it gets another text.
3. The changed rows are checked on their own; the check of the whole file follows.
"""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice

from importer.config.settings import Settings
from importer.text import count, printable
from importer.web.drafts import Draft, Drafts
from importer.web.table import action as actions
from importer.web.table.action import Action, CellChange, Kind
from importer.web.table.recheck import put_patches
from importer.web.table.row_file import RowFile, RowState, TableColumn, file_of, opened
from importer.web.table.selection import Selection
from importer.web.table.steps import CellStep, OutStep, Step, applied, steps_of
from importer.web.table.views import Views
from importer.web.upload_check import latest_check
from importer.web.upload_documents import Header
from importer.web.upload_space import NoRoomError, size_of

MOST_CELLS = 250_000
"""Cells that one action may change: each is a correction, which is stored with the upload and with its run."""

_OUTDATED = "The table has changed meanwhile, so nothing was done. It now shows the rows as they are: please try again."
_OTHER_STEP = (
    "Something else was changed in another window meanwhile, so nothing was done. "
    "The button now names what it would do."
)
_DONE_BEFORE = "This had been saved already."
_TOO_MANY = f"That would change more than {MOST_CELLS:,} cells at once. Select fewer rows, or correct your file."
_LAST_ROW = "At least one row must stay. To import nothing, delete the upload instead."
_ENDED = "This file has been imported already, so it cannot be changed here any more."


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of an action: the rows that it changed, in a sentence; or the ``problem`` that kept it from being done.

    ``outdated`` tells that the person saw another table.
    """

    message: str = ""
    rows: Sequence[int] = ()
    problem: str = ""
    outdated: bool = False


class RefusedError(ValueError):
    """An action that cannot be done; the sentence says why, for the person."""

    def __init__(self, problem: str, *, outdated: bool = False) -> None:
        super().__init__(problem)
        self.reply = Reply(problem=problem, outdated=outdated)


@dataclass(frozen=True)
class Table:
    """The uploads of an installation with what a table needs of them."""

    drafts: Drafts
    views: Views
    settings: Settings
    now: float

    @contextmanager
    def rows(self, draft: Draft) -> Iterator[RowFile]:
        """The rows of an upload as it is now, changed ones checked on their own.

        Raises:
            FileNotFoundError: The upload has not been checked yet.
        """
        with contextlib.ExitStack() as stack:
            yield self._opened(draft, stack)

    def _opened(self, draft: Draft, stack: contextlib.ExitStack) -> RowFile:
        while (check := latest_check(draft)) is not None and check.header is not None:
            if check.version < draft.brought:
                # Another machine has made changes since, of which no patch is here.
                break
            # A check that has ended at this moment has put other rows in the place of these.
            with contextlib.suppress(FileNotFoundError), contextlib.ExitStack() as attempt:
                rows = attempt.enter_context(opened(file_of(draft.folder, check.version)))
                self.catch_up(rows, draft, check.header)
                stack.push(attempt.pop_all())
                return rows
            if latest_check(draft) == check:
                break
        raise FileNotFoundError(draft.folder)

    def catch_up(self, rows: RowFile, draft: Draft, header: Header) -> None:
        """Bring the rows to the version of the upload, unless another page has done so."""
        if rows.reached >= draft.version:
            return
        with _transaction(rows.db):
            rows.refresh()
            if rows.reached >= draft.version:
                return
            with steps_of(draft.folder) as steps:
                patches = steps.patches(rows.reached)
            put_patches(rows, patches, draft, header, self.settings, self.now)
            rows.set_reached(draft.version)

    def act(self, draft: Draft, action: Action, selection: Selection) -> Reply:
        """Do something to the cells or rows of an upload."""
        return self._carry_out(draft, action.kind, lambda before: self._step(before, action, selection), action.press)

    def set_left_out(self, draft: Draft, numbers: Sequence[int], *, out: bool) -> Reply:
        """Leave these rows of an upload out, or take them back; a step like those of the table."""

        def step(before: Draft) -> tuple[Step, str]:
            with self.rows(before) as rows:
                there = rows.states(numbers)
                return _outs(before, rows, [number for number in numbers if number in there], out=out), ""

        return self._carry_out(draft, Kind.LEAVE_OUT if out else Kind.TAKE_BACK, step)

    def _carry_out(
        self, draft: Draft, kind: Kind, step_of: Callable[[Draft], tuple[Step, str]], press: str = ""
    ) -> Reply:
        try:
            with self.drafts.locked(draft.id) as before:
                if before is None or before.run is not None:
                    raise RefusedError(_ENDED)
                if press and _was_pressed(before, press):
                    return Reply(_DONE_BEFORE)
                step, words = step_of(before)
                self._refuse_without_room(before, kind)
                now = self._done(before, kind, step, press)
        except RefusedError as refusal:
            return refusal.reply
        with self.rows(now) as rows:
            states = list(rows.states(step.rows).values())
        return Reply(_sentence(kind, step, states, words), step.rows)

    def _refuse_without_room(self, draft: Draft, kind: Kind) -> None:
        """Whatever is saved takes room, also what changes the same cells again; undoing it must stay possible."""
        if kind is Kind.UNDO:
            return
        try:
            self.drafts.room_for(draft)(size_of(draft.folder))
        except NoRoomError as error:
            raise RefusedError(f"Nothing was changed. {error.message} {error.advice}") from error

    def _step(self, draft: Draft, action: Action, selection: Selection) -> tuple[Step, str]:
        """What an action changes, and a sentence about what it leaves alone."""
        if action.kind in (Kind.UNDO, Kind.REDO):
            return _again(draft, action.kind, action.step)
        with self.rows(draft) as rows:
            numbers = self._numbers(draft, rows, action, selection)
            if action.kind in (Kind.LEAVE_OUT, Kind.TAKE_BACK):
                return _outs(draft, rows, numbers, out=action.kind is Kind.LEAVE_OUT), ""
            _refuse_unseen(rows, action)
            all_changes, words = _cells(rows, numbers, action)
            changes = list(islice(all_changes, MOST_CELLS + 1))
        if len(changes) > MOST_CELLS:
            raise RefusedError(_TOO_MANY)
        cells = [_cell_step(draft, change) for change in changes]
        return Step(_label(action.kind, len(cells)), cells), words

    def _numbers(self, draft: Draft, rows: RowFile, action: Action, selection: Selection) -> Sequence[int]:
        """The rows that an action is about, by their numbers."""
        if action.kind is Kind.TYPE:
            return [action.row]
        view = self.views.find(draft.id, rows, selection, action.view)
        numbers, first = view.numbers, action.first
        same = view.id == action.view and 0 <= first < len(numbers) and numbers[first] == action.row
        if not same:
            raise RefusedError(_OUTDATED, outdated=True)
        if action.kind is Kind.REPLACE:
            return numbers
        block = actions.block_of(action.text) if action.kind is Kind.PASTE else []
        last = first + len(block) - 1 if len(block) > 1 else action.last
        return list(numbers[first : last + 1])

    def _done(self, draft: Draft, kind: Kind, step: Step, press: str) -> Draft:
        checked = latest_check(draft)
        with steps_of(draft.folder) as steps:
            if kind in (Kind.UNDO, Kind.REDO):
                steps.mark(step, undone=kind is Kind.UNDO)
            elif step.rows:
                steps.add(step)
            if press:
                steps.remember(press)
            if not step.rows:
                return draft
            steps.note(draft.version + 1, step, checked.version if checked else 0)
            cells, left_out = applied(step, draft.read.cells, draft.read.left_out)
            return self.drafts.set_read(draft, replace(draft.read, cells=cells, left_out=left_out))


def _refuse_unseen(rows: RowFile, action: Action) -> None:
    """Raise RefusedError if a typed text would take the place of one that the person has not seen: another tab's."""
    if action.kind is not Kind.TYPE or action.before is None:
        return
    columns = rows.columns[action.left : action.left + 1]
    now = [texts[0] for _, texts in rows.texts([action.row], columns) if texts]
    if now and now[0] not in (action.before, action.text):
        shown = f"“{printable(now[0])}”" if now[0] else "nothing"
        raise RefusedError(f"The cell was changed in another window meanwhile, and says {shown} now.", outdated=True)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _was_pressed(draft: Draft, press: str) -> bool:
    with steps_of(draft.folder) as steps:
        return steps.was_pressed(press)


def _again(draft: Draft, kind: Kind, named: int) -> tuple[Step, str]:
    """The step to undo or to redo, as far as its cells are as it left them."""
    with steps_of(draft.folder) as steps:
        whole = steps.last() if kind is Kind.UNDO else steps.next_undone()
    if whole is None:
        raise RefusedError("There is nothing to undo." if kind is Kind.UNDO else "There is nothing to redo.")
    if named not in (0, whole.id):
        raise RefusedError(_OTHER_STEP, outdated=True)
    whole = whole.backwards if kind is Kind.UNDO else whole
    step = whole.possible(draft.read.cells, draft.read.left_out)
    skipped = len(whole.cells) + len(whole.outs) - len(step.cells) - len(step.outs)
    words = f"{count(skipped, 'change')} could not be repeated: the cell was corrected again since." if skipped else ""
    return step, words


def _outs(draft: Draft, rows: RowFile, numbers: Sequence[int], *, out: bool) -> Step:
    before = set(draft.read.left_out)
    changed = [number for number in numbers if (number in before) is not out]
    if out and sum(rows.counts().values()) <= len(before | set(changed)):
        raise RefusedError(_LAST_ROW)
    label = f"{'leaving out' if out else 'taking back'} {count(len(changed), 'row')}"
    return Step(label, outs=[OutStep(number, out) for number in changed])


def _cells(rows: RowFile, numbers: Sequence[int], action: Action) -> tuple[Iterator[CellChange], str]:
    """The cells that an action changes, and a sentence about what does not fit into the table."""
    if action.kind is Kind.PASTE:
        return _pasted(rows, numbers, action)
    columns = rows.columns[action.left : action.right + 1]
    texts, letters = rows.texts(numbers, columns), [column.letters for column in columns]
    match action.kind:
        case Kind.FILL:
            return actions.filled(texts, letters), ""
        case Kind.REPLACE:
            return actions.replaced(action, texts, letters), ""
        case Kind.CLEAR:
            return actions.spread("", texts, letters), ""
        case _:
            return actions.spread(action.text, texts, letters), ""


def _pasted(rows: RowFile, numbers: Sequence[int], action: Action) -> tuple[Iterator[CellChange], str]:
    """A block from the first cell of the range on; a single text goes into every cell of the range."""
    block = actions.block_of(action.text)
    if len(block) == len(block[0]) == 1:
        columns = rows.columns[action.left : action.right + 1]
        return actions.spread(block[0][0], rows.texts(numbers, columns), _letters(columns)), ""
    width = max(map(len, block))
    columns = rows.columns[action.left : action.left + width]
    cut = [
        count(len(block) - len(numbers), "row") if len(block) > len(numbers) else "",
        count(width - len(columns), "column") if width > len(columns) else "",
    ]
    parts = [part for part in cut if part]
    words = f"{' and '.join(parts)} of the clipboard did not fit and were not pasted." if parts else ""
    return actions.pasted(block, rows.texts(numbers, columns), _letters(columns)), words


def _letters(columns: Sequence[TableColumn]) -> list[str]:
    return [column.letters for column in columns]


def _cell_step(draft: Draft, change: CellChange) -> CellStep:
    was = draft.read.cells.get(f"{change.letters}{change.row}")
    return CellStep(change.row, change.letters, was, change.after, change.before, change.after)


def _label(kind: Kind, number: int) -> str:
    verbs = {Kind.PASTE: "pasting", Kind.FILL: "filling", Kind.CLEAR: "emptying", Kind.REPLACE: "replacing in"}
    return f"{verbs.get(kind, 'changing')} {count(number, 'cell')}"


def _sentence(kind: Kind, step: Step, states: Sequence[RowState], words: str) -> str:
    start = {Kind.UNDO: "Undone: ", Kind.REDO: "Redone: "}.get(kind, "")
    return " ".join(filter(None, [f"{start}{_changes(step)}.", _standing(states), words]))


def _changes(step: Step) -> str:
    out = sum(one.out for one in step.outs)
    parts = [
        f"{count(len(step.cells), 'cell')} changed" if step.cells or not step.outs else "",
        f"{count(out, 'row')} left out" if out else "",
        f"{count(len(step.outs) - out, 'row')} taken back" if len(step.outs) > out else "",
    ]
    text = ", ".join(filter(None, parts))
    return "No cell changed" if text == "0 cells changed" else text


def _standing(states: Sequence[RowState]) -> str:
    """How the changed rows stand, in a sentence; nothing of rows that are left out."""
    wrong, undecided = states.count(RowState.WRONG), states.count(RowState.OPEN)
    if undecided:
        return f"{count(undecided, 'row')} {'is' if undecided == 1 else 'are'} being checked."
    if wrong:
        return f"{count(wrong, 'row')} {'needs' if wrong == 1 else 'need'} a change."
    ready = len(states) - states.count(RowState.OUT)
    return "" if not ready else "The row is ready." if ready == 1 else f"All {ready:,} rows are ready."
