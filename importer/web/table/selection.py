"""Which rows of the table are shown, and in which order: a filter and a sort, as the page's address has them. Pure.

It becomes SQL here and nowhere else; every text of a person is a parameter, never a part of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from importer.web.table.row_file import RowState, TableColumn

STATES = {
    "needs-change": RowState.WRONG,
    "warning": RowState.WARNING,
    "ready": RowState.READY,
    "left-out": RowState.OUT,
}
"""The rows of a state, by the word in the address."""

EDITED = "edited"
"""The rows in which a person has corrected a cell."""

_LONGEST_SEARCH = 200
_ROW_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Selection:
    """``show`` is a word for a state, EDITED or what the plan does; ``cause`` the key of a cause.

    ``column`` are letters, ``value`` the text that a cell of that column has to have; ``text`` is searched for in all.
    ``sort`` is "row", "state", "plan" or the letters of a column.
    """

    show: str = ""
    cause: str = ""
    column: str = ""
    value: str = ""
    text: str = ""
    sort: str = "row"
    descending: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Selection":
        """The selection in an address; what it does not say is not asked for."""
        return cls(
            show=query.get("show", ""),
            cause=query.get("cause", ""),
            column=query.get("column", ""),
            value=query.get("value", ""),
            text=query.get("q", "").strip()[:_LONGEST_SEARCH],
            sort=query.get("sort") or "row",
            descending=query.get("order") == "down",
        )

    @property
    def query(self) -> dict[str, str]:
        """The members of an address that ask for this."""
        members = {"show": self.show, "cause": self.cause, "column": self.column, "value": self.value, "q": self.text}
        members = {name: text for name, text in members.items() if text or (name == "value" and self.column)}
        members |= {"sort": self.sort} if self.sort != "row" else {}
        return members | ({"order": "down"} if self.descending else {})

    @property
    def is_all(self) -> bool:
        """Whether every row is shown."""
        return not (self.show or self.cause or self.column or self.text)


def numbers_query(selection: Selection, columns: Sequence[TableColumn]) -> tuple[str, list[str | int]]:
    """The question that gives the numbers of the rows, in their order, and its parameters."""
    wheres, parameters = _filter(selection, columns)
    where = f" WHERE {' AND '.join(wheres)}" if wheres else ""
    return f"SELECT row FROM rows{where} ORDER BY {_order(selection, columns)}", parameters


def _filter(selection: Selection, columns: Sequence[TableColumn]) -> tuple[list[str], list[str | int]]:
    wheres: list[str] = []
    parameters: list[str | int] = []
    if selection.show == EDITED:
        wheres.append("edited")
    elif selection.show:
        name = "state" if selection.show in STATES else "plan"
        wheres.append(f"{name} = ?")
        parameters.append(STATES[selection.show].value if selection.show in STATES else selection.show)
    if selection.cause:
        wheres.append("row IN (SELECT row FROM causes WHERE cause = ?)")
        parameters.append(selection.cause)
    if selection.column in {column.letters for column in columns}:
        wheres.append(f"c_{selection.column} = ?")
        parameters.append(selection.value)
    if selection.text:
        wheres.append("(instr(search, ?) OR row = ?)")
        parameters += [selection.text.casefold(), _row_number(selection.text)]
    return wheres, parameters


def _row_number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _ROW_DIGITS else 0


_STATE_ORDER = {state: index for index, state in enumerate(RowState)}


def _order(selection: Selection, columns: Sequence[TableColumn]) -> str:
    """Empty cells last whichever way; equal ones in the order of the file, so that an order is the same each time."""
    way = " DESC" if selection.descending else ""
    column = next((column for column in columns if column.letters == selection.sort), None)
    if column is not None:
        letters = column.letters
        shown = f"CASE WHEN s_{letters} = '' THEN c_{letters} ELSE s_{letters} END"
        number = f"k_{letters} IS NULL, k_{letters}{way}, " if column.numeric else ""
        return f"c_{letters} = '', {number}{shown} COLLATE NOCASE{way}, row"
    if selection.sort == "state":
        cases = " ".join(f"WHEN '{state.value}' THEN {index}" for state, index in _STATE_ORDER.items())
        return f"CASE state {cases} END{way}, row"
    if selection.sort == "plan":
        return f"plan = '', plan{way}, row"
    return f"row{way}"
