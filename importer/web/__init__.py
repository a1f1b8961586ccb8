"""The pages for operations staff: from a file to its results, over the same runs as the command line.

- ``app.py``     all addresses, with who may ask for each; ``server.py`` starts and ends it; ``guard.py`` what every
  request must pass; ``connections.py`` how many there may be, and how slow; ``context.py`` what all routes share;
  ``auth/`` who is at the browser
- ``upload_pages.py``  from a file to a run, over ``drafts.py`` (the uploads), ``upload_space.py`` (their room on
  the disk), ``correction_log.py`` (what was corrected
  in them), ``upload_check.py``, ``upload_names.py`` and ``upload_plan.py`` (what is known of one),
  ``upload_documents.py`` (in which files), ``check_form.py`` (what its check page saves), ``entries.py`` (typed cells),
  ``name_questions.py`` and ``choices.py`` (what is asked once for all rows), ``plan_words.py`` (why rows are held),
  ``row_answers.py`` (which record an ambiguous row is), ``row_omission.py`` (rows left out),
  ``late_rows.py`` (rows that wait for the check of the whole file), ``own_process.py``
  (long checks), ``workbook_dates.py`` (dates of a workbook as the pages write them), ``error_words.py`` (errors, in the
  words of the page)
- ``table/``          all rows of an upload, to look at and to correct
- ``run_pages.py``     runs and their rows; ``workers.py`` the processes that send, ``run_start.py`` starts one;
  ``follow_ups.py`` what was started for a run after its end; ``failed_rows.py`` an upload of the failed rows;
  ``settle_page.py`` a row that a person settles;
  ``value_words.py`` values as people say them; ``step_cards.py`` what to do next;
  ``pictures.py`` what their pictures show, ``chart.py`` draws them
- ``manual.py``        the pages of the guide; ``probes.py`` what programs ask that look after the page,
  ``metrics.py`` its figures for one of them
- ``render.py``        templates

Rule 1: what a page shows is read from the journal, or from the folder of an upload; only sessions, and the sign-ins in
them, are in memory. Rule 2: nothing is sent from here: a run is a process of its own that outlives the page. Rule 3: no
other host is ever asked but Nexudus, for what is needed to check a file, and the provider where a team signs in.
"""

from importer.web.auth import Role
from importer.web.server import Address, people_of, serve

__all__ = ["Address", "Role", "people_of", "serve"]
