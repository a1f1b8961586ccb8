"""The stages of an import, one after another. What every front end calls.

This package exports nothing: a command that only looks at runs must not load what sends them.

- ``request.py``       what a front end asks for; ``observer.py`` shows progress and asks the user
- ``named_files.py``   the files that words stand for; ``incoming.py`` those that must be brought in to be read;
  ``remote.py`` those that are elsewhere
- ``source.py``        a file opened and examined; ``copies.py`` its private copy; ``lookup.py`` the names in it
- ``correction.py``    what is to be corrected in it
- ``session.py``       signed in, with the journal open; ``allowances.py`` what the settings allow
- ``preparation.py``   what comes before the first call that changes anything, and can be stopped at once: waiting
  in the ``account_queue.py``, for instance
- ``plan.py``          what an import will do and take, before it begins; ``groups.py`` its first rows, one by one
- ``run.py``           the stages of one file: check, plan, ask, ``start.py``, ``send.py``, ``result.py``
- ``resume.py``, ``retry.py``, ``page_run.py``  other ways in which a run begins or goes on; ``batch.py`` several files
  at once, whose rows ``batch_repeats.py`` compares with each other; ``progress_file.py`` how far a command is;
  ``processes.py`` files checked several at once
- ``worker.py``        takes the runs of the queue, on any machine; ``log.py`` what a service tells of its work,
  ``run_log.py`` what happens to a run meanwhile
- ``end_message.py``   what is told when a run has ended; ``notify.py`` tells it, by a webhook or e-mail
- ``schedule_status.py``  the scheduled imports as people see them; ``recurrence.py`` and
  ``due_dates.py`` when one is due, ``schedule_terms.py`` what it was told once, ``due_imports.py`` what a worker does
  for it, ``lookout.py`` when, ``whole_files.py`` files that somebody may still be writing
- ``earlier_runs.py``  which run is meant, and what rules out another one
- ``named_records.py``  the records that the rows of a file name by Id
- ``compare.py``       what rows are compared with: the list, the journal, single records
- ``before_sending.py``  rows in doubt settled and planned ones compared, before the first call
- ``reconcile.py``     rows in doubt settled around the sending; ``locations.py`` whether a list can show a row's record
- ``marks.py``         whether the service keeps marks, and whose they are
- ``updates.py``       the records of changed rows; those of which no answer came are read
- ``rebuild.py``       a lost journal rebuilt from the marks of its records
- ``settle.py``        one row settled by a person's word
- ``verify.py``, ``undo.py``  afterwards; ``forget.py`` personal data of ended runs removed;
  ``person_search.py`` what is stored about a person
- ``export.py``        what the service holds, as a file; ``difference.py`` a file against it, both ways
- ``status.py``, ``result_rows.py``  how runs and their rows stand; ``figures.py`` how all of them do; ``doctor.py``
  what must be right before an import
- ``probe.py``         how the service behaves where its reference contradicts itself
"""
