"""From records to outcomes: the one place where a record could be doubled or lost.

- ``replies.py``      what a reply means for its row: a table
- ``pacing.py``       what is left to us of the allowance; ``concurrency.py`` how many calls at once; both pure
- ``sender.py``       rows sent, the intent first
- ``listing.py``      what the service holds, and when a record equals a row; ``comparison.py`` before sending
- ``reconciler.py``   rows in doubt settled by it
- ``verification.py``, ``undoer.py``  afterwards
"""
