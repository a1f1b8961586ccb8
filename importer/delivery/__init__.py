"""From records to outcomes: every call that creates, updates or deletes a record is made here.

- ``replies.py``      what a reply means for its row: a table
- ``sender.py``       rows sent, the intent first: the loop, which asks these:
    - ``row_queue.py``    which rows are next
    - ``concurrency.py``  how many calls at once; ``in_flight.py`` holds them
    - ``pacing.py``       our share of the allowance; ``arrivals.py`` the ledger that it is learned from
    - ``backoff.py``      when the next call may leave
    - ``breakers.py``     when sending stops; ``send_result.py`` why it ended, as data
- ``listing.py``      what the service holds
- ``comparer.py``     when a record equals a row; ``comparison.py`` what rows are to all records, before sending
- ``fingerprints.py``  what a forgotten row is recognised by
- ``record_text.py``  a record as the cells of a spreadsheet
- ``marks.py``        what a create sends along, by which its record is recognised
- ``reconciler.py``   rows in doubt settled by what is listed
- ``conflicts.py``    why a row is held, as data
- ``updater.py``      records of changed rows read, merged, written; ``updates.py`` decides, also what became of one
- ``author.py``       the name under which a run writes, where the service does not say it
- ``prober.py``       how the service behaves, by one record; ``probe_answers.py`` what its answers show
- ``verification.py``, ``undoer.py``  afterwards, over ``by_id.py``: what a read by Id says; ``record_reader.py`` reads
- ``stop_signal.py``  on which every wait of a run ends
"""
