"""From records to outcomes: the one place where a record could be doubled or lost.

- ``states.py``     the states and events of a row: the table that everything else reads
- ``replies.py``    what a reply means for its row: a second table
- ``pacing.py``     when the next call may leave; pure
- ``tables.py``     the tables of the journal; ``database.py``  their file, opened so that a commit survives a power cut
- ``journal.py``    runs, rows and calls, durably; with these two the only place with a database
- ``lock.py``       one sender at a time
- ``sending.py``    rows sent, the intent first
- ``listing.py``    what the service holds, and when a record equals a row
- ``reconciling.py``  rows in doubt settled by it
- ``verifying.py``, ``undoing.py``  afterwards
"""
