"""From text cells to typed records and issues. Pure: no file, no network, no clock."""

from importer.checking.causes import Cause, CauseGroup, Causes, cause_key
from importer.checking.cells import whole_number
from importer.checking.checker import Checked, Checker
from importer.checking.columns import Column, How, Mapping, match_columns, near_labels, recognise, refuse_absent
from importer.checking.dates import DateReader
from importer.checking.references import Directory, Entry, is_name, nobody_listed, plain_name

__all__ = [
    "Cause",
    "CauseGroup",
    "Causes",
    "Checked",
    "Checker",
    "Column",
    "DateReader",
    "Directory",
    "Entry",
    "How",
    "Mapping",
    "cause_key",
    "is_name",
    "match_columns",
    "near_labels",
    "nobody_listed",
    "plain_name",
    "recognise",
    "refuse_absent",
    "whole_number",
]
