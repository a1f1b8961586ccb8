"""The map of the packages. Data flows from top to bottom; an import points only to an earlier line.

    ../schemas/         one record type per file: a pandera model and where it lives in the API
    model.py            the nouns
    clock.py            the clock by which lengths of time are measured
    harmless.py         text of others, shown without what steers a terminal and without passwords
    text.py             numbers, times and plans in words, the same in both front ends
    issues.py           the catalogue of what can be wrong with a spreadsheet
    errors.py           what ends a command: exit codes and advice
    config/             settings, credentials, remembered columns, the store of documents
    spreadsheet/        file -> Sheet (open_sheet): text cells with the addresses that the user sees
    checking/           Sheet -> typed records + issues (checker.py, driven by runs/source.py); pure
    nexudus/            the remote service: signing in, calls, Reply; the only place that imports httpx
    journal/            states and events, runs, rows and calls, durably; the only place with the journal's database
    delivery/           reply -> event (replies.py), sending (sender.py), doubts (reconciler.py); pacing, comparing,
                        updating, undoing, verifying, probing
    reporting/          a run -> CSV, XLSX, HTML, JSON, failed rows
    runs/               the stages one after another: source, compare, plan, run, resume, reconcile, settle, undo,
                        verify, export, status, batch
    sandbox/            a local stand-in for the service; shares only the schemas with the rest, on purpose
    samples/            sample spreadsheets for the sandbox, with dates of the week in which they are written
    guide/              the manual, one page a topic, shown by the terminal and the page alike
    web/                the pages: routes, templates, static; no state but sessions and uploads
    api/                the Python functions that this file offers, for programs and notebooks
    cli/                the command line

Ten minutes: README's first screen, this map, journal/states.py, the table RULES in delivery/replies.py, and the
numbered docstrings of runs/run.py and runs/send.py. An hour: with them model.py, runs/source.py,
runs/before_sending.py, and runs/reconcile.py.
"""
