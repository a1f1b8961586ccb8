"""From text cells to typed records and issues. Pure: no file, no network, no clock."""

from importer.checking.checker import Checked, Checker
from importer.checking.columns import Column, How, Mapping, match_columns

__all__ = ["Checked", "Checker", "Column", "How", "Mapping", "match_columns"]
