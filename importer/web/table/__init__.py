"""The table of all rows of an upload: to look at, to filter, and to correct.

- ``pages.py``     the addresses of the table
- ``row_file.py``  all rows of one version of an upload as a check left them, in a small database beside the upload
- ``written.py``   that database while it is written by a check
- ``sent.py``      what a cell is sent as, as people say it
- ``selection.py`` which rows are shown and in which order; ``views.py`` their numbers
- ``action.py``    what a person does to a range of cells, as the cells that change by it; pure
- ``steps.py``     what was done, to be undone and redone; it survives a restart
- ``edit.py``      an action carried out: corrections of the upload, a step, and the rows as they are now
- ``omission.py``  rows to be left out by what is wrong with them
- ``recheck.py``   rows checked again on their own, until the whole file has been
- ``planned_rows.py`` what the plan does with each row

Rule 1: the database of rows is a copy that can be made again; what counts is how the upload is read (``ReadOptions``).
Rule 2: a row is meant by its number. Places in the table are turned into numbers on the server, and only while the
table is the one that the person saw.
"""
