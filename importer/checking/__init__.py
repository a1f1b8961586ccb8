"""From text cells to typed records and issues. Pure: no file, no network, no clock.

- ``columns.py``     headers matched with fields
- ``appearance.py``  texts as a sheet shows them
- ``checker.py``     the chunks of a sheet checked against a record type, with the help of these:
    - ``cells.py``       text cells as typed values; ``dates.py`` date-times; ``references.py`` names of other records
    - ``record_ids.py``  which record a row says it is
    - ``first_seen.py``  rows and keys that occurred before
- ``causes.py``      the issues of a file, grouped by what caused them
"""

from importer.checking.appearance import as_shown
from importer.checking.causes import Cause, CauseGroup, Causes, cause_key
from importer.checking.cells import whole_number
from importer.checking.checker import Checked, Checker
from importer.checking.columns import Column, ColumnMapping, How, match_columns, near_labels, recognise, refuse_absent
from importer.checking.dates import DateReader
from importer.checking.record_ids import NamedRecords
from importer.checking.references import Directory, Entry, is_name, nobody_listed, plain_name

__all__ = [
    "Cause",
    "CauseGroup",
    "Causes",
    "Checked",
    "Checker",
    "Column",
    "ColumnMapping",
    "DateReader",
    "Directory",
    "Entry",
    "How",
    "NamedRecords",
    "as_shown",
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
