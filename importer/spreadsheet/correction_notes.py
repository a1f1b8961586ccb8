"""What stands before a text that is no value, once it has left the file that says so.

A file of failed rows is nothing but texts: what was merged, uncertain or never calculated could pass for a value there.
With its note, it is the same error again until a person has typed over it. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from importer.spreadsheet.sheet import Sheet, as_problems, report_column

NOTE = "[To correct: "
"""Plain letters, because a program may save them in any encoding; and no sign with which a formula begins."""

_WORDS: Mapping[str, str] = {
    "cell-error": "error",
    "formula-without-value": "formula without a result",
    "formula-not-calculated": "formula not calculated",
    "number-rounded": "rounded number",
    "cell-merged": "merged cells",
    "shown-differently": "shown differently",
    "shown-uncertain": "not certain what is shown",
}
_CODES = {words: code for code, words in _WORDS.items()}
_NOTED = re.compile(rf"\s*{re.escape(NOTE)}([^\]]*)\] ?")
_TITLE = "to correct:"
_ANYWHERE = re.compile(rf"(\[\s*)?{_TITLE}\s*({'|'.join(map(re.escape, _WORDS.values()))})(?(1)|\s*\])", re.IGNORECASE)
"""What is left of a note where somebody has typed before it, or a program has changed its capitals."""

UNCERTAIN = "shown-uncertain"
"""What a note says whose words somebody has changed: it is one nevertheless."""


def with_note(text: str, code: str) -> str:
    """The text of a cell of which this issue says that it is no value, as a file of texts can hold it."""
    return f"{NOTE}{_WORDS[code]}] {text}".rstrip() if code in _WORDS else str(text)


def came_from_here(sheet: Sheet) -> bool:
    """Whether a sheet has the columns of a file of failed rows."""
    return any(map(report_column, sheet.labels))


def without_notes(sheet: Sheet) -> Sheet:
    """The sheet with the texts behind the notes, and with what the notes say among its problems."""
    # Only a file that came from here has notes that were typed into: elsewhere, such words are somebody's own.
    noted = dict(_notes_in(sheet.read, frozenset(sheet.columns if came_from_here(sheet) else ())))
    if not noted:
        return sheet

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            present = set(chunk.index)
            for row, position in (place for place in noted if place[0] in present):
                chunk.at[row, position] = _NOTED.sub("", str(chunk.at[row, position]), count=1)
            yield chunk

    others = sheet.problems
    problems = as_problems(
        [*others["code"], *noted.values()],
        [*others["row"], *(row for row, _ in noted)],
        [*others["position"], *(position for _, position in noted)],
    )
    return replace(sheet, read=read, problems=problems)


def _notes_in(
    read: Callable[[], Iterator[pd.DataFrame]], anywhere: frozenset[int]
) -> Iterator[tuple[tuple[int, int], str]]:
    """The places of notes, with the codes that they stand for; in some columns ``anywhere`` in a cell."""
    for chunk in read():
        for position in map(int, chunk.columns):
            cells = chunk[position].tolist()
            # Whole columns first: hardly any holds a note.
            text = "".join(cells)
            if NOTE in text:
                notes = zip(chunk.index.tolist(), map(_NOTED.match, cells), strict=True)
                yield from (((row, position), _CODES.get(note[1], UNCERTAIN)) for row, note in notes if note)
            if position in anywhere and _TITLE in text.lower():
                notes = zip(chunk.index.tolist(), map(_ANYWHERE.search, cells), strict=True)
                yield from (((row, position), _CODES[note[2].lower()]) for row, note in notes if note)
