"""From text cells to typed records and issues. Pure: no file, no network, no clock.

- ``columns.py``     headers matched with fields
- ``appearance.py``  which texts are sent as the sheet shows them; ``agreement.py`` whether they are those of values
- ``checker.py``     the chunks of a sheet checked against a record type, with the help of these:
    - ``wrappers.py``    what other programs write around a value; ``damage.py`` letters that were lost on the way
    - ``cells.py``       text cells as typed values; ``references.py`` names of other records
    - ``dates.py``       date-times, each text by the grammar of ``date_text.py``
    - ``date_headers.py`` the form of dates that a header asks for
    - ``open_dates.py``  what the dates of a file leave to a person
    - ``calendar_names.py`` the months and weekdays of that grammar
    - ``whole_columns.py`` what every date of a column has in common
    - ``record_ids.py``  which record a row says it is
    - ``second_headers.py`` headers among the rows
    - ``first_seen.py``  rows and keys that occurred before, by the hashes of ``row_hashes.py``
- ``gate.py``       rows that are plainly without any issue, which need not come to the checker
- ``repeats.py``     rows of several files that are for one record
- ``causes.py``      the issues of a file, grouped by what caused them
"""

from importer.checking.appearance import RealDate, as_shown
from importer.checking.causes import Cause, CauseGroup, Causes, cause_key
from importer.checking.cells import whole_number
from importer.checking.checker import Checked, Checker
from importer.checking.columns import (
    Column,
    ColumnMapping,
    How,
    match_columns,
    named_columns,
    near_labels,
    recognise,
    refuse_absent,
)
from importer.checking.dates import DateReader
from importer.checking.gate import NONE_PLAIN, PlainRows
from importer.checking.open_dates import OpenDates, dates_left_open
from importer.checking.record_ids import NamedRecords
from importer.checking.references import (
    AgreedNames,
    Directory,
    Entry,
    bare_name,
    choices_about,
    chosen_for,
    chosen_others,
    is_name,
    nobody_listed,
    other_name,
    plain_name,
)
from importer.checking.repeats import FileRows, repeated_elsewhere
from importer.checking.whole_columns import cell_issues

__all__ = [
    "NONE_PLAIN",
    "AgreedNames",
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
    "FileRows",
    "How",
    "NamedRecords",
    "OpenDates",
    "PlainRows",
    "RealDate",
    "as_shown",
    "bare_name",
    "cause_key",
    "cell_issues",
    "choices_about",
    "chosen_for",
    "chosen_others",
    "dates_left_open",
    "is_name",
    "match_columns",
    "named_columns",
    "near_labels",
    "nobody_listed",
    "other_name",
    "plain_name",
    "recognise",
    "refuse_absent",
    "repeated_elsewhere",
    "whole_number",
]
