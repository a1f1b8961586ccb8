"""A cell that shows something else than its value, such as 0.5 shown as 50%."""

from collections.abc import Sequence

import pandas as pd

from importer.spreadsheet.workbook_child.format_codes import is_claim, is_literal
from importer.spreadsheet.workbook_child.moment_formats import example_of, shows_all_of
from importer.spreadsheet.workbook_child.number_formats import GENERAL_WIDTH, nominal, shown, shows_whole_numbers


class FormattedCell(str):
    """The text of a value that a number format may show otherwise.

    What is sent is what is shown: whoever reads a text takes that, whoever reads a number, a date or a yes or no takes
    the value only if what is shown says the same.
    """

    __slots__ = ("shape",)

    shape: str
    """The number format."""

    def __new__(cls, text: str, shape: str) -> "FormattedCell":
        """The text of a value, and the number format that shows it."""
        cell = super().__new__(cls, text)
        cell.shape = shape
        return cell

    def __reduce__(self) -> tuple[type["FormattedCell"], tuple[str, str]]:
        return FormattedCell, (str(self), self.shape)

    @property
    def shown(self) -> str | None:
        """What a person sees, None where that cannot be told for certain."""
        return shown(str(self), self.shape)

    @property
    def nominal(self) -> str | None:
        """The same as a program in the United States shows it, empty if it shows nothing."""
        return nominal(str(self), self.shape)

    @property
    def shows_whole_numbers(self) -> bool:
        """Whether its format shows the digits of each whole number above zero of this length and nothing more."""
        return shows_whole_numbers(self.shape, is_long=len(self) > GENERAL_WIDTH)

    @property
    def shows_whole_moment(self) -> bool:
        """Whether its format surely shows all of a date and time such as this."""
        return shows_all_of(self.shape, example_of(self))

    @property
    def is_shown_text(self) -> bool:
        """Whether the file itself says what the cell shows."""
        return is_literal(self.shape)

    @property
    def is_claimed(self) -> bool:
        """Whether that may not be what its value looks like."""
        return is_claim(self.shape)


def shown_text(cell: str) -> str:
    """What a cell shows, as far as that is certain; else the text of its value."""
    if isinstance(cell, FormattedCell) and (text := cell.shown) is not None:
        return text
    return cell


def shown_texts(cells: pd.Series) -> pd.Series:
    """The cells of a column as they are shown, as far as that is certain. Shape: as the chunk of a ``Sheet``."""
    if FormattedCell not in set(map(type, cells.tolist())):
        return cells
    return pd.Series([shown_text(cell) for cell in cells], index=cells.index, dtype=object)


def has_formatted(cells: Sequence[object]) -> bool:
    """Whether there is a cell among these that may show something else than its value."""
    return FormattedCell in set(map(type, cells))
