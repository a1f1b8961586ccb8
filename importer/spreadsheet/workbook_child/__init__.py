"""The reading of one workbook, alone in a process with limits: a hostile file can end that process, nothing else.

Run by its path (``python -I workbook_child [--without-blanks] FILE [SHEET]``); to import it by name would load pandas
first. So its modules import the standard library, python-calamine, xlrd, pyarrow and each other, by relative names. It
writes JSON lines to stdout and nothing else anywhere; ``reading.py`` tells which. It does so for a Parquet file as well
(``parquet FILE``). Or it writes a copy of the workbook there (``annotate FILE``), or what the system forbids this
process (``confinement``).

- ``reading.py``     what is done with a workbook, step by step; ``parquet_rows.py`` with a Parquet file
- ``limits.py``      what this process and a file may take, and how a file is refused
- ``confinement.py``  what else it must not do: other files, programs, the network
- ``package.py``     the parts of an archive: where a workbook keeps what, and a plain copy of an unusual one
- ``ods_content.py``  the content of an OpenDocument in its usual form
- ``references.py``  characters that XML names by their number
- ``plain_cells.py``  the cells of an unusual .xlsx, in the form that the readers read
- ``safety.py``      what an archive carries beside its sheets
- ``annotated_copy.py``  a copy with an annotation, step by step
    - ``annotation.py``  what is to be written
    - ``annotated_sheet.py``, ``sheet_outline.py``, ``sheet_parts.py``  into a sheet
    - ``cell_styles.py``, ``cell_comments.py``, ``helper_sheet.py``  looks, comments, and values to choose from
    - ``package_parts.py``  parts replaced and added; ``spans.py`` XML changed in places
- ``sheet_choice.py``  which sheet is meant
- ``books.py``       a workbook as sheets of values, by python-calamine or xlrd
- ``old_strings.py``  the strings of .xls
- ``display.py``     what the values of a sheet do not tell
    - ``xlsx_display.py``, ``xlsb_display.py``, ``xls_display.py``, ``ods_display.py``  the same, from each kind of part
    - ``ods_formats.py``  number formats of an OpenDocument, as the codes of other workbooks
- ``areas.py``       areas of cells, asked about column by column
- ``cell_texts.py``  from values to text
- ``day_numbers.py``  which numbers of days are one moment in every program
- ``number_formats.py``  the text that a number format shows
    - ``moment_formats.py``  that of dates and times; ``format_codes.py`` formats as their parts
"""
