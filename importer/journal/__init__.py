"""The journal: every run, every row on its way, and the calls that the allowance still counts, durably.

The only place with the journal's database.

- ``states.py``       the states and events of a row: the table that everything else reads; ``next_steps.py`` what to do
  about a run by the states of its rows
- ``tables.py``       the tables; ``database.py`` their transactions, in a file (``sqlite_file.py``) or on a server that
  several machines share (``postgres.py``); ``statements.py`` the SQL that is run for every call
- ``windows.py``      the arithmetic of the allowance: when the next call may leave; pure
- ``journal_pool.py`` one that stays open, for a page
- ``journal.py``      all of it: ``runs.py``, ``rows.py`` (on their way), ``calls.py`` (the ledger of the allowance),
  ``directories.py`` (lists and choices remembered; ``kept_lists.py`` is how a list is written down), ``views.py``
  (what pages show), ``later_runs.py`` (rows that were sent again)
- ``run_list.py``     the latest runs, for a shell that completes what is typed
- ``tally.py``        how many rows of a run are in which state, and how far it was when, for those who look on;
  ``totals.py`` the same over all runs, for a monitor
- ``marks.py``        what creates carry so that their records are recognised
- ``evidence.py``     what was seen of the service around the rows in doubt
- ``forgetting.py``   values of ended runs, removed for good
- ``migrations.py``   an earlier journal brought up to date, one numbered step per version
- ``group_commit.py`` many writes in one durable transaction
- ``senders.py``      one sender at a time: by a lock on one machine (``lock.py``), by a lease among several
  (``lease.py``)
- ``announcements.py`` whoever is about to send, so that a stop reaches them: on one machine
  (``announcement_files.py``) or among several (``announcement_rows.py``)
- ``schedules.py``    the scheduled imports, and what each of them has led to
- ``copies.py``       the files of runs, where machines share a database but no folder; ``documents.py`` what these
  machines agree on, ``shelves.py`` where that of an installation is, and ``uploads.py`` the uploads of their pages
"""
