"""What stands before a text that is no value, once it has left the file that says so.

A file of failed rows is nothing but texts: what was merged, uncertain or never calculated could pass for a value there.
With its mark, it is the same error again until a person has typed over it. Pure.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import pandas as pd

from importer.spreadsheet.sheet import Sheet, as_problems, report_column

MARK = "[To correct: "
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
_MARKED = re.compile(rf"\s*{re.escape(MARK)}([^\]]*)\] ?")
_TITLE = "to correct:"
_ANYWHERE = re.compile(rf"(\[\s*)?{_TITLE}\s*({'|'.join(map(re.escape, _WORDS.values()))})(?(1)|\s*\])", re.IGNORECASE)
"""What is left of a mark where somebody has typed before it, or a program has changed its capitals."""

UNCERTAIN = "shown-uncertain"
"""What a mark says whose words somebody has changed: it is one nevertheless."""


def with_mark(text: str, code: str) -> str:
    """The text of a cell of which this issue says that it is no value, as a file of texts can hold it."""
    return f"{MARK}{_WORDS[code]}] {text}".rstrip() if code in _WORDS else str(text)


def came_from_here(sheet: Sheet) -> bool:
    """Whether a sheet has the columns of a file of failed rows."""
    return any(map(report_column, sheet.labels))


def without_marks(sheet: Sheet) -> Sheet:
    """The sheet with the texts behind the marks, and with what the marks say among its problems."""
    # Only a file that came from here has marks that were typed into: elsewhere, such words are somebody's own.
    marked = dict(_marks_in(sheet.read, frozenset(sheet.columns if came_from_here(sheet) else ())))
    if not marked:
        return sheet

    def read() -> Iterator[pd.DataFrame]:
        for chunk in sheet.read():
            present = set(chunk.index)
            for row, position in (place for place in marked if place[0] in present):
                chunk.at[row, position] = _MARKED.sub("", str(chunk.at[row, position]), count=1)
            yield chunk

    others = sheet.problems
    problems = as_problems(
        [*others["code"], *marked.values()],
        [*others["row"], *(row for row, _ in marked)],
        [*others["position"], *(position for _, position in marked)],
    )
    return replace(sheet, read=read, problems=problems)


def _marks_in(
    read: Callable[[], Iterator[pd.DataFrame]], anywhere: frozenset[int]
) -> Iterator[tuple[tuple[int, int], str]]:
    """The places of marks, with the codes that they stand for; in some columns ``anywhere`` in a cell."""
    for chunk in read():
        for position in map(int, chunk.columns):
            cells = chunk[position].tolist()
            # Whole columns first: hardly any holds a mark.
            text = "".join(cells)
            if MARK in text:
                marks = zip(chunk.index.tolist(), map(_MARKED.match, cells), strict=True)
                yield from (((row, position), _CODES.get(mark[1], UNCERTAIN)) for row, mark in marks if mark)
            if position in anywhere and _TITLE in text.lower():
                marks = zip(chunk.index.tolist(), map(_ANYWHERE.search, cells), strict=True)
                yield from (((row, position), _CODES[mark[2].lower()]) for row, mark in marks if mark)
